//! All calls to SQS: handing out the accounts of a sweep.

use aws_sdk_sqs::{
    Client,
    config::Builder,
    types::{BatchResultErrorEntry, SendMessageBatchRequestEntry},
};
use serde_json::json;

use crate::{
    aws::{Aws, Service, retry_partition},
    budget::Budget,
    call::{WorthRepeating, bounded, patiently},
    failure::CallError,
};

/// Accounts in one message: what a function sweeps in a fraction of its time.
const PER_MESSAGE: usize = 100;
/// Messages in one call; SQS takes no more.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
const PER_CALL: usize = 10;
/// Accounts that one call hands out.
pub const PORTION: usize = PER_CALL * PER_MESSAGE;
const OPERATION: &str = "sqs:SendMessageBatch";

/// The queue that functions sweep from.
pub struct SweepQueue {
    client: Client,
    url: String,
}

impl SweepQueue {
    /// Builds the client for the queue at `url`.
    #[must_use]
    pub fn new(aws: &Aws, region: &str, url: &str) -> Self {
        let settings = Builder::from(&aws.settings(Service::Sqs, region))
            .retry_partition(retry_partition("sqs"))
            .retry_classifier(WorthRepeating)
            .build();
        Self {
            client: Client::from_conf(settings),
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
        let entries = messages.map(|(number, accounts)| entry(number, accounts));
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        let sending = patiently(budget, async || {
            let call = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.clone()));
            let answer = bounded(OPERATION, budget, call.send()).await?;
            // What was neither taken nor refused was lost, and is sent again.
            let is_taken = |id: &str| answer.successful.iter().any(|taken| taken.id == id);
            entries.retain(|entry| !is_taken(entry.id()));
            if entries.is_empty() {
                Ok(())
            } else {
                Err(refused(&answer.failed))
            }
        });
        sending.await
    }
}

fn entry(number: usize, accounts: &[String]) -> Result<SendMessageBatchRequestEntry, CallError> {
    let body = json!({"trailkeeper": "sweep", "accounts": accounts});
    SendMessageBatchRequestEntry::builder()
        .id(number.to_string())
        .message_body(body.to_string())
        .build()
        .map_err(|e| CallError::new(OPERATION, "NotSent", &e.to_string(), false))
}

/// Why messages of a batch were refused; the one that needs somebody's help first.
fn refused(failed: &[BatchResultErrorEntry]) -> CallError {
    let worst = failed.iter().max_by_key(|entry| entry.sender_fault);
    worst.map_or_else(
        || CallError::new(OPERATION, "UnusableAnswer", "a message is missing", true),
        |entry| {
            let message = entry.message.as_deref().unwrap_or("no message");
            // SQS counts being throttled among the sender's faults.
            let passes = !entry.sender_fault || entry.code.contains("Throttl");
            CallError::new(OPERATION, &entry.code, message, passes)
        },
    )
}
