//! The topic of the notices: which calls concern it, how it is observed, how it differs from
//! what is declared, and which calls heal it.
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Operations.html>.
//!
//! Subscriptions that others add take no notice away, and are none of its business.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::{Declared, Mend},
    event::text,
    guard::{Handling, Read, Request, Speech, members, set},
    kind::{Change, Profile, Wanted},
    policy,
    thing::Thing,
    trail::{Drift, Part},
};

/// Who may publish to it and change it.
const POLICY: &str = "policy";
/// The key that encrypts it.
const KEY: &str = "kms_key";
/// Who gets the notices: attributes by protocol and endpoint, with a blank between them.
pub(crate) const SUBSCRIPTIONS: &str = "subscriptions";
/// Which notices they get, and how: the attributes of those subscriptions.
pub(crate) const FILTERS: &str = "filters";

const SET_ATTRIBUTES: &str = "sns:SetTopicAttributes";
const SUBSCRIBE: &str = "sns:Subscribe";

/// The attributes of a subscription that are declared, and what none is.
const ATTRIBUTES: [(&str, &str); 3] = [
    ("FilterPolicy", ""),
    ("FilterPolicyScope", "MessageAttributes"),
    ("RawMessageDelivery", "false"),
];

pub(crate) const PROFILE: Profile = Profile {
    what: "topic",
    title: "Topic",
    source: ("aws.sns", "sns.amazonaws.com"),
    resource: "AwsSnsTopic",
    separator: ':',
    parameters: &["topicArn", "subscriptionArn"],
    scope: None,
    fields: &[POLICY, KEY, SUBSCRIPTIONS, FILTERS],
    by_key: &[(SUBSCRIPTIONS, true), (FILTERS, true)],
    changes: &[
        Change::new(
            "SetTopicAttributes",
            Part::Of(POLICY),
            ["changed", "change"],
        ),
        Change::new("SetTopicAttributes", Part::Of(KEY), ["changed", "change"]),
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
        Change::new(
            "Unsubscribe",
            Part::Of(SUBSCRIPTIONS),
            ["removed a subscription of", "remove a subscription of"],
        ),
        Change::new(
            "Subscribe",
            Part::Of(SUBSCRIPTIONS),
            ["added a subscription to", "add a subscription to"],
        ),
        Change::new(
            "SetSubscriptionAttributes",
            Part::Of(FILTERS),
            ["changed a subscription of", "change a subscription of"],
        ),
        Change::new("DeleteTopic", Part::Existence, ["deleted", "delete"]),
        Change::new("CreateTopic", Part::Existence, ["created", "create"]),
    ],
    own_calls: &["SetTopicAttributes", "Subscribe"],
    normal,
    wanted,
    mends,
};

fn normal(field: &str, value: &Value) -> Value {
    match (field, value) {
        (POLICY, policy) => policy::normal(policy),
        (SUBSCRIPTIONS, Value::Object(all)) => {
            let all = all.iter();
            let is_there = |found: &Value| json!(!found.is_null());
            all.map(|(who, found)| (who.clone(), is_there(found)))
                .collect::<Map<_, _>>()
                .into()
        }
        (FILTERS, Value::Object(all)) => {
            let all = all.iter().map(|(who, found)| (who.clone(), filter(found)));
            all.collect::<Map<_, _>>().into()
        }
        (KEY, Value::String(key)) if key.is_empty() => Value::Null,
        _ => value.clone(),
    }
}

/// The attributes of one subscription, comparable.
fn filter(given: &Value) -> Value {
    let of = |name: &str, none: &str| match given.get(name) {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Bool(is_on)) => is_on.to_string(),
        _ => none.to_owned(),
    };
    let mut filter: Map<String, Value> = ATTRIBUTES
        .iter()
        .map(|(name, none)| ((*name).to_owned(), of(name, none).into()))
        .collect();
    let text = of("FilterPolicy", "");
    if let Ok(policy) = serde_json::from_str::<Value>(&text) {
        filter.insert("FilterPolicy".to_owned(), policy);
    } else if text.is_empty() {
        // Without a policy its scope says nothing.
        filter.remove("FilterPolicyScope");
    }
    filter.into()
}

fn wanted(
    change: &Change,
    given: &Map<String, Value>,
    declared: &Declared,
    _: &str,
) -> Option<Wanted> {
    Some(match change.name {
        "SetTopicAttributes" => {
            let value = given.get("attributeValue").cloned().unwrap_or_default();
            match text(given, "attributeName")? {
                "Policy" => vec![(POLICY, value)],
                "KmsMasterKeyId" => vec![(KEY, value)],
                "DisplayName" => Vec::new(),
                // How deliveries are tried again, for instance, is not compared.
                _ => return None,
            }
        }
        "Subscribe" => {
            let who = format!("{} {}", text(given, "protocol")?, text(given, "endpoint")?);
            let mut after = declared.get(SUBSCRIPTIONS)?.given.clone();
            set(&mut after, &who, json!({}));
            vec![(SUBSCRIPTIONS, after)]
        }
        // A record names a subscription by a number, or hides its endpoint.
        _ => return None,
    })
}

