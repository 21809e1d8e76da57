//! What the responder leans on: put back where that is safe, told as critical always, left
//! alone while it is deployed.

use std::thread;

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, by},
    aws::{Aws, PUBLISH, START, now},
    guard::of,
    lambda::Function,
    parts::VARIABLE,
    stop,
    support::{ALARMS, LOG_GROUP, MAIL, MAIL_ARN, QUEUE, ROLE, Support, TABLE, TOPIC, documents},
};

fn guarded(settings: &[(&str, &str)]) -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let list = aws.guard_support();
    let mut all = vec![(VARIABLE, list.as_str())];
    all.extend(settings);
    let function = Function::start(&aws, &all);
    (aws, function)
}

/// Calls of IAM are recorded in one region.
fn role(call: &str, mut parameters: Value) -> Value {
    parameters["roleName"] = json!("trailkeeper-responder");
    let mut event = of("iam", call, &parameters);
    event["region"] = json!("us-east-1");
    event["detail"]["awsRegion"] = json!("us-east-1");
    event
}

fn topic(call: &str, mut parameters: Value) -> Value {
    parameters["topicArn"] = json!(TOPIC);
    of("sns", call, &parameters)
}

fn queue(call: &str, mut parameters: Value) -> Value {
    parameters["queueUrl"] =
        json!("https://sqs.eu-central-1.amazonaws.com/111122223333/trailkeeper-dead-letters");
    of("sqs", call, &parameters)
}

fn log_group(call: &str, mut parameters: Value) -> Value {
    parameters["logGroupName"] = json!("/aws/lambda/trailkeeper-responder");
    of("logs", call, &parameters)
}

fn last(aws: &Aws) -> Value {
    aws.documents().pop().unwrap()
}

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Out","Effect":"Deny","Action":"*","Resource":"*"}]}"#;
const EVIL: &str = "arn:aws:iam::111122223333:policy/evil";

/// What is done so that a call of the function's is needed.
pub struct Scene {
    pub arn: &'static str,
    pub attack: fn(&mut Support),
    pub event: Value,
}

