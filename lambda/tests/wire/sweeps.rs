//! The sweep: heals what no event told of, finds out who did it, and is silent
//! otherwise.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, RESPONDER, again, by, event_of},
    aws::{
        AUDIT, Aws, Disturbance, GET_ITEM, PARAMETER, PROTECTED, PUBLISH, STATUS, is_of_table, now,
        published, refused, refused_by_sns,
    },
    declared, failure,
    http::Reply,
    in_whole_seconds,
    lambda::{Function, new_request_id},
    laws::metrics,
    stop, whole,
};

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

fn weaken(aws: &Aws) -> Value {
    aws.attack(
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    )
}

#[test]
fn a_sweep_that_finds_nothing_is_silent_and_beats_like_a_heart() {
    let (aws, function) = whole();
    assert_eq!(answered(function.invoke(&sweep())), json!({"outcomes": []}));
    let mut reads = aws.operations();
    reads.sort_unstable();
    // Once: whether there is something to sum up.
    let mut all = vec![GET_ITEM];
    for read in [
        "GetEventSelectors",
        "GetInsightSelectors",
        PARAMETER,
        "GetTrail",
        STATUS,
        "ListTags",
    ] {
        all.extend([read; PROTECTED.len()]);
    }
    all.sort_unstable();
    assert_eq!(reads, all, "each trail is looked at once, and nothing else");
    let log = function.log_with("\"Sweeps\":1");
    let metrics = metrics(&log);
    assert_eq!(metrics.len(), 1);
    assert_eq!(metrics[0]["SweepDrift"].as_f64(), Some(0.0));
}

#[test]
fn a_sweep_of_logging_alone_reads_the_status_alone() {
    let aws = Aws::whole(Box::new(|_, _| None));
    for arn in PROTECTED {
        aws.declare(arn, &declared::logging_only(arn));
    }
    let function = Function::start(&aws, &[]);
    answered(function.invoke(&sweep()));
    aws.state().calls.clear();
    aws.stop_again();
    assert_eq!(
        answered(function.invoke(&sweep())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail()["is_logging"], true);
    for operation in aws.operations() {
        assert!(
            is_of_table(&operation)
                || [STATUS, "StartLogging", "LookupEvents", PUBLISH].contains(&operation.as_str()),
            "{operation}"
        );
    }
}

#[test]
fn what_no_event_told_of_is_healed_and_attributed() {
    for (attack, asked) in [
        ("StopLogging", json!({"Name": "audit"})),
        (
            "UpdateTrail",
            json!({"Name": AUDIT, "S3BucketName": "not-your-logs"}),
        ),
        ("DeleteTrail", json!({"Name": "audit"})),
        (
            "PutEventSelectors",
            json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
        ),
        (
            "PutInsightSelectors",
            json!({"TrailName": AUDIT, "InsightSelectors": []}),
        ),
        (
            "RemoveTags",
            json!({"ResourceId": AUDIT, "TagsList": [{"Key": "owner"}]}),
        ),
    ] {
        let (aws, function) = whole();
        let declared = aws.trail();
        let event = aws.attack(attack, &asked);
        assert_eq!(
            answered(function.invoke(&sweep())),
            json!({"outcomes": ["restored"]}),
            "{attack}"
        );
        assert_eq!(aws.trail(), declared, "{attack}");
        let operations = aws.operations();
        let first = |name: &str| operations.iter().position(|o| o == name).unwrap();
        let last_write = operations
            .iter()
            .rposition(|o| crate::aws::is_write(o))
            .unwrap();
        assert!(
            first("LookupEvents") > last_write,
            "{attack}: healed first: {operations:?}"
        );

        let notice = aws.notice();
        assert_eq!(notice["source"], "sweep", "{attack}");
        assert_eq!(notice["outcome"], "restored", "{attack}");
        assert_eq!(notice["severity"], "high", "{attack}");
        assert_eq!(notice["event"]["name"], attack);
        assert_eq!(
            notice["event"]["id"], event["detail"]["eventID"],
            "{attack}"
        );
        assert_eq!(
            notice["actor"]["arn"], event["detail"]["userIdentity"]["arn"],
            "{attack}"
        );
        assert!(!notice["drift"].as_array().unwrap().is_empty(), "{attack}");
        let log = function.log_with("\"Sweeps\":1");
        assert!(
            log.iter().any(|line| line.contains("\"SweepDrift\":1")),
            "{log:#?}"
        );
    }
}

#[test]
fn only_the_call_that_did_it_is_named() {
    let asked = json!({"Name": "audit", "IsMultiRegionTrail": false});
    let failed = |detail: &mut Value| detail["errorCode"] = json!("AccessDenied");
    let other_trail = |detail: &mut Value| detail["requestParameters"]["name"] = json!("scratch");
    let other_call = |detail: &mut Value| detail["eventName"] = json!("PutEventSelectors");
    let own =
        |detail: &mut Value| *detail = by(RESPONDER, json!({"detail": detail}))["detail"].take();
    let unlike = [
        ("failed", &failed as &dyn Fn(&mut Value)),
        ("of another trail", &other_trail),
        ("another call", &other_call),
        ("the function's own", &own),
    ];
    for (what, change) in unlike {
        let (aws, function) = whole();
        let culprit = weaken(&aws);
        // Each is newer than the call that did it.
        let mut other = event_of("UpdateTrail", &asked)["detail"].take();
        change(&mut other);
        {
            let mut state = aws.state();
            state.history[0]["eventTime"] = json!(in_whole_seconds(now() - 5.0));
            state.history.push(other);
        }
        answered(function.invoke(&sweep()));
        let named = aws.notice()["event"]["id"].clone();
        assert_eq!(named, culprit["detail"]["eventID"], "{what}");
    }
}

#[test]
fn a_call_of_days_ago_is_not_named() {
    let (aws, function) = whole();
    weaken(&aws);
    let long_ago = in_whole_seconds(now() - 40.0 * 3_600.0);
    aws.state().history[0]["eventTime"] = json!(long_ago);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.notice()["event"]["id"], Value::Null);
}

