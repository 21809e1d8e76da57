//! What a stop comes to when the trail was started by somebody else, the event
//! is late, the reads are stale, or the attacker stops it again.

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{AUDIT, Aws, PUBLISH, START, STATUS, now, refused},
    failure, healthy,
    http::Reply,
    in_whole_seconds,
    lambda::Function,
    stop,
};

/// The trail logs, and these are its last stop and start.
fn logs_since(aws: &Aws, stopped_at: f64, started_at: f64) {
    aws.state().world.change(|trails| {
        let trail = trails.get_mut(AUDIT).unwrap();
        trail.is_logging = true;
        trail.stopped_at = stopped_at;
        trail.started_at = started_at;
    });
}

#[test]
fn a_trail_that_logs_again_already_is_said_to_do_so() {
    let (aws, function) = healthy();
    logs_since(&aws, now() - 20.0, now() - 10.0);
    let mut event = stop();
    event["detail"]["eventTime"] = json!(in_whole_seconds(now() - 20.0));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["already_logging"]})
    );
    let document = aws.notice();
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
        logs_since(&aws, stopped_at, stopped_at + 0.5);
        let mut event = stop();
        event["time"] = Value::Null;
        event["detail"]["eventTime"] =
            event_time.map_or(Value::Null, |at| json!(in_whole_seconds(at)));
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["unconfirmed"]}),
            "{what}"
        );
        let document = aws.notice();
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
    assert_eq!(aws.writes(), [START]);
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
        assert_eq!(aws.notice()["outcome"], "unverified", "{what}");
    }
}

#[test]
fn a_read_that_does_not_show_the_start_yet_is_no_reason_to_start_again() {
    let stopped = json!({"IsLogging": false, "StopLoggingTime": now()}).to_string();
    let aws = Aws::start(
        0.2,
        Box::new(move |operation, earlier| {
            (operation == STATUS && earlier < 3).then(|| Reply::answer(200, stopped.clone()))
        }),
    );
    let function = Function::start(&aws, &[]);
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.writes(), [START]);
}

#[test]
fn a_trail_that_is_stopped_again_is_started_again() {
    let (aws, function) = healthy();
    aws.after(START, 0, |world| world.stop(AUDIT, 0.0));
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.writes(), [START, START]);
    assert_eq!(aws.trail()["is_logging"], true);
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn a_stop_of_a_deleted_trail_makes_it_again() {
    let (aws, function) = healthy();
    let declared = crate::declared::basic().state();
    aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.operations()[0], START, "the law, though it is in vain");
    assert_eq!(aws.trail(), declared);
}