/// For the call of this name. What cannot be put back is left as declared.
pub fn scene(operation: &str) -> Scene {
    let of_topic = |number| {
        let (_, attack, event, _) = restored().swap_remove(number);
        (TOPIC, attack, event)
    };
    let untouched =
        |arn, event| -> (&'static str, fn(&mut Support), Value) { (arn, |_| {}, event) };
    let (arn, attack, event) = match operation {
        "GetTopicAttributes" | "SetTopicAttributes" | "GetSubscriptionAttributes" => of_topic(0),
        "ListSubscriptionsByTopic" | "Subscribe" => of_topic(2),
        "DescribeAlarms" => untouched(
            ALARMS,
            of(
                "monitoring",
                "DisableAlarmActions",
                &json!({"alarmNames": ["trailkeeper-errors"]}),
            ),
        ),
        "GetQueueAttributes" => untouched(QUEUE, queue("PurgeQueue", json!({}))),
        "DescribeLogGroups" => untouched(
            LOG_GROUP,
            log_group("PutRetentionPolicy", json!({"retentionInDays": 365})),
        ),
        "GetResourcePolicy" | "DescribeTimeToLive" => untouched(
            TABLE,
            of(
                "dynamodb",
                "PutResourcePolicy",
                &json!({"resourceArn": TABLE}),
            ),
        ),
        _ => untouched(ROLE, role("DetachRolePolicy", json!({"policyArn": EVIL}))),
    };
    Scene { arn, attack, event }
}

/// The field, what is done, its event, and the call that puts it back.
type Healed = (&'static str, fn(&mut Support), Value, &'static str);
/// The ARN, the field, what it is to be, how that is done, and its event.
type Deployed = (&'static str, &'static str, Value, fn(&mut Support), Value);
type Attack = (&'static str, &'static str, fn(&mut Support), Value);

/// What nobody puts back but people: the ARN, the field, and what is done.
#[expect(clippy::too_many_lines, reason = "a table")]
fn reported() -> Vec<Attack> {
    let deny = || serde_json::from_str::<Value>(DENY).unwrap();
    let named = json!({"alarmNames": ["trailkeeper-errors"]});
    let table = json!({"tableName": "trailkeeper-incidents"});
    vec![
        (
            ROLE,
            "policies",
            |s| {
                let policies = s.role["policies"].as_object_mut().unwrap();
                policies.remove("trailkeeper-responder");
            },
            role(
                "DeleteRolePolicy",
                json!({"policyName": "trailkeeper-responder"}),
            ),
        ),
        (
            ROLE,
            "policies",
            |s| s.role["policies"]["out"] = serde_json::from_str(DENY).unwrap(),
            role(
                "PutRolePolicy",
                json!({"policyName": "out", "policyDocument": DENY}),
            ),
        ),
        (
            ROLE,
            "policy",
            |s| {
                s.role["policies"]["trailkeeper-responder"]["Statement"][0]["Action"] =
                    json!("x:Y");
            },
            role(
                "PutRolePolicy",
                json!({"policyName": "trailkeeper-responder", "policyDocument": DENY}),
            ),
        ),
        (
            ROLE,
            "attached",
            |s| s.role["attached"] = json!([EVIL]),
            role("AttachRolePolicy", json!({"policyArn": EVIL})),
        ),
        (
            ROLE,
            "boundary",
            |s| s.role["boundary"] = json!(EVIL),
            role(
                "PutRolePermissionsBoundary",
                json!({"permissionsBoundary": EVIL}),
            ),
        ),
        (
            ROLE,
            "trust",
            |s| {
                s.role["trust"]["Statement"][0]["Principal"] =
                    json!({"Service": "ec2.amazonaws.com"});
            },
            role("UpdateAssumeRolePolicy", json!({"policyDocument": deny()})),
        ),
        (
            ROLE,
            "exists",
            |s| s.role = Value::Null,
            role("DeleteRole", json!({})),
        ),
        (
            TOPIC,
            "exists",
            |s| s.topic = Value::Null,
            topic("DeleteTopic", json!({})),
        ),
        (
            TOPIC,
            "filters",
            |s| s.topic["subscriptions"][MAIL]["FilterPolicy"] = json!(r#"{"severity":["none"]}"#),
            of(
                "sns",
                "SetSubscriptionAttributes",
                &json!({"subscriptionArn": MAIL_ARN, "attributeName": "FilterPolicy"}),
            ),
        ),
        (
            ALARMS,
            "alarms",
            |s| s.alarms.clear(),
            of("monitoring", "DeleteAlarms", &named),
        ),
        (
            ALARMS,
            "alarms",
            |s| s.alarms.get_mut("trailkeeper-errors").unwrap()["ActionsEnabled"] = json!(false),
            of("monitoring", "DisableAlarmActions", &named),
        ),
        (
            ALARMS,
            "alarms",
            |s| {
                s.alarms.get_mut("trailkeeper-heartbeat").unwrap()["TreatMissingData"] =
                    json!("notBreaching");
            },
            of(
                "monitoring",
                "PutMetricAlarm",
                &json!({"alarmName": "trailkeeper-heartbeat"}),
            ),
        ),
        (
            QUEUE,
            "policy",
            |s| s.queue["Policy"] = json!(DENY),
            queue(
                "SetQueueAttributes",
                json!({"attributes": {"Policy": DENY}}),
            ),
        ),
        (
            QUEUE,
            "exists",
            |s| s.queue = Value::Null,
            queue("DeleteQueue", json!({})),
        ),
        (
            LOG_GROUP,
            "exists",
            |s| s.log_group = Value::Null,
            log_group("DeleteLogGroup", json!({})),
        ),
        (
            LOG_GROUP,
            "retention",
            |s| s.log_group["retentionInDays"] = json!(1),
            log_group("PutRetentionPolicy", json!({"retentionInDays": 1})),
        ),
        (
            LOG_GROUP,
            "kms_key",
            |s| s.log_group["kmsKeyId"] = Value::Null,
            log_group("DisassociateKmsKey", json!({})),
        ),
        (
            TABLE,
            "policy",
            |s| s.table["policy"] = Value::Null,
            of(
                "dynamodb",
                "DeleteResourcePolicy",
                &json!({"resourceArn": TABLE}),
            ),
        ),
        (
            TABLE,
            "expiry",
            |s| s.table["expiry"] = Value::Null,
            of("dynamodb", "UpdateTimeToLive", &table),
        ),
        (
            TABLE,
            "exists",
            |s| s.table = Value::Null,
            of("dynamodb", "DeleteTable", &table),
        ),
    ]
}

#[test]
fn what_people_must_put_back_is_told_at_once_as_critical() {
    for (arn, field, attack, event) in reported() {
        let (aws, function) = guarded(&[]);
        let call = event["detail"]["eventName"].as_str().unwrap();
        attack(&mut aws.state().support);
        let before = aws.state().support.clone();
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["reported"]}), "{call} {field}");
        assert_eq!(aws.state().support, before, "{call} changed something");
        assert_eq!(aws.writes(), [""; 0]);
        let notice = last(&aws);
        assert_eq!(notice["severity"], "critical", "{call}");
        assert_eq!(notice["thing"]["arn"], arn);
        let drift = notice["drift"].as_array().unwrap();
        assert!(
            drift.iter().any(|d| d["field"] == field),
            "{call} {drift:?}"
        );
        let mail = aws.mail();
        assert!(mail.contains("terraform apply"), "{mail}");
        let service = match arn.split(':').nth(2).unwrap() {
            "cloudwatch" => "aws cloudwatch describe-alarms --alarm-name-prefix trailkeeper- ",
            "iam" => "aws iam ",
            "sns" => "aws sns ",
            "sqs" => "aws sqs ",
            "logs" => "aws logs ",
            _ => "aws dynamodb ",
        };
        assert!(mail.contains(service), "{mail}");
    }
}

