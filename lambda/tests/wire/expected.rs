//! Changes that are as declared, by whom it was to be expected, or by the
//! function itself; fields that nobody declared.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, by, event_of},
    aws::{AUDIT, Aws, PUBLISH, PUT_ITEM, START},
    declared,
    lambda::Function,
    recorded, stop, whole,
};

fn single_region() -> Value {
    json!({"Name": "audit", "IsMultiRegionTrail": false})
}

#[test]
fn a_change_that_is_as_declared_is_told_as_such_and_not_fought() {
    let (aws, function) = whole();
    let event = aws.attack("UpdateTrail", &json!({"Name": AUDIT, "S3KeyPrefix": "org"}));
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["conforming_change"]}));
    assert_eq!(aws.writes(), [""; 0]);
    let notice = aws.notice();
    assert_eq!(notice["severity"], "info");
    assert_eq!(notice["drift"], json!([]));
    assert_eq!(notice["remediation"]["calls"], json!([]));
    assert_eq!(notice["verification"]["is_logging"], true);
}

/// Terraform goes on with its next calls while the function answers the first.
fn terraform_goes_on(aws: &Aws, calls: Vec<(&'static str, Value)>) -> thread::JoinHandle<()> {
    let aws = aws.clone();
    thread::spawn(move || {
        for (call, asked) in calls {
            thread::sleep(Duration::from_millis(1_100));
            aws.attack(call, &asked);
        }
    })
}

#[test]
fn an_apply_that_changes_several_parts_is_not_fought() {
    // The baseline changes before the trail does.
    let aws = Aws::with(&declared::basic(), Box::new(|_, _| None));
    let mut wanted = declared::advanced();
    wanted.settings.insert("S3KeyPrefix".into(), json!("new"));
    wanted.tags.insert("env".into(), "test".into());
    aws.declare(AUDIT, &declared::document(AUDIT, &wanted));
    let function = Function::start(&aws, &[]);
    let first = aws.attack("UpdateTrail", &json!({"Name": AUDIT, "S3KeyPrefix": "new"}));
    let mut selectors = json!(wanted.selectors);
    selectors["TrailName"] = json!(AUDIT);
    let tags = json!([{"Key": "env", "Value": "test"}]);
    let terraform = terraform_goes_on(
        &aws,
        vec![
            ("PutEventSelectors", selectors),
            ("AddTags", json!({"ResourceId": AUDIT, "TagsList": tags})),
        ],
    );
    let answer = answered(function.invoke(&by(PIPELINE, first)));
    terraform.join().unwrap();
    assert_eq!(
        answer,
        json!({"outcomes": ["conforming_change"]}),
        "{:#?}",
        aws.documents()
    );
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.notice()["severity"], "info");
    assert_eq!(aws.trail(), wanted.state());
}

#[test]
fn an_apply_that_makes_the_trail_is_not_fought() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    let wanted = declared::basic();
    aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    let mut asked = json!(wanted.settings);
    asked["Name"] = json!("audit");
    asked["EnableLogFileValidation"] = json!(true);
    let tags = wanted.tags.iter();
    asked["TagsList"] = tags
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let made = aws.attack("CreateTrail", &asked);
    let mut selectors = json!(wanted.selectors);
    selectors["TrailName"] = json!(AUDIT);
    let insights = json!({"TrailName": AUDIT, "InsightSelectors": wanted.insights});
    let terraform = terraform_goes_on(
        &aws,
        vec![
            ("StartLogging", json!({"Name": AUDIT})),
            ("PutEventSelectors", selectors),
            ("PutInsightSelectors", insights),
        ],
    );
    let answer = answered(function.invoke(&by(PIPELINE, made)));
    terraform.join().unwrap();
    assert_eq!(
        answer,
        json!({"outcomes": ["conforming_change"]}),
        "{:#?}",
        aws.documents()
    );
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.trail(), wanted.state());
}

#[test]
fn a_change_by_who_is_expected_to_make_changes_is_healed_and_no_alarm() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let declared = aws.trail();
    let user = "arn:aws:iam::111122223333:user/eve";
    let listed = format!("{PIPELINE},{user}");
    let function = Function::start(&aws, &[("TRAILKEEPER_CHANGE_PRINCIPALS", &listed)]);
    for is_role in [true, false] {
        aws.state().calls.clear();
        let mut event = aws.attack("UpdateTrail", &single_region());
        if is_role {
            event = by(PIPELINE, event);
        }
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["restored"]})
        );
        assert_eq!(aws.trail(), declared);
        assert_eq!(aws.notice()["severity"], "info");
    }

    aws.state().calls.clear();
    let event = by(RESPONDER, aws.attack("UpdateTrail", &single_region()));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(
        aws.notice()["severity"],
        "high",
        "the other role is not listed"
    );
}

