//! What a notice says about the actor, and what that costs: after the restoration,
//! bounded, and unknown where it is not known (law 7).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, again, by, in_account},
    aws::{AUDIT, Aws, PUBLISH, PUT_ITEM, START, is_write, now, refused},
    http::Reply,
    in_whole_seconds,
    lambda::{Function, new_request_id},
    organization::{declared_in, member, trail_of},
    recorded, stop,
};

const LOOKUP: &str = "LookupEvents";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// What somebody did so many seconds ago, as the history has it.
struct Did {
    source: &'static str,
    name: &'static str,
    region: &'static str,
    ago: f64,
    more: Value,
}

fn did(
    source: &'static str,
    name: &'static str,
    region: &'static str,
    ago: f64,
    more: Value,
) -> Did {
    Did {
        source,
        name,
        region,
        ago,
        more,
    }
}

/// Puts it into the history as the deed of the maker of `event`.
fn also(aws: &Aws, event: &Value, all: Vec<Did>) {
    for Did {
        source,
        name,
        region,
        ago,
        more,
    } in all
    {
        let mut record = again(event)["detail"].clone();
        record["eventSource"] = json!(format!("{source}.amazonaws.com"));
        record["eventName"] = json!(name);
        record["awsRegion"] = json!(region);
        record["eventTime"] = json!(in_whole_seconds(now() - ago));
        record["requestParameters"] = Value::Null;
        record["readOnly"] = json!(name.starts_with("Describe") || name.starts_with("List"));
        for (field, value) in more.as_object().unwrap() {
            record[field] = value.clone();
        }
        aws.state().history.push(record);
    }
}

/// A key is stolen: the thief looks around, makes a user and stops the trail, which was
/// stopped before and, by somebody else, weakened; and he makes a key in the gap.
fn stolen_key(aws: &Aws) -> Value {
    let event = stop();
    aws.state().history.push(event["detail"].clone());
    let user = |name: &str| json!({"requestParameters": {"userName": name}});
    let made = json!({
        "requestParameters": {"userName": "backdoor"},
        "responseElements": {"accessKey": {"accessKeyId": "AKIASECONDKEYEXAMPLE", "userName": "backdoor"}},
    });
    let earlier = json!({"requestParameters": {"name": "audit"}, "sourceIPAddress": "192.0.2.99"});
    let by_other = json!({
        "requestParameters": {"name": AUDIT, "isMultiRegionTrail": false},
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/carol",
            "userName": "carol", "accessKeyId": "AKIACAROLSKEYEXAMPLE"},
    });
    also(
        aws,
        &event,
        vec![
            did(
                "cloudtrail",
                "DescribeTrails",
                "eu-central-1",
                120.0,
                json!({}),
            ),
            did(
                "cloudtrail",
                "DescribeTrails",
                "eu-central-1",
                100.0,
                json!({}),
            ),
            did(
                "iam",
                "ListUsers",
                "us-east-1",
                90.0,
                json!({"errorCode": "AccessDenied"}),
            ),
            did("iam", "CreateUser", "us-east-1", 60.0, user("backdoor")),
            did(
                "cloudtrail",
                "StopLogging",
                "eu-central-1",
                1_800.0,
                earlier,
            ),
            did(
                "cloudtrail",
                "UpdateTrail",
                "eu-central-1",
                40_000.0,
                by_other,
            ),
            did("iam", "CreateAccessKey", "us-east-1", 0.0, made),
            // Of another time, another region, another user.
            did(
                "iam",
                "DeleteUser",
                "us-east-1",
                9_000.0,
                user("too-long-ago"),
            ),
            did("ec2", "RunInstances", "ap-south-1", 10.0, json!({})),
        ],
    );
    event
}

/// The deed of this name.
fn deed<'a>(investigation: &'a Value, list: &str, name: &str) -> &'a Value {
    let deeds = investigation[list].as_array().unwrap();
    let found = deeds.iter().find(|deed| deed["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {investigation:#}"))
}

