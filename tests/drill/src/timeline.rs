//! The steps of a drill in their order, and how they are drawn on a terminal. Pure.

use std::fmt::Write;

use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    course::{Course, Restorer},
    moment::millis_between,
    screen::printable,
};

/// Whose clock a moment is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// This machine's, measured.
    Drill,
    /// AWS's: placed on the drill's line by the trail's own StopLoggingTime, if that
    /// has fractions of a second, or else by this machine's time of day.
    Aws,
}

/// What a step means for the trail, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// The trail is weakened.
    Bad,
    /// Something on the way.
    Neutral,
    /// The trail is well, or people know.
    Good,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Milliseconds since the attack was accepted.
    pub at_ms: i64,
    /// What happened.
    pub what: String,
    /// How that is known.
    pub seen: String,
    /// Whose clock `at_ms` is by.
    pub clock: Clock,
    /// What it means.
    pub mood: Mood,
}

/// The steps, the earliest first. `accepted_at` is this machine's time of day when
/// the attack was accepted.
#[must_use]
pub fn steps(course: &Course, operation: &str, accepted_at: OffsetDateTime) -> Vec<Step> {
    let step = |at_ms, what: &str, seen: String, clock, mood| Step {
        at_ms,
        what: what.to_owned(),
        seen,
        clock,
        mood,
    };
    let effect = course.attack().effect().to_owned();
    let mut steps = vec![step(
        0,
        &format!("{operation} accepted"),
        effect,
        Clock::Drill,
        Mood::Bad,
    )];
    // AWS's moments relative to AWS's own stop, if that is exact: then no two clocks
    // are compared.
    let exact = course.gap().filter(|gap| !gap.is_rough);
    let zero = exact.map_or(accepted_at, |gap| gap.stop);
    if let Some(gap) = exact {
        let seen = "the trail's StartLoggingTime".to_owned();
        steps.push(step(
            gap.ms,
            "logging started",
            seen,
            Clock::Aws,
            Mood::Good,
        ));
    }
    if let Some((received_ms, notice)) = &course.notice {
        let told = |moment: Option<OffsetDateTime>| {
            let at = moment
                .filter(|_| notice.says_restored())
                .map(|at| millis_between(zero, at));
            // Otherwise the two clocks are too far apart to say anything.
            at.filter(|at| (0..=*received_ms).contains(at))
        };
        if let Some(at) = told(notice.started_at).filter(|_| exact.is_none()) {
            let seen = "says the notice".to_owned();
            steps.push(step(
                at,
                "StartLogging accepted",
                seen,
                Clock::Aws,
                Mood::Good,
            ));
        }
        if let Some(at) = told(notice.verified_at) {
            let after = notice.calls.join(", ");
            let seen = if after.is_empty() {
                "says the notice".to_owned()
            } else {
                format!("after {after}, says the notice")
            };
            steps.push(step(
                at,
                "responder read it back",
                seen,
                Clock::Aws,
                Mood::Good,
            ));
        }
        let seen = format!("\"{}\", in a queue subscribed to the topic", notice.outcome);
        let mood = if notice.says_restored() {
            Mood::Good
        } else {
            Mood::Bad
        };
        steps.push(step(
            *received_ms,
            "notice received",
            seen,
            Clock::Drill,
            mood,
        ));
    }
    if let Some((at, by)) = course.restored {
        let (what, mood) = match by {
            Restorer::Others => ("drill reads it as before", Mood::Good),
            Restorer::Drill => ("put back by the drill", Mood::Bad),
        };
        let seen = match course.weakened_until_ms {
            Some(until) => format!("last seen weakened at {until} ms"),
            None => "never seen weakened".to_owned(),
        };
        steps.push(step(at, what, seen, Clock::Drill, mood));
    }
    if let Some(at) = course.verified_ms {
        let parts: Vec<&str> = course
            .attack()
            .saved()
            .iter()
            .map(|part| part.as_str())
            .collect();
        let seen = format!("read back: {}", parts.join(", "));
        steps.push(step(at, "verified", seen, Clock::Drill, Mood::Good));
    }
    steps.sort_by_key(|step| step.at_ms);
    steps
}

/// `at_ms` for people.
#[must_use]
pub fn duration(at_ms: i64) -> String {
    if at_ms.abs() < 10_000 {
        format!("{at_ms} ms")
    } else {
        format!("{}.{} s", at_ms / 1_000, at_ms.abs() % 1_000 / 100)
    }
}

/// Where on a line of `length` places each step is, all on one scale.
#[must_use]
pub fn places(steps: &[Step], length: i64) -> Vec<i64> {
    let last = steps
        .iter()
        .map(|step| step.at_ms)
        .max()
        .unwrap_or(0)
        .max(1);
    steps
        .iter()
        .map(|step| (step.at_ms.clamp(0, last) * length + last / 2) / last)
        .collect()
}

/// Aligned columns: the time, what happened, a bar on one common scale, how that is known.
#[must_use]
pub fn draw(steps: &[Step], paint: impl Fn(&str, Mood) -> String) -> String {
    const LENGTH: i64 = 32;
    let width = steps
        .iter()
        .map(|step| step.what.chars().count())
        .max()
        .unwrap_or(0);
    let mut previous = 0;
    let mut lines = String::new();
    for (step, end) in steps.iter().zip(places(steps, LENGTH)) {
        let start = previous.min(end);
        let times = |count: i64| usize::try_from(count).unwrap_or(0);
        let bar = " ".repeat(times(start)) + &"━".repeat(times(end - start)) + "●";
        let bar = format!("{bar:<33}");
        let about = if step.clock == Clock::Aws { "~" } else { " " };
        let what = format!("{:<width$}", printable(&step.what));
        let _ = writeln!(
            lines,
            "  {:>9} {about} {}  {}  {}",
            duration(step.at_ms),
            paint(&what, step.mood),
            paint(&bar, step.mood),
            printable(&step.seen)
        );
        previous = end;
    }
    lines
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
