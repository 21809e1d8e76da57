//! Containment: who does it again can do nothing more, and nobody else is touched.

use std::time::Duration;

use serde_json::{Value, json};
use trailkeeper::{containment::POLICY_NAME, moment::Moment};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, again, by, in_account},
    aws::{AUDIT, Aws, Disturbance, PUBLISH, START, refused, refused_by_sns},
    failure,
    http::Reply,
    iam::{
        GET_ROLE_POLICY, GET_USER_POLICY, LIST_ACCESS_KEYS, PUT_ROLE_POLICY, PUT_USER_POLICY,
        UPDATE_ACCESS_KEY, is_iam, is_write,
    },
    lambda::Function,
    organization::member,
    repeated::{QUIET, age},
    stop,
};

pub const VARIABLE: &str = "TRAILKEEPER_CONTAINMENT";
pub const EVERYBODY: &str = r#"{"principals": ["user/*", "role/*"], "exempt": []}"#;
const USER: &str = "eve";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// The actor of the stop has a key.
pub fn give_key(aws: &Aws) {
    let key = (USER.to_owned(), KEY.to_owned());
    aws.state().iam.keys.insert(key, true);
}

fn start(settings: &[(&str, &str)]) -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    give_key(&aws);
    let settings = [&[(VARIABLE, EVERYBODY)][..], settings].concat();
    let function = Function::start(&aws, &settings);
    (aws, function)
}

/// The trail is stopped by whom `make` says; the notice's document.
fn strike(aws: &Aws, function: &Function, make: impl Fn(Value) -> Value) -> Value {
    aws.stop_again();
    answered(function.invoke(&make(stop())));
    aws.documents().pop().unwrap()
}

fn user(event: Value) -> Value {
    event
}

fn role(event: Value) -> Value {
    by(PIPELINE, event)
}

/// A session of the role that was issued so many seconds from now.
fn session_issued(seconds: i64) -> impl Fn(Value) -> Value {
    move |event| {
        let mut event = role(event);
        let at = Moment::now().epoch_millis() + seconds * 1_000;
        let at = Moment::from_epoch_millis(at).unwrap().cut_to_second();
        event["detail"]["userIdentity"]["sessionContext"]["attributes"] =
            json!({"creationDate": at.to_seconds(), "mfaAuthenticated": "false"});
        event
    }
}

fn policy(aws: &Aws, kind: &'static str, holder: &str) -> Option<Value> {
    let id = (kind, holder.to_owned(), POLICY_NAME.to_owned());
    let state = aws.state();
    let text = state.iam.policies.get(&id)?;
    Some(serde_json::from_str(text).unwrap())
}

fn key_is_active(aws: &Aws) -> bool {
    aws.state().iam.keys[&(USER.to_owned(), KEY.to_owned())]
}

