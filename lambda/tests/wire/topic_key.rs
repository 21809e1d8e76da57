//! The key of the topic: who disables it silences every notice.

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, by},
    aws::{Aws, PUBLISH, START, now},
    evidence::of_key,
    lambda::Function,
    parts::VARIABLE,
    stop,
    things::{KEY, TOPIC_KEY, key_policy},
};

fn document() -> Value {
    json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": TOPIC_KEY, "restored": ["state"],
        "declared": {"state": "Enabled", "policy": key_policy(), "rotation": true},
    })
}

fn guarded(settings: &[(&str, &str)]) -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let list = aws.guard_by_list(&[(TOPIC_KEY, document())]);
    // The key of the logs too.
    let evidence = aws.guard(&["state"]);
    let mut all = vec![
        (VARIABLE, list.as_str()),
        ("TRAILKEEPER_EVIDENCE", evidence.as_str()),
    ];
    all.extend(settings);
    let function = Function::start(&aws, &all);
    (aws, function)
}

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

fn by_id(key: &str) -> &str {
    key.rsplit('/').next().unwrap()
}

fn deny_all() -> Value {
    json!({"Version": "2012-10-17", "Statement": []})
}

#[test]
fn it_is_enabled_again_before_anybody_is_told() {
    for event in [
        of_key("DisableKey", &json!({"keyId": TOPIC_KEY})),
        of_key("DisableKey", &json!({"keyId": by_id(TOPIC_KEY)})),
        sweep(),
    ] {
        let (aws, function) = guarded(&[]);
        aws.state().things.topic_key.state = "Disabled";
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{event}");
        assert_eq!(aws.state().things.topic_key.state, "Enabled");
        assert_eq!(aws.repairs(), ["EnableKey"]);
        let made = aws.operations();
        let at = |name: &str| made.iter().position(|made| made == name);
        assert!(at("EnableKey") < at(PUBLISH), "{made:?}");
        let notice = aws.notice();
        assert_eq!(notice["thing"]["kind"], "topic_key");
        assert_eq!(notice["thing"]["arn"], TOPIC_KEY);
        assert_eq!(notice["severity"], "critical");
        assert_eq!(notice["verification"]["matches_baseline"], true);
        let mail = aws.mail();
        assert!(mail.contains("TOPIC KEY"), "{mail}");
    }
}

#[test]
fn its_deletion_is_cancelled() {
    let (aws, function) = guarded(&[]);
    aws.state().things.topic_key.state = "PendingDeletion";
    let event = of_key("ScheduleKeyDeletion", &json!({"keyId": TOPIC_KEY}));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    assert_eq!(aws.repairs(), ["CancelKeyDeletion", "EnableKey"]);
}

#[test]
fn another_policy_and_no_rotation_are_told_and_left() {
    let (aws, function) = guarded(&[]);
    {
        let key = &mut aws.state().things.topic_key;
        key.policy = deny_all();
        key.is_rotated = false;
    }
    let event = of_key(
        "PutKeyPolicy",
        &json!({"keyId": TOPIC_KEY, "policy": deny_all().to_string()}),
    );
    for event in [event, sweep(), sweep()] {
        answered(function.invoke(&event));
    }
    assert_eq!(aws.repairs(), [""; 0]);
    // By the event, and by the sweeps once.
    let notices = aws.documents();
    assert_eq!(notices.len(), 2, "{notices:#?}");
    for notice in notices {
        assert_eq!(notice["outcome"], "reported");
        assert_eq!(notice["severity"], "critical");
        let differs = json!(["policy", "rotation"]);
        assert_eq!(notice["verification"]["still_differs"], differs);
    }
    let mail = aws.mail();
    assert!(mail.contains("aws kms get-key-policy"), "{mail}");
}

