//! Calls to services without an SDK of their own in the binary: what
//! [`json_api`](crate::json_api), [`query_api`](crate::query_api) and
//! [`rest_api`](crate::rest_api) share.
//!
//! The function makes one call of each of these services, and their SDKs weighed as
//! much as everything else together. Signing, timeouts, retries and connections are
//! the SDK's all the same: a generated client puts together the same parts.

use std::{error::Error, fmt};

use aws_runtime::{
    auth::{SigV4OperationSigningConfig, sigv4},
    invocation_id::InvocationIdInterceptor,
    recursion_detection::RecursionDetectionInterceptor,
    request_info::RequestInfoInterceptor,
    retries::classifiers::AwsErrorCodeClassifier,
    service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor},
    user_agent::{ApiMetadata, UserAgentInterceptor},
};
use aws_smithy_runtime::client::{
    http::connection_poisoning::ConnectionPoisoningInterceptor,
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
        endpoint::EndpointResolverParams,
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
        runtime_components::RuntimeComponentsBuilder,
        runtime_plugin::StaticRuntimePlugin,
    },
    http::Headers,
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::Layer,
    error::{ErrorMetadata, metadata::ProvideErrorMetadata},
};
use aws_types::{
    SigningName,
    region::{Region, SigningRegion},
};

use crate::{
    aws::{Aws, BEHAVIOR, Service, retry_partition},
    budget::Budget,
    call::{WorthRepeating, bounded},
    failure::CallError,
};

/// How a service wants to be spoken to.
pub(crate) trait Protocol: fmt::Debug + Send + Sync + 'static {
    /// What a call returns.
    type Answer: fmt::Debug + Send + Sync + 'static;

    /// Names `operation` and the format of the body.
    fn address(&self, operation: &str, headers: &mut Headers);

    /// Adds what a service wants to be told of the body itself.
    fn seal(&self, _body: &str, _headers: &mut Headers) {}

    /// Reads the body of a successful answer; `None` if it is none.
    fn answer(&self, body: &[u8]) -> Option<Self::Answer>;

    /// Reads the error code and message out of any other answer, as far as it has some.
    fn refusal(&self, headers: &Headers, body: &[u8]) -> Refusal;
}

/// What differs from call to call.
#[derive(Debug)]
struct Call {
    operation: &'static str,
    method: &'static str,
    /// Path and query.
    target: String,
    body: String,
}

/// A client for one service in one region.
pub(crate) struct Api<P: Protocol> {
    operation: Operation<Call, P::Answer, Refusal>,
}

impl<P: Protocol + Clone> Api<P> {
    /// Builds the client.
    pub(crate) fn new(aws: &Aws, service: Service, region: &str, protocol: P) -> Self {
        let reader = protocol.clone();
        let operation = Operation::builder()
            .service_name(service.prefix())
            .operation_name("call")
            .behavior_version(BEHAVIOR())
            .runtime_plugin(plugin(aws, service, region))
            .serializer(move |call: Call| request(&protocol, call))
            .deserializer(move |response: &HttpResponse| answer(&reader, response))
            .build();
        Self { operation }
    }

    /// Calls `operation`, `ssm:GetParameter` for instance, within `budget`.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        body: String,
        budget: Budget,
    ) -> Result<P::Answer, CallError> {
        self.call_at(operation, "POST", "/", body, budget).await
    }

    /// The same for a service that is told by `method` and `target`, a path and perhaps
    /// a query, what is asked for.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn call_at(
        &self,
        operation: &'static str,
        method: &'static str,
        target: &str,
        body: String,
        budget: Budget,
    ) -> Result<P::Answer, CallError> {
        let call = Call {
            operation: action(operation),
            method,
            target: target.to_owned(),
            body,
        };
        bounded(operation, budget, self.operation.invoke(call)).await
    }
}

/// The service's own name for an operation.
pub(crate) fn action(operation: &'static str) -> &'static str {
    operation.rsplit(':').next().unwrap_or(operation)
}

fn request(protocol: &impl Protocol, call: Call) -> Result<HttpRequest, BoxError> {
    let length = call.body.len().to_string();
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method(call.method)?;
    request.set_uri(call.target)?;
    request.headers_mut().try_insert("content-length", length)?;
    protocol.address(call.operation, request.headers_mut());
    protocol.seal(&call.body, request.headers_mut());
    *request.body_mut() = SdkBody::from(call.body);
    Ok(request)
}

fn answer<P: Protocol>(
    protocol: &P,
    response: &HttpResponse,
) -> Result<P::Answer, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        let answer = protocol.answer(body);
        answer.ok_or_else(|| OrchestratorError::operation(Refusal::default()))
    } else {
        let refusal = protocol.refusal(response.headers(), body);
        Err(OrchestratorError::operation(refusal))
    }
}

