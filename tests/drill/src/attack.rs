//! The attacks, and what undoes them. Pure.

use clap::ValueEnum;
use thiserror::Error;

use crate::{
    call::Call,
    state::{EventSelector, EventSelectors, Logging, Part, Reading, Settings, Tag},
};

/// The tag that the attack on tags adds.
pub const TAG: &str = "trailkeeper-drill";

/// What the drill does to the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// Stop logging (StopLogging).
    Stop,
    /// Record reads only, and nothing of KMS (PutEventSelectors).
    Selectors,
    /// Switch Insights off (PutInsightSelectors).
    Insights,
    /// Record one region only (UpdateTrail).
    Update,
    /// Add a tag (AddTags).
    Tags,
    /// Delete the trail (DeleteTrail); needs --really-delete.
    Delete,
}

/// Why an attack cannot be made on this trail.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotPossible {
    /// There is nothing that could be taken away.
    #[error("the trail has no insight selectors, so there is nothing to take away")]
    NoInsights,
    /// The same.
    #[error("the trail records one region only already")]
    OneRegion,
    /// The selectors are those of the attack.
    #[error("the trail's event selectors are those of the attack already")]
    BlindAlready,
    /// A tag of an earlier drill.
    #[error("the trail has the tag {TAG} already, left by an earlier drill")]
    Tagged,
    /// Needed and not read.
    #[error("its {0} could not be read")]
    NotRead(&'static str),
}

impl Attack {
    /// Its name, as on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Selectors => "selectors",
            Self::Insights => "insights",
            Self::Update => "update",
            Self::Tags => "tags",
            Self::Delete => "delete",
        }
    }

    /// What it makes of the trail.
    #[must_use]
    pub fn effect(self) -> &'static str {
        match self {
            Self::Stop => "logging is off",
            Self::Selectors => "logging is on, and sees no change and no use of a key",
            Self::Insights => "Insights are off",
            Self::Update => "other regions are no longer recorded",
            Self::Tags => "a tag too many",
            Self::Delete => "the trail is gone",
        }
    }

    /// The parts that are looked at again and again, as few calls as can be.
    #[must_use]
    pub fn watched(self) -> &'static [Part] {
        match self {
            Self::Stop | Self::Delete => &[Part::Logging],
            Self::Selectors => &[Part::EventSelectors],
            Self::Insights => &[Part::InsightSelectors],
            Self::Update => &[Part::Settings],
            Self::Tags => &[Part::Tags],
        }
    }

    /// The parts that are saved before and compared after.
    #[must_use]
    pub fn saved(self) -> &'static [Part] {
        match self {
            Self::Stop => &[Part::Logging],
            Self::Selectors => &[Part::Logging, Part::EventSelectors],
            Self::Insights => &[Part::Logging, Part::InsightSelectors],
            Self::Update => &[Part::Logging, Part::Settings],
            Self::Tags => &[Part::Logging, Part::Tags],
            Self::Delete => &Part::ALL,
        }
    }

    /// The call that makes it.
    ///
    /// # Errors
    /// If it would change nothing.
    pub fn call(self, saved: &Reading) -> Result<Call, NotPossible> {
        Ok(match self {
            Self::Stop => Call::Stop,
            Self::Delete => Call::Delete,
            Self::Selectors => {
                let blind = blind();
                match &saved.event_selectors {
                    None => return Err(NotPossible::NotRead(Part::EventSelectors.as_str())),
                    Some(found) if found.clone().sorted() == blind => {
                        return Err(NotPossible::BlindAlready);
                    }
                    Some(_) => Call::PutEventSelectors(blind),
                }
            }
            Self::Insights => match saved.insight_selectors.as_deref() {
                None => return Err(NotPossible::NotRead(Part::InsightSelectors.as_str())),
                Some([]) => return Err(NotPossible::NoInsights),
                Some(_) => Call::PutInsightSelectors(Vec::new()),
            },
            Self::Update => match &saved.settings {
                None => return Err(NotPossible::NotRead(Part::Settings.as_str())),
                Some(settings) if settings.is_multi_region_trail == Some(true) => {
                    Call::Update(Settings {
                        is_multi_region_trail: Some(false),
                        ..Settings::default()
                    })
                }
                Some(_) => return Err(NotPossible::OneRegion),
            },
            Self::Tags => match &saved.tags {
                None => return Err(NotPossible::NotRead(Part::Tags.as_str())),
                Some(tags) if tags.iter().any(|tag| tag.key == TAG) => {
                    return Err(NotPossible::Tagged);
                }
                Some(_) => Call::AddTags(vec![Tag {
                    key: TAG.to_owned(),
                    value: Some("weakened".to_owned()),
                }]),
            },
        })
    }

    /// What the trail reads as when the attack has been made.
    #[must_use]
    pub fn aftermath(self, saved: &Reading) -> Reading {
        let mut after = saved.clone();
        match self {
            Self::Stop => {
                let logging = saved.logging.unwrap_or(Logging {
                    is_on: true,
                    started_at: None,
                    stopped_at: None,
                });
                after.logging = Some(Logging {
                    is_on: false,
                    ..logging
                });
            }
            Self::Selectors => after.event_selectors = Some(blind()),
            Self::Insights => after.insight_selectors = Some(Vec::new()),
            Self::Update => {
                if let Some(settings) = &mut after.settings {
                    settings.is_multi_region_trail = Some(false);
                }
            }
            Self::Tags => {
                if let (Some(tags), Ok(Call::AddTags(more))) = (&mut after.tags, self.call(saved)) {
                    tags.extend(more);
                    tags.sort();
                }
            }
            Self::Delete => after = Reading::missing(),
        }
        after
    }
}

