//! Whom a sweep names, and what silences whom.

use serde_json::json;
use trailkeeper::{
    actor::Actor,
    attribution::suspects,
    event::Event,
    failure::CallError,
    incident::{Circumstances, Incident},
    moment::Moment,
    outcome::Outcome,
    reconcile::{Cause, Mode, Reconciliation},
    told::{Keys, stop_key},
    trail::Drift,
};

use crate::{
    events::protected,
    notices::{done, weakened},
};

const NOON: &str = "2026-11-24T12:00:00Z";

fn record(name: &str, who: &str, parameters: &serde_json::Value) -> serde_json::Value {
    json!({
        "eventName": name, "eventTime": NOON, "awsRegion": "eu-central-1",
        "recipientAccountId": "111122223333", "eventID": who,
        "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:{who}")},
        "requestParameters": parameters,
    })
}

fn found(what: Vec<Drift>) -> Reconciliation {
    Reconciliation {
        found: what,
        ..done(Some(true), Moment::parse(NOON), Moment::parse(NOON))
    }
}

#[test]
fn only_calls_that_can_have_done_it_are_suspect() {
    let name = json!({"name": "audit"});
    let weak = json!({"name": "audit", "kmsKeyId": ""});
    let mut denied = record("UpdateTrail", "user/denied", &weak);
    denied["errorCode"] = json!("AccessDenied");
    let mut early = record("StopLogging", "user/early", &name);
    early["eventTime"] = json!("2026-11-24T11:00:00Z");
    let records = [
        record("UpdateTrail", "role/own", &weak),
        record(
            "UpdateTrail",
            "user/other",
            &json!({"name": "other", "kmsKeyId": ""}),
        ),
        record(
            "UpdateTrail",
            "role/terraform",
            &json!({"name": "audit", "isMultiRegionTrail": true}),
        ),
        record("UpdateTrail", "user/mallory", &weak),
        record("UpdateTrail", "user/padded", &json!({"omitted": true})),
        record("StopLogging", "user/stopper", &name),
        // No responder stops a trail: this is somebody with its role.
        record("StopLogging", "role/own", &name),
        denied,
        early,
        json!("no record"),
    ];
    let texts: Vec<String> = records.iter().map(ToString::to_string).collect();
    let trail = protected().remove(0);
    let own = "arn:aws:iam::111122223333:role/own";
    let named = |done: &Reconciliation| -> Vec<String> {
        let events = suspects(&texts, &trail, done, &[own.to_owned()]);
        let names = events
            .iter()
            .map(|event| Actor::of(&event.record).arn.unwrap());
        names
            .map(|arn| arn.as_str().rsplit(':').next().unwrap().to_owned())
            .collect()
    };
    let mut changed = found(weakened());
    assert_eq!(
        named(&changed),
        ["user/mallory", "user/stopper", "role/own"]
    );
    changed.logging = None;
    assert_eq!(
        named(&changed),
        ["user/mallory"],
        "a stop needs the trail's own time"
    );
}

#[test]
fn an_incident_is_claimed_by_its_event_and_what_stays_wrong_by_the_hour() {
    let trail = protected().remove(0);
    let about = |cause| Circumstances {
        cause,
        mode: Mode::Enforce,
        is_expected: false,
        saw_stop: false,
    };
    let event =
        Event::of_record(&record("StopLogging", "user/x", &json!({"name": "audit"})).to_string())
            .unwrap();
    let at = |time: &str| Moment::parse(time).unwrap();

    let told = |done: &Reconciliation, cause, event: &Event, time: &str| {
        Keys::of(
            &Incident::reconciled(event, &trail, done, about(cause)).unwrap(),
            at(time),
        )
    };
    let fingerprint = event.fingerprint();
    let key = |how: &str| vec![format!("{trail}#user/x#{fingerprint}#{how}")];
    let healed = found(weakened());
    let mut wrong = found(weakened());
    wrong.left = weakened();
    wrong.verified_at = None;

    assert_eq!(
        told(&healed, Cause::Stop, &event, NOON).claimed,
        key("settled")
    );
    assert_eq!(
        told(&wrong, Cause::Stop, &event, NOON).claimed,
        key("failed")
    );
    assert_eq!(
        told(&healed, Cause::Stop, &Event::default(), NOON),
        Keys::default()
    );

    let swept = told(&healed, Cause::Sweep, &event, NOON);
    assert_eq!((swept.claimed, swept.noted), (key("settled"), vec![]));
    let change = record("UpdateTrail", "user/x", &json!({"name": "audit"})).to_string();
    let change = Event::of_record(&change).unwrap();
    let swept = told(&healed, Cause::Sweep, &change, NOON);
    assert_eq!((swept.claimed.len(), swept.noted.len()), (0, 1));
    let about = Circumstances {
        saw_stop: true,
        ..about(Cause::Sweep)
    };
    let stop = at("2026-11-24T11:40:00Z");
    let undone = Reconciliation {
        calls: Vec::new(),
        start_accepted_at: None,
        ..done(Some(true), Moment::parse(NOON), Some(stop))
    };
    let unexplained = Incident::reconciled(&Event::default(), &trail, &undone, about).unwrap();
    let keys = Keys::of(&unexplained, at(NOON));
    assert_eq!(keys.claimed, [stop_key(trail.as_str(), stop)]);
    assert_eq!(keys.noted, [""; 0]);

    let hour = |time| told(&wrong, Cause::Sweep, &event, time).claimed;
    assert_eq!(hour("2026-11-24T12:00:00Z"), hour("2026-11-24T12:59:59Z"));
    assert_ne!(hour("2026-11-24T12:00:00Z"), hour("2026-11-24T13:00:00Z"));
}

