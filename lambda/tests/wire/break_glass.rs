//! Break-glass: what one actor changes is left alone for a time, and nothing else is.

use std::{thread, time::Duration};

use serde_json::{Value, json};
use trailkeeper::moment::Moment;

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, again, by, event_of, in_account},
    aws::{
        AUDIT, Aws, Call, Disturbance, GET_ITEM, PUBLISH, PUT_ITEM, START, UPDATE_ITEM, refused,
    },
    declared,
    lambda::Function,
    organization::{member, trail_of},
    recorded, stop, whole,
};

const ADMIN: &str = "arn:aws:iam::111122223333:role/break-glass-admin";
/// Seconds: long enough for what comes before the end on a busy machine.
const LASTS: i64 = 6;
pub const VARIABLE: &str = "TRAILKEEPER_BREAK_GLASS";

/// An entry for the admin that ends so many seconds from now.
pub fn entry(seconds: i64) -> String {
    of("arn:aws:iam::{account}:role/break-glass-*", seconds)
}

fn of(principal: &str, seconds: i64) -> String {
    let until = Moment::now().epoch_millis() + seconds * 1_000;
    let until = Moment::from_epoch_millis(until).unwrap().to_string();
    json!([{"principal": principal, "reason": "CHG-2041", "expires_at": until}]).to_string()
}

fn with_entry(seconds: i64) -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[(VARIABLE, &entry(seconds))]);
    (aws, function)
}

fn sweep(function: &Function) -> Value {
    answered(function.invoke(&json!({"trailkeeper": "sweep"})))
}

/// The admin stops the trail; the event.
pub fn admin_stops(aws: &Aws) -> Value {
    by(ADMIN, aws.attack("StopLogging", &json!({"Name": "audit"})))
}

fn insights(name: &str) -> Value {
    json!({"TrailName": name, "InsightSelectors": []})
}

fn outcomes(all: &[&str]) -> Value {
    json!({"outcomes": all})
}

#[test]
fn a_stop_is_left_alone_and_told_and_the_sweep_leaves_it_too() {
    let (aws, function) = with_entry(3600);
    let event = admin_stops(&aws);
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.trail()["is_logging"], false);
    let notice = aws.notice();
    assert_eq!(notice["severity"], "high");
    assert_eq!(notice["actor"]["session_issuer_arn"], ADMIN);
    let glass = &notice["break_glass"];
    assert_eq!(glass["reason"], "CHG-2041");
    assert_eq!(
        glass["principal"],
        "arn:aws:iam::{account}:role/break-glass-*"
    );
    assert_eq!(glass["left_alone"], json!(["is_logging"]));
    assert!(glass["expires_at"].is_string());
    assert_eq!(notice["verification"]["matches_baseline"], false);
    assert_eq!(
        notice["verification"]["still_differs"],
        json!(["is_logging"])
    );
    assert_eq!(notice["timing"]["verified_at"], Value::Null);
    let subject = aws.last_publish()["Subject"].clone();
    assert!(subject.contains("BREAK-GLASS"), "{subject}");

    for _ in 0..3 {
        assert_eq!(sweep(&function), outcomes(&["left_alone"]));
    }
    // A copy of the event too, and another process.
    answered(function.invoke(&event));
    let other = Function::start(&aws, &[(VARIABLE, &entry(3600))]);
    // Its entry ends at another moment, so it is another one.
    assert_eq!(sweep(&other), outcomes(&["restored"]));
    assert_eq!(aws.trail()["is_logging"], true);
    let told: Vec<Value> = aws
        .documents()
        .iter()
        .map(|d| d["outcome"].clone())
        .collect();
    assert_eq!(told, ["left_alone", "restored"], "each once");
}