#[test]
fn without_a_record_nobody_is_named() {
    let (aws, function) = whole();
    weaken(&aws);
    aws.state().history.clear();
    assert_eq!(
        answered(function.invoke(&sweep())),
        json!({"outcomes": ["restored"]})
    );
    let notice = aws.notice();
    for field in ["id", "name", "request_id", "error_code", "error_message"] {
        assert_eq!(notice["event"][field], Value::Null, "event.{field}");
    }
    for (field, value) in notice["actor"].as_object().unwrap() {
        assert_eq!(*value, Value::Null, "actor.{field}");
    }
}

#[test]
fn a_history_that_fails_delays_and_spoils_nothing() {
    for (what, reply) in [
        ("denied", refused(400, "AccessDeniedException")),
        ("throttled", refused(400, "ThrottlingException")),
        ("hang", Reply::Hang),
        ("garbage", Reply::answer(200, "<html>")),
        (
            "no records",
            Reply::answer(200, "{\"Events\":[{\"CloudTrailEvent\":\"[]\"},{}]}"),
        ),
    ] {
        let aws = Aws::whole(Box::new(move |called, _| {
            (called == "LookupEvents").then(|| reply.clone())
        }));
        let function = Function::start(&aws, &[]);
        weaken(&aws);
        let begun = Instant::now();
        let answer = answered(function.invoke(&sweep()));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{what}");
        assert!(
            begun.elapsed() < Duration::from_secs(19),
            "{what}: {:?}",
            begun.elapsed()
        );
        assert_eq!(aws.notice()["source"], "sweep", "{what}");
    }
}

#[test]
fn a_late_event_of_what_a_sweep_healed_and_named_is_no_second_incident() {
    for is_stop in [true, false] {
        let (aws, function) = whole();
        let event = if is_stop {
            aws.attack("StopLogging", &json!({"Name": "audit"}))
        } else {
            weaken(&aws)
        };
        answered(function.invoke(&sweep()));
        assert_eq!(aws.notice()["event"]["id"], event["detail"]["eventID"]);
        answered(function.invoke(&event));
        assert_eq!(aws.count(PUBLISH), 1, "{:#?}", aws.documents());
    }
}