#[test]
fn a_notice_tells_what_else_the_actor_did() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let event = stolen_key(&aws);
    let function = Function::start(&aws, &[]);
    answered(function.invoke(&event));

    let notice = aws.notice();
    let found = &notice["investigation"];
    assert_eq!(found["regions"], json!(["eu-central-1", "us-east-1"]));
    assert_eq!(found["searched_by"], "user_name");
    let names: Vec<&str> = found["deeds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deed| deed["name"].as_str().unwrap())
        .collect();
    let mut expected = vec![
        "StopLogging",
        "CreateUser",
        "StopLogging",
        "CreateAccessKey",
    ];
    if names[2] == "CreateAccessKey" {
        // Both of the same second.
        expected.swap(2, 3);
    }
    assert_eq!(names, expected, "in their order");
    let key = deed(found, "deeds", "CreateAccessKey");
    assert_eq!(key["in_gap"], true);
    assert_eq!(key["targets"], json!(["AKIASECONDKEYEXAMPLE", "backdoor"]));
    assert_eq!(deed(found, "deeds", "CreateUser")["in_gap"], false);
    assert_eq!(found["read_count"], 3);
    assert_eq!(found["reads"][0]["name"], "DescribeTrails");
    assert_eq!(found["reads"][0]["count"], 2);
    assert_eq!(found["reads"][1]["failed"], 1);
    let tampering: Vec<Value> = found["tampering"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deed| json!([deed["name"], deed["actor"], deed["source_ips"]]))
        .collect();
    assert_eq!(
        tampering,
        [
            json!([
                "UpdateTrail",
                "arn:aws:iam::111122223333:user/carol",
                ["198.51.100.7"]
            ]),
            json!([
                "StopLogging",
                "arn:aws:iam::111122223333:user/eve",
                ["192.0.2.99"]
            ]),
        ]
    );
    let entry = &found["entry"];
    assert_eq!(entry["means"], "access_key");
    assert_eq!(entry["is_key_in_history"], false);
    assert_eq!(entry["source_ips"][0]["source_ip"], "192.0.2.99");
    assert_eq!(entry["source_ips"][1]["source_ip"], "198.51.100.7");
    let gap = &found["gap"];
    assert_eq!(
        (&gap["calls"], &gap["is_complete"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(gap["breaks_digest_chain"], true);
    assert_eq!(gap["insights_restored"], true);
    let unknown = found["unknown"].to_string();
    assert!(unknown.contains("15 minutes"), "{unknown}");

    let mail = aws.mail();
    for told in [
        "iam CreateUser  \"backdoor\"",
        "iam CreateAccessKey  IN THE GAP  \"AKIASECONDKEYEXAMPLE\"  \"backdoor\"",
        "cloudtrail StopLogging  <- THIS CALL  \"audit\"",
        "Reads: 3 (cloudtrail DescribeTrails x 2, iam ListUsers x 1 failed)",
        "By the same actor: 1. By others: 1.",
        "an access key of an IAM user",
        "not in the history",
        "\"192.0.2.99\"",
        "INCOMPLETE",
    ] {
        assert!(mail.contains(told), "no {told} in {mail}");
    }
    for not_told in ["too-long-ago", "RunInstances"] {
        assert!(!mail.contains(not_told), "{mail}");
    }
}

#[test]
fn nothing_is_looked_up_before_the_trail_is_back_and_read() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let event = stolen_key(&aws);
    let function = Function::start(&aws, &[]);
    answered(function.invoke(&event));
    let operations = aws.operations();
    assert_eq!(operations[0], START);
    let first = operations.iter().position(|o| o == LOOKUP).unwrap();
    let claim = operations.iter().position(|o| o == PUT_ITEM).unwrap();
    let publish = operations.iter().position(|o| o == PUBLISH).unwrap();
    let last_read = operations
        .iter()
        .rposition(|o| o.starts_with("Get"))
        .unwrap();
    assert!(
        last_read < claim && claim < first && first < publish,
        "{operations:?}"
    );

    // A copy was told: it costs no look-up.
    let before = aws.count(LOOKUP);
    answered(function.invoke_as(
        &new_request_id(),
        event.to_string(),
        Duration::from_secs(30),
    ));
    assert_eq!(aws.count(LOOKUP), before);
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn the_call_behind_a_session_is_told_and_what_its_maker_did() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let mut event = again(&recorded("identity-role-full"));
    let began = in_whole_seconds(now() - 600.0);
    event["detail"]["userIdentity"]["sessionContext"]["attributes"]["creationDate"] = json!(began);
    let assumed = json!({
        "userIdentity": stop()["detail"]["userIdentity"],
        "sourceIPAddress": "192.0.2.1",
        "readOnly": true,
        "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/deploy", "roleSessionName": "run-17"},
        "responseElements": {"credentials": {"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "sessionToken": "secret-token"}},
    });
    // It holds the key in a place where the caller wrote it.
    let forged = json!({
        "requestParameters": {"name": "ASIAIOSFODNN7EXAMPLE"},
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/carol"},
    });
    also(
        &aws,
        &event,
        vec![
            did("sts", "AssumeRole", "eu-central-1", 600.0, assumed),
            did("sts", "AssumeRole", "eu-central-1", 1.0, forged),
        ],
    );
    let maker = json!({"requestParameters": {"policyName": "everything"}});
    also(
        &aws,
        &stop(),
        vec![did("iam", "PutUserPolicy", "us-east-1", 700.0, maker)],
    );
    let function = Function::start(&aws, &[]);
    answered(function.invoke(&event));
    let found = &aws.notice()["investigation"];
    assert_eq!(found["searched_by"], "access_key_id");
    let entry = &found["entry"];
    assert_eq!(entry["means"], "role_session");
    let age = entry["session_age_ms"].as_i64().unwrap();
    assert!((599_000..=601_000).contains(&age), "{age}");
    assert_eq!(entry["issued_by"]["name"], "AssumeRole");
    assert_eq!(
        entry["issued_by"]["actor"],
        "arn:aws:iam::111122223333:user/eve"
    );
    assert_eq!(entry["issued_by"]["access_key_ids"], json!([KEY]));
    assert_eq!(entry["makers_deeds"][0]["name"], "PutUserPolicy");
    let mail = aws.mail();
    assert!(
        mail.contains("sts AssumeRole") && mail.contains("\"192.0.2.1\""),
        "{mail}"
    );
    assert!(!aws.last_publish()["Message"].contains("secret-token"));
}

/// What the history answers when it does not.
#[test]
fn a_history_that_fails_delays_the_notice_by_its_budget_at_most_and_is_unknown() {
    let faults: [(&str, Reply, &str); 6] = [
        (
            "throttled",
            refused(400, "ThrottlingException"),
            "ThrottlingException",
        ),
        (
            "denied",
            refused(400, "AccessDeniedException"),
            "AccessDeniedException",
        ),
        ("hanging", Reply::Hang, "Timeout"),
        ("closed", Reply::Close, "NoConnection"),
        ("cut off", Reply::Truncated, "UnusableAnswer"),
        ("no JSON", Reply::answer(200, "<html>"), "UnusableAnswer"),
    ];
    for (what, reply, code) in faults {
        let aws = Aws::start(
            0.2,
            Box::new(move |called, _| (called == LOOKUP).then(|| reply.clone())),
        );
        let function = Function::start(&aws, &[]);
        let begun = Instant::now();
        let answer = answered(function.invoke(&stop()));
        let took = begun.elapsed();
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{what}");
        assert!(took < Duration::from_millis(5_900), "{what}: {took:?}");
        let notice = aws.notice();
        let found = &notice["investigation"];
        assert_eq!(found["deeds"], json!([]), "{what}");
        assert_eq!(found["gap"]["is_complete"], false, "{what}");
        assert!(
            found["entry"]["is_key_in_history"].is_null(),
            "{what}: {found:#}"
        );
        for region in ["eu-central-1", "us-east-1"] {
            let unknown = found["unknown"].as_array().unwrap();
            let told = |about: &str| {
                unknown.iter().any(|line| {
                    let line = line.as_str().unwrap();
                    line.contains(region) && line.contains(about) && line.contains("LookupEvents")
                })
            };
            assert!(told("the actor's calls"), "{what}: {unknown:#?}");
        }
        let unknown = found["unknown"].to_string();
        assert!(unknown.contains(code), "{what}: {unknown}");
        assert!(aws.mail().contains("NOT KNOWN"), "{what}");
        if what == "denied" {
            assert_eq!(aws.count(LOOKUP), 2, "once in each region");
            assert!(took < Duration::from_secs(1), "{took:?}");
        }
    }
}

#[test]
fn little_time_is_shared_with_the_notice() {
    let aws = Aws::start(
        0.2,
        Box::new(|called, _| (called == LOOKUP).then_some(Reply::Hang)),
    );
    let function = Function::start(&aws, &[]);
    let begun = Instant::now();
    answered(function.invoke_within(&stop(), Duration::from_secs(4)));
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(2_400), "{took:?}");
    assert_eq!(aws.accepted(PUBLISH), 1);
}

#[test]
fn no_more_than_two_lookups_a_second_in_a_region_and_no_more_pages_than_useful() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let event = stop();
    let flood = || did("s3", "PutBucketTagging", "eu-central-1", 30.0, json!({}));
    also(&aws, &event, (0..450).map(|_| flood()).collect());
    let function = Function::start(&aws, &[]);
    let begun = Instant::now();
    answered(function.invoke(&event));
    assert!(begun.elapsed() < Duration::from_millis(5_900));
    let state = aws.state();
    for region in ["eu-central-1", "us-east-1"] {
        let calls = state.calls.iter();
        let here = calls.filter(|call| call.operation == LOOKUP && call.region == region);
        let times: Vec<Instant> = here.map(|call| call.at).collect();
        assert!(times.len() >= 2, "{region}");
        for three in times.windows(3) {
            let time = three[2] - three[0];
            assert!(time >= Duration::from_millis(450), "{region}: {time:?}");
        }
    }
    drop(state);
    let found = &aws.notice()["investigation"];
    let deed = deed(found, "deeds", "PutBucketTagging");
    assert_eq!(deed["count"], 200, "four pages");
    let unknown = found["unknown"].to_string();
    assert!(unknown.contains("only the newest 200 records"), "{unknown}");
}

#[test]
fn an_attempt_costs_little_and_an_expected_change_nothing() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)]);
    let denied = again(&recorded("denied-null-parameters"));
    let user = json!({"requestParameters": {"userName": "backdoor"}});
    also(
        &aws,
        &denied,
        vec![did("iam", "CreateUser", "us-east-1", 5.0, {
            let mut user = user;
            user["errorCode"] = Value::Null;
            user
        })],
    );
    answered(function.invoke(&denied));
    let asked = aws.asked(LOOKUP);
    assert!((2..=4).contains(&asked.len()), "{asked:#?}");
    let notice = aws.notice();
    deed(&notice["investigation"], "deeds", "CreateUser");
    assert!(notice["investigation"]["gap"].is_null());

    aws.state().calls.clear();
    let change = json!({"Name": "audit", "IsMultiRegionTrail": false});
    let change = by(PIPELINE, aws.attack("UpdateTrail", &change));
    answered(function.invoke(&change));
    assert_eq!(aws.notice()["severity"], "info");
    assert_eq!(aws.count(LOOKUP), 0);
    assert!(aws.notice()["investigation"].is_null());
}

