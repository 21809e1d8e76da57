//! One AWS call: bounded by its budget, its error made ours.

use std::{error::Error, future::Future};

use aws_sdk_cloudtrail::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
};
use tokio::time::timeout_at;

use crate::{budget::Budget, failure::CallError};

/// Error codes after which the same call can succeed later. Everything else
/// that a service answers with a 4xx needs somebody to change something.
const PASSING: [&str; 9] = [
    "ConflictException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "RequestTimeout",
    "RequestExpired",
    "KMSThrottlingException",
];

/// Runs `call`, the client's retries included, until it ends or `budget` does.
pub(crate) async fn bounded<T, E>(
    operation: &'static str,
    budget: Budget,
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, CallError>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match timeout_at(budget.until(), call).await {
        Err(_) => Err(CallError::new(
            operation,
            "OutOfTime",
            "no usable answer within the time budget",
            true,
        )),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(translate(operation, &error)),
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
        return CallError::new(
            operation,
            code,
            &DisplayErrorContext(error).to_string(),
            true,
        );
    };
    let status = refusal.raw().status().as_u16();
    let metadata = refusal.err().meta();
    let code = metadata
        .code()
        .map_or_else(|| format!("HTTP {status}"), ToOwned::to_owned);
    let retryable = status >= 500
        || status == 429
        || metadata.code().is_none()
        || PASSING.contains(&code.as_str());
    CallError::new(
        operation,
        &code,
        metadata.message().unwrap_or("no message"),
        retryable,
    )
}
