//! The hub of an organisation: events of members, healed from outside.

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{again, by, in_account},
    aws::{Aws, PUBLISH, START, refused_by_sns},
    failure,
    lambda::Function,
    organization::{ASSUME_ROLE, EXTERNAL_ID, ROLE, declared_in, member, trail_of},
    stop,
};

/// Three members, the trail of the first just stopped, and the hub.
fn stopped() -> (Aws, Function, String, Value) {
    let aws = Aws::hub(3, Box::new(|_, _| None));
    let account = member(0);
    aws.state().world.stop(&trail_of(&account), 0.2);
    let function = aws.start_hub(&[]);
    let event = in_account(&account, &stop());
    (aws, function, account, event)
}

/// Who made which calls.
fn callers(aws: &Aws) -> Vec<(String, String)> {
    let state = aws.state();
    let calls = state.calls.iter();
    calls
        .map(|call| (call.operation.clone(), call.account.clone()))
        .collect()
}

fn state_of(aws: &Aws, account: &str) -> Value {
    aws.state().world.trails()[&trail_of(account)].state()
}

#[test]
fn a_member_is_healed_through_a_session_for_that_one_trail() {
    let (aws, function, account, event) = stopped();
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    let calls = callers(&aws);
    assert_eq!(calls[0].0, ASSUME_ROLE, "{calls:?}");
    assert_eq!(calls[1], (START.to_owned(), account.clone()), "{calls:?}");
    assert_eq!(state_of(&aws, &account)["is_logging"], true);

    let asked = aws.forms(ASSUME_ROLE);
    assert_eq!(asked.len(), 2, "one to heal, one to look into it");
    assert_eq!(asked[0], asked[1]);
    let asked = &asked[0];
    assert_eq!(
        asked["RoleArn"],
        format!("arn:aws:iam::{account}:role/{ROLE}")
    );
    assert_eq!(asked["ExternalId"], EXTERNAL_ID);
    assert_eq!(asked["DurationSeconds"], "900");
    let id = event["detail"]["eventID"].as_str().unwrap();
    assert_eq!(asked["RoleSessionName"], format!("trailkeeper-{id}"));
    let policy: Value = serde_json::from_str(&asked["Policy"]).unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], trail_of(&account));
    for statement in policy["Statement"].as_array().unwrap() {
        let shown = statement["Action"].to_string();
        assert!(!shown.contains('*'), "{shown}");
        for forbidden in ["StopLogging", "DeleteTrail", "AssumeRole"] {
            assert!(!shown.contains(forbidden), "{shown}");
        }
    }

    let notice = aws.notice();
    assert_eq!(notice["trail"]["arn"], trail_of(&account));
    assert_eq!(notice["trail"]["account"], account);
    assert_eq!(notice["outcome"], "restored");
    for (operation, caller) in calls {
        let in_member = !matches!(
            operation.as_str(),
            "AssumeRole" | "GetParameter" | "PutItem" | "UpdateItem" | "Publish"
        );
        assert_eq!(caller == account, in_member, "{operation} by {caller}");
    }
}

#[test]
fn what_weakens_a_members_trail_is_undone_by_its_own_baseline() {
    let (aws, function) = (Aws::hub(3, Box::new(|_, _| None)), member(1));
    let (account, function) = (function, aws.start_hub(&[]));
    let declared = declared_in(&account).state();
    for (operation, asked) in [
        (
            "UpdateTrail",
            json!({"Name": "audit", "S3BucketName": "elsewhere", "KmsKeyId": ""}),
        ),
        (
            "PutEventSelectors",
            json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
        ),
        ("DeleteTrail", json!({"Name": "audit"})),
    ] {
        let event = aws.attack_in(&account, operation, &asked);
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{operation}");
        let mut after = state_of(&aws, &account);
        after["is_logging"] = json!(true);
        assert_eq!(after, declared, "{operation}");
    }
    assert_eq!(state_of(&aws, &member(0)), declared_in(&member(0)).state());
}

#[test]
fn a_member_that_cannot_be_reached_is_critical_and_fails() {
    let (aws, function, account, event) = stopped();
    aws.state().organization.without_role.push(account.clone());
    let (kind, message) = failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored", "{message}");
    assert!(
        message.contains("sts:AssumeRole failed: AccessDenied"),
        "{message}"
    );
    let notice = aws.notice();
    assert_eq!(notice["outcome"], "unverified");
    assert_eq!(notice["severity"], "critical");
    assert_eq!(notice["trail"]["arn"], trail_of(&account));
    assert!(notice["problem"].to_string().contains("AssumeRole"));
    assert_eq!(aws.writes(), [""; 0], "no call with the hub's own role");
    assert_eq!(aws.count("GetTrailStatus"), 0);
}

#[test]
fn a_busy_sts_is_waited_for() {
    for (status, code) in [(400, "Throttling"), (503, "ServiceUnavailable")] {
        let aws = Aws::hub(
            1,
            Box::new(move |called, earlier| {
                (called == ASSUME_ROLE && earlier < 4).then(|| refused_by_sns(status, code))
            }),
        );
        aws.state().world.stop(&trail_of(&member(0)), 0.2);
        let function = aws.start_hub(&[]);
        let answer = answered(function.invoke(&in_account(&member(0), &stop())));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{code}");
    }
}

#[test]
fn the_hubs_own_trail_needs_no_session() {
    let aws = Aws::hub(1, Box::new(|_, _| None));
    aws.stop_again();
    let function = aws.start_hub(&[]);
    let answer = answered(function.invoke(&stop()));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    assert_eq!(aws.operations()[0], START);
    assert_eq!(aws.count(ASSUME_ROLE), 0);
}

