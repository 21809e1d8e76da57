//! One AWS call: bounded by its budget, its error made ours.

use std::{error::Error, future::Future, time::Duration};

use aws_sdk_cloudtrail::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        add_tags::AddTagsError, create_trail::CreateTrailError,
        get_event_selectors::GetEventSelectorsError,
        get_insight_selectors::GetInsightSelectorsError, get_trail::GetTrailError,
        get_trail_status::GetTrailStatusError, list_tags::ListTagsError,
        lookup_events::LookupEventsError, put_event_selectors::PutEventSelectorsError,
        put_insight_selectors::PutInsightSelectorsError, remove_tags::RemoveTagsError,
        start_logging::StartLoggingError, update_trail::UpdateTrailError,
    },
};
use aws_sdk_sns::operation::publish::PublishError;
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction},
};
use tokio::time::timeout;

use crate::{api::Refusal, budget::Budget, failure::CallError};

/// The most that one round of tries of one call may take, so that a call that
/// hangs leaves time for the others.
const ROUND: Duration = Duration::from_secs(5);

/// Between two rounds of tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Whether the same call may succeed later without anybody's help: the service
/// is busy, or broken, or is just changing the trail. Other refusals need
/// somebody to change something.
fn is_passing(status: u16, code: Option<&str>) -> bool {
    status >= 500
        || status == 429
        || code.is_none_or(|code| {
            code.contains("Throttl")
                || matches!(
                    code,
                    "ConflictException"
                        | "ProvisionedThroughputExceededException"
                        | "RequestLimitExceeded"
                        | "TooManyRequestsException"
                        | "RequestTimeout"
                        | "RequestTimeoutException"
                        | "RequestExpired"
                        // The name of a bucket that was just deleted is not free at once.
                        | "OperationAborted"
                        // Two functions heal at once, and the other was faster.
                        | "TrailAlreadyExistsException"
                )
        })
}

/// The error code in a type-erased refusal by one of these operations.
macro_rules! code_of {
    ($refusal:expr, $($operation:ty),+ $(,)?) => {
        None$(.or_else(|| $refusal.downcast_ref::<$operation>().map(ProvideErrorMetadata::code)))+
    };
}

/// What the SDK is to repeat. All calls here may be repeated without harm, so
/// that includes every failure of the transport, and refusals that pass.
#[derive(Debug)]
pub(crate) struct WorthRepeating;

impl ClassifyRetry for WorthRepeating {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let status = context.response().map_or(0, |r| r.status().as_u16());
        let passing = match error.as_operation_error() {
            Some(refusal) => {
                let code = code_of!(
                    refusal,
                    StartLoggingError,
                    GetTrailStatusError,
                    GetTrailError,
                    GetEventSelectorsError,
                    GetInsightSelectorsError,
                    ListTagsError,
                    UpdateTrailError,
                    PutEventSelectorsError,
                    PutInsightSelectorsError,
                    AddTagsError,
                    RemoveTagsError,
                    CreateTrailError,
                    LookupEventsError,
                    PublishError,
                    Refusal,
                );
                code.is_some_and(|code| is_passing(status, code))
            }
            // Not even an error code could be read: the status tells enough.
            None => error.is_connector_error() || status == 429 || status >= 500,
        };
        if passing {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "worth repeating"
    }
}

/// Runs `call`, the SDK's few retries included, for at most a round and at most
/// half of what is left of `budget`. Who needs more rounds asks again.
pub(crate) fn bounded<T, E>(
    operation: &'static str,
    budget: Budget,
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> impl Future<Output = Result<T, CallError>>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    // Boxed here and not later: an SDK call is a large future, and many of them
    // wait side by side.
    let call = Box::pin(call);
    async move {
        let time = ROUND.min(budget.left() / 2);
        match timeout(time, call).await {
            Err(_) => Err(CallError::new(
                operation,
                "Timeout",
                &format!("no usable answer within {} ms", time.as_millis()),
                true,
            )),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(translate(operation, &error)),
        }
    }
}

fn translate<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(refusal) = error else {
        let code = match error {
            SdkError::TimeoutError(_) => "Timeout",
            SdkError::DispatchFailure(_) => "NoConnection",
            SdkError::ResponseError(_) => "UnusableAnswer",
            _ => "NotSent",
        };
        return CallError::new(operation, code, &innermost(error), true);
    };
    let status = refusal.raw().status().as_u16();
    let metadata = refusal.err().meta();
    let retryable = is_passing(status, metadata.code());
    let (code, message) = match metadata.code() {
        Some(code) => (code.to_owned(), metadata.message().unwrap_or("no message")),
        None if status < 300 => ("UnusableAnswer".to_owned(), "the answer cannot be read"),
        None => (format!("HTTP {status}"), "the answer says no more"),
    };
    CallError::new(operation, &code, message, retryable)
}

/// Rounds of `call`, with a pause between two, until one succeeds, is refused for
/// good, or the time is over.
///
/// # Errors
/// The last refusal that says something.
pub(crate) async fn patiently<T>(
    budget: Budget,
    mut call: impl AsyncFnMut() -> Result<T, CallError>,
) -> Result<T, CallError> {
    let mut reason: Option<CallError> = None;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // The last try is cut off by the budget, and its reason says nothing.
        let reason = match &mut reason {
            Some(reason) if error.has_code("Timeout") => reason,
            reason => reason.insert(error),
        };
        if !reason.is_retryable() || !budget.sleep(PAUSE).await {
            return Err(reason.clone());
        }
    }
}

/// The cause at the bottom, which is what tells a person something.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::is_passing;

    #[test]
    fn busy_and_broken_pass_and_refusals_do_not() {
        for code in [
            "ThrottlingException",
            "Throttled",
            "KMSThrottling",
            "ProvisionedThroughputExceededException",
            "ConflictException",
        ] {
            assert!(is_passing(400, Some(code)), "{code}");
        }
        for status in [429, 500, 503] {
            assert!(is_passing(status, Some("Anything")));
        }
        assert!(
            is_passing(400, None),
            "an answer without a code is not the service's"
        );
        for code in [
            "AccessDeniedException",
            "TrailNotFoundException",
            "AuthorizationError",
            "KMSDisabled",
        ] {
            assert!(!is_passing(400, Some(code)), "{code}");
        }
    }
}
