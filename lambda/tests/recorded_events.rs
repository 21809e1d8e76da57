//! Every recorded event in `tests/events`: what is decided, who is named, and
//! that its notice is valid whatever the record holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use trailkeeper::{
    actor::Actor,
    arn::TrailArn,
    decide::{Decision, decide},
    event::Event,
    incident::Incident,
    moment::Moment,
    notice::Notice,
    trail::{Healing, LoggingState},
};

const PROTECTED: [&str; 3] = [
    "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit",
    "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/audit",
    "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit",
];

struct Recorded {
    name: String,
    expect: Value,
    event: Value,
}

fn recorded() -> Vec<Recorded> {
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

fn protected() -> Vec<TrailArn> {
    PROTECTED.iter().map(|arn| arn.parse().unwrap()).collect()
}

#[test]
fn each_event_is_decided_as_written_beside_it() {
    let mut wrong = Vec::new();
    for recorded in recorded() {
        let event = Event::parse(recorded.event).unwrap();
        let decided = match decide(&event, &protected()) {
            Decision::Ignore(reason) => json!({"decision": reason.as_str()}),
            Decision::Report(trail) => json!({
                "decision": "report",
                "trails": trail.iter().map(TrailArn::as_str).collect::<Vec<_>>(),
            }),
            Decision::Restore(trails) => json!({
                "decision": "restore",
                "trails": trails.iter().map(TrailArn::as_str).collect::<Vec<_>>(),
            }),
        };
        let mut expected = recorded.expect;
        expected.as_object_mut().unwrap().remove("actor");
        if decided != expected {
            wrong.push(format!(
                "{}: decided {decided}, expected {expected}",
                recorded.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_actor_is_named_as_well_as_the_record_allows() {
    let mut checked = 0;
    for recorded in recorded() {
        let Some(expected) = recorded.expect.get("actor") else {
            continue;
        };
        let event = Event::parse(recorded.event.clone()).unwrap();
        let actor = Actor::of(&event.record);
        let kind = actor.kind.as_ref().map(trailkeeper::text::Clean::as_str);
        assert_eq!(
            json!({"kind": kind, "best": actor.best()}),
            *expected,
            "{}",
            recorded.name
        );
        checked += 1;
    }
    assert!(checked > 25, "only {checked} identities");
}

#[test]
fn mfa_is_read_from_words_and_booleans() {
    let mfa = |name: &str| {
        let recorded = recorded().into_iter().find(|r| r.name == name).unwrap();
        Actor::of(&Event::parse(recorded.event).unwrap().record).mfa
    };
    assert_eq!(mfa("identity-root-with-session"), Some(true));
    assert_eq!(mfa("identity-assumed-root"), Some(false));
    assert_eq!(mfa("identity-role-full"), Some(false));
    assert_eq!(mfa("identity-role-mfa-boolean"), Some(true));
    assert_eq!(mfa("identity-root"), None);
}

#[test]
fn every_notice_is_valid_whatever_the_record_holds() {
    for recorded in recorded() {
        check_notices(&recorded.name, recorded.event);
    }
}

#[test]
fn a_field_that_is_missing_null_or_of_another_type_does_no_harm() {
    let event = recorded()
        .into_iter()
        .find(|r| r.name == "identity-role-full")
        .unwrap()
        .event;
    let mut paths = Vec::new();
    collect_paths(&event, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 30, "only {} fields", paths.len());
    for path in paths {
        let replacements = [
            None,
            Some(Value::Null),
            Some(json!(17)),
            Some(json!(true)),
            Some(json!([])),
            Some(json!({"a": {"b": []}})),
            Some(json!("x".repeat(256 * 1024))),
            Some(json!("\u{0}\u{1b}[2J\r\n\u{202e}\u{1f608}<b>&\"'`")),
        ];
        for replacement in replacements {
            let mut changed = event.clone();
            replace(&mut changed, &path, replacement);
            check_notices(&path.join("."), changed);
        }
    }
}

/// Renders the event as a denial and as every way a stop can end.
fn check_notices(name: &str, event: Value) {
    let Ok(event) = Event::parse(event) else {
        return;
    };
    let now = Moment::now();
    let trail = protected().remove(0);
    let healing = |is_logging: Option<bool>, verified: bool| Healing {
        begun_at: now,
        accepted_at: Some(now),
        starts: 1,
        reads: 1,
        state: Some(LoggingState {
            is_logging,
            started_at: Some(now),
            stopped_at: Some(now),
        }),
        verified_at: verified.then_some(now),
        start_error: None,
        read_error: None,
    };
    let incidents = [
        Incident::denied(&event, None),
        Incident::denied(&event, Some(&trail)),
        Incident::answered(&event, &trail, &healing(Some(true), true)),
        Incident::answered(&event, &trail, &healing(Some(false), false)),
        Incident::answered(&event, &trail, &healing(None, false)),
    ];
    for incident in incidents {
        let notice = Notice::of(&incident).unwrap();
        assert!(
            notice.subject.len() < 100 && !notice.subject.is_empty(),
            "{name}: {}",
            notice.subject
        );
        assert!(
            notice.subject.bytes().all(|b| (0x20..0x7f).contains(&b)),
            "{name}"
        );
        assert!(
            notice
                .subject
                .starts_with(|c: char| c.is_ascii_alphanumeric()),
            "{name}"
        );
        assert!(
            notice.message.len() < 32 * 1024,
            "{name}: {} bytes",
            notice.message.len()
        );
        assert!(
            notice.attributes.iter().all(|(_, value)| !value.is_empty()),
            "{name}"
        );

        let message: Value = serde_json::from_str(&notice.message).unwrap();
        let document: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
        assert_eq!(document["schema"], "trailkeeper.notice", "{name}");
        assert_eq!(document["version"], 1, "{name}");
        assert_eq!(document["outcome"], incident.outcome.as_str(), "{name}");

        let text = message["email"].as_str().unwrap();
        let deceptive = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        };
        assert!(!text.chars().any(deceptive), "{name}: {text}");
        assert!(
            text.lines()
                .skip(1)
                .all(|line| !line.starts_with("RESTORED")),
            "{name}: a line was forged:\n{text}"
        );
        assert!(
            text.lines().count() < 45,
            "{name}: {} lines",
            text.lines().count()
        );
    }
}

fn collect_paths(value: &Value, at: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    if let Value::Object(fields) = value {
        for (name, field) in fields {
            at.push(name.clone());
            paths.push(at.clone());
            collect_paths(field, at, paths);
            at.pop();
        }
    }
}

fn replace(value: &mut Value, path: &[String], replacement: Option<Value>) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    match (path, replacement) {
        ([last], None) => {
            fields.remove(last);
        }
        ([last], Some(new)) => {
            fields.insert(last.clone(), new);
        }
        ([first, rest @ ..], replacement) => {
            if let Some(inner) = fields.get_mut(first) {
                replace(inner, rest, replacement);
            }
        }
        ([], _) => {}
    }
}
