//! The log bucket and the key of a trail: put back, read back, told; and left alone if
//! they are as declared.

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, again, by, event_of},
    aws::{Aws, PUBLISH, START},
    failure,
    lambda::Function,
    stop,
    things::{
        ALIAS, BUCKET, BUCKET_ARN, CREATE, KEY, XML, bucket_document, bucket_policy, denied,
        key_policy, refused_by_s3,
    },
};

const ALL_OF_KEY: [&str; 3] = ["state", "policy", "rotation"];

fn guarded(restored_of_key: &[&str], settings: &[(&str, &str)]) -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let evidence = aws.guard(restored_of_key);
    let mut all = vec![("TRAILKEEPER_EVIDENCE", evidence.as_str())];
    all.extend(settings);
    let function = Function::start(&aws, &all);
    (aws, function)
}

pub fn of_key(call: &str, parameters: &Value) -> Value {
    with_source("kms", call, parameters)
}

pub fn of_bucket(call: &str, mut parameters: Value) -> Value {
    parameters["bucketName"] = json!(BUCKET);
    with_source("s3", call, &parameters)
}

fn with_source(service: &str, call: &str, parameters: &Value) -> Value {
    let mut event = event_of(call, &json!({}));
    event["source"] = json!(format!("aws.{service}"));
    event["detail"]["eventSource"] = json!(format!("{service}.amazonaws.com"));
    event["detail"]["requestParameters"] = parameters.clone();
    event
}

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

#[test]
fn a_disabled_key_is_enabled_read_back_and_told() {
    for named in [KEY, KEY.rsplit('/').next().unwrap()] {
        let (aws, function) = guarded(&["state"], &[]);
        aws.state().things.key.as_mut().unwrap().state = "Disabled";
        let event = of_key("DisableKey", &json!({"keyId": named}));
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["restored"]})
        );
        assert_eq!(aws.key().unwrap().state, "Enabled");
        assert_eq!(aws.repairs(), ["EnableKey"]);
        assert_eq!(aws.writes(), [""; 0], "the trail is none of its business");
        let notice = aws.notice();
        assert_eq!(notice["thing"]["kind"], "log_key");
        assert_eq!(notice["thing"]["arn"], KEY);
        assert_eq!(notice["severity"], "high");
        assert_eq!(notice["verification"]["matches_baseline"], true);
        let drift = json!([{"field": "state", "before": "Disabled", "after": "Enabled"}]);
        assert_eq!(notice["drift"], drift);
        let said = notice["summary"].as_str().unwrap();
        assert!(said.contains("disabled log key"), "{said}");
        assert!(
            said.contains("It is as declared again, read back."),
            "{said}"
        );
    }
}

#[test]
fn a_deletion_is_cancelled_and_the_key_enabled_again() {
    let (aws, function) = guarded(&["state"], &[]);
    let before = aws.key();
    aws.state().things.key.as_mut().unwrap().state = "PendingDeletion";
    let event = of_key(
        "ScheduleKeyDeletion",
        &json!({"keyId": KEY, "pendingWindowInDays": 7}),
    );
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.repairs(), ["CancelKeyDeletion", "EnableKey"]);
    assert_eq!(aws.key(), before);
    // While it waits for its deletion it is not rotated: that is no difference of its own.
    assert_eq!(aws.notice()["drift"].as_array().unwrap().len(), 1);
}

/// Weakens all that a key has but its state.
fn weaken_settings(aws: &Aws) {
    let mut state = aws.state();
    let key = state.things.key.as_mut().unwrap();
    key.policy = json!({"Version": "2012-10-17", "Statement": []});
    key.is_rotated = false;
    key.alias = Some("arn:aws:kms:eu-central-1:111122223333:key/other".to_owned());
}

