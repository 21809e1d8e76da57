//! All calls to Identity and Access Management: what containment does, and reads back.

use serde_json::Value;

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    call::patiently,
    containment::{POLICY_NAME, Target},
    failure::CallError,
    query_api::QueryApi,
};

/// The version of the API.
pub(crate) const VERSION: &str = "2010-05-08";
/// IAM's error code for what does not exist.
pub(crate) const MISSING: &str = "NoSuchEntity";

/// The policy in `text`, which IAM writes as in an address. No `+` is meant as a blank.
pub(crate) fn document(text: &str) -> Option<Value> {
    let text = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let (decoded, _) = form_urlencoded::parse(text.as_bytes()).next()?;
    serde_json::from_str(&decoded).ok()
}

/// The client for users and roles.
pub(crate) struct Iam {
    api: QueryApi,
}

impl Iam {
    /// Builds the client.
    pub(crate) fn new(aws: &Aws) -> Self {
        Self {
            api: QueryApi::new(aws, Service::Iam, aws.region(), VERSION),
        }
    }

    /// The containing policy of `target`; `None` if it has none.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn policy(
        &self,
        target: &Target,
        budget: Budget,
    ) -> Result<Option<Value>, CallError> {
        let (operation, path, name) = if target.is_user() {
            let path = ["GetUserPolicyResponse", "GetUserPolicyResult"];
            ("iam:GetUserPolicy", path, "UserName")
        } else {
            let path = ["GetRolePolicyResponse", "GetRolePolicyResult"];
            ("iam:GetRolePolicy", path, "RoleName")
        };
        let input = [(name, target.name.as_str()), ("PolicyName", POLICY_NAME)];
        let answer = patiently(budget, async || {
            self.api.call(operation, &input, budget).await
        });
        let answer = match answer.await {
            Err(error) if error.has_code(MISSING) => return Ok(None),
            answer => answer?,
        };
        let [response, result] = path;
        let text = answer.text(&[response, result, "PolicyDocument"]);
        text.and_then(|text| document(&text))
            .map(Some)
            .ok_or_else(|| CallError::new(operation, "UnusableAnswer", "no document in it", true))
    }

    /// Gives `target` the containing policy, in place of an earlier one.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn put_policy(
        &self,
        target: &Target,
        document: &Value,
        budget: Budget,
    ) -> Result<&'static str, CallError> {
        let (operation, name) = if target.is_user() {
            ("iam:PutUserPolicy", "UserName")
        } else {
            ("iam:PutRolePolicy", "RoleName")
        };
        let document = document.to_string();
        let input = [
            (name, target.name.as_str()),
            ("PolicyName", POLICY_NAME),
            ("PolicyDocument", &document),
        ];
        let put = patiently(budget, async || {
            self.api.call(operation, &input, budget).await
        });
        put.await.map(|_| operation)
    }

    /// Whether the key `id` of `user` may sign calls; `None` if the user has no such key.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn is_active(
        &self,
        user: &str,
        id: &str,
        budget: Budget,
    ) -> Result<Option<bool>, CallError> {
        const OPERATION: &str = "iam:ListAccessKeys";
        // A user has two keys at most, so one page holds them.
        let input = [("UserName", user)];
        let answer = patiently(budget, async || {
            self.api.call(OPERATION, &input, budget).await
        });
        let path = [
            "ListAccessKeysResponse",
            "ListAccessKeysResult",
            "AccessKeyMetadata",
            "member",
        ];
        let keys = answer.await?.all(&path, ["AccessKeyId", "Status"]);
        let status = keys.into_iter().find_map(|[key, status]| {
            let is_it = key.as_deref() == Some(id);
            is_it.then(|| status.unwrap_or_default())
        });
        Ok(status.map(|status| status != "Inactive"))
    }

    /// Switches the key `id` of `user` off.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn switch_off(
        &self,
        user: &str,
        id: &str,
        budget: Budget,
    ) -> Result<&'static str, CallError> {
        const OPERATION: &str = "iam:UpdateAccessKey";
        let input = [
            ("UserName", user),
            ("AccessKeyId", id),
            ("Status", "Inactive"),
        ];
        let done = patiently(budget, async || {
            self.api.call(OPERATION, &input, budget).await
        });
        done.await.map(|_| OPERATION)
    }
}
