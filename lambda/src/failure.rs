//! What can go wrong, and what Lambda is told about it.

use lambda_runtime::Diagnostic;
use thiserror::Error;

use crate::{event::MalformedEvent, text::Clean};

/// CloudTrail's error code for a trail that does not exist.
pub const TRAIL_NOT_FOUND: &str = "TrailNotFoundException";

/// A failed call to AWS, after the client's own retries.
#[derive(Clone, Debug, Error)]
#[error("{operation} failed: {code}: {message}")]
pub struct CallError {
    operation: &'static str,
    code: Clean,
    message: Clean,
    retryable: bool,
}

impl CallError {
    /// `code` is the service's error code or a word of ours for what happened on
    /// the way; `retryable` says whether the same call may succeed later.
    #[must_use]
    pub fn new(operation: &'static str, code: &str, message: &str, retryable: bool) -> Self {
        Self {
            operation,
            code: Clean::from(code),
            message: Clean::from(message),
            retryable,
        }
    }

    /// Whether the service says that there is no such trail, key or bucket.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        const KEY_NOT_FOUND: &str = "NotFoundException";
        const NO_BUCKET: &str = "NoSuchBucket";
        [TRAIL_NOT_FOUND, KEY_NOT_FOUND, NO_BUCKET].contains(&self.code())
    }

    /// Whether this is the service's error code.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_str() == code
    }

    /// The service's error code, or a word of ours.
    #[must_use]
    pub fn code(&self) -> &str {
        self.code.as_str()
    }

    /// Whether the service says that the permission is missing.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        ["AccessDeniedException", "AccessDenied"].contains(&self.code())
    }

    /// What stays the same as long as the reason does. Which one of many calls is
    /// throttled, or times out, is chance.
    #[must_use]
    pub fn cause(&self) -> String {
        if self.retryable {
            self.code().to_owned()
        } else {
            format!("{}: {}", self.operation, self.code)
        }
    }

    /// Whether the same call may succeed later without anybody's help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Why an invocation fails (law 4). Lambda retries a failed asynchronous
/// invocation twice and then sends it to the dead-letter queue.
#[derive(Debug, Error)]
pub enum Failure {
    /// The payload is no event. Never succeeds: it goes to the dead-letter queue.
    #[error("{0}")]
    MalformedEvent(MalformedEvent),
    /// A request of ours that cannot be answered; the text says why.
    #[error("{0}")]
    Request(String),
    /// A protected trail is not known to be as declared.
    #[error("not verified as declared: {trails}: {cause}{}", notice_failed(notice.as_ref()))]
    Unrestored {
        /// The trails, comma-separated.
        trails: String,
        /// What stood in the way.
        cause: String,
        /// Whether a later try can succeed.
        retryable: bool,
        /// Set if the notice could not be sent either.
        notice: Option<CallError>,
    },
    /// The notice could not be sent; the restoration stands.
    #[error("the notice was not sent: {0}")]
    NoticeUnsent(CallError),
}

fn notice_failed(error: Option<&CallError>) -> String {
    error.map_or_else(String::new, |error| {
        format!("; nor was the notice sent: {error}")
    })
}

impl Failure {
    /// Stable name: whether a retry can help, and what is missing.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::MalformedEvent(_) => "Terminal.MalformedEvent",
            Self::Request(_) => "Terminal.UnusableRequest",
            Self::Unrestored {
                retryable: true, ..
            } => "Retryable.TrailNotRestored",
            Self::Unrestored {
                retryable: false, ..
            } => "Terminal.TrailNotRestored",
            Self::NoticeUnsent(error) if error.is_retryable() => "Retryable.NoticeNotSent",
            Self::NoticeUnsent(_) => "Terminal.NoticeNotSent",
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.error_type().to_owned(),
            error_message: failure.to_string(),
        }
    }
}