/// A mail whose broken commands are whole again.
fn pasted(mail: &str) -> String {
    let whole = mail.replace("\\\n", " ");
    whole.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn iam_calls(aws: &Aws) -> Vec<String> {
    let mut operations = aws.operations();
    operations.retain(|operation| is_iam(operation));
    operations
}

#[test]
fn the_user_who_does_it_again_can_do_nothing_more() {
    let (aws, function) = start(&[]);
    let first = strike(&aws, &function, user);
    assert_eq!(first["containment"], Value::Null);
    assert_eq!(iam_calls(&aws), [""; 0], "once may be a mistake");

    let second = strike(&aws, &function, user);
    assert_eq!(second["outcome"], "restored");
    assert_eq!(second["severity"], "critical");
    let told = &second["containment"];
    assert_eq!(told["state"], "contained");
    assert_eq!(told["principal"], "arn:aws:iam::111122223333:user/eve");
    assert_eq!(told["policy_in_place"], true);
    assert_eq!(told["key_inactive"], true);
    assert_eq!(told["access_key_id"], KEY);
    let denied = policy(&aws, "user", USER).unwrap();
    assert_eq!(denied["Statement"][0]["Effect"], "Deny");
    assert_eq!(denied["Statement"][0]["Action"], "*");
    assert!(!key_is_active(&aws));
    // The trail first, then the actor, then the notice.
    let calls = aws.operations();
    let last = |name: &str| calls.iter().rposition(|call| call == name).unwrap();
    assert!(last(START) < last(PUT_USER_POLICY) && last(UPDATE_ACCESS_KEY) < last(PUBLISH));
    let mail = pasted(&aws.mail());
    for said in [
        "CONTAINED",
        "delete-user-policy",
        "--status Active",
        "as read",
    ] {
        assert!(mail.contains(said), "{said}: {mail}");
    }

    // Done before: nothing is written again.
    let before = iam_calls(&aws).iter().filter(|call| is_write(call)).count();
    assert_eq!(before, 2);
    for _ in 0..2 {
        let later = strike(&aws, &function, user);
        if later["repetition"]["count"] == 4 {
            assert_eq!(later["containment"]["state"], "already_contained");
        }
    }
    let after = iam_calls(&aws).iter().filter(|call| is_write(call)).count();
    assert_eq!(after, before);
}

#[test]
fn a_roles_sessions_are_revoked_and_later_ones_again() {
    let (aws, function) = start(&[]);
    strike(&aws, &function, session_issued(-60));
    let second = strike(&aws, &function, session_issued(-60));
    assert_eq!(second["containment"]["state"], "contained");
    assert_eq!(second["containment"]["access_key_id"], Value::Null);
    let revoked = |policy: Value| {
        let before = &policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
        Moment::parse(before.as_str().unwrap()).unwrap()
    };
    let first = revoked(policy(&aws, "role", "deploy").unwrap());
    assert!(first.millis_since(Moment::now()).abs() < 5_000, "{first}");
    let mail = pasted(&aws.mail());
    assert!(
        mail.contains("delete-role-policy --role-name deploy"),
        "{mail}"
    );

    // A third, whose notice would be left to the summary: with the revoked session
    // nothing is to be done, with a new one it is, and that is told.
    let notices = aws.count(PUBLISH);
    strike(&aws, &function, session_issued(-60));
    assert_eq!(aws.count(PUBLISH), notices);
    assert_eq!(aws.accepted(PUT_ROLE_POLICY), 1);
    for _ in 0..2 {
        strike(&aws, &function, session_issued(-60));
    }
    let notices = aws.count(PUBLISH);
    let sixth = strike(&aws, &function, session_issued(5));
    assert_eq!(aws.count(PUBLISH), notices + 1);
    assert_eq!(sixth["containment"]["state"], "contained");
    assert!(revoked(policy(&aws, "role", "deploy").unwrap()) > first);
}

#[test]
fn who_is_not_to_be_contained_is_not_touched_and_it_is_told_why() {
    let root = |event: Value| {
        let mut event = event;
        event["detail"]["userIdentity"] = json!({
            "type": "Root", "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333", "accessKeyId": KEY,
        });
        event
    };
    let sso = |event| {
        by(
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0",
            event,
        )
    };
    let own = |event| by(RESPONDER, event);
    let settings = [("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)];
    let (aws, function) = start(&settings);
    let all: [(&dyn Fn(Value) -> Value, &str); 4] = [
        (&root, "root user"),
        (&sso, "Identity Center"),
        (&role, "change_principals"),
        (&own, "a responder's role"),
    ];
    for (make, why) in all {
        strike(&aws, &function, make);
        let told = strike(&aws, &function, make);
        assert_eq!(told["severity"], "critical");
        assert_eq!(told["containment"]["state"], "refused", "{why}");
        let reason = told["containment"]["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{reason}");
        assert!(aws.mail().contains("NOT CONTAINED"), "{}", aws.mail());
    }
    assert_eq!(iam_calls(&aws), [""; 0]);
}

#[test]
fn a_members_actor_is_out_of_reach() {
    let aws = Aws::hub(2, Box::new(|_, _| None));
    let function = aws.start_hub(&[(VARIABLE, EVERYBODY)]);
    let trail = crate::organization::trail_of(&member(0));
    for _ in 0..2 {
        aws.state().world.stop(&trail, 0.2);
        answered(function.invoke(&in_account(&member(0), &stop())));
    }
    let told = aws.documents().pop().unwrap();
    assert_eq!(told["repetition"]["count"], 2);
    let reason = told["containment"]["reason"].as_str().unwrap();
    assert!(reason.contains("another account"), "{reason}");
    assert_eq!(iam_calls(&aws), [""; 0]);
}

#[test]
fn switched_off_or_only_observing_it_calls_nothing() {
    let (aws, function) = start(&[(VARIABLE, "")]);
    strike(&aws, &function, user);
    assert_eq!(strike(&aws, &function, user)["containment"], Value::Null);
    assert_eq!(iam_calls(&aws), [""; 0]);

    let (aws, function) = start(&[("TRAILKEEPER_MODE", "observe")]);
    strike(&aws, &function, user);
    let told = strike(&aws, &function, user);
    assert_eq!(told["outcome"], "would_restore");
    assert_eq!(told["severity"], "critical");
    assert_eq!(told["containment"]["state"], "would_contain");
    assert_eq!(
        told["containment"]["would_call"],
        json!(["iam:PutUserPolicy", "iam:UpdateAccessKey"])
    );
    assert_eq!(iam_calls(&aws), [""; 0]);
}

#[test]
fn denied_attempts_contain_nobody() {
    let (aws, function) = start(&[]);
    for _ in 0..6 {
        let mut event = again(&crate::recorded("denied-null-parameters"));
        event["detail"]["userIdentity"] = stop()["detail"]["userIdentity"].clone();
        answered(function.invoke(&event));
    }
    assert!(
        aws.documents()
            .iter()
            .all(|told| told["containment"].is_null())
    );
    assert_eq!(iam_calls(&aws), [""; 0]);
}

/// Eve's change is undone by somebody who makes another, before the function looks.
#[test]
fn what_somebody_else_changed_contains_nobody() {
    let (aws, function) = start(&[]);
    let eve = stop()["detail"]["userIdentity"].clone();
    let change = |asked: Value| {
        let mut event = aws.attack("UpdateTrail", &asked);
        event["detail"]["userIdentity"] = eve.clone();
        event
    };
    let evil = json!({"Name": AUDIT, "S3BucketName": "not-your-logs"});
    answered(function.invoke(&change(evil)));
    for (undone, state) in [(true, "refused"), (false, "contained")] {
        let event = change(json!({"Name": AUDIT, "IsMultiRegionTrail": false}));
        if undone {
            let others = json!({"Name": AUDIT, "IsMultiRegionTrail": true, "S3BucketName": "x"});
            aws.attack("UpdateTrail", &others);
        }
        answered(function.invoke(&event));
        let told = aws.documents().pop().unwrap();
        assert_eq!(told["outcome"], "restored");
        assert_eq!(told["event"]["asked_for"], json!(["is_multi_region_trail"]));
        assert_eq!(told["containment"]["state"], state, "{told}");
        assert_eq!(iam_calls(&aws).is_empty(), undone);
    }
}

/// Who renames the user after each stop is the same actor.
#[test]
fn a_user_with_another_name_is_contained_under_it() {
    let (aws, function) = start(&[]);
    let named = |name: &'static str| {
        move |mut event: Value| {
            let user = &mut event["detail"]["userIdentity"];
            user["principalId"] = json!("AIDACKCEVSQ6C2EXAMPLE");
            user["userName"] = json!(name);
            user["arn"] = json!(format!("arn:aws:iam::111122223333:user/{name}"));
            event
        }
    };
    strike(&aws, &function, named("eve"));
    aws.state().iam.keys.clear();
    aws.state()
        .iam
        .keys
        .insert(("mallory".to_owned(), KEY.to_owned()), true);
    let told = strike(&aws, &function, named("mallory"));
    assert_eq!(told["repetition"]["count"], 2);
    assert_eq!(told["severity"], "critical");
    assert_eq!(told["containment"]["state"], "contained");
    assert!(policy(&aws, "user", "mallory").is_some());

    // Renamed once more before this answer.
    aws.state().disturb = Some(Box::new(|operation, _| {
        let missing = || Disturbance::Instead(refused_by_sns(404, "NoSuchEntity"));
        is_iam(operation).then(missing)
    }));
    let told = strike(&aws, &function, named("trudy"));
    assert_eq!(told["containment"]["state"], "failed");
    assert_eq!(told["containment"]["key_gone"], false);
    let mail = pasted(&aws.mail());
    assert!(mail.contains("get-access-key-last-used"), "{mail}");
}

#[test]
fn what_is_written_counts_only_once_it_is_read() {
    let (aws, function) = start(&[]);
    strike(&aws, &function, user);
    aws.state().iam.stale_reads = 5;
    let told = strike(&aws, &function, user);
    assert_eq!(told["containment"]["state"], "contained");
    assert!(aws.count(GET_USER_POLICY) + aws.count(LIST_ACCESS_KEYS) > 5);

    let (aws, function) = start(&[]);
    strike(&aws, &function, user);
    aws.state().iam.stale_reads = usize::MAX;
    let told = strike(&aws, &function, user);
    assert_eq!(told["containment"]["state"], "failed");
    assert_eq!(told["containment"]["policy_in_place"], false);
    assert_eq!(told["containment"]["key_inactive"], false);
    assert!(
        told["containment"]["undo"].is_string(),
        "it may be in place"
    );
}

#[test]
fn another_policy_under_the_name_does_not_pass_for_containment() {
    let (aws, function) = start(&[]);
    let id = ("user", USER.to_owned(), POLICY_NAME.to_owned());
    let harmless = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    aws.state().iam.policies.insert(id, harmless);
    strike(&aws, &function, user);
    let told = strike(&aws, &function, user);
    assert_eq!(told["containment"]["state"], "contained");
    assert_eq!(
        policy(&aws, "user", USER).unwrap()["Statement"][0]["Effect"],
        "Deny"
    );
}

/// Whatever IAM does, the trail is restored, the notice goes out in time, and says it.
#[test]
fn a_failure_prevents_neither_the_restoration_nor_the_notice() {
    let denied = || refused_by_sns(403, "AccessDenied");
    let replies: [(&str, &dyn Fn() -> Reply); 3] = [
        ("denied", &denied),
        ("no answer", &|| Reply::Hang),
        ("broken", &|| Reply::answer(200, "<html>")),
    ];
    for (what, reply) in replies {
        let (aws, function) = start(&[]);
        strike(&aws, &function, user);
        let reply = reply();
        aws.state().disturb = Some(Box::new(move |operation, _| {
            is_iam(operation).then(|| Disturbance::Instead(reply.clone()))
        }));
        aws.stop_again();
        let begun = std::time::Instant::now();
        answered(function.invoke(&stop()));
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(15), "{what}: {took:?}");
        let told = aws.documents().pop().unwrap();
        assert_eq!(told["outcome"], "restored", "{what}");
        assert_eq!(told["severity"], "critical", "{what}");
        assert_eq!(told["containment"]["state"], "failed", "{what}");
        assert_eq!(told["containment"]["calls"], json!([]), "{what}");
        // What was refused for good is not done; all else may be.
        let undo = &told["containment"]["undo"];
        assert_eq!(undo.is_null(), what == "denied", "{what}: {undo}");
        assert_eq!(
            told["containment"]["policy_in_place"],
            Value::Null,
            "{what}"
        );
        let mail = pasted(&aws.mail());
        for said in ["NOT CONTAINED", "AWSDenyAll", "--status Inactive"] {
            assert!(mail.contains(said), "{what}: {mail}");
        }
    }
}

#[test]
fn a_part_that_fails_does_not_hold_up_the_other() {
    for (broken, policy_is, key_is) in [
        (PUT_USER_POLICY, false, true),
        (UPDATE_ACCESS_KEY, true, false),
    ] {
        let (aws, function) = start(&[]);
        strike(&aws, &function, user);
        aws.state().disturb = Some(Box::new(move |operation, _| {
            let denied = || Disturbance::Instead(refused_by_sns(403, "AccessDenied"));
            (operation == broken).then(denied)
        }));
        let told = strike(&aws, &function, user);
        assert_eq!(told["containment"]["state"], "failed");
        assert_eq!(told["containment"]["policy_in_place"], json!(policy_is));
        assert_eq!(told["containment"]["key_inactive"], json!(key_is));
        assert!(aws.mail().contains("IN PART"), "{}", aws.mail());
        let undo = told["containment"]["undo"].as_str().unwrap();
        assert_eq!(undo.contains("delete-user-policy"), policy_is, "{undo}");
        assert_eq!(undo.contains("--status Active"), key_is, "{undo}");
    }
}

#[test]
fn a_key_that_is_gone_needs_no_switching_off() {
    let (aws, function) = start(&[]);
    aws.state().iam.keys.clear();
    strike(&aws, &function, user);
    let told = strike(&aws, &function, user);
    assert_eq!(told["containment"]["state"], "contained");
    assert_eq!(told["containment"]["key_inactive"], Value::Null);
    assert_eq!(told["containment"]["key_gone"], true);
    assert_eq!(
        aws.count(UPDATE_ACCESS_KEY),
        1,
        "it may only not be listed yet"
    );
}

/// Who comes back to a contained role is told of if they cannot be contained, once.
#[test]
fn a_failure_on_a_new_session_is_told_once() {
    let (aws, function) = start(&[]);
    strike(&aws, &function, session_issued(-60));
    strike(&aws, &function, session_issued(-60));
    strike(&aws, &function, session_issued(-60));
    strike(&aws, &function, session_issued(-60));
    aws.state().disturb = Some(Box::new(|operation, _| {
        let denied = || Disturbance::Instead(refused_by_sns(403, "AccessDenied"));
        (operation == PUT_ROLE_POLICY).then(denied)
    }));
    let back = |key: &'static str| {
        move |event| {
            let mut event = session_issued(5)(event);
            event["detail"]["userIdentity"]["accessKeyId"] = json!(key);
            event
        }
    };
    let notices = aws.count(PUBLISH);
    let fifth = strike(&aws, &function, back("ASIAIOSFODNN7EXAMPLE"));
    assert_eq!(aws.count(PUBLISH), notices + 1);
    assert_eq!(fifth["containment"]["state"], "failed");
    assert_eq!(fifth["containment"]["policy_in_place"], false);
    assert!(
        fifth["containment"]["undo"].is_string(),
        "the earlier policy is still there"
    );
    strike(&aws, &function, back("ASIAIOSFODNN7EXAMPLE"));
    assert_eq!(aws.count(PUBLISH), notices + 1, "the summary tells it");
    strike(&aws, &function, back("ASIAIOSFODNN7EXAMPLF"));
    assert_eq!(aws.count(PUBLISH), notices + 2);
}

