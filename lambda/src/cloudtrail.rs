//! All calls to CloudTrail.

use aws_sdk_cloudtrail::operation::start_logging::StartLoggingError;
use aws_sdk_cloudtrail::{Client, config::Builder, primitives::DateTime};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction},
};

use crate::{
    arn::TrailArn,
    aws::{Aws, NoAnswer, retry_partition},
    budget::Budget,
    call::bounded,
    config::InvalidConfig,
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
    ///
    /// # Errors
    /// An unusable endpoint variable.
    pub fn new(aws: &Aws, trails: &[TrailArn]) -> Result<Self, InvalidConfig> {
        let mut clients: Vec<(String, Client)> = Vec::new();
        for trail in trails {
            if clients.iter().all(|(region, _)| region != trail.region()) {
                let settings = aws.settings("CLOUDTRAIL", trail.region())?;
                let config = Builder::from(&settings)
                    .retry_partition(retry_partition("cloudtrail"))
                    .retry_classifier(NoAnswer)
                    .retry_classifier(TrailIsBusy)
                    .build();
                clients.push((trail.region().to_owned(), Client::from_conf(config)));
            }
        }
        Ok(Self { clients })
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

/// A trail that is just being changed refuses further changes with a
/// ConflictException for a moment; the SDK takes that for final.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html>.
#[derive(Debug)]
struct TrailIsBusy;

impl ClassifyRetry for TrailIsBusy {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let busy = context
            .output_or_error()
            .and_then(Result::err)
            .and_then(|error| error.as_operation_error())
            .and_then(|error| error.downcast_ref::<StartLoggingError>())
            .is_some_and(StartLoggingError::is_conflict_exception);
        if busy {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "trail is busy"
    }
}