#[test]
fn a_listed_principal_that_leaves_the_trail_wrong_is_an_alarm() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "UpdateTrail").then(|| crate::aws::refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)]);
    let event = by(PIPELINE, aws.attack("UpdateTrail", &single_region()));
    crate::failure(function.invoke(&event));
    assert_eq!(aws.notice()["severity"], "critical");
}

#[test]
fn the_functions_own_call_that_comes_back_is_no_news() {
    let (aws, function) = whole();
    // What these trails are declared to be and the recorded calls leave out.
    let selectors = json!({"eventSelectors": [{
        "readWriteType": "All", "includeManagementEvents": true, "excludeManagementEventSources": [],
        "dataResources": [
            {"type": "AWS::S3::Object", "values": ["arn:aws:s3:::books/", "arn:aws:s3:::ledger/"]},
            {"type": "AWS::Lambda::Function", "values": ["arn:aws:lambda"]},
        ],
    }]});
    let created = json!({
        "s3KeyPrefix": "org", "snsTopicName": "audit-files",
        "cloudWatchLogsLogGroupArn": "arn:aws:logs:eu-central-1:111122223333:log-group:audit:*",
        "cloudWatchLogsRoleArn": "arn:aws:iam::111122223333:role/audit-to-logs",
        "tagsList": [
            {"key": "owner", "value": "security"}, {"key": "env", "value": "prod"},
            {"key": "cost", "value": "17"},
        ],
    });
    for (name, more) in [
        ("update-by-the-responder", json!({})),
        ("selectors-by-the-responder", selectors),
        ("tags-by-the-responder", json!({})),
        ("create-by-the-responder", created),
    ] {
        let mut event = recorded(name);
        for (field, value) in more.as_object().unwrap() {
            event["detail"]["requestParameters"][field] = value.clone();
        }
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": []}), "{name}");
    }
    assert_eq!(aws.count(PUBLISH) + aws.count(PUT_ITEM), 0);
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.count("GetTrail"), 4, "it is looked at, and once");
}

#[test]
fn a_refused_healing_call_of_the_function_is_no_attempt_of_an_attacker() {
    let (aws, function) = whole();
    for (call, outcomes) in [
        ("UpdateTrail", json!([])),
        ("PutEventSelectors", json!([])),
        // It never makes these: somebody else holds its role.
        ("StopLogging", json!(["attempt_denied"])),
        ("DeleteTrail", json!(["attempt_denied"])),
    ] {
        aws.state().calls.clear();
        let mut event = by(RESPONDER, event_of(call, &json!({"Name": "audit"})));
        event["detail"]["errorCode"] = json!("ThrottlingException");
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": outcomes}), "{call}");
        let told = outcomes.as_array().unwrap().len();
        assert_eq!(aws.count(PUBLISH), told, "{call}");
    }
}

#[test]
fn what_an_echo_finds_is_not_blamed_on_the_function() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let echo = json!({"Name": AUDIT, "IsMultiRegionTrail": true});
    let echo = by(RESPONDER, event_of("UpdateTrail", &echo));
    aws.attack("UpdateTrail", &json!({"Name": "audit", "KmsKeyId": ""}));
    let answer = answered(function.invoke(&echo));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    assert_eq!(aws.trail(), declared);
    assert_ne!(aws.notice()["actor"]["session_issuer_arn"], RESPONDER);
}

#[test]
fn who_holds_the_functions_role_is_as_visible_as_anybody() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let event = by(RESPONDER, aws.attack("UpdateTrail", &single_region()));
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    let notice = aws.notice();
    assert_eq!(notice["severity"], "high");
    assert_eq!(notice["actor"]["session_issuer_arn"], RESPONDER);

    // Undone before anybody looked: the responder never sets such a thing.
    aws.state().calls.clear();
    let event = by(RESPONDER, event_of("UpdateTrail", &single_region()));
    for told in [1, 0] {
        aws.state().calls.clear();
        answered(function.invoke(&event));
        assert_eq!(aws.count(PUBLISH), told, "once");
        if told == 1 {
            let notice = aws.notice();
            assert_eq!(notice["outcome"], "already_restored");
            assert_eq!(notice["actor"]["session_issuer_arn"], RESPONDER);
        }
    }

    aws.state().calls.clear();
    aws.stop_again();
    let event = by(RESPONDER, stop());
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.operations()[0], START);
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn what_nobody_declared_is_left_alone() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let mut document = declared::logging_only(AUDIT);
    document["is_multi_region_trail"] = json!(true);
    document["tags"] = json!({"owner": "security", "env": "prod", "cost": "17"});
    aws.declare(AUDIT, &document);
    let function = Function::start(&aws, &[]);
    aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "WriteOnly"}]}),
    );
    let event = aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false, "S3KeyPrefix": "tmp", "KmsKeyId": ""}),
    );
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.writes(), ["UpdateTrail"]);
    assert_eq!(
        aws.asked("UpdateTrail"),
        [json!({"Name": AUDIT, "IsMultiRegionTrail": true})]
    );
    assert_eq!(
        aws.count("GetEventSelectors") + aws.count("GetInsightSelectors"),
        0
    );
    assert_eq!(aws.trail()["settings"]["S3KeyPrefix"], "tmp");
}