#[test]
fn a_stop_that_nobody_explains_is_looked_into_by_the_trail() {
    let aws = Aws::start(1_000.0, Box::new(|_, _| None));
    let earlier = json!({"requestParameters": {"trailName": "audit"}});
    let own = json!({
        "requestParameters": {"name": AUDIT},
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/trailkeeper-responder/x",
            "sessionContext": {"sessionIssuer": {"arn": RESPONDER}}},
    });
    also(
        &aws,
        &stop(),
        vec![
            did(
                "cloudtrail",
                "PutEventSelectors",
                "eu-central-1",
                5_000.0,
                earlier,
            ),
            did("cloudtrail", "UpdateTrail", "eu-central-1", 5_000.0, own),
        ],
    );
    let function = Function::start(&aws, &[]);
    answered(function.invoke(&json!({"trailkeeper": "sweep"})));
    let notice = aws.notice();
    let found = &notice["investigation"];
    assert!(found["searched_by"].is_null());
    let tampering = found["tampering"].as_array().unwrap();
    assert_eq!(
        tampering.len(),
        1,
        "the function's own is none: {tampering:#?}"
    );
    assert_eq!(tampering[0]["name"], "PutEventSelectors");
    assert!(
        found["unknown"].to_string().contains("nobody is named"),
        "{found:#}"
    );
    assert!(!is_write(LOOKUP));
}

