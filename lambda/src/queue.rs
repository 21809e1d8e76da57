//! The dead-letter queue of the responder: which calls concern it, how it is observed, and
//! how it differs from what is declared. Nothing of it is healed.
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::Declared,
    endpoint,
    guard::{Handling, Read, Request, Speech, or_null},
    kind::{Change, Profile, Wanted},
    policy,
    sqs::SQS,
    thing::Thing,
    trail::Part,
};

/// Who may send to it and change it.
const POLICY: &str = "policy";
/// Seconds that a message is kept.
const RETENTION: &str = "retention";
/// The key that encrypts it; `null` is SQS's own.
const KEY: &str = "kms_key";

pub(crate) const PROFILE: Profile = Profile {
    what: "queue",
    title: "Queue",
    source: ("aws.sqs", "sqs.amazonaws.com"),
    resource: "AwsSqsQueue",
    separator: ':',
    parameters: &["queueUrl"],
    scope: None,
    fields: &[POLICY, RETENTION, KEY],
    by_key: &[],
    changes: &[
        Change::new(
            "SetQueueAttributes",
            Part::Of(POLICY),
            ["changed", "change"],
        ),
        Change::new(
            "SetQueueAttributes",
            Part::Of(RETENTION),
            ["changed", "change"],
        ),
        Change::new("SetQueueAttributes", Part::Of(KEY), ["changed", "change"]),
        Change::new(
            "AddPermission",
            Part::Of(POLICY),
            ["added a permission to", "add a permission to"],
        ),
        Change::new(
            "RemovePermission",
            Part::Of(POLICY),
            ["removed a permission of", "remove a permission of"],
        ),
        Change::new("DeleteQueue", Part::Existence, ["deleted", "delete"]),
        // What was in it is gone, and nothing shows that.
        Change::new("PurgeQueue", Part::Of(POLICY), ["emptied", "empty"]),
    ],
    own_calls: &[],
    normal: |field, value| match (field, value) {
        (POLICY, policy) => policy::normal(policy),
        (RETENTION, Value::Number(seconds)) => seconds.to_string().into(),
        _ => value.clone(),
    },
    wanted,
    mends: |_, _| Vec::new(),
};

fn wanted(change: &Change, given: &Map<String, Value>, _: &Declared, _: &str) -> Option<Wanted> {
    if change.name != "SetQueueAttributes" {
        return None;
    }
    let given = given.get("attributes")?.as_object()?;
    let names = [
        (POLICY, "Policy"),
        (RETENTION, "MessageRetentionPeriod"),
        (KEY, "KmsMasterKeyId"),
    ];
    // What others do is not compared: a limit of the size can keep out what is sent here.
    let is_known = |name: &String| names.iter().any(|(_, known)| known == name);
    given.keys().all(is_known).then(|| {
        let set = names.iter();
        set.filter_map(|(field, name)| Some((*field, given.get(*name)?.clone())))
            .collect()
    })
}

/// Its address, as calls name it.
fn url(queue: &Thing) -> String {
    let Thing {
        region, account, ..
    } = queue;
    let suffix = endpoint::suffix(region);
    format!("https://sqs.{region}.{suffix}/{account}/{}", queue.name())
}

pub(crate) const HANDLING: Handling = Handling {
    service: (Service::Sqs, Speech::Json(SQS)),
    reads: &[Read {
        call: "sqs:GetQueueAttributes",
        request: |queue| {
            let names = ["Policy", "MessageRetentionPeriod", "KmsMasterKeyId"];
            Request::json(json!({"QueueUrl": url(queue), "AttributeNames": names}))
        },
        absent: None,
        fields: &[
            (POLICY, |answer| attribute(answer, "Policy")),
            (RETENTION, |answer| {
                attribute(answer, "MessageRetentionPeriod")
            }),
            (KEY, |answer| attribute(answer, "KmsMasterKeyId")),
        ],
    }],
    missing: "QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue",
    heal: |_, _| Request::json(Value::Null),
    needless: None,
};

/// What is not set is not in an answer; some attributes always are.
fn attribute(answer: &Value, name: &str) -> Option<Value> {
    Some(or_null(answer.get("Attributes")?, name))
}
