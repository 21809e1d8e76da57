//! What a trail is, in the words of CloudTrail's API, so that it can be saved,
//! compared, put back, and given to the AWS CLI as it stands.

use serde::Serialize;
use time::OffsetDateTime;

/// A part of a trail that is read by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// GetTrailStatus.
    Logging,
    /// GetTrail.
    Settings,
    /// GetEventSelectors.
    EventSelectors,
    /// GetInsightSelectors.
    InsightSelectors,
    /// ListTags.
    Tags,
}

impl Part {
    /// All of a trail.
    pub const ALL: [Self; 5] = [
        Self::Logging,
        Self::Settings,
        Self::EventSelectors,
        Self::InsightSelectors,
        Self::Tags,
    ];

    /// What people call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logging => "logging",
            Self::Settings => "settings",
            Self::EventSelectors => "event selectors",
            Self::InsightSelectors => "insight selectors",
            Self::Tags => "tags",
        }
    }
}

/// Whether a trail logs, and since when, by AWS's clock.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logging {
    /// `IsLogging`.
    pub is_on: bool,
    /// `StartLoggingTime`, the latest start.
    pub started_at: Option<OffsetDateTime>,
    /// `StopLoggingTime`, the latest stop.
    pub stopped_at: Option<OffsetDateTime>,
}

/// What CreateTrail and UpdateTrail set. Absent is what the trail does not have.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html>.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sns_topic_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_global_service_events: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multi_region_trail: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_log_file_validation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_organization_trail: Option<bool>,
}

/// Event selectors: a trail has one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventSelectors {
    /// `EventSelectors`.
    Basic(Vec<EventSelector>),
    /// `AdvancedEventSelectors`.
    Advanced(Vec<AdvancedEventSelector>),
}

/// A basic selector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct EventSelector {
    pub read_write_type: String,
    pub include_management_events: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_resources: Vec<DataResource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_management_event_sources: Vec<String>,
}

/// Resources whose data events are recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct DataResource {
    pub r#type: String,
    pub values: Vec<String>,
}

/// An advanced selector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct AdvancedEventSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub field_selectors: Vec<FieldSelector>,
}

/// A condition of an advanced selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct FieldSelector {
    pub field: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<String>,
}

/// An insight selector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct InsightSelector {
    pub insight_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_categories: Vec<String>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the API's names")]
pub struct Tag {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A trail as it was read. What was not asked for is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// CloudTrail says that there is no such trail.
    pub is_missing: bool,
    /// The region that may change it.
    pub home_region: Option<String>,
    /// Whether it logs.
    pub logging: Option<Logging>,
    /// Its settings.
    pub settings: Option<Settings>,
    /// Its event selectors, in the order they were read, so that they are put back so.
    pub event_selectors: Option<EventSelectors>,
    /// Its insight selectors, sorted.
    pub insight_selectors: Option<Vec<InsightSelector>>,
    /// Its tags, sorted, without those of AWS itself.
    pub tags: Option<Vec<Tag>>,
}

impl Reading {
    /// What a trail that is gone reads as.
    #[must_use]
    pub fn missing() -> Self {
        Self {
            is_missing: true,
            ..Self::default()
        }
    }

    /// The parts in which it is not as `saved`, of those that both hold. A trail
    /// that is gone differs in all.
    #[must_use]
    pub fn differs_from(&self, saved: &Self) -> Vec<Part> {
        fn other<T: PartialEq>(now: Option<&T>, then: Option<&T>) -> bool {
            matches!((now, then), (Some(now), Some(then)) if now != then)
        }
        if self.is_missing {
            return Part::ALL.to_vec();
        }
        let on = |reading: &Self| reading.logging.map(|logging| logging.is_on);
        let differs = |part: &Part| match part {
            Part::Logging => other(on(self).as_ref(), on(saved).as_ref()),
            Part::Settings => other(self.settings.as_ref(), saved.settings.as_ref()),
            Part::EventSelectors => {
                let sorted =
                    |reading: &Self| reading.event_selectors.clone().map(EventSelectors::sorted);
                other(sorted(self).as_ref(), sorted(saved).as_ref())
            }
            Part::InsightSelectors => other(
                self.insight_selectors.as_ref(),
                saved.insight_selectors.as_ref(),
            ),
            Part::Tags => other(self.tags.as_ref(), saved.tags.as_ref()),
        };
        Part::ALL.into_iter().filter(differs).collect()
    }
}

impl EventSelectors {
    /// With every list in order: their order means nothing.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        match &mut self {
            Self::Basic(all) => {
                for selector in all.iter_mut() {
                    selector.exclude_management_event_sources.sort();
                    for resource in &mut selector.data_resources {
                        resource.values.sort();
                    }
                    selector.data_resources.sort();
                }
                all.sort();
            }
            Self::Advanced(all) => {
                for selector in all.iter_mut() {
                    for field in &mut selector.field_selectors {
                        field.equals.sort();
                        field.starts_with.sort();
                        field.ends_with.sort();
                        field.not_equals.sort();
                        field.not_starts_with.sort();
                        field.not_ends_with.sort();
                    }
                    selector.field_selectors.sort();
                }
                all.sort();
            }
        }
        self
    }
}