#[test]
fn a_sweep_finds_that_too_and_reminds_of_it_once() {
    // Side by side: what is gone is waited for.
    thread::scope(|scope| {
        for (arn, field, attack, _) in reported() {
            scope.spawn(move || {
                let (aws, function) = guarded(&[]);
                attack(&mut aws.state().support);
                for _ in 0..2 {
                    answered(function.invoke(&sweep()));
                }
                assert_eq!(aws.count(PUBLISH), 1, "{arn} {field}");
                let notice = last(&aws);
                assert_eq!(notice["severity"], "critical", "{arn} {field}");
                assert_eq!(notice["thing"]["arn"], arn);
            });
        }
    });
}

/// What can be put back: the field, what is done, and the calls that put it back.
fn restored() -> Vec<Healed> {
    vec![
        (
            "policy",
            |s| s.topic["Policy"] = json!(DENY),
            topic(
                "SetTopicAttributes",
                json!({"attributeName": "Policy", "attributeValue": DENY}),
            ),
            "SetTopicAttributes",
        ),
        (
            "kms_key",
            |s| s.topic["KmsMasterKeyId"] = json!("alias/evil"),
            topic(
                "SetTopicAttributes",
                json!({"attributeName": "KmsMasterKeyId", "attributeValue": "alias/evil"}),
            ),
            "SetTopicAttributes",
        ),
        (
            "subscriptions",
            |s| s.topic["subscriptions"] = json!({}),
            of("sns", "Unsubscribe", &json!({"subscriptionArn": MAIL_ARN})),
            "Subscribe",
        ),
    ]
}

