//! The incident as a finding of AWS Security Hub, in the AWS Security Finding Format.
//! Pure: `open_findings` sends it.
//! Source: <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html>.

use serde_json::{Map, Value, json};

use crate::{
    advice::next_steps,
    console::Console,
    headline::headline,
    incident::Incident,
    moment::Moment,
    outcome::{Outcome, Severity},
    summary::summary,
    text::Clean,
};

/// Limits of the format, in characters and pieces. Source: as above.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1_024;
const RECOMMENDATION: usize = 512;
const RESOURCES: usize = 32;

/// Whose findings they are: Security Hub takes those of the default product only from
/// the account that it names.
#[derive(Clone, Copy, Debug)]
pub struct Reporter<'a> {
    /// The partition, `aws` for instance.
    pub partition: &'a str,
    /// The region of the Security Hub.
    pub region: &'a str,
    /// Its account.
    pub account: &'a str,
}

/// Under which name it is remembered that a finding of this outcome is open: its trail is
/// not as declared, or not known to be. What is left alone is apart, so that somebody who
/// suppressed it misses nothing else.
#[must_use]
pub fn open_as(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::NotRestored | Outcome::Unverified | Outcome::WouldRestore => Some("failed"),
        Outcome::LeftAlone => Some("left"),
        _ => None,
    }
}

/// The finding about `incident` as it stands at `now`. All notices of one incident make
/// one finding: the later one updates it.
#[must_use]
pub fn finding(incident: &Incident, by: Reporter<'_>, now: Moment) -> Value {
    let Reporter {
        partition,
        region,
        account,
    } = by;
    let began = incident.timing.event_time.unwrap_or(now).min(now);
    let problem = incident.problem.as_deref();
    let problem = problem.map_or_else(String::new, |problem| format!(" Problem: {problem}"));
    let kind = if incident.outcome.is_of_accounts() {
        "Software and Configuration Checks/AWS Security Best Practices"
    } else {
        "TTPs/Defense Evasion"
    };
    let mut finding = json!({
        "SchemaVersion": "2018-10-08",
        "Id": id(incident, by, now),
        "ProductArn":
            format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "GeneratorId": "trailkeeper",
        "AwsAccountId": account,
        "CreatedAt": began,
        "UpdatedAt": now,
        "Title": cut(&headline(incident), TITLE),
        "Description": cut(&format!("{}{problem}", summary(incident)), DESCRIPTION),
        "FindingProviderFields": {
            "Severity": {
                "Label": label(incident.severity),
                "Original": incident.severity.as_str(),
            },
            "Types": [kind],
        },
        "Resources": resources(incident, by),
        "ProductFields": facts(incident),
        "Compliance": { "Status": status(incident) },
        // A healed attack still has to be looked into. What was to be expected has not.
        "RecordState": if incident.severity == Severity::Info { "ARCHIVED" } else { "ACTIVE" },
    });
    let page = incident.trail_arn();
    let page = page.and_then(|trail| Some(Console::of(&trail)?.trail(&trail)));
    if let Some(fields) = finding.as_object_mut() {
        if let Some(step) = next_steps(incident).first() {
            let text = format!("{} {}", step.text, step.command.join(" "));
            let text = cut(text.trim(), RECOMMENDATION);
            fields.insert(
                "Remediation".to_owned(),
                json!({"Recommendation": {"Text": text}}),
            );
        }
        fields.extend(page.map(|page| ("SourceUrl".to_owned(), Value::from(page))));
    }
    finding
}

/// What tells the finding from all others. One call may be about several trails.
fn id(incident: &Incident, by: Reporter<'_>, now: Moment) -> String {
    let about = incident.trail_arn().map_or_else(
        || format!("{}/{}", by.region, by.account),
        |trail| trail.to_string(),
    );
    let timing = &incident.timing;
    // What a sweep finds without a name is another incident each time.
    let when = match incident.id {
        // Who has an event's id could else overwrite its finding.
        Some(_) => incident.fingerprint.chars().take(12).collect(),
        None if incident.storm.is_some() => String::new(),
        None if incident.outcome.is_of_accounts() => now.to_string().chars().take(10).collect(),
        None => {
            let at = timing.stopped_at.or(timing.verified_at).unwrap_or(now);
            at.epoch_millis().to_string()
        }
    };
    let hyphen = if when.is_empty() { "" } else { "-" };
    format!("trailkeeper/{about}/{}{hyphen}{when}", incident.thread())
}

/// Makes `finding` an update of `earlier`.
pub fn continue_from(finding: &mut Value, earlier: &Value) {
    let (Some(fields), Some(earlier)) = (finding.as_object_mut(), earlier.as_object()) else {
        return;
    };
    for name in ["Id", "CreatedAt"] {
        fields.extend(
            earlier
                .get(name)
                .map(|value| (name.to_owned(), value.clone())),
        );
    }
    // Clocks differ, and Security Hub ignores an update that is not newer.
    let last = earlier.get("UpdatedAt").and_then(moment);
    let next = last.and_then(|last| Moment::from_epoch_millis(last.epoch_millis() + 1));
    let updated = fields.get("UpdatedAt").and_then(moment).max(next);
    fields.extend(updated.map(|updated| ("UpdatedAt".to_owned(), json!(updated))));
}