#[test]
fn in_a_sweep_of_many_accounts_the_notices_do_not_wait_in_line() {
    const MEMBERS: usize = 40;
    let aws = Aws::hub(MEMBERS, Box::new(|_, _| None));
    aws.state()
        .latency
        .insert(LOOKUP, Duration::from_millis(900));
    for number in 0..MEMBERS {
        let account = member(number);
        aws.state().world.stop(&trail_of(&account), 1_000.0);
    }
    let function = aws.start_hub(&[]);
    let begun = Instant::now();
    let sweep = json!({"trailkeeper": "sweep"});
    answered(function.invoke_within(&sweep, Duration::from_mins(1)));
    let took = begun.elapsed();
    let documents = aws.documents();
    assert_eq!(documents.len(), MEMBERS);
    let looked_into = |document: &&Value| document["investigation"]["regions"] != json!([]);
    let number = documents.iter().filter(looked_into).count();
    assert!((8..MEMBERS).contains(&number), "{number} in {took:?}");
    let rest = documents
        .iter()
        .find(|document| !looked_into(document))
        .unwrap();
    let unknown = rest["investigation"]["unknown"].to_string();
    assert!(unknown.contains("too many incidents at once"), "{unknown}");
    assert_eq!(
        aws.state().world.trails()[&trail_of(&member(0))].state(),
        declared_in(&member(0)).state()
    );
}

