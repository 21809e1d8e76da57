//! A rule that wakes the responder, with its target: which calls concern it, how it is
//! observed, how it differs from what is declared, and which calls heal it.
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html>.
//!
//! Targets that others add take nothing away, and are none of its business: a permission to
//! remove targets would be one to blind the responder.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::{Declared, EXISTS, Mend},
    event::text,
    guard::{Handling, Read, Request, Speech, capitalised, or_null, set},
    json_api::{JSON_1_1, Json},
    kind::{Change, Profile, Wanted},
    thing::Thing,
    trail::{Drift, Part},
};

/// Whether it is on.
const STATE: &str = "state";
/// Which events it lets through.
const PATTERN: &str = "pattern";
const DESCRIPTION: &str = "description";
/// The declared targets, by id, as a whole: what is added to one, such as another input,
/// is a difference.
const TARGETS: &str = "targets";

const PUT_RULE: &str = "events:PutRule";
const PUT_TARGETS: &str = "events:PutTargets";

pub(crate) const PROFILE: Profile = Profile {
    what: "event rule",
    title: "Event rule",
    source: ("aws.events", "events.amazonaws.com"),
    resource: "AwsEventsRule",
    separator: '/',
    parameters: &["name", "rule"],
    scope: Some("eventBusName"),
    fields: &[STATE, PATTERN, DESCRIPTION, TARGETS],
    by_key: &[(TARGETS, true)],
    changes: &[
        Change::new("DisableRule", Part::Of(STATE), ["disabled", "disable"]),
        Change::new("DeleteRule", Part::Existence, ["deleted", "delete"]),
        Change::new("PutRule", Part::Of(PATTERN), ["changed", "change"]),
        Change::new(
            "RemoveTargets",
            Part::Of(TARGETS),
            ["removed targets of", "remove targets of"],
        ),
        Change::new(
            "PutTargets",
            Part::Of(TARGETS),
            ["changed targets of", "change targets of"],
        ),
    ],
    own_calls: &["PutRule", "PutTargets"],
    normal,
    wanted,
    mends,
};

fn normal(field: &str, value: &Value) -> Value {
    match (field, value) {
        // Terraform declares it as an object, and the service has it as text.
        (PATTERN, Value::String(text)) => serde_json::from_str(text).unwrap_or(value.clone()),
        (DESCRIPTION, Value::Null) => "".into(),
        _ => value.clone(),
    }
}

fn wanted(
    change: &Change,
    given: &Map<String, Value>,
    declared: &Declared,
    _: &str,
) -> Option<Wanted> {
    let of = |field| declared.get(field).map(|declared| declared.given.clone());
    let targets = || -> Option<Map<String, Value>> { of(TARGETS)?.as_object().cloned() };
    Some(match change.name {
        "DisableRule" => vec![(STATE, json!("DISABLED"))],
        "PutRule" => {
            // What is not given is what a new rule has.
            let state = text(given, "state").unwrap_or("ENABLED");
            let pattern = given.get("eventPattern")?;
            vec![
                (STATE, state.into()),
                (PATTERN, pattern.clone()),
                (
                    DESCRIPTION,
                    given.get("description").cloned().unwrap_or_default(),
                ),
            ]
        }
        "RemoveTargets" => {
            let removed = given.get("ids")?.as_array()?;
            let mut left = targets()?;
            left.retain(|id, _| removed.iter().all(|removed| removed != id));
            vec![(TARGETS, left.into())]
        }
        _ => {
            let mut after = targets()?;
            after.extend(by_id(&capitalised(given.get("targets")?))?);
            vec![(TARGETS, after.into())]
        }
    })
}

/// Targets by their ids.
fn by_id(targets: &Value) -> Option<Map<String, Value>> {
    let targets = targets.as_array()?.iter().map(|target| {
        let mut target = target.as_object()?.clone();
        let id = target.remove("Id")?.as_str()?.to_owned();
        Some((id, Value::Object(target)))
    });
    targets.collect()
}

fn mends(drift: &Drift, declared: &Declared) -> Vec<Mend> {
    let of = |field| declared.get(field).map(|declared| &declared.given);
    let put_rule = |field| {
        let pattern = of(PATTERN).map(ToString::to_string);
        let rule = json!({
            "EventPattern": pattern,
            "State": of(STATE),
            "Description": of(DESCRIPTION),
        });
        Mend::new(PUT_RULE, field, rule)
    };
    match drift.part {
        // The next look finds what else it lacks.
        Part::Existence => vec![put_rule(EXISTS)],
        Part::Of(TARGETS) => {
            let targets = of(TARGETS).and_then(Value::as_object).into_iter().flatten();
            let targets = targets.map(|(id, target)| {
                let mut target = target.clone();
                set(&mut target, "Id", json!(id));
                target
            });
            vec![Mend::new(PUT_TARGETS, TARGETS, targets.collect())]
        }
        Part::Of(STATE) => vec![put_rule(STATE)],
        Part::Of(PATTERN) => vec![put_rule(PATTERN)],
        _ => vec![put_rule(DESCRIPTION)],
    }
}

pub(crate) const HANDLING: Handling = Handling {
    service: (
        Service::Events,
        Speech::Json(Json {
            content_type: JSON_1_1,
            target: "AWSEvents",
        }),
    ),
    reads: &[
        Read {
            call: "events:DescribeRule",
            request: |rule| {
                let input = json!({"Name": rule.name(), "EventBusName": rule.scope()});
                Request::json(input)
            },
            absent: None,
            fields: &[
                (STATE, |rule| rule.get("State").cloned()),
                (PATTERN, |rule| Some(or_null(rule, "EventPattern"))),
                (DESCRIPTION, |rule| Some(or_null(rule, "Description"))),
            ],
        },
        Read {
            call: "events:ListTargetsByRule",
            request: |rule| {
                let input = json!({"Rule": rule.name(), "EventBusName": rule.scope()});
                Request::json(input)
            },
            absent: None,
            fields: &[(TARGETS, |answer| {
                by_id(answer.get("Targets")?).map(Value::Object)
            })],
        },
    ],
    missing: "ResourceNotFoundException",
    heal,
    needless: None,
};

fn heal(rule: &Thing, mend: &Mend) -> Request {
    let mut input = if mend.call == PUT_TARGETS {
        json!({"Rule": rule.name(), "Targets": mend.value})
    } else {
        let mut input = mend.value.clone();
        set(&mut input, "Name", json!(rule.name()));
        input
    };
    set(&mut input, "EventBusName", json!(rule.scope()));
    Request::json(input)
}
