//! Input of every kind, through one process as it comes in a warm function.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{AUDIT, Aws, PROTECTED, PUBLISH, START, STATUS, is_of_table},
    cloudtrail, failure, healthy,
    lambda::{Function, Outcome},
    parts::VARIABLE as PARTS,
    recorded, stop, whole,
};

/// A rule on another bus than the default one.
const OF_A_BUS: &str =
    "arn:aws:events:eu-central-1:111122223333:rule/members/trailkeeper-member-changes";

/// Calls that read a thing under guard.
const READS: [&str; 5] = [
    "DescribeKey",
    "GET policy",
    "DescribeRule",
    "GetSchedule",
    "GetFunctionConfiguration",
];

/// Does to the trail what a recorded call of this name would do.
fn weaken(aws: &Aws, call: &str, arn: &str) {
    let (operation, asked) = match call {
        "UpdateTrail" => (call, json!({"Name": arn, "IsMultiRegionTrail": false})),
        "DeleteTrail" | "CreateTrail" => ("DeleteTrail", json!({"Name": arn})),
        "PutEventSelectors" => (
            call,
            json!({"TrailName": arn, "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
        ),
        "PutInsightSelectors" => (call, json!({"TrailName": arn, "InsightSelectors": []})),
        _ => (
            "RemoveTags",
            json!({"ResourceId": arn, "TagsList": [{"Key": "owner"}]}),
        ),
    };
    let mut state = aws.state();
    let region = cloudtrail::region_of(arn);
    let done = cloudtrail::write(&mut state.world, region, operation, &asked);
    done.unwrap().unwrap();
}

#[test]
fn every_recorded_event_calls_exactly_what_is_written_beside_it() {
    let aws = Aws::whole(Box::new(|_, _| None));
    let evidence = aws.guard(&["state"]);
    let parts = aws.guard_parts(&json!(10));
    let function = Function::start(
        &aws,
        &[("TRAILKEEPER_EVIDENCE", &evidence), (PARTS, &parts)],
    );
    let declared = aws.trail();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/events");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem().unwrap().to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    for name in names {
        let text = fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
        let fixture: Value = serde_json::from_str(&text).unwrap();
        let expect = &fixture["expect"];
        let event = recorded(&name);
        {
            let mut state = aws.state();
            state.calls.clear();
            state.incidents.clear();
        }
        let decision = expect["decision"].as_str().unwrap();
        let trail = expect["trails"][0].as_str().unwrap_or_default();
        match decision {
            "restore" => aws.state().world.stop(trail, 0.0),
            "reconcile" => weaken(&aws, event["detail"]["eventName"].as_str().unwrap(), trail),
            _ => {}
        }
        let answer = answered(function.invoke(&event));
        let mut operations = aws.operations();
        // What else the actor did is asked now and then.
        operations.retain(|operation| !is_of_table(operation) && operation != "LookupEvents");
        let told = operations.last().map(String::as_str);
        match decision {
            "restore" | "reconcile" => {
                // A stop is confirmed by its time only.
                let is_timed = fixture["event"]["detail"]["eventTime"] == "2026-11-24T05:06:07Z";
                let is_proven = is_timed || decision == "reconcile";
                let outcome = if is_proven { "restored" } else { "unconfirmed" };
                assert_eq!(answer, json!({"outcomes": [outcome]}), "{name}");
                assert_eq!(told, Some(PUBLISH), "{name}");
                assert!(operations.iter().any(|o| o == STATUS), "{name}");
                if decision == "restore" {
                    assert_eq!(operations[0], START, "{name}");
                    assert_eq!(aws.writes(), [START], "{name}");
                    assert_eq!(aws.asked(START)[0]["Name"], trail, "{name}");
                }
                let state = aws.state();
                assert_eq!(state.world.trails()[trail].state(), declared, "{name}");
            }
            // It has more parts there than here.
            "examine" if expect["things"][0] == OF_A_BUS => {
                assert_eq!(answer, json!({"ignored": "thing_not_guarded"}), "{name}");
            }
            // They are as declared, whatever the call wanted.
            "examine" => {
                assert_eq!(aws.repairs(), [""; 0], "{name}");
                let outcomes = answer["outcomes"].as_array();
                let told = outcomes.map_or(usize::MAX, Vec::len);
                assert!(told <= 1, "{name}: {answer}");
                let is_read = |o: &String| READS.contains(&o.as_str());
                assert!(operations.iter().any(is_read), "{name}: {operations:?}");
            }
            "attempted" => {
                assert_eq!(operations, [PUBLISH], "{name}");
                assert_eq!(aws.notice()["thing"]["arn"], expect["things"][0], "{name}");
            }
            "report" | "notify" => {
                let is_report = decision == "report";
                let outcome = if is_report {
                    "attempt_denied"
                } else {
                    "reported"
                };
                assert_eq!(operations, [PUBLISH], "{name}");
                assert_eq!(answer, json!({"outcomes": [outcome]}), "{name}");
                let notice = aws.notice();
                let trail = expect["trails"].get(0).cloned().unwrap_or(Value::Null);
                assert_eq!(notice["trail"]["arn"], trail, "{name}");
                assert_eq!(
                    notice["event"]["error_code"].is_string(),
                    is_report,
                    "{name}"
                );
                assert_eq!(
                    notice["event"]["name"], event["detail"]["eventName"],
                    "{name}"
                );
            }
            reason => {
                assert_eq!(aws.operations(), [""; 0], "{name}");
                assert_eq!(answer, json!({"ignored": reason}), "{name}");
            }
        }
    }
}

#[test]
fn a_quarter_megabyte_of_junk_is_survived_and_cut() {
    let (aws, function) = healthy();
    let mut event = stop();
    let junk = "\u{1f4a9}\r\n\u{0}".repeat(256 * 1024 / 7);
    for field in ["userAgent", "sourceIPAddress", "requestID"] {
        event["detail"][field] = json!(junk);
    }
    event["detail"]["userIdentity"]["userName"] = json!(junk);
    assert_eq!(
        answered(function.invoke(&event)),
        json!({"outcomes": ["restored"]})
    );
    assert!(aws.last_publish()["Message"].len() < 32 * 1024);
    assert!(aws.last_publish()["Subject"].len() < 100);
}

#[test]
fn a_trail_full_of_junk_is_healed_and_told_in_few_words() {
    let junk = "RESTORED: all is well\r\n\u{202e}\u{0}<b>".repeat(8);
    let (aws, function) = whole();
    let declared = aws.trail();
    let tags: Vec<Value> = (0..47)
        .map(|n| json!({"Key": format!("{n}{}", &junk[..100]), "Value": junk}))
        .collect();
    aws.attack("AddTags", &json!({"ResourceId": AUDIT, "TagsList": tags}));
    let values: Vec<String> = (0..250).map(|n| format!("arn:{n}{junk}")).collect();
    let resources = json!([{"Type": "AWS::S3::Object", "Values": values}]);
    aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": AUDIT, "EventSelectors": [{"DataResources": resources}]}),
    );
    let settings = json!({
        "Name": AUDIT, "S3BucketName": junk, "S3KeyPrefix": junk, "KmsKeyId": junk,
        "SnsTopicName": junk.replace(':', ""),
    });
    aws.attack("UpdateTrail", &settings);
    let answer = answered(function.invoke(&json!({"trailkeeper": "sweep"})));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    assert_eq!(aws.trail(), declared);
    let publish = aws.last_publish();
    assert!(
        publish["Message"].len() < 32 * 1024,
        "{}",
        publish["Message"].len()
    );
    let message: Value = serde_json::from_str(&publish["Message"]).unwrap();
    let text = message["email"].as_str().unwrap();
    assert!(!text.contains(['\u{202e}', '\u{0}', '\r']));
    for line in text.lines() {
        let unquoted: String = line.split('"').step_by(2).collect();
        assert!(!unquoted.contains("all is well"), "{line}");
    }
    assert!(publish["Subject"].len() < 100);
}

