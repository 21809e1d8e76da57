//! What a person is told to do now.

use crate::{
    incident::Incident,
    outcome::{Outcome, Severity},
    storm_notice,
    text::Clean,
    trail::Part,
};

pub(crate) const ASK_THE_OWNER: &str = "Ask the owner of the credentials below, by another channel, whether they meant it. If not, treat them as stolen.";

/// The next steps, the most urgent first. Only what is ours goes into a command
/// to paste.
pub(crate) fn next_steps(incident: &Incident) -> Vec<String> {
    if incident.outcome.is_of_accounts() {
        return of_accounts(incident);
    }
    if let Some(storm) = &incident.storm {
        return storm_notice::next_steps(incident, storm);
    }
    let mut steps = look_and_mend(incident);
    match incident.outcome {
        Outcome::ConformingChange => {
            steps.push("Nothing, if this change was expected.".to_owned());
        }
        Outcome::LeftAlone => {
            steps.push(
                "Nothing, if this is the work that the break-glass below is for: it is healed by itself."
                    .to_owned(),
            );
            steps.push("To end it now: take the entry out of break_glass, and terraform apply. The next sweep heals it.".to_owned());
        }
        Outcome::Unconfirmed if incident.is_plain_stop() => {
            steps.push("Find out who sent this event: who may invoke the function?".to_owned());
        }
        Outcome::Reported if incident.trail.arn.is_none() => steps.push(
            "Look at the organisation's trail from its management account, and at the call below."
                .to_owned(),
        ),
        _ => {}
    }
    if incident.is_unexplained() {
        if incident.outcome == Outcome::LeftAlone {
            return steps;
        }
        if let (Some(region), Some(name)) = (&incident.trail.region, &incident.trail.name) {
            steps.push(format!(
                "Find the call (a record can take 15 minutes to appear): aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey=ResourceName,AttributeValue={name}"
            ));
        }
    } else if incident.severity != Severity::Info {
        if incident.repetition.is_some() && incident.severity == Severity::Critical {
            steps.push(storm_notice::TAKE_AWAY.to_owned());
        }
        steps.push(ASK_THE_OWNER.to_owned());
    }
    let key = incident.actor.access_key_id.as_ref();
    steps.extend(key.and_then(|key| deeds_of_key(incident, key)));
    steps
}

fn of_accounts(incident: &Incident) -> Vec<String> {
    let steps: &[&str] = match incident.outcome {
        Outcome::Unreachable => &[
            "Is the account new? Then its part of Trailkeeper may not be deployed yet: look at the stack set's instances.",
            "Else somebody removed or changed the role that the problem above names: find the call in that account's event history, where IAM's calls are recorded, and treat its maker as an attacker.",
            "Deploy the account's part again, or add the account to excluded_accounts.",
        ],
        Outcome::AccountSuspended => {
            &["Nothing, if the account is meant to be closed; else find out who suspended it."]
        }
        _ => &[
            "Look at the function's log for what slowed the sweep or stood in its way.",
            "Set sweep_fan_out = true, or raise memory_size, if the organisation has grown.",
        ],
    };
    steps.iter().map(|step| (*step).to_owned()).collect()
}

/// The commands that show what is wrong, and what brings it back.
fn look_and_mend(incident: &Incident) -> Vec<String> {
    let failed = incident.outcome.is_failure();
    let reported = incident.outcome == Outcome::Reported;
    let open = failed
        || reported
        || incident.problem.is_some()
        || incident.outcome == Outcome::WouldRestore;
    let (Some(arn), Some(region)) = (&incident.trail.arn, &incident.trail.region) else {
        return Vec::new();
    };
    if !open {
        return Vec::new();
    }
    if incident.is_gone() {
        return vec!["Make it again where it was declared: terraform apply.".to_owned()];
    }
    let differs = |part| incident.drift.iter().any(|drift| drift.part == part);
    let mut looks = Vec::new();
    if reported {
        looks.push("get-event-configuration --trail-name");
    }
    if differs(Part::Settings) || differs(Part::Tags) {
        looks.push("get-trail --name");
    }
    if differs(Part::EventSelectors) {
        looks.push("get-event-selectors --trail-name");
    }
    if differs(Part::InsightSelectors) {
        looks.push("get-insight-selectors --trail-name");
    }
    if looks.is_empty() || differs(Part::Logging) {
        looks.insert(0, "get-trail-status --name");
    }
    let mut steps: Vec<String> = looks
        .into_iter()
        .map(|look| format!("Look: aws cloudtrail {look} {arn} --region {region}"))
        .collect();
    if failed && incident.verification.is_logging != Some(true) {
        steps.push(format!(
            "Start it by hand: aws cloudtrail start-logging --name {arn} --region {region}"
        ));
    }
    steps.push(
        "Bring back what is missing or changed where it was declared: terraform apply.".to_owned(),
    );
    steps
}

/// What shows the other calls of `key`.
pub(crate) fn deeds_of_key(incident: &Incident, key: &Clean) -> Option<String> {
    let region = incident.trail.region.as_ref();
    let region = region.filter(|_| incident.trail.arn.is_some())?;
    // Only what cannot be anything but a key id.
    let key = Some(key.as_str()).filter(|key| key.bytes().all(|b| b.is_ascii_alphanumeric()))?;
    Some(format!(
        "See what else that key did: aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={key}"
    ))
}
