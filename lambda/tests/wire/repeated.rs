//! Many incidents by one actor: few notices, growing intervals, one summary, and none
//! is lost, whatever fails.

use std::{collections::BTreeSet, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, again, by},
    aws::{
        AUDIT, Aws, Disturbance, GET_ITEM, PUBLISH, START, UPDATE_ITEM, refused, refused_by_sns,
    },
    failure,
    lambda::{Function, memory_kib, new_request_id, peak_memory_kib},
    recorded, whole,
};

const DEADLINE: Duration = Duration::from_secs(30);
pub const QUIET: i64 = 600;
pub const WINDOW: i64 = 3_600;
const GRACE: i64 = 900;

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

/// The same actor stops the trail once more.
fn stop(aws: &Aws) -> Value {
    aws.attack("StopLogging", &json!({"Name": "audit"}))
}

fn stops(aws: &Aws, function: &Function, number: usize) -> Vec<String> {
    let answers = (0..number).map(|_| {
        let event = stop(aws);
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}));
        id_of(&event)
    });
    answers.collect()
}

fn id_of(event: &Value) -> String {
    event["detail"]["eventID"].as_str().unwrap().to_owned()
}

/// What arrived of single notices: which one each says it is.
fn counts(aws: &Aws) -> Vec<u64> {
    let singly = aws.documents().into_iter();
    let singly = singly.filter(|notice| notice["source"] == "event");
    singly
        .map(|notice| notice["repetition"]["count"].as_u64().unwrap_or(1))
        .collect()
}

fn summaries(aws: &Aws) -> Vec<Value> {
    let mut documents = aws.documents();
    documents.retain(|notice| notice["outcome"] == "storm_summary");
    documents
}

/// Everything that the groups know happened so much earlier.
pub fn age(aws: &Aws, name: &str, seconds: i64) {
    let mut state = aws.state();
    let mut renamed = Vec::new();
    for (id, item) in &mut state.incidents {
        if id.starts_with("group#") {
            let at: i64 = item[name]["N"].as_str().unwrap().parse().unwrap();
            item.insert(name.to_owned(), json!({"N": (at - seconds).to_string()}));
            renamed.push((format!("{id}@{at}+"), format!("{id}@{}+", at - seconds)));
        }
    }
    if let Some(open) = state.incidents.get_mut("groups#open")
        && name == "first_at"
    {
        let mut text = json!(open).to_string();
        for (old, new) in renamed {
            text = text.replace(&old, &new);
        }
        *open = serde_json::from_str(&text).unwrap();
    }
}

pub fn open_groups(aws: &Aws) -> usize {
    let state = aws.state();
    let open = state.incidents.get("groups#open").into_iter().flatten();
    open.filter(|(name, _)| name.starts_with("group#")).count()
}

