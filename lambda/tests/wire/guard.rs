//! The parts of the responder: put back where that is safe, told as critical always, and
//! left alone if they are as declared.

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, by, event_of},
    aws::{Aws, PUBLISH, START, now},
    failure, in_whole_seconds,
    lambda::Function,
    parts::{FUNCTION, Parts, RULE, SCHEDULE, VARIABLE, variables},
    stop,
};

fn guarded(settings: &[(&str, &str)]) -> (Aws, Function) {
    guarded_with(&json!(10), settings)
}

fn guarded_with(concurrency: &Value, settings: &[(&str, &str)]) -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let list = aws.guard_parts(concurrency);
    let mut all = vec![(VARIABLE, list.as_str())];
    all.extend(settings);
    let function = Function::start(&aws, &all);
    (aws, function)
}

pub fn of(service: &str, call: &str, parameters: &Value) -> Value {
    let mut event = event_of(call, &json!({}));
    event["source"] = json!(format!("aws.{service}"));
    event["detail"]["eventSource"] = json!(format!("{service}.amazonaws.com"));
    event["detail"]["requestParameters"] = parameters.clone();
    event
}

fn rule(call: &str, mut parameters: Value) -> Value {
    let name = if call.ends_with("Targets") {
        "rule"
    } else {
        "name"
    };
    parameters[name] = json!("trailkeeper-trail-changes");
    of("events", call, &parameters)
}

fn schedule(call: &str, mut parameters: Value) -> Value {
    parameters["name"] = json!("trailkeeper-sweep");
    parameters["groupName"] = json!("trailkeeper");
    of("scheduler", call, &parameters)
}

fn function_event(call: &str, mut parameters: Value) -> Value {
    parameters["functionName"] = json!("trailkeeper-responder");
    of("lambda", call, &parameters)
}

fn last(aws: &Aws) -> Value {
    aws.documents().pop().unwrap()
}

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

