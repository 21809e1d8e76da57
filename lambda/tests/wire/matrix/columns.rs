//! The faults: what a call gets instead of its answer, as each service words it.

use std::time::Duration;

use crate::{
    aws::{Disturbance, refused, refused_by_sns},
    http::Reply,
    things,
};

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    CloudTrail,
    Ssm,
    DynamoDb,
    Organizations,
    Sqs,
    Sns,
    Sts,
    Iam,
    SecurityHub,
    Kms,
    S3,
    Events,
    Scheduler,
    Lambda,
    CloudWatch,
    Logs,
}

/// A fault, by the name that the table has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Throttle,
    Internal,
    Unavailable,
    Denied,
    Timeout,
    Reset,
    LostAnswer,
    Truncated,
    WrongContent,
    Empty,
    SlowDrip,
    ClockSkew,
    Expired,
}

impl Fault {
    pub const ALL: [Self; 13] = [
        Self::Throttle,
        Self::Internal,
        Self::Unavailable,
        Self::Denied,
        Self::Timeout,
        Self::Reset,
        Self::LostAnswer,
        Self::Truncated,
        Self::WrongContent,
        Self::Empty,
        Self::SlowDrip,
        Self::ClockSkew,
        Self::Expired,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Internal => "500",
            Self::Unavailable => "503",
            Self::Denied => "access denied",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::LostAnswer => "answer lost",
            Self::Truncated => "truncated body",
            Self::WrongContent => "wrong content",
            Self::Empty => "empty answer",
            Self::SlowDrip => "slow drip",
            Self::ClockSkew => "clock skew",
            Self::Expired => "expired credentials",
        }
    }

    /// Over a narrow column.
    pub fn short(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::LostAnswer => "lost",
            Self::Truncated => "cut off",
            Self::WrongContent => "wrong",
            Self::Empty => "empty",
            Self::SlowDrip => "drip",
            Self::ClockSkew => "skew",
            Self::Expired => "expired",
            other => other.name(),
        }
    }

    /// For the document.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Throttle => "the service's own code for too many calls",
            Self::Internal => "500 with an error code",
            Self::Unavailable => "503 without a body",
            Self::Denied => "the service's own code for a missing permission",
            Self::Timeout => "no answer, and the connection stays open",
            Self::Reset => "the connection is reset before the call is done",
            Self::LostAnswer => "the call is done, then the connection is reset",
            Self::Truncated => "the call is done, half of the answer comes",
            Self::WrongContent => "200 with a web page, and nothing is done",
            Self::Empty => "200 with nothing in it, and nothing is done",
            Self::SlowDrip => "the call is done, the answer comes a byte every 100 ms",
            Self::ClockSkew => "the signature is said to be of another time",
            Self::Expired => "the credentials are said to have expired",
        }
    }

    /// Whether one call takes as long as the function waits.
    pub fn hangs(self) -> bool {
        matches!(self, Self::Timeout | Self::SlowDrip)
    }

    pub fn happens(self, service: Service) -> Disturbance {
        use Disturbance::{After, Instead};
        match self {
            Self::Throttle => Instead(throttled(service)),
            Self::Internal => Instead(refusal(service, 500, "InternalFailure")),
            Self::Unavailable => Instead(Reply::answer(503, "")),
            Self::Denied => Instead(match service {
                Service::Sns => refusal(service, 403, "AuthorizationError"),
                Service::Sts | Service::Sqs | Service::Iam | Service::S3 => {
                    refusal(service, 403, "AccessDenied")
                }
                _ => refusal(service, 400, "AccessDeniedException"),
            }),
            Self::Timeout => Instead(Reply::Hang),
            Self::Reset => Instead(Reply::Reset),
            Self::LostAnswer => After(Reply::Reset),
            Self::Truncated => After(Reply::Truncated),
            Self::WrongContent => Instead(Reply::answer(
                200,
                "<!doctype html><html><body><h1>Sign in to the network</h1></body></html>",
            )),
            Self::Empty => Instead(Reply::answer(
                200,
                if speaks_xml(service) { "" } else { "{}" },
            )),
            Self::SlowDrip => After(Reply::Drip(
                Duration::from_millis(100),
                format!("{:200}", "{"),
            )),
            Self::ClockSkew => Instead(match service {
                Service::Sns | Service::Sts | Service::Iam | Service::S3 => {
                    refusal(service, 403, "SignatureDoesNotMatch")
                }
                _ => refusal(service, 400, "InvalidSignatureException"),
            }),
            Self::Expired => Instead(match service {
                Service::Sns | Service::Sts | Service::Iam | Service::S3 => {
                    refusal(service, 403, "ExpiredToken")
                }
                _ => refusal(service, 400, "ExpiredTokenException"),
            }),
        }
    }
}

fn throttled(service: Service) -> Reply {
    let code = match service {
        Service::S3 => return refusal(service, 503, "SlowDown"),
        Service::CloudTrail
        | Service::Ssm
        | Service::Kms
        | Service::Events
        | Service::Scheduler
        | Service::CloudWatch
        | Service::Logs => "ThrottlingException",
        Service::DynamoDb => "ProvisionedThroughputExceededException",
        Service::Organizations | Service::SecurityHub | Service::Lambda => {
            "TooManyRequestsException"
        }
        Service::Sqs => "RequestThrottled",
        Service::Sns | Service::Sts | Service::Iam => "Throttling",
    };
    refusal(service, 400, code)
}

fn speaks_xml(service: Service) -> bool {
    matches!(
        service,
        Service::Sns | Service::Sts | Service::Iam | Service::S3
    )
}

fn refusal(service: Service, status: u16, code: &str) -> Reply {
    if service == Service::S3 {
        things::refused_by_s3(status, code)
    } else if speaks_xml(service) {
        refused_by_sns(status, code)
    } else {
        refused(status, code)
    }
}
