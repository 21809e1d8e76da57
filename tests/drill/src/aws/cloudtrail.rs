//! All calls to CloudTrail.

use std::time::Duration;

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_cloudtrail::{Client, config::Builder, types::ResourceTag};
use tokio::{
    sync::Mutex,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{failure, shapes};
use crate::{
    api::TrailApi,
    arn::TrailArn,
    call::Call,
    error::{CallError, Kind},
    state::{Logging, Part, Reading},
};

/// Between two questions. AWS allows about ten a second for the whole account, and
/// the responder needs some of them.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// What a trail without insight selectors is answered with.
const NO_INSIGHTS: &str = "InsightNotEnabledException";

/// The trail.
pub struct CloudTrail {
    client: Client,
    /// Repeats what fails: for the way back.
    patient: Client,
    trail: TrailArn,
    pace: Mutex<Interval>,
}

impl CloudTrail {
    /// Builds the clients.
    #[must_use]
    pub fn new(settings: &SdkConfig, trail: TrailArn) -> Self {
        let patient = Builder::from(settings)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .build();
        let mut pace = interval(POLL_INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            client: Client::new(settings),
            patient: Client::from_conf(patient),
            trail,
            pace: Mutex::new(pace),
        }
    }

    async fn read_part(&self, part: Part, reading: &mut Reading) -> Result<(), CallError> {
        self.pace.lock().await.tick().await;
        let name = self.trail.as_str();
        match part {
            Part::Logging => {
                let call = self.client.get_trail_status().name(name);
                let status = call
                    .send()
                    .await
                    .map_err(|e| failure("cloudtrail:GetTrailStatus", &e))?;
                reading.logging = Some(Logging {
                    is_on: status.is_logging().unwrap_or_default(),
                    started_at: status.start_logging_time().and_then(shapes::moment),
                    stopped_at: status.stop_logging_time().and_then(shapes::moment),
                });
            }
            Part::Settings => {
                let call = self.client.get_trail().name(name);
                let answer = call
                    .send()
                    .await
                    .map_err(|e| failure("cloudtrail:GetTrail", &e))?;
                let trail = answer.trail();
                reading.home_region =
                    trail.and_then(|trail| trail.home_region().map(str::to_owned));
                reading.settings = trail.map(shapes::settings);
            }
            Part::EventSelectors => {
                let call = self.client.get_event_selectors().trail_name(name);
                let answer = call
                    .send()
                    .await
                    .map_err(|e| failure("cloudtrail:GetEventSelectors", &e))?;
                reading.event_selectors = Some(shapes::event_selectors(
                    answer.event_selectors(),
                    answer.advanced_event_selectors(),
                ));
            }
            Part::InsightSelectors => {
                let call = self.client.get_insight_selectors().trail_name(name);
                reading.insight_selectors = match call.send().await {
                    Ok(answer) => Some(shapes::insight_selectors(answer.insight_selectors())),
                    Err(error) => {
                        let error = failure("cloudtrail:GetInsightSelectors", &error);
                        if !error.text.starts_with(NO_INSIGHTS) {
                            return Err(error);
                        }
                        Some(Vec::new())
                    }
                };
            }
            Part::Tags => {
                // Fifty tags are the most that a trail can have; one page holds them.
                let call = self.client.list_tags().resource_id_list(name);
                let answer = call
                    .send()
                    .await
                    .map_err(|e| failure("cloudtrail:ListTags", &e))?;
                let all = answer.resource_tag_list().iter();
                reading.tags = Some(shapes::tags(all.flat_map(ResourceTag::tags_list)));
            }
        }
        Ok(())
    }

    async fn send(&self, client: &Client, call: &Call) -> Result<(), CallError> {
        let operation = call.permission();
        let name = self.trail.as_str();
        let unsent = |error: aws_sdk_cloudtrail::error::BuildError| {
            CallError::new(&operation, Some("NotSent"), &error.to_string())
        };
        macro_rules! sent {
            ($call:expr) => {
                $call
                    .send()
                    .await
                    .map(drop)
                    .map_err(|e| failure(&operation, &e))
            };
        }
        // Two calls that take the same, and share no type.
        macro_rules! with_settings {
            ($call:expr, $settings:expr) => {{
                let s = $settings.clone();
                $call
                    .set_s3_bucket_name(s.s3_bucket_name)
                    .set_s3_key_prefix(s.s3_key_prefix)
                    .set_sns_topic_name(s.sns_topic_name)
                    .set_include_global_service_events(s.include_global_service_events)
                    .set_is_multi_region_trail(s.is_multi_region_trail)
                    .set_enable_log_file_validation(s.enable_log_file_validation)
                    .set_cloud_watch_logs_log_group_arn(s.cloud_watch_logs_log_group_arn)
                    .set_cloud_watch_logs_role_arn(s.cloud_watch_logs_role_arn)
                    .set_kms_key_id(s.kms_key_id)
                    .set_is_organization_trail(s.is_organization_trail)
            }};
        }
        match call {
            Call::Stop => sent!(client.stop_logging().name(name)),
            Call::Start => sent!(client.start_logging().name(name)),
            Call::Delete => sent!(client.delete_trail().name(name)),
            Call::Create(settings, tags) => {
                let tags = shapes::sdk_tags(tags).map_err(unsent)?;
                let create = client.create_trail().name(self.trail.name());
                sent!(with_settings!(create, settings).set_tags_list(tags))
            }
            Call::Update(settings) => {
                sent!(with_settings!(client.update_trail().name(name), settings))
            }
            Call::PutEventSelectors(selectors) => {
                let (basic, advanced) = shapes::sdk_event_selectors(selectors).map_err(unsent)?;
                sent!(
                    client
                        .put_event_selectors()
                        .trail_name(name)
                        .set_event_selectors(basic)
                        .set_advanced_event_selectors(advanced)
                )
            }
            Call::PutInsightSelectors(selectors) => sent!(
                client
                    .put_insight_selectors()
                    .trail_name(name)
                    .set_insight_selectors(Some(shapes::sdk_insight_selectors(selectors)))
            ),
            Call::AddTags(tags) => {
                let tags = shapes::sdk_tags(tags).map_err(unsent)?;
                sent!(client.add_tags().resource_id(name).set_tags_list(tags))
            }
            Call::RemoveTags(tags) => {
                let tags = shapes::sdk_tags(tags).map_err(unsent)?;
                sent!(client.remove_tags().resource_id(name).set_tags_list(tags))
            }
        }
    }
}

impl TrailApi for CloudTrail {
    async fn read(&self, parts: &[Part]) -> Result<Reading, CallError> {
        let mut reading = Reading::default();
        for part in parts {
            match self.read_part(*part, &mut reading).await {
                Err(error) if error.kind == Kind::NoTrail => return Ok(Reading::missing()),
                other => other?,
            }
        }
        Ok(reading)
    }

    async fn attack(&self, call: &Call) -> Result<(), CallError> {
        self.send(&self.client, call).await
    }

    async fn restore(&self, call: &Call) -> Result<(), CallError> {
        self.send(&self.patient, call).await
    }
}
