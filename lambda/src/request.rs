//! What an invocation asks for: an event of EventBridge, or a request of our own.

use serde::Deserialize;

use crate::{arn::TrailArn, members::is_account, text::excerpt};

/// A request that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Look at every protected trail: `{"trailkeeper": "sweep"}`, by schedule.
    Sweep,
    /// Look at the trails of some accounts, by messages from the queue that a
    /// sweep of the organisation fills.
    SweepAccounts(Vec<Message>),
    /// Say what this trail is now, as a baseline:
    /// `{"trailkeeper": "baseline", "trail_arn": "..."}`, by a person.
    Capture(TrailArn),
    /// Neither; why, and what to send.
    Unusable(String),
}

/// A message of the queue. Its body is `{"trailkeeper": "sweep", "accounts": [...]}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// By which it is given back to the queue.
    pub id: String,
    /// The accounts, each once; or why there are none to be had.
    pub accounts: Result<Vec<String>, String>,
}

/// Ours are short; events are long, and must not be read twice.
const LONGEST: usize = 1_000;
/// The most accounts that a message may name.
const MOST_ACCOUNTS: usize = 1_000;

#[derive(Deserialize)]
struct Payload {
    trailkeeper: String,
    trail_arn: Option<String>,
    accounts: Option<Vec<String>>,
}

/// What Lambda makes of messages.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.
#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    event_source: String,
    body: String,
}

impl Request {
    /// Reads a request; `None` if the payload is none of ours.
    #[must_use]
    pub fn parse(payload: &str) -> Option<Self> {
        if is_batch(payload) {
            return messages(payload).map(Self::SweepAccounts);
        }
        if payload.len() > LONGEST || !payload.contains("\"trailkeeper\"") {
            return None;
        }
        let payload: Payload = serde_json::from_str(payload).ok()?;
        Some(match payload.trailkeeper.as_str() {
            // To sweep all when some were meant would be a surprise.
            "sweep" if payload.accounts.is_some() => {
                Self::Unusable("accounts: taken from messages of the sweep queue only".to_owned())
            }
            "sweep" => Self::Sweep,
            "baseline" => match payload.trail_arn.unwrap_or_default().parse() {
                Ok(trail) => Self::Capture(trail),
                Err(invalid) => Self::Unusable(format!("trail_arn: {invalid}")),
            },
            other => Self::Unusable(format!(
                "trailkeeper is \"{}\": expected \"sweep\" or \"baseline\"",
                excerpt(other)
            )),
        })
    }
}

/// Whether `payload` begins as a batch of messages does. An event of EventBridge
/// has other keys, whatever its record contains, and is not read any further.
fn is_batch(payload: &str) -> bool {
    let inner = payload.trim_start().strip_prefix('{');
    inner.is_some_and(|inner| inner.trim_start().starts_with("\"Records\""))
}

/// The messages of a batch; `None` if one comes from elsewhere than a queue: then
/// nothing is known of the payload, and the invocation fails as a whole.
fn messages(payload: &str) -> Option<Vec<Message>> {
    let batch: Batch = serde_json::from_str(payload).ok()?;
    let from_queue = |record: &Record| record.event_source == "aws:sqs";
    if batch.records.is_empty() || !batch.records.iter().all(from_queue) {
        return None;
    }
    let message = |record: Record| Message {
        accounts: accounts(&record.body),
        id: record.message_id,
    };
    Some(batch.records.into_iter().map(message).collect())
}

