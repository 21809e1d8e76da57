//! CloudTrail takes about one write a second, and shows it later. The attacker
//! may be faster.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{AUDIT, Aws, PUBLISH, START, is_write},
    failure,
    lambda::new_request_id,
    stop, whole,
};

/// Weakens every part and stops; the event of the last call.
fn weaken(aws: &Aws) -> Value {
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false, "KmsKeyId": ""}),
    );
    aws.attack(
        "PutInsightSelectors",
        &json!({"TrailName": "audit", "InsightSelectors": []}),
    );
    aws.attack(
        "RemoveTags",
        &json!({"ResourceId": AUDIT, "TagsList": [{"Key": "owner"}]}),
    );
    aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
    );
    aws.attack("StopLogging", &json!({"Name": "audit"}))
}

/// How often each write was accepted.
fn accepted(aws: &Aws) -> Vec<(String, usize)> {
    let state = aws.state();
    let mut writes: Vec<&str> = state
        .calls
        .iter()
        .map(|call| call.operation.as_str())
        .filter(|operation| is_write(operation))
        .collect();
    writes.sort_unstable();
    writes.dedup();
    let count = |write: &&str| {
        let is_it = |call: &&crate::aws::Call| call.operation == **write && call.accepted;
        (
            (*write).to_owned(),
            state.calls.iter().filter(is_it).count(),
        )
    };
    writes.iter().map(count).collect()
}

fn once_each(aws: &Aws) {
    for (write, times) in accepted(aws) {
        assert_eq!(times, 1, "{write} in {:?}", aws.writes());
    }
}

#[test]
fn throttled_writes_are_made_at_the_pace_that_cloudtrail_takes() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let event = weaken(&aws);
    aws.state().world.write_interval = Duration::from_secs(1);
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    once_each(&aws);
    let tries = aws.writes().len();
    assert!(
        tries <= 60,
        "{tries} tries for 5 calls: that is no backing off"
    );
    assert_eq!(aws.operations()[0], START);
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn reads_that_lag_behind_are_waited_for() {
    let (aws, function) = whole();
    let declared = aws.trail();
    aws.state().world.staleness = Duration::from_millis(1_200);
    let event = weaken(&aws);
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    once_each(&aws);
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn reads_that_lag_far_behind_cost_calls_and_do_no_harm() {
    let (aws, function) = whole();
    let declared = aws.trail();
    aws.state().world.staleness = Duration::from_secs(4);
    let event = weaken(&aws);
    let outcome = function.invoke_within(&event, Duration::from_mins(1));
    assert_eq!(answered(outcome), json!({"outcomes": ["restored"]}));
    assert_eq!(aws.trail(), declared);
    for (write, times) in accepted(&aws) {
        assert!(times <= 3, "{write} {times} times");
    }
}

#[test]
fn a_change_that_the_first_reads_do_not_show_is_seen_and_healed() {
    let (aws, function) = whole();
    let declared = aws.trail();
    aws.state().world.staleness = Duration::from_millis(2_500);
    let event = aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    );
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    assert_eq!(aws.writes(), ["UpdateTrail"]);
}

#[test]
fn throttled_and_lagging_at_once_is_overcome() {
    let (aws, function) = whole();
    let declared = aws.trail();
    {
        let mut state = aws.state();
        state.world.write_interval = Duration::from_secs(1);
        state.world.staleness = Duration::from_secs(1);
    }
    let event = aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    let outcome = function.invoke_within(&event, Duration::from_mins(1));
    assert_eq!(answered(outcome), json!({"outcomes": ["restored"]}));
    assert_eq!(aws.trail(), declared);
    once_each(&aws);
}

#[test]
fn when_the_time_runs_out_the_retry_goes_on_where_it_stopped() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let event = weaken(&aws).to_string();
    aws.state().world.write_interval = Duration::from_millis(2_500);
    let request_id = new_request_id();
    let deadline = Duration::from_secs(8);
    let begun = Instant::now();
    let (kind, message) = failure(function.invoke_as(&request_id, event.clone(), deadline));
    assert!(begun.elapsed() < deadline, "{:?}", begun.elapsed());
    assert_eq!(kind, "Retryable.TrailNotRestored", "{message}");
    assert_eq!(aws.trail()["is_logging"], true, "logging comes first");
    let left = aws.notice()["verification"]["still_differs"].clone();
    let left = left.as_array().unwrap().len();
    assert!(left > 0);

    let mut tries = 1;
    loop {
        tries += 1;
        assert!(tries <= 3, "Lambda tries three times");
        let outcome = function.invoke_as(&request_id, event.clone(), Duration::from_secs(20));
        if let crate::lambda::Outcome::Answered(answer) = outcome {
            assert_eq!(answer, json!({"outcomes": ["restored"]}));
            break;
        }
    }
    assert_eq!(aws.trail(), declared);
    for (write, times) in accepted(&aws) {
        let most = if write == START { 3 } else { 1 };
        assert!(times <= most, "{write} {times} times");
    }
    let outcomes: Vec<Value> = aws
        .documents()
        .iter()
        .map(|d| d["outcome"].clone())
        .collect();
    assert_eq!(
        outcomes[outcomes.len() - 1],
        "restored",
        "the end is told too: {outcomes:?}"
    );
}

#[test]
fn what_is_weakened_while_it_is_healed_is_healed_again() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let event = aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    );
    for number in 0..3 {
        aws.after("UpdateTrail", number, |world| {
            let asked = json!({"Name": "audit", "KmsKeyId": "", "EnableLogFileValidation": false});
            let done = crate::cloudtrail::write(world, "eu-central-1", "UpdateTrail", &asked);
            done.unwrap().unwrap();
        });
    }
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    let notice = aws.notice();
    let drift = notice["drift"].to_string();
    assert!(
        drift.contains("is_multi_region_trail") && drift.contains("kms_key_id"),
        "{drift}"
    );
}

#[test]
fn a_trail_that_is_deleted_while_it_is_started_is_made_again() {
    let (aws, function) = whole();
    let declared = aws.trail();
    aws.stop_again();
    aws.after(START, 0, |world| {
        world.change(|trails| trails.remove(AUDIT));
    });
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
}

#[test]
fn an_attacker_who_is_faster_than_the_function_loses_in_the_end() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let attacker = aws.clone();
    let attack = thread::spawn(move || {
        let mut events = Vec::new();
        for _ in 0..6 {
            events.push(attacker.attack("StopLogging", &json!({"Name": "audit"})));
            events.push(attacker.attack(
                "UpdateTrail",
                &json!({"Name": "audit", "IsMultiRegionTrail": false}),
            ));
            events.push(attacker.attack(
                "PutEventSelectors",
                &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
            ));
            thread::sleep(Duration::from_millis(150));
        }
        events
    });
    let _ = function.invoke(&stop());
    // Delivered late and out of order, as EventBridge may.
    for event in attack.join().unwrap().iter().rev().step_by(3) {
        let _ = function.invoke(event);
    }
    assert_eq!(aws.trail(), declared);
}
