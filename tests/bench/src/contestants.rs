//! Who is measured: ours, a function with boto3, a Cloud Custodian policy, the floor.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    Result,
    aws::{ACCOUNT, Aws, PUBLISH, REGION, START, TOPIC, TRAIL, arn},
    process::Program,
    runtime::Runtime,
};

/// Over what AWS is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP.
    Http,
    /// TLS, by a local authority.
    Tls,
}

impl Transport {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http, Self::Tls];

    /// As people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "plain HTTP",
            Self::Tls => "TLS",
        }
    }
}

/// Which contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The floor.
    Floor,
    /// The function, with a baseline as the modules write it.
    Ours,
    /// The function, with a baseline of the logging state alone.
    OursLoggingOnly,
    /// A function with boto3.
    Boto3,
    /// A Cloud Custodian policy.
    Custodian,
}

impl Who {
    /// All, in the order of the tables.
    pub const ALL: [Self; 5] = [
        Self::Floor,
        Self::Ours,
        Self::OursLoggingOnly,
        Self::Boto3,
        Self::Custodian,
    ];

    /// As the tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ours => "Trailkeeper",
            Self::OursLoggingOnly => "Trailkeeper, logging only",
            Self::Boto3 => "Python, boto3",
            Self::Custodian => "Cloud Custodian",
        }
    }

    /// The calls without which it did not do its work.
    #[must_use]
    pub fn must_call(self) -> &'static [&'static str] {
        match self {
            Self::Floor => &[START],
            Self::Ours | Self::OursLoggingOnly | Self::Boto3 => &[START, "GetTrailStatus", PUBLISH],
            Self::Custodian => &[START, PUBLISH],
        }
    }
}

/// Where everything is that is measured.
#[derive(Clone, Debug)]
pub struct Places {
    /// The floor's binary.
    pub floor: PathBuf,
    /// The launcher's binary.
    pub launcher: PathBuf,
    /// The function's binary.
    pub ours: PathBuf,
    /// Python, with the peers' packages.
    pub python: PathBuf,
    /// The folder of the peers.
    pub peers: PathBuf,
    /// Certificates of the local authority.
    pub bundle: PathBuf,
    /// For logs.
    pub scratch: PathBuf,
}

/// The ports of the mock.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// Plain HTTP.
    pub http: u16,
    /// TLS.
    pub tls: u16,
}

/// What is started for `who`, to guard `trails`.
///
/// # Errors
/// A path that cannot be written in an environment.
pub fn program(
    who: Who,
    transport: Transport,
    trails: &[&str],
    places: &Places,
    (runtime, aws, ports): (&Runtime, &Aws, Ports),
) -> Result<Program> {
    let (command, directory) = match who {
        Who::Floor => (vec![places.floor.clone().into()], places.scratch.clone()),
        Who::Ours | Who::OursLoggingOnly => {
            (vec![places.ours.clone().into()], places.scratch.clone())
        }
        Who::Boto3 => python(places, "python", "responder.handle"),
        Who::Custodian => python(places, "custodian", "c7n.handler.dispatch_event"),
    };
    let host = crate::tls::HOST;
    let endpoint = match transport {
        Transport::Http => format!("http://{host}:{}", ports.http),
        Transport::Tls => format!("https://{host}:{}", ports.tls),
    };
    let mut environment = vec![
        ("AWS_LAMBDA_RUNTIME_API", format!("{host}:{}", runtime.port)),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI-secret".to_owned()),
        ("AWS_SESSION_TOKEN", "session-token".repeat(30)),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    if transport == Transport::Tls {
        let bundle = places.bundle.to_str().ok_or("a path that is not UTF-8")?;
        environment.push(("AWS_CA_BUNDLE", bundle.to_owned()));
    }
    match who {
        Who::Floor => environment.push(("FLOOR_TRAIL_ARN", arn(TRAIL))),
        Who::Ours | Who::OursLoggingOnly => environment.extend([
            ("TRAILKEEPER_TRAILS", aws.declare(trails, who == Who::Ours)),
            ("TRAILKEEPER_TOPIC_ARN", TOPIC.to_owned()),
            ("TRAILKEEPER_MODE", "enforce".to_owned()),
            (
                "TRAILKEEPER_ROLE_ARN",
                format!("arn:aws:iam::{ACCOUNT}:role/trailkeeper-responder"),
            ),
            (
                "TRAILKEEPER_INCIDENTS_TABLE",
                "trailkeeper-incidents".to_owned(),
            ),
        ]),
        Who::Boto3 => {
            environment.extend([("TRAIL_ARN", arn(TRAIL)), ("TOPIC_ARN", TOPIC.to_owned())]);
        }
        Who::Custodian => {}
    }
    let environment = environment
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(Program {
        command,
        directory,
        environment: environment.collect(),
    })
}

/// A handler under Lambda's runtime client for Python.
fn python(places: &Places, folder: &str, handler: &str) -> (Vec<OsString>, PathBuf) {
    let python = places.python.clone().into_os_string();
    let arguments = ["-m", "awslambdaric", handler].map(OsString::from);
    let command = std::iter::once(python).chain(arguments).collect();
    (command, Path::new(&places.peers).join(folder))
}