fn plugin(aws: &Aws, service: Service, region: &str) -> StaticRuntimePlugin {
    let settings = aws.settings(region);
    let endpoint = aws.endpoint(service, region);
    let mut layer = Layer::new("service");
    layer
        .store_put(ApiMetadata::new(
            service.prefix(),
            env!("CARGO_PKG_VERSION"),
        ))
        .store_put(SigningName::from_static(service.prefix()))
        .store_put(SigningRegion::from(Region::new(
            endpoint.signing_region().to_owned(),
        )))
        .store_put(SigV4OperationSigningConfig::default())
        .store_put(AuthSchemeOptionResolverParams::new(()))
        .store_put(EndpointResolverParams::new(()))
        .store_put(retry_partition(service.prefix()))
        .store_or_unset(settings.retry_config().cloned())
        .store_or_unset(settings.timeout_config().cloned())
        .store_or_unset(settings.stalled_stream_protection());
    let mut components = RuntimeComponentsBuilder::new("service")
        .with_http_client(settings.http_client())
        .with_endpoint_resolver(Some(endpoint))
        .with_auth_scheme(sigv4::SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![
            sigv4::SCHEME_ID,
        ])))
        .with_interceptor(ConnectionPoisoningInterceptor::new())
        .with_interceptor(ServiceClockSkewInterceptor::new())
        .with_interceptor(RequestInfoInterceptor::new())
        .with_interceptor(UserAgentInterceptor::new())
        .with_interceptor(InvocationIdInterceptor::new())
        .with_interceptor(RecursionDetectionInterceptor::new())
        .with_retry_classifier(HttpStatusCodeClassifier::default())
        .with_retry_classifier(TransientErrorClassifier::<Refusal>::new())
        .with_retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
        .with_retry_classifier(ServiceClockSkewClassifier::<Refusal>::new())
        .with_retry_classifier(WorthRepeating);
    if let Some(credentials) = settings.credentials_provider() {
        components.set_identity_resolver(sigv4::SCHEME_ID, credentials);
    }
    StaticRuntimePlugin::new()
        .with_config(layer.freeze())
        .with_runtime_components(components)
}

/// A service's refusal, or an answer that is not a service's.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    metadata: ErrorMetadata,
}

impl Refusal {
    /// With what could be read of it.
    pub(crate) fn new(code: Option<&str>, message: Option<&str>) -> Self {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code.filter(|code| !code.is_empty()) {
            metadata = metadata.code(code);
        }
        if let Some(message) = message {
            metadata = metadata.message(message);
        }
        let metadata = metadata.build();
        Self { metadata }
    }
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metadata.fmt(f)
    }
}

impl Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::{sync::OnceLock, time::Duration};

    use serde_json::json;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task,
    };

    use super::*;
    use crate::json_api::{JSON_1_1, Json, JsonApi};

    static URL: OnceLock<String> = OnceLock::new();

    fn variable(name: &str) -> Option<String> {
        match name {
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("secret".to_owned()),
            "AWS_SESSION_TOKEN" => Some("token".to_owned()),
            "AWS_ENDPOINT_URL_SSM" => URL.get().cloned(),
            _ => None,
        }
    }

    /// The lab checks signatures as AWS does; this is about what they name.
    #[tokio::test]
    async fn a_call_is_addressed_signed_and_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        URL.set(url.clone()).unwrap();
        let server = task::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap();
            let reply = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\": 1}";
            stream.write_all(reply.as_bytes()).await.unwrap();
            request.truncate(length);
            String::from_utf8(request).unwrap()
        });
        let aws = Aws::read(variable).unwrap();
        let json = Json {
            content_type: JSON_1_1,
            target: "AmazonSSM",
        };
        let api = JsonApi::new(&aws, Service::Ssm, "us-west-2", json);
        let budget = Budget::lasting(Duration::from_secs(10));
        let input = json!({"Name": "n"});
        let answer = api.call("ssm:GetParameter", &input, budget).await.unwrap();
        assert_eq!(answer.get("a"), Some(&json!(1)));
        let request = server.await.unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, r#"{"Name":"n"}"#);
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("POST / HTTP/1.1"));
        let header = |name: &str| {
            let is_it = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
            let found = head.lines().find(is_it)?;
            found.split_once(": ").map(|(_, value)| value)
        };
        assert_eq!(header("host"), url.strip_prefix("http://"));
        assert_eq!(header("content-type"), Some("application/x-amz-json-1.1"));
        assert_eq!(header("content-length"), Some("12"));
        assert_eq!(header("x-amz-target"), Some("AmazonSSM.GetParameter"));
        assert_eq!(header("x-amz-security-token"), Some("token"));
        assert!(header("user-agent").is_some_and(|agent| agent.starts_with("aws-sdk-rust/")));
        let date = header("x-amz-date").and_then(|date| date.get(..8)).unwrap();
        let authorization = header("authorization").unwrap();
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{date}/us-west-2/ssm/aws4_request, ");
        assert!(authorization.starts_with(&scope), "{authorization}");
        for name in [
            "content-type",
            "host",
            "x-amz-date",
            "x-amz-security-token",
            "x-amz-target",
        ] {
            assert!(authorization.contains(name), "{authorization}");
        }
    }
}
