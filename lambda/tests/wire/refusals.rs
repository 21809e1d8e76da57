//! Healing calls that are refused: the others are made all the same, and what
//! stays wrong is said field by field.

use std::thread;

use serde_json::{Value, json};

use crate::{
    attack::event_of,
    aws::{AUDIT, Aws, PUBLISH, START, refused},
    declared, failure,
    lambda::Function,
};

/// Weakens every part; the event of the last call.
fn weaken(aws: &Aws) -> Value {
    aws.attack("StopLogging", &json!({"Name": "audit"}));
    aws.attack(
        "PutInsightSelectors",
        &json!({"TrailName": "audit", "InsightSelectors": []}),
    );
    aws.attack(
        "AddTags",
        &json!({"ResourceId": AUDIT, "TagsList": [{"Key": "exempt", "Value": "true"}, {"Key": "env", "Value": "dev"}]}),
    );
    aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}),
    );
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false, "KmsKeyId": ""}),
    )
}

#[test]
fn a_refused_call_keeps_no_other_from_being_made() {
    let cases = [
        (
            "UpdateTrail",
            "AccessDeniedException",
            vec!["is_multi_region_trail", "kms_key_id"],
        ),
        (
            "UpdateTrail",
            "InsufficientEncryptionPolicyException",
            vec!["is_multi_region_trail", "kms_key_id"],
        ),
        (
            "PutEventSelectors",
            "AccessDeniedException",
            vec!["event_selectors"],
        ),
        (
            "PutInsightSelectors",
            "AccessDeniedException",
            vec!["insight_selectors"],
        ),
        ("AddTags", "AccessDeniedException", vec!["tags"]),
        ("RemoveTags", "AccessDeniedException", vec!["tags"]),
        (START, "AccessDeniedException", vec!["is_logging"]),
    ];
    thread::scope(|scope| {
        for (refused_call, code, left) in cases {
            scope.spawn(move || check(refused_call, code, &left));
        }
    });
}

fn check(refused_call: &'static str, code: &'static str, left: &[&str]) {
    let aws = Aws::whole(Box::new(move |called, _| {
        (called == refused_call).then(|| refused(400, code))
    }));
    let function = Function::start(&aws, &[]);
    let event = weaken(&aws);
    let (kind, message) = failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored", "{message}");
    assert!(
        message.contains(refused_call) && message.contains(code),
        "{message}"
    );

    let notice = aws.notice();
    assert_eq!(notice["outcome"], "not_restored", "{refused_call}");
    assert_eq!(notice["severity"], "critical", "{refused_call}");
    assert_eq!(
        notice["verification"]["matches_baseline"], false,
        "{refused_call}"
    );
    assert_eq!(
        notice["verification"]["still_differs"],
        json!(left),
        "{refused_call}"
    );
    let is = declared::document(AUDIT, &aws.state().world.trails()[AUDIT].clone());
    let should = declared::document(AUDIT, &declared::basic());
    let mut differs: Vec<&String> = should
        .as_object()
        .unwrap()
        .iter()
        .filter(|(field, value)| is[field.as_str()] != **value)
        .map(|(field, _)| field)
        .collect();
    differs.sort_unstable();
    let in_baseline: Vec<&&str> = left
        .iter()
        .filter(|field| **field != "is_logging")
        .collect();
    assert_eq!(differs, in_baseline, "{refused_call}: the rest was healed");
    assert_eq!(
        aws.trail()["is_logging"],
        refused_call != START,
        "{refused_call}"
    );
}

#[test]
fn a_call_that_is_refused_for_good_is_not_repeated_for_ever() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "PutEventSelectors").then(|| refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[]);
    let event = aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
    );
    let begun = std::time::Instant::now();
    failure(function.invoke(&event));
    assert!(aws.count("PutEventSelectors") <= 2, "{:?}", aws.writes());
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

#[test]
fn one_setting_that_is_refused_does_not_keep_the_others_from_being_healed() {
    // The declared bucket is gone: CloudTrail takes no call that names it.
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    let event = aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "S3BucketName": "not-your-logs", "IsMultiRegionTrail": false, "EnableLogFileValidation": false}),
    );
    aws.state().gone_buckets.push("audit-logs".to_owned());
    let (kind, message) = failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored", "{message}");
    assert!(
        message.contains("S3BucketDoesNotExistException"),
        "{message}"
    );
    let notice = aws.notice();
    assert_eq!(
        notice["verification"]["still_differs"],
        json!(["s3_bucket_name"])
    );
    let settings = aws.trail()["settings"].clone();
    assert_eq!(settings["IsMultiRegionTrail"], true);
    assert_eq!(settings["LogFileValidationEnabled"], true);
}

#[test]
fn a_trail_that_cannot_be_made_again_is_an_alarm() {
    for code in [
        "MaximumNumberOfTrailsExceededException",
        "AccessDeniedException",
    ] {
        let aws = Aws::whole(Box::new(move |called, _| {
            (called == "CreateTrail").then(|| refused(400, code))
        }));
        let function = Function::start(&aws, &[]);
        let event = aws.attack("DeleteTrail", &json!({"Name": "audit"}));
        let (kind, message) = failure(function.invoke(&event));
        assert_eq!(kind, "Terminal.TrailNotRestored", "{message}");
        assert!(message.contains(code), "{message}");
        let notice = aws.notice();
        assert_eq!(notice["outcome"], "not_restored");
        assert_eq!(notice["verification"]["still_differs"], json!(["exists"]));
        assert_eq!(aws.count(PUBLISH), 1);
    }
}

#[test]
fn a_trail_that_somebody_else_makes_at_the_same_time_is_reconciled() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let declared = aws.trail();
    let function = Function::start(&aws, &[]);
    aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    // Between the look and CreateTrail the attacker is faster.
    aws.after("ListTags", 0, |world| {
        let asked = json!({"Name": "audit", "S3BucketName": "not-your-logs"});
        let made = crate::cloudtrail::write(world, "eu-central-1", "CreateTrail", &asked);
        made.unwrap().unwrap();
    });
    let event = event_of("DeleteTrail", &json!({"Name": "audit"}));
    crate::answered(function.invoke(&event));
    assert_eq!(aws.trail(), declared);
}