type Attack = (&'static str, fn(&mut Parts), Value, &'static [&'static str]);

/// What an attacker does to what can be put back: the field, the event, and the calls that
/// put it back.
fn attacks() -> Vec<Attack> {
    let mut all = on_rule();
    all.extend(on_schedule());
    all.extend(on_function());
    all
}

fn on_rule() -> Vec<Attack> {
    const PUT_RULE: &[&str] = &["PutRule"];
    const PUT_TARGETS: &[&str] = &["PutTargets"];
    vec![
        (
            "state",
            |p| p.rule["State"] = json!("DISABLED"),
            rule("DisableRule", json!({})),
            PUT_RULE,
        ),
        (
            "pattern",
            |p| p.rule["EventPattern"] = json!(r#"{"source":["aws.nothing"]}"#),
            rule(
                "PutRule",
                json!({"eventPattern": r#"{"source":["aws.nothing"]}"#, "state": "ENABLED"}),
            ),
            PUT_RULE,
        ),
        (
            "exists",
            |p| p.rule = Value::Null,
            rule("DeleteRule", json!({})),
            &["PutRule", "PutTargets"],
        ),
        (
            "targets",
            |p| p.rule["Targets"] = json!({}),
            rule("RemoveTargets", json!({"ids": ["responder"]})),
            PUT_TARGETS,
        ),
        (
            "targets",
            |p| p.rule["Targets"]["responder"]["Input"] = json!("{}"),
            rule(
                "PutTargets",
                json!({"targets": [{"id": "responder", "arn": FUNCTION, "input": "{}"}]}),
            ),
            PUT_TARGETS,
        ),
    ]
}

fn on_schedule() -> Vec<Attack> {
    const UPDATE: &[&str] = &["UpdateSchedule"];
    const CREATE: &[&str] = &["CreateScheduleGroup", "CreateSchedule"];
    vec![
        (
            "state",
            |p| p.schedule["State"] = json!("DISABLED"),
            schedule(
                "UpdateSchedule",
                json!({"state": "DISABLED", "scheduleExpression": "rate(10 minutes)"}),
            ),
            UPDATE,
        ),
        (
            "expression",
            |p| p.schedule["ScheduleExpression"] = json!("rate(365 days)"),
            schedule(
                "UpdateSchedule",
                json!({"scheduleExpression": "rate(365 days)"}),
            ),
            UPDATE,
        ),
        (
            "target",
            |p| p.schedule["Target"]["Input"] = json!("{}"),
            schedule(
                "UpdateSchedule",
                json!({"scheduleExpression": "rate(10 minutes)"}),
            ),
            UPDATE,
        ),
        (
            "end",
            |p| p.schedule["EndDate"] = json!(1_700_000_000),
            schedule("UpdateSchedule", json!({})),
            UPDATE,
        ),
        (
            "exists",
            |p| p.schedule = Value::Null,
            schedule("DeleteSchedule", json!({})),
            CREATE,
        ),
        (
            "exists",
            |p| {
                p.schedule = Value::Null;
                p.has_group = false;
            },
            of(
                "scheduler",
                "DeleteScheduleGroup",
                &json!({"name": "trailkeeper"}),
            ),
            CREATE,
        ),
    ]
}

fn on_function() -> Vec<Attack> {
    vec![
        (
            "concurrency",
            |p| p.concurrency = json!(1),
            function_event(
                "PutFunctionConcurrency20171031",
                json!({"reservedConcurrentExecutions": 1}),
            ),
            &["PutFunctionConcurrency"],
        ),
        (
            "concurrency",
            |p| p.concurrency = Value::Null,
            function_event("DeleteFunctionConcurrency20171031", json!({})),
            &["PutFunctionConcurrency"],
        ),
    ]
}

/// What is done so that a call of the function's is needed.
pub struct Scene {
    pub arn: &'static str,
    pub attack: fn(&mut Parts),
    pub event: Value,
    /// How many of the function are declared to run at once.
    pub concurrency: Value,
}

/// For the call of this name.
pub fn scene(operation: &str) -> Scene {
    let (arn, (_, attack, event, _)) = {
        let mut all = attacks();
        let (arn, number) = match operation {
            "DescribeRule" => (RULE, 0),
            "PutRule" => (RULE, 2),
            "ListTargetsByRule" | "PutTargets" => (RULE, 3),
            "GetSchedule" | "UpdateSchedule" => (SCHEDULE, 5),
            "CreateSchedule" => (SCHEDULE, 9),
            "CreateScheduleGroup" => (SCHEDULE, 10),
            _ => (FUNCTION, 11),
        };
        (arn, all.swap_remove(number))
    };
    Scene {
        arn,
        attack,
        event,
        concurrency: match operation {
            "DeleteFunctionConcurrency" => Value::Null,
            _ => json!(10),
        },
    }
}

/// A service adds what is not given.
fn as_declared(aws: &Aws) -> Parts {
    let mut parts = aws.parts();
    for gone in ["Arn", "Name", "EventBusName", "ScheduleExpressionTimezone"] {
        for part in [&mut parts.rule, &mut parts.schedule] {
            part.as_object_mut().unwrap().remove(gone);
        }
    }
    let pattern = parts.rule["EventPattern"].as_str().unwrap();
    parts.rule["EventPattern"] = serde_json::from_str(pattern).unwrap();
    parts
}

#[test]
fn what_can_be_put_back_is_read_back_and_told_as_critical() {
    for (field, attack, event, repairs) in attacks() {
        let (aws, function) = guarded(&[]);
        let call = event["detail"]["eventName"].as_str().unwrap();
        let before = as_declared(&aws);
        attack(&mut aws.state().parts);
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{call} {field}");
        assert_eq!(as_declared(&aws), before, "{call} {field}");
        // That a group is there already is said to be a conflict, and those may pass.
        let mut made = aws.part_repairs();
        made.dedup();
        assert_eq!(made, repairs, "{call} {field}");
        assert_eq!(aws.writes(), [""; 0], "the trail is none of its business");
        let looked = aws.operations().iter().rposition(|o| {
            o.starts_with("Describe") || o == "GetSchedule" || o == "GetFunctionConcurrency"
        });
        let repaired = aws.operations().iter().rposition(|o| repairs[0] == o);
        assert!(looked > repaired, "{call} {field} was not read back");
        let notice = last(&aws);
        assert_eq!(notice["severity"], "critical", "{call} {field}");
        assert_eq!(notice["drift"][0]["field"], field, "{call}");
        assert_eq!(notice["trail"]["arn"], Value::Null);
        assert_eq!(notice["trail"]["account"], "111122223333");
        let said = notice["summary"].as_str().unwrap();
        assert!(
            said.contains("as declared") && said.ends_with("read back."),
            "{said}"
        );
        assert!(
            !aws.mail().contains("trail is as declared"),
            "{}",
            aws.mail()
        );
    }
}

type Reported = (&'static str, fn(&mut Parts), Value);

/// What is not put back by anybody but people.
fn reported() -> Vec<Reported> {
    vec![
        (
            "code",
            |p| p.function["CodeSha256"] = json!("b3RoZXI="),
            function_event("UpdateFunctionCode20150331v2", json!({"publish": false})),
        ),
        (
            "configuration",
            |p| p.function["Timeout"] = json!(1),
            function_event(
                "UpdateFunctionConfiguration20150331v2",
                json!({"timeout": 1}),
            ),
        ),
        (
            "configuration",
            |p| p.function["Role"] = json!("arn:aws:iam::111122223333:role/none"),
            function_event(
                "UpdateFunctionConfiguration20150331v2",
                json!({"role": "arn:aws:iam::111122223333:role/none"}),
            ),
        ),
        (
            "configuration",
            |p| p.function["Layers"] = json!([{"Arn": "arn:aws:lambda:::layer:evil:1"}]),
            function_event("UpdateFunctionConfiguration20150331v2", json!({})),
        ),
        (
            "configuration",
            |p| _ = variables(p).insert("TRAILKEEPER_MODE".to_owned(), json!("observe")),
            function_event(
                "UpdateFunctionConfiguration20150331v2",
                json!({"environment": {}}),
            ),
        ),
        (
            "configuration",
            |p| {
                variables(p).insert("AWS_ENDPOINT_URL".to_owned(), json!("http://evil.example"));
            },
            function_event(
                "UpdateFunctionConfiguration20150331v2",
                json!({"environment": {}}),
            ),
        ),
        (
            "configuration",
            |p| _ = variables(p).remove(VARIABLE),
            function_event(
                "UpdateFunctionConfiguration20150331v2",
                json!({"environment": {}}),
            ),
        ),
        (
            "permissions",
            |p| p.policy = Value::Null,
            function_event(
                "RemovePermission20150331v2",
                json!({"statementId": "TrailChangesRule"}),
            ),
        ),
        (
            "permissions",
            |p| {
                let all = p.policy["Statement"].as_array_mut().unwrap();
                all.push(
                    json!({"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "lambda:*"}),
                );
            },
            function_event("AddPermission20150331v2", json!({"statementId": "x"})),
        ),
        (
            "retries",
            |p| p.retries["MaximumRetryAttempts"] = json!(0),
            function_event("PutFunctionEventInvokeConfig", json!({})),
        ),
        (
            "retries",
            |p| p.retries = Value::Null,
            function_event("DeleteFunctionEventInvokeConfig", json!({})),
        ),
        (
            "exists",
            |p| p.function = Value::Null,
            function_event("DeleteFunction20150331", json!({})),
        ),
    ]
}

#[test]
fn what_people_must_put_back_is_told_at_once_as_critical() {
    for (field, attack, event) in reported() {
        let (aws, function) = guarded(&[]);
        let call = event["detail"]["eventName"].as_str().unwrap();
        attack(&mut aws.state().parts);
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["reported"]}), "{call}");
        assert_eq!(aws.part_repairs(), [""; 0], "{call}");
        let notice = last(&aws);
        assert_eq!(notice["severity"], "critical", "{call}");
        assert_eq!(notice["thing"]["kind"], "function");
        assert_eq!(notice["thing"]["arn"], FUNCTION);
        assert_eq!(notice["drift"][0]["field"], field, "{call}");
        assert_eq!(notice["verification"]["still_differs"], json!([field]));
        let mail = aws.mail();
        assert!(mail.contains("terraform apply"), "{mail}");
        assert!(mail.contains("aws lambda get-"), "{mail}");
    }
}

#[test]
fn a_sweep_finds_that_too_and_reminds_of_it_once() {
    let (aws, function) = guarded(&[]);
    {
        let parts = &mut aws.state().parts;
        parts.function["CodeSha256"] = json!("b3RoZXI=");
        parts.function["Timeout"] = json!(1);
        parts.policy = Value::Null;
        parts.retries = Value::Null;
    }
    for _ in 0..2 {
        answered(function.invoke(&sweep()));
    }
    assert_eq!(aws.count(PUBLISH), 1);
    let differs = json!(["code", "configuration", "permissions", "retries"]);
    assert_eq!(last(&aws)["verification"]["still_differs"], differs);
}

#[test]
fn what_is_still_wrong_is_put_down_to_the_call_that_was_told_and_to_none_before_it() {
    let (aws, function) = guarded(&[]);
    let (_, attack, event) = reported().swap_remove(1);
    let events = [("1", 600.0), ("2", 60.0)].map(|(number, ago)| {
        let mut event = event.clone();
        event["detail"]["eventID"] = json!(format!("b2c3d4e5-0000-4000-8000-00000000000{number}"));
        event["detail"]["eventTime"] = json!(in_whole_seconds(now() - ago));
        aws.state().history.push(event["detail"].clone());
        event
    });
    attack(&mut aws.state().parts);
    answered(function.invoke(&events[1]));
    answered(function.invoke(&sweep()));
    let told = aws.documents();
    let [by_event, by_sweep] = &told[..] else {
        panic!("{told:#?}");
    };
    assert_eq!(by_event["outcome"], "reported");
    assert_eq!(by_sweep["source"], "sweep");
    assert_eq!(by_sweep["event"]["id"], events[1]["detail"]["eventID"]);
}

#[test]
fn of_a_changed_environment_only_what_differs_is_told() {
    let (aws, function) = guarded(&[]);
    variables(&mut aws.state().parts).insert("TRAILKEEPER_MODE".to_owned(), json!("observe"));
    answered(function.invoke(&sweep()));
    let drift = json!([{
        "field": "configuration",
        "before": {"TRAILKEEPER_MODE": "observe"},
        "after": {"TRAILKEEPER_MODE": "enforce"},
    }]);
    assert_eq!(last(&aws)["drift"], drift);
}

#[test]
fn a_sweep_finds_what_no_event_told_of_and_is_silent_then() {
    let (aws, function) = guarded(&[]);
    let before = as_declared(&aws);
    {
        let parts = &mut aws.state().parts;
        parts.rule["State"] = json!("DISABLED");
        parts.rule["Targets"] = json!({});
        parts.schedule["State"] = json!("DISABLED");
        parts.concurrency = json!(2);
    }
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(
        answer,
        json!({"outcomes": ["restored", "restored", "restored"]})
    );
    assert_eq!(as_declared(&aws), before);
    assert_eq!(aws.count(PUBLISH), 3);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 3);
}

#[test]
fn what_is_gone_is_made_again_by_a_sweep_that_waited() {
    let (aws, function) = guarded(&[]);
    let before = as_declared(&aws);
    {
        let parts = &mut aws.state().parts;
        parts.rule = Value::Null;
        parts.schedule = Value::Null;
    }
    let begun = std::time::Instant::now();
    answered(function.invoke(&sweep()));
    assert!(begun.elapsed().as_secs() >= 5, "it may be being destroyed");
    assert_eq!(as_declared(&aws), before);
}

#[test]
fn without_a_reservation_one_is_taken_away() {
    let (aws, function) = guarded_with(&Value::Null, &[]);
    aws.state().parts.concurrency = json!(1);
    let event = function_event(
        "PutFunctionConcurrency20171031",
        json!({"reservedConcurrentExecutions": 1}),
    );
    answered(function.invoke(&event));
    assert_eq!(aws.parts().concurrency, Value::Null);
    assert_eq!(aws.part_repairs(), ["DeleteFunctionConcurrency"]);
}

#[test]
fn observing_changes_nothing() {
    let (aws, function) = guarded(&[("TRAILKEEPER_MODE", "observe")]);
    let mut parts = aws.parts();
    parts.rule["State"] = json!("DISABLED");
    parts.schedule = Value::Null;
    parts.concurrency = json!(0);
    aws.state().parts = parts.clone();
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(
        answer["outcomes"],
        json!(["would_restore", "would_restore", "would_restore"])
    );
    assert_eq!(aws.parts(), parts);
    assert_eq!(aws.part_repairs(), [""; 0]);
}

#[test]
fn a_stop_is_started_before_anything_is_asked_of_the_parts() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let list = aws.guard_parts(&json!(10));
    let function = Function::start(&aws, &[(VARIABLE, &list)]);
    answered(function.invoke(&stop()));
    let operations = aws.operations();
    assert_eq!(operations[0], START);
    let of_parts =
        |o: &&String| o.contains("Rule") || o.contains("Schedule") || o.contains("Function");
    assert_eq!(operations.iter().find(of_parts), None);
    // Of the baseline alone.
    assert_eq!(aws.count("GetParameter"), 1);
}

#[test]
fn other_rules_schedules_and_functions_are_none_of_its_business() {
    let (aws, function) = guarded(&[]);
    let elsewhere = json!({"name": "trailkeeper-trail-changes", "eventBusName": "other"});
    for event in [
        of("events", "DisableRule", &json!({"name": "other"})),
        of("events", "DisableRule", &elsewhere),
        of(
            "events",
            "RemoveTargets",
            &json!({"rule": "other", "ids": ["responder"]}),
        ),
        of(
            "scheduler",
            "DeleteSchedule",
            &json!({"name": "trailkeeper-sweep", "groupName": "default"}),
        ),
        of(
            "lambda",
            "DeleteFunction20150331",
            &json!({"functionName": "trailkeeper-responder-2"}),
        ),
    ] {
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"ignored": "thing_not_guarded"}), "{event}");
    }
    assert_eq!(aws.part_repairs(), [""; 0]);
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn a_function_is_known_by_all_of_its_names() {
    let (aws, function) = guarded(&[]);
    for named in [
        "trailkeeper-responder".to_owned(),
        "trailkeeper-responder:$LATEST".to_owned(),
        "111122223333:function:trailkeeper-responder".to_owned(),
        FUNCTION.to_owned(),
        format!("{FUNCTION}:1"),
    ] {
        aws.state().parts.concurrency = json!(1);
        let parameters = json!({"functionName": named, "reservedConcurrentExecutions": 1});
        let event = of("lambda", "PutFunctionConcurrency20171031", &parameters);
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{named}");
    }
}

#[test]
fn a_call_that_does_not_say_which_is_looked_at_and_no_news() {
    let (aws, function) = guarded(&[]);
    let omitted = json!({"reason": "requestParameters too large", "omitted": true});
    let events = || {
        [
            of("events", "PutRule", &omitted),
            of("scheduler", "UpdateSchedule", &Value::Null),
            of("lambda", "UpdateFunctionConfiguration20150331v2", &omitted),
        ]
    };
    for event in events() {
        assert_eq!(answered(function.invoke(&event)), json!({"outcomes": []}));
    }
    assert_eq!(aws.count(PUBLISH), 0);
    aws.state().parts.rule["EventPattern"] = json!("{}");
    let [event, ..] = events();
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
}

#[test]
fn what_is_forged_or_foreign_is_not_believed() {
    let (aws, function) = guarded(&[]);
    let forged = |pointer: &str, value: &str| {
        let mut event = rule("DisableRule", json!({}));
        *event.pointer_mut(pointer).unwrap() = json!(value);
        event
    };
    for (event, reason) in [
        (
            forged("/account", "999988887777"),
            "envelope_and_record_contradict",
        ),
        (
            forged("/region", "eu-west-1"),
            "envelope_and_record_contradict",
        ),
        (forged("/detail-type", "Custom"), "not_from_cloudtrail"),
        (
            forged("/detail/eventSource", "s3.amazonaws.com"),
            "not_from_cloudtrail",
        ),
        (rule("ListRules", json!({})), "other_call"),
    ] {
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"ignored": reason}), "{event}");
    }
    assert_eq!(aws.part_repairs(), [""; 0]);
}

