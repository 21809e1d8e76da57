//! The notice, as it lies in a queue that is subscribed to the topic. Pure.

use serde::Serialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::{arn::TrailArn, moment};

/// The JSON document's schema, from lambda/src/notice.rs.
const SCHEMA: &str = "trailkeeper.notice";
/// What the clocks of this machine and of AWS may differ by: AWS refuses
/// requests beyond it.
const SKEW: Duration = Duration::minutes(5);

/// A notice about the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Subject of the mail.
    pub subject: String,
    /// `restored` for instance, from the message's attributes.
    pub outcome: String,
    /// `high` for instance, from the message's attributes.
    pub severity: String,
    /// Who made the call, if the notice names somebody.
    pub actor: Option<String>,
    /// When StartLogging was accepted, if the function made it, by AWS's clock.
    #[serde(skip)]
    pub started_at: Option<OffsetDateTime>,
    /// When the function saw the trail as declared, by AWS's clock.
    #[serde(skip)]
    pub verified_at: Option<OffsetDateTime>,
    /// The function's calls that healed the trail.
    pub calls: Vec<String>,
    /// The document, whole.
    pub document: Value,
}

/// What a notice has to be about.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The trail.
    pub trail: &'a TrailArn,
    /// The attack's `eventName`.
    pub operation: &'a str,
    /// When the attack was made, by this machine's clock.
    pub since: OffsetDateTime,
}

impl Notice {
    /// Reads a queue's message; `None` if it is no notice about what is wanted:
    /// an alarm, another trail, another call, or an earlier one.
    #[must_use]
    pub fn read(body: &str, wanted: Wanted) -> Option<Self> {
        let envelope: Value = serde_json::from_str(body).ok()?;
        let document: Value = serde_json::from_str(text(&envelope, "/Message")?).ok()?;
        let is_of_trail = text(&document, "/schema") == Some(SCHEMA)
            && text(&document, "/trail/arn") == Some(wanted.trail.as_str());
        let published_at = time(&envelope, "/Timestamp");
        // A sweep names no call if it found none.
        let is_of_call = text(&document, "/event/name").is_none_or(|name| name == wanted.operation);
        // The call's time is cut to the second.
        let happened_at = time(&document, "/timing/event_time").or(published_at);
        let is_new = happened_at.is_some_and(|at| at >= wanted.since - SKEW);
        if !(is_of_trail && is_of_call && is_new) {
            return None;
        }
        let attribute = |name: &str| {
            text(&envelope, &format!("/MessageAttributes/{name}/Value"))
                .or_else(|| text(&document, &format!("/{name}")))
                .unwrap_or("unknown")
                .to_owned()
        };
        let calls = document
            .pointer("/remediation/calls")
            .and_then(Value::as_array);
        Some(Self {
            subject: text(&envelope, "/Subject").unwrap_or_default().to_owned(),
            outcome: attribute("outcome"),
            severity: attribute("severity"),
            actor: text(&document, "/actor/arn").map(str::to_owned),
            started_at: time(&document, "/remediation/start_logging_accepted_at"),
            verified_at: time(&document, "/timing/verified_at"),
            calls: calls
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|call| call.trim_start_matches("cloudtrail:").to_owned())
                .collect(),
            document,
        })
    }

    /// Whether it says that the trail is as declared again.
    #[must_use]
    pub fn says_restored(&self) -> bool {
        ["restored", "already_restored", "already_logging"].contains(&self.outcome.as_str())
    }

    /// Whether it says that nobody will restore the trail.
    #[must_use]
    pub fn says_left_alone(&self) -> bool {
        self.outcome == "would_restore"
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn time(value: &Value, pointer: &str) -> Option<OffsetDateTime> {
    text(value, pointer).and_then(moment::parse)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RESTORED: &str = include_str!("../../../lambda/tests/notices/restored/document.json");
    const SWEPT: &str =
        include_str!("../../../lambda/tests/notices/restored_by_sweep/document.json");
    const CHANGE: &str =
        include_str!("../../../lambda/tests/notices/restored_change/document.json");

    /// The envelope that SNS puts around the document of the function's own tests.
    fn body(file: &str) -> String {
        let document: Value = serde_json::from_str(file).unwrap();
        json!({
            "Type": "Notification",
            "Subject": "HIGH CloudTrail audit: stopped, logging again",
            "Timestamp": "2026-11-24T05:06:09.500Z",
            "Message": document.to_string(),
            "MessageAttributes": {
                "outcome": {"Type": "String", "Value": document["outcome"]},
                "severity": {"Type": "String", "Value": document["severity"]},
            },
        })
        .to_string()
    }

    fn trail() -> TrailArn {
        "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"
            .parse()
            .unwrap()
    }

    fn read(file: &str, operation: &str, since: &str) -> Option<Notice> {
        let since = moment::parse(since).unwrap();
        Notice::read(
            &body(file),
            Wanted {
                trail: &trail(),
                operation,
                since,
            },
        )
    }

    const BEFORE: &str = "2026-11-24T05:06:07.900Z";

    #[test]
    fn the_functions_own_notice_is_understood() {
        let notice = read(RESTORED, "StopLogging", BEFORE).unwrap();
        assert_eq!(
            (notice.outcome.as_str(), notice.severity.as_str()),
            ("restored", "high")
        );
        assert!(notice.says_restored());
        assert_eq!(notice.calls, ["StartLogging"]);
        assert_eq!(
            notice.actor.as_deref(),
            Some("arn:aws:sts::111122223333:assumed-role/deploy/run-17")
        );
        assert_eq!(
            notice.verified_at.map(moment::shown).unwrap(),
            "2026-11-24T05:06:09.350Z"
        );
    }

    #[test]
    fn a_sweep_that_found_no_call_counts() {
        let notice = read(SWEPT, "StopLogging", BEFORE).unwrap();
        assert!(notice.says_restored());
    }

    #[test]
    fn other_messages_are_not_it() {
        assert!(read(RESTORED, "DeleteTrail", BEFORE).is_none());
        assert!(read(CHANGE, "StopLogging", BEFORE).is_none());
        assert!(read(RESTORED, "StopLogging", "2026-11-24T05:12:00Z").is_none());
        let other: TrailArn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/other"
            .parse()
            .unwrap();
        let since = moment::parse(BEFORE).unwrap();
        let wanted = Wanted {
            trail: &other,
            operation: "StopLogging",
            since,
        };
        assert!(Notice::read(&body(RESTORED), wanted).is_none());
        for body in [
            "",
            "{}",
            "[]",
            r#"{"Message":"ALARM"}"#,
            r#"{"Message":"{\"AlarmName\":1}"}"#,
        ] {
            assert!(
                Notice::read(
                    body,
                    Wanted {
                        trail: &trail(),
                        ..wanted
                    }
                )
                .is_none(),
                "{body}"
            );
        }
    }
}
