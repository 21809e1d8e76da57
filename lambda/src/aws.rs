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
use aws_smithy_http_client::{
    Builder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::config::{InvalidConfig, required};
use crate::pace::Pace;
use crate::text::excerpt;

/// The roots behind every public AWS endpoint of the `aws` and `aws-us-gov`
/// partitions. Reading all of a machine's roots takes longer than everything
/// else at start-up together.
/// Source: <https://www.amazontrust.com/repository/>.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon-trust-services.pem");

/// One try of a call ends after this; a healthy call takes a tenth of it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Tries in one round; the callers go on with further rounds while they have time.
const MAX_ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// What every AWS client of the function shares.
#[derive(Clone)]
pub struct Aws {
    base: SdkConfig,
    /// In the order of [`Service::ALL`].
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
}

impl Service {
    /// Each with the variable that gives it another endpoint.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
    const ALL: [(Self, &'static str); 7] = [
        (Self::CloudTrail, "AWS_ENDPOINT_URL_CLOUDTRAIL"),
        (Self::Sns, "AWS_ENDPOINT_URL_SNS"),
        (Self::Ssm, "AWS_ENDPOINT_URL_SSM"),
        (Self::DynamoDb, "AWS_ENDPOINT_URL_DYNAMODB"),
        (Self::Sts, "AWS_ENDPOINT_URL_STS"),
        (Self::Organizations, "AWS_ENDPOINT_URL_ORGANIZATIONS"),
        (Self::Sqs, "AWS_ENDPOINT_URL_SQS"),
    ];
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

        let tls = TlsContext::builder()
            .with_trust_store(trust_store(variable, &region)?)
            .build()
            .map_err(|_| unusable("AWS_CA_BUNDLE", "", "certificates in PEM form"))?;
        let http_client = Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .build_https();

        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client)
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
            .use_fips(is_true(variable, "AWS_USE_FIPS_ENDPOINT")?)
            .use_dual_stack(is_true(variable, "AWS_USE_DUALSTACK_ENDPOINT")?)
            .build();
        let all = endpoint(variable, "AWS_ENDPOINT_URL")?;
        let mut endpoints = [const { None }; Service::ALL.len()];
        for (endpoint_of, (_, name)) in endpoints.iter_mut().zip(Service::ALL) {
            *endpoint_of = endpoint(variable, name)?.or_else(|| all.clone());
        }
        Ok(Self {
            base,
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
            endpoints: self.endpoints.clone(),
            lookups: Arc::clone(&self.lookups),
        }
    }

    /// The region that the function runs in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.base.region().map_or("", AsRef::as_ref)
    }

    /// The shared settings for a client of `service` in `region`.
    #[must_use]
    pub fn settings(&self, service: Service, region: &str) -> SdkConfig {
        let mut all = Service::ALL.iter().zip(&self.endpoints);
        let endpoint = all.find(|((known, _), _)| *known == service);
        let mut settings = self
            .base
            .to_builder()
            .region(Region::new(region.to_owned()));
        settings.set_endpoint_url(endpoint.and_then(|(_, endpoint)| endpoint.clone()));
        settings.build()
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

fn trust_store(variable: Variable, region: &str) -> Result<TrustStore, InvalidConfig> {
    const VARIABLE: &str = "AWS_CA_BUNDLE";
    const EXPECTED: &str = "the path of a readable file of certificates in PEM form";
    if let Some(path) = variable(VARIABLE).filter(|path| !path.is_empty()) {
        let bundle = fs::read(&path).map_err(|_| unusable(VARIABLE, &path, EXPECTED))?;
        let certificates = CertificateDer::pem_slice_iter(&bundle).collect::<Result<Vec<_>, _>>();
        if !certificates.is_ok_and(|found| !found.is_empty()) {
            return Err(unusable(VARIABLE, &path, EXPECTED));
        }
        return Ok(TrustStore::empty().with_pem_certificate(bundle));
    }
    // Other partitions have their own authorities: trust the machine's there.
    let public = !region.starts_with("cn-") && !region.contains("-iso");
    Ok(if public {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    } else {
        TrustStore::empty().with_native_roots(true)
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
