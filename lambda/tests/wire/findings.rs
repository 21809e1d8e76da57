//! Security Hub: a finding for each incident, one for each trail as long as it is not as
//! declared, and its end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answered, attack,
    aws::{AUDIT, Aws, Disturbance, GET_ITEM, PUBLISH, START, UPDATE_ITEM, refused},
    chats::{self, CHAT},
    failure,
    hub_of_findings::IMPORT,
    lambda::Function,
    organization::{member, trail_of},
    recorded, stop,
};

pub const VARIABLE: &str = "TRAILKEEPER_SECURITY_HUB";
const ON: (&str, &str) = (VARIABLE, "true");

fn reporting(aws: &Aws) -> Function {
    Function::start(aws, &[ON])
}

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

/// The findings as Security Hub has them.
fn findings(aws: &Aws) -> Vec<Value> {
    aws.state().findings.values().cloned().collect()
}

/// The only one.
fn finding(aws: &Aws) -> Value {
    let mut all = findings(aws);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn status(finding: &Value) -> &str {
    finding["Compliance"]["Status"].as_str().unwrap()
}

/// Refuses one operation, from now on.
fn refuse(aws: &Aws, refused_call: &'static str) {
    aws.state().disturb = Some(Box::new(move |operation, _| {
        let is_meant = operation == refused_call;
        is_meant.then(|| Disturbance::Instead(refused(403, "AccessDeniedException")))
    }));
}

/// The calls since the function began to tell.
fn telling(aws: &Aws) -> Vec<String> {
    let calls = aws.operations().into_iter();
    let told = calls.skip_while(|operation| operation != PUBLISH);
    told.filter(|operation| operation != "PutItem").collect()
}

#[test]
fn a_restoration_is_a_finding_that_has_passed_and_is_still_to_be_looked_into() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    let event = attack::again(&recorded("hostile-everywhere"));
    answered(function.invoke(&event));
    assert_eq!(telling(&aws), [PUBLISH, GET_ITEM, IMPORT]);
    let finding = finding(&aws);
    assert_eq!(status(&finding), "PASSED");
    assert_eq!(finding["RecordState"], "ACTIVE");
    assert_eq!(finding["Workflow"]["Status"], "NEW");
    assert_eq!(finding["Resources"][0]["Id"], AUDIT);
    let id = event["detail"]["eventID"].as_str().unwrap();
    assert_eq!(finding["Id"], format!("trailkeeper/{AUDIT}/{id}"));
    // A copy of the event is not told again.
    answered(function.invoke(&event));
    assert_eq!(aws.count(IMPORT), 1);
}

#[test]
fn without_the_setting_security_hub_is_not_called() {
    let (aws, function) = crate::healthy();
    answered(function.invoke(&stop()));
    answered(function.invoke(&sweep()));
    for operation in [IMPORT, GET_ITEM, UPDATE_ITEM] {
        assert_eq!(aws.count(operation), 0, "{operation}");
    }
}

#[test]
fn what_is_not_restored_is_open_until_a_sweep_sees_it_as_declared() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    refuse(&aws, START);
    let event = stop();
    for _ in 0..2 {
        failure(function.invoke_within(&event, Duration::from_secs(5)));
    }
    let open = finding(&aws);
    assert_eq!(status(&open), "FAILED");
    assert_eq!(
        open["FindingProviderFields"]["Severity"]["Label"],
        "CRITICAL"
    );
    // The sweep finds the same, without a name for it.
    failure(function.invoke_within(&sweep(), Duration::from_secs(8)));
    let still = finding(&aws);
    assert_eq!(still["Id"], open["Id"]);
    assert_eq!(still["CreatedAt"], open["CreatedAt"]);
    assert!(still["UpdatedAt"].as_str() > open["UpdatedAt"].as_str());
    assert_eq!(status(&still), "FAILED");

    // Somebody mends it, by hand.
    aws.state().disturb = None;
    aws.state().world.change(|trails| {
        trails.get_mut(AUDIT).unwrap().is_logging = true;
    });
    let told = aws.documents().len();
    answered(function.invoke(&sweep()));
    let closed = findings(&aws);
    let closed = closed
        .iter()
        .find(|finding| finding["Id"] == open["Id"])
        .unwrap();
    assert_eq!(status(closed), "PASSED");
    assert_eq!(closed["RecordState"], "ACTIVE");
    let title = closed["Title"].as_str().unwrap();
    assert!(
        title.starts_with("As declared again. Before: CRITICAL"),
        "{title}"
    );
    assert!(closed["ProductFields"]["trailkeeper/resolved_at"].is_string());
    assert_eq!(aws.documents().len(), told, "nobody else is told");

    let imported = aws.count(IMPORT);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(IMPORT), imported, "it is resolved once");
    // The next one is another finding.
    refuse(&aws, START);
    aws.stop_again();
    failure(function.invoke_within(&stop(), Duration::from_secs(5)));
    let all = findings(&aws);
    let opened: Vec<&Value> = all.iter().filter(|f| status(f) == "FAILED").collect();
    assert_eq!(opened.len(), 1, "{all:#?}");
    assert_ne!(opened[0]["Id"], open["Id"]);
}