#[test]
fn selectors_and_settings_are_left_alone_by_later_events_and_echoes() {
    let (aws, function) = with_entry(3600);
    let selectors =
        json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]});
    let event = by(ADMIN, aws.attack("PutEventSelectors", &selectors));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    let update = json!({"Name": "audit", "KmsKeyId": "", "IsMultiRegionTrail": false});
    let event = by(ADMIN, aws.attack("UpdateTrail", &update));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    let left = aws.trail();
    assert_eq!(
        aws.documents()[1]["break_glass"]["left_alone"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    // What others do beside it is healed, and told with what is left.
    let tags = json!({"ResourceId": AUDIT, "TagsList": [{"Key": "env", "Value": "dev"}]});
    let event = by(PIPELINE, aws.attack("AddTags", &tags));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["restored"]));
    assert_eq!(aws.writes(), ["AddTags"]);
    assert_eq!(aws.trail(), left);
    let told = aws.documents().pop().unwrap();
    assert_eq!(told["verification"]["matches_baseline"], false);
    assert!(told["summary"].as_str().unwrap().contains("BREAK-GLASS"));
    let conforming = event_of(
        "UpdateTrail",
        &json!({"Name": "audit", "S3KeyPrefix": "org"}),
    );
    assert_eq!(
        answered(function.invoke(&by(PIPELINE, conforming))),
        outcomes(&["left_alone"])
    );
    let echo = by(
        RESPONDER,
        event_of("UpdateTrail", &json!({"Name": AUDIT, "S3KeyPrefix": "org"})),
    );
    assert_eq!(answered(function.invoke(&echo)), outcomes(&[]));
    assert_eq!(sweep(&function), outcomes(&["left_alone"]));
    assert_eq!(aws.trail(), left);
    assert_eq!(aws.writes(), ["AddTags"]);

    // The same field by somebody else is healed, and the others are still left.
    let update = json!({"Name": "audit", "KmsKeyId": ""});
    let event = by(PIPELINE, aws.attack("UpdateTrail", &update));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["restored"]));
    assert_eq!(aws.asked("UpdateTrail").len(), 1);
    let asked = aws.asked("UpdateTrail").remove(0);
    assert!(asked.get("KmsKeyId").is_some() && asked.get("IsMultiRegionTrail").is_none());
    assert_eq!(aws.trail()["settings"]["IsMultiRegionTrail"], false);
}

#[test]
fn after_the_end_the_next_sweep_heals_and_says_so() {
    let (aws, function) = with_entry(LASTS);
    let declared = aws.trail()["settings"].clone();
    let event = admin_stops(&aws);
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    let update = json!({"Name": "audit", "KmsKeyId": ""});
    let event = by(ADMIN, aws.attack("UpdateTrail", &update));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    thread::sleep(Duration::from_secs(LASTS.unsigned_abs()));
    assert_eq!(sweep(&function), outcomes(&["restored"]));
    assert_eq!(aws.trail()["is_logging"], true);
    assert_eq!(aws.trail()["settings"], declared);
    let told = aws.documents().pop().unwrap();
    assert_eq!(told["break_glass"]["left_alone"], json!([]));
    assert_eq!(told["break_glass"]["reason"], "CHG-2041");
    assert!(
        told["summary"].as_str().unwrap().contains("ended at"),
        "{told}"
    );
    assert_eq!(told["verification"]["matches_baseline"], true);
    // From now on the actor is like any other, a copy of the old event included.
    aws.state().calls.clear();
    let event = admin_stops(&aws);
    assert_eq!(answered(function.invoke(&event)), outcomes(&["restored"]));
    assert_eq!(aws.operations()[0], START);
}