#[test]
fn what_is_not_opted_in_is_told_as_critical_and_left() {
    let (aws, function) = guarded(&["state"], &[]);
    weaken_settings(&aws);
    let weakened = aws.key();
    let event = of_key("PutKeyPolicy", &json!({"keyId": KEY, "policy": "{}"}));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["reported"]})
    );
    assert_eq!(aws.key(), weakened);
    let notice = aws.notice();
    assert_eq!(notice["severity"], "critical");
    let differs = json!(["alias", "policy", "rotation"]);
    assert_eq!(notice["verification"]["still_differs"], differs);
    assert_eq!(notice["remediation"]["calls"], json!([]));
    let said = notice["summary"].as_str().unwrap();
    assert!(
        said.contains("NOT as declared: alias, policy, rotation"),
        "{said}"
    );
    // Sweeps remind of it, and not each of them.
    for _ in 0..2 {
        answered(function.invoke(&sweep()));
    }
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn policy_and_rotation_are_restored_if_opted_in() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[]);
    let before = aws.key();
    weaken_settings(&aws);
    aws.state().things.key.as_mut().unwrap().alias = Some(KEY.to_owned());
    let event = of_key("DisableKeyRotation", &json!({"keyId": KEY}));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.repairs(), ["PutKeyPolicy", "EnableKeyRotation"]);
    assert_eq!(aws.key(), before);
}

const TO_A_DELETER: &str = "<NotificationConfiguration><CloudFunctionConfiguration><CloudFunction>arn:aws:lambda:eu-central-1:111122223333:function:deleter</CloudFunction><Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration></NotificationConfiguration>";

/// What an attacker makes of each part of the bucket, the call and its parameters.
fn attacks() -> Vec<(&'static str, Option<&'static str>, Value)> {
    let days = "<LifecycleConfiguration><Rule><ID>expire</ID><Filter></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    let lock = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
    let own_key = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
    vec![
        ("policy", None, of_bucket("DeleteBucketPolicy", json!({}))),
        (
            "policy",
            Some(r#"{"Version":"2012-10-17","Statement":[]}"#),
            of_bucket(
                "PutBucketPolicy",
                json!({"bucketPolicy": {"Statement": []}}),
            ),
        ),
        (
            "publicAccessBlock",
            None,
            of_bucket("DeleteBucketPublicAccessBlock", json!({})),
        ),
        (
            "versioning",
            Some("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"),
            of_bucket(
                "PutBucketVersioning",
                json!({"VersioningConfiguration": {"Status": "Suspended"}}),
            ),
        ),
        (
            "lifecycle",
            Some(days),
            of_bucket(
                "PutBucketLifecycle",
                json!({"LifecycleConfiguration": {"Rule": {"Expiration": {"Days": 1}}}}),
            ),
        ),
        (
            "lifecycle",
            None,
            of_bucket("DeleteBucketLifecycle", json!({})),
        ),
        (
            "encryption",
            Some(own_key),
            of_bucket("PutBucketEncryption", json!({})),
        ),
        (
            "object-lock",
            Some(lock),
            of_bucket("PutBucketObjectLockConfiguration", json!({})),
        ),
        (
            "ownershipControls",
            None,
            of_bucket("DeleteBucketOwnershipControls", json!({})),
        ),
        (
            "notification",
            Some(TO_A_DELETER),
            of_bucket(
                "PutBucketNotification",
                json!({"NotificationConfiguration": {"CloudFunctionConfiguration": {"CloudFunction": "arn:aws:lambda:eu-central-1:111122223333:function:deleter"}}}),
            ),
        ),
        (
            "notification",
            Some(
                "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>",
            ),
            of_bucket(
                "PutBucketNotification",
                json!({"NotificationConfiguration": {"EventBridgeConfiguration": ""}}),
            ),
        ),
        (
            "replication",
            Some(
                "<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status></Rule></ReplicationConfiguration>",
            ),
            of_bucket(
                "PutBucketReplication",
                json!({"ReplicationConfiguration": {"Role": "r", "Rule": {"Status": "Enabled"}}}),
            ),
        ),
        (
            "logging",
            Some(
                "<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket></LoggingEnabled></BucketLoggingStatus>",
            ),
            of_bucket("PutBucketLogging", json!({})),
        ),
        (
            "requestPayment",
            Some(
                "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
            ),
            of_bucket(
                "PutBucketRequestPayment",
                json!({"RequestPaymentConfiguration": {"Payer": "Requester"}}),
            ),
        ),
    ]
}

/// `None` is deleted if it is there.
fn as_declared(part: &str) -> Option<String> {
    let xml = XML.iter().find(|(_, known, _)| *known == part);
    match (xml, part) {
        (Some((_, _, xml)), _) => Some((*xml).to_owned()),
        (None, "policy") => Some(bucket_policy().to_string()),
        (None, _) => None,
    }
}

#[test]
fn every_part_of_a_bucket_is_put_back_read_back_and_told() {
    for (part, value, event) in attacks() {
        let (aws, function) = guarded(&["state"], &[]);
        aws.set_bucket(part, value);
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{part}");
        let method = if as_declared(part).is_some() {
            "PUT"
        } else {
            "DELETE"
        };
        assert_eq!(aws.repairs(), [format!("{method} {part}")]);
        assert_eq!(aws.bucket(part), as_declared(part));
        let last = aws
            .operations()
            .iter()
            .rposition(|o| *o == format!("GET {part}"));
        let put = aws
            .operations()
            .iter()
            .position(|o| *o == format!("{method} {part}"));
        assert!(last > put, "{part} was not read back");
        let notice = aws.notice();
        assert_eq!(notice["thing"]["kind"], "log_bucket", "{part}");
        assert_eq!(notice["thing"]["arn"], BUCKET_ARN, "{part}");
        assert_eq!(notice["severity"], "high", "{part}");
        assert_eq!(notice["drift"].as_array().unwrap().len(), 1, "{part}");
        let subject = aws.last_publish()["Subject"].clone();
        assert!(subject.contains("log bucket audit-logs: "), "{subject}");
    }
}

#[test]
fn a_removed_policy_is_said_plainly() {
    let (aws, function) = guarded(&["state"], &[]);
    aws.set_bucket("policy", None);
    answered(function.invoke(&of_bucket("DeleteBucketPolicy", json!({}))));
    let notice = aws.notice();
    let said = notice["summary"].as_str().unwrap();
    assert!(
        said.contains("removed the policy of log bucket audit-logs."),
        "{said}"
    );
    assert!(
        said.contains("It is as declared again, read back."),
        "{said}"
    );
    assert_eq!(notice["drift"][0]["before"], Value::Null);
}

#[test]
fn a_sweep_finds_what_no_event_told_of_and_is_silent_then() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[]);
    for (part, value, _) in attacks() {
        aws.set_bucket(part, value);
    }
    aws.state().things.key.as_mut().unwrap().state = "Disabled";
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": ["restored", "restored"]}));
    for (part, ..) in attacks() {
        assert_eq!(aws.bucket(part), as_declared(part));
    }
    assert_eq!(aws.key().unwrap().state, "Enabled");
    assert_eq!(aws.count(PUBLISH), 2);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn what_services_rewrite_and_add_is_no_difference() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[]);
    let mut policy = bucket_policy();
    policy["Statement"][0]["Action"] = json!(["s3:PutObject"]);
    aws.set_bucket("policy", Some(&policy.to_string()));
    let encryption = as_declared("encryption").unwrap().replace(
        "</Rule>",
        "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule>",
    );
    aws.set_bucket("encryption", Some(&encryption));
    let lifecycle = as_declared("lifecycle")
        .unwrap()
        .replace("<Filter></Filter>", "<Filter><Prefix/></Filter>");
    aws.set_bucket(
        "lifecycle",
        Some(&format!("<?xml version=\"1.0\"?>\n{lifecycle}")),
    );
    let mut of_key = key_policy();
    of_key["Statement"][0]["Principal"]["AWS"] = json!("111122223333");
    aws.state().things.key.as_mut().unwrap().policy = of_key;
    answered(function.invoke(&sweep()));
    assert_eq!((aws.count(PUBLISH), aws.repairs().len()), (0, 0));
}

