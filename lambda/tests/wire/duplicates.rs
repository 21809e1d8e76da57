//! The same event twice, events late or out of order, a memory that fails: one
//! incident is told once, none is lost, and nothing wrong is said.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    answered,
    attack::again,
    aws::{AUDIT, Aws, PUBLISH, PUT_ITEM, refused, refused_by_sns},
    failure,
    http::Reply,
    lambda::{Function, new_request_id},
    recorded, stop, whole,
};

const DEADLINE: Duration = Duration::from_secs(30);

fn single_region(aws: &Aws) -> Value {
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    )
}

#[test]
fn a_copy_of_an_event_is_not_told_again() {
    let (aws, function) = whole();
    aws.stop_again();
    let stopped = stop();
    let changed = single_region(&aws);
    for event in [&stopped, &changed] {
        answered(function.invoke(event));
    }
    let told = aws.count(PUBLISH);
    assert_eq!(told, 2, "two incidents, though one healing served both");
    for event in [&stopped, &changed] {
        answered(function.invoke(event));
    }
    assert_eq!(aws.count(PUBLISH), told);
}

#[test]
fn two_copies_at_the_same_time_make_one_notice() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let declared = aws.trail();
    let event = single_region(&aws);
    let copies: Vec<_> = (0..3)
        .map(|_| {
            let (aws, event) = (aws.clone(), event.clone());
            thread::spawn(move || answered(Function::start(&aws, &[]).invoke(&event)))
        })
        .collect();
    for copy in copies {
        copy.join().unwrap();
    }
    assert_eq!(aws.trail(), declared);
    assert_eq!(aws.count(PUBLISH), 1, "{:#?}", aws.documents());
    assert_eq!(aws.notice()["outcome"], "restored");
}

#[test]
fn another_call_of_the_same_kind_is_another_incident() {
    let (aws, function) = whole();
    for _ in 0..2 {
        let event = single_region(&aws);
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["restored"]})
        );
    }
    aws.stop_again();
    answered(function.invoke(&stop()));
    aws.stop_again();
    answered(function.invoke(&stop()));
    assert_eq!(
        aws.count(PUBLISH),
        4,
        "never suppressed by the trail's name"
    );
}

#[test]
fn a_notice_that_failed_is_told_by_the_retry_as_what_it_was() {
    for is_stop in [true, false] {
        let aws = Aws::whole(Box::new(|called, earlier| {
            // The first invocation's tries are all refused.
            (called == PUBLISH && earlier == 0).then(|| refused_by_sns(403, "AuthorizationError"))
        }));
        let declared = aws.trail();
        let function = Function::start(&aws, &[]);
        let event = if is_stop {
            aws.stop_again();
            stop()
        } else {
            single_region(&aws)
        };
        let request_id = new_request_id();
        let (kind, _) = failure(function.invoke_as(&request_id, event.to_string(), DEADLINE));
        assert_eq!(kind, "Terminal.NoticeNotSent");
        assert_eq!(aws.trail(), declared);
        answered(function.invoke_as(&request_id, event.to_string(), DEADLINE));
        assert_eq!(aws.count(PUBLISH), 2);
        let notice = aws.documents().pop().unwrap();
        // The trail is as declared now; that does not make it an expected change.
        assert_ne!(notice["outcome"], "conforming_change", "{notice:#}");
        assert_ne!(notice["severity"], "info", "{notice:#}");
    }
}

#[test]
fn an_abandoned_claim_is_taken_over_and_one_that_is_told_is_not() {
    let (aws, function) = whole();
    aws.stop_again();
    let event = stop();
    answered(function.invoke(&event));
    let age = |by_seconds: u64, was_told: bool| {
        for item in aws.state().incidents.values_mut() {
            let now = crate::aws::now();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "seconds since 1970"
            )]
            let then = now as u64 - by_seconds;
            item.insert("claimed_at".to_owned(), json!({"N": then.to_string()}));
            if !was_told {
                item.insert("told".to_owned(), json!({"BOOL": false}));
            }
        }
    };
    age(7 * 86_400, true);
    answered(function.invoke(&event));
    assert_eq!(aws.count(PUBLISH), 1, "what was told stays told");
    // Another run has claimed it, and tells it in a moment.
    age(60, false);
    let other = aws.clone();
    let telling = thread::spawn(move || {
        thread::sleep(Duration::from_millis(700));
        for item in other.state().incidents.values_mut() {
            item.insert("told".to_owned(), json!({"BOOL": true}));
        }
    });
    answered(function.invoke(&event));
    assert_eq!(aws.count(PUBLISH), 1, "the other run told it");
    telling.join().unwrap();
    // Another run has claimed it and does not tell: it died, or could not give it back.
    age(60, false);
    let begun = Instant::now();
    answered(function.invoke(&event));
    assert_eq!(aws.count(PUBLISH), 2, "nobody told it");
    assert!(
        begun.elapsed() > Duration::from_secs(2),
        "it was waited for"
    );
    age(3_600, false);
    let begun = Instant::now();
    answered(function.invoke(&event));
    assert_eq!(aws.count(PUBLISH), 3, "nobody told it for an hour");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "nobody is waited for"
    );
}