#[test]
fn everybody_elses_stop_is_started_first_while_an_entry_is_in_force() {
    let (aws, function) = with_entry(3600);
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"});
    let mut by_root = stop();
    by_root["detail"]["userIdentity"] = root;
    let mut forged = by(ADMIN, stop());
    forged["detail"]["userIdentity"]["sessionContext"] = json!("x");
    let mut elsewhere = by(ADMIN, stop());
    elsewhere["detail"]["userIdentity"]["accountId"] = json!("999988887777");
    let mut unnamed = by(ADMIN, stop());
    unnamed["detail"]["requestParameters"] = Value::Null;
    for (who, event) in [
        ("eve", stop()),
        (
            "a role of a similar name",
            by(&ADMIN.replace("break", "brake"), stop()),
        ),
        ("the responder", by(RESPONDER, stop())),
        ("root", by_root),
        ("nobody", forged),
        ("another account", elsewhere),
        ("no trail named", unnamed),
    ] {
        aws.state().calls.clear();
        aws.stop_again();
        answered(function.invoke(&event));
        assert_eq!(aws.operations()[0], START, "{who}");
        assert_eq!(aws.trail()["is_logging"], true, "{who}");
        assert_eq!(asked_for_left(&aws), 0, "{who}");
    }
}

#[test]
fn a_stop_by_somebody_else_of_a_trail_that_is_left_stopped_is_started_at_once() {
    let (aws, function) = with_entry(3600);
    let event = admin_stops(&aws);
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    aws.state().calls.clear();
    let event = aws.attack("StopLogging", &json!({"Name": "audit"}));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["restored"]));
    assert_eq!(aws.operations()[0], START);
    // What was remembered is that stop, and no later one of which no event came.
    aws.stop_again();
    assert_eq!(sweep(&function), outcomes(&["restored"]));
    assert_eq!(aws.trail()["is_logging"], true);
}

#[test]
fn another_value_than_the_remembered_one_is_healed() {
    let (aws, function) = with_entry(3600);
    let declared = aws.trail();
    let event = by(
        ADMIN,
        aws.attack("UpdateTrail", &json!({"Name": "audit", "KmsKeyId": ""})),
    );
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    let other = "arn:aws:kms:eu-central-1:111122223333:key/another";
    aws.attack("UpdateTrail", &json!({"Name": "audit", "KmsKeyId": other}));
    assert_eq!(sweep(&function), outcomes(&["restored"]));
    assert_eq!(aws.trail(), declared);
}

/// How the key of what is left alone begins.
const LEFT: &str = "left#";

/// How often the table was asked, or told, what is left alone.
fn asked_for_left(aws: &Aws) -> usize {
    let state = aws.state();
    let is_it = |call: &&Call| call.body.contains(LEFT);
    state.calls.iter().filter(is_it).count()
}

#[test]
fn a_table_that_cannot_be_read_leaves_nothing_alone() {
    for failing in [GET_ITEM, UPDATE_ITEM] {
        let aws = Aws::whole(Box::new(|_, _| None));
        aws.state().disturb = Some(Box::new(move |called, body| {
            (called == failing && body.contains(LEFT))
                .then(|| Disturbance::Instead(refused(400, "AccessDeniedException")))
        }));
        let function = Function::start(&aws, &[(VARIABLE, &entry(3600))]);
        let event = admin_stops(&aws);
        assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
        let problem = aws.notice()["problem"].clone();
        if failing == UPDATE_ITEM {
            assert!(
                problem.as_str().unwrap().contains("not remembered"),
                "{problem}"
            );
        } else {
            assert_eq!(problem, Value::Null);
        }
        assert_eq!(sweep(&function), outcomes(&["restored"]), "{failing}");
        assert_eq!(aws.trail()["is_logging"], true);
    }
}

#[test]
fn entries_that_cannot_be_used_are_inert_and_logged_and_the_trail_is_guarded() {
    let eight_days = 8 * 24 * 3600;
    for (given, logged) in [
        (of(ADMIN, eight_days), Some("at most seven days ahead")),
        (of("*", 3600), Some("principal is")),
        ("nonsense".to_owned(), Some("expected a JSON list")),
        // It has had its time, and nothing is wrong with it.
        (of(ADMIN, -1), None),
    ] {
        let aws = Aws::whole(Box::new(|_, _| None));
        let function = Function::start(&aws, &[(VARIABLE, &given)]);
        let event = admin_stops(&aws);
        assert_eq!(
            answered(function.invoke(&event)),
            outcomes(&["restored"]),
            "{given}"
        );
        assert_eq!(aws.operations()[0], START);
        assert_eq!(asked_for_left(&aws), 0);
        if let Some(logged) = logged {
            function.log_with(logged);
        }
    }
}

