//! Mode observe: everything is said, nothing is done.

use serde_json::{Value, json};

use crate::{
    answered,
    attack::event_of,
    aws::{AUDIT, Aws, PUBLISH},
    declared, failure,
    lambda::Function,
    stop,
};

fn observing() -> (Aws, Function) {
    let aws = Aws::with(&declared::advanced(), Box::new(|_, _| None));
    let function = Function::start(&aws, &[("TRAILKEEPER_MODE", "observe")]);
    (aws, function)
}

/// Weakens all parts of the trail; the last event.
fn weaken(aws: &Aws) -> Value {
    aws.attack("StopLogging", &json!({"Name": "audit"}));
    aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "All"}]}),
    );
    aws.attack(
        "PutInsightSelectors",
        &json!({"TrailName": "audit", "InsightSelectors": []}),
    );
    aws.attack(
        "AddTags",
        &json!({"ResourceId": AUDIT, "TagsList": [{"Key": "exempt", "Value": "true"}, {"Key": "env", "Value": "dev"}]}),
    );
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false, "KmsKeyId": ""}),
    )
}

/// What enforcing comes to after the same attack.
fn enforced(attack: fn(&Aws) -> Value) -> Value {
    let aws = Aws::with(&declared::advanced(), Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    let event = attack(&aws);
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    aws.notice()
}

fn observed(attack: fn(&Aws) -> Value) -> Value {
    let (aws, function) = observing();
    let event = attack(&aws);
    let weakened = aws.trail();
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["would_restore"]})
    );
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.trail(), weakened);
    aws.notice()
}

#[test]
fn observing_says_what_enforcing_does_field_by_field() {
    let (does, would) = (enforced(weaken), observed(weaken));
    assert_eq!(would["drift"], does["drift"]);
    assert!(would["drift"].as_array().unwrap().len() >= 6);
    assert_eq!(
        would["remediation"]["would_call"],
        does["remediation"]["calls"]
    );
    assert_eq!(would["remediation"]["calls"], json!([]));
    assert_eq!(would["severity"], "high");
    assert_eq!(would["verification"]["is_logging"], false);
    let said = would["summary"].to_string();
    assert!(!said.contains("again"), "nothing was restored: {said}");
}

#[test]
fn observing_starts_no_trail() {
    fn stopped(aws: &Aws) -> Value {
        aws.stop_again();
        stop()
    }
    let would = observed(stopped);
    assert_eq!(
        would["remediation"]["would_call"],
        json!(["cloudtrail:StartLogging"])
    );
    assert_eq!(
        would["drift"],
        json!([{"field": "is_logging", "before": false, "after": true}])
    );
}

#[test]
fn observing_makes_no_deleted_trail_again_and_says_how_it_would() {
    fn delete(aws: &Aws) -> Value {
        aws.attack("DeleteTrail", &json!({"Name": "audit"}))
    }
    let (does, would) = (enforced(delete), observed(delete));
    assert_eq!(would["drift"], does["drift"]);
    assert_eq!(
        would["remediation"]["would_call"],
        does["remediation"]["calls"]
    );
    assert_eq!(would["verification"]["is_logging"], Value::Null);
}

#[test]
fn an_observing_sweep_tells_of_a_lasting_difference_and_not_at_every_sweep() {
    let (aws, function) = observing();
    weaken(&aws);
    for _ in 0..3 {
        let answer = answered(function.invoke(&json!({"trailkeeper": "sweep"})));
        assert_eq!(answer, json!({"outcomes": ["would_restore"]}));
    }
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.count(PUBLISH), 1);
    // Another difference is news.
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "S3BucketName": "not-your-logs"}),
    );
    answered(function.invoke(&json!({"trailkeeper": "sweep"})));
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn what_cannot_be_read_fails_when_observing_too() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "GetTrail").then(|| crate::aws::refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[("TRAILKEEPER_MODE", "observe")]);
    let event = event_of(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    );
    let (kind, _) = failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert_eq!(aws.notice()["outcome"], "unverified");
}
