//! How an incident is worded: one SNS message with a text for people and the
//! JSON document for machines.

use serde::Serialize;
use serde_json::json;

use crate::{
    incident::{Incident, Outcome, Timing},
    moment::Moment,
    text::{Clean, subject},
};

/// Name of the JSON document's schema.
pub const SCHEMA: &str = "trailkeeper.notice";
/// Its version; raised when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// An SNS message, ready to publish.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Subject: ASCII, fewer than 100 characters.
    pub subject: String,
    /// The message per protocol, for `MessageStructure=json`: the text for
    /// `email`, the headline for `sms`, the document for every other protocol.
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
    pub message: String,
    /// Message attributes, for SNS filter policies; no value is empty.
    pub attributes: [(&'static str, String); 4],
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    incident: &'a Incident,
}

impl Notice {
    /// Words `incident`.
    ///
    /// # Errors
    /// If the document cannot be written as JSON.
    pub fn of(incident: &Incident) -> Result<Self, serde_json::Error> {
        let document = serde_json::to_string(&Document {
            schema: SCHEMA,
            version: VERSION,
            incident,
        })?;
        let headline = headline(incident);
        let message = json!({
            "default": document,
            "email": text(incident),
            "sms": headline,
        });
        let attribute =
            |value: &Option<Clean>| value.as_ref().map_or("unknown", Clean::as_str).to_owned();
        Ok(Self {
            subject: subject(&headline),
            message: message.to_string(),
            attributes: [
                ("outcome", incident.outcome.as_str().to_owned()),
                ("severity", incident.severity.as_str().to_owned()),
                ("event_name", attribute(&incident.event.name)),
                ("account", attribute(&incident.trail.account)),
            ],
        })
    }
}

/// One line for subject and SMS: severity, what is the case now, which trail,
/// where. Nothing in it is the caller's choice. What is long is the trail's
/// name, so that gives way.
fn headline(incident: &Incident) -> String {
    const LONGEST: usize = 99;
    let state = match incident.outcome {
        Outcome::Restored => "stopped, logging again",
        Outcome::AlreadyLogging => "stopped, was logging again",
        Outcome::Unconfirmed => "stop unconfirmed, logging",
        Outcome::NotRestored => "NOT LOGGING",
        Outcome::Unverified => "NOT VERIFIED",
        Outcome::AttemptDenied => "attempt to stop it denied",
    };
    let part = |part: &Option<Clean>| part.as_ref().map_or("?", Clean::as_str).to_owned();
    let severity = incident.severity.as_str().to_uppercase();
    let place = format!(
        "{}, {}",
        part(&incident.trail.account),
        part(&incident.trail.region)
    );
    let rest = format!("{severity} CloudTrail : {state} ({place})")
        .chars()
        .count();
    let room = LONGEST.saturating_sub(rest);
    let mut name = incident
        .trail
        .name
        .as_ref()
        .map_or("(trail unknown)", Clean::as_str)
        .to_owned();
    if name.chars().count() > room {
        name = name
            .chars()
            .take(room.saturating_sub(3))
            .collect::<String>()
            + "...";
    }
    format!("{severity} CloudTrail {name}: {state} ({place})")
}

/// The notice as a person reads it in an e-mail.
fn text(incident: &Incident) -> String {
    let mut page = Page::default();
    page.line(&status(incident));
    page.line(&incident.summary);
    if let Some(problem) = &incident.problem {
        page.line(&format!("Problem: {problem}"));
    }

    page.heading("WHAT TO DO NOW");
    for step in next_steps(incident) {
        page.line(&format!("- {step}"));
    }

    page.heading("TRAIL");
    let trail = &incident.trail;
    page.fact("ARN", trail.arn.as_ref());
    if trail.arn.is_some() {
        page.fact("Account", trail.account.as_ref());
        page.fact("Region", trail.region.as_ref());
    } else {
        page.field("Account", trail.account.as_ref());
        page.field("Region", trail.region.as_ref());
    }

    let actor = &incident.actor;
    page.heading("WHO (in quotes: as recorded, partly the caller's own choice)");
    page.field("Identity type", actor.kind.as_ref());
    page.field("ARN", actor.arn.as_ref());
    page.field("Name", actor.name.as_ref());
    page.field("Account", actor.account.as_ref());
    page.field("Session issuer", actor.session_issuer_arn.as_ref());
    if actor.source_identity.is_some() {
        page.field("Source identity", actor.source_identity.as_ref());
    }
    if actor.invoked_by.is_some() {
        page.field("Invoked by", actor.invoked_by.as_ref());
    }
    page.fact("MFA", actor.mfa.map(yes_or_no));
    page.field("Access key id", actor.access_key_id.as_ref());
    page.field("Source IP", actor.source_ip.as_ref());
    page.field("User agent", actor.user_agent.as_ref());

    page.heading("WHEN (UTC)");
    page.fact("Call made", incident.timing.event_time.map(shown));
    if incident.outcome != Outcome::AttemptDenied {
        course(&mut page, incident);
    }

    page.heading("THE CALL");
    page.field("Event", incident.event.name.as_ref());
    page.field("Event id", incident.id.as_ref());
    page.field("Request id", incident.event.request_id.as_ref());
    if incident.outcome == Outcome::AttemptDenied {
        page.field("Error code", incident.event.error_code.as_ref());
        page.field("Error message", incident.event.error_message.as_ref());
    }
    page.text
}

/// When what happened, of a stop.
fn course(page: &mut Page, incident: &Incident) {
    let timing = &incident.timing;
    page.fact("Trail's last stop", timing.stopped_at.map(shown));
    page.fact("Trail's last start", timing.started_at.map(shown));
    if incident.outcome.is_failure() {
        let gap = match (incident.outcome, timing.stopped_at) {
            (Outcome::NotRestored, Some(stop)) => format!("open since {}", shown(stop)),
            _ => "unknown, may be open".to_owned(),
        };
        page.fact("Gap in the log", Some(gap));
    } else {
        page.fact("Seen logging", timing.verified_at.map(shown));
        page.fact(
            "Call to seen",
            timing.event_to_verified_ms.map(seconds_of_event),
        );
        page.fact(
            "Gap in the log",
            timing.gap_ms.map(|gap| gap_text(gap, timing)),
        );
    }
    page.fact(
        "Answered with",
        Some(format!(
            "StartLogging ({} x), then GetTrailStatus ({} x)",
            incident.remediation.calls.len(),
            incident.verification.reads
        )),
    );
}

/// The most important line.
fn status(incident: &Incident) -> String {
    let state = match incident.outcome {
        Outcome::Restored => "RESTORED: logging was stopped and is on again, read back.",
        Outcome::AlreadyLogging => "LOGGING: it was stopped, and was on again before this answer.",
        Outcome::Unconfirmed => "LOGGING: a stop was reported that the trail does not confirm.",
        Outcome::NotRestored => "NOT RESTORED: the trail is NOT logging. Act now.",
        Outcome::Unverified => "NOT VERIFIED: the trail may NOT be logging. Act now.",
        Outcome::AttemptDenied => {
            "ATTEMPT DENIED: somebody tried to stop logging, and the call failed."
        }
    };
    format!("{}  {state}", incident.severity.as_str().to_uppercase())
}

fn next_steps(incident: &Incident) -> Vec<String> {
    let mut steps = Vec::new();
    // Only the region of a protected trail goes into a command to paste.
    let region = incident
        .trail
        .region
        .as_ref()
        .filter(|_| incident.trail.arn.is_some());
    let off = incident.outcome.is_failure() || incident.problem.is_some();
    if let (true, Some(arn), Some(region)) = (off, &incident.trail.arn, region) {
        let command = |name| format!("aws cloudtrail {name} --region {region} --name {arn}");
        steps.push(format!("Look: {}", command("get-trail-status")));
        if incident.outcome.is_failure() {
            steps.push(format!("Start it by hand: {}", command("start-logging")));
        }
        steps.push(
            "If it is gone (TrailNotFoundException): bring it back, terraform apply.".to_owned(),
        );
    }
    steps.push(if incident.outcome == Outcome::Unconfirmed {
        "Find out who sent this event: who may invoke the function?".to_owned()
    } else {
        "Ask the owner of the credentials below, by another channel, whether they meant it. If not, treat them as stolen.".to_owned()
    });
    let key = incident.actor.access_key_id.as_ref().map(Clean::as_str);
    // Only what cannot be anything but a key id goes into a command to paste.
    let key = key.filter(|key| key.bytes().all(|b| b.is_ascii_alphanumeric()));
    if let (Some(region), Some(key)) = (region, key) {
        steps.push(format!(
            "See what else that key did: aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={key}"
        ));
    }
    steps
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let milliseconds = milliseconds.unsigned_abs();
    format!(
        "{sign}{}.{:03} s",
        milliseconds / 1_000,
        milliseconds % 1_000
    )
}

fn seconds_of_event(milliseconds: i64) -> String {
    format!(
        "{}, at most (the call's time is cut to the second)",
        seconds(milliseconds)
    )
}

fn gap_text(gap: i64, timing: &Timing) -> String {
    let whole = |moment: Option<Moment>| moment.is_some_and(Moment::is_whole_second);
    if !whole(timing.stopped_at) || !whole(timing.started_at) {
        return seconds(gap);
    }
    let about = if gap == 0 {
        "under 1 s".to_owned()
    } else {
        format!("about {} s", gap / 1_000)
    };
    format!("{about} (the trail's times are in whole seconds)")
}

/// Without the fraction where there is none, so as not to claim to know it.
fn shown(moment: Moment) -> String {
    moment.to_string().replace(".000Z", "Z")
}

/// Lines of `Label  value`.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    /// A value from the record, in quotes so that it cannot pass for our words,
    /// and with addresses that no mail program makes a link of.
    fn field(&mut self, label: &str, value: Option<&Clean>) {
        self.fact(
            label,
            value.map(|value| value.quoted().replace("://", "[://]")),
        );
    }

    fn fact(&mut self, label: &str, value: Option<impl ToString>) {
        let value = value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        self.line(&format!("  {label:<18} {value}"));
    }
}