fn texts(values: &Value) -> BTreeSet<String> {
    let values = values.as_array().unwrap().iter();
    values.map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_hundred_stops_are_one_opening_growing_intervals_and_one_summary() {
    let (aws, function) = whole();
    let ids = stops(&aws, &function, 100);
    assert_eq!(counts(&aws), [1, 2, 4, 8, 16, 32, 64]);
    let severities: Vec<Value> = aws
        .documents()
        .iter()
        .map(|n| n["severity"].clone())
        .collect();
    assert_eq!(severities[0], "high");
    assert!(
        severities[1..]
            .iter()
            .all(|severity| severity == "critical")
    );
    let last = aws.documents().pop().unwrap();
    assert_eq!(last["repetition"]["untold"], 57);

    answered(function.invoke(&sweep()));
    assert_eq!(summaries(&aws).len(), 0, "it may go on");
    age(&aws, "last_at", QUIET);
    answered(function.invoke(&sweep()));
    let summary = summaries(&aws).remove(0);
    let storm = &summary["storm"];
    assert_eq!(storm["count"], 100);
    assert_eq!(storm["untold"], 93);
    assert_eq!(storm["is_over"], true);
    assert_eq!(storm["outcomes"], json!({"restored": 100}));
    assert_eq!(storm["trails"], json!([AUDIT]));
    assert_eq!(storm["calls"], json!(["StopLogging"]));
    assert_eq!(texts(&storm["event_ids"]), ids.into_iter().collect());
    assert_eq!(summary["severity"], "critical");
    assert_eq!(summary["trail"]["arn"], AUDIT);
    assert!(summary["actor"]["arn"].is_string());

    assert_eq!(open_groups(&aws), 0);
    answered(function.invoke(&sweep()));
    assert_eq!(summaries(&aws).len(), 1, "once");
}

#[test]
fn a_copy_of_an_event_is_no_repetition() {
    let (aws, function) = whole();
    let event = stop(&aws);
    for _ in 0..3 {
        answered(function.invoke(&event));
    }
    stops(&aws, &function, 1);
    assert_eq!(counts(&aws), [1, 2]);
}

#[test]
fn what_is_new_and_who_is_new_is_told_at_once() {
    let (aws, function) = whole();
    stops(&aws, &function, 4);
    assert_eq!(counts(&aws), [1, 2, 4]);
    // Another field, then the same again.
    let weaken = || {
        let asked = json!({"Name": "audit", "IsMultiRegionTrail": false});
        answered(function.invoke(&aws.attack("UpdateTrail", &asked)));
    };
    weaken();
    assert_eq!(counts(&aws), [1, 2, 4, 5]);
    weaken();
    assert_eq!(counts(&aws), [1, 2, 4, 5]);
    let asked = json!({"Name": "audit", "S3BucketName": "elsewhere"});
    answered(function.invoke(&aws.attack("UpdateTrail", &asked)));
    assert_eq!(counts(&aws), [1, 2, 4, 5, 7]);
    // Another actor in the midst.
    answered(function.invoke(&by(PIPELINE, stop(&aws))));
    let other = aws.documents().pop().unwrap();
    assert_eq!(other["repetition"], Value::Null);
    assert_eq!(other["severity"], "high");
}

#[test]
fn denied_attempts_become_high_and_hide_no_success() {
    let (aws, function) = whole();
    for _ in 0..8 {
        answered(function.invoke(&again(&recorded("denied-null-parameters"))));
    }
    assert_eq!(counts(&aws), [1, 2, 4, 8]);
    let severity = |number: usize| aws.documents()[number]["severity"].clone();
    assert_eq!(severity(2), "medium");
    assert_eq!(severity(3), "high");
    let who = recorded("denied-null-parameters")["detail"]["userIdentity"].clone();
    let mut success = stop(&aws);
    success["detail"]["userIdentity"] = who;
    answered(function.invoke(&success));
    let notice = aws.documents().pop().unwrap();
    assert_eq!(notice["outcome"], "restored");
    assert_eq!(notice["repetition"], Value::Null);
    assert_eq!(notice["severity"], "high");
}

#[test]
fn each_failure_is_told_at_once() {
    let (aws, function) = whole();
    stops(&aws, &function, 5);
    aws.state().calls.clear();
    aws.state().disturb = Some(Box::new(|called, _| {
        (called == START).then(|| Disturbance::Instead(refused(400, "AccessDeniedException")))
    }));
    for _ in 0..4 {
        let (kind, _) = failure(function.invoke(&stop(&aws)));
        assert_eq!(kind, "Terminal.TrailNotRestored");
    }
    assert_eq!(aws.count(PUBLISH), 4);
}

#[test]
fn without_its_memory_each_is_told() {
    for operation in [UPDATE_ITEM, GET_ITEM] {
        let aws = Aws::whole(Box::new(move |called, _| {
            (called == operation).then(|| refused(400, "AccessDeniedException"))
        }));
        let function = Function::start(&aws, &[]);
        stops(&aws, &function, 5);
        let expected = if operation == UPDATE_ITEM { 5 } else { 3 };
        assert_eq!(aws.count(PUBLISH), expected, "{operation}");
    }
    // Counted, but not left to a summary.
    for part in ["silent_count", "groups#open"] {
        let (aws, function) = whole();
        aws.state().disturb = Some(Box::new(move |_, body| {
            body.contains(part)
                .then(|| Disturbance::Instead(refused(400, "AccessDeniedException")))
        }));
        let event = stop(&aws);
        answered(function.invoke(&event));
        stops(&aws, &function, 4);
        assert_eq!(counts(&aws), [1, 2, 3, 4, 5], "{part}");
    }
}

#[test]
fn a_notice_that_failed_is_told_by_the_retry_as_what_it_was() {
    let (aws, function) = whole();
    for number in 1..=5 {
        let event = stop(&aws).to_string();
        let request_id = new_request_id();
        let is_told = [1, 2, 4].contains(&number);
        if is_told {
            aws.state().disturb = Some(Box::new(|called, _| {
                let reply = refused_by_sns(403, "AuthorizationError");
                (called == PUBLISH).then_some(Disturbance::Instead(reply))
            }));
            let outcome = function.invoke_as(&request_id, event.clone(), DEADLINE);
            assert_eq!(failure(outcome).0, "Terminal.NoticeNotSent");
            aws.state().disturb = None;
        }
        answered(function.invoke_as(&request_id, event, DEADLINE));
    }
    // Each of the three refused and sent.
    assert_eq!(counts(&aws), [1, 1, 2, 2, 4, 4]);
}

#[test]
fn an_answer_that_is_lost_counts_nothing_twice() {
    let (aws, function) = whole();
    let mut is_first = true;
    aws.state().disturb = Some(Box::new(move |called, body| {
        let is_it = called == UPDATE_ITEM && body.contains("event_ids");
        (is_it && std::mem::take(&mut is_first))
            .then_some(Disturbance::After(crate::http::Reply::Reset))
    }));
    stops(&aws, &function, 1);
    let notice = aws.notice();
    assert_eq!(notice["repetition"], Value::Null);
    assert_eq!(notice["severity"], "high");
    stops(&aws, &function, 1);
    assert_eq!(counts(&aws), [1, 2]);
}

#[test]
fn a_summary_that_failed_is_sent_by_the_next_sweep() {
    let (aws, function) = whole();
    stops(&aws, &function, 3);
    age(&aws, "last_at", QUIET);
    aws.state().disturb = Some(Box::new(|called, _| {
        let reply = refused_by_sns(403, "AuthorizationError");
        (called == PUBLISH).then_some(Disturbance::Instead(reply))
    }));
    assert_eq!(
        failure(function.invoke(&sweep())).0,
        "Terminal.NoticeNotSent"
    );
    aws.state().disturb = None;
    answered(function.invoke(&sweep()));
    assert_eq!(summaries(&aws).len(), 2, "one was refused");
    // Sent, but not noted as sent: once more is better than not at all.
    stops(&aws, &function, 3);
    age(&aws, "last_at", QUIET);
    aws.state().disturb = Some(Box::new(|_, body| {
        body.contains("\"summed_count\"")
            .then(|| Disturbance::Instead(refused(400, "AccessDeniedException")))
    }));
    assert_eq!(
        failure(function.invoke(&sweep())).0,
        "Terminal.NoticeNotSent"
    );
    aws.state().disturb = None;
    assert_eq!(open_groups(&aws), 1);
    answered(function.invoke(&sweep()));
    assert_eq!(open_groups(&aws), 0);
    assert_eq!(summaries(&aws).pop().unwrap()["storm"]["count"], 6);
}

#[test]
fn a_sweep_that_cannot_see_what_is_open_fails() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == GET_ITEM).then(|| refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[]);
    assert_eq!(
        failure(function.invoke(&sweep())).0,
        "Terminal.NoticeNotSent"
    );
}