#[test]
fn what_is_not_restored_fails_the_invocation() {
    let aws = Aws::whole(Box::new(|called, _| (called == "EnableKey").then(denied)));
    let evidence = aws.guard(&["state"]);
    let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
    aws.state().things.key.as_mut().unwrap().state = "Disabled";
    let event = of_key("DisableKey", &json!({"keyId": KEY}));
    let (kind, message) = failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert!(
        message.contains(KEY) && message.contains("kms:EnableKey"),
        "{message}"
    );
    let notice = aws.notice();
    assert_eq!(notice["outcome"], "not_restored");
    assert_eq!(notice["severity"], "critical");
    assert!(
        aws.mail()
            .contains("CRITICAL  NOT RESTORED: the log key is NOT as declared.")
    );
}

#[test]
fn what_is_accepted_and_does_not_show_is_not_called_restored() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "PUT policy").then(|| crate::http::Reply::answer(200, ""))
    }));
    let evidence = aws.guard(&["state"]);
    let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
    aws.set_bucket("policy", None);
    let (_, message) = failure(function.invoke(&of_bucket("DeleteBucketPolicy", json!({}))));
    assert!(message.contains(BUCKET_ARN), "{message}");
    assert_eq!(aws.notice()["outcome"], "not_restored");
}