#[test]
fn the_key_of_the_logs_is_another_one_and_others_are_nobodys() {
    let (aws, function) = guarded(&[]);
    aws.state().things.key.as_mut().unwrap().state = "Disabled";
    let event = of_key("DisableKey", &json!({"keyId": KEY}));
    answered(function.invoke(&event));
    assert_eq!(aws.notice()["thing"]["kind"], "log_key");
    assert_eq!(aws.repairs(), ["EnableKey"]);
    let other = TOPIC_KEY.replace("1111", "2222");
    let event = of_key("DisableKey", &json!({"keyId": other}));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"ignored": "thing_not_guarded"}));
}

#[test]
fn its_policy_is_left_alone_while_it_is_deployed() {
    let (aws, function) = guarded(&[("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)]);
    let mut new = document();
    new["declared"]["policy"] = deny_all();
    let parameter = aws.declare_part(TOPIC_KEY, &new);
    aws.state().support.written.insert(parameter, now() - 60.0);
    aws.state().things.topic_key.policy = deny_all();
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": []}));
    let event = of_key(
        "PutKeyPolicy",
        &json!({"keyId": TOPIC_KEY, "policy": deny_all().to_string()}),
    );
    answered(function.invoke(&by(PIPELINE, event)));
    assert_eq!(aws.notice()["severity"], "info");
    // Its state is nothing that is deployed.
    aws.state().things.topic_key.state = "Disabled";
    answered(function.invoke(&sweep()));
    assert_eq!(aws.state().things.topic_key.state, "Enabled");
}

#[test]
fn no_deployment_disables_it() {
    let (aws, function) = guarded(&[]);
    let mut new = document();
    new["declared"]["state"] = json!("Disabled");
    let parameter = aws.declare_part(TOPIC_KEY, &new);
    aws.state().support.written.insert(parameter, now() - 60.0);
    aws.state().things.topic_key.state = "Disabled";
    answered(function.invoke(&sweep()));
    assert_eq!(aws.state().things.topic_key.state, "Enabled");
}

#[test]
fn a_call_that_names_no_key_may_be_about_either() {
    let (aws, function) = guarded(&[]);
    {
        let things = &mut aws.state().things;
        things.topic_key.state = "Disabled";
        things.key.as_mut().unwrap().state = "Disabled";
    }
    let event = of_key("DisableKey", &json!({"omitted": true}));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["restored", "restored"]}));
}

#[test]
fn its_alias_is_nobodys_business_even_if_the_list_cannot_be_used() {
    let named = json!({"aliasName": "alias/trailkeeper-alerts", "targetKeyId": TOPIC_KEY});
    let (aws, function) = guarded(&[]);
    let event = of_key("UpdateAlias", &named);
    let ignored = json!({"ignored": "thing_not_guarded"});
    assert_eq!(answered(function.invoke(&event)), ignored);
    let lists = |name: &String| name.contains("/guard/list/");
    aws.state().parameters.retain(|name, _| !lists(name));
    let evidence = aws.guard(&["state"]);
    let list = format!("/trailkeeper/trailkeeper/guard/list/{}", "0".repeat(64));
    let settings = [
        (VARIABLE, list.as_str()),
        ("TRAILKEEPER_EVIDENCE", evidence.as_str()),
    ];
    let function = Function::start(&aws, &settings);
    assert_eq!(answered(function.invoke(&event)), ignored);
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn what_the_responder_never_does_to_it_is_told_if_it_is_denied() {
    let (aws, function) = guarded(&[]);
    let mut event = of_key("PutKeyPolicy", &json!({"keyId": TOPIC_KEY}));
    event["detail"]["errorCode"] = json!("AccessDenied");
    let answer = answered(function.invoke(&by(RESPONDER, event)));
    assert_eq!(answer, json!({"outcomes": ["attempt_denied"]}));
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn a_stop_is_started_before_it_is_asked_about() {
    let (aws, function) = guarded(&[]);
    answered(function.invoke(&stop()));
    assert_eq!(aws.operations()[0], START);
    assert_eq!(aws.count("DescribeKey"), 0);
}
