//! The attacker: calls that change the trails, and the events they make.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, now},
    cloudtrail, in_whole_seconds,
    organization::HUB,
    recorded,
};

pub const RESPONDER: &str = "arn:aws:iam::111122223333:role/trailkeeper-responder";
pub const PIPELINE: &str = "arn:aws:iam::111122223333:role/deploy";

impl Aws {
    /// Somebody makes a call in the trail's region that is accepted, and the
    /// history has it; its event.
    pub fn attack(&self, operation: &str, asked: &Value) -> Value {
        self.attack_in(HUB, operation, asked)
    }

    /// The same in another account.
    pub fn attack_in(&self, account: &str, operation: &str, asked: &Value) -> Value {
        let mut state = self.state();
        account.clone_into(&mut state.world.account);
        let answer = cloudtrail::write(&mut state.world, "eu-central-1", operation, asked);
        HUB.clone_into(&mut state.world.account);
        answer.unwrap().unwrap_or_else(|code| panic!("{code}"));
        let event = in_account(account, &event_of(operation, asked));
        state.history.push(event["detail"].clone());
        event
    }
}

/// The event of a call that was just made.
pub fn event_of(operation: &str, asked: &Value) -> Value {
    let mut event = again(&recorded("update-several"));
    event["detail"]["eventName"] = json!(operation);
    event["detail"]["requestParameters"] = in_camel_case(asked);
    event["detail"]["responseElements"] = Value::Null;
    event
}

/// The event of another call of the same kind, made now.
pub fn again(event: &Value) -> Value {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut event = event.clone();
    event["id"] = json!(format!("7f1d3c58-21a4-4d0e-b6c5-{number:012x}"));
    event["detail"]["eventID"] = json!(format!("0d6f1a52-7c9b-4f65-8c3e-{number:012x}"));
    event["detail"]["eventTime"] = json!(in_whole_seconds(now()));
    event
}

/// The event as it would be in another account than the hub's.
pub fn in_account(account: &str, event: &Value) -> Value {
    serde_json::from_str(&event.to_string().replace(HUB, account)).unwrap()
}

/// The event as it would be if a session of `role` had made the call.
pub fn by(role: &str, mut event: Value) -> Value {
    let name = role.rsplit('/').next().unwrap();
    event["detail"]["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/session"),
        "accountId": "111122223333",
        "sessionContext": {"sessionIssuer": {
            "type": "Role", "arn": role, "accountId": "111122223333", "userName": name,
        }},
    });
    event
}

/// Names as in a record: `Name` is `name` there.
fn in_camel_case(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| {
                let (first, rest) = name.split_at(1);
                (first.to_lowercase() + rest, in_camel_case(field))
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(in_camel_case).collect(),
        other => other.clone(),
    }
}
