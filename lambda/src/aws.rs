//! Set-up shared by all AWS clients: transport, trust, credentials, retries.
//!
//! `aws-config` is left out: in Lambda, credentials and region are in the
//! environment, and its chain of other places costs start-up time.

use std::{fs, sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sdk_cloudtrail::config::{
    BehaviorVersion, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
    retry::{RetryConfig, RetryPartition, TokenBucket},
    timeout::TimeoutConfig,
};
use aws_types::SdkConfig;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{
    config::{InvalidConfig, required},
    endpoint::{Endpoint, Variant},
    pace::Pace,
    text::excerpt,
    transport::{CONNECT_TIMEOUT, Transport, Trust},
};

/// One try of a call ends after this; a healthy call takes a tenth of it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Tries in one round; the callers go on with further rounds while they have time.
const MAX_ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// The SDK's ways as of this date.
pub(crate) const BEHAVIOR: fn() -> BehaviorVersion = BehaviorVersion::v2026_01_12;

/// What every AWS client of the function shares.
#[derive(Clone)]
pub struct Aws {
    base: SdkConfig,
    variant: Variant,
    /// What replaces the services' own, in the order of [`Service::ALL`].
    endpoints: [Option<String>; Service::ALL.len()],
    /// Of `LookupEvents`: counted per account, whoever's credentials it is called with.
    pub(crate) lookups: Arc<Pace>,
}

/// A service that the function calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// CloudTrail.
    CloudTrail,
    /// Simple Notification Service.
    Sns,
    /// Systems Manager.
    Ssm,
    /// DynamoDB.
    DynamoDb,
    /// Security Token Service.
    Sts,
    /// Organizations.
    Organizations,
    /// Simple Queue Service.
    Sqs,
    /// Identity and Access Management.
    Iam,
    /// Security Hub.
    SecurityHub,
    /// Key Management Service.
    Kms,
    /// Simple Storage Service.
    S3,
    /// EventBridge.
    Events,
    /// EventBridge Scheduler.
    Scheduler,
    /// Lambda.
    Lambda,
    /// CloudWatch.
    CloudWatch,
    /// CloudWatch Logs.
    Logs,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 16] = [
        Self::CloudTrail,
        Self::Sns,
        Self::Ssm,
        Self::DynamoDb,
        Self::Sts,
        Self::Organizations,
        Self::Sqs,
        Self::Iam,
        Self::SecurityHub,
        Self::Kms,
        Self::S3,
        Self::Events,
        Self::Scheduler,
        Self::Lambda,
        Self::CloudWatch,
        Self::Logs,
    ];

    /// What the names of its endpoints begin with; signatures call it the same.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail",
            Self::Sns => "sns",
            Self::Ssm => "ssm",
            Self::DynamoDb => "dynamodb",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::Sqs => "sqs",
            Self::Iam => "iam",
            Self::SecurityHub => "securityhub",
            Self::Kms => "kms",
            Self::S3 => "s3",
            Self::Events => "events",
            Self::Scheduler => "scheduler",
            Self::Lambda => "lambda",
            Self::CloudWatch => "monitoring",
            Self::Logs => "logs",
        }
    }

    /// The variable that gives it another endpoint.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
    fn variable(self) -> &'static str {
        match self {
            Self::CloudTrail => "AWS_ENDPOINT_URL_CLOUDTRAIL",
            Self::Sns => "AWS_ENDPOINT_URL_SNS",
            Self::Ssm => "AWS_ENDPOINT_URL_SSM",
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
            Self::Organizations => "AWS_ENDPOINT_URL_ORGANIZATIONS",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::Iam => "AWS_ENDPOINT_URL_IAM",
            Self::SecurityHub => "AWS_ENDPOINT_URL_SECURITYHUB",
            Self::Kms => "AWS_ENDPOINT_URL_KMS",
            Self::S3 => "AWS_ENDPOINT_URL_S3",
            Self::Events => "AWS_ENDPOINT_URL_EVENTBRIDGE",
            Self::Scheduler => "AWS_ENDPOINT_URL_SCHEDULER",
            Self::Lambda => "AWS_ENDPOINT_URL_LAMBDA",
            Self::CloudWatch => "AWS_ENDPOINT_URL_CLOUDWATCH",
            Self::Logs => "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
        }
    }
}

/// Answers with the value of an environment variable.
pub type Variable = fn(&str) -> Option<String>;

