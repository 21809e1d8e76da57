//! Each call in turn fails in each way: once or twice, then for good.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    answered,
    aws::{Aws, PUBLISH, START, STATUS, refused, refused_by_sns},
    failure,
    http::Reply,
    lambda::Function,
    stop,
};

fn faults(operation: &str) -> Vec<(&'static str, Reply)> {
    let service_faults = if operation == PUBLISH {
        [
            refused_by_sns(400, "Throttling"),
            refused_by_sns(500, "InternalFailure"),
        ]
    } else {
        [
            refused(400, "ThrottlingException"),
            refused(500, "InternalFailure"),
        ]
    };
    let [throttled, broken] = service_faults;
    vec![
        ("throttled", throttled),
        ("500", broken),
        ("503 without a body", Reply::answer(503, "")),
        ("429", Reply::answer(429, "")),
        ("reset", Reply::Reset),
        ("hang", Reply::Hang),
        ("garbage", Reply::Garbage),
        ("truncated", Reply::Truncated),
        ("closed", Reply::Close),
    ]
}

/// One test for each call, so that they run side by side.
macro_rules! for_each_call {
    ($($name:ident: $check:ident($operation:expr);)*) => {
        $(#[test] fn $name() { $check($operation); })*
    };
}

for_each_call! {
    a_passing_fault_of_start_logging_is_overcome: passing_fault(START);
    a_passing_fault_of_get_trail_status_is_overcome: passing_fault(STATUS);
    a_passing_fault_of_publish_is_overcome: passing_fault(PUBLISH);
    a_lasting_fault_of_start_logging_fails_in_time: lasting_fault(START);
    a_lasting_fault_of_get_trail_status_fails_in_time: lasting_fault(STATUS);
    a_lasting_fault_of_publish_fails_in_time: lasting_fault(PUBLISH);
}

fn passing_fault(operation: &'static str) {
    for (what, reply) in faults(operation) {
        // A hang costs a whole attempt; one shows as much as two.
        let times = if matches!(reply, Reply::Hang) { 1 } else { 2 };
        let aws = Aws::start(
            0.2,
            Box::new(move |called, earlier| {
                (called == operation && earlier < times).then(|| reply.clone())
            }),
        );
        let function = Function::start(&aws, &[]);
        let answer = answered(function.invoke(&stop()));
        assert_eq!(
            answer,
            json!({"outcomes": ["restored"]}),
            "{operation} {what}"
        );
        assert_eq!(aws.operations()[0], START, "{operation} {what}");
        let notices = if operation == PUBLISH { times + 1 } else { 1 };
        assert_eq!(aws.count(PUBLISH), notices, "{operation} {what}");
    }
}

fn lasting_fault(operation: &'static str) {
    let deadline = Duration::from_secs(6);
    for (what, reply) in faults(operation) {
        let aws = Aws::start(
            0.2,
            Box::new(move |called, _| (called == operation).then(|| reply.clone())),
        );
        let function = Function::start(&aws, &[]);
        let begun = Instant::now();
        let (kind, message) = failure(function.invoke_within(&stop(), deadline));
        let took = begun.elapsed();
        assert!(took < deadline, "{operation} {what}: {took:?}");
        let expected = if operation == PUBLISH {
            "Retryable.NoticeNotSent"
        } else {
            "Retryable.TrailNotRestored"
        };
        assert_eq!(kind, expected, "{operation} {what}: {message}");
        assert_eq!(aws.operations()[0], START, "{operation} {what}");
        if operation != PUBLISH {
            assert_eq!(aws.count(PUBLISH), 1, "{operation} {what}");
            let outcome = aws.documents().remove(0)["outcome"].clone();
            let expected = if operation == START {
                "not_restored"
            } else {
                "unverified"
            };
            assert_eq!(outcome, expected, "{operation} {what}");
        }
    }
}

#[test]
fn a_final_refusal_is_told_as_such_and_not_repeated() {
    for (operation, code, outcome) in [
        (START, "AccessDeniedException", "not_restored"),
        (START, "TrailNotFoundException", "not_restored"),
        (STATUS, "AccessDeniedException", "unverified"),
        (STATUS, "TrailNotFoundException", "not_restored"),
    ] {
        let aws = Aws::start(
            0.2,
            Box::new(move |called, _| (called == operation).then(|| refused(400, code))),
        );
        let function = Function::start(&aws, &[]);
        let (kind, message) = failure(function.invoke(&stop()));
        assert_eq!(kind, "Terminal.TrailNotRestored", "{operation}: {message}");
        assert!(
            message.contains(code) && message.contains(operation),
            "{message}"
        );
        assert_eq!(aws.count(START), 1, "{operation} {code}");
        assert_eq!(aws.count(PUBLISH), 1, "{operation} {code}");
        let document = aws.documents().remove(0);
        assert_eq!(document["outcome"], outcome, "{operation} {code}");
        assert!(document["problem"].as_str().unwrap().contains(code));
    }
}

#[test]
fn the_topics_own_throttling_is_overcome() {
    for code in ["KMSThrottling", "Throttled"] {
        let aws = Aws::start(
            0.2,
            Box::new(move |called, earlier| {
                (called == PUBLISH && earlier < 4).then(|| refused_by_sns(400, code))
            }),
        );
        let function = Function::start(&aws, &[]);
        assert_eq!(
            answered(function.invoke(&stop())),
            json!({"outcomes": ["restored"]}),
            "{code}"
        );
    }
}

#[test]
fn a_start_whose_answer_is_lost_leaves_time_to_see_that_it_worked() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, _| (called == START).then_some(Reply::Hang)),
    );
    let function = Function::start(&aws, &[]);
    {
        let mut state = aws.state.lock().unwrap();
        state.is_logging = true;
        state.started_at = crate::aws::now();
    }
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["already_logging"]})
    );
    assert!(!aws.documents().remove(0)["problem"].is_null());
}