#[test]
fn observing_changes_nothing() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[("TRAILKEEPER_MODE", "observe")]);
    aws.set_bucket("policy", None);
    aws.state().things.key.as_mut().unwrap().state = "PendingDeletion";
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(
        answer,
        json!({"outcomes": ["would_restore", "would_restore"]})
    );
    assert_eq!(aws.repairs(), [""; 0]);
    let mut would: Vec<Value> = aws.documents();
    would.sort_by_key(|notice| notice["thing"]["kind"].to_string());
    assert_eq!(
        would[0]["remediation"]["would_call"],
        json!(["s3:PutBucketPolicy"])
    );
    let both = json!(["kms:CancelKeyDeletion", "kms:EnableKey"]);
    assert_eq!(would[1]["remediation"]["would_call"], both);
}

#[test]
fn a_stop_is_started_before_anything_is_asked_of_bucket_or_key() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let evidence = aws.guard(&ALL_OF_KEY);
    let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    let operations = aws.operations();
    assert_eq!(operations[0], START);
    let of_things = |o: &&String| o.contains("Key") || o.contains(' ');
    assert_eq!(operations.iter().find(of_things), None);
}

#[test]
fn a_bucket_of_somebody_else_is_neither_believed_nor_written() {
    let (aws, function) = guarded(&["state"], &[]);
    aws.state().things.owner = "999988887777".to_owned();
    aws.set_bucket("policy", None);
    let (_, message) = failure(function.invoke(&sweep()));
    assert!(message.contains("AccessDenied"), "{message}");
    assert_eq!(aws.repairs(), [""; 0]);
    assert_eq!(aws.notice()["outcome"], "unverified");
    assert!(aws.mail().contains("look whose it is"), "{}", aws.mail());
}

#[test]
fn a_deleted_bucket_is_critical_and_left_to_people() {
    let (aws, function) = guarded(&["state"], &[]);
    aws.state().things.bucket = None;
    let event = of_bucket("DeleteBucket", json!({}));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["reported"]})
    );
    let notice = aws.notice();
    assert_eq!(notice["severity"], "critical");
    assert!(
        notice["summary"]
            .as_str()
            .unwrap()
            .contains("The log bucket is GONE.")
    );
    assert!(aws.mail().contains("terraform apply"));
    let subject = aws.last_publish()["Subject"].clone();
    assert_eq!(
        subject,
        "CRITICAL CloudTrail log bucket audit-logs: IS GONE (111122223333, eu-central-1)"
    );
}

#[test]
fn a_deleted_bucket_is_made_again_if_opted_in() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let evidence = aws.guard_existence();
    let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
    aws.state().things.bucket = None;
    let event = of_bucket("DeleteBucket", json!({}));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert!(aws.has_its_things(), "{:?}", aws.state().things.bucket);
    let repairs = aws.repairs();
    assert_eq!(repairs[0], CREATE);
    assert_eq!(repairs.iter().filter(|call| *call == CREATE).count(), 1);
    let notice = aws.notice();
    assert_eq!(notice["severity"], "high");
    assert_eq!(notice["drift"][0]["field"], "exists");
    assert_eq!(notice["drift"].as_array().unwrap().len(), 1);
    let calls = notice["remediation"]["calls"].as_array().unwrap();
    assert_eq!(calls[0], "s3:CreateBucket");
    let said = notice["summary"].as_str().unwrap();
    assert!(
        said.contains("The logs that were in it are gone."),
        "{said}"
    );
    // Its own call, come back, is no news.
    let made = of_bucket("CreateBucket", json!({}));
    let answer = answered(function.invoke(&by(RESPONDER, made)));
    assert_eq!((answer, aws.count(PUBLISH)), (json!({"outcomes": []}), 1));
}