#[test]
fn a_topic_is_put_back_and_told_through_it() {
    for (field, attack, event, repair) in restored() {
        for event in [event, sweep()] {
            let (aws, function) = guarded(&[]);
            attack(&mut aws.state().support);
            let answer = answered(function.invoke(&event));
            assert_eq!(answer, json!({"outcomes": ["restored"]}), "{field}");
            assert!(aws.has_its_support(), "{field}");
            assert_eq!(aws.count(repair), 1, "{field}");
            let notice = last(&aws);
            assert_eq!(notice["severity"], "critical", "{field}");
            assert!(
                notice["drift"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|d| d["field"] == field),
                "{notice}"
            );
        }
    }
}

#[test]
fn what_is_subscribed_again_gets_its_filter_and_must_be_confirmed() {
    let (aws, function) = guarded(&[]);
    aws.state().support.topic["subscriptions"] = json!({});
    answered(function.invoke(&sweep()));
    let made = aws.state().support.topic["subscriptions"][MAIL].clone();
    assert_eq!(made["FilterPolicy"], r#"{"severity":["critical"]}"#);
    assert_eq!(made["arn"], "PendingConfirmation");
    // Until then nobody can see its filter, and that is no drift.
    answered(function.invoke(&sweep()));
    assert_eq!((aws.count(PUBLISH), aws.count("Subscribe")), (1, 1));
}

#[test]
fn observing_changes_nothing() {
    let (aws, function) = guarded(&[("TRAILKEEPER_MODE", "observe")]);
    aws.state().support.topic["Policy"] = json!(DENY);
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": ["would_restore"]}));
    assert_eq!(aws.state().support.topic["Policy"], DENY);
}

#[test]
fn a_stop_is_started_before_any_of_it_is_asked_for() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let list = aws.guard_support();
    let function = Function::start(&aws, &[(VARIABLE, &list)]);
    answered(function.invoke(&stop()));
    assert_eq!(aws.operations()[0], START);
    assert_eq!(aws.count("GetRole") + aws.count("GetParametersByPath"), 0);
}

#[test]
fn calls_of_iam_come_from_where_they_are_recorded() {
    let (aws, function) = guarded(&[]);
    aws.state().support.role["attached"] = json!([EVIL]);
    let mut event = role("AttachRolePolicy", json!({"policyArn": EVIL}));
    event["region"] = json!("eu-central-1");
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"ignored": "envelope_and_record_contradict"}));
    event["detail"]["awsRegion"] = json!("eu-central-1");
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"ignored": "thing_not_guarded"}));
    event["region"] = json!("ap-south-1");
    event["detail"]["awsRegion"] = json!("ap-south-1");
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"ignored": "foreign_region"}));
    let mut event = topic("DeleteTopic", json!({}));
    event["region"] = json!("us-east-1");
    event["detail"]["awsRegion"] = json!("us-east-1");
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"ignored": "thing_not_guarded"}));
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn what_others_have_is_none_of_its_business() {
    let (aws, function) = guarded(&[]);
    let foreign = "arn:aws:sns:eu-central-1:111122223333:trailkeeper-alerts-2";
    for event in [
        role("DeleteRole", json!({})),
        topic("DeleteTopic", json!({})),
        of(
            "sns",
            "Unsubscribe",
            &json!({"subscriptionArn": format!("{foreign}:1")}),
        ),
        of(
            "monitoring",
            "DeleteAlarms",
            &json!({"alarmNames": ["other-1", "other-2"]}),
        ),
        queue("DeleteQueue", json!({})),
        log_group("DeleteLogGroup", json!({})),
        of(
            "dynamodb",
            "DeleteTable",
            &json!({"tableName": "incidents"}),
        ),
    ] {
        let mut event = event;
        for (name, other) in [
            ("roleName", "trailkeeper-responder-2"),
            ("topicArn", foreign),
            (
                "queueUrl",
                "https://sqs.eu-central-1.amazonaws.com/111122223333/dead-letters",
            ),
            ("logGroupName", "/aws/lambda/trailkeeper-responder-2"),
        ] {
            if event["detail"]["requestParameters"].get(name).is_some() {
                event["detail"]["requestParameters"][name] = json!(other);
            }
        }
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"ignored": "thing_not_guarded"}), "{event}");
    }
    {
        let support = &mut aws.state().support;
        let theirs = json!({"arn": "arn:aws:sns:eu-central-1:1:a:2", "RawMessageDelivery": "true"});
        support.topic["subscriptions"]["https https://example.com"] = theirs;
        let mut alarm = support.alarms["trailkeeper-errors"].clone();
        alarm["AlarmName"] = json!("trailkeeper-theirs");
        support
            .alarms
            .insert("trailkeeper-theirs".to_owned(), alarm);
    }
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 0);
}

