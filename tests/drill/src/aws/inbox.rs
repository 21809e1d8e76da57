//! A queue that is subscribed to the topic while the drill runs.

use std::time::Duration;

use aws_config::{Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use super::failure;
use crate::{api::InboxApi, arn::TopicArn, error::CallError, screen::printable};

/// What the names of all such queues begin with.
pub const PREFIX: &str = "trailkeeper-drill-";
/// How long the queue holds an answer back if it has no message.
const WAIT_SECONDS: i32 = 5;
/// Longer than that.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// Whatever nobody fetched is gone after this.
const RETENTION_SECONDS: u32 = 3_600;

/// The queue and its subscription.
pub struct Inbox {
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    region: String,
    url: String,
    name: String,
    subscription: Option<String>,
}

impl Inbox {
    /// Makes the queue in the topic's region, in `account`, and subscribes it. Only
    /// the topic may send to it.
    ///
    /// # Errors
    /// The call that was refused, and what could not be removed again.
    pub async fn open(
        settings: &SdkConfig,
        topic: &TopicArn,
        account: &str,
    ) -> Result<Self, (CallError, Vec<String>)> {
        let there = settings
            .to_builder()
            .region(Region::new(topic.region().to_owned()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            )
            .build();
        let sqs = aws_sdk_sqs::Client::new(&there);
        let sns = aws_sdk_sns::Client::new(&there);
        let name = format!("{PREFIX}{:08x}", fastrand::u32(..));
        let arn = format!(
            "arn:{}:sqs:{}:{account}:{name}",
            topic.partition(),
            topic.region()
        );
        let created = sqs
            .create_queue()
            .queue_name(&name)
            .attributes(QueueAttributeName::Policy, policy(&arn, topic))
            .attributes(QueueAttributeName::SqsManagedSseEnabled, "true")
            .attributes(
                QueueAttributeName::MessageRetentionPeriod,
                RETENTION_SECONDS.to_string(),
            )
            // What was fetched stays away: nothing is deleted but the queue.
            .attributes(
                QueueAttributeName::VisibilityTimeout,
                RETENTION_SECONDS.to_string(),
            )
            .send()
            .await
            .map_err(|error| {
                let error = failure("sqs:CreateQueue", &error);
                let left = perhaps(&error, || queue_by_name(&name, topic.region()));
                (error, left)
            })?;
        let mut inbox = Self {
            url: created.queue_url().unwrap_or_default().to_owned(),
            region: topic.region().to_owned(),
            sqs,
            sns,
            name,
            subscription: None,
        };
        let subscribed = inbox
            .sns
            .subscribe()
            .topic_arn(topic.as_str())
            .protocol("sqs")
            .endpoint(&arn)
            .return_subscription_arn(true)
            .send()
            .await;
        match subscribed {
            Ok(answer) => {
                inbox.subscription = answer.subscription_arn().map(str::to_owned);
                Ok(inbox)
            }
            Err(error) => {
                let error = failure("sns:Subscribe", &error);
                let mut left = perhaps(&error, || subscription_of(&arn, topic));
                left.extend(inbox.close().await);
                Err((error, left))
            }
        }
    }

    /// The queue's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Removes subscription and queue. Returns the commands that remove what is
    /// left, each with the reason.
    pub async fn close(self) -> Vec<String> {
        let mut left = Vec::new();
        let region = &self.region;
        if let Some(arn) = &self.subscription
            && let Err(error) = self.sns.unsubscribe().subscription_arn(arn).send().await
        {
            let why = printable(&failure("sns:Unsubscribe", &error).to_string());
            left.push(format!(
                "aws sns unsubscribe --subscription-arn {arn} --region {region}  # {why}"
            ));
        }
        if let Err(error) = self.sqs.delete_queue().queue_url(&self.url).send().await {
            let (url, why) = (&self.url, failure("sqs:DeleteQueue", &error));
            let why = printable(&why.to_string());
            left.push(format!(
                "aws sqs delete-queue --queue-url {url} --region {region}  # {why}"
            ));
        }
        left
    }
}

/// `command`, if what it removes may have been made: no certain answer came.
fn perhaps(error: &CallError, command: impl FnOnce() -> String) -> Vec<String> {
    let is_open = !error.is_certain();
    is_open
        .then(|| format!("{}  # if it was made", command()))
        .into_iter()
        .collect()
}

fn queue_by_name(name: &str, region: &str) -> String {
    format!(
        "aws sqs delete-queue --region {region} --queue-url \
         \"$(aws sqs get-queue-url --region {region} --queue-name {name} --query QueueUrl --output text)\""
    )
}

fn subscription_of(queue_arn: &str, topic: &TopicArn) -> String {
    let region = topic.region();
    format!(
        "aws sns unsubscribe --region {region} --subscription-arn \
         \"$(aws sns list-subscriptions-by-topic --region {region} --topic-arn {} \
         --query \"Subscriptions[?Endpoint=='{queue_arn}'].SubscriptionArn\" --output text)\"",
        topic.as_str()
    )
}

/// Only the topic may send.
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html>.
fn policy(queue_arn: &str, topic: &TopicArn) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic.as_str()}},
        }],
    })
    .to_string()
}

impl InboxApi for Inbox {
    async fn receive(&self) -> Result<Vec<String>, CallError> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(WAIT_SECONDS)
            .send()
            .await
            .map_err(|error| failure("sqs:ReceiveMessage", &error))?;
        Ok(answer
            .messages()
            .iter()
            .filter_map(|one| one.body().map(str::to_owned))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_made_is_named() {
        let topic: TopicArn = "arn:aws:sns:eu-west-1:111122223333:alerts".parse().unwrap();
        let queue = "arn:aws:sqs:eu-west-1:111122223333:trailkeeper-drill-0";
        let lost = CallError::new("sns:Subscribe", None, "timeout");
        let commands = perhaps(&lost, || subscription_of(queue, &topic));
        assert!(commands[0].contains(queue) && commands[0].contains(topic.as_str()));
        let denied = CallError::new("sqs:CreateQueue", Some("AccessDenied"), "no");
        let none = perhaps(&denied, || {
            queue_by_name("trailkeeper-drill-0", "eu-west-1")
        });
        assert_eq!(none, [""; 0]);
    }
}
