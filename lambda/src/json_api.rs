//! Services that speak AWS JSON, 1.0 or 1.1.
//! Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>.

use aws_smithy_runtime_api::http::Headers;
use serde_json::{Map, Value};

use crate::{
    api::{Api, Protocol, Refusal},
    aws::{Aws, Service},
    budget::Budget,
    failure::CallError,
};

/// What a service calls itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json {
    /// `1.0` or `1.1`, as the format of a body says it.
    pub(crate) content_type: &'static str,
    /// What stands before the operation in the request's target.
    pub(crate) target: &'static str,
}

/// The format of AWS JSON 1.0.
pub(crate) const JSON_1_0: &str = "application/x-amz-json-1.0";
/// The format of AWS JSON 1.1.
pub(crate) const JSON_1_1: &str = "application/x-amz-json-1.1";

/// A client for a service that speaks AWS JSON.
pub(crate) struct JsonApi {
    api: Api<Json>,
}

impl JsonApi {
    /// Builds the client.
    pub(crate) fn new(aws: &Aws, service: Service, region: &str, json: Json) -> Self {
        Self {
            api: Api::new(aws, service, region, json),
        }
    }

    /// Calls `operation`, `ssm:GetParameter` for instance, within `budget`.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        input: &Value,
        budget: Budget,
    ) -> Result<Map<String, Value>, CallError> {
        self.api.call(operation, input.to_string(), budget).await
    }
}

impl Protocol for Json {
    type Answer = Map<String, Value>;

    fn address(&self, operation: &str, headers: &mut Headers) {
        headers.insert("content-type", self.content_type);
        headers.insert("x-amz-target", format!("{}.{operation}", self.target));
    }

    fn answer(&self, body: &[u8]) -> Option<Map<String, Value>> {
        if body.is_empty() {
            return Some(Map::new());
        }
        serde_json::from_slice(body).ok()
    }

    fn refusal(&self, headers: &Headers, body: &[u8]) -> Refusal {
        refusal(headers, body)
    }
}

/// A refusal in JSON, in any of its forms.
pub(crate) fn refusal(headers: &Headers, body: &[u8]) -> Refusal {
    let body: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(*name)?.as_str());
    // Services that spoke the query protocol before go on with their old codes.
    let code = headers
        .get("x-amzn-query-error")
        .and_then(|error| error.split(';').next())
        .or_else(|| headers.get("x-amzn-errortype"))
        .or_else(|| text(&["code", "__type"]))
        .map(plain);
    Refusal::new(code, text(&["message", "Message", "errorMessage"]))
}

/// A code without its namespace and without the address of its description.
/// Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization>.
fn plain(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::metadata::ProvideErrorMetadata;

    use super::*;

    const JSON: Json = Json {
        content_type: JSON_1_0,
        target: "AmazonSQS",
    };

    fn refusal(headers: &[(&'static str, &'static str)], body: &str) -> [Option<String>; 2] {
        let mut all = Headers::new();
        for (name, value) in headers {
            all.insert(*name, *value);
        }
        let refusal = JSON.refusal(&all, body.as_bytes());
        [refusal.code(), refusal.message()].map(|text| text.map(str::to_owned))
    }

    #[test]
    fn a_refusals_code_and_message_are_found_wherever_services_put_them() {
        let said = |code: &str, message: &str| [code, message].map(|text| Some(text.to_owned()));
        let body = r#"{"__type": "com.amazonaws.ssm#ParameterNotFound", "message": "no"}"#;
        assert_eq!(refusal(&[], body), said("ParameterNotFound", "no"));
        let type_of = [("x-amzn-errortype", "Denied:http://internal.amazon.com/x/")];
        assert_eq!(refusal(&type_of, body), said("Denied", "no"));
        let body = r#"{"code": "ThrottlingException", "Message": "slow", "more": {"a": []}}"#;
        assert_eq!(refusal(&[], body), said("ThrottlingException", "slow"));
        let header = "AWS.SimpleQueueService.NonExistentQueue;Sender";
        let old = [
            ("x-amzn-query-error", header),
            ("x-amzn-errortype", "QueueDoesNotExist"),
        ];
        let body = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}"#;
        let code = "AWS.SimpleQueueService.NonExistentQueue";
        assert_eq!(refusal(&old, body), said(code, "gone"));
    }

    #[test]
    fn what_is_no_services_answer_has_no_code() {
        for body in [
            "",
            "<html>busy</html>",
            "[]",
            "{",
            r#"{"__type": 1}"#,
            r#"{"__type": "x#"}"#,
        ] {
            assert_eq!(refusal(&[], body)[0], None, "{body}");
        }
        for body in [
            "<html>welcome</html>",
            "[]",
            "\"\"",
            "null",
            r#"{"a": 1"#,
            " ",
        ] {
            assert_eq!(JSON.answer(body.as_bytes()), None, "{body}");
        }
        assert_eq!(JSON.answer(b""), Some(Map::new()));
        assert_eq!(JSON.answer(b"{}"), Some(Map::new()));
    }
}
