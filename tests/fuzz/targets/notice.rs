//! Whatever a record holds: its notice is well-formed, and its words stay in quotes.
//! What is no record is put into every text of one.

#![no_main]

mod protected;
#[path = "../../../lambda/tests/recorded/valid.rs"]
mod valid;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use trailkeeper::{
    baseline::Baseline,
    event::Event,
    failure::CallError,
    incident::{Circumstances, Incident},
    moment::Moment,
    outcome::Outcome,
    reconcile::{BaselineProblem, Cause, Mode, Reconciliation},
    text::harmless,
    trail::{Drift, LoggingState, Part},
};

/// A member's; ids of accounts are checked where they come in.
const ACCOUNT: &str = "444455556666";

/// Bytes. <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const SNS_TAKES: usize = 256 * 1024;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let event = Event::parse(&text)
        .ok()
        .filter(|event| event.record.event_name.is_some());
    let event = event.unwrap_or_else(|| made_of(&text));
    for incident in incidents(&event, &text) {
        valid::check("fuzz", &incident, SNS_TAKES);
    }
});

/// An event whose every text is this one.
fn made_of(text: &str) -> Event {
    let identity = json!({
        "type": text, "arn": text, "principalId": text, "accountId": text, "userName": text,
        "accessKeyId": text, "invokedBy": text,
        "sessionContext": {
            "sessionIssuer": {"type": text, "arn": text, "userName": text, "accountId": text},
            "attributes": {"mfaAuthenticated": text, "creationDate": text},
        },
    });
    let record = json!({
        "eventName": text, "eventSource": text, "eventTime": text, "eventID": text,
        "awsRegion": text, "sourceIPAddress": text, "userAgent": text, "errorCode": text,
        "errorMessage": text, "recipientAccountId": text, "userIdentity": identity,
        "requestParameters": {"name": text, "s3BucketName": text, text: text},
    });
    let envelope: Value = json!({
        "id": text, "source": text, "detail-type": text, "account": text, "region": text,
        "time": text, "detail": record,
    });
    Event::parse(&envelope.to_string()).unwrap_or_default()
}

fn incidents(event: &Event, text: &str) -> Vec<Incident> {
    let trail = protected::protected().remove(0);
    // AWS's words, not the attacker's: they stand outside quotes.
    let error = || {
        let code = "InsufficientS3BucketPolicyException";
        CallError::new("cloudtrail:UpdateTrail", code, "Incorrect policy", true)
    };
    let at = Moment::parse("2026-11-24T05:06:09.310Z");
    let state = LoggingState {
        is_logging: Some(true),
        started_at: at,
        stopped_at: Moment::parse("2026-11-24T05:06:07.120Z"),
    };
    let done = |found: Vec<Drift>, left: Vec<Drift>| Reconciliation {
        begun_at: at.unwrap_or_else(Moment::now),
        verified_at: at.filter(|_| left.is_empty()),
        found,
        left,
        calls: vec!["cloudtrail:StartLogging", "cloudtrail:UpdateTrail"],
        would_call: vec!["cloudtrail:UpdateTrail"],
        start_accepted_at: at,
        reads: 2,
        logging: Some(state),
        left_alone: Vec::new(),
        is_exempt: false,
        break_glass: None,
        refused: vec![error()],
        unread: vec![error()],
        baseline: Baseline::of_logging(&trail),
        baseline_problem: None,
        is_missing: false,
    };
    let hostile = || {
        let mut drift = Drift::stopped();
        drift.field = "tags".to_owned();
        drift.before = harmless(&json!({text: [text, {text: text}]}));
        drift
    };
    let tampered = Reconciliation {
        baseline_problem: Some(BaselineProblem {
            text: "its SHA-256 is 4567".to_owned(),
            cause: "Tampered".to_owned(),
            is_retryable: false,
        }),
        ..done(vec![], vec![])
    };
    let reconciliations = [
        done(vec![], vec![]),
        done(vec![hostile()], vec![]),
        done(vec![hostile()], vec![hostile()]),
        tampered,
        Reconciliation::unreached(&trail, error()),
    ];
    let mut all = vec![
        Incident::denied(event, Some(&trail)),
        Incident::denied(event, None),
        Incident::reported(event, Some(&trail)),
        Incident::of_accounts(
            Outcome::Unreachable,
            vec![ACCOUNT.to_owned()],
            error().to_string(),
            true,
        ),
    ];
    // One of eight circumstances, which the fuzzer chooses by the length.
    let causes = [
        Cause::Stop,
        Cause::Change(Part::Settings),
        Cause::Change(Part::Existence),
        Cause::Sweep,
    ];
    let about = Circumstances {
        cause: causes[text.len() % 4],
        mode: if text.len() % 8 < 4 {
            Mode::Enforce
        } else {
            Mode::Observe
        },
        is_expected: text.len() % 16 < 8,
        saw_stop: text.len() % 32 < 16,
    };
    let made = |done| Incident::reconciled(event, &trail, done, about);
    all.extend(reconciliations.iter().filter_map(made));
    all
}
