//! The binary over the real Lambda runtime API, with an AWS that fails on demand.
//! `TRAILKEEPER_BINARY` names another binary than the one built for the tests:
//! `make test` gives the packaged one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

// The guarded account, and what is done to it.
mod attack;
mod aws;
mod cloudtrail;
mod declared;
mod http;
mod hub_of_findings;
mod iam;
mod lambda;
mod limits;
mod organization;
mod parts;
mod simulation;
mod stores;
mod support;
mod supported;
mod things;
mod world;

// The tests.
mod baselines;
mod break_glass;
mod capture;
mod chats;
mod claims;
mod containment;
mod duplicates;
mod evidence;
mod expected;
mod faults;
mod findings;
mod fleet;
mod guard;
mod healing;
mod hub;
mod hub_sweeps;
mod input;
mod investigations;
mod kills;
mod laws;
mod matrix;
mod measure;
mod observe;
mod rates;
mod refusals;
mod repeated;
mod stops;
mod storm;
mod sweeps;
mod topic_key;
mod understudys_schedule;

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    aws::{Aws, now},
    lambda::{Function, Outcome},
};

/// A recorded event by the name of its file; its time is now if it has one.
pub(crate) fn recorded(name: &str) -> Value {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/events")
        .join(format!("{name}.json"));
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut fixture: Value = serde_json::from_str(&text).unwrap();
    let mut event = fixture["event"].take();
    if event["detail"]["eventTime"] == "2026-11-24T05:06:07Z" {
        event["detail"]["eventTime"] = json!(in_whole_seconds(now()));
    }
    event
}

/// The stop of the protected trail, just made.
pub(crate) fn stop() -> Value {
    attack::again(&recorded("name-plain"))
}

/// RFC 3339, cut to the second as CloudTrail does.
#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
pub(crate) fn in_whole_seconds(epoch: f64) -> String {
    let moment = trailkeeper::moment::Moment::from_epoch_millis(epoch as i64 * 1_000).unwrap();
    moment.to_string().replace(".000Z", "Z")
}

/// A healthy AWS with a trail that was just stopped, and the function.
pub(crate) fn healthy() -> (Aws, Function) {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    (aws, function)
}

/// A healthy AWS whose trails are as declared, and the function.
pub(crate) fn whole() -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    (aws, function)
}

/// The error type and message of a failed invocation.
pub(crate) fn failure(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Failed(error) => (
            error["errorType"].as_str().unwrap().to_owned(),
            error["errorMessage"].as_str().unwrap().to_owned(),
        ),
        other => panic!("expected a failed invocation, got {other:?}"),
    }
}

/// The answer of an invocation that succeeded.
pub(crate) fn answered(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Answered(answer) => answer,
        other => panic!("expected an answer, got {other:?}"),
    }
}