#[test]
fn without_entries_the_table_is_asked_nothing_more() {
    let (aws, function) = whole();
    aws.stop_again();
    answered(function.invoke(&by(ADMIN, stop())));
    aws.attack("PutInsightSelectors", &insights("audit"));
    assert_eq!(sweep(&function), outcomes(&["restored"]));
    assert_eq!(asked_for_left(&aws), 0);
    assert!(aws.count(PUT_ITEM) > 0);
}

#[test]
fn a_deletion_is_left_alone_and_healed_after_the_end() {
    let (aws, function) = with_entry(LASTS);
    let declared = aws.trail();
    let event = by(ADMIN, aws.attack("DeleteTrail", &json!({"Name": "audit"})));
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    assert_eq!(sweep(&function), outcomes(&["left_alone"]));
    assert_eq!(aws.trail(), Value::Null);
    thread::sleep(Duration::from_secs(LASTS.unsigned_abs()));
    assert_eq!(sweep(&function), outcomes(&["restored"]));
    assert_eq!(aws.trail(), declared);
}

#[test]
fn observing_reports_it_likewise() {
    let aws = Aws::with(&declared::basic(), Box::new(|_, _| None));
    let settings = [
        ("TRAILKEEPER_MODE", "observe"),
        (VARIABLE, &entry(3600)[..]),
    ];
    let function = Function::start(&aws, &settings);
    let event = admin_stops(&aws);
    assert_eq!(answered(function.invoke(&event)), outcomes(&["left_alone"]));
    assert_eq!(sweep(&function), outcomes(&["left_alone"]));
    assert_eq!(aws.count(PUBLISH), 1);
    assert_eq!(aws.writes(), [""; 0]);
    answered(function.invoke(&again(&recorded("name-plain"))));
    assert_eq!(aws.documents().pop().unwrap()["outcome"], "would_restore");
}

#[test]
fn a_hub_leaves_alone_what_the_members_own_principal_did() {
    let aws = Aws::hub(2, Box::new(|_, _| None));
    let function = aws.start_hub(&[(VARIABLE, &entry(3600))]);
    for (account, identity) in [(member(0), member(0)), (member(1), member(0))] {
        let trail = trail_of(&account);
        aws.state().world.stop(&trail, 0.2);
        let mut event = in_account(&account, &by(ADMIN, stop()));
        event["detail"]["userIdentity"] =
            in_account(&identity, &by(ADMIN, stop()))["detail"]["userIdentity"].take();
        let is_own = account == identity;
        let outcome = if is_own { "left_alone" } else { "restored" };
        assert_eq!(answered(function.invoke(&event)), outcomes(&[outcome]));
        let is_logging = aws.state().world.trails()[&trail].is_logging;
        assert_eq!(is_logging, !is_own, "{account}");
    }
    assert_eq!(sweep(&function), outcomes(&["left_alone"]));
    assert!(!aws.state().world.trails()[&trail_of(&member(0))].is_logging);
}

#[test]
fn two_changes_in_quick_succession_do_not_undo_each_other() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let variable = entry(3600);
    let event = by(ADMIN, aws.attack("PutInsightSelectors", &insights("audit")));
    let update = json!({"Name": "audit", "KmsKeyId": ""});
    let update = by(ADMIN, aws.attack("UpdateTrail", &update));
    // Both look at a trail that both calls have changed.
    let answers = [event, update].map(|event| {
        let function = Function::start(&aws, &[(VARIABLE, &variable)]);
        thread::spawn(move || (answered(function.invoke(&event)), function))
    });
    for answer in answers {
        let (answer, function) = answer.join().unwrap();
        assert_eq!(answer, outcomes(&["left_alone"]));
        assert_eq!(sweep(&function), outcomes(&["left_alone"]));
    }
    assert_eq!(aws.writes(), [""; 0]);
}
