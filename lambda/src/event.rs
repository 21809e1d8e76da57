//! Parsing: the EventBridge envelope and the CloudTrail record in it.
//!
//! Only an event without an object in `detail` is refused. Everything in a
//! record may be missing or of another type (old event versions, oversized
//! requests, other services), so a field that is not what it should be counts
//! as absent and stays in [`Record::unknown`].
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::baseline::sha256;

/// What EventBridge says about the event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// `id` of the delivery.
    pub id: Option<String>,
    /// `source`; `aws.cloudtrail` for what this function is for.
    pub source: Option<String>,
    /// `detail-type`.
    pub detail_type: Option<String>,
    /// `account` in which the call was recorded.
    pub account: Option<String>,
    /// `region` of the bus that got the event first.
    pub region: Option<String>,
    /// `time`, RFC 3339.
    pub time: Option<String>,
    /// `detail`.
    pub record: Record,
}

/// The CloudTrail record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// `eventID`.
    pub event_id: Option<String>,
    /// `eventName`, for example `StopLogging`.
    pub event_name: Option<String>,
    /// `eventSource`, for example `cloudtrail.amazonaws.com`.
    pub event_source: Option<String>,
    /// `eventTime`, RFC 3339 in whole seconds.
    pub event_time: Option<String>,
    /// `eventType`, for example `AwsApiCall`.
    pub event_type: Option<String>,
    /// `awsRegion` in which the call was made.
    pub aws_region: Option<String>,
    /// `recipientAccountId`, the account whose record this is.
    pub recipient_account_id: Option<String>,
    /// `sourceIPAddress`: an address, a service name or anything else.
    pub source_ip_address: Option<String>,
    /// `userAgent`, chosen by the caller.
    pub user_agent: Option<String>,
    /// `requestID`.
    pub request_id: Option<String>,
    /// `errorCode`: the call did nothing.
    pub error_code: Option<String>,
    /// `errorMessage`.
    pub error_message: Option<String>,
    /// `userIdentity`.
    pub user_identity: Option<Map<String, Value>>,
    /// `requestParameters`.
    pub request_parameters: Option<Map<String, Value>>,
    /// Every other field, and the fields above that had an unexpected type.
    pub unknown: Map<String, Value>,
}

/// The payload is no event at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{field} is {found}: expected a JSON object as EventBridge sends it")]
pub struct MalformedEvent {
    field: &'static str,
    found: String,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// If the payload is not JSON, or it or its `detail` is no object.
    pub fn parse(payload: &str) -> Result<Self, MalformedEvent> {
        // A text cut inside a surrogate pair leaves half of it behind, which is
        // valid JSON and no valid string: only then is the payload rewritten.
        let payload = serde_json::from_str(payload)
            .or_else(|_| serde_json::from_str(&without_lone_surrogates(payload)))
            .map_err(|error| MalformedEvent {
                field: "the payload",
                found: format!("unreadable ({error})"),
            })?;
        Self::from_value(payload)
    }

    /// Reads a record as the event history holds it, without an envelope.
    ///
    /// # Errors
    /// If it is no JSON object.
    pub fn of_record(record: &str) -> Result<Self, MalformedEvent> {
        match serde_json::from_str(record) {
            Ok(Value::Object(fields)) => Ok(Self {
                record: Record::read(fields),
                ..Self::default()
            }),
            Ok(other) => Err(malformed("the record", Some(&other))),
            Err(_) => Err(malformed("the record", None)),
        }
    }

    /// A hash of what is told of the event: who did what. A copy has the same; a
    /// forged event with the id of a real one has not.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let r = &self.record;
        let told = json!([
            r.event_name,
            r.error_code,
            r.user_identity,
            r.source_ip_address,
            r.request_parameters,
        ]);
        sha256(&told.to_string())
    }

    fn from_value(payload: Value) -> Result<Self, MalformedEvent> {
        let Value::Object(mut envelope) = payload else {
            return Err(malformed("the payload", Some(&payload)));
        };
        let record = match envelope.remove("detail") {
            Some(Value::Object(record)) => Record::read(record),
            other => return Err(malformed("detail", other.as_ref())),
        };
        Ok(Self {
            id: take_text(&mut envelope, "id"),
            source: take_text(&mut envelope, "source"),
            detail_type: take_text(&mut envelope, "detail-type"),
            account: take_text(&mut envelope, "account"),
            region: take_text(&mut envelope, "region"),
            time: take_text(&mut envelope, "time"),
            record,
        })
    }
}

