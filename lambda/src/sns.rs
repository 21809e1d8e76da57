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

/// The topics for notices, in one region.
pub struct Topics {
    client: Client,
}

impl Topics {
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
        }
    }

    /// Publishes `notice` once, to the topic `arn`.
    ///
    /// # Errors
    /// The refusal, or what stood in the way until `budget` ended.
    pub async fn publish(
        &self,
        notice: &Notice,
        arn: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        const OPERATION: &str = "sns:Publish";
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
