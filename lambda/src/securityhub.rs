//! All calls to Security Hub.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    failure::CallError,
    rest_api::RestApi,
};

const OPERATION: &str = "securityhub:BatchImportFindings";
/// Source: <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html>.
const IMPORT: (&str, &str) = ("POST", "/findings/import");
/// Between two rounds of tries.
const PAUSE: Duration = Duration::from_millis(500);

/// The Security Hub of the function's account, in one region.
pub struct SecurityHub {
    api: RestApi,
}

impl SecurityHub {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, region: &str) -> Self {
        Self {
            api: RestApi::new(aws, Service::SecurityHub, region),
        }
    }

    /// Creates `findings`, or updates those that have an `Id` that was there before;
    /// 100 at most. To send them twice does no harm.
    ///
    /// # Errors
    /// The refusal, of one of them perhaps, or what stood in the way until `budget`
    /// ended.
    pub async fn import(&self, findings: &[Value], budget: Budget) -> Result<(), CallError> {
        let input = json!({"Findings": findings});
        loop {
            let answer = self.api.call(OPERATION, IMPORT, &input, budget).await;
            match answer.and_then(|answer| imported(&answer)) {
                Err(error) if error.is_retryable() && budget.sleep(PAUSE).await => {}
                result => return result,
            }
        }
    }
}

/// A call that succeeds may still have imported nothing.
fn imported(answer: &Map<String, Value>) -> Result<(), CallError> {
    match answer.get("FailedCount").and_then(Value::as_u64) {
        Some(0) => return Ok(()),
        Some(_) => {}
        None => {
            let message = "the answer does not say what was imported";
            return Err(CallError::new(OPERATION, "UnusableAnswer", message, true));
        }
    }
    let failed = answer.get("FailedFindings").and_then(|all| all.get(0));
    let text = |name| failed?.get(name)?.as_str();
    let code = text("ErrorCode").unwrap_or("FindingNotImported");
    let message = text("ErrorMessage").unwrap_or("Security Hub does not say why");
    // The codes are not documented. A finding that is wrong stays wrong.
    let is_final = ["Invalid", "Denied", "Unauthorized"];
    let is_final = is_final.iter().any(|word| code.contains(word));
    Err(CallError::new(OPERATION, code, message, !is_final))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(answer: &Value) -> Option<(String, bool)> {
        let error = imported(answer.as_object()?).err()?;
        Some((error.code().to_owned(), error.is_retryable()))
    }

    #[test]
    fn what_was_not_imported_is_an_error_though_the_call_succeeds() {
        let failed = |findings: Value| json!({"FailedCount": 1, "SuccessCount": 0, "FailedFindings": findings});
        let because = |code| json!([{"Id": "i", "ErrorCode": code, "ErrorMessage": "m"}]);
        let said = |code: &str, retryable| Some((code.to_owned(), retryable));
        for (answer, expected) in [
            (
                json!({"FailedCount": 0, "SuccessCount": 1, "FailedFindings": []}),
                None,
            ),
            (failed(because("InvalidInput")), said("InvalidInput", false)),
            (
                failed(because("InternalFailure")),
                said("InternalFailure", true),
            ),
            (failed(json!([])), said("FindingNotImported", true)),
            (json!({}), said("UnusableAnswer", true)),
            (json!({"FailedCount": "0"}), said("UnusableAnswer", true)),
        ] {
            assert_eq!(result(&answer), expected, "{answer}");
        }
    }
}
