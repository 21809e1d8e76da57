//! The one or two sentences that say what happened and what is the case now.

use crate::{
    actor::Actor,
    containment::Report,
    incident::Incident,
    kind::Change,
    outcome::Outcome,
    storm_notice,
    text::Clean,
    trail::{Part, part_changed_by},
};

/// Sums `incident` up. What the caller chose stands in quotes.
pub(crate) fn summary(incident: &Incident) -> String {
    if incident.outcome.is_of_accounts() {
        return of_accounts(incident);
    }
    if let Some(storm) = &incident.storm {
        return storm_notice::sentence(incident, storm);
    }
    let trail = incident.title();
    let what = incident.what();
    let happened = happened(incident, &trail);
    let now = match incident.outcome {
        Outcome::Restored if incident.is_plain_stop() => "It is logging again.".to_owned(),
        Outcome::Restored if incident.is_left_in_part() => {
            "It is as declared again but for what follows, read back.".to_owned()
        }
        Outcome::Restored if incident.thing.is_some() && incident.was_deleted() => {
            let is_part = incident.thing.iter().any(|thing| thing.kind.is_part());
            let lost = if is_part {
                ""
            } else {
                " The logs that were in it are gone."
            };
            format!("The {what} was made again, and is as declared, read back.{lost}")
        }
        Outcome::Restored => "It is as declared again, read back.".to_owned(),
        Outcome::AlreadyLogging if incident.is_unexplained() => {
            "It is logging. Nobody may have been told of that stop: its event did not come."
                .to_owned()
        }
        Outcome::AlreadyLogging => "It was logging again when this event was answered.".to_owned(),
        Outcome::AlreadyRestored => format!(
            "It set what is not declared: {}. The {what} was as declared again when this event was answered.",
            incident.event.asked_for.join(", ")
        ),
        Outcome::Unconfirmed if incident.is_plain_stop() => {
            "The trail is logging, and its own times do not confirm that stop.".to_owned()
        }
        Outcome::Unconfirmed if !incident.event.is_guarded => {
            "What it set is not guarded, and was not looked at.".to_owned()
        }
        Outcome::Unconfirmed => {
            format!("The record does not say what it set. The {what} is as declared.")
        }
        Outcome::ConformingChange => {
            format!("The {what} is as declared. Trailkeeper changed nothing.")
        }
        Outcome::NotRestored => match incident.verification.is_logging {
            Some(false) => "It is STILL NOT LOGGING.".to_owned(),
            _ if incident.is_gone() => format!("The {what} is GONE."),
            None if !incident.verification.still_differs.is_empty() => format!(
                "It is STILL NOT as declared: {}.",
                incident.verification.still_differs.join(", ")
            ),
            None => "It cannot be read.".to_owned(),
            Some(true) if incident.verification.still_differs.is_empty() => {
                "It is NOT as declared.".to_owned()
            }
            Some(true) => format!(
                "It is logging, and STILL NOT as declared: {}.",
                incident.verification.still_differs.join(", ")
            ),
        },
        Outcome::Unverified => match incident.verification.is_logging {
            Some(true) => "It is logging, and nothing proves that it is as declared.".to_owned(),
            _ if incident.thing.is_some() => "Nothing proves that it is as declared.".to_owned(),
            _ => "Nothing proves that it is logging again.".to_owned(),
        },
        Outcome::WouldRestore => "Trailkeeper only observes here, and changed nothing.".to_owned(),
        Outcome::AttemptDenied => "The call failed.".to_owned(),
        Outcome::Reported if incident.is_gone() => {
            format!("The {what} is GONE. Trailkeeper does not make it again: act now.")
        }
        Outcome::Reported if incident.thing.is_some() => format!(
            "It is NOT as declared: {}. Trailkeeper leaves that to you: act now.",
            incident.verification.still_differs.join(", ")
        ),
        Outcome::Reported => "Trailkeeper cannot undo this: look at it now.".to_owned(),
        // Of what is left alone, the next sentence says it all.
        Outcome::LeftAlone
        | Outcome::Unreachable
        | Outcome::AccountSuspended
        | Outcome::SweepIncomplete
        | Outcome::StormSummary => String::new(),
    };
    let mut sentences = vec![happened, now];
    sentences.extend(break_glass(incident));
    sentences.extend(storm_notice::again(incident));
    sentences.extend(incident.containment.as_ref().map(Report::sentence));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// What break-glass has to do with it.
fn break_glass(incident: &Incident) -> Option<String> {
    let glass = incident.break_glass.as_ref()?;
    let (reason, principal) = (glass.reason.quoted(), &glass.principal);
    let until = glass.expires_at.to_seconds();
    Some(if glass.left_alone.is_empty() {
        format!("BREAK-GLASS {reason} of {principal} had left it alone, and ended at {until}.")
    } else {
        let fields = glass.left_alone.join(", ");
        format!(
            "BREAK-GLASS {reason} of {principal}: NOT as declared and left alone until {until}, then healed: {fields}."
        )
    })
}

/// What a sweep of the organisation found about accounts.
fn of_accounts(incident: &Incident) -> String {
    let which = match &incident.accounts[..] {
        [] => "An unknown number of accounts".to_owned(),
        [only] => format!("Account {only}"),
        more => format!("{} accounts", more.len()),
    };
    match incident.outcome {
        Outcome::Unreachable => {
            format!("{which} cannot be reached, so nobody knows whether the trails there log.")
        }
        Outcome::AccountSuspended => format!("{which}: suspended or being closed, so not swept."),
        _ => format!("{which} had no turn in this sweep of the organisation."),
    }
}

fn happened(incident: &Incident, trail: &str) -> String {
    let fields: Vec<&str> = incident.drift.iter().map(|d| d.field.as_str()).collect();
    let found = if fields.is_empty() || incident.is_plain_stop() {
        String::new()
    } else {
        format!(" Found not as declared: {}.", fields.join(", "))
    };
    let name = incident.event.name.as_ref().map(Clean::as_str);
    if incident.source != "event" {
        let looked = match incident.source {
            "sweep" => format!("A sweep looked at {trail}.{found}"),
            _ => format!("Trailkeeper looked at {trail} once more.{found}"),
        };
        return match &incident.event.name {
            Some(name) => format!(
                "{looked} Probably by {}, who called {}.",
                incident.actor.quoted(),
                name.quoted()
            ),
            None if incident.outcome == Outcome::AlreadyLogging => format!(
                "{looked} By its own times it was stopped and started again, and no recorded call explains it."
            ),
            None if fields.is_empty() || incident.outcome == Outcome::LeftAlone => looked,
            None => format!("{looked} No recorded call explains it yet."),
        };
    }
    let actor = incident.actor.quoted();
    let (did, to_do) = match name.unwrap_or("StopLogging") {
        "StopLogging" => ("stopped", "stop"),
        "DeleteTrail" => ("deleted", "delete"),
        "CreateTrail" => ("created", "create"),
        "UpdateTrail" => ("changed", "change"),
        "PutEventSelectors" => (
            "changed the event selectors of",
            "change the event selectors of",
        ),
        "PutInsightSelectors" => (
            "changed the insight selectors of",
            "change the insight selectors of",
        ),
        "AddTags" | "RemoveTags" => ("changed the tags of", "change the tags of"),
        other => match incident.change() {
            Some(change) => (change.did, change.to_do),
            None => return other_call(incident, &actor, other, trail),
        },
    };
    if incident.outcome == Outcome::AttemptDenied {
        format!("{actor} tried to {to_do} {trail}.")
    } else if incident.is_proven() {
        format!("{actor} {did} {trail}.{found}")
    } else {
        format!("An event says that {actor} {did} {trail}.{found}")
    }
}

fn other_call(incident: &Incident, actor: &str, call: &str, trail: &str) -> String {
    let call = Clean::from(call).quoted();
    let about = if incident.trail.arn.is_some() {
        format!(" for {trail}")
    } else {
        String::new()
    };
    if incident.outcome == Outcome::AttemptDenied {
        format!("{actor} tried {call}{about}.")
    } else {
        format!("{actor} called {call}{about}.")
    }
}

impl Incident {
    /// Whether logging was switched off and nothing else.
    #[must_use]
    pub fn is_plain_stop(&self) -> bool {
        let is_stop = self
            .event
            .name
            .as_ref()
            .is_none_or(|n| n.as_str() == "StopLogging");
        self.thing.is_none()
            && is_stop
            && self.drift.iter().all(|drift| drift.field == "is_logging")
    }

    /// What the call does to a thing that is no trail.
    fn change(&self) -> Option<&'static Change> {
        let thing = self.thing.as_ref()?;
        thing.kind.change(self.event.name.as_ref()?.as_str())
    }

    /// Whether something read from the trail bears out what the event tells. What
    /// somebody else changed meanwhile does not.
    pub(crate) fn is_proven(&self) -> bool {
        let name = self
            .event
            .name
            .as_ref()
            .map_or("StopLogging", Clean::as_str);
        match part_changed_by(name).or_else(|| Some(self.change()?.part)) {
            Some(Part::Logging) => self.verification.stop_confirmed == Some(true),
            part => self.drift.iter().any(|drift| {
                // Some calls change one of many fields.
                let asked = || self.event.asked_for.contains(&drift.field);
                let is_its = Some(drift.part) == part && self.event.can_have_set(&drift.field);
                is_its || (self.thing.is_some() && asked())
            }),
        }
    }
}

impl Actor {
    /// The best description for a sentence, in quotes so that it cannot pass for
    /// our words.
    #[must_use]
    pub fn quoted(&self) -> String {
        self.best()
            .map_or_else(|| "An unknown principal".to_owned(), Clean::quoted)
    }
}