#[test]
fn a_call_that_does_not_say_which_is_looked_at_and_no_news() {
    let (aws, function) = guarded(&[]);
    let omitted = json!({"reason": "requestParameters too large", "omitted": true});
    let mut event = role("PutRolePolicy", json!({}));
    event["detail"]["requestParameters"] = omitted;
    assert_eq!(answered(function.invoke(&event)), json!({"outcomes": []}));
    assert_eq!(aws.count(PUBLISH), 0);
    aws.state().support.role["attached"] = json!([EVIL]);
    let answer = answered(function.invoke(&event));
    assert_eq!(answer, json!({"outcomes": ["reported"]}));
}

#[test]
fn an_attempt_that_fails_is_told() {
    let (aws, function) = guarded(&[]);
    for (mut event, resource) in [
        (
            role("DeleteRolePolicy", json!({})),
            "role trailkeeper-responder",
        ),
        (topic("DeleteTopic", json!({})), TOPIC),
        (queue("PurgeQueue", json!({})), QUEUE),
        (log_group("DeleteLogGroup", json!({})), LOG_GROUP),
    ] {
        event["detail"]["requestParameters"] = Value::Null;
        event["detail"]["errorCode"] = json!("AccessDenied");
        event["detail"]["errorMessage"] = json!(format!(
            "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: it on resource: {resource} because no identity-based policy allows it"
        ));
        let answer = answered(function.invoke(&event));
        assert_eq!(
            answer,
            json!({"outcomes": ["attempt_denied"]}),
            "{resource}"
        );
    }
    assert_eq!(aws.count(PUBLISH), 4);
}

#[test]
fn the_responders_own_calls_that_come_back_are_no_news() {
    let (aws, function) = guarded(&[]);
    let policy = aws.state().support.topic["Policy"].clone();
    for event in [
        topic(
            "SetTopicAttributes",
            json!({"attributeName": "Policy", "attributeValue": policy}),
        ),
        topic(
            "Subscribe",
            json!({"protocol": "email", "endpoint": "ops@example.com"}),
        ),
    ] {
        let answer = answered(function.invoke(&by(RESPONDER, event)));
        assert_eq!(answer, json!({"outcomes": []}));
    }
    assert_eq!(aws.count(PUBLISH), 0);
}

/// What is declared of a part, and what it is to be.
fn deployed() -> [Deployed; 3] {
    [
        (
            ROLE,
            "attached",
            json!([EVIL]),
            |s| s.role["attached"] = json!([EVIL]),
            role("AttachRolePolicy", json!({"policyArn": EVIL})),
        ),
        (
            LOG_GROUP,
            "retention",
            json!(90),
            |s| s.log_group["retentionInDays"] = json!(90),
            log_group("PutRetentionPolicy", json!({"retentionInDays": 90})),
        ),
        (
            TOPIC,
            "subscriptions",
            json!({}),
            |s| s.topic["subscriptions"] = json!({}),
            of("sns", "Unsubscribe", &json!({"subscriptionArn": MAIL_ARN})),
        ),
    ]
}