#[test]
fn what_stays_wrong_is_known_by_its_cause_and_not_by_what_was_read() {
    let trail = protected().remove(0);
    let about = Circumstances {
        cause: Cause::Sweep,
        mode: Mode::Enforce,
        is_expected: false,
        saw_stop: false,
    };
    let error = |operation, code: &str, message: &str, retryable| {
        vec![CallError::new(operation, code, message, retryable)]
    };
    let denied = |message| error("cloudtrail:UpdateTrail", "AccessDenied", message, false);
    let key = |left: Vec<Drift>, stopped_at: &str, refused: Vec<CallError>| {
        let wrong = Reconciliation {
            found: left.clone(),
            left,
            verified_at: None,
            refused,
            ..done(Some(true), Moment::parse(NOON), Moment::parse(stopped_at))
        };
        let incident = Incident::reconciled(&Event::default(), &trail, &wrong, about).unwrap();
        Keys::of(&incident, Moment::parse(NOON).unwrap()).claimed
    };
    let mut other_values = weakened();
    for drift in &mut other_values {
        drift.before = json!("something else");
    }
    let first = key(weakened(), NOON, denied("request 1"));
    assert_eq!(
        first,
        key(other_values, "2026-11-24T11:00:00Z", denied("request 2"))
    );
    let fewer = weakened().into_iter().skip(1).collect();
    assert_ne!(first, key(fewer, NOON, denied("request 1")), "other fields");
    let other_code = error("cloudtrail:UpdateTrail", "KmsException", "", false);
    assert_ne!(first, key(weakened(), NOON, other_code), "another reason");
    let other_call = error("cloudtrail:GetTrail", "AccessDenied", "", false);
    assert_ne!(first, key(weakened(), NOON, other_call), "another call");
    // Which call is throttled is chance.
    let throttled = |operation| error(operation, "ThrottlingException", "", true);
    assert_eq!(
        key(weakened(), NOON, throttled("cloudtrail:GetTrail")),
        key(weakened(), NOON, throttled("cloudtrail:ListTags"))
    );
}

#[test]
fn accounts_that_stay_out_of_reach_are_told_again_for_another_reason_or_others() {
    let key = |outcome, account: &str, cause: &str, problem: &str| {
        let accounts = vec![account.to_owned()];
        let incident = Incident::of_accounts(outcome, accounts, problem.to_owned(), false);
        let incident = incident.caused_by([cause.to_owned()]);
        Keys::of(&incident, Moment::parse(NOON).unwrap()).claimed
    };
    for outcome in [Outcome::Unreachable, Outcome::AccountSuspended] {
        let first = key(outcome, "444455556666", "AccessDenied", "request 1");
        assert_eq!(
            first,
            key(outcome, "444455556666", "AccessDenied", "request 2")
        );
        assert_ne!(
            first,
            key(outcome, "777788889999", "AccessDenied", "request 1")
        );
        assert_ne!(
            first,
            key(outcome, "444455556666", "RegionDisabled", "request 1")
        );
    }
}