#[test]
fn order_case_of_names_and_awss_own_tags_are_no_difference() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let mut document = declared::document(AUDIT, &declared::basic());
    let reversed =
        |list: &Value| -> Value { list.as_array().unwrap().iter().rev().cloned().collect() };
    let resources = &mut document["event_selectors"][0]["data_resources"];
    *resources = reversed(resources);
    resources[1]["values"] = reversed(&resources[1]["values"]);
    document["insight_selectors"] = reversed(&document["insight_selectors"]);
    document["sns_topic_name"] = json!("audit-files");
    aws.declare(AUDIT, &document);
    aws.state().world.change(|trails| {
        let tags = &mut trails.get_mut(AUDIT).unwrap().tags;
        tags.insert(
            "aws:cloudformation:stack-name".into(),
            "landing-zone".into(),
        );
    });
    let function = Function::start(&aws, &[]);
    let answer = answered(function.invoke(&json!({"trailkeeper": "sweep"})));
    assert_eq!(answer, json!({"outcomes": []}));
    assert_eq!(aws.writes(), [""; 0]);
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn a_deleted_trail_is_made_again_as_it_was() {
    for declared in [declared::basic(), declared::advanced(), declared::plain()] {
        let aws = Aws::with(&declared, Box::new(|_, _| None));
        let before = aws.trail();
        let function = Function::start(&aws, &[]);
        let event = aws.attack("DeleteTrail", &json!({"Name": "audit"}));
        assert_eq!(aws.trail(), Value::Null);
        assert_eq!(
            answered(function.invoke(&event)),
            json!({"outcomes": ["restored"]})
        );
        assert_eq!(aws.trail(), before);
        let mut fewest = vec!["CreateTrail", "StartLogging"];
        if before["selectors"] != declared::plain().state()["selectors"] {
            fewest.push("PutEventSelectors");
        }
        if !declared.insights.is_empty() {
            fewest.push("PutInsightSelectors");
        }
        let made: Vec<String> = aws.writes();
        assert_eq!(made, fewest, "tags come with CreateTrail");
        let notice = aws.notice();
        assert_eq!(
            notice["drift"],
            json!([{"field": "exists", "before": false, "after": true}])
        );
        let calls: Vec<String> = fewest.iter().map(|c| format!("cloudtrail:{c}")).collect();
        assert_eq!(notice["remediation"]["calls"], json!(calls));
        assert_eq!(notice["severity"], "high");
    }
}

#[test]
fn a_trail_that_somebody_made_in_its_place_becomes_the_declared_one() {
    let (aws, function) = whole();
    let declared = aws.trail();
    aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    let event = aws.attack(
        "CreateTrail",
        &json!({"Name": "audit", "S3BucketName": "not-your-logs", "IncludeGlobalServiceEvents": false}),
    );
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    assert_eq!(aws.count("CreateTrail"), 0);
    assert_eq!(aws.count("UpdateTrail"), 1);
    let drift = aws.notice()["drift"].to_string();
    assert!(drift.contains("not-your-logs"), "{drift}");
}

#[test]
fn without_a_declared_bucket_a_deleted_trail_is_told_as_lost() {
    let aws = Aws::whole(Box::new(|_, _| None));
    aws.declare(AUDIT, &declared::logging_only(AUDIT));
    let function = Function::start(&aws, &[]);
    aws.attack("DeleteTrail", &json!({"Name": "audit"}));
    let event = event_of("DeleteTrail", &json!({"Name": "audit"}));
    let (kind, message) = crate::failure(function.invoke(&event));
    assert_eq!(kind, "Terminal.TrailNotRestored", "{message}");
    assert!(message.contains("bucket"), "{message}");
    let notice = aws.notice();
    assert_eq!(notice["outcome"], "not_restored");
    assert_eq!(notice["severity"], "critical");
}
