//! A function of the responder: which calls concern it, how it is observed, how it differs
//! from what is declared, and which calls heal it. Only its concurrency is healed: whoever
//! may change code, configuration or permissions of a function can be whatever that is.
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    config::GUARD,
    declaration::{Declared, Mend},
    event::text,
    guard::{Handling, Read, Request, Speech, or_null, set},
    kind::{Change, Kind, Profile, Wanted},
    policy,
    thing::Thing,
    trail::{Drift, Part},
};

/// SHA-256 of its package.
const CODE: &str = "code";
/// What else it is made of, and its environment, key by key.
const CONFIGURATION: &str = "configuration";
/// How many of it run at once; `null` is no reservation.
const CONCURRENCY: &str = "concurrency";
/// Who may invoke it: the statements of its policy, by id.
const PERMISSIONS: &str = "permissions";
/// What becomes of an event that failed.
const RETRIES: &str = "retries";

const PUT_CONCURRENCY: &str = "lambda:PutFunctionConcurrency";
const DELETE_CONCURRENCY: &str = "lambda:DeleteFunctionConcurrency";

pub(crate) const PROFILE: Profile = Profile {
    what: "function",
    title: "Function",
    source: ("aws.lambda", "lambda.amazonaws.com"),
    resource: "AwsLambdaFunction",
    separator: ':',
    parameters: &["functionName"],
    scope: None,
    fields: &[CODE, CONFIGURATION, CONCURRENCY, PERMISSIONS, RETRIES],
    by_key: &[(CONFIGURATION, false), (PERMISSIONS, false)],
    changes: &[
        Change::new(
            "PutFunctionConcurrency20171031",
            Part::Of(CONCURRENCY),
            ["changed the concurrency of", "change the concurrency of"],
        ),
        Change::new(
            "DeleteFunctionConcurrency20171031",
            Part::Of(CONCURRENCY),
            ["removed the concurrency of", "remove the concurrency of"],
        ),
        Change::new(
            "UpdateFunctionCode20150331v2",
            Part::Of(CODE),
            ["changed the code of", "change the code of"],
        ),
        Change::new(
            "UpdateFunctionConfiguration20150331v2",
            Part::Of(CONFIGURATION),
            [
                "changed the configuration of",
                "change the configuration of",
            ],
        ),
        Change::new(
            "AddPermission20150331v2",
            Part::Of(PERMISSIONS),
            ["added a permission to", "add a permission to"],
        ),
        Change::new(
            "RemovePermission20150331v2",
            Part::Of(PERMISSIONS),
            ["removed a permission of", "remove a permission of"],
        ),
        Change::new(
            "PutFunctionEventInvokeConfig",
            Part::Of(RETRIES),
            ["changed the retries of", "change the retries of"],
        ),
        Change::new(
            "UpdateFunctionEventInvokeConfig",
            Part::Of(RETRIES),
            ["changed the retries of", "change the retries of"],
        ),
        Change::new(
            "DeleteFunctionEventInvokeConfig",
            Part::Of(RETRIES),
            ["removed the retries of", "remove the retries of"],
        ),
        Change::new(
            "DeleteFunction20150331",
            Part::Existence,
            ["deleted", "delete"],
        ),
        Change::new(
            "CreateFunction20150331",
            Part::Existence,
            ["created", "create"],
        ),
    ],
    own_calls: &["PutFunctionConcurrency", "DeleteFunctionConcurrency"],
    normal,
    wanted,
    mends,
};

/// Adds what a document cannot hold to what is declared: the name of the list that the
/// function is in, which ends in the hash of all documents. What runs with another list
/// than this function's is not what was deployed with it.
pub(crate) fn complete(field: &str, declared: &mut Value, thing: &Thing) {
    let list = thing.list.as_ref().filter(|_| field == CONFIGURATION);
    if let Some(list) = list.filter(|_| thing.kind == Kind::Function) {
        set(declared, GUARD, json!(list.name));
    }
}

