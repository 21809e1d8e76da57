//! Each kind of incident reads, in each format, as in its golden files. So a change of
//! any wording shows in a diff.

use std::{collections::BTreeSet, env, fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use trailkeeper::{
    arn::TrailArn,
    asff::{continue_from, finding, open_as, resolved},
    event::Event,
    group::Member,
    incident::Incident,
    moment::Moment,
    notice::Notice,
};

use crate::{
    events::{PROTECTED, named},
    notices::{of_each_kind, of_stop},
    valid::REPORTER,
};

/// The kinds, in the order of [`of_each_kind`]: the outcome, and how it came about.
const KINDS: [&str; 47] = [
    "restored",
    "already_logging",
    "unconfirmed",
    "not_restored",
    "unverified",
    "attempt_denied",
    "restored_change",
    "not_restored_change",
    "already_restored",
    "conforming_change",
    "unconfirmed_change",
    "would_restore",
    "reported",
    "restored_by_sweep",
    "restored_by_sweep_named",
    "not_restored_deleted",
    "unverified_change",
    "restored_deleted",
    "already_logging_by_sweep",
    "unreachable",
    "account_suspended",
    "sweep_incomplete",
    "left_alone",
    "left_alone_change",
    "left_alone_by_sweep",
    "restored_by_sweep_break_glass",
    "restored_by_sweep_break_glass_ended",
    "restored_bucket",
    "restored_key",
    "reported_key",
    "reported_bucket_gone",
    "restored_rule",
    "reported_function",
    "attempt_denied_rule",
    "restored_repeated",
    "attempt_denied_repeated",
    "storm_summary",
    "storm_summary_denied",
    "storm_summary_going_on",
    "storm_summary_contained",
    "restored_contained_user",
    "restored_contained_role",
    "restored_contained_before",
    "restored_not_contained",
    "would_restore_containment",
    "restored_contained_in_part",
    "restored_containment_failed",
];

/// The files of one kind, by name.
fn rendered(incident: &Incident) -> [(&'static str, String); 4] {
    let notice = Notice::of(incident).unwrap();
    let message: Value = serde_json::from_str(&notice.message).unwrap();
    let text = |protocol: &str| message[protocol].as_str().unwrap();
    let document: Value = serde_json::from_str(text("default")).unwrap();
    let mail = format!("Subject: {}\n\n{}", notice.subject, text("email"));
    let chat: Value = serde_json::from_str(&Notice::for_chat(incident).message).unwrap();
    let now = Moment::parse("2026-11-24T05:06:10Z").unwrap();
    [
        ("email.txt", mail),
        ("document.json", pretty(&document)),
        ("chat.json", pretty(&chat)),
        ("finding.json", pretty(&finding(incident, REPORTER, now))),
    ]
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

#[test]
fn each_kind_reads_as_in_its_golden_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/notices");
    let is_blessing = env::var_os("TRAILKEEPER_BLESS").is_some();
    let incidents = of_each_kind();
    assert_eq!(incidents.len(), KINDS.len());
    let mut files = BTreeSet::new();
    for (kind, incident) in KINDS.iter().zip(&incidents) {
        assert!(kind.starts_with(incident.outcome.as_str()), "{kind}");
        for (name, rendered) in rendered(incident) {
            let file = folder.join(kind).join(name);
            if is_blessing {
                fs::create_dir_all(folder.join(kind)).unwrap();
                fs::write(&file, &rendered).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            let which = file.display();
            assert_eq!(rendered, expected, "{which}: see docs/development.md");
            files.insert(file);
        }
    }
    for entry in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(entry.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            assert!(
                files.contains(&file),
                "no notice is made of {}",
                file.display()
            );
        }
    }
}

/// What a shell makes of each command in a mail, word by word.
pub fn pasted(mail: &str) -> Vec<String> {
    let is_broken = |line: &str| line.ends_with('\\');
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in mail.lines() {
        if goes_on {
            let command = commands.last_mut().unwrap();
            command.push('\n');
            command.push_str(line);
            goes_on = is_broken(line);
        } else if line.starts_with("    aws ") {
            commands.push(line.to_owned());
            goes_on = is_broken(line);
        }
    }
    let run = |command: &String| {
        let script = format!("aws() {{ printf '%s ' \"$@\"; }}\n{command}");
        let out = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(out.status.success() && out.stderr.is_empty(), "{command}");
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    };
    commands.iter().map(run).collect()
}

#[test]
fn a_command_can_be_pasted_however_long_it_is() {
    let mut seen = BTreeSet::new();
    let long: TrailArn = PROTECTED[0]
        .replace("audit", &"a".repeat(128))
        .parse()
        .unwrap();
    for mut incident in of_each_kind() {
        for trail in [incident.trail_arn(), Some(long.clone())] {
            let Some(trail) = trail.filter(|_| incident.trail.arn.is_some()) else {
                continue;
            };
            incident.trail.arn = Some(trail.as_str().into());
            let notice = Notice::of(&incident).unwrap();
            let message: Value = serde_json::from_str(&notice.message).unwrap();
            let commands = pasted(message["email"].as_str().unwrap());
            // The region tells the partition.
            let (all, region) = (&commands, " --region ");
            assert!(
                all.iter().all(|command| command.contains(region)),
                "{all:#?}"
            );
            seen.extend(commands.into_iter().filter(|c| c.contains("aaaa")));
        }
    }
    for wanted in [
        format!("cloudtrail start-logging --name {long} --region eu-central-1"),
        format!("cloudtrail get-trail --name {long} --region eu-central-1"),
    ] {
        assert!(seen.contains(&wanted), "{seen:#?}");
    }
}

#[test]
fn a_late_success_updates_the_finding_of_the_failure() {
    let now = Moment::parse("2026-11-24T05:06:10Z").unwrap();
    let all = of_each_kind();
    let of = |kind: &str| {
        let at = KINDS.iter().position(|known| *known == kind).unwrap();
        finding(&all[at], REPORTER, now)
    };
    let (open, closed) = (of("not_restored"), of("restored"));
    assert_eq!(open["Id"], closed["Id"]);
    assert_eq!(open["Compliance"]["Status"], "FAILED");
    assert_eq!(closed["Compliance"]["Status"], "PASSED");
    assert_eq!(
        closed["RecordState"], "ACTIVE",
        "it is still to be looked into"
    );
    assert_eq!(of("conforming_change")["RecordState"], "ARCHIVED");
    assert_ne!(of("unreachable")["Id"], of("account_suspended")["Id"]);
}

#[test]
fn a_finding_is_of_one_incident_and_one_trail() {
    let at = |time| Moment::parse(time).unwrap();
    let (now, later) = (at("2026-11-24T05:06:10Z"), at("2026-11-25T05:06:10Z"));
    let all = of_each_kind();
    let of = |kind: &str| {
        let at = KINDS.iter().position(|known| *known == kind).unwrap();
        all[at].clone()
    };
    let id = |incident: &Incident, now| finding(incident, REPORTER, now)["Id"].clone();
    let restored = of("restored");
    assert_eq!(id(&restored, now), id(&restored, later));
    let mut other = restored.clone();
    other.trail.arn = Some(PROTECTED[1].into());
    assert_ne!(id(&restored, now), id(&other, now), "one call, two trails");
    let swept = of("restored_by_sweep");
    assert_eq!(swept.id, None);
    assert_eq!(
        id(&swept, now),
        id(&swept, later),
        "to be told again is no news"
    );
    let mut again = swept.clone();
    again.timing.stopped_at = Some(now);
    assert_ne!(id(&swept, now), id(&again, now), "the next stop is");
    let unreachable = of("unreachable");
    assert_ne!(id(&unreachable, now), id(&unreachable, later), "one a day");
}

#[test]
fn an_open_finding_goes_on_and_ends_in_its_own_time() {
    let at = |time| Moment::parse(time).unwrap();
    let told = at("2026-11-24T05:06:10Z");
    let all = of_each_kind();
    let of = |kind: &str| {
        let at = KINDS.iter().position(|known| *known == kind).unwrap();
        finding(&all[at], REPORTER, told)
    };
    let open = of("not_restored");
    let mut next = of("not_restored_change");
    continue_from(&mut next, &open);
    assert_eq!(next["Id"], open["Id"]);
    assert_eq!(next["UpdatedAt"], "2026-11-24T05:06:10.001Z", "it is newer");
    assert_ne!(next["Title"], open["Title"]);

    assert_eq!(resolved(&open, told, told), None, "seen before it was told");
    let seen = at("2026-11-24T05:10:00Z");
    let end = resolved(&open, seen, seen).unwrap();
    assert_eq!(
        end["ProductFields"]["trailkeeper/resolved_at"],
        seen.to_string()
    );
    assert_eq!(end["FindingProviderFields"], open["FindingProviderFields"]);
    for kind in KINDS {
        let status = of(kind)["Compliance"]["Status"].clone();
        let at = KINDS.iter().position(|known| *known == kind).unwrap();
        let stays = open_as(all[at].outcome).is_some();
        assert_eq!(
            stays,
            status == "FAILED" || kind.starts_with("unverified"),
            "{kind}"
        );
    }
}

#[test]
fn what_the_trail_does_not_confirm_counts_as_no_tampering() {
    let all = of_each_kind();
    let group = |kind: &str| {
        let at = KINDS.iter().position(|known| *known == kind).unwrap();
        Member::of(&all[at]).unwrap().group
    };
    assert_eq!(group("restored"), group("already_logging"));
    assert_ne!(group("restored"), group("unconfirmed"));
}

/// The group that a stop by this identity belongs to.
fn group_of(change: impl Fn(&mut Value)) -> String {
    let mut event = named("identity-user-empty-issuer");
    change(&mut event["detail"]["userIdentity"]);
    let event = Event::parse(&event.to_string()).unwrap();
    Member::of(&of_stop(&event)[0]).unwrap().group
}

#[test]
fn an_actor_is_known_by_iams_id_whatever_its_name() {
    let eve = group_of(|_| {});
    let renamed = group_of(|user| {
        user["arn"] = json!("arn:aws:iam::111122223333:user/mallory");
        user["userName"] = json!("mallory");
    });
    assert_eq!(eve, renamed);
    let made_anew = group_of(|user| user["principalId"] = json!("AIDAJ45Q7YFFAREXAMPLE"));
    assert_ne!(eve, made_anew);
    // Of a role, whatever the session's name.
    let session = |name: &str, role: Value| {
        group_of(|session| {
            *session = json!({
                "type": "AssumedRole", "principalId": format!("AROAIDPPEZS35WEXAMPLE:{name}"),
                "arn": format!("arn:aws:sts::111122223333:assumed-role/deploy/{name}"),
                "sessionContext": {"sessionIssuer": role},
            });
        })
    };
    let role = json!({"principalId": "AROAIDPPEZS35WEXAMPLE"});
    let one = session("a", role.clone());
    assert_eq!(one, session("AIDACKCEVSQ6C2EXAMPLE", role));
    assert_eq!(
        one,
        session("b", Value::Null),
        "the id stands before the name"
    );
    // What many share, or a caller can choose, is nobody's id.
    for shared in [
        "111122223333",
        "111122223333:eve",
        "x:AIDACKCEVSQ6C2EXAMPLE",
        "AIDA",
        "",
    ] {
        let of = |name: &str| {
            group_of(|user| {
                user["principalId"] = json!(shared);
                user["arn"] = json!(format!("arn:aws:iam::111122223333:user/{name}"));
            })
        };
        assert_ne!(of("eve"), of("mallory"), "{shared}");
        assert_ne!(of("eve"), eve, "{shared}");
    }
}

#[test]
fn the_chats_messages_of_one_incident_are_one_thread() {
    let event = Event::parse(&named("name-plain").to_string()).unwrap();
    let denied = Incident::denied(&event, None);
    assert_eq!(denied.thread(), denied.id.as_ref().unwrap().as_str());
    let mut hostile = denied.clone();
    hostile.id = Some("<!channel> @here".into());
    assert!(hostile.thread().bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_ne!(hostile.thread(), denied.thread());
}

#[test]
fn the_documented_severities_are_those_of_the_code() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/notices.md");
    let text = fs::read_to_string(file).unwrap();
    let table = text.split("## What arrives where").next().unwrap();
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let outcome = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
        Some(format!("{outcome} {}", cells.get(2)?))
    });
    let of_code = of_each_kind().into_iter().map(|incident| {
        let outcome = incident.outcome;
        format!("{} {}", outcome.as_str(), outcome.severity().as_str())
    });
    let documented: BTreeSet<String> = rows.collect();
    assert_eq!(documented, of_code.collect());
    let schema: Value = serde_json::from_str(&text_of_schema()).unwrap();
    let named: BTreeSet<&str> = documented
        .iter()
        .filter_map(|row| row.split(' ').next())
        .collect();
    let allowed = schema["properties"]["outcome"]["examples"]
        .as_array()
        .unwrap();
    assert_eq!(named, allowed.iter().filter_map(Value::as_str).collect());
}

fn text_of_schema() -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(folder.join("../docs/schema/notice-1.json")).unwrap()
}