#[test]
fn runs_that_find_the_same_at_the_same_time_make_one_finding() {
    let (aws, _) = crate::healthy();
    let functions = [reporting(&aws), reporting(&aws)];
    refuse(&aws, START);
    // Both read before either writes.
    aws.state()
        .latency
        .insert(GET_ITEM, Duration::from_millis(700));
    for function in &functions {
        function.give_out("a-request", stop().to_string(), Duration::from_secs(5));
    }
    for function in &functions {
        failure(function.outcome());
    }
    assert_eq!(status(&finding(&aws)), "FAILED");
    assert!(aws.count(UPDATE_ITEM) > 2, "one of them had to read again");

    aws.state().disturb = None;
    aws.state().world.change(|trails| {
        trails.get_mut(AUDIT).unwrap().is_logging = true;
    });
    answered(functions[0].invoke(&sweep()));
    assert_eq!(status(&finding(&aws)), "PASSED");
}

#[test]
fn a_restoration_by_another_event_ends_what_was_open_before() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    refuse(&aws, START);
    failure(function.invoke_within(&stop(), Duration::from_secs(5)));
    let open = finding(&aws);
    aws.state().disturb = None;
    answered(function.invoke(&stop()));
    let all = findings(&aws);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(
        all.iter().all(|finding| status(finding) == "PASSED"),
        "{all:#?}"
    );
    let title = |finding: &Value| finding["Title"].as_str().unwrap().to_owned();
    for finding in &all {
        let was_open = finding["Id"] == open["Id"];
        assert_eq!(
            title(finding).starts_with("As declared again"),
            was_open,
            "{finding:#}"
        );
    }
}

#[test]
fn a_late_success_of_the_same_event_ends_its_own_finding() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    refuse(&aws, START);
    let event = stop();
    failure(function.invoke_within(&event, Duration::from_secs(5)));
    aws.state().disturb = None;
    answered(function.invoke(&event));
    let finding = finding(&aws);
    assert_eq!(status(&finding), "PASSED");
    assert_eq!(finding["ProductFields"]["trailkeeper/outcome"], "restored");
    let imported = aws.count(IMPORT);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(IMPORT), imported, "nothing is left open");
}

#[test]
fn what_was_seen_before_a_finding_was_told_does_not_end_it() {
    let (aws, _) = crate::whole();
    let function = reporting(&aws);
    let later = trailkeeper::moment::Moment::now().epoch_millis() + 60_000;
    let later = trailkeeper::moment::Moment::from_epoch_millis(later).unwrap();
    let open = json!({"Id": "trailkeeper/x", "UpdatedAt": later.to_string()});
    keep(&aws, AUDIT, &open.to_string());
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(IMPORT), 0);
}

/// Security Hub has an open finding about `trail`, and the table says so.
pub fn open(aws: &Aws, trail: &str) {
    let before = "2026-11-24T05:00:00.000Z";
    let hub = crate::organization::HUB;
    let open = json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("trailkeeper/{trail}/before"),
        "ProductArn": format!("arn:aws:securityhub:eu-central-1:{hub}:product/{hub}/default"),
        "GeneratorId": "trailkeeper",
        "AwsAccountId": hub,
        "CreatedAt": before,
        "UpdatedAt": before,
        "Title": "CRITICAL CloudTrail audit: NOT LOGGING",
        "Description": "It is STILL NOT LOGGING.",
        "FindingProviderFields": {
            "Severity": {"Label": "CRITICAL", "Original": "critical"},
            "Types": ["TTPs/Defense Evasion"],
        },
        "Resources": [{"Type": "AwsCloudTrailTrail", "Id": trail}],
        "ProductFields": {},
        "Compliance": {"Status": "FAILED"},
        "RecordState": "ACTIVE",
    });
    keep(aws, trail, &open.to_string());
    let mut state = aws.state();
    state
        .findings
        .insert(open["Id"].as_str().unwrap().to_owned(), open);
}

/// What the table says to be open.
fn keep(aws: &Aws, trail: &str, finding: &str) {
    let key = format!("finding#{trail}");
    let item = json!({"id": {"S": key}, "failed": {"S": finding}});
    let item = serde_json::from_value(item).unwrap();
    aws.state().incidents.insert(key, item);
}

#[test]
fn what_is_remembered_and_is_no_finding_harms_nothing() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    for text in ["{", "[]", "{}", "null", r#"{"Id": 1, "UpdatedAt": []}"#] {
        keep(&aws, AUDIT, text);
        aws.stop_again();
        answered(function.invoke(&sweep()));
        answered(function.invoke(&sweep()));
    }
}

