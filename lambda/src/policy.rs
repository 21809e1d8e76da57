//! Policies of resources, compared by what they say. Services give them back with other
//! key orders, lists for single values, and root ARNs for account ids. Pure.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde_json::{Map, Value, json};

use crate::members::is_account;

/// `policy`, an object or its text, so that two that say the same are equal. What is no
/// policy stays what it is.
#[must_use]
pub fn normal(policy: &Value) -> Value {
    let parsed = policy
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Value::Object(policy) = parsed.as_ref().unwrap_or(policy) else {
        return policy.clone();
    };
    let parts = policy.iter().map(|(name, part)| {
        let part = match name.as_str() {
            "Statement" => list(part, statement),
            _ => part.clone(),
        };
        (name.clone(), part)
    });
    parts.collect()
}

fn statement(given: &Value) -> Value {
    let Value::Object(given) = given else {
        return given.clone();
    };
    let parts = given.iter().map(|(name, part)| {
        let part = match name.as_str() {
            "Sid" | "Effect" => part.clone(),
            "Principal" | "NotPrincipal" if part == "*" => json!({"AWS": ["*"]}),
            "Principal" | "NotPrincipal" => each(part, |names| list(names, principal)),
            "Condition" => each(part, |keys| each(keys, |values| list(values, text))),
            _ => list(part, text),
        };
        (name.clone(), part)
    });
    parts.collect()
}

/// An account stands for its root, and the other way round.
fn principal(name: &Value) -> Value {
    let account = name.as_str().and_then(|arn| {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts[..] {
            ["arn", _, "iam", "", account, "root"] if is_account(account) => Some(account),
            _ => None,
        }
    });
    account.map_or_else(|| text(name), Value::from)
}

/// Conditions hold booleans and numbers as such or as text.
fn text(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::from(value.to_string()),
        other => other.clone(),
    }
}

/// One or many, in any order, each once.
fn list(values: &Value, normal: fn(&Value) -> Value) -> Value {
    let one = std::slice::from_ref(values);
    let values = values.as_array().map_or(one, Vec::as_slice);
    let mut values: Vec<Value> = values.iter().map(normal).collect();
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    Value::Array(values)
}

fn each(fields: &Value, normal: impl Fn(&Value) -> Value) -> Value {
    let Value::Object(fields) = fields else {
        return fields.clone();
    };
    let fields = fields.iter();
    let normal: Map<String, Value> = fields
        .map(|(name, value)| (name.clone(), normal(value)))
        .collect();
    Value::Object(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Value {
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
             "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"},
            {"Sid": "B", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
             "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ]})
    }

    #[test]
    fn what_services_rewrite_is_no_difference() {
        let rewritten = r#"{"Statement": [
            {"Effect": "Deny", "Sid": "B", "Principal": {"AWS": "*"}, "Action": ["s3:*"],
             "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b"],
             "Condition": {"Bool": {"aws:SecureTransport": [false]}}},
            {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["111122223333"]},
             "Action": ["s3:PutObject", "s3:GetObject", "s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
            ], "Version": "2012-10-17"}"#;
        assert_eq!(normal(&policy()), normal(&Value::from(rewritten)));
        let single = json!({"Version": "2012-10-17", "Statement": policy()["Statement"][0]});
        let listed = json!({"Version": "2012-10-17", "Statement": [policy()["Statement"][0]]});
        assert_eq!(normal(&single), normal(&listed));
    }

    #[test]
    fn whatever_else_differs_is_one() {
        for (pointer, other) in [
            ("/Version", json!("2008-10-17")),
            ("/Statement/0/Effect", json!("Deny")),
            ("/Statement/0/Principal", json!("*")),
            ("/Statement/0/Principal/AWS", json!("444455556666")),
            (
                "/Statement/0/Principal/AWS",
                json!("arn:aws:iam::111122223333:user/root"),
            ),
            ("/Statement/0/Action", json!("s3:GetObject")),
            (
                "/Statement/1/Condition/Bool",
                json!({"aws:SecureTransport": "true"}),
            ),
            ("/Statement/1", json!("no statement")),
            ("", json!("no policy")),
            ("", Value::Null),
        ] {
            let mut changed = policy();
            if let Some(found) = changed.pointer_mut(pointer) {
                *found = other;
            }
            assert_ne!(normal(&changed), normal(&policy()), "{pointer} {changed}");
        }
    }
}