impl Record {
    fn read(mut fields: Map<String, Value>) -> Self {
        Self {
            event_id: take_text(&mut fields, "eventID"),
            event_name: take_text(&mut fields, "eventName"),
            event_source: take_text(&mut fields, "eventSource"),
            event_time: take_text(&mut fields, "eventTime"),
            event_type: take_text(&mut fields, "eventType"),
            aws_region: take_text(&mut fields, "awsRegion"),
            recipient_account_id: take_text(&mut fields, "recipientAccountId"),
            source_ip_address: take_text(&mut fields, "sourceIPAddress"),
            user_agent: take_text(&mut fields, "userAgent"),
            request_id: take_text(&mut fields, "requestID"),
            error_code: take_text(&mut fields, "errorCode"),
            error_message: take_text(&mut fields, "errorMessage"),
            user_identity: take_object(&mut fields, "userIdentity"),
            request_parameters: take_object(&mut fields, "requestParameters"),
            unknown: fields,
        }
    }
}

/// The text in `fields[name]`; `""`, `"null"` and `"-"` stand for nothing.
pub(crate) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields
        .get(name)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !matches!(*text, "" | "null" | "-"))
}

/// The object in `fields[name]`.
pub(crate) fn object<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Option<&'a Map<String, Value>> {
    fields.get(name).and_then(Value::as_object)
}

fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    let found = text(fields, name)?.to_owned();
    fields.remove(name);
    Some(found)
}

fn take_object(fields: &mut Map<String, Value>, name: &str) -> Option<Map<String, Value>> {
    object(fields, name)?;
    match fields.remove(name) {
        Some(Value::Object(found)) => Some(found),
        _ => None,
    }
}

fn malformed(field: &'static str, value: Option<&Value>) -> MalformedEvent {
    let found = match value {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    };
    MalformedEvent {
        field,
        found: found.to_owned(),
    }
}

/// Replaces each `\uD800` to `\uDFFF` that is not part of a pair by `\uFFFD`.
fn without_lone_surrogates(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        clean.push_str(before);
        // The length of an escape: \uXXXX, a pair of them, or two characters.
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(_), _) => 6,
            (None, _) => escape
                .char_indices()
                .nth(2)
                .map_or(escape.len(), |(end, _)| end),
        };
        let (escape, after) = escape.split_at(length);
        let lone = length == 6;
        clean.push_str(if lone { "\\ufffd" } else { escape });
        rest = after;
    }
    clean + rest
}

/// The surrogate that `json` begins with, if it does.
fn surrogate(json: &str) -> Option<u16> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    matches!(unit, 0xd800..=0xdfff).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_wrongly_typed_fields_are_kept() -> Result<(), MalformedEvent> {
        let event = Event::from_value(json!({
            "source": "aws.cloudtrail",
            "detail": {
                "eventName": 7, "eventSource": "cloudtrail.amazonaws.com",
                "userIdentity": "root", "addendum": {"reason": "DELIVERY_DELAY"},
                "errorCode": null
            }
        }))?;
        let record = event.record;
        assert_eq!(record.event_name, None);
        assert_eq!(
            record.event_source.as_deref(),
            Some("cloudtrail.amazonaws.com")
        );
        assert_eq!(record.unknown.get("eventName"), Some(&json!(7)));
        assert_eq!(record.unknown.get("userIdentity"), Some(&json!("root")));
        assert!(record.unknown.contains_key("addendum"));
        Ok(())
    }

    #[test]
    fn empty_and_null_words_stand_for_nothing() -> Result<(), MalformedEvent> {
        let event = Event::from_value(
            json!({"detail": {"errorCode": "null", "sourceIPAddress": "-", "userAgent": ""}}),
        )?;
        assert_eq!(event.record.error_code, None);
        assert_eq!(event.record.source_ip_address, None);
        assert_eq!(event.record.user_agent, None);
        Ok(())
    }

    #[test]
    fn what_is_no_event_is_refused_by_name() {
        for (payload, told) in [
            (json!(null), "the payload is null"),
            (json!([1]), "the payload is an array"),
            (json!({}), "detail is missing"),
            (json!({"detail": "x"}), "detail is a string"),
        ] {
            let refused = Event::from_value(payload).err().map(|e| e.to_string());
            assert!(refused.is_some_and(|text| text.starts_with(told)), "{told}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_does_not_hide_an_event() {
        let event = Event::parse(
            r#"{"detail":{"userAgent":"\ud83d x \ude00\ud83d\ude00 \\ud83d","eventName":"StopLogging"}}"#,
        );
        let record = event.map(|event| event.record).unwrap_or_default();
        assert_eq!(
            record.user_agent.as_deref(),
            Some("\u{fffd} x \u{fffd}\u{1f600} \\ud83d")
        );
        assert_eq!(record.event_name.as_deref(), Some("StopLogging"));
        for odd in ["\\", "\\u", "\\ud83", "\\ud83d", "\\ud83dé", "é\\é"] {
            let _ = without_lone_surrogates(odd);
        }
    }
}
