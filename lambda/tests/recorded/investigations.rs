//! What the event history says about incidents, as it is told: recorded look-ups
//! against golden files, and hostile ones against the rules of every notice.

use std::{env, fs, path::PathBuf};

use serde_json::Value;
use trailkeeper::{
    cloudtrail::Attribute,
    event::Event,
    failure::CallError,
    incident::{Circumstances, Incident},
    investigation::{Investigation, maker},
    moment::Moment,
    notice::Notice,
    reconcile::{Cause, Mode},
    searches::{Aim, End, Found, Search, global_region, plan},
};

use crate::{
    events::{named, protected, recorded},
    notices::done,
    valid,
};

/// Bytes. <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const SNS_TAKES: usize = 256 * 1024;

fn at(time: &str) -> Moment {
    Moment::parse(time).unwrap()
}

/// A stop that was undone.
fn restored(event: &Event) -> Incident {
    let about = Circumstances {
        cause: Cause::Stop,
        mode: Mode::Enforce,
        is_expected: false,
        saw_stop: false,
    };
    let (start, stop) = ("2026-11-24T05:06:09.310Z", "2026-11-24T05:06:07.120Z");
    let mut done = done(Some(true), Moment::parse(start), Moment::parse(stop));
    done.baseline.settings.enable_log_file_validation = Some(true);
    Incident::reconciled(event, &protected()[0], &done, about).unwrap()
}

/// A file of recorded look-ups.
struct Lookups {
    event: Event,
    now: Moment,
    records: Vec<Value>,
    failed: Value,
    more_pages: Value,
}

fn lookups(name: &str) -> Lookups {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/investigations");
    let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let event = named(file["event"].as_str().unwrap());
    Lookups {
        event: Event::parse(&event.to_string()).unwrap(),
        now: at(file["now"].as_str().unwrap()),
        records: file["records"].as_array().unwrap().clone(),
        failed: file["failed"].take(),
        more_pages: file["more_pages"].take(),
    }
}

impl Lookups {
    fn find(&self, search: &Search) -> Found {
        if let Some(code) = self.failed[&search.region].as_str() {
            let error = CallError::new("cloudtrail:LookupEvents", code, "not permitted", false);
            return Found {
                search: search.clone(),
                records: Vec::new(),
                end: End::Failed(error),
            };
        }
        let meant = |record: &&Value| {
            let identity = &record["userIdentity"];
            let asked = &record["requestParameters"];
            let made = &record["responseElements"];
            let is = match &search.by {
                Attribute::EventName(name) => record["eventName"] == **name,
                Attribute::AccessKeyId(key) => identity["accessKeyId"] == **key,
                Attribute::UserName(name) => identity["userName"] == **name,
                Attribute::ResourceName(name) => [
                    &asked["name"],
                    &made["credentials"]["accessKeyId"],
                    &made["accessKey"]["accessKeyId"],
                ]
                .contains(&&Value::from(name.clone())),
            };
            let time = record["eventTime"].as_str().and_then(Moment::parse);
            let is_late = search
                .since
                .zip(time)
                .is_none_or(|(since, time)| time >= since);
            record["awsRegion"] == *search.region && is && is_late
        };
        let records = self.records.iter().filter(meant);
        let has_more = self.more_pages.to_string().contains(&search.region);
        Found {
            search: search.clone(),
            records: records.map(Value::to_string).collect(),
            end: if has_more { End::TooMany } else { End::All },
        }
    }

    fn looked_into(&self, mut incident: Incident) -> Incident {
        let own = ["arn:aws:iam::111122223333:role/trailkeeper-responder".to_owned()];
        let plan = plan(&incident, self.now).unwrap();
        let mut found: Vec<Found> = plan.searches.iter().map(|s| self.find(s)).collect();
        let further = maker(&incident, &plan, &found);
        found.extend(further.iter().map(|search| self.find(search)));
        let made = Investigation::of(&incident, &plan, &found, &own, self.now);
        incident.investigation = Some(made);
        incident
    }
}

