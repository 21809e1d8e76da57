//! The one line that has to say it all: the subject of the e-mail, and the SMS.

use crate::{
    containment::Report,
    incident::Incident,
    outcome::Outcome,
    storm_notice::{self, ordinal},
    text::{Clean, subject},
};

/// The longest subject that SNS takes; one SMS holds it too.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const LONGEST: usize = 99;

/// One line for subject and SMS, ASCII: severity, what is the case now, which trail,
/// where. Nothing in it is the caller's choice. What is long is the trail's name, so
/// that gives way.
pub(crate) fn headline(incident: &Incident) -> String {
    let stop = incident.is_plain_stop();
    let is_thing = incident.thing.is_some();
    let state = match incident.outcome {
        Outcome::Restored if stop => "stopped, logging again",
        Outcome::Restored if incident.was_deleted() => "deleted, made again",
        Outcome::Restored if incident.is_left_in_part() => "restored but for BREAK-GLASS",
        Outcome::Restored => "weakened, restored",
        Outcome::AlreadyLogging => "stopped, was logging again",
        Outcome::AlreadyRestored => "weakened, was restored",
        Outcome::Unconfirmed if stop => "stop unconfirmed, logging",
        Outcome::Unconfirmed if !incident.event.is_guarded => "changed where not guarded",
        Outcome::Unconfirmed => "changed, not known how",
        Outcome::ConformingChange => "changed as declared",
        Outcome::NotRestored if incident.verification.is_logging == Some(false) => "NOT LOGGING",
        Outcome::NotRestored | Outcome::Reported if is_thing && incident.is_gone() => "IS GONE",
        Outcome::NotRestored if incident.is_gone() => "TRAIL IS GONE",
        Outcome::NotRestored => "NOT RESTORED",
        Outcome::Unverified => "NOT VERIFIED",
        Outcome::WouldRestore => "WEAKENED, only observed",
        Outcome::LeftAlone if incident.verification.is_logging == Some(false) => {
            "NOT LOGGING, BREAK-GLASS, left alone"
        }
        Outcome::LeftAlone => "BREAK-GLASS, left alone",
        Outcome::AttemptDenied => "attempt denied",
        Outcome::Reported if is_thing => "NOT RESTORED",
        Outcome::Reported => "recording at risk",
        Outcome::Unreachable => "UNREACHABLE",
        Outcome::AccountSuspended => "not active, not swept",
        Outcome::SweepIncomplete => "NOT ALL SWEPT",
        Outcome::StormSummary => "many incidents",
    };
    let state = storm_notice::headline(incident).unwrap_or_else(|| {
        let contained = incident.containment.as_ref().and_then(Report::headline);
        let which = match (contained, incident.repetition) {
            (Some(contained), _) => format!(", {contained}"),
            (None, Some(again)) => format!(", {} by this actor", ordinal(again.count)),
            (None, None) => String::new(),
        };
        format!("{state}{which}")
    });
    let part = |part: &Option<Clean>| part.as_ref().map_or("?", Clean::as_str).to_owned();
    let severity = incident.severity.as_str().to_uppercase();
    let place = if incident.outcome.is_of_accounts() {
        "organisation".to_owned()
    } else if incident.storm.is_some() && incident.trail.region.is_none() {
        part(&incident.trail.account)
    } else {
        let region = part(&incident.trail.region);
        format!("{}, {region}", part(&incident.trail.account))
    };
    let kind = incident.thing.as_ref().map(|thing| thing.kind.what());
    let kind = kind.map_or_else(String::new, |what| format!("{what} "));
    let rest = format!("{severity} CloudTrail {kind}: {state} ({place})")
        .chars()
        .count();
    let room = LONGEST.saturating_sub(rest);
    let thing = incident.thing.as_ref().map(|thing| &thing.name);
    let mut name = thing
        .or(incident.trail.name.as_ref())
        .map_or_else(|| of_no_trail(incident), |name| name.as_str().to_owned());
    if name.chars().count() > room {
        name = name
            .chars()
            .take(room.saturating_sub(3))
            .collect::<String>()
            + "...";
    }
    subject(&format!(
        "{severity} CloudTrail {kind}{name}: {state} ({place})"
    ))
}

/// What stands in the place of a trail's name.
fn of_no_trail(incident: &Incident) -> String {
    if let Some(storm) = incident.storm.as_ref().filter(|s| s.trails.len() > 1) {
        return format!("{} trails", storm.trails.len());
    }
    match &incident.accounts[..] {
        _ if !incident.outcome.is_of_accounts() => "(trail unknown)".to_owned(),
        [] => "accounts".to_owned(),
        [only] => format!("account {only}"),
        more => format!("{} accounts", more.len()),
    }
}