#[test]
fn a_claim_that_is_given_back_late_wipes_out_no_telling_of_another_run() {
    let aws = Aws::whole(Box::new(|called, earlier| {
        (called == PUBLISH && earlier == 0).then(|| {
            let refused = Box::new(refused_by_sns(403, "AuthorizationError"));
            Reply::Late(Duration::from_secs(1), refused)
        })
    }));
    let function = Function::start(&aws, &[]);
    let event = single_region(&aws);
    let first = event.clone();
    let telling = thread::spawn(move || failure(function.invoke(&first)));
    while aws.count(PUBLISH) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    // Meanwhile another run, tired of waiting, tells it.
    for item in aws.state().incidents.values_mut() {
        item.insert("owner".to_owned(), json!({"S": "another run"}));
        item.insert("told".to_owned(), json!({"BOOL": true}));
    }
    let (kind, _) = telling.join().unwrap();
    assert_eq!(kind, "Terminal.NoticeNotSent");
    answered(Function::start(&aws, &[]).invoke(&event));
    assert_eq!(aws.accepted(PUBLISH), 0, "it was told by the other run");
}

#[test]
fn without_its_memory_the_function_tells_all_the_same() {
    let cases = [
        ("500", refused(500, "InternalServerError"), 8),
        ("denied", refused(400, "AccessDeniedException"), 5),
        ("no table", refused(400, "ResourceNotFoundException"), 5),
        ("hang", Reply::Hang, 12),
        ("garbage", Reply::Garbage, 8),
    ];
    thread::scope(|scope| {
        for (what, reply, most) in cases {
            scope.spawn(move || forgetful(what, reply, most));
        }
    });
}

fn forgetful(what: &str, reply: Reply, most: u64) {
    let aws = Aws::start(
        0.2,
        Box::new(move |called, _| (called == PUT_ITEM).then(|| reply.clone())),
    );
    let function = Function::start(&aws, &[]);
    let begun = Instant::now();
    let event = stop();
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]}),
        "{what}"
    );
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(most), "{what}: {took:?}");
    assert_eq!(aws.count(PUBLISH), 1, "{what}");
    answered(function.invoke(&event));
    assert_eq!(
        aws.count(PUBLISH),
        2,
        "{what}: twice is better than not at all"
    );
}

#[test]
fn a_weakening_that_another_event_healed_is_not_called_an_expected_change() {
    let (aws, function) = whole();
    let first = single_region(&aws);
    let second = aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "S3BucketName": "not-your-logs"}),
    );
    let third = aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
    );
    // The first one's answer heals all three.
    answered(function.invoke(&first));
    assert_eq!(aws.notice()["outcome"], "restored");
    for (late, asked_for) in [(second, "s3_bucket_name"), (third, "event_selectors")] {
        aws.state().calls.clear();
        let answer = answered(function.invoke(&late));
        assert_eq!(answer, json!({"outcomes": ["already_restored"]}));
        assert_eq!(aws.writes(), [""; 0]);
        let notice = aws.notice();
        assert_eq!(notice["severity"], "critical", "{notice:#}");
        assert_eq!(notice["event"]["asked_for"], json!([asked_for]));
        assert_eq!(notice["drift"], json!([]), "nothing of it was found");
    }
}

#[test]
fn a_call_whose_parameters_are_lost_is_not_called_an_expected_change() {
    let (aws, function) = whole();
    let answer = answered(function.invoke(&recorded("selectors-omitted")));
    assert_eq!(
        answer,
        json!({"outcomes": ["unconfirmed"]}),
        "{:#?}",
        aws.documents()
    );
    assert_ne!(aws.notice()["severity"], "info");
}

#[test]
fn a_late_event_of_what_a_person_put_right_claims_no_restoration() {
    let (aws, function) = whole();
    let changed = single_region(&aws);
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": true}),
    );
    let deleted = aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    let whole = crate::declared::basic();
    aws.state()
        .world
        .change(|trails| trails.insert(AUDIT.to_owned(), whole));
    for (event, severity) in [(changed, "high"), (deleted, "critical")] {
        aws.state().calls.clear();
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["already_restored"]}));
        assert_eq!(aws.writes(), [""; 0]);
        let notice = aws.notice();
        assert_eq!(notice["severity"], severity);
        assert_eq!(notice["remediation"]["calls"], json!([]));
    }
}

#[test]
fn events_out_of_order_end_as_declared_and_are_told_once_each() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let mut events = vec![
        aws.attack("StopLogging", &json!({"Name": "audit"})),
        single_region(&aws),
        aws.attack(
            "PutInsightSelectors",
            &json!({"TrailName": "audit", "InsightSelectors": []}),
        ),
        aws.attack("DeleteTrail", &json!({"Name": "audit"})),
    ];
    events.reverse();
    for event in &events {
        answered(function.invoke(event));
    }
    assert_eq!(aws.trail(), declared);
    assert_eq!(aws.count("CreateTrail"), 1);
    let told = aws.count(PUBLISH);
    assert!((1..=4).contains(&told), "{told}");
    // The stop and the deletion once more.
    for event in [&events[0], &events[3]] {
        answered(function.invoke(event));
    }
    assert_eq!(aws.count(PUBLISH), told, "nothing is told twice");
}

#[test]
fn the_same_stop_in_a_record_of_another_delivery_is_a_copy() {
    let (aws, function) = whole();
    aws.stop_again();
    let event = stop();
    answered(function.invoke(&event));
    let mut copy = again(&event);
    copy["detail"]["eventID"] = event["detail"]["eventID"].clone();
    answered(function.invoke(&copy));
    assert_eq!(aws.count(PUBLISH), 1);
}