#[test]
fn the_echo_of_a_peer_is_no_attack() {
    let aws = Aws::hub(2, Box::new(|_, _| None));
    let account = member(0);
    let peer = "arn:aws:iam::{account}:role/trailkeeper-responder";
    let function = aws.start_hub(&[("TRAILKEEPER_PEER_ROLES", peer)]);
    let update = json!({"Name": "audit", "IsMultiRegionTrail": true});
    let event = aws.attack_in(&account, "UpdateTrail", &update);
    let role = peer.replace("{account}", &account);
    let echo = by(&role, event.clone());
    let answer = answered(function.invoke(&echo));
    assert_eq!(answer, json!({"outcomes": []}));
    assert_eq!(aws.count(PUBLISH), 0);
    assert!(aws.count("GetTrail") > 0, "a peer is not believed");

    // The role of that name in another account is nobody's peer.
    let other = by(&peer.replace("{account}", &member(1)), again(&event));
    let answer = answered(function.invoke(&other));
    assert_eq!(answer, json!({"outcomes": ["conforming_change"]}));

    // What a stolen peer's role breaks is healed and told.
    let event = aws.attack_in(&account, "StopLogging", &json!({"Name": "audit"}));
    let answer = answered(function.invoke(&by(&role, event)));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
}

#[test]
fn the_hub_is_a_peer_of_the_members_own_responder() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let hub = "arn:aws:iam::{account}:role/trailkeeper-remediation";
    let function = Function::start(&aws, &[("TRAILKEEPER_PEER_ROLES", hub)]);
    let start = aws.attack("StartLogging", &json!({"Name": "audit"}));
    let update = json!({"Name": "audit", "IsMultiRegionTrail": true});
    let update = aws.attack("UpdateTrail", &update);
    for event in [start, update] {
        let role = hub.replace("{account}", "111122223333");
        let answer = answered(function.invoke(&by(&role, event)));
        assert!(
            answer == json!({"outcomes": []}) || answer == json!({"ignored": "other_call"}),
            "{answer}"
        );
    }
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn accounts_that_are_not_the_hubs_are_left_alone() {
    let aws = Aws::hub(3, Box::new(|_, _| None));
    let concrete = aws.member_trails().replace("{account}", &member(2));
    let excluded = member(1);
    for (what, account, settings) in [
        (
            "excluded",
            member(1),
            vec![("TRAILKEEPER_EXCLUDED_ACCOUNTS", excluded.as_str())],
        ),
        (
            "without a trail of its own",
            member(0),
            vec![("TRAILKEEPER_MEMBER_TRAILS", concrete.as_str())],
        ),
        ("no account", "{account}".to_owned(), Vec::new()),
        ("none at all", String::new(), Vec::new()),
        ("too short", "50000000000".to_owned(), Vec::new()),
    ] {
        aws.state().calls.clear();
        let function = aws.start_hub(&settings);
        let answer = answered(function.invoke(&in_account(&account, &stop())));
        assert_eq!(answer, json!({"ignored": "foreign_account"}), "{what}");
        assert_eq!(aws.operations(), [""; 0], "{what}");
    }
}

#[test]
fn a_forged_event_costs_nobody_anything() {
    let aws = Aws::hub(2, Box::new(|_, _| None));
    let function = aws.start_hub(&[]);
    let (own, other) = (member(0), member(1));
    let event = in_account(&own, &stop());
    let with = |path: &[&str], value: &str| {
        let mut event = again(&event);
        let last = path.iter().fold(&mut event, |at, name| &mut at[*name]);
        *last = json!(value);
        event
    };
    for (what, event, reason) in [
        (
            "sent by another account",
            with(&["account"], &other),
            "envelope_and_record_contradict",
        ),
        (
            "about another account",
            with(&["detail", "recipientAccountId"], &other),
            "envelope_and_record_contradict",
        ),
        (
            "about another account's trail",
            with(&["detail", "requestParameters", "name"], &trail_of(&other)),
            "trail_not_protected",
        ),
        (
            "about the hub's trail",
            with(
                &["detail", "requestParameters", "name"],
                &trail_of("111122223333"),
            ),
            "trail_not_protected",
        ),
        (
            "of a custom source",
            with(&["source"], "custom.cloudtrail"),
            "not_from_cloudtrail",
        ),
    ] {
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"ignored": reason}), "{what}");
    }
    assert_eq!(aws.operations(), [""; 0]);

    // A stop that never was is answered once, in the account that told of it only.
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["unconfirmed"]}));
    assert!(callers(&aws).iter().all(|(_, caller)| *caller != other));

    // From outside the organisation there is no way in, and none is tried with
    // the hub's own role.
    aws.state().calls.clear();
    let stranger = in_account("999988887777", &stop());
    let (kind, _) = failure(function.invoke(&stranger));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert_eq!(aws.writes(), [""; 0]);
}

#[test]
fn a_hostile_event_id_makes_no_hostile_session_name() {
    let (aws, function, _, mut event) = stopped();
    event["detail"]["eventID"] = json!("x/../../\u{e9}&Policy={}\r\n".repeat(20));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    let name = &aws.forms(ASSUME_ROLE)[0]["RoleSessionName"];
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    assert!(
        name.len() <= 64 && name.bytes().all(allowed),
        "it stays a name: {name}"
    );
}
