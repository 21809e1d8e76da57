//! All calls to CloudTrail.

use aws_sdk_cloudtrail::{Client, config::Builder, primitives::DateTime};

use crate::{
    arn::TrailArn,
    aws::{Aws, Service, retry_partition},
    budget::Budget,
    call::{WorthRepeating, bounded},
    failure::CallError,
    moment::Moment,
    trail::{LoggingState, TrailApi},
};

/// Clients for the home regions of the protected trails; nearly always one.
pub struct CloudTrail {
    clients: Vec<(String, Client)>,
}

impl CloudTrail {
    /// Builds the clients.
    #[must_use]
    pub fn new(aws: &Aws, trails: &[TrailArn]) -> Self {
        let mut clients: Vec<(String, Client)> = Vec::new();
        for trail in trails {
            if clients.iter().all(|(region, _)| region != trail.region()) {
                let config = Builder::from(&aws.settings(Service::CloudTrail, trail.region()))
                    .retry_partition(retry_partition("cloudtrail"))
                    .retry_classifier(WorthRepeating)
                    .build();
                clients.push((trail.region().to_owned(), Client::from_conf(config)));
            }
        }
        Self { clients }
    }

    fn client(&self, trail: &TrailArn, operation: &'static str) -> Result<&Client, CallError> {
        self.clients
            .iter()
            .find(|(region, _)| region == trail.region())
            .map(|(_, client)| client)
            .ok_or_else(|| CallError::new(operation, "NoClient", "region not configured", false))
    }
}

impl TrailApi for CloudTrail {
    async fn start_logging(&self, trail: &TrailArn, budget: Budget) -> Result<(), CallError> {
        const OPERATION: &str = "cloudtrail:StartLogging";
        let call = self
            .client(trail, OPERATION)?
            .start_logging()
            .name(trail.as_str());
        bounded(OPERATION, budget, call.send()).await.map(|_| ())
    }

    async fn logging_state(
        &self,
        trail: &TrailArn,
        budget: Budget,
    ) -> Result<LoggingState, CallError> {
        const OPERATION: &str = "cloudtrail:GetTrailStatus";
        let call = self
            .client(trail, OPERATION)?
            .get_trail_status()
            .name(trail.as_str());
        let status = bounded(OPERATION, budget, call.send()).await?;
        Ok(LoggingState {
            is_logging: status.is_logging(),
            started_at: status.start_logging_time().and_then(moment),
            stopped_at: status.stop_logging_time().and_then(moment),
        })
    }
}

fn moment(time: &DateTime) -> Option<Moment> {
    Moment::from_epoch_millis(time.to_millis().ok()?)
}