#[test]
fn what_is_no_event_fails_for_good_without_a_call() {
    let (aws, function) = healthy();
    for payload in [
        json!(null),
        json!([]),
        json!("x"),
        json!(7),
        json!({}),
        json!({"detail": []}),
    ] {
        let (kind, message) = failure(function.invoke(&payload));
        assert_eq!(kind, "Terminal.MalformedEvent", "{payload}");
        assert!(message.contains("expected a JSON object"), "{message}");
    }
    assert!(aws.operations().is_empty());
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
}

#[test]
fn a_record_of_a_stop_that_cannot_be_read_still_starts_the_trails() {
    let (aws, function) = healthy();
    let text = stop().to_string();
    let agent = "aws-cli/";
    assert!(text.contains(agent));
    let half_a_pair = text.replace(agent, "\\ud83d");
    let outcome = function.invoke_text(half_a_pair, Duration::from_secs(30));
    assert_eq!(answered(outcome), json!({"outcomes": ["restored"]}));

    let declared = aws.trail();
    let deep = text.replace(
        "\"responseElements\":null",
        &format!(
            "\"responseElements\":{}1{}",
            "[".repeat(200),
            "]".repeat(200)
        ),
    );
    let number = text.replace("\"responseElements\":null", "\"responseElements\":1e999");
    for unreadable in [deep, number] {
        assert_ne!(unreadable, text);
        aws.state().calls.clear();
        for arn in PROTECTED {
            aws.state().world.stop(arn, 0.0);
        }
        let (kind, _) = failure(function.invoke_text(unreadable, Duration::from_secs(30)));
        assert_eq!(kind, "Terminal.MalformedEvent");
        assert_eq!(aws.operations()[0], START);
        for arn in PROTECTED {
            assert_eq!(aws.state().world.trails()[arn].state(), declared, "{arn}");
        }
        assert_eq!(
            aws.count(PUBLISH),
            PROTECTED.len(),
            "one notice for each trail that it could be"
        );
    }
}

