//! Law 3 for every part of a trail: nothing is claimed that was not read back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{AUDIT, Aws, STATUS, refused},
    declared, failure,
    http::Reply,
    lambda::Function,
};

/// What weakens a part, the call that heals it, the read that shows it, and its field.
fn parts() -> Vec<(
    &'static str,
    Value,
    &'static str,
    &'static str,
    &'static str,
)> {
    vec![
        (
            "UpdateTrail",
            json!({"Name": "audit", "KmsKeyId": ""}),
            "UpdateTrail",
            "GetTrail",
            "kms_key_id",
        ),
        (
            "PutEventSelectors",
            json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
            "PutEventSelectors",
            "GetEventSelectors",
            "event_selectors",
        ),
        (
            "PutInsightSelectors",
            json!({"TrailName": "audit", "InsightSelectors": []}),
            "PutInsightSelectors",
            "GetInsightSelectors",
            "insight_selectors",
        ),
        (
            "RemoveTags",
            json!({"ResourceId": AUDIT, "TagsList": [{"Key": "owner"}]}),
            "AddTags",
            "ListTags",
            "tags",
        ),
    ]
}

/// The answer of a read as it is now, to be given for ever.
fn frozen(aws: &Aws, read: &str) -> Reply {
    let parameter = match read {
        "GetTrail" => "Name",
        _ => "TrailName",
    };
    let asked = json!({parameter: AUDIT, "ResourceIdList": [AUDIT]});
    let state = aws.state();
    match crate::cloudtrail::read(&state.world, "eu-central-1", read, &asked).unwrap() {
        Ok(answer) => Reply::answer(200, answer.to_string()),
        Err(code) => refused(400, code),
    }
}

#[test]
fn an_accepted_call_whose_effect_is_never_seen_is_no_restoration() {
    for (attack, asked, healing, read, field) in parts() {
        // How the weakened trail reads.
        let weakened = Aws::whole(Box::new(|_, _| None));
        weakened.attack(attack, &asked);
        let stale = frozen(&weakened, read);

        let aws = Aws::whole(Box::new(move |called, _| {
            (called == read).then(|| stale.clone())
        }));
        let function = Function::start(&aws, &[]);
        let event = aws.attack(attack, &asked);
        let (kind, message) = failure(function.invoke_within(&event, Duration::from_secs(10)));
        assert_eq!(kind, "Retryable.TrailNotRestored", "{field}: {message}");
        assert!(aws.accepted(healing) >= 1, "{field}");
        let notice = aws.notice();
        assert_eq!(notice["outcome"], "not_restored", "{field}");
        assert_eq!(notice["verification"]["still_differs"], json!([field]));
        assert_eq!(notice["verification"]["matches_baseline"], false, "{field}");
        assert_eq!(notice["timing"]["verified_at"], Value::Null, "{field}");
        assert_eq!(notice["verification"]["is_logging"], true, "{field}");
    }
}

#[test]
fn what_may_not_be_read_is_unverified_and_the_rest_is_healed() {
    for (attack, asked, _, read, _) in parts() {
        let aws = Aws::whole(Box::new(move |called, _| {
            (called == read).then(|| refused(400, "AccessDeniedException"))
        }));
        let function = Function::start(&aws, &[]);
        let declared = aws.trail();
        let event = aws.attack(attack, &asked);
        aws.stop_again();
        // Another part is weakened as well, and can be read.
        let other = if read == "GetTrail" {
            "AddTags"
        } else {
            "UpdateTrail"
        };
        if other == "AddTags" {
            let tags = json!([{"Key": "env", "Value": "dev"}]);
            aws.attack(other, &json!({"ResourceId": AUDIT, "TagsList": tags}));
        } else {
            aws.attack(
                other,
                &json!({"Name": "audit", "IsMultiRegionTrail": false}),
            );
        }
        let (kind, message) = failure(function.invoke(&event));
        assert_eq!(kind, "Terminal.TrailNotRestored", "{read}: {message}");
        assert!(message.contains(read), "{message}");
        let notice = aws.notice();
        assert_eq!(notice["outcome"], "unverified", "{read}");
        assert_eq!(notice["severity"], "critical", "{read}");
        assert_eq!(
            notice["verification"]["matches_baseline"],
            Value::Null,
            "{read}"
        );
        assert_eq!(notice["timing"]["verified_at"], Value::Null, "{read}");
        assert!(notice["problem"].to_string().contains(read), "{read}");

        let trail = aws.trail();
        assert_eq!(trail["is_logging"], true, "{read}");
        let part = if other == "AddTags" {
            "tags"
        } else {
            "settings"
        };
        assert_eq!(
            trail[part], declared[part],
            "{read}: what can be read is healed"
        );
    }
}

#[test]
fn a_status_that_may_not_be_read_keeps_no_other_part_from_being_healed() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == STATUS).then(|| refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[]);
    let declared = aws.trail();
    let event = aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    );
    let (kind, _) = failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert_eq!(aws.trail(), declared);
    let notice = aws.notice();
    assert_eq!(notice["outcome"], "unverified");
    assert_eq!(notice["verification"]["is_logging"], Value::Null);
}

#[test]
fn garbage_for_a_read_is_no_difference_and_no_proof() {
    for (read, garbage) in [
        ("GetTrail", "{}"),
        ("GetTrail", "<html>"),
        ("GetEventSelectors", "<html>"),
        ("GetInsightSelectors", "[]"),
        ("ListTags", "\"\""),
    ] {
        let aws = Aws::whole(Box::new(move |called, _| {
            (called == read).then(|| Reply::answer(200, garbage))
        }));
        let function = Function::start(&aws, &[]);
        let event = aws.attack("UpdateTrail", &json!({"Name": AUDIT, "S3KeyPrefix": "org"}));
        let outcome = function.invoke_within(&event, Duration::from_secs(10));
        let (kind, message) = failure(outcome);
        assert_eq!(
            kind, "Retryable.TrailNotRestored",
            "{read} {garbage}: {message}"
        );
        assert_eq!(aws.notice()["outcome"], "unverified", "{read} {garbage}");
        assert_eq!(aws.writes(), [""; 0], "{read} {garbage}");
    }
}

#[test]
fn each_field_that_is_told_as_restored_was_read_so_afterwards() {
    // The last write comes before the last look at each part.
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    let mut last = Value::Null;
    for (attack, asked, ..) in parts() {
        last = aws.attack(attack, &asked);
    }
    aws.stop_again();
    assert_eq!(
        answered(function.invoke(&last)),
        json!({"outcomes": ["restored"]})
    );
    let operations = aws.operations();
    let last_of = |name: &str| operations.iter().rposition(|o| o == name).unwrap();
    for (_, _, healing, read, _) in parts() {
        assert!(last_of(read) > last_of(healing), "{operations:?}");
    }
    assert!(last_of(STATUS) > last_of("StartLogging"), "{operations:?}");
    assert_eq!(aws.trail(), declared::basic().state());
}