#[test]
fn a_late_event_of_what_a_sweep_healed_unnamed_makes_no_wrong_claim() {
    for is_stop in [true, false] {
        let (aws, function) = whole();
        let event = if is_stop {
            aws.attack("StopLogging", &json!({"Name": "audit"}))
        } else {
            weaken(&aws)
        };
        aws.state().history.clear();
        answered(function.invoke(&sweep()));
        aws.state().calls.clear();
        answered(function.invoke(&event));
        // The sweep could not name anybody; the event does.
        let notice = aws.notice();
        assert!(notice["actor"]["arn"].is_string(), "{notice:#}");
        let outcomes = if is_stop {
            ["already_logging", "restored"]
        } else {
            ["already_restored", "already_restored"]
        };
        assert!(
            outcomes.contains(&notice["outcome"].as_str().unwrap()),
            "{notice:#}"
        );
    }
}

#[test]
fn an_event_that_was_told_is_not_blamed_for_the_next_difference() {
    let (aws, function) = whole();
    let first = weaken(&aws);
    answered(function.invoke(&first));
    // The next change leaves no record yet.
    weaken(&aws);
    aws.state().history.pop();
    aws.state().calls.clear();
    answered(function.invoke(&sweep()));
    let notice = aws.notice();
    assert_eq!(notice["event"]["id"], Value::Null, "{notice:#}");
    assert_eq!(notice["actor"]["arn"], Value::Null);
}

#[test]
fn every_trail_is_swept_and_none_holds_up_another() {
    let (aws, function) = whole();
    let declared = declared::basic().state();
    for arn in PROTECTED {
        aws.state().world.stop(arn, 5.0);
    }
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(
        answer,
        json!({"outcomes": vec!["restored"; PROTECTED.len()]})
    );
    for arn in PROTECTED {
        assert_eq!(aws.state().world.trails()[arn].state(), declared, "{arn}");
    }
    assert_eq!(aws.count(PUBLISH), PROTECTED.len());

    // One trail's baseline is gone: the others are healed, and the sweep fails.
    let aws = Aws::whole(Box::new(|_, _| None));
    let name = aws.declare(
        PROTECTED[1],
        &declared::document(PROTECTED[1], &declared::basic()),
    );
    aws.state().parameters.remove(&name);
    let function = Function::start(&aws, &[]);
    weaken(&aws);
    let (kind, message) = failure(function.invoke(&sweep()));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert!(message.contains("trail/global"), "{message}");
    assert_eq!(aws.trail(), declared);
    function.log_with("\"Sweeps\":1");
}

#[test]
fn what_a_sweep_cannot_heal_is_told_at_once_and_not_at_every_sweep() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "UpdateTrail").then(|| refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[]);
    for number in 0..3 {
        // What is found differs from sweep to sweep; what is wrong does not.
        aws.attack(
            "UpdateTrail",
            &json!({"Name": "audit", "S3KeyPrefix": format!("prefix-{number}")}),
        );
        let (kind, _) = failure(function.invoke(&sweep()));
        assert_eq!(kind, "Terminal.TrailNotRestored", "each sweep fails loudly");
    }
    assert_eq!(aws.notice()["severity"], "critical");
    // Another field is news.
    weaken(&aws);
    failure(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 2);
}

#[test]
fn the_incident_of_a_sweep_whose_notice_failed_is_not_lost() {
    let aws = Aws::whole(Box::new(|called, earlier| {
        (called == PUBLISH && earlier == 0).then(|| refused_by_sns(403, "AuthorizationError"))
    }));
    let declared = aws.trail();
    let function = Function::start(&aws, &[]);
    let event = weaken(&aws);
    let request_id = new_request_id();
    let deadline = Duration::from_secs(30);
    let (kind, _) = failure(function.invoke_as(&request_id, sweep().to_string(), deadline));
    assert_eq!(kind, "Terminal.NoticeNotSent");
    assert_eq!(aws.trail(), declared);
    // Lambda's retry, then the event itself, late.
    let _ = function.invoke_as(&request_id, sweep().to_string(), deadline);
    let _ = function.invoke(&event);
    assert!(aws.accepted(PUBLISH) >= 1, "nobody was ever told");
    let notice = aws.documents().pop().unwrap();
    assert_ne!(notice["outcome"], "conforming_change", "{notice:#}");
}

