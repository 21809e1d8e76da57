//! The table of told incidents: which calls concern it, how it is observed, and how it
//! differs from what is declared. Nothing of it is healed.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations.html>.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::Declared,
    dynamodb::DYNAMODB,
    guard::{Handling, Read, Request, Speech},
    kind::{Change, Profile, Wanted},
    policy,
    trail::Part,
};

/// Who may write to it and change it.
const POLICY: &str = "policy";
/// The attribute that says when an entry goes; `null` if entries stay.
const EXPIRY: &str = "expiry";

pub(crate) const PROFILE: Profile = Profile {
    what: "table",
    title: "Table",
    source: ("aws.dynamodb", "dynamodb.amazonaws.com"),
    resource: "AwsDynamoDbTable",
    separator: '/',
    parameters: &["tableName", "resourceArn"],
    scope: None,
    fields: &[POLICY, EXPIRY],
    by_key: &[],
    changes: &[
        Change::new(
            "PutResourcePolicy",
            Part::Of(POLICY),
            ["changed the policy of", "change the policy of"],
        ),
        Change::new(
            "DeleteResourcePolicy",
            Part::Of(POLICY),
            ["deleted the policy of", "delete the policy of"],
        ),
        Change::new(
            "UpdateTimeToLive",
            Part::Of(EXPIRY),
            ["changed the expiry of", "change the expiry of"],
        ),
        Change::new("DeleteTable", Part::Existence, ["deleted", "delete"]),
        Change::new("CreateTable", Part::Existence, ["created", "create"]),
    ],
    own_calls: &[],
    normal: |field, value| match field {
        POLICY => policy::normal(value),
        _ => value.clone(),
    },
    wanted,
    mends: |_, _| Vec::new(),
};

fn wanted(change: &Change, given: &Map<String, Value>, _: &Declared, _: &str) -> Option<Wanted> {
    Some(vec![match change.name {
        "PutResourcePolicy" => (POLICY, given.get("policy")?.clone()),
        "DeleteResourcePolicy" => (POLICY, Value::Null),
        "UpdateTimeToLive" => {
            let asked = given.get("timeToLiveSpecification")?;
            let is_on = asked.get("enabled") == Some(&Value::Bool(true));
            let name = asked.get("attributeName").filter(|_| is_on);
            (EXPIRY, name.cloned().unwrap_or_default())
        }
        _ => return None,
    }])
}

pub(crate) const HANDLING: Handling = Handling {
    service: (Service::DynamoDb, Speech::Json(DYNAMODB)),
    reads: &[
        Read {
            call: "dynamodb:GetResourcePolicy",
            request: |table| Request::json(json!({"ResourceArn": table.arn})),
            absent: Some("PolicyNotFoundException"),
            fields: &[(POLICY, |answer| answer.get("Policy").cloned())],
        },
        Read {
            call: "dynamodb:DescribeTimeToLive",
            request: |table| Request::json(json!({"TableName": table.name()})),
            absent: None,
            fields: &[(EXPIRY, |answer| {
                let found = answer.get("TimeToLiveDescription")?;
                let status = found.get("TimeToLiveStatus").and_then(Value::as_str);
                let is_on = matches!(status, Some("ENABLED" | "ENABLING"));
                let name = found.get("AttributeName").filter(|_| is_on);
                Some(name.cloned().unwrap_or_default())
            })],
        },
    ],
    missing: "ResourceNotFoundException",
    heal: |_, _| Request::json(Value::Null),
    needless: None,
};