/// The end of `earlier`, whose trail a look showed as declared at `seen`. `None` if that
/// was before it was told, and so says nothing about it.
#[must_use]
pub fn resolved(earlier: &Value, seen: Moment, now: Moment) -> Option<Value> {
    let told = earlier.get("UpdatedAt").and_then(moment)?;
    if told >= seen {
        return None;
    }
    let mut finding = earlier.clone();
    let text = |name| {
        earlier
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let title = format!("As declared again. Before: {}", text("Title"));
    let description = format!(
        "A look at {seen} showed the trail as declared. Before: {}",
        text("Description")
    );
    let advice = "Nothing is left to restore. Find out who did it, if that is not known.";
    let fields = finding.as_object_mut()?;
    for (name, value) in [
        ("UpdatedAt", json!(now)),
        ("Title", json!(cut(&title, TITLE))),
        ("Description", json!(cut(&description, DESCRIPTION))),
        ("Compliance", json!({"Status": "PASSED"})),
        ("Remediation", json!({"Recommendation": {"Text": advice}})),
    ] {
        fields.insert(name.to_owned(), value);
    }
    if let Some(facts) = fields
        .get_mut("ProductFields")
        .and_then(Value::as_object_mut)
    {
        facts.insert("trailkeeper/resolved_at".to_owned(), json!(seen));
    }
    continue_from(&mut finding, earlier);
    Some(finding)
}

fn moment(value: &Value) -> Option<Moment> {
    Moment::parse(value.as_str()?)
}

/// What Security Hub calls a severity.
fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Info => "INFORMATIONAL",
    }
}

/// Whether what is declared is the case.
fn status(incident: &Incident) -> &'static str {
    match incident.outcome {
        // What the call did is healed, and something else is left alone.
        Outcome::Restored if incident.is_left_in_part() => "WARNING",
        Outcome::Restored
        | Outcome::AlreadyLogging
        | Outcome::AlreadyRestored
        | Outcome::Unconfirmed
        | Outcome::ConformingChange => "PASSED",
        Outcome::NotRestored | Outcome::WouldRestore | Outcome::LeftAlone => "FAILED",
        Outcome::Unverified
        | Outcome::AttemptDenied
        | Outcome::Reported
        | Outcome::Unreachable
        | Outcome::AccountSuspended
        | Outcome::SweepIncomplete
        | Outcome::StormSummary => "NOT_AVAILABLE",
    }
}

fn resources(incident: &Incident, by: Reporter<'_>) -> Vec<Value> {
    let account = |id: &str| {
        json!({
            "Type": "AwsAccount",
            "Id": format!("AWS::::Account:{id}"),
            "Partition": by.partition,
            "Region": by.region,
        })
    };
    if let Some(thing) = &incident.thing {
        return vec![json!({
            "Type": thing.kind.resource(),
            "Id": thing.arn.as_str(),
            "Partition": thing.place.partition(),
            "Region": thing.place.region(),
        })];
    }
    if let Some(trail) = incident.trail_arn() {
        return vec![json!({
            "Type": "AwsCloudTrailTrail",
            "Id": trail.as_str(),
            "Partition": trail.partition(),
            "Region": trail.region(),
            "Details": {
                "AwsCloudTrailTrail": {"Name": trail.name(), "HomeRegion": trail.region()},
            },
        })];
    }
    let accounts = incident.accounts.iter().take(RESOURCES);
    let mut resources: Vec<Value> = accounts.map(|id| account(id)).collect();
    if resources.is_empty() {
        resources.push(account(by.account));
    }
    resources
}

/// What else is known, as Security Hub takes it: text by name.
fn facts(incident: &Incident) -> Map<String, Value> {
    let actor = &incident.actor;
    let event = &incident.event;
    let text = |text: &Option<Clean>| text.as_ref().map(ToString::to_string);
    let gap = incident.timing.gap_ms.map(|gap| gap.to_string());
    let containment = incident.containment.as_ref();
    let containment = containment.map(|report| report.state.as_str().to_owned());
    let facts = [
        ("outcome", Some(incident.outcome.as_str().to_owned())),
        ("trail_account", text(&incident.trail.account)),
        ("event_name", text(&event.name)),
        ("event_id", text(&event.id)),
        ("actor_arn", text(&actor.arn)),
        ("access_key_id", text(&actor.access_key_id)),
        ("source_ip", text(&actor.source_ip)),
        ("user_agent", text(&actor.user_agent)),
        ("gap_ms", gap),
        ("containment", containment),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)));
    known
        .map(|(name, fact)| (format!("trailkeeper/{name}"), Value::from(fact)))
        .collect()
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let short: String = text.chars().take(most.saturating_sub(1)).collect();
    short + "…"
}
