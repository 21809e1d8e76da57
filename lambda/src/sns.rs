//! All calls to SNS.

use aws_sdk_sns::{Client, config::Builder, types::MessageAttributeValue};

use crate::{
    aws::{Aws, NoAnswer, retry_partition},
    budget::Budget,
    call::bounded,
    config::{Config, InvalidConfig},
    failure::CallError,
    notice::Notice,
};

/// The topic for notices.
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// Builds the client.
    ///
    /// # Errors
    /// An unusable endpoint variable.
    pub fn new(aws: &Aws, config: &Config) -> Result<Self, InvalidConfig> {
        let settings = aws.settings("SNS", &config.topic_region)?;
        let config_of_client = Builder::from(&settings)
            .retry_partition(retry_partition("sns"))
            .retry_classifier(NoAnswer)
            .build();
        Ok(Self {
            client: Client::from_conf(config_of_client),
            arn: config.topic_arn.clone(),
        })
    }

    /// Publishes `notice` once.
    ///
    /// # Errors
    /// The refusal, or what stood in the way until `budget` ended.
    pub async fn publish(&self, notice: &Notice, budget: Budget) -> Result<(), CallError> {
        const OPERATION: &str = "sns:Publish";
        let mut call = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(&notice.subject)
            .message_structure("json")
            .message(&notice.message);
        for (name, value) in &notice.attributes {
            let attribute = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|e| CallError::new(OPERATION, "NotSent", &e.to_string(), false))?;
            call = call.message_attributes(*name, attribute);
        }
        bounded(OPERATION, budget, call.send()).await.map(|_| ())
    }
}
