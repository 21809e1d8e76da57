use serde_json::json;

use super::*;
use crate::{
    attack::Attack,
    course::Seen,
    moment::parse,
    notice::Notice,
    state::{Logging, Reading},
};

fn logging(is_on: bool, start: &str, stop: Option<&str>) -> Reading {
    let logging = Logging {
        is_on,
        started_at: parse(start),
        stopped_at: stop.and_then(parse),
    };
    Reading {
        logging: Some(logging),
        ..Reading::default()
    }
}

fn told(verified_at: &str) -> Notice {
    Notice {
        subject: "HIGH".to_owned(),
        outcome: "restored".to_owned(),
        severity: "high".to_owned(),
        actor: None,
        started_at: None,
        verified_at: parse(verified_at),
        calls: vec!["StartLogging".to_owned()],
        document: json!({}),
    }
}

/// AWS's clock is an hour ahead of this machine's.
fn course(verified_at: &str) -> Course {
    let mut course = Course::new(
        Attack::Stop,
        logging(true, "2026-01-01T00:00:00Z", None),
        12,
    );
    let back = logging(
        true,
        "2026-01-02T04:00:00.140Z",
        Some("2026-01-02T04:00:00.100Z"),
    );
    course.take(Seen::Read {
        asked_ms: 240,
        answered_ms: 250,
        reading: back,
        is_whole: true,
    });
    course.take(Seen::Notice(110, told(verified_at)));
    course
}

fn shown(course: &Course) -> Vec<(i64, String, Clock)> {
    let steps = steps(
        course,
        "StopLogging",
        parse("2026-01-02T03:00:00.1Z").unwrap(),
    );
    steps
        .into_iter()
        .map(|step| (step.at_ms, step.what, step.clock))
        .collect()
}

#[test]
fn aws_moments_are_placed_by_the_trails_own_stop() {
    let expected = [
        (0, "StopLogging accepted", Clock::Drill),
        (40, "logging started", Clock::Aws),
        (65, "responder read it back", Clock::Aws),
        (110, "notice received", Clock::Drill),
        (250, "drill reads it as before", Clock::Drill),
        (250, "verified", Clock::Drill),
    ];
    let expected = expected.map(|(at, what, clock)| (at, what.to_owned(), clock));
    assert_eq!(shown(&course("2026-01-02T04:00:00.165Z")), expected);
}

#[test]
fn a_moment_that_cannot_be_is_left_out() {
    let steps = shown(&course("2026-01-02T05:00:00Z"));
    assert!(
        steps
            .iter()
            .all(|(_, what, _)| what != "responder read it back")
    );
}

#[test]
fn the_drawing_is_aligned_and_on_one_scale() {
    let course = course("2026-01-02T04:00:00.165Z");
    let steps = steps(
        &course,
        "StopLogging",
        parse("2026-01-02T03:00:00.1Z").unwrap(),
    );
    let drawn = draw(&steps, |text, _| text.to_owned());
    let marks: Vec<usize> = drawn
        .lines()
        .map(|line| line.chars().position(|c| c == '●').unwrap())
        .collect();
    assert!(marks.is_sorted(), "{drawn}");
    assert_eq!(marks.last().unwrap() - marks.first().unwrap(), 32);
    assert_eq!(drawn.lines().count(), steps.len());
}

#[test]
fn places_of_one_moment_and_of_moments_before_the_attack() {
    let step = |at_ms| Step {
        at_ms,
        what: String::new(),
        seen: String::new(),
        clock: Clock::Aws,
        mood: Mood::Good,
    };
    assert_eq!(places(&[step(0)], 100), [0]);
    assert_eq!(places(&[step(-5), step(50), step(100)], 100), [0, 50, 100]);
    assert_eq!(places(&[], 100), [] as [i64; 0]);
}

#[test]
fn durations() {
    assert_eq!(duration(0), "0 ms");
    assert_eq!(duration(9_999), "9999 ms");
    assert_eq!(duration(12_345), "12.3 s");
}
