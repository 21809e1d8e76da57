//! All calls to SNS.

use std::time::Duration;

use aws_sdk_sns::{Client, config::Builder, types::MessageAttributeValue};

use crate::{
    aws::{Aws, Service, retry_partition},
    budget::Budget,
    call::{WorthRepeating, bounded},
    config::Config,
    failure::CallError,
    notice::Notice,
};

/// Between two rounds of tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody who subscribed to the notices.
    Subscribers,
    /// The chats, if there are any.
    Chats,
}

/// The topics for notices, in one region.
pub struct Topic {
    client: Client,
    arn: String,
    chat_arn: Option<String>,
}

impl Topic {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, config: &Config) -> Self {
        let settings = Builder::from(&aws.settings(&config.topic_region))
            .endpoint_resolver(aws.endpoint(Service::Sns, &config.topic_region))
            .retry_partition(retry_partition("sns"))
            .retry_classifier(WorthRepeating)
            .build();
        Self {
            client: Client::from_conf(settings),
            arn: config.topic_arn.clone(),
            chat_arn: config.chat_topic_arn.clone(),
        }
    }

    /// Publishes `notice` once, to `audience`.
    ///
    /// # Errors
    /// The refusal, or what stood in the way until `budget` ended.
    pub async fn publish(
        &self,
        notice: &Notice,
        audience: Audience,
        budget: Budget,
    ) -> Result<(), CallError> {
        const OPERATION: &str = "sns:Publish";
        let arn = match audience {
            Audience::Subscribers => Some(&self.arn),
            Audience::Chats => self.chat_arn.as_ref(),
        };
        let Some(arn) = arn else { return Ok(()) };
        let mut call = self
            .client
            .publish()
            .topic_arn(arn)
            .subject(&notice.subject)
            .message(&notice.message);
        if notice.is_per_protocol {
            call = call.message_structure("json");
        }
        for (name, value) in &notice.attributes {
            let attribute = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|e| CallError::new(OPERATION, "NotSent", &e.to_string(), false))?;
            call = call.message_attributes(*name, attribute);
        }
        loop {
            match bounded(OPERATION, budget, call.clone().send()).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_retryable() && budget.sleep(PAUSE).await => {}
                Err(error) => return Err(error),
            }
        }
    }
}