#[test]
fn a_group_that_is_just_opened_stays_open() {
    let (aws, function) = whole();
    stops(&aws, &function, 3);
    let left = |state: &mut crate::aws::State, number: &str| {
        let mut groups = state.incidents.iter_mut();
        let (_, group) = groups.find(|(id, _)| id.starts_with("group#")).unwrap();
        group.insert("silent_count".to_owned(), json!({"N": number}));
    };
    // The third is about to be left to it.
    left(&mut aws.state(), "0");
    answered(function.invoke(&sweep()));
    assert_eq!(open_groups(&aws), 1);
    left(&mut aws.state(), "1");
    age(&aws, "last_at", QUIET);
    answered(function.invoke(&sweep()));
    assert_eq!(summaries(&aws).len(), 1);
    // It never was: whoever was about to has told it, or died.
    stops(&aws, &function, 2);
    left(&mut aws.state(), "0");
    age(&aws, "last_at", QUIET);
    answered(function.invoke(&sweep()));
    assert_eq!((summaries(&aws).len(), open_groups(&aws)), (1, 0));
}

/// Summaries hold a thousand event ids each, in every form of the notice.
#[test]
fn any_number_of_groups_is_summed_up_in_little_memory() {
    const GROUPS: usize = 100;
    const MOST_KIB: u64 = 8_192;
    let (aws, function) = whole();
    stops(&aws, &function, 3);
    age(&aws, "last_at", QUIET);
    {
        let mut state = aws.state();
        let mut groups = state.incidents.iter();
        let (key, group) = groups.find(|(id, _)| id.starts_with("group#")).unwrap();
        let (key, mut group) = (key.clone(), group.clone());
        let ids = (0..1_000).map(|n| format!("0d6f1a52-7c9b-4f65-8c3e-{n:012x}"));
        group.insert(
            "event_ids".to_owned(),
            json!({"SS": ids.collect::<Vec<_>>()}),
        );
        group.insert("incident_count".to_owned(), json!({"N": "1000"}));
        let mut open = state.incidents["groups#open"].clone();
        open.retain(|name, _| !name.starts_with("group#"));
        for number in 0..GROUPS {
            let key = format!("{key}{number}");
            let name = format!("{key}@{}+0", group["first_at"]["N"].as_str().unwrap());
            open.insert(name, json!({"N": "1"}));
            state.incidents.insert(key, group.clone());
        }
        state.incidents.insert("groups#open".to_owned(), open);
    }
    let before = memory_kib(&function);
    answered(function.invoke_within(&sweep(), Duration::from_mins(5)));
    let summaries = summaries(&aws);
    assert_eq!((summaries.len(), open_groups(&aws)), (GROUPS, 0));
    let ids = summaries[0]["storm"]["event_ids"].as_array();
    assert_eq!(ids.map(Vec::len), Some(1_000));
    let grown = peak_memory_kib(&function) - before;
    assert!(grown <= MOST_KIB, "{grown} KiB more than before");
}

