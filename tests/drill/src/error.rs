//! What went wrong with a call, and what a person can do about it.

use thiserror::Error;

/// Codes that mean that the caller is not, or no longer, known.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html>.
const CREDENTIALS: [&str; 9] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
const DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "InsufficientDependencyServiceAccessPermissionException",
];

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller may not.
    Denied,
    /// The caller is not known, or its time is over.
    Credentials,
    /// There is no such trail.
    NoTrail,
    /// AWS said no for another reason.
    Refused,
    /// AWS failed, with a 5xx: whether the call was made is not known.
    Fault,
    /// No answer came: whether the call was made is not known.
    NoAnswer,
}

/// A call that did not succeed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation}: {text}")]
pub struct CallError {
    /// The permission that it needs, `cloudtrail:StopLogging` for instance.
    pub operation: String,
    /// What AWS or the network said.
    pub text: String,
    /// What kind of trouble.
    pub kind: Kind,
}

impl CallError {
    /// From the code and message of AWS's answer; without a code, none came.
    #[must_use]
    pub fn new(operation: &str, code: Option<&str>, message: &str) -> Self {
        let kind = match code {
            None => Kind::NoAnswer,
            Some(code) if CREDENTIALS.contains(&code) => Kind::Credentials,
            Some(code) if DENIED.contains(&code) => Kind::Denied,
            Some("TrailNotFoundException") => Kind::NoTrail,
            Some(_) => Kind::Refused,
        };
        let text = match code {
            Some(code) if message.is_empty() => code.to_owned(),
            Some(code) => format!("{code}: {message}"),
            None => message.to_owned(),
        };
        Self {
            operation: operation.to_owned(),
            text,
            kind,
        }
    }

    /// The same as an answer with a 5xx.
    #[must_use]
    pub fn of_fault(mut self) -> Self {
        self.kind = Kind::Fault;
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self.kind {
            Kind::Denied => format!(
                "Give the caller {}; docs/drill.md has the whole policy.",
                self.operation
            ),
            Kind::Credentials => {
                "Sign in again (`aws sso login`, or new keys), and try `aws sts get-caller-identity`."
                    .to_owned()
            }
            Kind::NoTrail => "Look which trails there are: \
                `aws cloudtrail describe-trails --query trailList[].TrailARN`. The ARN's region must be the home region."
                .to_owned(),
            Kind::Refused | Kind::Fault => "Read what AWS says above; if it throttles, wait a minute and try again.".to_owned(),
            Kind::NoAnswer => {
                "See that the network and the endpoint answer: `aws sts get-caller-identity`.".to_owned()
            }
        }
    }

    /// Whether the call certainly changed nothing.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self.kind, Kind::Fault | Kind::NoAnswer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let kind = |code| CallError::new("sns:Subscribe", code, "m").kind;
        assert_eq!(kind(Some("ExpiredToken")), Kind::Credentials);
        assert_eq!(kind(Some("AuthorizationError")), Kind::Denied);
        assert_eq!(kind(Some("ThrottlingException")), Kind::Refused);
        assert_eq!(kind(None), Kind::NoAnswer);
        assert!(!CallError::new("x", None, "connection reset").is_certain());
        let internal = CallError::new("x", Some("InternalFailure"), "");
        assert!(internal.is_certain() && !internal.of_fault().is_certain());
    }

    #[test]
    fn a_denial_names_the_permission() {
        let error = CallError::new("sns:Subscribe", Some("AuthorizationError"), "no");
        assert_eq!(error.to_string(), "sns:Subscribe: AuthorizationError: no");
        assert!(error.next_step().contains("Give the caller sns:Subscribe"));
    }
}
