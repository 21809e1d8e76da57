//! The laws of the design, each seen from outside the process.

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{Aws, PUBLISH, START, STATUS, now, refused, refused_by_sns},
    failure, healthy,
    http::Reply,
    in_whole_seconds,
    lambda::{Function, SECRET, TOKEN},
    recorded, stop,
};

#[test]
fn start_logging_is_the_first_request_on_the_wire() {
    for name in [
        "name-plain",
        "name-arn",
        "identity-missing",
        "hostile-everywhere",
    ] {
        let (aws, function) = healthy();
        assert_eq!(
            answered(function.invoke(&recorded(name))),
            json!({"outcomes": ["restored"]})
        );
        assert_eq!(aws.operations(), [START, STATUS, PUBLISH], "{name}");
        let body = aws.state.lock().unwrap().calls[0].body.clone();
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body,
            json!({"Name": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"})
        );
    }
}

#[test]
fn a_restoration_is_reported_with_what_a_responder_needs() {
    let (aws, function) = healthy();
    answered(function.invoke(&recorded("identity-role-full")));
    let document = aws.documents().remove(0);
    let ours = |pointer: &str| {
        document
            .pointer(pointer)
            .cloned()
            .unwrap_or_else(|| panic!("no {pointer}"))
    };
    for (pointer, expected) in [
        ("/outcome", json!("restored")),
        ("/severity", json!("high")),
        (
            "/trail/arn",
            json!("arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"),
        ),
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
        let (kind, message) =
            failure(function.invoke_within(&stop(), std::time::Duration::from_secs(5)));
        assert_eq!(kind, "Retryable.TrailNotRestored", "{what}");
        assert!(message.contains("trail/audit"), "{message}");
        assert_eq!(aws.documents().len(), 1, "{what}");
        let document = aws.documents().remove(0);
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
            told.contains("0d6f1a52-7c9b-4f65-8c3e-5a1f0b9e2c01"),
            "{told}"
        );
        assert!(
            told.contains("8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
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
        let (told, message) =
            failure(function.invoke_within(&stop(), std::time::Duration::from_secs(5)));
        assert_eq!(told, kind, "{message}");
        assert!(aws.state.lock().unwrap().is_logging);
        assert_eq!(aws.operations()[..3], [START, STATUS, PUBLISH]);
    }
}

#[test]
fn a_trail_that_logs_again_already_is_said_to_do_so() {
    let (aws, function) = healthy();
    {
        let mut state = aws.state.lock().unwrap();
        state.is_logging = true;
        state.stopped_at = now() - 20.0;
        state.started_at = now() - 10.0;
    }
    let mut event = stop();
    event["detail"]["eventTime"] = json!(in_whole_seconds(now() - 20.0));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["already_logging"]})
    );
    let document = aws.documents().remove(0);
    let gap = document["timing"]["gap_ms"].as_i64().unwrap();
    assert!((9_900..10_100).contains(&gap), "{gap}");
}

#[test]
fn a_stop_that_the_trails_own_times_do_not_confirm_is_unconfirmed() {
    let now = now();
    // The time of the event, and of the trail's last stop.
    let cases = [
        ("no such stop", Some(now), now - 3_600.0),
        ("an old event", Some(now - 86_400.0), now - 3_600.0),
        ("an event of the future", Some(now + 3_600.0), now - 1.0),
        ("an event without a time", None, now - 1.0),
    ];
    for (what, event_time, stopped_at) in cases {
        let (aws, function) = healthy();
        {
            let mut state = aws.state.lock().unwrap();
            state.is_logging = true;
            state.stopped_at = stopped_at;
            state.started_at = stopped_at + 0.5;
        }
        let mut event = stop();
        event["time"] = Value::Null;
        event["detail"]["eventTime"] =
            event_time.map_or(Value::Null, |at| json!(in_whole_seconds(at)));
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["unconfirmed"]}),
            "{what}"
        );
        let document = aws.documents().remove(0);
        assert_ne!(
            document["verification"]["stop_confirmed"],
            json!(true),
            "{what}"
        );
        assert_eq!(document["timing"]["gap_ms"], Value::Null, "{what}");
        assert!(
            document["summary"]
                .as_str()
                .unwrap()
                .starts_with("An event says"),
            "{what}"
        );
    }
}

#[test]
fn a_read_that_is_older_than_the_stop_is_read_again() {
    let stale = json!({"IsLogging": true, "StartLoggingTime": now() - 86_400.0, "StopLoggingTime": now() - 90_000.0});
    let stale = stale.to_string();
    let aws = Aws::start(
        0.2,
        Box::new(move |operation, earlier| {
            (operation == STATUS && earlier < 4).then(|| Reply::answer(200, stale.clone()))
        }),
    );
    let function = Function::start(&aws, &[]);
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.count(STATUS), 5);
    assert_eq!(aws.count(START), 1);
}

#[test]
fn a_refused_start_is_never_told_as_a_restoration() {
    // The reads are from before the stop: the trail is off.
    let reads: [(&str, Value); 3] = [
        (
            "stale",
            json!({"IsLogging": true, "StartLoggingTime": now() - 86_400.0, "StopLoggingTime": now() - 90_000.0}),
        ),
        (
            "from between two stops",
            json!({"IsLogging": true, "StartLoggingTime": now() - 86_400.0, "StopLoggingTime": now()}),
        ),
        ("without times", json!({"IsLogging": true})),
    ];
    for (what, read) in reads {
        let read = read.to_string();
        let aws = Aws::start(
            0.2,
            Box::new(move |operation, _| match operation {
                START => Some(refused(400, "AccessDeniedException")),
                STATUS => Some(Reply::answer(200, read.clone())),
                _ => None,
            }),
        );
        let function = Function::start(&aws, &[]);
        let (kind, _) = failure(function.invoke(&stop()));
        assert_eq!(kind, "Terminal.TrailNotRestored", "{what}");
        assert_eq!(aws.documents().remove(0)["outcome"], "unverified", "{what}");
    }
}

#[test]
fn a_trail_that_is_stopped_again_is_started_again() {
    // The first four reads show it stopped.
    let stopped = json!({"IsLogging": false, "StopLoggingTime": now()}).to_string();
    let aws = Aws::start(
        0.2,
        Box::new(move |operation, earlier| {
            (operation == STATUS && earlier < 4).then(|| Reply::answer(200, stopped.clone()))
        }),
    );
    let function = Function::start(&aws, &[]);
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.count(START), 2);
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn logs_and_metrics_are_json_lines_with_the_event_id_and_without_secrets() {
    let (_aws, function) = healthy();
    answered(function.invoke(&recorded("hostile-everywhere")));
    answered(function.invoke(&stop()));
    let id = "0d6f1a52-7c9b-4f65-8c3e-5a1f0b9e2c01";
    let log = function.log_with(&format!(
        "\"notice sent\",\"outcome\":\"restored\",\"span\":{{\"event_id\":\"{id}\""
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
    let metrics: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["_aws"].is_object())
        .collect();
    assert_eq!(metrics.len(), 2);
    let metric = &metrics[1];
    assert_eq!(
        metric["_aws"]["CloudWatchMetrics"][0]["Namespace"],
        "Trailkeeper"
    );
    assert_eq!(metric["Restorations"], 1);
    assert_eq!(metric["RestorationFailures"], 0);
    assert!(metric["EventToRestorationSeconds"].is_number());
    for declared in metric["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        .as_array()
        .unwrap()
    {
        assert!(
            metric[declared["Name"].as_str().unwrap()].is_number(),
            "{declared}"
        );
    }
}
