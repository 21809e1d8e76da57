//! Any record makes a valid notice in every format, and a document that its schema
//! allows.

use std::{cell::RefCell, collections::BTreeSet};

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Map, Value, json};
use trailkeeper::{event::Event, notice::Notice};

use crate::{
    containment::{self, EVE, KEY, ROLE, by_role, by_user},
    events::named,
    notices::{incidents, of_change, of_each_kind, of_stop},
    schema::Schema,
    valid,
};

/// Fields that are told of, below `detail`.
const FIELDS: [&str; 16] = [
    "eventID",
    "eventName",
    "eventTime",
    "requestID",
    "errorCode",
    "errorMessage",
    "sourceIPAddress",
    "userAgent",
    "userIdentity.type",
    "userIdentity.arn",
    "userIdentity.accountId",
    "userIdentity.accessKeyId",
    "userIdentity.userName",
    "userIdentity.principalId",
    "userIdentity.sessionContext.sessionIssuer.arn",
    "userIdentity.sessionContext.sourceIdentity",
];

/// What somebody might write who wants to be misread.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<!channel> @here @channel <@U012AB3CD>".to_owned()),
        Just(
            "*b* _i_ ~s~ ```code``` [x](https://evil.example) <https://evil.example|x>".to_owned()
        ),
        Just("\"; RESTORED: all is well".to_owned()),
        Just("$(reboot) `reboot` ; reboot \\".to_owned()),
        Just("\u{202e}\u{0}\r\n\u{6f22}\u{1f525}".to_owned()),
        Just("AKIAIOSFODNN7EXAMPLE".to_owned()),
        Just("arn:aws:iam::111122223333:role/deploy".to_owned()),
        any::<String>(),
        "[!-~]{1,120}",
        any::<char>().prop_map(|c| c.to_string().repeat(700)),
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.join(" "))
}

/// The records that are changed.
const BASES: [&str; 3] = [
    "identity-role-full",
    "update-several",
    "denied-null-parameters",
];

/// A record with some of its fields replaced.
fn event() -> impl Strategy<Value = Event> {
    changed(BASES.map(named).into())
}

/// One of users, roles and one role that nobody can edit.
fn event_of_actors() -> impl Strategy<Value = Event> {
    let sso = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0";
    changed(vec![by_user(EVE, KEY), by_role(ROLE), by_role(sso)])
}

fn changed(bases: Vec<Value>) -> impl Strategy<Value = Event> {
    let changes = prop::collection::vec((0..FIELDS.len(), hostile()), 0..8);
    (prop::sample::select(bases), changes).prop_map(|(mut event, changes)| {
        for (field, text) in changes {
            let mut at = &mut event["detail"];
            for part in FIELDS[field].split('.') {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at = &mut at[part];
            }
            *at = json!(text);
        }
        Event::parse(&event.to_string()).unwrap()
    })
}

fn document(notice: &Notice) -> Value {
    let message: Value = serde_json::from_str(&notice.message).unwrap();
    serde_json::from_str(message["default"].as_str().unwrap()).unwrap()
}

#[test]
fn the_schema_describes_every_field_of_every_kind() {
    let schema = Schema::of_notices();
    for incident in of_each_kind() {
        let document = document(&Notice::of(&incident).unwrap());
        schema.check(&document).unwrap();
    }
}

#[test]
fn the_check_against_the_schema_can_fail() {
    let schema = Schema::of_notices();
    let document = document(&Notice::of(&of_each_kind()[0]).unwrap());
    for (field, wrong) in [
        ("/outcome", json!("unheard_of")),
        ("/version", json!(2)),
        ("/timing/gap_ms", json!("2190")),
        ("/actor", json!({})),
        ("/new", json!(1)),
    ] {
        let mut changed = document.clone();
        match changed.pointer_mut(field) {
            Some(at) => *at = wrong,
            None => changed["new"] = wrong,
        }
        assert!(schema.check(&changed).is_err(), "{field}");
    }
}

fn sometimes() -> ProptestConfig {
    ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Whatever the record and IAM's refusals say, and each kind comes up.
#[test]
fn any_containment_makes_a_valid_notice_in_every_format() {
    let schema = Schema::of_notices();
    let seen = RefCell::new(BTreeSet::new());
    let check = |event: &Event, why: &str| {
        // Nobody but AWS writes a refusal: it is not quoted.
        let why = why.replace("all is well", "");
        for incident in of_stop(event).iter().chain(&of_change(event)) {
            for contained in containment::of_actor_with(incident, &why) {
                valid::check("any containment", &contained, 64 * 1024);
                let document = document(&Notice::of(&contained).unwrap());
                schema.check(&document).unwrap();
                let report = contained.containment.unwrap();
                let kind = (report.state.as_str(), report.is_user);
                seen.borrow_mut().insert(kind);
            }
        }
    };
    let mut runner = TestRunner::new(sometimes());
    let all = (event_of_actors(), hostile());
    let run = runner.run(&all, |(event, why)| {
        check(&event, &why);
        Ok(())
    });
    run.unwrap();
    let states = ["contained", "already_contained", "would_contain", "failed"];
    let mut wanted: BTreeSet<_> = states
        .iter()
        .flat_map(|state| [(*state, true), (*state, false)])
        .collect();
    wanted.insert(("refused", false));
    assert_eq!(*seen.borrow(), wanted);
}

proptest! {
    #![proptest_config(sometimes())]

    #[test]
    fn any_record_makes_a_valid_notice_in_every_format(event in event()) {
        let schema = Schema::of_notices();
        for incident in incidents(&event) {
            valid::check("any record", &incident, 64 * 1024);
            let document = document(&Notice::of(&incident).unwrap());
            schema.check(&document).unwrap();
        }
    }
}