#[test]
fn an_attempt_that_fails_is_told() {
    let (aws, function) = guarded(&[]);
    for (service, call, resource, words) in [
        ("events", "DisableRule", RULE, "tried to disable event rule"),
        (
            "scheduler",
            "DeleteSchedule",
            SCHEDULE,
            "tried to delete schedule",
        ),
        (
            "lambda",
            "UpdateFunctionCode20150331v2",
            FUNCTION,
            "tried to change the code of function",
        ),
    ] {
        let mut event = of(service, call, &Value::Null);
        event["detail"]["errorCode"] = json!("AccessDenied");
        event["detail"]["errorMessage"] = json!(format!(
            "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: {service}:{call} on resource: {resource} because no identity-based policy allows it"
        ));
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["attempt_denied"]}), "{call}");
        let said = last(&aws)["summary"].to_string();
        assert!(said.contains(words), "{said}");
    }
}

/// What the function itself calls to heal, as it comes back.
fn echoes() -> [Value; 4] {
    let parts = Parts::default();
    let target = json!({
        "id": "responder", "arn": FUNCTION,
        "deadLetterConfig": {"arn": "arn:aws:sqs:eu-central-1:111122223333:trailkeeper-dead-letters"},
        "retryPolicy": {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185},
    });
    let put = json!({
        "eventPattern": parts.rule["EventPattern"], "state": "ENABLED",
        "description": "Somebody changed a trail",
    });
    [
        rule("PutRule", put),
        rule("PutTargets", json!({"targets": [target]})),
        schedule(
            "UpdateSchedule",
            json!({"state": "ENABLED", "scheduleExpression": "rate(10 minutes)"}),
        ),
        function_event(
            "PutFunctionConcurrency20171031",
            json!({"reservedConcurrentExecutions": 10}),
        ),
    ]
}