fn normal(field: &str, value: &Value) -> Value {
    match (field, value) {
        (PERMISSIONS, Value::Object(statements)) => {
            let normal = statements.iter().map(|(id, statement)| {
                let policy = policy::normal(&json!({"Statement": statement}));
                (id.clone(), or_null(&policy, "Statement"))
            });
            Value::Object(normal.collect())
        }
        // A function without a policy has no statements.
        (PERMISSIONS, Value::Null) => json!({}),
        _ => value.clone(),
    }
}

/// Records hide the environment and the code.
fn wanted(
    change: &Change,
    given: &Map<String, Value>,
    declared: &Declared,
    _: &str,
) -> Option<Wanted> {
    const CONCURRENT: &str = "reservedConcurrentExecutions";
    let of = |field| declared.get(field).map(|declared| declared.given.clone());
    let Part::Of(field) = change.part else {
        return None;
    };
    let wanted = match change.name {
        "PutFunctionConcurrency20171031" => given.get(CONCURRENT)?.clone(),
        "DeleteFunctionConcurrency20171031" | "DeleteFunctionEventInvokeConfig" => Value::Null,
        "UpdateFunctionConfiguration20150331v2" => {
            let before = of(CONFIGURATION)?;
            let mut after = before.clone();
            for (name, of) in [
                ("timeout", "timeout"),
                ("memory", "memorySize"),
                ("role", "role"),
            ] {
                if let Some(given) = given.get(of) {
                    set(&mut after, name, given.clone());
                }
            }
            (after != before).then_some(after)?
        }
        "RemovePermission20150331v2" => {
            let mut left = of(PERMISSIONS)?;
            left.as_object_mut()?.remove(text(given, "statementId")?);
            left
        }
        _ => return None,
    };
    Some(vec![(field, wanted)])
}

fn mends(drift: &Drift, declared: &Declared) -> Vec<Mend> {
    let declared = declared.get(CONCURRENCY);
    match (drift.part, declared.map(|declared| &declared.given)) {
        (Part::Of(CONCURRENCY), Some(Value::Null)) => {
            vec![Mend::new(DELETE_CONCURRENCY, CONCURRENCY, Value::Null)]
        }
        (Part::Of(CONCURRENCY), Some(many)) => {
            vec![Mend::new(PUT_CONCURRENCY, CONCURRENCY, many.clone())]
        }
        _ => Vec::new(),
    }
}

const NOT_FOUND: &str = "ResourceNotFoundException";

pub(crate) const HANDLING: Handling = Handling {
    service: (Service::Lambda, Speech::Rest),
    reads: &[
        Read {
            call: "lambda:GetFunctionConfiguration",
            request: |function| get(function, "2015-03-31", "configuration"),
            absent: None,
            fields: &[
                (CODE, |answer| {
                    is_settled(answer).then(|| or_null(answer, "CodeSha256"))
                }),
                (CONFIGURATION, |answer| {
                    is_settled(answer).then(|| configuration(answer))
                }),
            ],
        },
        Read {
            call: "lambda:GetFunctionConcurrency",
            request: |function| get(function, "2019-09-30", "concurrency"),
            absent: None,
            fields: &[(CONCURRENCY, |answer| {
                Some(or_null(answer, "ReservedConcurrentExecutions"))
            })],
        },
        Read {
            call: "lambda:GetPolicy",
            request: |function| get(function, "2015-03-31", "policy"),
            absent: Some(NOT_FOUND),
            fields: &[(PERMISSIONS, statements)],
        },
        Read {
            call: "lambda:GetFunctionEventInvokeConfig",
            request: |function| get(function, "2019-09-25", "event-invoke-config"),
            absent: Some(NOT_FOUND),
            fields: &[(RETRIES, |answer| is_answer(answer).then(|| retries(answer)))],
        },
    ],
    missing: NOT_FOUND,
    heal: |function, mend| {
        let method = if mend.call == PUT_CONCURRENCY {
            "PUT"
        } else {
            "DELETE"
        };
        let mut request = get(function, "2017-10-31", "concurrency");
        request.to.0 = method;
        if mend.call == PUT_CONCURRENCY {
            request.input = json!({"ReservedConcurrentExecutions": mend.value});
        }
        request
    },
    needless: None,
};