#[test]
fn a_sweep_takes_no_event_away_from_the_retry_that_has_to_tell_it() {
    let aws = Aws::whole(Box::new(|called, earlier| {
        (called == PUBLISH && earlier == 0).then(|| refused_by_sns(403, "AuthorizationError"))
    }));
    let function = Function::start(&aws, &[]);
    let event = weaken(&aws);
    let request_id = new_request_id();
    let deadline = Duration::from_secs(30);
    failure(function.invoke_as(&request_id, event.to_string(), deadline));
    // Weakened again without an event; the sweep looks for who did it.
    weaken(&aws);
    aws.state().history.pop();
    answered(function.invoke(&sweep()));
    answered(function.invoke_as(&request_id, event.to_string(), deadline));
    let documents = aws.documents();
    let told = documents.iter().skip(1);
    let told: Vec<&Value> = told.map(|notice| &notice["event"]["id"]).collect();
    assert!(told.contains(&&event["detail"]["eventID"]), "{told:?}");
}

#[test]
fn whoever_tells_of_a_stop_the_other_is_silent_even_while_the_notice_is_under_way() {
    for sweeps_first in [true, false] {
        let aws = Aws::whole(Box::new(|called, earlier| {
            (called == PUBLISH && earlier == 0)
                .then(|| Reply::Late(Duration::from_secs(1), Box::new(published())))
        }));
        let function = Function::start(&aws, &[]);
        aws.attack("StopLogging", &json!({"Name": "audit"}));
        let event = again(&stop());
        aws.state().history.clear();
        aws.state().history.push(event["detail"].clone());
        let (first, second) = if sweeps_first {
            (sweep(), event)
        } else {
            (event, sweep())
        };
        let telling = std::thread::spawn(move || answered(function.invoke(&first)));
        while aws.count(PUBLISH) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        answered(Function::start(&aws, &[]).invoke(&second));
        telling.join().unwrap();
        assert_eq!(aws.count(PUBLISH), 1, "{:#?}", aws.documents());
    }
}

#[test]
fn a_stop_during_a_sweep_is_told_once() {
    let (aws, function) = whole();
    aws.attack("StopLogging", &json!({"Name": "audit"}));
    let event = again(&stop());
    aws.state().history.clear();
    aws.state().history.push(event["detail"].clone());
    let second = Function::start(&aws, &[]);
    let sweeping = std::thread::spawn(move || {
        answered(second.invoke(&json!({"trailkeeper": "sweep"})));
    });
    answered(function.invoke(&event));
    sweeping.join().unwrap();
    assert_eq!(aws.trail()["is_logging"], true);
    assert_eq!(aws.count(PUBLISH), 1, "{:#?}", aws.documents());
}

/// A stop `ago` seconds ago that was undone half a minute later.
fn undone_stop(aws: &Aws, ago: f64) {
    aws.state().world.change(|trails| {
        let trail = trails.get_mut(AUDIT).unwrap();
        trail.stopped_at = now() - ago;
        trail.started_at = now() - ago + 30.0;
    });
}

#[test]
fn a_stop_that_was_undone_and_left_no_record_is_told_once() {
    for (what, minutes, notices) in [
        ("its record may still come", 5.0, 0),
        ("no record comes any more", 16.0, 1),
        ("seen by the last sweep of an hour", 70.0, 1),
        ("nobody looked for days", 12.9 * 24.0 * 60.0, 1),
        ("of another time", 13.1 * 24.0 * 60.0, 0),
    ] {
        let (aws, function) = whole();
        undone_stop(&aws, minutes * 60.0);
        for _ in 0..3 {
            answered(function.invoke(&sweep()));
        }
        assert_eq!(aws.count(PUBLISH), notices, "{what}");
        if notices == 1 {
            let notice = aws.notice();
            assert_eq!(notice["outcome"], "already_logging", "{what}");
            assert_eq!(notice["severity"], "high");
            assert_eq!(notice["actor"]["arn"], Value::Null);
            let gap = notice["timing"]["gap_ms"].as_i64().unwrap();
            assert!((29_000..31_000).contains(&gap), "{gap}");
        }
        assert_eq!(aws.writes(), [""; 0], "{what}");
    }
}

#[test]
fn a_history_that_does_not_answer_hides_no_stop() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "LookupEvents").then(|| refused(400, "ThrottlingException"))
    }));
    undone_stop(&aws, 16.0 * 60.0);
    let function = Function::start(&aws, &[]);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 1);
    assert_eq!(aws.notice()["outcome"], "already_logging");
}