#[test]
fn one_notice_that_hangs_holds_up_no_other() {
    let second = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/second";
    let aws = Aws::start(
        0.2,
        Box::new(|called, earlier| (called == PUBLISH && earlier == 0).then_some(Reply::Hang)),
    );
    let trails = format!("arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit,{second}");
    let function = Function::start(&aws, &[("TRAILKEEPER_TRAIL_ARNS", &trails)]);
    let answer = answered(function.invoke(&crate::recorded("parameters-omitted")));
    assert_eq!(answer, json!({"outcomes": ["restored", "restored"]}));
    let mut told: Vec<String> = aws
        .documents()
        .iter()
        .map(|d| d["trail"]["name"].to_string())
        .collect();
    told.sort();
    told.dedup();
    assert_eq!(told, ["\"audit\"", "\"second\""]);
}

#[test]
fn a_trail_that_is_being_changed_is_waited_for() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, earlier| {
            (called == START && earlier < 2).then(|| refused(400, "ConflictException"))
        }),
    );
    let function = Function::start(&aws, &[]);
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.operations(), [START, START, START, STATUS, PUBLISH]);
}

#[test]
fn when_everything_fails_both_failures_are_told() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, _| {
            Some(match called {
                PUBLISH => refused_by_sns(403, "AuthorizationError"),
                _ => refused(400, "AccessDeniedException"),
            })
        }),
    );
    let function = Function::start(&aws, &[]);
    let (kind, message) = failure(function.invoke(&stop()));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert!(message.contains("AccessDeniedException"), "{message}");
    assert!(message.contains("AuthorizationError"), "{message}");
}

#[test]
fn a_storm_of_faults_does_not_wear_out_the_retries_of_later_events() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, earlier| {
            (called == START && earlier % 3 != 2).then(|| Reply::answer(503, ""))
        }),
    );
    let function = Function::start(&aws, &[]);
    for _ in 0..60 {
        assert_eq!(
            answered(function.invoke(&stop())),
            json!({"outcomes": ["restored"]})
        );
        aws.stop_again();
    }
}
