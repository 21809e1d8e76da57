//! Laws 1, 3 and 4 of the design, seen from outside the process: restore first,
//! claim what was read back, fail loudly.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answered,
    attack::again,
    aws::{AUDIT, Aws, PARAMETER, PUBLISH, PUT_ITEM, START, STATUS, is_of_table, refused_by_sns},
    declared, failure, healthy,
    http::Reply,
    lambda::{Function, SECRET, TOKEN, new_request_id},
    recorded, stop,
};

#[test]
fn start_logging_is_the_first_request_on_the_wire() {
    for name in [
        "name-plain",
        "name-arn",
        "identity-missing",
        "hostile-everywhere",
        "stop-by-the-responders-role",
    ] {
        let (aws, function) = healthy();
        let declared = declared::basic().state();
        assert_eq!(
            answered(function.invoke(&recorded(name))),
            json!({"outcomes": ["restored"]}),
            "{name}"
        );
        let operations = aws.operations();
        assert_eq!(operations[0], START, "{name}");
        assert_eq!(aws.asked(START), [json!({"Name": AUDIT})], "{name}");
        assert_eq!(aws.writes(), [START], "{name}");
        // The reads go side by side, each once.
        let mut reads: Vec<&str> = operations[1..].iter().map(String::as_str).collect();
        reads.truncate(reads.iter().position(|o| *o == PUT_ITEM).unwrap());
        reads.sort_unstable();
        let all = [
            "GetEventSelectors",
            "GetInsightSelectors",
            PARAMETER,
            "GetTrail",
            STATUS,
            "ListTags",
        ];
        assert_eq!(reads, all, "{name}");
        let told: Vec<&String> = operations.iter().filter(|o| !is_of_table(o)).collect();
        assert_eq!(*told[told.len() - 1], PUBLISH, "{name}");
        assert_eq!(aws.trail(), declared, "{name}");
    }
}

#[test]
fn nothing_is_asked_before_start_logging_was_answered() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, _| {
            let answer = Box::new(Reply::answer(200, "{}"));
            (called == START).then(|| Reply::Late(Duration::from_millis(400), answer))
        }),
    );
    aws.after(START, 0, |world| {
        world.change(|trails| trails.get_mut(AUDIT).unwrap().is_logging = true);
    });
    let function = Function::start(&aws, &[]);
    let _ = function.invoke(&stop());
    let state = aws.state();
    let next = state.calls[1].at - state.calls[0].at;
    assert_eq!(state.calls[0].operation, START);
    assert!(
        next >= Duration::from_millis(400),
        "{} came after {next:?}",
        state.calls[1].operation
    );
}

#[test]
fn for_a_baseline_of_logging_alone_nothing_else_is_read() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    aws.declare(AUDIT, &declared::logging_only(AUDIT));
    let function = Function::start(&aws, &[]);
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    let without_memory = || {
        let mut operations = aws.operations();
        assert_eq!(operations.last().unwrap(), PUT_ITEM, "{operations:?}");
        // Nor what is looked up between the claim and the notice.
        operations.retain(|operation| !is_of_table(operation) && operation != "LookupEvents");
        operations
    };
    assert_eq!(without_memory(), [START, PARAMETER, STATUS, PUBLISH]);
    // What was read once is known: the name of a baseline holds its hash.
    aws.state().calls.clear();
    aws.stop_again();
    answered(function.invoke(&stop()));
    assert_eq!(without_memory(), [START, STATUS, PUBLISH]);
}

#[test]
fn a_restoration_is_reported_with_what_a_responder_needs() {
    let (aws, function) = healthy();
    answered(function.invoke(&recorded("identity-role-full")));
    let document = aws.notice();
    let ours = |pointer: &str| {
        document
            .pointer(pointer)
            .cloned()
            .unwrap_or_else(|| panic!("no {pointer}"))
    };
    for (pointer, expected) in [
        ("/outcome", json!("restored")),
        ("/severity", json!("high")),
        ("/source", json!("event")),
        ("/trail/arn", json!(AUDIT)),
        ("/trail/account", json!("111122223333")),
        ("/trail/region", json!("eu-central-1")),
        ("/actor/kind", json!("AssumedRole")),
        (
            "/actor/arn",
            json!("arn:aws:sts::111122223333:assumed-role/deploy/run-17"),
        ),
        (
            "/actor/session_issuer_arn",
            json!("arn:aws:iam::111122223333:role/deploy"),
        ),
        ("/actor/mfa", json!(false)),
        ("/actor/access_key_id", json!("ASIAIOSFODNN7EXAMPLE")),
        ("/actor/source_ip", json!("198.51.100.7")),
        ("/id", json!("0d6f1a52-7c9b-4f65-8c3e-5a1f0b9e2c01")),
        ("/verification/is_logging", json!(true)),
        ("/verification/stop_confirmed", json!(true)),
        ("/remediation/calls", json!(["cloudtrail:StartLogging"])),
        (
            "/drift",
            json!([{"field": "is_logging", "before": false, "after": true}]),
        ),
        ("/problem", Value::Null),
    ] {
        assert_eq!(ours(pointer), expected, "{pointer}");
    }
    let gap = ours("/timing/gap_ms").as_i64().unwrap();
    assert!(
        (200..5_000).contains(&gap),
        "the trail was stopped 0.2 s before: gap {gap} ms"
    );
    let took = ours("/timing/event_to_verified_ms").as_i64().unwrap();
    assert!((0..5_000).contains(&took), "{took}");

    let publish = aws.last_publish();
    assert_eq!(publish["MessageStructure"], "json");
    let attributes: Vec<(&str, &str)> = (1..=4)
        .map(|n| {
            let entry =
                |part: &str| publish[&format!("MessageAttributes.entry.{n}.{part}")].as_str();
            (entry("Name"), entry("Value.StringValue"))
        })
        .collect();
    for expected in [
        ("outcome", "restored"),
        ("severity", "high"),
        ("event_name", "StopLogging"),
        ("account", "111122223333"),
    ] {
        assert!(
            attributes.contains(&expected),
            "{expected:?} not in {attributes:?}"
        );
    }
}