fn get(function: &Thing, version: &str, what: &str) -> Request {
    let name = function.name();
    Request::rest("GET", format!("/{version}/functions/{name}/{what}"))
}

/// Whether it is an answer about a function, and no change is still being made.
fn is_settled(answer: &Value) -> bool {
    is_answer(answer) && answer.get("LastUpdateStatus") != Some(&json!("InProgress"))
}

/// What is not set is not in an answer; what it is about always is.
fn is_answer(answer: &Value) -> bool {
    answer.get("FunctionArn").is_some()
}

/// What a function is made of; the names of its environment are capitals.
fn configuration(answer: &Value) -> Value {
    let at = |pointer| answer.pointer(pointer).cloned();
    let text = |pointer| at(pointer).filter(|text| text != "").unwrap_or_default();
    let listed = |name, of: &str| -> Value {
        let all = or_null(answer, name);
        let all = all.as_array().into_iter().flatten();
        all.map(|one| or_null(one, of)).collect()
    };
    let environment = at("/Environment/Variables");
    let mut all = match environment {
        Some(Value::Object(variables)) => variables,
        _ => Map::new(),
    };
    let settings = [
        ("timeout", or_null(answer, "Timeout")),
        ("memory", or_null(answer, "MemorySize")),
        ("role", or_null(answer, "Role")),
        ("handler", or_null(answer, "Handler")),
        ("runtime", or_null(answer, "Runtime")),
        ("layers", listed("Layers", "Arn")),
        ("file_systems", listed("FileSystemConfigs", "Arn")),
        ("kms_key", text("/KMSKeyArn")),
        (
            "subnets",
            at("/VpcConfig/SubnetIds").unwrap_or_else(|| json!([])),
        ),
        ("log_group", text("/LoggingConfig/LogGroup")),
        ("log_format", text("/LoggingConfig/LogFormat")),
        ("log_level", text("/LoggingConfig/ApplicationLogLevel")),
        ("system_log_level", text("/LoggingConfig/SystemLogLevel")),
        ("architectures", or_null(answer, "Architectures")),
        ("dead_letter", text("/DeadLetterConfig/TargetArn")),
        (
            "snap_start",
            at("/SnapStart/ApplyOn").unwrap_or_else(|| json!("None")),
        ),
        (
            "storage",
            at("/EphemeralStorage/Size").unwrap_or_else(|| json!(512)),
        ),
    ];
    let settings = settings.into_iter();
    all.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(all)
}

fn statements(answer: &Value) -> Option<Value> {
    let policy: Value = serde_json::from_str(answer.get("Policy")?.as_str()?).ok()?;
    let statements = policy.get("Statement")?.as_array()?.iter();
    let by_id = statements.enumerate().map(|(at, statement)| {
        let id = statement.get("Sid").and_then(Value::as_str);
        (
            id.map_or_else(|| at.to_string(), str::to_owned),
            statement.clone(),
        )
    });
    Some(Value::Object(by_id.collect()))
}

fn retries(answer: &Value) -> Value {
    let destination = |which: &str| {
        let of = format!("/DestinationConfig/{which}/Destination");
        answer.pointer(&of).cloned().unwrap_or_default()
    };
    json!({
        "attempts": answer.get("MaximumRetryAttempts"),
        "age": answer.get("MaximumEventAgeInSeconds"),
        "on_failure": destination("OnFailure"),
        "on_success": destination("OnSuccess"),
    })
}