#[test]
fn what_is_being_deployed_is_left_alone_by_the_function_of_before_and_of_after() {
    for (arn, field, value, change, event) in deployed() {
        let (aws, function) = guarded(&[("TRAILKEEPER_CHANGE_PRINCIPALS", PIPELINE)]);
        let mut document = documents()
            .into_iter()
            .find(|(of, _)| *of == arn)
            .unwrap()
            .1;
        document["declared"][field] = value;
        if field == "subscriptions" {
            document["declared"]["filters"] = json!({});
        }
        let parameter = aws.declare_part(arn, &document);
        aws.state()
            .support
            .written
            .insert(parameter.clone(), now() - 60.0);
        // As it was, and as it is to be.
        for is_changed in [false, true] {
            if is_changed {
                change(&mut aws.state().support);
            }
            let answer = answered(function.invoke(&sweep()));
            assert_eq!(answer, json!({"outcomes": []}), "{arn}");
        }
        let answer = answered(function.invoke(&by(PIPELINE, event.clone())));
        assert_eq!(answer, json!({"outcomes": ["unconfirmed"]}), "{arn}");
        assert_eq!(last(&aws)["severity"], "info", "{arn}");
        assert_eq!(aws.count("Subscribe"), 0, "it was fought");
        // What nobody deploys is not left alone meanwhile.
        let untouched = aws.state().support.clone();
        match arn {
            ROLE => aws.state().support.role["boundary"] = json!(EVIL),
            LOG_GROUP => aws.state().support.log_group["kmsKeyId"] = Value::Null,
            _ => aws.state().support.topic["Policy"] = json!(DENY),
        }
        let answer = answered(function.invoke(&sweep()));
        assert_ne!(answer, json!({"outcomes": []}), "{arn}");
        aws.state().support = untouched;
        // An hour later it is no deployment any more.
        aws.state()
            .support
            .written
            .insert(parameter, now() - 3_700.0);
        answered(function.invoke(&sweep()));
        assert_eq!(last(&aws)["severity"], "critical", "{arn}");
        let drift = last(&aws)["drift"].as_array().unwrap().clone();
        assert!(drift.iter().any(|d| d["field"] == field), "{arn} {drift:?}");
    }
}

#[test]
fn a_document_that_belies_its_name_says_less_or_was_overwritten_changes_nothing() {
    type Declared = fn(&mut Value);
    type Written = fn(&Aws, &str);
    let forged: [(Declared, Written); 4] = [
        (
            |_| {},
            |aws, name| aws.state().parameters.get_mut(name).unwrap().push(' '),
        ),
        (
            |declared| *declared = json!({"attached": [EVIL]}),
            |_, _| {},
        ),
        (|declared| *declared = json!({}), |_, _| {}),
        (
            |_| {},
            |aws, name| _ = aws.state().support.versions.insert(name.to_owned(), 2),
        ),
    ];
    for (declared, written) in forged {
        let (aws, function) = guarded(&[]);
        let (_, mut document) = documents().swap_remove(0);
        document["declared"]["attached"] = json!([EVIL]);
        declared(&mut document["declared"]);
        let parameter = aws.declare_part(ROLE, &document);
        aws.state().support.written.insert(parameter.clone(), now());
        written(&aws, &parameter);
        aws.state().support.role["attached"] = json!([EVIL]);
        let answer = answered(function.invoke(&sweep()));
        assert_eq!(answer, json!({"outcomes": ["reported"]}));
    }
}

#[test]
fn what_is_gone_is_told_whatever_is_declared_beside() {
    let (aws, function) = guarded(&[]);
    let (_, mut document) = documents().swap_remove(0);
    document["declared"]["exists"] = json!(false);
    let parameter = aws.declare_part(ROLE, &document);
    aws.state().support.written.insert(parameter, now());
    aws.state().support.role = Value::Null;
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": ["reported"]}));
    assert_eq!(
        last(&aws)["verification"]["still_differs"],
        json!(["exists"])
    );
}