#[test]
fn each_investigation_reads_as_in_its_golden_file() {
    for name in ["stolen_key", "role_session", "hostile", "history_denied"] {
        let lookups = lookups(name);
        let incident = lookups.looked_into(restored(&lookups.event));
        valid::check(name, &incident, SNS_TAKES);
        let notice = Notice::of(&incident).unwrap();
        let message: Value = serde_json::from_str(&notice.message).unwrap();
        let document: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
        let mail = format!(
            "Subject: {}\n\n{}",
            notice.subject,
            message["email"].as_str().unwrap()
        );
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
        let chat: Value = serde_json::from_str(&Notice::for_chat(&incident).message).unwrap();
        for (file, rendered) in [
            ("email.txt", mail),
            ("investigation.json", pretty(&document["investigation"])),
            ("chat.json", pretty(&chat)),
        ] {
            check_golden(&format!("{name}/{file}"), &rendered);
        }
    }
}

fn check_golden(name: &str, rendered: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/investigations");
    let file = folder.join(name);
    if env::var_os("TRAILKEEPER_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, rendered).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let which = file.display();
    assert_eq!(rendered, expected, "{which}: see docs/development.md");
}

#[test]
fn whatever_the_history_holds_the_notice_is_valid() {
    let all: Vec<String> = recorded()
        .iter()
        .map(|recorded| recorded.event["detail"].to_string())
        .chain(["", "17", "[]", "{", "null", "{\"eventTime\": 7}"].map(str::to_owned))
        .collect();
    for (number, recorded) in recorded().into_iter().enumerate() {
        let Ok(event) = Event::parse(&recorded.event.to_string()) else {
            continue;
        };
        // Each event with some of the others, to take no minutes.
        let all: Vec<String> = all.iter().skip(number % 8).step_by(8).cloned().collect();
        let trail = protected().remove(0);
        for mut incident in [
            restored(&event),
            Incident::denied(&event, Some(&trail)),
            Incident::denied(&event, None),
            Incident::reported(&event, None),
        ] {
            let now = at("2026-11-24T05:06:12Z");
            let Some(plan) = plan(&incident, now) else {
                continue;
            };
            let found: Vec<Found> = plan
                .searches
                .iter()
                .map(|search| Found {
                    search: search.clone(),
                    records: all.clone(),
                    end: End::TooMany,
                })
                .collect();
            incident.investigation = Some(Investigation::of(&incident, &plan, &found, &[], now));
            valid::check(&recorded.name, &incident, SNS_TAKES);
        }
    }
}

#[test]
fn a_flood_of_long_names_leaves_a_notice_that_sns_takes() {
    let event = Event::parse(&named("name-plain").to_string()).unwrap();
    let mut incident = restored(&event);
    let now = at("2026-11-24T05:06:12Z");
    let plan = plan(&incident, now).unwrap();
    let long = |n: usize| format!("{n}\"\u{1f608}\u{202e}").repeat(400);
    let records: Vec<String> = (0..200)
        .map(|n| {
            let mut record = named("name-plain")["detail"].take();
            for field in [
                "eventName",
                "eventSource",
                "errorCode",
                "sourceIPAddress",
                "eventID",
            ] {
                record[field] = Value::from(long(n));
            }
            for (of, fields) in [
                (
                    "requestParameters",
                    ["userName", "roleArn", "keyId", "bucket"].as_slice(),
                ),
                ("userIdentity", &["arn"]),
            ] {
                for field in fields {
                    record[of][field] = Value::from(long(n));
                }
            }
            record.to_string()
        })
        .collect();
    let found: Vec<Found> = plan
        .searches
        .iter()
        .map(|search| Found {
            search: search.clone(),
            records: records.clone(),
            end: End::All,
        })
        .collect();
    let made = Investigation::of(&incident, &plan, &found, &[], now);
    assert!(!made.deeds.is_empty());
    assert_eq!(made.deeds.len() + made.deeds_left_out, 200);
    incident.investigation = Some(made);
    valid::check("flood", &incident, SNS_TAKES);
}

#[test]
fn only_what_is_worth_it_is_searched_the_most_valuable_first() {
    let now = at("2026-11-24T05:06:12Z");
    let asked = |name: &str, make: fn(&Event) -> Incident| {
        let event = Event::parse(&named(name).to_string()).unwrap();
        let plan = plan(&make(&event), now).unwrap();
        let of = |search: &Search| (search.region.clone(), search.aim, search.by.clone());
        let searches: Vec<_> = plan.searches.iter().map(of).collect();
        (plan, searches)
    };
    let (home, global): (String, String) = ("eu-central-1".into(), "us-east-1".into());
    let trail = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";
    let resource = |name: &str| Attribute::ResourceName(name.to_owned());
    let eve = || Attribute::UserName("eve".to_owned());
    let (plan_of_user, searches) = asked("name-plain", restored);
    assert_eq!(
        searches,
        [
            (home.clone(), Aim::Deeds, eve()),
            (home.clone(), Aim::Tampering, resource("audit")),
            (home.clone(), Aim::Tampering, resource(trail)),
            (global.clone(), Aim::Deeds, eve()),
            (global.clone(), Aim::Issue, resource("AKIAIOSFODNN7EXAMPLE")),
        ]
    );
    assert_eq!(plan_of_user.since, at("2026-11-24T04:06:07Z"));

    let key = Attribute::AccessKeyId("ASIAIOSFODNN7EXAMPLE".to_owned());
    let (plan_of_session, searches) = asked("identity-role-full", restored);
    assert_eq!(searches[0], (home.clone(), Aim::Deeds, key));
    let issue = resource("ASIAIOSFODNN7EXAMPLE");
    assert!(searches.contains(&(home, Aim::Issue, issue.clone())));
    assert!(searches.contains(&(global, Aim::Issue, issue)));
    assert_eq!(
        plan_of_session.since,
        at("2026-11-24T04:00:00Z"),
        "the session's beginning"
    );

    let attempt: fn(&Event) -> Incident = |event| Incident::denied(event, None);
    let (plan_of_attempt, searches) = asked("denied-null-parameters", attempt);
    assert!(searches.iter().all(|(_, aim, _)| *aim != Aim::Tampering));
    assert!(plan_of_attempt.time < plan_of_user.time);

    let event = Event::parse(&named("name-plain").to_string()).unwrap();
    let mut expected = restored(&event);
    expected.severity = trailkeeper::outcome::Severity::Info;
    assert_eq!(plan(&expected, now), None);
    let mut elsewhere = restored(&event);
    elsewhere.trail.region = Some("eu-central-1/../x".into());
    assert_eq!(plan(&elsewhere, now), None, "a region that is none");

    // A clock that is wrong asks for no time to come.
    let mut late = restored(&event);
    late.timing.event_time = Moment::parse("2036-11-24T05:06:07Z");
    assert!(
        plan(&late, now)
            .unwrap()
            .searches
            .iter()
            .all(|s| s.since.is_none_or(|since| since < now))
    );
}

#[test]
fn iams_calls_are_recorded_where_its_partition_has_them() {
    for (region, global) in [
        ("eu-central-1", Some("us-east-1")),
        ("us-east-1", Some("us-east-1")),
        ("us-gov-east-1", Some("us-gov-west-1")),
        ("cn-northwest-1", Some("cn-north-1")),
        ("us-iso-east-1", None),
    ] {
        assert_eq!(global_region(region), global, "{region}");
    }
}

#[test]
fn how_they_got_in_is_told_as_far_as_the_record_does() {
    let now = at("2026-11-24T05:06:12Z");
    for (name, from_console, means) in [
        ("name-plain", None, Some("access_key")),
        ("name-plain", Some("true"), Some("console")),
        ("identity-role-full", None, Some("role_session")),
        ("identity-role-full", Some("false"), Some("role_session")),
        ("identity-root", None, Some("root")),
        ("identity-federated-user", None, Some("federation")),
        ("identity-service", None, Some("service")),
        ("identity-missing", None, None),
    ] {
        let mut event = named(name);
        if let Some(from_console) = from_console {
            event["detail"]["sessionCredentialFromConsole"] = Value::from(from_console);
        }
        let incident = restored(&Event::parse(&event.to_string()).unwrap());
        let plan = plan(&incident, now).unwrap();
        let made = Investigation::of(&incident, &plan, &[], &[], now);
        assert_eq!(made.entry.means, means, "{name} {from_console:?}");
        assert_eq!(made.entry.is_key_in_history, None, "nothing was read");
    }
}
