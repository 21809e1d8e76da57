//! Parts of the responder behind the protocols of EventBridge, its scheduler and Lambda, and
//! what is declared of them.

use serde_json::{Map, Value, json};

use crate::{
    aws::Aws,
    cloudtrail::Answer,
    declared::sha256,
    http::{Reply, Request},
};

pub const RULE: &str = "arn:aws:events:eu-central-1:111122223333:rule/trailkeeper-trail-changes";
pub const SCHEDULE: &str =
    "arn:aws:scheduler:eu-central-1:111122223333:schedule/trailkeeper/trailkeeper-sweep";
pub const FUNCTION: &str =
    "arn:aws:lambda:eu-central-1:111122223333:function:trailkeeper-responder";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:trailkeeper-dead-letters";
const ROLE: &str = "arn:aws:iam::111122223333:role/trailkeeper-responder";

/// The variable that names the list of parts.
pub const VARIABLE: &str = "TRAILKEEPER_GUARD";

/// All of them, as the services have them; `null` is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// With `Targets` beside the rule's own.
    pub rule: Value,
    pub schedule: Value,
    pub has_group: bool,
    /// Its configuration.
    pub function: Value,
    pub concurrency: Value,
    pub policy: Value,
    pub retries: Value,
}

fn pattern() -> Value {
    json!({"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging", "DeleteTrail"]}})
}

fn target() -> Value {
    json!({
        "Arn": FUNCTION,
        "DeadLetterConfig": {"Arn": QUEUE},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    })
}

fn schedule_target() -> Value {
    json!({
        "Arn": FUNCTION,
        "RoleArn": "arn:aws:iam::111122223333:role/trailkeeper-sweep",
        "Input": r#"{"trailkeeper":"sweep"}"#,
        "DeadLetterConfig": {"Arn": QUEUE},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 185},
    })
}

fn statement() -> Value {
    json!({
        "Sid": "TrailChangesRule", "Effect": "Allow", "Action": "lambda:InvokeFunction",
        "Principal": {"Service": "events.amazonaws.com"}, "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": RULE}},
    })
}

fn rule_document() -> Value {
    json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": RULE,
        "declared": {
            "exists": true, "state": "ENABLED", "pattern": pattern(), "description": "Somebody changed a trail",
            "targets": {"responder": target()},
        },
        "restored": ["exists", "state", "pattern", "description", "targets"],
    })
}

pub fn schedule_document() -> Value {
    json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": SCHEDULE,
        "declared": {
            "exists": true, "state": "ENABLED", "expression": "rate(10 minutes)", "target": schedule_target(),
            "window": {"Mode": "OFF"}, "start": null, "end": null, "kms_key": null, "description": "Sweeps",
        },
        "restored": ["exists", "state", "expression", "target", "window", "start", "end", "kms_key", "description"],
    })
}

fn function_document(concurrency: &Value) -> Value {
    json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": FUNCTION,
        "declared": {
            "exists": true,
            "code": "c2hhMjU2IG9mIHRoZSBwYWNrYWdl",
            "configuration": {
                "timeout": 60, "memory": 256, "role": ROLE, "handler": "bootstrap",
                "runtime": "provided.al2023", "layers": [], "file_systems": [], "kms_key": null, "subnets": [],
                "log_group": "/aws/lambda/trailkeeper-responder", "log_format": "JSON", "log_level": "INFO",
                "system_log_level": "INFO", "architectures": ["arm64"], "dead_letter": null,
                "snap_start": "None", "storage": 512, "TRAILKEEPER_MODE": "enforce",
            },
            "concurrency": concurrency,
            "permissions": {"TrailChangesRule": statement()},
            "retries": {"attempts": 2, "age": 21600, "on_failure": QUEUE, "on_success": null},
        },
        "restored": ["concurrency"],
    })
}

impl Default for Parts {
    /// As declared, but for the name of the list.
    fn default() -> Self {
        Self {
            rule: json!({
                "Name": "trailkeeper-trail-changes", "Arn": RULE, "EventBusName": "default",
                "State": "ENABLED", "EventPattern": pattern().to_string(),
                "Description": "Somebody changed a trail", "Targets": {"responder": target()},
            }),
            schedule: json!({
                "Name": "trailkeeper-sweep", "GroupName": "trailkeeper", "Arn": SCHEDULE, "State": "ENABLED",
                "ScheduleExpression": "rate(10 minutes)", "ScheduleExpressionTimezone": "UTC",
                "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": schedule_target(), "Description": "Sweeps",
            }),
            has_group: true,
            function: json!({
                "FunctionName": "trailkeeper-responder", "FunctionArn": FUNCTION, "Timeout": 60, "MemorySize": 256,
                "Role": ROLE, "Handler": "bootstrap", "Runtime": "provided.al2023",
                "CodeSha256": "c2hhMjU2IG9mIHRoZSBwYWNrYWdl", "LastUpdateStatus": "Successful",
                "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""},
                "LoggingConfig": {
                    "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
                    "LogGroup": "/aws/lambda/trailkeeper-responder",
                },
                "Architectures": ["arm64"], "EphemeralStorage": {"Size": 512},
                "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
                "Environment": {"Variables": {"TRAILKEEPER_MODE": "enforce"}},
            }),
            concurrency: Value::Null,
            policy: json!({"Version": "2012-10-17", "Id": "default", "Statement": [statement()]}),
            retries: json!({
                "FunctionArn": format!("{FUNCTION}:$LATEST"), "LastModified": 1_700_000_000,
                "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21600,
                "DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": QUEUE}},
            }),
        }
    }
}

