//! The recorded events in `tests/events`.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use trailkeeper::{
    arn::TrailArn,
    guard,
    kind::Kind,
    thing::{self, Thing},
};

/// The protected trails; in us-east-1 arrive the events of global services.
pub const PROTECTED: [&str; 4] = [
    "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit",
    "arn:aws:cloudtrail:us-east-1:111122223333:trail/global",
    "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/audit",
    "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit",
];

/// A file of `tests/events`.
pub struct Recorded {
    pub name: String,
    pub expect: Value,
    pub event: Value,
}

/// All of them.
pub fn recorded() -> Vec<Recorded> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/events");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 100, "the recorded events are missing");
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&file).unwrap();
            let mut fixture: Value =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            Recorded {
                name,
                expect: fixture["expect"].take(),
                event: fixture["event"].take(),
            }
        })
        .collect()
}

/// The protected trails, parsed.
pub fn protected() -> Vec<TrailArn> {
    PROTECTED.iter().map(|arn| arn.parse().unwrap()).collect()
}

/// Parts of the responder.
pub const PARTS: [&str; 4] = [
    "arn:aws:events:eu-central-1:111122223333:rule/trailkeeper-trail-changes",
    "arn:aws:events:eu-central-1:111122223333:rule/members/trailkeeper-member-changes",
    "arn:aws:scheduler:eu-central-1:111122223333:schedule/trailkeeper/trailkeeper-sweep",
    "arn:aws:lambda:eu-central-1:111122223333:function:trailkeeper-responder",
];

/// Those parts, as things under guard.
fn parts() -> Vec<Thing> {
    let parameter = format!("/t/{}", "0123".repeat(16));
    let parts = PARTS.map(|arn| json!({"arn": arn, "parameter": parameter}));
    let document = json!({"schema": guard::SCHEMA, "version": guard::VERSION, "parts": parts});
    let mut list = things_of_trail().swap_remove(1);
    list.kind = Kind::Guard;
    guard::parts(&document.to_string(), &list).unwrap()
}

/// All that is under guard beside the trails.
pub fn things() -> Vec<Thing> {
    let mut things = things_of_trail();
    things.extend(parts());
    things
}

/// The log bucket and the key of the first.
fn things_of_trail() -> Vec<Thing> {
    let entry = |arn: &str| {
        let parameter = format!("/t/{}", "0123".repeat(16));
        json!({"arn": arn, "trail_arn": PROTECTED[0], "parameter": parameter, "alias": "alias/audit-logs"})
    };
    let both = json!([
        entry("arn:aws:s3:::audit-logs"),
        entry("arn:aws:kms:eu-central-1:111122223333:key/3c1f7a0e-52d9-4b86-9e17-a4c8d0f2b6e5"),
    ]);
    thing::read(&both.to_string(), "111122223333").unwrap()
}

/// One of them, by its name.
pub fn named(name: &str) -> Value {
    let mut all = recorded().into_iter();
    all.find(|recorded| recorded.name == name).unwrap().event
}