#[test]
fn a_name_that_somebody_else_took_is_refused_and_never_written_to() {
    // Before the look, and between it and the call that makes the bucket.
    for is_before in [true, false] {
        let aws = Aws::whole(Box::new(|called, _| {
            (called == CREATE).then(|| refused_by_s3(409, "BucketAlreadyExists"))
        }));
        let evidence = aws.guard_existence();
        let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
        if is_before {
            aws.state().things.owner = "999988887777".to_owned();
        } else {
            aws.state().things.bucket = None;
        }
        let (_, message) = failure(function.invoke(&of_bucket("DeleteBucket", json!({}))));
        assert!(message.contains(BUCKET_ARN), "{message}");
        let repairs = aws.repairs();
        assert!(repairs.iter().all(|call| call == CREATE), "{repairs:?}");
        assert_eq!(repairs.is_empty(), is_before);
        let notice = aws.notice();
        assert_eq!(notice["severity"], "critical");
        let mail = aws.mail();
        assert!(mail.contains("look whose it is"), "{mail}");
    }
}

#[test]
fn the_name_of_a_bucket_that_was_just_deleted_is_waited_for() {
    let aws = Aws::whole(Box::new(|called, count| {
        (called == CREATE && count < 2).then(|| refused_by_s3(409, "OperationAborted"))
    }));
    let evidence = aws.guard_existence();
    let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
    aws.state().things.bucket = None;
    let event = of_bucket("DeleteBucket", json!({}));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
}

#[test]
fn observing_says_all_that_a_new_bucket_needs() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let evidence = aws.guard_existence();
    let settings = [
        ("TRAILKEEPER_EVIDENCE", evidence.as_str()),
        ("TRAILKEEPER_MODE", "observe"),
    ];
    let function = Function::start(&aws, &settings);
    aws.state().things.bucket = None;
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": ["would_restore"]}));
    assert_eq!(aws.repairs(), [""; 0]);
    let would = aws.notice()["remediation"]["would_call"].clone();
    assert_eq!(would[0], "s3:CreateBucket");
    let would = would.as_array().unwrap();
    // What is absent in a new one too needs no call.
    assert_eq!(would.len(), 9, "{would:?}");
    assert!(would.contains(&json!("s3:PutBucketPolicy")), "{would:?}");
}

#[test]
fn what_something_else_sets_is_left_alone() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let mut document = bucket_document();
    document["declared"]
        .as_object_mut()
        .unwrap()
        .remove("notification");
    let evidence = aws.guard_by(&["state"], &document);
    let function = Function::start(&aws, &[("TRAILKEEPER_EVIDENCE", &evidence)]);
    aws.set_bucket("notification", Some(TO_A_DELETER));
    answered(function.invoke(&sweep()));
    assert_eq!((aws.count(PUBLISH), aws.repairs().len()), (0, 0));
    assert_eq!(aws.count("GET notification"), 0);
}

#[test]
fn an_alias_that_is_moved_to_the_declared_key_is_information() {
    let (_aws, function) = guarded(&["state"], &[]);
    let id = KEY.rsplit('/').next().unwrap();
    for (target, outcome) in [
        (KEY, "conforming_change"),
        (id, "conforming_change"),
        ("11111111-2222-3333-4444-555555555555", "already_restored"),
    ] {
        let event = of_key(
            "UpdateAlias",
            &json!({"aliasName": ALIAS, "targetKeyId": target}),
        );
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": [outcome]}), "{target}");
    }
}

#[test]
fn other_buckets_and_keys_are_none_of_its_business() {
    let (aws, function) = guarded(&["state"], &[]);
    let other = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    let mut denied = of_key("DisableKey", &Value::Null);
    denied["detail"]["errorCode"] = json!("AccessDenied");
    denied["detail"]["errorMessage"] = json!(format!("no kms:DisableKey on resource: {other}"));
    for event in [
        of_key("DisableKey", &json!({"keyId": other})),
        of_key("DeleteAlias", &json!({"aliasName": "alias/other"})),
        with_source("s3", "DeleteBucketPolicy", &json!({"bucketName": "other"})),
        denied,
    ] {
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"ignored": "thing_not_guarded"}));
    }
    assert_eq!(aws.operations(), [""; 0]);
}

#[test]
fn a_call_that_does_not_say_which_is_looked_at_and_no_news() {
    let (aws, function) = guarded(&["state"], &[]);
    let omitted = json!({"reason": "requestParameters too large", "omitted": true});
    let events = || {
        let of_bucket = with_source("s3", "PutBucketPolicy", &omitted);
        [of_bucket, of_key("PutKeyPolicy", &Value::Null)]
    };
    for event in events() {
        assert_eq!(answered(function.invoke(&event)), json!({"outcomes": []}));
    }
    assert_eq!(aws.count(PUBLISH), 0);
    aws.set_bucket("policy", None);
    let [event, _] = events();
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
}

