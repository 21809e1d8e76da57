//! Services that speak REST: method, path and query say what is asked for. JSON in and
//! out; one that speaks XML would be a second [`Protocol`] here.
//! Source: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>.

use aws_smithy_runtime_api::http::Headers;
use serde_json::{Map, Value};

use crate::{
    api::{Api, Protocol, Refusal},
    aws::{Aws, Service},
    budget::Budget,
    failure::CallError,
    json_api,
};

/// A client for a service that speaks REST with JSON.
pub(crate) struct RestApi {
    api: Api<RestJson>,
}

impl RestApi {
    /// Builds the client.
    pub(crate) fn new(aws: &Aws, service: Service, region: &str) -> Self {
        Self {
            api: Api::new(aws, service, region, RestJson),
        }
    }

    /// Sends `input` by `method` to `target`, a path and perhaps a query, encoded as
    /// URLs are; `operation`, `securityhub:BatchImportFindings` for instance, is its
    /// name in errors.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        (method, target): (&'static str, &str),
        input: &Value,
        budget: Budget,
    ) -> Result<Map<String, Value>, CallError> {
        self.api
            .call_at(operation, method, target, input.to_string(), budget)
            .await
    }
}

#[derive(Clone, Debug)]
struct RestJson;

impl Protocol for RestJson {
    type Answer = Map<String, Value>;

    fn address(&self, _: &str, headers: &mut Headers) {
        headers.insert("content-type", "application/json");
    }

    fn answer(&self, body: &[u8]) -> Option<Map<String, Value>> {
        if body.is_empty() {
            return Some(Map::new());
        }
        serde_json::from_slice(body).ok()
    }

    fn refusal(&self, headers: &Headers, body: &[u8]) -> Refusal {
        json_api::refusal(headers, body)
    }
}
