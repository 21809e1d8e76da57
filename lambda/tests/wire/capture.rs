//! The baseline of a trail as it is, asked for by a person; payloads that are
//! neither that nor a sweep nor an event.

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{AUDIT, Aws, PUBLISH, refused},
    declared, failure,
    lambda::Function,
    whole,
};

fn capture(arn: &str) -> Value {
    json!({"trailkeeper": "baseline", "trail_arn": arn})
}

#[test]
fn a_captured_baseline_declares_the_trail_as_it_is() {
    for trail in [declared::basic(), declared::advanced(), declared::plain()] {
        let aws = Aws::with(&trail, Box::new(|_, _| None));
        aws.declare(AUDIT, &declared::logging_only(AUDIT));
        let function = Function::start(&aws, &[]);
        let document = answered(function.invoke(&capture(AUDIT)));
        assert_eq!(document, declared::document(AUDIT, &trail));
        assert_eq!(aws.writes(), [""; 0]);
        assert_eq!(aws.count(PUBLISH), 0);

        // Declared as it is, a sweep finds nothing.
        aws.declare(AUDIT, &document);
        let function = Function::start(&aws, &[]);
        let answer = answered(function.invoke(&json!({"trailkeeper": "sweep"})));
        assert_eq!(answer, json!({"outcomes": []}));
    }
}

#[test]
fn a_stopped_trails_baseline_says_that_it_logs() {
    let (aws, function) = whole();
    aws.stop_again();
    let document = answered(function.invoke(&capture(AUDIT)));
    assert_eq!(document["is_logging"], true);
    assert_eq!(aws.writes(), [""; 0], "to look is not to heal");
}

#[test]
fn a_capture_that_is_not_complete_fails() {
    for read in [
        "GetTrail",
        "GetEventSelectors",
        "GetInsightSelectors",
        "ListTags",
    ] {
        let aws = Aws::whole(Box::new(move |called, _| {
            (called == read).then(|| refused(400, "AccessDeniedException"))
        }));
        let function = Function::start(&aws, &[]);
        let (_, message) = failure(function.invoke(&capture(AUDIT)));
        assert!(
            message.contains(read) && message.contains("AccessDenied"),
            "{message}"
        );
    }
}

#[test]
fn an_unusable_request_says_what_is_wrong_and_calls_nothing() {
    let (aws, function) = whole();
    let other = AUDIT.replace("audit", "scratch");
    for (request, told) in [
        (capture(&other), "not protected"),
        (capture("audit"), "no trail ARN"),
        (json!({"trailkeeper": "baseline"}), "trail_arn"),
        (json!({"trailkeeper": "sweeep"}), "sweeep"),
    ] {
        let (kind, message) = failure(function.invoke(&request));
        assert!(kind.starts_with("Terminal."), "{kind}");
        assert!(message.contains(told), "{request}: {message}");
    }
    assert_eq!(aws.operations(), [""; 0]);
}