#[test]
fn a_bad_setting_names_the_variable_and_fails_the_start() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    let no_hash = format!("{AUDIT}=/trailkeeper/trailkeeper/audit/0123");
    for (variable, value, shown) in [
        ("TRAILKEEPER_TRAILS", "", "separated by commas"),
        (
            "TRAILKEEPER_TRAILS",
            "audit",
            "\\\"audit\\\" is no trail ARN",
        ),
        (
            "TRAILKEEPER_TRAILS",
            "arn:aws:cloudtrail:eu-central-1:111122223333:trail/*=/a",
            "3 to 128 letters",
        ),
        ("TRAILKEEPER_TRAILS", AUDIT, "SHA-256"),
        ("TRAILKEEPER_TRAILS", &no_hash, "SHA-256"),
        ("TRAILKEEPER_MODE", "", "enforce or observe"),
        ("TRAILKEEPER_MODE", "Enforce", "enforce or observe"),
        ("TRAILKEEPER_ROLE_ARN", "", "role"),
        ("TRAILKEEPER_INCIDENTS_TABLE", "", "table"),
        ("TRAILKEEPER_TOPIC_ARN", "alerts", "arn:PARTITION:sns"),
        (
            "AWS_ENDPOINT_URL",
            "localhost:4566",
            "beginning with https://",
        ),
        ("AWS_CA_BUNDLE", "/nonexistent", "certificates in PEM form"),
        ("AWS_CA_BUNDLE", "/etc/hostname", "certificates in PEM form"),
        ("AWS_USE_FIPS_ENDPOINT", "maybe", "true or false"),
        ("AWS_REGION", "", "set by Lambda"),
    ] {
        let mut function = Function::start(&aws, &[(variable, value)]);
        let Outcome::InitFailed(error) = function.outcome() else {
            panic!("{variable}={value} was accepted");
        };
        let message = error["errorMessage"].to_string();
        assert!(
            message.contains(variable) && message.contains(shown),
            "{message}"
        );
        assert_eq!(error["errorType"], "Terminal.InvalidConfiguration");
        assert_eq!(function.exit_code(), Some(1));
        function.log_with(variable);
    }
    assert!(aws.operations().is_empty());
}

#[test]
fn a_thousand_events_go_through_one_process() {
    let (aws, function) = healthy();
    for _ in 0..1_000 {
        aws.stop_again();
        assert_eq!(
            answered(function.invoke(&stop())),
            json!({"outcomes": ["restored"]})
        );
        aws.state().calls.clear();
    }
}

#[test]
#[ignore = "about the packaged binary; run by `make wire`"]
fn the_binary_runs_on_amazon_linux_2023() {
    // Its glibc is 2.34. A binary built by cargo alone may need a newer one.
    let binary = std::env::var("TRAILKEEPER_BINARY").expect("the packaged binary");
    let bytes = fs::read(binary).unwrap();
    let newest = bytes
        .windows(10)
        .filter_map(|bytes| bytes.strip_prefix(b"GLIBC_2."))
        .filter_map(|digits| std::str::from_utf8(digits.get(..2)?).ok())
        .map(|digits| {
            digits
                .trim_end_matches(|c: char| !c.is_ascii_digit())
                .to_owned()
        })
        .filter_map(|digits| digits.parse::<u32>().ok())
        .max();
    assert!(
        newest.is_some_and(|minor| minor <= 34),
        "it needs glibc 2.{newest:?}"
    );
}