fn mends(drift: &Drift, declared: &Declared) -> Vec<Mend> {
    let of = |field| declared.get(field).map(|declared| &declared.given);
    let set_to = |field, name: &str, value: Option<String>| {
        let value = value.unwrap_or_default();
        let given = json!({"AttributeName": name, "AttributeValue": value});
        vec![Mend::new(SET_ATTRIBUTES, field, given)]
    };
    match drift.part {
        Part::Of(POLICY) => set_to(POLICY, "Policy", of(POLICY).map(ToString::to_string)),
        Part::Of(KEY) => {
            let key = of(KEY).and_then(Value::as_str).map(str::to_owned);
            set_to(KEY, "KmsMasterKeyId", key)
        }
        Part::Of(SUBSCRIPTIONS) => {
            let missing = drift.found().as_object().into_iter().flatten();
            let missing = missing.filter(|(_, found)| found.is_null());
            let all = of(SUBSCRIPTIONS);
            let mends = missing.filter_map(|(who, _)| {
                let (protocol, endpoint) = who.split_once(' ')?;
                let mut given = json!({"Protocol": protocol, "Endpoint": endpoint});
                let attributes = all?.get(who)?.as_object()?.iter();
                for (at, (name, value)) in attributes.enumerate() {
                    let entry = |what| format!("Attributes.entry.{}.{what}", at + 1);
                    set(&mut given, &entry("key"), name.as_str().into());
                    set(&mut given, &entry("value"), value.clone());
                }
                Some(Mend::new(SUBSCRIBE, SUBSCRIPTIONS, given))
            });
            mends.collect()
        }
        _ => Vec::new(),
    }
}

pub(crate) const HANDLING: Handling = Handling {
    service: (Service::Sns, Speech::Query("2010-03-31")),
    reads: &[
        Read {
            call: "sns:GetTopicAttributes",
            request: |topic| Request::json(json!({"TopicArn": topic.arn})),
            absent: None,
            fields: &[
                (POLICY, |answer| {
                    attributes(answer, "GetTopicAttributesResult")?
                        .get("Policy")
                        .cloned()
                }),
                (KEY, |answer| {
                    let all = attributes(answer, "GetTopicAttributesResult")?;
                    Some(all.get("KmsMasterKeyId").cloned().unwrap_or_default())
                }),
            ],
        },
        Read {
            // One that stands behind a hundred others is missed, and subscribed again,
            // which changes nothing.
            call: LIST,
            request: |topic| Request::json(json!({"TopicArn": topic.arn})),
            absent: None,
            fields: &[(SUBSCRIPTIONS, |answer| {
                let all = answer.pointer("/ListSubscriptionsByTopicResult/Subscriptions")?;
                let all = members(all.get("member").unwrap_or(&Value::Null));
                let mut found = json!({});
                for one in &all {
                    let text = |name| one.get(name).and_then(Value::as_str);
                    let who = format!("{} {}", text("Protocol")?, text("Endpoint")?);
                    let arn = text("SubscriptionArn").filter(|arn| *arn != "Deleted");
                    if let Some(arn) = arn {
                        set(&mut found, &who, arn.into());
                    }
                }
                Some(found)
            })],
        },
    ],
    missing: "NotFound",
    heal,
    needless: None,
};

const LIST: &str = "sns:ListSubscriptionsByTopic";
/// The call that reads the attributes of one subscription.
pub(crate) const GET_ATTRIBUTES: &str = "sns:GetSubscriptionAttributes";

/// What reads the attributes of the subscription `arn`; `None` if it is not confirmed yet.
pub(crate) fn attributes_of(arn: &Value) -> Option<Request> {
    let arn = arn.as_str().filter(|arn| arn.starts_with("arn:"))?;
    Some(Request::json(json!({"SubscriptionArn": arn})))
}

/// The attributes in an answer to [`GET_ATTRIBUTES`].
pub(crate) fn filters(answer: &Value) -> Option<Value> {
    attributes(answer, "GetSubscriptionAttributesResult").map(Value::Object)
}

fn attributes(answer: &Value, result: &str) -> Option<Map<String, Value>> {
    let entries = answer.get(result)?.get("Attributes")?.get("entry")?;
    let entries = members(entries).into_iter().map(|entry| {
        let key = entry.get("key")?.as_str()?.to_owned();
        Some((key, entry.get("value").cloned().unwrap_or_default()))
    });
    entries.collect()
}

fn heal(topic: &Thing, mend: &Mend) -> Request {
    let mut input = mend.value.clone();
    set(&mut input, "TopicArn", json!(topic.arn));
    Request::json(input)
}
