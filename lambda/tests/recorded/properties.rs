//! Any record makes a valid notice in every format, and a document that its schema
//! allows.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trailkeeper::{event::Event, notice::Notice};

use crate::{
    events::named,
    notices::{incidents, of_each_kind},
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
    let changes = prop::collection::vec((0..FIELDS.len(), hostile()), 0..8);
    (prop::sample::select(&BASES[..]), changes).prop_map(|(base, changes)| {
        let mut event = named(base);
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

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
