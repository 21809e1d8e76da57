//! Input of every kind, through one process as it comes in a warm function.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{Aws, PUBLISH, START, STATUS},
    failure, healthy,
    lambda::{Function, Outcome},
    recorded, stop,
};

#[test]
fn every_recorded_event_calls_exactly_what_is_written_beside_it() {
    let (aws, function) = healthy();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/events");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    for name in names {
        let text = fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
        let expect = serde_json::from_str::<Value>(&text).unwrap()["expect"].take();
        aws.state.lock().unwrap().calls.clear();
        aws.stop_again();
        let answer = answered(function.invoke(&recorded(&name)));
        let operations = aws.operations();
        match expect["decision"].as_str().unwrap() {
            "restore" => {
                assert_eq!(
                    operations.first().map(String::as_str),
                    Some(START),
                    "{name}"
                );
                assert_eq!(
                    operations.last().map(String::as_str),
                    Some(PUBLISH),
                    "{name}"
                );
                assert!(operations.iter().any(|o| o == STATUS), "{name}");
                for call in &aws.state.lock().unwrap().calls {
                    if call.operation == START {
                        let called: Value = serde_json::from_str(&call.body).unwrap();
                        assert_eq!(called["Name"], expect["trails"][0], "{name}");
                    }
                }
            }
            "report" => {
                assert_eq!(operations, [PUBLISH], "{name}");
                assert_eq!(answer, json!({"outcomes": ["attempt_denied"]}), "{name}");
                let document = aws.documents().remove(0);
                let trail = expect["trails"].get(0).cloned().unwrap_or(Value::Null);
                assert_eq!(document["trail"]["arn"], trail, "{name}");
                assert!(document["event"]["error_code"].is_string(), "{name}");
            }
            reason => {
                assert!(operations.is_empty(), "{name}: {operations:?}");
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
        aws.state.lock().unwrap().calls.clear();
        aws.stop_again();
        let (kind, _) = failure(function.invoke_text(unreadable, Duration::from_secs(30)));
        assert_eq!(kind, "Terminal.MalformedEvent");
        assert_eq!(aws.operations()[0], START);
        assert!(aws.state.lock().unwrap().is_logging);
        assert_eq!(
            aws.count(PUBLISH),
            3,
            "one notice for each trail that it could be"
        );
    }
}

#[test]
fn a_bad_setting_names_the_variable_and_fails_the_start() {
    let aws = Aws::start(0.2, Box::new(|_, _| None));
    for (variable, value, shown) in [
        ("TRAILKEEPER_TRAIL_ARNS", "", "separated by commas"),
        (
            "TRAILKEEPER_TRAIL_ARNS",
            "audit",
            "\\\"audit\\\" is no trail ARN",
        ),
        (
            "TRAILKEEPER_TRAIL_ARNS",
            "arn:aws:cloudtrail:eu-central-1:111122223333:trail/*",
            "3 to 128 letters",
        ),
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
        aws.state.lock().unwrap().calls.clear();
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