impl Aws {
    /// Reads the environment that Lambda provides through `variable`.
    ///
    /// # Errors
    /// A missing or unusable variable, by name.
    pub fn read(variable: Variable) -> Result<Self, InvalidConfig> {
        let region = required(variable, "AWS_REGION", "the region, set by Lambda")?;
        let key = required(
            variable,
            "AWS_ACCESS_KEY_ID",
            "the execution role's access key id, set by Lambda",
        )?;
        let secret = required(
            variable,
            "AWS_SECRET_ACCESS_KEY",
            "the execution role's secret key, set by Lambda",
        )?;
        let token = variable("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
        let credentials = Credentials::new(key, secret, token, None, "environment");

        let transport = Transport::new(trust(variable, &region)?);
        let base = SdkConfig::builder()
            .behavior_version(BEHAVIOR())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(transport)
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(MAX_ATTEMPTS)
                    .with_initial_backoff(FIRST_BACKOFF)
                    .with_max_backoff(MAX_BACKOFF),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            )
            // Answers are a few hundred bytes; the attempt timeout is the protection.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let variant = Variant {
            fips: is_true(variable, "AWS_USE_FIPS_ENDPOINT")?,
            dual_stack: is_true(variable, "AWS_USE_DUALSTACK_ENDPOINT")?,
        };
        let all = endpoint(variable, "AWS_ENDPOINT_URL")?;
        let mut endpoints = [const { None }; Service::ALL.len()];
        for (endpoint_of, service) in endpoints.iter_mut().zip(Service::ALL) {
            *endpoint_of = endpoint(variable, service.variable())?.or_else(|| all.clone());
        }
        Ok(Self {
            base,
            variant,
            endpoints,
            lookups: Arc::default(),
        })
    }

    /// The same with other credentials.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        let mut base = self.base.to_builder();
        base.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
        Self {
            base: base.build(),
            variant: self.variant,
            endpoints: self.endpoints.clone(),
            lookups: Arc::clone(&self.lookups),
        }
    }

    /// The region that the function runs in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.base.region().map_or("", AsRef::as_ref)
    }

    /// The shared settings for a client in `region`.
    pub(crate) fn settings(&self, region: &str) -> SdkConfig {
        let base = self.base.to_builder();
        base.region(Region::new(region.to_owned())).build()
    }

    /// Where `service` answers calls about `region`.
    pub(crate) fn endpoint(&self, service: Service, region: &str) -> Endpoint {
        let mut all = Service::ALL.iter().zip(&self.endpoints);
        let instead = all.find(|(known, _)| **known == service);
        let instead = instead.and_then(|(_, endpoint)| endpoint.as_deref());
        Endpoint::new(service, region, self.variant, instead)
    }
}

/// An endpoint that replaces the service's own, as in every AWS SDK.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
fn endpoint(variable: Variable, name: &'static str) -> Result<Option<String>, InvalidConfig> {
    let url = variable(name).filter(|url| !url.trim().is_empty());
    match url {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => Err(unusable(
            name,
            &url,
            "a URL beginning with https:// or http://",
        )),
        url => Ok(url),
    }
}

/// Retries are bounded by each call's budget, so a shared allowance across
/// calls would only make a long storm less bearable.
#[must_use]
pub fn retry_partition(service: &'static str) -> RetryPartition {
    RetryPartition::custom(service)
        .token_bucket(TokenBucket::unlimited())
        .build()
}

fn trust(variable: Variable, region: &str) -> Result<Trust, InvalidConfig> {
    const VARIABLE: &str = "AWS_CA_BUNDLE";
    const EXPECTED: &str = "the path of a readable file of certificates in PEM form";
    if let Some(path) = variable(VARIABLE).filter(|path| !path.is_empty()) {
        let bundle = fs::read(&path).map_err(|_| unusable(VARIABLE, &path, EXPECTED))?;
        return match CertificateDer::pem_slice_iter(&bundle).collect::<Result<Vec<_>, _>>() {
            Ok(found) if !found.is_empty() => Ok(Trust::Bundle(found)),
            _ => Err(unusable(VARIABLE, &path, EXPECTED)),
        };
    }
    // Other partitions have their own authorities: trust the machine's there.
    let is_public = !region.starts_with("cn-") && !region.contains("-iso");
    Ok(if is_public {
        Trust::Amazon
    } else {
        Trust::Machine
    })
}

fn is_true(variable: Variable, name: &'static str) -> Result<bool, InvalidConfig> {
    match variable(name).as_deref() {
        None | Some("" | "false" | "False" | "FALSE") => Ok(false),
        Some("true" | "True" | "TRUE") => Ok(true),
        Some(other) => Err(unusable(name, other, "true or false")),
    }
}

fn unusable(variable: &'static str, found: &str, expected: &'static str) -> InvalidConfig {
    InvalidConfig::Unusable {
        variable,
        found: excerpt(found),
        expected,
    }
}