impl Aws {
    /// The parts are under guard, and so many of the function are to run at once; the
    /// value of the variable.
    pub fn guard_parts(&self, concurrency: &Value) -> String {
        let mut state = self.state();
        let mut store = |what: &str, document: &Value| {
            let text = document.to_string();
            let name = format!("/trailkeeper/trailkeeper/guard/{what}/{}", sha256(&text));
            state.parameters.insert(name.clone(), text);
            name
        };
        let parts = [
            (RULE, store("rule", &rule_document())),
            (SCHEDULE, store("schedule", &schedule_document())),
            (FUNCTION, store("function", &function_document(concurrency))),
        ];
        let parts = parts.map(|(arn, parameter)| json!({"arn": arn, "parameter": parameter}));
        let list = json!({"schema": "trailkeeper.guard", "version": 1, "parts": parts});
        let name = store("list", &list);
        state.parts.function["Environment"]["Variables"][VARIABLE] = json!(name);
        state.parts.concurrency = concurrency.clone();
        name
    }

    /// Another list, which is in no environment; the name of the parameter.
    pub fn another_list(&self) -> String {
        let text = json!({"schema": "trailkeeper.guard", "version": 1, "parts": []}).to_string();
        let name = format!("/trailkeeper/trailkeeper/guard/list/{}", sha256(&text));
        self.state().parameters.insert(name.clone(), text);
        name
    }

    /// What the function is to be according to a document that is not in the list; the
    /// name of the parameter.
    pub fn declare_another_function(&self, change: fn(&mut Value)) -> String {
        let mut document = function_document(&json!(10));
        change(&mut document["declared"]);
        let text = document.to_string();
        let name = format!("/trailkeeper/trailkeeper/guard/function/{}", sha256(&text));
        self.state().parameters.insert(name.clone(), text);
        name
    }

    /// The parts now.
    pub fn parts(&self) -> Parts {
        self.state().parts.clone()
    }

    /// Whether what can be put back is as declared.
    pub fn has_its_parts(&self) -> bool {
        let (now, declared) = (self.parts(), Parts::default());
        let differs = |name: &str| {
            let parsed = |part: &Value| match &part[name] {
                Value::String(text) if name == "EventPattern" => {
                    serde_json::from_str(text).unwrap()
                }
                value => value.clone(),
            };
            let pairs = [
                (&now.rule, &declared.rule),
                (&now.schedule, &declared.schedule),
            ];
            pairs.iter().any(|(a, b)| parsed(a) != parsed(b))
        };
        let fields = [
            "State",
            "EventPattern",
            "Targets",
            "ScheduleExpression",
            "Target",
        ];
        let concurrency = now.concurrency.as_u64().unwrap_or(10);
        now.has_group && concurrency == 10 && !fields.iter().any(|name| differs(name))
    }

    /// The calls that changed a part.
    pub fn part_repairs(&self) -> Vec<String> {
        let mut operations = self.operations();
        operations.retain(|operation| is_repair(operation));
        operations
    }
}

/// Whether a call changes a part.
pub fn is_repair(operation: &str) -> bool {
    matches!(
        operation,
        "PutRule"
            | "PutTargets"
            | "UpdateSchedule"
            | "CreateSchedule"
            | "CreateScheduleGroup"
            | "PutFunctionConcurrency"
            | "DeleteFunctionConcurrency"
    )
}

/// The name of a call in REST; `None` if it is none about a part.
pub fn operation(request: &Request) -> Option<String> {
    let path = request.path.split('?').next()?;
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let name = match (request.method.as_str(), &parts[..]) {
        ("GET", ["schedules", _]) => "GetSchedule",
        ("PUT", ["schedules", _]) => "UpdateSchedule",
        ("POST", ["schedules", _]) => "CreateSchedule",
        ("POST", ["schedule-groups", _]) => "CreateScheduleGroup",
        ("GET", [_, "functions", _, "configuration"]) => "GetFunctionConfiguration",
        ("GET", [_, "functions", _, "concurrency"]) => "GetFunctionConcurrency",
        ("PUT", [_, "functions", _, "concurrency"]) => "PutFunctionConcurrency",
        ("DELETE", [_, "functions", _, "concurrency"]) => "DeleteFunctionConcurrency",
        ("GET", [_, "functions", _, "policy"]) => "GetPolicy",
        ("GET", [_, "functions", _, "event-invoke-config"]) => "GetFunctionEventInvokeConfig",
        _ => return None,
    };
    Some(name.to_owned())
}

