//! Passed or failed, and why. Pure.

use std::time::Duration;

use serde::Serialize;

use crate::{
    course::{Course, Restorer},
    error::CallError,
};

/// How the drill ended. The exit code says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Restored, verified, and told if that was asked for, within the budget.
    Passed,
    /// Not so; the trail is as before.
    Failed,
    /// There is no result; the trail is as before.
    NotRun,
    /// Nothing shows that the trail is as before.
    MaybeWeakened,
}

impl Verdict {
    /// The exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::NotRun => 2,
            Self::MaybeWeakened => 3,
        }
    }

    /// One word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
            Self::NotRun => "NO RESULT",
            Self::MaybeWeakened => "THE TRAIL MAY BE LEFT WEAKENED",
        }
    }
}

/// The verdict on `course`, and the reasons for any but a pass.
#[must_use]
pub fn judge(
    course: &Course,
    attack_error: Option<&CallError>,
    with_notice: bool,
    budget: Duration,
) -> (Verdict, Vec<String>) {
    let seconds = budget.as_secs();
    let mut reasons = Vec::new();
    if let Some(error) = attack_error
        && (error.is_certain() || course.verified_ms.is_some())
    {
        return (
            Verdict::NotRun,
            vec![format!("the attack was not accepted: {error}")],
        );
    }
    if course.verified_ms.is_none() {
        let parts: Vec<&str> = course.differs.iter().map(|part| part.as_str()).collect();
        let seen = match &course.read_error {
            Some(error) => format!("what the trail is could not be seen: {error}"),
            None if parts.is_empty() => "it reads as before, which may be an old answer".to_owned(),
            None => format!("not as before when last read: {}", parts.join(", ")),
        };
        return (Verdict::MaybeWeakened, vec![seen]);
    }
    if let Some(signal) = course.interrupted_by {
        let reason = format!("interrupted by {signal}; the trail was read back as it was before");
        return (Verdict::NotRun, vec![reason]);
    }
    match course.restored {
        Some((_, Restorer::Others)) => {}
        _ if course.is_left_alone() => {
            reasons.push(
                "the responder only observes; the drill put the trail back itself".to_owned(),
            );
        }
        _ if course.is_hopeless() => {
            reasons.push("the trail could not be watched; the drill put it back itself".to_owned());
        }
        _ => reasons.push(format!(
            "nobody put the trail back within {seconds} s; the drill did so itself"
        )),
    }
    match (&course.notice, &course.inbox_error) {
        _ if !with_notice => {}
        (Some((_, notice)), _) if notice.says_restored() => {}
        (Some((_, notice)), _) => reasons.push(format!(
            "the notice does not say that the trail was restored, it says \"{}\"",
            notice.outcome
        )),
        (None, Some(error)) => reasons.push(format!("the queue could not be read: {error}")),
        (None, None) => reasons.push(format!(
            "no notice came within {seconds} s; a caller's third one within an hour, and later ones, may be left to a summary"
        )),
    }
    if reasons.is_empty() {
        (Verdict::Passed, reasons)
    } else {
        (Verdict::Failed, reasons)
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
