//! AWS, as the drill calls it: set-up here, one file per service below.

pub mod cloudtrail;
pub mod inbox;
mod shapes;

use std::{env, fs, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::HttpResponse,
};

use crate::error::CallError;

/// One try of a call ends after this.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why AWS cannot be called at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file that `AWS_CA_BUNDLE` names.
    #[error("AWS_CA_BUNDLE, {0}, cannot be read or holds no certificates in PEM form")]
    CaBundle(String),
    /// The transport.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Settings from where every AWS client has them: environment, profiles, single
/// sign-on, roles, endpoints. Region is said per client. A call is made once:
/// who wants it repeated, says so.
///
/// # Errors
/// If the certificates to trust cannot be read.
pub async fn settings(region: &str) -> Result<SdkConfig, SetupError> {
    let settings = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .http_client(transport()?)
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .build(),
        )
        // Answers are short; the attempt timeout is the protection.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await;
    Ok(settings)
}

/// rustls on ring as in the function, but with the machine's roots and proxies:
/// it runs on a person's machine.
fn transport() -> Result<SharedHttpClient, SetupError> {
    let mut roots = TrustStore::default();
    if let Some(path) = env::var("AWS_CA_BUNDLE")
        .ok()
        .filter(|path| !path.is_empty())
    {
        let bundle = fs::read(&path).map_err(|_| SetupError::CaBundle(path.clone()))?;
        if !String::from_utf8_lossy(&bundle).contains("-----BEGIN CERTIFICATE-----") {
            return Err(SetupError::CaBundle(path));
        }
        roots = TrustStore::empty().with_pem_certificate(bundle);
    }
    let context = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| SetupError::Tls(error.to_string()))?;
    let connector = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build();
    let shared = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| shared.clone()))
}

/// The ARN and the account of whoever calls.
///
/// # Errors
/// If nobody is known: no credentials, expired ones, no network.
pub async fn caller(settings: &SdkConfig) -> Result<(String, String), CallError> {
    const OPERATION: &str = "sts:GetCallerIdentity";
    let client = aws_sdk_sts::Client::new(settings);
    let answer = client
        .get_caller_identity()
        .send()
        .await
        .map_err(|e| failure(OPERATION, &e))?;
    let arn = answer.arn().unwrap_or_default().to_owned();
    Ok((arn, answer.account().unwrap_or_default().to_owned()))
}

/// What went wrong, by the code of AWS's answer.
fn failure<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let (status, answer) = (answer.raw().status(), answer.err());
            let error = CallError::new(
                operation,
                answer.code().or(Some("UnknownError")),
                answer.message().unwrap_or_default(),
            );
            if status.is_server_error() {
                error.of_fault()
            } else {
                error
            }
        }
        other => CallError::new(operation, None, &DisplayErrorContext(other).to_string()),
    }
}