#[test]
fn an_undone_stop_is_told_with_its_call_and_not_without() {
    let (aws, function) = whole();
    let mut call = event_of("StopLogging", &json!({"Name": "audit"}));
    undone_stop(&aws, 30.0 * 60.0);
    call["detail"]["eventTime"] = json!(in_whole_seconds(now() - 30.0 * 60.0));
    aws.state().history.push(call["detail"].clone());
    for _ in 0..2 {
        answered(function.invoke(&sweep()));
    }
    assert_eq!(aws.count(PUBLISH), 1);
    assert_eq!(aws.notice()["event"]["id"], call["detail"]["eventID"]);
    // Its history is gone: it was told all the same.
    aws.state().history.clear();
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn the_call_behind_an_undone_stop_of_days_ago_is_found() {
    let (aws, function) = whole();
    let ago = 5.0 * 86_400.0;
    undone_stop(&aws, ago);
    let mut call = event_of("StopLogging", &json!({"Name": "audit"}));
    call["detail"]["eventTime"] = json!(in_whole_seconds(now() - ago));
    aws.state().history.push(call["detail"].clone());
    answered(function.invoke(&sweep()));
    assert_eq!(aws.notice()["outcome"], "already_logging");
    assert_eq!(aws.notice()["event"]["id"], call["detail"]["eventID"]);
}

#[test]
fn nothing_else_that_is_wrong_with_a_trail_hides_an_undone_stop() {
    let start = |fault: bool, mode: &str| {
        let aws = Aws::whole(Box::new(move |called, _| {
            (fault && called == "UpdateTrail").then(|| refused(400, "AccessDeniedException"))
        }));
        let function = Function::start(&aws, &[("TRAILKEEPER_MODE", mode)]);
        (aws, function)
    };
    for (outcome, (aws, function)) in [
        ("restored", start(false, "enforce")),
        ("not_restored", start(true, "enforce")),
        ("would_restore", start(false, "observe")),
    ] {
        weaken(&aws);
        undone_stop(&aws, 16.0 * 60.0);
        for _ in 0..2 {
            drop(function.invoke(&sweep()));
        }
        let documents = aws.documents();
        let told: Vec<&Value> = documents.iter().map(|told| &told["outcome"]).collect();
        assert_eq!(told.len(), 2, "{outcome}: {told:?}");
        assert!(told.contains(&&json!(outcome)), "{outcome}: {told:?}");
        let is_stop = |told: &&Value| told["outcome"] == "already_logging";
        let stop = documents.iter().find(is_stop).expect(outcome);
        // The one is not told by the other.
        assert_eq!(stop["drift"], json!([]), "{outcome}");
        assert_eq!(stop["remediation"]["calls"], json!([]), "{outcome}");
        assert_eq!(stop["verification"]["is_logging"], true, "{outcome}");
        assert_eq!(
            stop["verification"]["matches_baseline"],
            outcome == "restored",
            "{outcome}"
        );
        let is_drift = |told: &&Value| told["outcome"] == outcome;
        let drift = documents.iter().find(is_drift).expect(outcome);
        assert_eq!(drift["event"]["name"], "UpdateTrail", "{outcome}");
        assert_eq!(drift["timing"]["stopped_at"], Value::Null, "{outcome}");
    }
}

#[test]
fn of_many_stops_in_one_second_each_actor_is_told_once() {
    let (aws, function) = whole();
    let ago = 60.0;
    undone_stop(&aws, ago);
    for number in 0..6 {
        let mut call = event_of("StopLogging", &json!({"Name": "audit"}));
        if number == 0 {
            call = by(PIPELINE, call);
            call["detail"]["userIdentity"]["accessKeyId"] = json!("ASIAIOSFODNN7EXAMPLE");
        }
        call["detail"]["eventTime"] = json!(in_whole_seconds(now() - ago));
        call["detail"]["eventID"] = json!(format!("b2c3d4e5-0000-4000-8000-00000000000{number}"));
        aws.state().history.push(call["detail"].clone());
    }
    for _ in 0..4 {
        answered(function.invoke(&sweep()));
    }
    let documents = aws.documents();
    let who: Vec<&str> = documents
        .iter()
        .map(|told| told["actor"]["arn"].as_str().unwrap())
        .collect();
    assert_eq!(who.len(), 2, "{who:?}");
    assert_ne!(who[0], who[1]);
}

#[test]
fn a_stop_that_was_told_is_not_put_down_to_calls_before_it_as_well() {
    let (aws, function) = whole();
    let ago = 120.0;
    undone_stop(&aws, ago);
    let stops = [40.0, 0.0].map(|before| {
        let mut event = event_of("StopLogging", &json!({"Name": "audit"}));
        event["detail"]["eventTime"] = json!(in_whole_seconds(now() - ago - before));
        event["detail"]["eventID"] =
            json!(format!("b2c3d4e5-0000-4000-8000-0000000000{before:02}"));
        aws.state().history.push(event["detail"].clone());
        event
    });
    answered(function.invoke(&stops[1]));
    for _ in 0..3 {
        answered(function.invoke(&sweep()));
    }
    let told = aws.documents();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["event"]["id"], stops[1]["detail"]["eventID"]);
}