#[test]
fn an_attempt_that_fails_is_told() {
    let (aws, function) = guarded(&["state"], &[]);
    let mut event = of_key("ScheduleKeyDeletion", &Value::Null);
    event["detail"]["errorCode"] = json!("AccessDenied");
    event["detail"]["errorMessage"] = json!(format!(
        "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:ScheduleKeyDeletion on resource: {KEY} because no identity-based policy allows it"
    ));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["attempt_denied"]})
    );
    let said = aws.notice()["summary"].to_string();
    assert!(
        said.contains("tried to schedule the deletion of log key"),
        "{said}"
    );
}

#[test]
fn who_holds_its_role_is_not_believed_to_be_the_function() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[]);
    let refused = |mut event: Value| {
        event["detail"]["errorCode"] = json!("AccessDenied");
        answered(function.invoke(&by(RESPONDER, event)))
    };
    // It makes this call itself, and told why it failed when it did.
    let put = of_bucket("PutBucketPolicy", json!({"bucketPolicy": bucket_policy()}));
    assert_eq!(refused(put), json!({"outcomes": []}));
    for event in [
        of_bucket("DeleteBucketPolicy", json!({})),
        of_key("ScheduleKeyDeletion", &json!({"keyId": KEY})),
    ] {
        let call = event["detail"]["eventName"].clone();
        assert_eq!(
            refused(event),
            json!({"outcomes": ["attempt_denied"]}),
            "{call}"
        );
    }
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn the_functions_own_calls_that_come_back_are_no_news() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[]);
    let policy = json!({"keyId": KEY, "policy": key_policy().to_string()});
    for event in [
        of_bucket("PutBucketPolicy", json!({"bucketPolicy": bucket_policy()})),
        of_bucket(
            "PutBucketNotification",
            json!({"NotificationConfiguration": ""}),
        ),
        of_bucket("DeleteBucketReplication", json!({})),
        of_key("PutKeyPolicy", &policy),
    ] {
        let answer = answered(function.invoke(&by(RESPONDER, event)));
        assert_eq!(answer, json!({"outcomes": []}));
    }
    assert_eq!((aws.count(PUBLISH), aws.repairs().len()), (0, 0));
}

#[test]
fn a_change_that_conforms_is_information() {
    let (aws, function) = guarded(&["state"], &[("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)]);
    let rule =
        json!({"ID": "expire", "Filter": "", "Status": "Enabled", "Expiration": {"Days": 365}});
    let given =
        json!({"LifecycleConfiguration": {"xmlns": "http://s3", "Rule": rule}, "lifecycle": ""});
    let event = by(PIPELINE, of_bucket("PutBucketLifecycle", given));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["conforming_change"]}));
    assert_eq!(aws.notice()["severity"], "info");
    // A copy of it is told once.
    answered(function.invoke(&event));
    assert_eq!(aws.count(PUBLISH), 1);
    answered(function.invoke(&again(&event)));
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn without_a_document_to_believe_the_key_is_kept_usable() {
    let (aws, function) = guarded(&ALL_OF_KEY, &[]);
    for text in aws.state().parameters.values_mut() {
        if text.contains("trailkeeper.evidence") {
            text.push(' ');
        }
    }
    let mut state = aws.state();
    state.things.key.as_mut().unwrap().state = "Disabled";
    drop(state);
    aws.set_bucket("policy", None);
    let (_, message) = failure(function.invoke(&sweep()));
    assert!(message.contains("somebody changed it"), "{message}");
    assert_eq!(aws.repairs(), ["EnableKey"]);
    assert_eq!(aws.documents().len(), 2);
}

#[test]
fn an_alias_that_goes_elsewhere_is_told() {
    let (aws, function) = guarded(&["state"], &[]);
    for (alias, call) in [
        (None, "DeleteAlias"),
        (
            Some("arn:aws:kms:eu-central-1:111122223333:key/other".to_owned()),
            "UpdateAlias",
        ),
    ] {
        aws.state().things.key.as_mut().unwrap().alias = alias;
        let event = of_key(call, &json!({"aliasName": ALIAS}));
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["reported"]})
        );
    }
    assert_eq!(aws.count(PUBLISH), 2);
}