const MISSING: Answer = Err("ResourceNotFoundException");

/// What EventBridge answers; `None` if it is asked nothing.
pub fn events(parts: &mut Parts, operation: &str, asked: &Value) -> Answer {
    let named = asked.get("Name").or(asked.get("Rule")).unwrap();
    assert_eq!(named, "trailkeeper-trail-changes");
    assert_eq!(asked["EventBusName"], "default");
    if operation == "PutRule" {
        let targets = match &parts.rule {
            Value::Null => json!({}),
            rule => rule["Targets"].clone(),
        };
        parts.rule = asked.clone();
        parts.rule["Targets"] = targets;
        return Ok(json!({"RuleArn": RULE}));
    }
    if parts.rule.is_null() {
        return MISSING;
    }
    match operation {
        "DescribeRule" => Ok(parts.rule.clone()),
        "ListTargetsByRule" => {
            let targets = parts.rule["Targets"].as_object().unwrap().iter();
            let targets = targets.map(|(id, target)| {
                let mut target = target.clone();
                target["Id"] = json!(id);
                target
            });
            Ok(json!({"Targets": targets.collect::<Vec<_>>()}))
        }
        "PutTargets" => {
            for target in asked["Targets"].as_array().unwrap() {
                let mut target = target.clone();
                let id = target.as_object_mut().unwrap().remove("Id").unwrap();
                parts.rule["Targets"][id.as_str().unwrap()] = target;
            }
            Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
        }
        other => panic!("a call that nobody should make: {other}"),
    }
}

/// What the scheduler and Lambda answer, and whether they did what was asked.
pub fn rest(parts: &mut Parts, operation: &str, request: &Request) -> (Reply, bool) {
    let answer = match operation {
        "GetSchedule" | "UpdateSchedule" | "CreateSchedule" | "CreateScheduleGroup" => {
            scheduler(parts, operation, request)
        }
        _ => lambda(parts, operation, request),
    };
    match answer {
        Ok(Value::Null) => (Reply::answer(204, ""), true),
        Ok(answer) => (Reply::answer(200, answer.to_string()), true),
        Err(code) => {
            let refusal = Reply::Answer {
                status: 404,
                headers: vec![("x-amzn-ErrorType".to_owned(), code.to_owned())],
                body: json!({"Message": format!("{code} for the test")}).to_string(),
            };
            (refusal, false)
        }
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

fn scheduler(parts: &mut Parts, operation: &str, request: &Request) -> Answer {
    if operation == "CreateScheduleGroup" {
        if parts.has_group {
            return Err("ConflictException");
        }
        parts.has_group = true;
        return Ok(json!({"ScheduleGroupArn": "arn"}));
    }
    if !parts.has_group {
        return MISSING;
    }
    if operation == "CreateSchedule" {
        if !parts.schedule.is_null() {
            return Err("ConflictException");
        }
    } else if parts.schedule.is_null() {
        return MISSING;
    }
    if operation == "GetSchedule" {
        assert!(
            request
                .path
                .ends_with("/trailkeeper-sweep?groupName=trailkeeper")
        );
        assert_eq!(request.body, "");
        return Ok(parts.schedule.clone());
    }
    // It is set as a whole.
    let mut after = body(request);
    assert_eq!(after["GroupName"], "trailkeeper");
    if after.get("State").is_none() {
        after["State"] = json!("ENABLED");
    }
    parts.schedule = after;
    Ok(json!({"ScheduleArn": SCHEDULE}))
}

fn lambda(parts: &mut Parts, operation: &str, request: &Request) -> Answer {
    assert!(
        request.path.contains("/functions/trailkeeper-responder/"),
        "{}",
        request.path
    );
    if parts.function.is_null() {
        return MISSING;
    }
    let or_missing = |value: &Value, answer: Value| {
        if value.is_null() { MISSING } else { Ok(answer) }
    };
    match operation {
        "GetFunctionConfiguration" => Ok(parts.function.clone()),
        "GetFunctionConcurrency" => Ok(match &parts.concurrency {
            Value::Null => json!({}),
            many => json!({"ReservedConcurrentExecutions": many}),
        }),
        "GetPolicy" => {
            let policy = json!({"Policy": parts.policy.to_string(), "RevisionId": "r"});
            or_missing(&parts.policy, policy)
        }
        "GetFunctionEventInvokeConfig" => or_missing(&parts.retries, parts.retries.clone()),
        "PutFunctionConcurrency" => {
            parts.concurrency = body(request)["ReservedConcurrentExecutions"].clone();
            Ok(body(request))
        }
        "DeleteFunctionConcurrency" => {
            parts.concurrency = Value::Null;
            Ok(Value::Null)
        }
        other => panic!("a call that nobody should make: {other}"),
    }
}

/// The variables of the function.
pub fn variables(parts: &mut Parts) -> &mut Map<String, Value> {
    parts.function["Environment"]["Variables"]
        .as_object_mut()
        .unwrap()
}
