//! Each call in turn fails in each way: once or twice, then for good.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    answered,
    aws::{
        AUDIT, Aws, Fault, PARAMETER, PUBLISH, PUT_ITEM, START, STATUS, refused, refused_by_sns,
    },
    declared::{basic, document},
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
    let mut faults = vec![
        ("throttled", throttled),
        ("500", broken),
        ("503 without a body", Reply::answer(503, "")),
        ("hang", Reply::Hang),
        ("truncated", Reply::Truncated),
    ];
    // One call of each service shows the rest of what the transport can do.
    if [START, STATUS, PUBLISH, PARAMETER, PUT_ITEM].contains(&operation) {
        faults.extend([
            ("429", Reply::answer(429, "")),
            ("reset", Reply::Reset),
            ("garbage", Reply::Garbage),
            ("closed", Reply::Close),
        ]);
    }
    faults
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
    a_passing_fault_of_get_parameter_is_overcome: passing_fault(PARAMETER);
    a_passing_fault_of_put_item_is_overcome: passing_fault(PUT_ITEM);
    a_passing_fault_of_get_trail_is_overcome: passing_fault("GetTrail");
    a_passing_fault_of_get_event_selectors_is_overcome: passing_fault("GetEventSelectors");
    a_passing_fault_of_get_insight_selectors_is_overcome: passing_fault("GetInsightSelectors");
    a_passing_fault_of_list_tags_is_overcome: passing_fault("ListTags");
    a_passing_fault_of_update_trail_is_overcome: passing_fault("UpdateTrail");
    a_passing_fault_of_put_event_selectors_is_overcome: passing_fault("PutEventSelectors");
    a_passing_fault_of_put_insight_selectors_is_overcome: passing_fault("PutInsightSelectors");
    a_passing_fault_of_add_tags_is_overcome: passing_fault("AddTags");
    a_passing_fault_of_remove_tags_is_overcome: passing_fault("RemoveTags");
    a_passing_fault_of_create_trail_is_overcome: passing_fault("CreateTrail");
    a_lasting_fault_of_start_logging_fails_in_time: lasting_fault(START);
    a_lasting_fault_of_get_trail_status_fails_in_time: lasting_fault(STATUS);
    a_lasting_fault_of_publish_fails_in_time: lasting_fault(PUBLISH);
    a_lasting_fault_of_get_parameter_fails_in_time: lasting_fault(PARAMETER);
    a_lasting_fault_of_get_trail_fails_in_time: lasting_fault("GetTrail");
    a_lasting_fault_of_get_event_selectors_fails_in_time: lasting_fault("GetEventSelectors");
    a_lasting_fault_of_get_insight_selectors_fails_in_time: lasting_fault("GetInsightSelectors");
    a_lasting_fault_of_list_tags_fails_in_time: lasting_fault("ListTags");
    a_lasting_fault_of_update_trail_fails_in_time: lasting_fault("UpdateTrail");
    a_lasting_fault_of_put_event_selectors_fails_in_time: lasting_fault("PutEventSelectors");
    a_lasting_fault_of_put_insight_selectors_fails_in_time: lasting_fault("PutInsightSelectors");
    a_lasting_fault_of_add_tags_fails_in_time: lasting_fault("AddTags");
    a_lasting_fault_of_create_trail_fails_in_time: lasting_fault("CreateTrail");
}

/// A stopped trail that needs `operation` to be healed.
fn stopped(operation: &str, fault: Box<Fault>) -> Aws {
    let aws = Aws::start(0.2, fault);
    let (attack, asked) = match operation {
        "UpdateTrail" => (
            operation,
            json!({"Name": "audit", "IsMultiRegionTrail": false}),
        ),
        "PutEventSelectors" => (
            operation,
            json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
        ),
        "PutInsightSelectors" => (
            operation,
            json!({"TrailName": "audit", "InsightSelectors": []}),
        ),
        "AddTags" => (
            "RemoveTags",
            json!({"ResourceId": AUDIT, "TagsList": [{"Key": "owner"}]}),
        ),
        "RemoveTags" => (
            "AddTags",
            json!({"ResourceId": AUDIT, "TagsList": [{"Key": "exempt"}]}),
        ),
        "CreateTrail" => ("DeleteTrail", json!({"Name": "audit"})),
        _ => return aws,
    };
    aws.attack(attack, &asked);
    aws
}

fn passing_fault(operation: &'static str) {
    for (what, reply) in faults(operation) {
        // A hang costs a whole attempt; one shows as much as two.
        let times = if matches!(reply, Reply::Hang) { 1 } else { 2 };
        let aws = stopped(
            operation,
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
        assert_eq!(aws.trail(), basic().state(), "{operation} {what}");
        assert_eq!(aws.operations()[0], START, "{operation} {what}");
        let notices = if operation == PUBLISH { times + 1 } else { 1 };
        assert_eq!(aws.count(PUBLISH), notices, "{operation} {what}");
    }
}

fn lasting_fault(operation: &'static str) {
    let deadline = Duration::from_secs(6);
    for (what, reply) in faults(operation) {
        let aws = stopped(
            operation,
            Box::new(move |called, _| (called == operation).then(|| reply.clone())),
        );
        let function = Function::start(&aws, &[]);
        let begun = Instant::now();
        let (kind, message) = failure(function.invoke_within(&stop(), deadline));
        let took = begun.elapsed();
        assert!(took < deadline, "{operation} {what}: {took:?}");
        assert_eq!(aws.operations()[0], START, "{operation} {what}");
        if operation == PUBLISH {
            assert_eq!(kind, "Retryable.NoticeNotSent", "{what}: {message}");
            continue;
        }
        let expected = "Retryable.TrailNotRestored";
        assert_eq!(kind, expected, "{operation} {what}: {message}");
        let is_read = operation.starts_with("Get") || operation == "ListTags";
        let outcome = if is_read {
            "unverified"
        } else {
            "not_restored"
        };
        assert_eq!(aws.notice()["outcome"], outcome, "{operation} {what}");
        let logs = !matches!(operation, START | "CreateTrail");
        let trail = aws.trail();
        assert_eq!(trail["is_logging"] == true, logs, "{operation} {what}");
    }
}

#[test]
fn a_final_refusal_is_told_as_such_and_hardly_repeated() {
    for (operation, code, outcome) in [
        (START, "AccessDeniedException", "not_restored"),
        (STATUS, "AccessDeniedException", "unverified"),
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
        assert!(aws.count(START) <= 3, "{operation} {code}");
        let notice = aws.notice();
        assert_eq!(notice["outcome"], outcome, "{operation} {code}");
        assert!(notice["problem"].as_str().unwrap().contains(code));
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
    aws.state().world.change(|trails| {
        let trail = trails.get_mut(AUDIT).unwrap();
        trail.is_logging = true;
        trail.started_at = crate::aws::now();
    });
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
    let mut trail = basic();
    trail.is_logging = false;
    trail.stopped_at = crate::aws::now() - 0.2;
    aws.state()
        .world
        .change(|trails| trails.insert(second.to_owned(), trail));
    aws.declare(second, &document(second, &basic()));
    let function = Function::start(&aws, &[]);
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
    assert_eq!(aws.writes(), [START, START, START]);
    assert_eq!(aws.operations()[..3], [START, START, START]);
    assert_eq!(aws.count(PUBLISH), 1);
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