#[test]
fn the_responders_own_calls_that_come_back_are_no_news() {
    const PEER: &str = "arn:aws:iam::111122223333:role/trailkeeper-understudy";
    let (aws, function) = guarded(&[("TRAILKEEPER_PEER_ROLES", PEER)]);
    for role in [RESPONDER, PEER] {
        for event in echoes() {
            let answer = answered(function.invoke(&by(role, event)));
            assert_eq!(answer, json!({"outcomes": []}), "{role}");
        }
    }
    assert_eq!((aws.count(PUBLISH), aws.part_repairs().len()), (0, 0));
}

#[test]
fn who_holds_its_role_is_not_believed_to_be_the_function() {
    let (aws, function) = guarded(&[]);
    let refused = |mut event: Value| {
        event["detail"]["errorCode"] = json!("AccessDenied");
        answered(function.invoke(&by(RESPONDER, event)))
    };
    for event in echoes() {
        assert_eq!(refused(event), json!({"outcomes": []}));
    }
    for event in [
        rule("DisableRule", json!({})),
        rule("RemoveTargets", json!({"ids": ["responder"]})),
        schedule("DeleteSchedule", json!({})),
        function_event("UpdateFunctionCode20150331v2", json!({})),
    ] {
        assert_eq!(refused(event), json!({"outcomes": ["attempt_denied"]}));
    }
    aws.state().parts.rule["State"] = json!("DISABLED");
    let event = by(RESPONDER, rule("DisableRule", json!({})));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    assert_eq!(last(&aws)["severity"], "critical");
}