#[test]
fn a_finding_that_is_refused_fails_the_invocation_and_is_tried_alone() {
    let (aws, _) = crate::healthy();
    let function = Function::start(&aws, &[ON, (chats::VARIABLE, CHAT)]);
    refuse(&aws, IMPORT);
    let (event, request) = (stop(), "the-same-request");
    let within = Duration::from_secs(5);
    let (kind, message) = failure(function.invoke_as(request, event.to_string(), within));
    assert_eq!(kind, "Terminal.NoticeNotSent", "{message}");
    assert!(
        message.contains("securityhub:BatchImportFindings"),
        "{message}"
    );
    assert_eq!(aws.trail()["is_logging"], true);
    assert_eq!(aws.topics().len(), 2, "subscribers and chats");

    aws.state().disturb = None;
    answered(function.invoke_as(request, event.to_string(), within));
    assert_eq!(aws.topics().len(), 2, "they were told");
    assert_eq!(status(&finding(&aws)), "PASSED");
}

#[test]
fn a_finding_that_is_not_taken_fails_the_invocation_though_the_call_succeeds() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    aws.state().disturb = Some(Box::new(|operation, _| {
        let failed = json!({"FailedCount": 1, "SuccessCount": 0, "FailedFindings": [
            {"Id": "i", "ErrorCode": "InvalidInput", "ErrorMessage": "for the test"},
        ]});
        let reply = crate::http::Reply::answer(200, failed.to_string());
        (operation == IMPORT).then_some(Disturbance::Instead(reply))
    }));
    let (kind, message) = failure(function.invoke_within(&stop(), Duration::from_secs(5)));
    assert_eq!(kind, "Terminal.NoticeNotSent", "{message}");
    assert!(message.contains("InvalidInput"), "{message}");
}

#[test]
fn a_sweep_that_cannot_resolve_what_is_open_fails_and_tries_again() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    refuse(&aws, START);
    failure(function.invoke_within(&stop(), Duration::from_secs(5)));
    aws.state().world.change(|trails| {
        trails.get_mut(AUDIT).unwrap().is_logging = true;
    });
    for refused_call in [GET_ITEM, IMPORT] {
        refuse(&aws, refused_call);
        let (kind, message) = failure(function.invoke_within(&sweep(), Duration::from_secs(8)));
        assert_eq!(kind, "Terminal.NoticeNotSent", "{refused_call}: {message}");
    }
    aws.state().disturb = None;
    answered(function.invoke(&sweep()));
    assert_eq!(status(&finding(&aws)), "PASSED");
}

#[test]
fn what_is_left_alone_has_a_finding_of_its_own() {
    let (aws, _) = crate::whole();
    let entry = crate::break_glass::entry(3600);
    let function = Function::start(&aws, &[ON, (crate::break_glass::VARIABLE, &entry)]);
    let event = crate::break_glass::admin_stops(&aws);
    answered(function.invoke(&event));
    let left = finding(&aws);
    assert_eq!(status(&left), "FAILED");
    assert_eq!(left["ProductFields"]["trailkeeper/outcome"], "left_alone");
    aws.attack("StartLogging", &json!({"Name": "audit"}));
    answered(function.invoke(&sweep()));
    let all = findings(&aws);
    let left = all
        .iter()
        .find(|finding| finding["Id"] == left["Id"])
        .unwrap();
    assert_eq!(status(left), "PASSED", "{all:#?}");
}

#[test]
fn what_a_hub_heals_in_a_member_is_a_finding_of_the_hubs_account() {
    let aws = Aws::hub(3, Box::new(|_, _| None));
    let account = member(0);
    aws.state().world.stop(&trail_of(&account), 0.2);
    let function = aws.start_hub(&[ON]);
    answered(function.invoke(&attack::in_account(&account, &stop())));
    let found = finding(&aws);
    assert_eq!(found["AwsAccountId"], crate::organization::HUB);
    assert_eq!(found["Resources"][0]["Id"], trail_of(&account));
    assert_eq!(found["ProductFields"]["trailkeeper/trail_account"], account);

    // An account that is out of reach: one finding a day.
    aws.state().organization.without_role.push(member(1));
    answered(function.invoke(&sweep()));
    let all = findings(&aws);
    let lost = all
        .iter()
        .find(|f| f["ProductFields"]["trailkeeper/outcome"] == "unreachable");
    let lost = lost.unwrap_or_else(|| panic!("{all:#?}"));
    assert_eq!(status(lost), "NOT_AVAILABLE");
    assert_eq!(
        lost["Resources"][0]["Id"],
        format!("AWS::::Account:{}", member(1))
    );
}

#[test]
fn the_request_is_as_security_hub_documents_it() {
    let (aws, _) = crate::healthy();
    let function = reporting(&aws);
    answered(function.invoke(&stop()));
    let state = aws.state();
    let call = state
        .calls
        .iter()
        .find(|call| call.operation == IMPORT)
        .unwrap();
    // The mock names it so by its path alone.
    assert_eq!(call.region, "eu-central-1");
    assert_eq!(call.account, crate::organization::HUB);
    let asked = call.asked();
    assert_eq!(asked.as_object().unwrap().len(), 1);
    assert_eq!(asked["Findings"].as_array().unwrap().len(), 1);
}
