//! All calls to SQS: handing out the accounts of a sweep.

use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    call::patiently,
    failure::CallError,
    json_api::{JSON_1_0, Json, JsonApi},
};

/// Accounts in one message: what a function sweeps in a fraction of its time.
const PER_MESSAGE: usize = 100;
/// Messages in one call; SQS takes no more.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
const PER_CALL: usize = 10;
/// Accounts that one call hands out.
pub const PORTION: usize = PER_CALL * PER_MESSAGE;
const OPERATION: &str = "sqs:SendMessageBatch";
pub(crate) const SQS: Json = Json {
    content_type: JSON_1_0,
    target: "AmazonSQS",
};

/// The queue that functions sweep from.
pub struct SweepQueue {
    api: JsonApi,
    url: String,
}

impl SweepQueue {
    /// Builds the client for the queue at `url`.
    #[must_use]
    pub fn new(aws: &Aws, region: &str, url: &str) -> Self {
        Self {
            api: JsonApi::new(aws, Service::Sqs, region, SQS),
            url: url.to_owned(),
        }
    }

    /// Sends `accounts`, [`PORTION`] at the most, a hundred to a message.
    /// An account may be sent twice if an answer was lost, which does no harm.
    ///
    /// # Errors
    /// What stood in the way until `budget` ended; some may have been sent.
    pub async fn send(&self, accounts: &[String], budget: Budget) -> Result<(), CallError> {
        let messages = accounts.chunks(PER_MESSAGE).enumerate();
        let mut entries: Vec<(String, Value)> = messages
            .map(|(number, accounts)| (number.to_string(), message(accounts)))
            .collect();
        let sending = patiently(budget, async || {
            let batch = entries
                .iter()
                .map(|(id, message)| json!({"Id": id, "MessageBody": message}));
            let input = json!({"QueueUrl": self.url, "Entries": batch.collect::<Vec<_>>()});
            let answer = self.api.call(OPERATION, &input, budget).await?;
            // What was neither taken nor refused was lost, and is sent again.
            let taken = list(&answer, "Successful");
            let is_taken = |id: &str| taken.iter().any(|entry| text(entry, "Id") == Some(id));
            entries.retain(|(id, _)| !is_taken(id));
            if entries.is_empty() {
                Ok(())
            } else {
                Err(refused(list(&answer, "Failed")))
            }
        });
        sending.await
    }
}

fn message(accounts: &[String]) -> Value {
    let body = json!({"trailkeeper": "sweep", "accounts": accounts});
    Value::String(body.to_string())
}

fn list<'a>(answer: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    let list = answer.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    entry.get(name).and_then(Value::as_str)
}

/// Why messages of a batch were refused; the one that needs somebody's help first.
fn refused(failed: &[Value]) -> CallError {
    let is_senders = |entry: &&Value| entry.get("SenderFault") == Some(&Value::Bool(true));
    let worst = failed.iter().max_by_key(is_senders);
    worst.map_or_else(
        || CallError::new(OPERATION, "UnusableAnswer", "a message is missing", true),
        |entry| {
            let code = text(entry, "Code").unwrap_or("no code");
            let message = text(entry, "Message").unwrap_or("no message");
            // SQS counts being throttled among the sender's faults.
            let passes = !is_senders(&entry) || code.contains("Throttl");
            CallError::new(OPERATION, code, message, passes)
        },
    )
}