fn blind() -> EventSelectors {
    EventSelectors::Basic(vec![EventSelector {
        read_write_type: "ReadOnly".to_owned(),
        include_management_events: true,
        data_resources: Vec::new(),
        exclude_management_event_sources: vec!["kms.amazonaws.com".to_owned()],
    }])
}

/// The calls that make of a trail that reads as `now` what was `saved`. Logging
/// comes as early as it can.
#[must_use]
pub fn remedy(saved: &Reading, now: &Reading) -> Vec<Call> {
    let mut calls = Vec::new();
    if now.is_missing {
        let settings = saved.settings.clone().unwrap_or_default();
        calls.push(Call::Create(
            settings,
            saved.tags.clone().unwrap_or_default(),
        ));
        calls.push(Call::Start);
        calls.extend(saved.event_selectors.clone().map(Call::PutEventSelectors));
        let insights = saved
            .insight_selectors
            .clone()
            .filter(|all| !all.is_empty());
        calls.extend(insights.map(Call::PutInsightSelectors));
        return calls;
    }
    for part in now.differs_from(saved) {
        match part {
            Part::Logging => calls.push(Call::Start),
            Part::Settings => calls.extend(saved.settings.clone().map(Call::Update)),
            Part::EventSelectors => {
                calls.extend(saved.event_selectors.clone().map(Call::PutEventSelectors));
            }
            Part::InsightSelectors => {
                calls.extend(
                    saved
                        .insight_selectors
                        .clone()
                        .map(Call::PutInsightSelectors),
                );
            }
            Part::Tags => {
                let (then, now) = (saved.tags.iter().flatten(), now.tags.iter().flatten());
                let gone: Vec<Tag> = then
                    .clone()
                    .filter(|tag| !now.clone().any(|found| found == *tag))
                    .cloned()
                    .collect();
                let extra: Vec<Tag> = now
                    .filter(|tag| !then.clone().any(|kept| kept.key == tag.key))
                    .cloned()
                    .collect();
                calls.extend((!extra.is_empty()).then_some(Call::RemoveTags(extra)));
                calls.extend((!gone.is_empty()).then_some(Call::AddTags(gone)));
            }
        }
    }
    calls
}

#[cfg(test)]
#[path = "attack_tests.rs"]
mod tests;
