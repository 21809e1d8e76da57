//! The log group of the responder: which calls concern it, how it is observed, and how it
//! differs from what is declared. Nothing of it is healed.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html>.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::Declared,
    guard::{Handling, Read, Request, Speech, or_null},
    json_api::{JSON_1_1, Json},
    kind::{Change, Profile, Wanted},
    thing::Thing,
    trail::Part,
};

/// Days that its log is kept; `null` is for ever.
const RETENTION: &str = "retention";
/// The key that encrypts it.
const KEY: &str = "kms_key";

pub(crate) const PROFILE: Profile = Profile {
    what: "log group",
    title: "Log group",
    source: ("aws.logs", "logs.amazonaws.com"),
    resource: "Other",
    separator: ':',
    parameters: &["logGroupName"],
    scope: None,
    fields: &[RETENTION, KEY],
    by_key: &[],
    changes: &[
        Change::new(
            "PutRetentionPolicy",
            Part::Of(RETENTION),
            ["changed the retention of", "change the retention of"],
        ),
        Change::new(
            "DeleteRetentionPolicy",
            Part::Of(RETENTION),
            ["removed the retention of", "remove the retention of"],
        ),
        Change::new(
            "AssociateKmsKey",
            Part::Of(KEY),
            ["changed the key of", "change the key of"],
        ),
        Change::new(
            "DisassociateKmsKey",
            Part::Of(KEY),
            ["removed the key of", "remove the key of"],
        ),
        Change::new("DeleteLogGroup", Part::Existence, ["deleted", "delete"]),
        Change::new("CreateLogGroup", Part::Existence, ["created", "create"]),
    ],
    own_calls: &[],
    normal: |_, value| value.clone(),
    wanted,
    mends: |_, _| Vec::new(),
};

fn wanted(change: &Change, given: &Map<String, Value>, _: &Declared, _: &str) -> Option<Wanted> {
    let of = |name: &str| given.get(name).cloned();
    Some(vec![match change.name {
        "PutRetentionPolicy" => (RETENTION, of("retentionInDays")?),
        "DeleteRetentionPolicy" => (RETENTION, Value::Null),
        "AssociateKmsKey" => (KEY, of("kmsKeyId")?),
        "DisassociateKmsKey" => (KEY, Value::Null),
        _ => return None,
    }])
}

/// Of an answer, what it says of `group`; `None` if there is no such group. Groups are
/// listed by what their names begin with.
pub(crate) fn own(group: &Thing, answer: &Value) -> Option<Value> {
    let Some(groups) = answer.get("logGroups").and_then(Value::as_array) else {
        // It says nothing.
        return Some(answer.clone());
    };
    let mut groups = groups.iter();
    let is_it = |found: &&Value| or_null(found, "logGroupName") == group.name();
    groups.find(is_it).cloned()
}

pub(crate) const HANDLING: Handling = Handling {
    service: (
        Service::Logs,
        Speech::Json(Json {
            content_type: JSON_1_1,
            target: "Logs_20140328",
        }),
    ),
    reads: &[Read {
        call: "logs:DescribeLogGroups",
        request: |group| Request::json(json!({"logGroupNamePrefix": group.name()})),
        absent: None,
        fields: &[
            (RETENTION, |group| of(group, "retentionInDays")),
            (KEY, |group| of(group, "kmsKeyId")),
        ],
    }],
    missing: "ResourceNotFoundException",
    heal: |_, _| Request::json(Value::Null),
    needless: None,
};

/// What is not set is not in an answer; its name is.
fn of(group: &Value, name: &str) -> Option<Value> {
    group.get("logGroupName")?;
    Some(or_null(group, name))
}