#[test]
fn restored_is_never_claimed_without_the_read_back() {
    let unreadable: [(&str, Reply); 5] = [
        (
            "says false",
            Reply::answer(200, json!({"IsLogging": false}).to_string()),
        ),
        ("says nothing", Reply::answer(200, "{}")),
        ("is no JSON", Reply::answer(200, "<html>")),
        ("is truncated", Reply::Truncated),
        (
            "is of the wrong type",
            Reply::answer(200, json!({"IsLogging": "yes"}).to_string()),
        ),
    ];
    for (what, reply) in unreadable {
        let aws = Aws::start(
            0.2,
            Box::new(move |operation, _| (operation == STATUS).then(|| reply.clone())),
        );
        let function = Function::start(&aws, &[]);
        let request_id = new_request_id();
        let event = recorded("name-plain").to_string();
        let (kind, message) =
            failure(function.invoke_as(&request_id, event, Duration::from_secs(5)));
        assert_eq!(kind, "Retryable.TrailNotRestored", "{what}");
        assert!(message.contains("trail/audit"), "{message}");
        let document = aws.notice();
        let outcome = document["outcome"].as_str().unwrap();
        assert!(
            ["not_restored", "unverified"].contains(&outcome),
            "{what}: {outcome}"
        );
        assert_eq!(document["severity"], "critical", "{what}");
        assert!(!document["problem"].is_null(), "{what}");
        let said = aws.last_publish()["Message"].clone();
        assert!(!said.contains("RESTORED: logging was"), "{what}: {said}");
        let log = function.log_with("\"error_type\":\"Retryable.TrailNotRestored\"");
        assert!(
            log.iter()
                .any(|line| line.contains("\"RestorationFailures\":1")),
            "{log:#?}"
        );
        let told = log.iter().find(|line| line.contains("error_type")).unwrap();
        assert!(
            told.contains("0d6f1a52-7c9b-4f65-8c3e-5a1f0b9e2c01") && told.contains(&request_id),
            "{told}"
        );
    }
}

#[test]
fn a_failed_notice_fails_the_invocation_after_the_restoration() {
    for (reply, kind) in [
        (
            refused_by_sns(403, "AuthorizationError"),
            "Terminal.NoticeNotSent",
        ),
        (
            refused_by_sns(500, "InternalError"),
            "Retryable.NoticeNotSent",
        ),
    ] {
        let aws = Aws::start(
            0.2,
            Box::new(move |operation, _| (operation == PUBLISH).then(|| reply.clone())),
        );
        let function = Function::start(&aws, &[]);
        let (told, message) = failure(function.invoke_within(&stop(), Duration::from_secs(5)));
        assert_eq!(told, kind, "{message}");
        assert_eq!(aws.trail(), declared::basic().state());
        assert_eq!(aws.operations()[0], START);
        assert_eq!(aws.accepted(PUBLISH), 0);
    }
}

#[test]
fn logs_and_metrics_are_json_lines_with_the_event_id_and_without_secrets() {
    let (aws, function) = healthy();
    answered(function.invoke(&again(&recorded("hostile-everywhere"))));
    aws.stop_again();
    answered(function.invoke(&recorded("name-plain")));
    let id = "0d6f1a52-7c9b-4f65-8c3e-5a1f0b9e2c01";
    let log = function.log_with(&format!(
        "\"notice sent\",\"outcome\":\"restored\",\"audience\":\"Subscribers\",\"span\":{{\"event_id\":\"{id}\""
    ));
    assert!(log.len() >= 6, "{log:#?}");
    for line in &log {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(
            parsed["event_id"].is_string() || parsed["span"]["event_id"].is_string(),
            "{line}"
        );
        assert!(!line.contains(SECRET) && !line.contains(TOKEN), "{line}");
        assert!(
            !line.contains(['\u{202e}', '\u{2028}']) && !line.contains("\\u001b"),
            "{line}"
        );
    }
    let metrics = metrics(&log);
    assert_eq!(metrics.len(), 2);
    for metric in &metrics {
        assert_eq!(metric["Restorations"].as_f64(), Some(1.0));
        assert_eq!(metric["RestorationFailures"].as_f64(), Some(0.0));
        assert!(metric["EventToRestorationSeconds"].is_number());
    }
}

/// The metrics in a log, each as its format wants it.
pub fn metrics(log: &[String]) -> Vec<Value> {
    let lines: Vec<Value> = log
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["_aws"].is_object())
        .collect();
    for line in &lines {
        let declared = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(declared["Namespace"], "Trailkeeper");
        assert_eq!(declared["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(line["FunctionName"], "trailkeeper-responder");
        for metric in declared["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            assert!(line[name].is_number(), "{name} in {line}");
        }
    }
    lines
}
