//! The recorded events in `tests/events`.

use std::{fs, path::PathBuf};

use serde_json::Value;
use trailkeeper::arn::TrailArn;

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

/// One of them, by its name.
pub fn named(name: &str) -> Value {
    let mut all = recorded().into_iter();
    all.find(|recorded| recorded.name == name).unwrap().event
}
