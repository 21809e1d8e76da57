use serde_json::json;
use time::OffsetDateTime;

use super::*;
use crate::state::{EventSelectors, Reading};

fn at(millis: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(1_700_000_000_000 + millis)
}

fn logging(is_on: bool, start: i64, stop: Option<i64>) -> Reading {
    let logging = Logging {
        is_on,
        started_at: Some(at(start)),
        stopped_at: stop.map(at),
    };
    Reading {
        logging: Some(logging),
        ..Reading::default()
    }
}

fn selectors(selectors: EventSelectors) -> Reading {
    Reading {
        event_selectors: Some(selectors),
        ..logging(true, -9_000, None)
    }
}

fn read(course: &mut Course, answered_ms: i64, reading: Reading) {
    course.take(Seen::Read {
        asked_ms: answered_ms - 10,
        answered_ms,
        reading,
        is_whole: true,
    });
}

fn notice(outcome: &str) -> Notice {
    Notice {
        subject: String::new(),
        outcome: outcome.to_owned(),
        severity: "high".to_owned(),
        actor: None,
        started_at: None,
        verified_at: None,
        calls: Vec::new(),
        document: json!({}),
    }
}

fn gap_ms(course: &Course) -> Option<i64> {
    course.gap().map(|gap| gap.ms)
}

fn refusal() -> Seen {
    Seen::Unreadable(CallError::new(
        "cloudtrail:GetTrailStatus",
        Some("ExpiredToken"),
        "",
    ))
}

fn stop() -> Course {
    Course::new(Attack::Stop, logging(true, -9_000, Some(-9_500)), 20)
}

fn blinded() -> Course {
    Course::new(
        Attack::Selectors,
        selectors(EventSelectors::Advanced(Vec::new())),
        20,
    )
}

#[test]
fn a_stop_that_was_seen_and_is_over() {
    let mut course = stop();
    read(&mut course, 250, logging(false, -9_000, Some(0)));
    assert!(course.restored.is_none() && !course.is_complete(false));
    read(&mut course, 500, logging(true, 400, Some(0)));
    assert_eq!(course.restored, Some((500, Restorer::Others)));
    assert_eq!(
        (course.verified_ms, course.weakened_until_ms),
        (Some(500), Some(240))
    );
    assert_eq!(gap_ms(&course), Some(400));
    assert!(course.is_complete(false) && !course.is_complete(true));
}

#[test]
fn a_stop_that_was_over_before_the_first_look_is_known_by_the_trails_times() {
    let mut course = stop();
    read(&mut course, 250, logging(true, 40, Some(0)));
    assert_eq!(course.restored, Some((250, Restorer::Others)));
    assert_eq!(
        (gap_ms(&course), course.weakened_until_ms),
        (Some(40), None)
    );
}

#[test]
fn an_old_answer_is_no_restoration() {
    let mut course = stop();
    read(&mut course, 250, logging(true, -9_000, Some(-9_500)));
    assert_eq!((course.restored, gap_ms(&course)), (None, None));
    read(&mut course, 500, logging(false, -9_000, Some(0)));
    assert!(!course.is_put_back());
    read(&mut course, 750, logging(true, 600, Some(0)));
    assert_eq!(course.restored, Some((750, Restorer::Others)));
}

#[test]
fn a_change_never_seen_counts_as_undone_when_it_settles_or_is_told() {
    let before = || selectors(EventSelectors::Advanced(Vec::new()));
    let mut course = blinded();
    read(&mut course, 250, before());
    assert!(course.restored.is_none() && course.is_worth_a_whole_reading());
    read(&mut course, 3_250, before());
    assert_eq!(course.restored, Some((250, Restorer::Others)));

    let mut told = blinded();
    read(&mut told, 250, before());
    told.take(Seen::Notice(300, notice("restored")));
    read(&mut told, 500, before());
    assert_eq!(told.restored, Some((250, Restorer::Others)));
    assert_eq!(gap_ms(&told), None);
}

#[test]
fn a_partial_reading_verifies_nothing() {
    let mut course = stop();
    let reading = logging(true, 40, Some(0));
    course.take(Seen::Read {
        asked_ms: 1,
        answered_ms: 2,
        reading,
        is_whole: false,
    });
    assert_eq!((course.restored, course.verified_ms), (None, None));
}

#[test]
fn what_was_weakened_again_is_not_restored() {
    let mut course = blinded();
    read(
        &mut course,
        250,
        selectors(EventSelectors::Basic(Vec::new())),
    );
    read(
        &mut course,
        500,
        selectors(EventSelectors::Advanced(Vec::new())),
    );
    assert!(course.is_complete(false));
    read(
        &mut course,
        750,
        selectors(EventSelectors::Basic(Vec::new())),
    );
    assert!(course.restored.is_none() && !course.is_complete(false));
    assert_eq!(course.differs, [Part::EventSelectors]);
}

#[test]
fn the_caller_refused_again_and_again_is_hopeless_the_network_is_not() {
    let mut course = stop();
    course.take(refusal());
    course.take(refusal());
    assert!(!course.is_hopeless());
    course.take(refusal());
    assert!(course.is_hopeless());
    let mut course = stop();
    for _ in 0..9 {
        course.take(Seen::Unreadable(CallError::new(
            "x",
            None,
            "connection refused",
        )));
    }
    assert!(!course.is_hopeless());
    assert_eq!(course.failed_reads, 9);
}

#[test]
fn a_responder_that_only_observes_is_not_waited_for() {
    let mut course = stop();
    course.take(Seen::Notice(90, notice("would_restore")));
    assert!(course.is_hopeless() && course.is_left_alone());
}

#[test]
fn the_way_back_tells_who_made_it() {
    let mut course = stop();
    read(&mut course, 250, logging(false, -9_000, Some(0)));
    course.take_back(600, 620, &logging(true, 610, Some(0)), Restorer::Drill);
    assert_eq!(course.restored, Some((620, Restorer::Drill)));
    assert_eq!(course.verified_ms, Some(620));

    let mut course = blinded();
    read(
        &mut course,
        250,
        selectors(EventSelectors::Advanced(Vec::new())),
    );
    let reading = selectors(EventSelectors::Advanced(Vec::new()));
    course.take_back(600, 620, &reading, Restorer::Others);
    assert_eq!(course.restored, Some((250, Restorer::Others)));

    let mut course = stop();
    course.take_back(600, 620, &logging(false, -9_000, Some(0)), Restorer::Drill);
    assert_eq!((course.restored, course.verified_ms), (None, None));
}

#[test]
fn times_in_whole_seconds_are_known_for_rough() {
    let mut course = stop();
    read(&mut course, 250, logging(true, 0, Some(0)));
    assert!(course.gap().unwrap().is_rough);
    let mut course = stop();
    read(&mut course, 250, logging(true, 40, Some(0)));
    assert!(!course.gap().unwrap().is_rough);
}