fn accounts(body: &str) -> Result<Vec<String>, String> {
    const EXPECTED: &str = "expected {\"trailkeeper\": \"sweep\", \"accounts\": [...]}";
    let body: Payload = serde_json::from_str(body)
        .map_err(|e| format!("the body cannot be read: {e}; {EXPECTED}"))?;
    if body.trailkeeper != "sweep" {
        let found = excerpt(&body.trailkeeper);
        return Err(format!("trailkeeper is \"{found}\": {EXPECTED}"));
    }
    let mut accounts = body.accounts.unwrap_or_default();
    if accounts.is_empty() || accounts.len() > MOST_ACCOUNTS {
        let found = accounts.len();
        return Err(format!(
            "accounts are {found}: expected 1 to {MOST_ACCOUNTS}"
        ));
    }
    if let Some(other) = accounts.iter().find(|account| !is_account(account)) {
        let found = excerpt(other);
        return Err(format!("an account is \"{found}\": expected twelve digits"));
    }
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Message, Request};

    #[test]
    fn requests_are_told_from_events_and_bad_ones_by_field() {
        assert_eq!(
            Request::parse("{\"trailkeeper\": \"sweep\"}"),
            Some(Request::Sweep)
        );
        assert_eq!(Request::parse("{\"source\": \"aws.cloudtrail\"}"), None);
        assert_eq!(Request::parse("{\"trailkeeper\": 1}"), None);
        let arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";
        let capture = format!("{{\"trailkeeper\": \"baseline\", \"trail_arn\": \"{arn}\"}}");
        assert!(
            matches!(Request::parse(&capture), Some(Request::Capture(trail)) if trail.as_str() == arn)
        );
        for (payload, told) in [
            (
                "{\"trailkeeper\": \"baseline\"}",
                "trail_arn: \"\" is no trail ARN",
            ),
            ("{\"trailkeeper\": \"sweeep\"}", "\"sweeep\""),
            (
                "{\"trailkeeper\": \"sweep\", \"accounts\": [\"111122223333\"]}",
                "messages of the sweep queue",
            ),
        ] {
            let parsed = Request::parse(payload);
            assert!(
                matches!(parsed, Some(Request::Unusable(why)) if why.contains(told)),
                "{told}"
            );
        }
    }

    fn record(id: &str, body: &Value) -> Value {
        json!({
            "messageId": id, "receiptHandle": "AQEB", "body": body.to_string(),
            "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
            "md5OfBody": "0", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:sweep", "awsRegion": "eu-central-1",
        })
    }

    fn sweep_of(accounts: &Value) -> Value {
        json!({"trailkeeper": "sweep", "accounts": accounts})
    }

    #[test]
    fn each_message_names_its_accounts_or_its_fault() {
        let good = json!(["444455556666", "111122223333", "444455556666"]);
        let bad = [
            (json!("no object"), "cannot be read"),
            (json!({"accounts": good}), "cannot be read"),
            (
                json!({"trailkeeper": "baseline", "accounts": good}),
                "\"baseline\"",
            ),
            (json!({"trailkeeper": "sweep"}), "accounts are 0"),
            (sweep_of(&json!(["1111222233"])), "\"1111222233\""),
            (sweep_of(&json!(["11112222333\u{661}"])), "twelve digits"),
            (sweep_of(&json!([111_122_223_333_u64])), "cannot be read"),
            (
                sweep_of(&json!(vec!["111122223333"; 1_001])),
                "accounts are 1001",
            ),
        ];
        let mut records = vec![record("good", &sweep_of(&good))];
        records.extend(bad.iter().map(|(body, told)| record(told, body)));
        let payload = json!({"Records": records}).to_string();
        let Some(Request::SweepAccounts(messages)) = Request::parse(&payload) else {
            unreachable!("{payload}");
        };
        assert_eq!(messages.len(), 1 + bad.len());
        let first = Message {
            id: "good".to_owned(),
            accounts: Ok(vec!["111122223333".to_owned(), "444455556666".to_owned()]),
        };
        assert_eq!(messages.first(), Some(&first));
        for message in messages.iter().skip(1) {
            let told = message.accounts.as_ref().err();
            assert!(
                told.is_some_and(|told| told.contains(&message.id)),
                "{message:?}"
            );
        }
    }

    #[test]
    fn what_does_not_come_from_a_queue_is_no_batch() {
        let ours = record("m", &sweep_of(&json!(["111122223333"])));
        let with = |name: &str, value: Value| {
            let mut record = ours.clone();
            record[name] = value;
            record
        };
        for payload in [
            json!({"Records": []}),
            json!({"Records": [ours, with("eventSource", json!("aws:sns"))]}),
            json!({"Records": [with("messageId", Value::Null)]}),
            json!({"Records": ours}),
            // A batch within a record, as a hostile name or as an object.
            json!({
                "version": "0", "source": "aws.cloudtrail", "detail": {
                    "requestParameters": {"name": json!({"Records": [ours]}).to_string(), "Records": [ours]},
                },
            }),
            json!({"detail": {"Records": [ours]}, "Records": [with("eventSource", Value::Null)]}),
        ] {
            assert_eq!(Request::parse(&payload.to_string()), None, "{payload}");
        }
        let spaced = format!(" {{\n \"Records\" : [{ours}]}}");
        assert!(matches!(
            Request::parse(&spaced),
            Some(Request::SweepAccounts(_))
        ));
    }
}