#[test]
fn a_stop_that_was_told_hides_no_other_one_shortly_after() {
    let (aws, function) = whole();
    let first = 16.5 * 60.0;
    undone_stop(&aws, first);
    let mut event = event_of("StopLogging", &json!({"Name": "audit"}));
    event["detail"]["eventTime"] = json!(in_whole_seconds(now() - first));
    aws.state().history.push(event["detail"].clone());
    answered(function.invoke(&event));
    assert_eq!(aws.notice()["outcome"], "already_logging");
    // The record of the second one does not come.
    undone_stop(&aws, 16.0 * 60.0);
    for _ in 0..2 {
        answered(function.invoke(&sweep()));
    }
    let documents = aws.documents();
    assert_eq!(documents.len(), 2, "{documents:#?}");
    assert_eq!(documents[1]["outcome"], "already_logging");
    assert_eq!(documents[1]["event"]["id"], Value::Null);
}

#[test]
fn a_stop_that_a_sweep_healed_while_the_trail_stays_unverified_is_told() {
    let aws = Aws::whole(Box::new(|called, _| {
        (called == "ListTags").then(|| refused(400, "AccessDeniedException"))
    }));
    let function = Function::start(&aws, &[]);
    let mut calls = Vec::new();
    for _ in 0..2 {
        let call = aws.attack("StopLogging", &json!({"Name": "audit"}));
        calls.push(call["detail"]["eventID"].clone());
        for _ in 0..2 {
            failure(function.invoke(&sweep()));
        }
    }
    let documents = aws.documents();
    let told: Vec<&Value> = documents.iter().map(|told| &told["event"]["id"]).collect();
    for call in &calls {
        assert!(told.contains(&call), "{call} is not in {told:?}");
    }
}

#[test]
fn what_is_found_is_told_while_another_trail_is_still_looked_at() {
    let aws = Aws::whole(Box::new(|_, _| None));
    aws.state().disturb = Some(Box::new(|called, body| {
        let hangs = called == STATUS && body.contains("trail/global");
        hangs.then_some(Disturbance::Instead(Reply::Hang))
    }));
    aws.stop_again();
    let function = Function::start(&aws, &[]);
    let deadline = Duration::from_mins(1);
    function.give_out(&new_request_id(), sweep().to_string(), deadline);
    let begun = Instant::now();
    while aws.accepted(PUBLISH) == 0 {
        // The look that hangs takes 35 seconds.
        assert!(begun.elapsed() < Duration::from_secs(15), "not told yet");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Lambda ends it in the middle: what it had found is told.
    function.kill();
    assert_eq!(aws.notice()["outcome"], "restored");
}

#[test]
fn a_stop_that_was_told_hides_no_tampered_baseline() {
    let (aws, function) = whole();
    undone_stop(&aws, 30.0 * 60.0);
    answered(function.invoke(&sweep()));
    assert_eq!(aws.count(PUBLISH), 1);
    let parameters: Vec<String> = aws.state().parameters.keys().cloned().collect();
    for name in parameters {
        aws.state().parameters.insert(name, "{}".into());
    }
    let function = Function::start(&aws, &[]);
    let (kind, _) = failure(function.invoke(&sweep()));
    assert_eq!(kind, "Terminal.TrailNotRestored");
}