#[test]
fn a_members_history_is_read_in_the_member() {
    let aws = Aws::hub(2, Box::new(|_, _| None));
    let account = member(0);
    aws.state().world.stop(&trail_of(&account), 0.2);
    let event = in_account(&account, &stop());
    let user = json!({"requestParameters": {"userName": "backdoor"}});
    also(
        &aws,
        &event,
        vec![did("iam", "CreateUser", "us-east-1", 5.0, user)],
    );
    let function = aws.start_hub(&[]);
    answered(function.invoke(&event));
    deed(&aws.notice()["investigation"], "deeds", "CreateUser");
    let state = aws.state();
    let mut lookups = state.calls.iter().filter(|call| call.operation == LOOKUP);
    assert!(lookups.all(|call| call.account == account));
}

#[test]
fn a_flood_of_attempts_does_not_hold_the_function_up() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    aws.state()
        .latency
        .insert(LOOKUP, Duration::from_millis(300));
    let function = Function::start(&aws, &[]);
    let begun = Instant::now();
    // Of many: those of one actor would be summed up.
    for number in 0..20 {
        let role = format!("arn:aws:iam::111122223333:role/r{number}");
        let denied = again(&recorded("denied-null-parameters"));
        answered(function.invoke(&by(&role, denied)));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(aws.accepted(PUBLISH), 20);
    let number = |is: fn(&Value) -> bool| aws.documents().iter().filter(|d| is(d)).count();
    let looked_into = |document: &Value| document["investigation"]["regions"] != json!([]);
    assert!((1..10).contains(&number(looked_into)));
    // And not from what matters.
    let event = stop();
    answered(function.invoke(&event));
    let notice = aws.documents().pop().unwrap();
    assert_ne!(notice["investigation"]["regions"], json!([]));
}
