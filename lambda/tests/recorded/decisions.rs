//! Every recorded event in `tests/events`: what is decided, who is named, and
//! that its notice is valid whatever the record holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

use std::{env, fs, path::PathBuf};

use serde_json::{Value, json};
use trailkeeper::{
    actor::Actor,
    arn::TrailArn,
    decide::{Decision, decide},
    event::Event,
    failure::CallError,
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
        let event = Event::parse(&recorded.event.to_string()).unwrap();
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
        let event = Event::parse(&recorded.event.to_string()).unwrap();
        let actor = Actor::of(&event.record);
        let kind = actor.kind.as_ref().map(trailkeeper::text::Clean::as_str);
        assert_eq!(
            json!({"kind": kind, "best": actor.best().map(trailkeeper::text::Clean::as_str)}),
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
        Actor::of(&Event::parse(&recorded.event.to_string()).unwrap().record).mfa
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
        check_notices(&recorded.name, &recorded.event);
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
            check_decision(&path, &changed);
            check_notices(&path.join("."), &changed);
        }
    }
}

/// A protected trail at most, and none at all once the event's origin is changed.
fn check_decision(path: &[String], changed: &Value) {
    const ORIGIN: [&str; 8] = [
        "source",
        "detail-type",
        "account",
        "region",
        "detail",
        "detail.eventSource",
        "detail.eventName",
        "detail.awsRegion",
    ];
    let Ok(event) = Event::parse(&changed.to_string()) else {
        return;
    };
    if let Decision::Restore(trails) = decide(&event, &protected()) {
        let path = path.join(".");
        assert!(
            trails
                .iter()
                .all(|trail| PROTECTED.contains(&trail.as_str())),
            "{path}"
        );
        // A record without a region is taken at the envelope's word.
        let absent = path == "detail.awsRegion" && event.record.aws_region.is_none();
        assert!(
            absent || !ORIGIN.contains(&path.as_str()),
            "{path}: {changed}"
        );
    }
}

/// The event rendered with every outcome there is.
fn incidents(event: &Event) -> Vec<Incident> {
    let at = |time: &str| Moment::parse(time);
    let stop = at("2026-11-24T05:06:07.120Z");
    let begun = at("2026-11-24T05:06:09.300Z").unwrap();
    let start = at("2026-11-24T05:06:09.310Z");
    let seen = at("2026-11-24T05:06:09.350Z");
    let earlier = at("2026-11-23T00:00:00Z");
    let healing = |is_logging: Option<bool>, started_at, stopped_at| Healing {
        begun_at: begun,
        accepted_at: start,
        starts: 1,
        reads: 1,
        state: Some(LoggingState {
            is_logging,
            started_at,
            stopped_at,
        }),
        verified_at: seen.filter(|_| is_logging == Some(true)),
        start_error: None,
        read_error: None,
    };
    let trail = protected().remove(0);
    let answered = |healing: &Healing| Incident::answered(event, &trail, healing);
    let mut unread = healing(None, None, None);
    unread.state = None;
    unread.read_error = Some(CallError::new(
        "cloudtrail:GetTrailStatus",
        "AccessDeniedException",
        "not authorized",
        false,
    ));
    vec![
        answered(&healing(Some(true), start, stop)),
        answered(&healing(Some(true), at("2026-11-24T05:06:08Z"), stop)),
        answered(&healing(Some(true), earlier, earlier)),
        answered(&healing(Some(false), earlier, stop)),
        answered(&unread),
        Incident::denied(event, Some(&trail)),
        Incident::denied(event, None),
    ]
}

#[test]
fn each_outcome_reads_as_in_its_golden_file() {
    let stop = recorded()
        .into_iter()
        .find(|r| r.name == "identity-role-full")
        .unwrap();
    let denial = recorded()
        .into_iter()
        .find(|r| r.name == "denied-null-parameters")
        .unwrap();
    let stop = Event::parse(&stop.event.to_string()).unwrap();
    let denial = Event::parse(&denial.event.to_string()).unwrap();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/notices");
    let golden = incidents(&stop)
        .into_iter()
        .take(5)
        .chain(incidents(&denial).into_iter().nth(5));
    let mut outcomes = Vec::new();
    for incident in golden {
        let name = incident.outcome.as_str();
        outcomes.push(name);
        let notice = Notice::of(&incident).unwrap();
        let message: Value = serde_json::from_str(&notice.message).unwrap();
        let document: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
        let rendered = format!(
            "Subject: {}\n\n{}\n{}\n",
            notice.subject,
            message["email"].as_str().unwrap(),
            serde_json::to_string_pretty(&document).unwrap()
        );
        let file = folder.join(format!("{name}.txt"));
        if env::var_os("TRAILKEEPER_BLESS").is_some() {
            fs::write(&file, &rendered).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(
            rendered,
            expected,
            "{}: see docs/development.md",
            file.display()
        );
    }
    assert_eq!(
        outcomes,
        [
            "restored",
            "already_logging",
            "unconfirmed",
            "not_restored",
            "unverified",
            "attempt_denied"
        ]
    );
}

#[test]
fn a_subject_keeps_account_and_region_whatever_the_trails_name() {
    let event = recorded()
        .into_iter()
        .find(|r| r.name == "name-plain")
        .unwrap()
        .event;
    let event = Event::parse(&event.to_string()).unwrap();
    let name = "a".repeat(128);
    let trail: TrailArn = PROTECTED[0].replace("audit", &name).parse().unwrap();
    for mut incident in incidents(&event) {
        incident.trail.name = Some(trail.name().into());
        let subject = Notice::of(&incident).unwrap().subject;
        assert!(
            subject.ends_with("(111122223333, eu-central-1)"),
            "{subject}"
        );
        assert!(subject.contains("aaa..."), "{subject}");
    }
}

fn check_notices(name: &str, event: &Value) {
    let Ok(event) = Event::parse(&event.to_string()) else {
        return;
    };
    for incident in incidents(&event) {
        let notice = Notice::of(&incident).unwrap();
        assert!(notice.subject.len() < 100, "{name}: {}", notice.subject);
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
        assert_eq!(document["outcome"], incident.outcome.as_str(), "{name}");

        let text = message["email"].as_str().unwrap();
        let deceptive = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        };
        assert!(!text.chars().any(deceptive), "{name}: {text}");
        assert!(
            text.lines().count() < 45,
            "{name}: {} lines",
            text.lines().count()
        );
        // What the hostile events say must not stand outside quotes.
        for line in text.lines() {
            let unquoted: String = line.split('"').step_by(2).collect();
            assert!(!unquoted.contains("all is well"), "{name}: {line}");
            assert_eq!(line.matches('"').count() % 2, 0, "{name}: {line}");
        }
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