#[test]
fn who_goes_on_after_a_summary_is_told_at_once_and_summed_up_again() {
    let (aws, function) = whole();
    stops(&aws, &function, 5);
    age(&aws, "last_at", QUIET);
    answered(function.invoke(&sweep()));
    stops(&aws, &function, 2);
    assert_eq!(counts(&aws), [1, 2, 4, 6]);
    assert_eq!(aws.documents().pop().unwrap()["severity"], "critical");
    assert_eq!(open_groups(&aws), 1);
    age(&aws, "last_at", QUIET);
    answered(function.invoke(&sweep()));
    let summary = summaries(&aws).pop().unwrap();
    assert_eq!(summary["storm"]["untold"], 1);
    assert_eq!(summary["storm"]["count"], 7);
    assert_eq!(open_groups(&aws), 0);
}

#[test]
fn what_comes_while_a_summary_is_sent_is_in_the_next_one() {
    let (aws, function) = whole();
    stops(&aws, &function, 5);
    age(&aws, "last_at", QUIET);
    aws.state()
        .latency
        .insert(PUBLISH, Duration::from_millis(1_500));
    let sweeping = thread::spawn(move || answered(function.invoke(&sweep())));
    while summaries(&aws).is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let other = Function::start(&aws, &[]);
    let late = stops(&aws, &other, 1);
    sweeping.join().unwrap();
    assert_eq!(counts(&aws), [1, 2, 4], "the sixth is silent");
    assert_eq!(open_groups(&aws), 1);
    age(&aws, "last_at", QUIET);
    answered(other.invoke(&sweep()));
    let summary = summaries(&aws).pop().unwrap();
    assert_eq!(summary["storm"]["untold"], 1);
    assert!(texts(&summary["storm"]["event_ids"]).contains(&late[0]));
    assert_eq!(open_groups(&aws), 0);
}

#[test]
fn a_window_ends_after_an_hour() {
    let (aws, function) = whole();
    stops(&aws, &function, 2);
    age(&aws, "first_at", WINDOW);
    stops(&aws, &function, 2);
    assert_eq!(counts(&aws), [1, 2, 1, 2]);
    let severity = aws.documents()[2]["severity"].clone();
    assert_eq!(severity, "high", "it is the first again");
    // With something untold, the sweep sums up first.
    stops(&aws, &function, 1);
    age(&aws, "first_at", WINDOW);
    stops(&aws, &function, 2);
    assert_eq!(counts(&aws), [1, 2, 1, 2, 4]);
    answered(function.invoke(&sweep()));
    let summary = summaries(&aws).pop().unwrap();
    assert_eq!(summary["storm"]["count"], 5);
    assert_eq!(summary["storm"]["is_over"], false);
    // No sweep comes at all.
    stops(&aws, &function, 3);
    age(&aws, "first_at", WINDOW + GRACE);
    let told = aws.count(PUBLISH);
    stops(&aws, &function, 3);
    assert_eq!(aws.count(PUBLISH), told + 3);
}
