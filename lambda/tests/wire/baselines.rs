//! A baseline that cannot be used: the trail is started, nothing else is
//! written, and the invocation fails loudly.

use serde_json::{Value, json};

use crate::{
    answered,
    attack::again,
    aws::{AUDIT, Aws, Fault, PARAMETER, PUBLISH, START, refused},
    declared, failure,
    http::Reply,
    lambda::Function,
    stop,
};

/// Stops and weakens the trail, and makes its baseline unusable by `spoil`,
/// which is given the parameter's name.
fn check(what: &str, fault: Box<Fault>, spoil: impl FnOnce(&Aws, String), kind: &str, told: &str) {
    let aws = Aws::whole(fault);
    let name = aws.declare(AUDIT, &declared::document(AUDIT, &declared::basic()));
    let aws_of_spoil = aws.clone();
    spoil(&aws_of_spoil, name.clone());
    let function = Function::start(&aws, &[]);
    for is_stop in [true, false] {
        aws.state().calls.clear();
        let event = aws.attack(
            "UpdateTrail",
            &json!({"Name": "audit", "IsMultiRegionTrail": false, "S3BucketName": "not-your-logs"}),
        );
        aws.stop_again();
        let before = aws.trail();
        let event = if is_stop { stop() } else { event };
        let (found, message) = failure(function.invoke(&event));
        assert_eq!(found, kind, "{what}: {message}");
        assert!(message.contains(told), "{what}: {message}");
        assert!(
            message.contains("/trailkeeper/trailkeeper/audit/"),
            "it names the parameter: {message}"
        );
        assert_eq!(aws.writes(), [START], "{what}");
        if is_stop {
            assert_eq!(aws.operations()[0], START, "{what}");
        }
        let mut after = aws.trail();
        assert_eq!(after["is_logging"], true, "{what}");
        after["is_logging"] = json!(false);
        assert_eq!(after, before, "{what}: nothing else was touched");
        let notice = aws.notice();
        assert_eq!(notice["severity"], "critical", "{what}");
        let outcome = notice["outcome"].as_str().unwrap();
        assert!(
            ["unverified", "not_restored"].contains(&outcome),
            "{what}: {outcome}"
        );
        assert_ne!(notice["verification"]["matches_baseline"], true, "{what}");
        assert!(notice["problem"].to_string().contains(told), "{what}");
        assert_eq!(notice["verification"]["is_logging"], true, "{what}");
    }
}

fn healthy() -> Box<Fault> {
    Box::new(|_, _| None)
}

#[test]
fn a_baseline_that_somebody_changed_is_refused() {
    let weaker = |aws: &Aws, name: String| {
        let mut state = aws.state();
        let value = state.parameters.get_mut(&name).unwrap();
        *value = value.replace("audit-logs", "not-your-logs");
    };
    check(
        "changed",
        healthy(),
        weaker,
        "Terminal.TrailNotRestored",
        "SHA-256",
    );
    let one_blank = |aws: &Aws, name: String| {
        aws.state().parameters.get_mut(&name).unwrap().push(' ');
    };
    check(
        "one blank",
        healthy(),
        one_blank,
        "Terminal.TrailNotRestored",
        "SHA-256",
    );
    let empty = |aws: &Aws, name: String| {
        aws.state().parameters.insert(name, String::new());
    };
    check(
        "empty",
        healthy(),
        empty,
        "Terminal.TrailNotRestored",
        "SHA-256",
    );
}

#[test]
fn a_baseline_that_is_not_there_is_told() {
    let absent = |aws: &Aws, name: String| {
        aws.state().parameters.remove(&name);
    };
    check(
        "absent",
        healthy(),
        absent,
        "Terminal.TrailNotRestored",
        "ParameterNotFound",
    );
}

#[test]
fn a_baseline_that_may_not_be_read_is_told() {
    let denied: Box<Fault> =
        Box::new(|called, _| (called == PARAMETER).then(|| refused(400, "AccessDeniedException")));
    check(
        "denied",
        denied,
        |_, _| {},
        "Terminal.TrailNotRestored",
        "AccessDeniedException",
    );
}

#[test]
fn a_baseline_that_cannot_be_read_just_now_is_worth_a_retry() {
    for (what, reply) in [
        ("InternalServerError", refused(500, "InternalServerError")),
        ("ThrottlingException", refused(400, "ThrottlingException")),
        ("GetParameter", Reply::answer(503, "")),
    ] {
        let fault: Box<Fault> =
            Box::new(move |called, _| (called == PARAMETER).then(|| reply.clone()));
        check(what, fault, |_, _| {}, "Retryable.TrailNotRestored", what);
    }
}

#[test]
fn a_baseline_that_is_none_is_refused_though_its_hash_is_right() {
    let whole = declared::document(AUDIT, &declared::basic());
    let with = |field: &str, value: Value| {
        let mut document = whole.clone();
        document[field] = value;
        document
    };
    let other = declared::document(&AUDIT.replace("audit", "other"), &declared::basic());
    for (what, document, told) in [
        ("a later version", with("version", json!(2)), "version"),
        (
            "another schema",
            with("schema", json!("trailkeeper.notice")),
            "schema",
        ),
        ("of another trail", other, "trail_arn"),
        (
            "not logging",
            with("is_logging", json!(false)),
            "is_logging",
        ),
        (
            "of a wrong type",
            with("kms_key_id", json!(7)),
            "cannot be used",
        ),
        (
            "with both selectors",
            with("advanced_event_selectors", json!([])),
            "exclude each other",
        ),
        ("no object", json!([]), "cannot be used"),
    ] {
        let wrong = |aws: &Aws, _: String| {
            aws.declare(AUDIT, &document);
        };
        check(what, healthy(), wrong, "Terminal.TrailNotRestored", told);
    }
}

#[test]
fn a_baseline_that_can_be_read_again_heals_what_was_left() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, earlier| {
            (called == PARAMETER && earlier == 0).then(|| refused(400, "AccessDeniedException"))
        }),
    );
    let declared = declared::basic().state();
    let function = Function::start(&aws, &[]);
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    );
    aws.stop_again();
    let event = stop();
    failure(function.invoke(&event));
    assert_ne!(aws.trail(), declared);
    aws.stop_again();
    assert_eq!(
        answered(function.invoke(&again(&event))),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn a_baseline_that_is_throttled_for_a_while_is_waited_for() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, earlier| {
            (called == PARAMETER && earlier < 6).then(|| refused(400, "ThrottlingException"))
        }),
    );
    let function = Function::start(&aws, &[]);
    let answer = answered(function.invoke(&stop()));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
}