#[test]
fn a_deployment_is_information() {
    let (aws, function) = guarded(&[("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)]);
    let [put_rule, put_targets, update, concurrency] = echoes();
    for (event, outcome) in [
        (put_rule, "conforming_change"),
        (put_targets, "conforming_change"),
        (concurrency, "conforming_change"),
        // Records hide what these set.
        (update, "unconfirmed"),
        (
            function_event("UpdateFunctionCode20150331v2", json!({})),
            "unconfirmed",
        ),
        (
            function_event(
                "UpdateFunctionConfiguration20150331v2",
                json!({"environment": {}, "timeout": 60}),
            ),
            "unconfirmed",
        ),
    ] {
        let answer = answered(function.invoke(&by(PIPELINE, event)));
        assert_eq!(answer, json!({"outcomes": [outcome]}));
        assert_eq!(last(&aws)["severity"], "info");
        assert_eq!(aws.part_repairs(), [""; 0]);
    }
    // Whoever has its keys and does something else is not expected.
    aws.state().parts.rule["State"] = json!("DISABLED");
    answered(function.invoke(&by(PIPELINE, rule("DisableRule", json!({})))));
    assert_eq!(last(&aws)["severity"], "critical");
}

/// Another function than the one that is guarded looks.
const UNDERSTUDY: (&str, &str) = (
    "AWS_LAMBDA_FUNCTION_NAME",
    "trailkeeper-responder-understudy",
);

fn still_differs(aws: &Aws) -> Value {
    last(aws)["verification"]["still_differs"].clone()
}

#[test]
fn another_function_looks_at_code_and_configuration_too() {
    type Weaken = fn(&mut Parts);
    let changes: [(Weaken, &str); 5] = [
        (|p| p.function["CodeSha256"] = json!("ZXZpbA=="), "code"),
        // The same code, which cannot run there.
        (
            |p| p.function["Architectures"] = json!(["x86_64"]),
            "configuration",
        ),
        (
            |p| p.function["LoggingConfig"]["ApplicationLogLevel"] = json!("FATAL"),
            "configuration",
        ),
        (|p| _ = variables(p).remove(VARIABLE), "configuration"),
        (
            |p| variables(p)["TRAILKEEPER_MODE"] = json!("observe"),
            "configuration",
        ),
    ];
    for (change, field) in changes {
        let (aws, function) = guarded(&[UNDERSTUDY]);
        let answer = answered(function.invoke(&sweep()));
        assert_eq!(answer, json!({"outcomes": []}));
        change(&mut aws.state().parts);
        let answer = answered(function.invoke(&sweep()));
        assert_eq!(answer, json!({"outcomes": ["reported"]}));
        assert_eq!(last(&aws)["severity"], "critical");
        assert_eq!(still_differs(&aws), json!([field]));
    }
}

#[test]
fn another_function_leaves_alone_what_is_being_deployed_but_not_its_own_code() {
    const NEW: &str = "bmV3IHBhY2thZ2U=";
    for (settings, is_left_alone) in [(&[UNDERSTUDY][..], true), (&[], false)] {
        let (aws, function) = guarded(settings);
        let parameter = aws.declare_another_function(|declared| declared["code"] = json!(NEW));
        let written = |age: f64| {
            let mut state = aws.state();
            state.support.written.insert(parameter.clone(), now() - age);
        };
        written(60.0);
        aws.state().parts.function["CodeSha256"] = json!(NEW);
        answered(function.invoke(&sweep()));
        if !is_left_alone {
            assert_eq!(still_differs(&aws), json!(["code"]));
            continue;
        }
        assert_eq!(aws.count(PUBLISH), 0);
        // The other one is told of its list first, or last.
        let another = aws.another_list();
        let own = variables(&mut aws.state().parts).insert(VARIABLE.to_owned(), json!(another));
        aws.state().support.written.insert(another, now() - 60.0);
        answered(function.invoke(&sweep()));
        assert_eq!(aws.count(PUBLISH), 0);
        aws.state().parts.function["Timeout"] = json!(1);
        answered(function.invoke(&sweep()));
        assert_eq!(still_differs(&aws), json!(["configuration"]));
        // An hour later it is no deployment any more.
        aws.state().parts.function["Timeout"] = json!(60);
        *variables(&mut aws.state().parts).get_mut(VARIABLE).unwrap() = own.unwrap();
        written(3_700.0);
        answered(function.invoke(&sweep()));
        assert_eq!(still_differs(&aws), json!(["code"]));
    }
}

#[test]
fn a_change_that_is_being_made_is_waited_for() {
    let aws = Aws::whole(Box::new(|called, earlier| {
        let mut being_made = Parts::default().function;
        being_made["LastUpdateStatus"] = json!("InProgress");
        being_made["Timeout"] = json!(1);
        let is_early = called == "GetFunctionConfiguration" && earlier < 2;
        is_early.then(|| crate::http::Reply::answer(200, being_made.to_string()))
    }));
    let list = aws.guard_parts(&json!(10));
    let function = Function::start(&aws, &[(VARIABLE, &list)]);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn what_is_refused_fails_the_invocation() {
    let denied = |called: &str, _| {
        let is_it = called == "PutRule";
        is_it.then(|| crate::aws::refused(400, "AccessDeniedException"))
    };
    let aws = Aws::whole(Box::new(denied));
    let list = aws.guard_parts(&json!(10));
    let function = Function::start(&aws, &[(VARIABLE, &list)]);
    aws.state().parts.rule["State"] = json!("DISABLED");
    let (_, message) = failure(function.invoke(&rule("DisableRule", json!({}))));
    assert!(
        message.contains(RULE) && message.contains("events:PutRule"),
        "{message}"
    );
    assert_eq!(last(&aws)["outcome"], "not_restored");
    let subject = aws.last_publish()["Subject"].clone();
    assert!(
        subject.contains("event rule trailkeeper-trail-changes: NOT RESTORED"),
        "{subject}"
    );
}

#[test]
fn a_list_that_cannot_be_believed_is_told_and_fails() {
    let (aws, function) = guarded(&[]);
    for text in aws.state().parameters.values_mut() {
        if text.contains("trailkeeper.guard") {
            text.push(' ');
        }
    }
    for event in [sweep(), rule("DisableRule", json!({}))] {
        let (_, message) = failure(function.invoke(&event));
        assert!(message.contains("somebody changed it"), "{message}");
        let notice = last(&aws);
        assert_eq!(notice["outcome"], "unverified");
        assert_eq!(notice["severity"], "critical");
        assert_eq!(notice["thing"]["kind"], "guard");
    }
    assert_eq!(aws.part_repairs(), [""; 0]);
}

#[test]
fn targets_that_others_add_are_left_alone() {
    let (aws, function) = guarded(&[]);
    aws.state().parts.rule["Targets"]["theirs"] = json!({"Arn": "arn:aws:sns:::theirs"});
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 0);
    let theirs = json!({"targets": [{"id": "theirs", "arn": "arn:aws:sns:::theirs"}]});
    let answer = answered(function.invoke(&rule("PutTargets", theirs)));
    assert_eq!(answer, json!({"outcomes": ["conforming_change"]}));
}
