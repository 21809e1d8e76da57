//! Services that speak REST: method, path and query say what is asked for. JSON in and
//! out, or XML.
//! Source: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>.

use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::base64;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    api::{Api, Protocol, Refusal},
    aws::{Aws, Service},
    baseline::sha256,
    budget::Budget,
    failure::CallError,
    json_api, xml,
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

    /// Sends `input`, or no body if it is `null`, by `method` to `target`, a path and perhaps a query, encoded as
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
        let body = match input {
            Value::Null => String::new(),
            input => input.to_string(),
        };
        self.api
            .call_at(operation, method, target, body, budget)
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

const OWNER: &str = "x-amz-expected-bucket-owner";

/// REST with XML, as S3 wants it, for the buckets of one account.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html>.
#[derive(Clone, Debug)]
pub(crate) struct RestXml {
    /// Whose the bucket must be: the name of one that was deleted can be registered by
    /// anybody.
    owner: String,
}

impl RestXml {
    /// For the buckets of `owner`.
    pub(crate) fn of(owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
        }
    }
}

impl Protocol for RestXml {
    type Answer = String;

    fn address(&self, operation: &str, headers: &mut Headers) {
        // Of a bucket that is made, S3 takes neither this nor a checksum.
        if operation != "CreateBucket" {
            headers.insert(OWNER, self.owner.clone());
        }
    }

    fn seal(&self, body: &str, headers: &mut Headers) {
        headers.insert("x-amz-content-sha256", sha256(body));
        if !body.is_empty() {
            headers.insert("content-type", "application/xml");
        }
        if !body.is_empty() && headers.get(OWNER).is_some() {
            let digest = base64::encode(Sha256::digest(body.as_bytes()));
            headers.insert("x-amz-sdk-checksum-algorithm", "SHA256");
            headers.insert("x-amz-checksum-sha256", digest);
        }
    }

    fn answer(&self, body: &[u8]) -> Option<String> {
        str::from_utf8(body).ok().map(str::to_owned)
    }

    fn refusal(&self, _: &Headers, body: &[u8]) -> Refusal {
        let error = str::from_utf8(body).ok().and_then(xml::content);
        let said = |what| error.as_ref().and_then(|error| error.get(what)?.as_str());
        Refusal::new(said("Code"), said("Message"))
    }
}
