//! Faults beside those of the matrix: odd answers, refusals for good, many at once.

use serde_json::json;

use crate::{
    answered,
    aws::{
        AUDIT, Aws, PARAMETER, PUBLISH, PUT_ITEM, START, STATUS, UPDATE_ITEM, refused,
        refused_by_sns,
    },
    declared::{basic, document},
    failure,
    http::Reply,
    lambda::Function,
    stop,
};

/// What the matrix does not have: odd ways of HTTP, once for each service of an event.
#[test]
fn odd_answers_are_overcome() {
    let oddities = [
        ("429", Reply::answer(429, "")),
        ("no HTTP", Reply::Garbage),
        ("closed", Reply::Close),
    ];
    for (what, reply) in oddities {
        for operation in [START, STATUS, PUBLISH, PARAMETER, PUT_ITEM, UPDATE_ITEM] {
            let reply = reply.clone();
            let aws = Aws::start(
                0.2,
                Box::new(move |called, earlier| {
                    (called == operation && earlier < 2).then(|| reply.clone())
                }),
            );
            let function = Function::start(&aws, &[]);
            let answer = answered(function.invoke(&stop()));
            let expected = json!({"outcomes": ["restored"]});
            assert_eq!(answer, expected, "{operation} {what}");
            assert_eq!(aws.trail(), basic().state(), "{operation} {what}");
            assert_eq!(aws.operations()[0], START, "{operation} {what}");
        }
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