#[test]
fn the_summary_says_what_came_of_it() {
    for fails in [false, true] {
        let (aws, function) = start(&[]);
        if fails {
            aws.state().disturb = Some(Box::new(|operation, _| {
                let denied = || Disturbance::Instead(refused_by_sns(403, "AccessDenied"));
                is_iam(operation).then(denied)
            }));
        }
        for _ in 0..3 {
            strike(&aws, &function, user);
        }
        age(&aws, "last_at", QUIET);
        answered(function.invoke(&json!({"trailkeeper": "sweep"})));
        let told = aws.documents().pop().unwrap();
        assert_eq!(told["outcome"], "storm_summary");
        let (state, said) = if fails {
            ("failed", "NOT CONTAINED")
        } else {
            ("contained", "CONTAINED, as last read")
        };
        assert_eq!(told["storm"]["containment"], state);
        assert!(aws.mail().contains(said), "{}", aws.mail());
        assert_eq!(aws.mail().contains("--status Inactive"), fails);
    }
}

/// A retry after a notice that was not sent finds it done.
#[test]
fn what_is_tried_again_is_not_contained_twice() {
    let (aws, function) = start(&[]);
    strike(&aws, &function, role);
    aws.stop_again();
    let event = role(stop());
    aws.state().disturb = Some(Box::new(|operation, _| {
        let refused = || Disturbance::Instead(refused_by_sns(403, "AuthorizationError"));
        (operation == PUBLISH).then(refused)
    }));
    failure(function.invoke(&event));
    aws.state().disturb = None;
    answered(function.invoke(&event));
    let told = aws.documents().pop().unwrap();
    assert_eq!(
        told["containment"]["state"], "contained",
        "no time of issue is known"
    );
    assert!(aws.count(GET_ROLE_POLICY) >= 2);
}

/// Who cannot count says nothing of repetition, so nobody is contained.
#[test]
fn without_the_table_nobody_is_contained() {
    let aws = Aws::whole(Box::new(|operation, _| {
        crate::aws::is_of_table(operation).then(|| refused(400, "AccessDeniedException"))
    }));
    give_key(&aws);
    let function = Function::start(&aws, &[(VARIABLE, EVERYBODY)]);
    for _ in 0..3 {
        let told = strike(&aws, &function, user);
        assert_eq!(told["containment"], Value::Null);
    }
    assert_eq!(iam_calls(&aws), [""; 0]);
}
