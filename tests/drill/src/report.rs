//! The report: what is written to report.json, and told on the terminal. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::{
    course::{Course, Restorer},
    notice::Notice,
    timeline::{Step, duration},
    verdict::Verdict,
};

/// Name of the document's schema.
pub const SCHEMA: &str = "trailkeeper.drill";
/// Its version; raised when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// Everything about one drill.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// What made it.
    pub tool: Tool,
    /// How it ended.
    pub verdict: Verdict,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// Why it is no pass.
    pub reasons: Vec<String>,
    /// The trail.
    pub trail: Trail,
    /// Who attacked: the drill's credentials.
    pub caller: String,
    /// What was done.
    pub attack: Attack,
    /// When the attack was accepted, by this machine's clock, RFC 3339.
    pub attacked_at: String,
    /// What was measured.
    pub figures: Figures,
    /// Who put the trail back: `others`, `drill` or `nobody`.
    pub restored_by: &'static str,
    /// The notice; `null` if none came or none was waited for.
    pub notice: Option<NoticeSeen>,
    /// How it was measured, and how far the figures go.
    pub measured: Measured,
    /// The steps.
    pub timeline: Vec<Step>,
    /// The commands that put the trail back by hand.
    pub restore_commands: Vec<String>,
    /// What the drill could not remove, as the commands that do.
    pub left_over: Vec<String>,
}

/// The drill's version.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// Of the package.
    pub version: &'static str,
    /// The commit it was built from, if the build said so.
    pub commit: Option<&'static str>,
}

/// The trail.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the parts of the ARN")]
pub struct Trail {
    pub arn: String,
    pub name: String,
    pub account: String,
    pub region: String,
}

/// The attack.
#[derive(Clone, Debug, Serialize)]
pub struct Attack {
    /// As on the command line.
    pub name: &'static str,
    /// The call.
    pub operation: &'static str,
    /// What it made of the trail.
    pub effect: &'static str,
}

/// Milliseconds since the attack was accepted, if nothing else is said. `null`
/// is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// What was allowed.
    pub budget_ms: i64,
    /// How long the attacking call took.
    pub attack_call_ms: i64,
    /// Without logging, by the trail's own times (AWS's clock). Only for stops.
    pub gap_ms: Option<i64>,
    /// Whether these times have fractions of a second; without them the gap is
    /// right to a second only.
    pub gap_is_exact: Option<bool>,
    /// Still weakened when asked then. `null`: never seen weakened.
    pub last_seen_weakened_ms: Option<i64>,
    /// Read as before, for good: restored at the latest then.
    pub restored_seen_ms: Option<i64>,
    /// All that was saved read as before.
    pub verified_ms: Option<i64>,
    /// The notice was in the queue.
    pub notice_received_ms: Option<i64>,
}

/// The notice.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeSeen {
    /// What it says.
    #[serde(flatten)]
    pub notice: Notice,
    /// Whether it names the drill's caller; `null` if it names nobody.
    pub names_caller: Option<bool>,
}

/// How it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Between two questions to CloudTrail: how exact what the drill saw is.
    pub poll_interval_ms: i64,
    /// Answers about the trail.
    pub reads: u32,
    /// Questions without one.
    pub failed_reads: u32,
    /// Whether the notice was waited for.
    pub notice_followed: bool,
    /// In words.
    pub notes: Vec<String>,
}

impl Figures {
    /// Those of `course`.
    #[must_use]
    pub fn of(course: &Course, budget_ms: i64) -> Self {
        Self {
            budget_ms,
            attack_call_ms: course.attack_ms,
            gap_ms: course.gap().map(|gap| gap.ms),
            gap_is_exact: course.gap().map(|gap| !gap.is_rough),
            last_seen_weakened_ms: course.weakened_until_ms,
            restored_seen_ms: course.restored.map(|(at, _)| at),
            verified_ms: course.verified_ms,
            notice_received_ms: course.notice.as_ref().map(|(at, _)| *at),
        }
    }
}

impl NoticeSeen {
    /// That of `course`.
    #[must_use]
    pub fn of(course: &Course, caller: &str) -> Option<Self> {
        let (_, notice) = course.notice.as_ref()?;
        Some(Self {
            names_caller: notice.actor.as_ref().map(|actor| actor == caller),
            notice: notice.clone(),
        })
    }
}

/// The gap for people.
#[must_use]
pub fn gap(figures: &Figures) -> Option<String> {
    let gap = figures.gap_ms?;
    Some(match figures.gap_is_exact {
        Some(true) => duration(gap),
        _ if gap == 0 => "under 1 s".to_owned(),
        _ => format!("about {} s", gap / 1_000),
    })
}

/// Who put the trail back.
#[must_use]
pub fn restored_by(course: &Course) -> &'static str {
    match course.restored {
        Some((_, Restorer::Others)) => "others",
        Some((_, Restorer::Drill)) => "drill",
        None => "nobody",
    }
}

/// What a reader has to know about the figures.
#[must_use]
pub fn notes(course: &Course, poll_interval_ms: i64, with_notice: bool) -> Vec<String> {
    let mut notes = vec![
        "The drill sees from outside: the time from the accepted call to a reading that shows the \
         trail as before. AWS's delivery of the event, the responder's work and the drill's own \
         asking are in it."
            .to_owned(),
        format!(
            "CloudTrail was asked every {poll_interval_ms} ms at most, because AWS allows about ten \
             reads a second for the whole account. What the drill saw is late by up to that, and by \
             the answer's own time."
        ),
    ];
    match course.gap() {
        Some(gap) if !gap.is_rough => notes.push(
            "The gap is the difference of the trail's own StopLoggingTime and StartLoggingTime. \
             Moments by AWS's clock are placed by that stop, so no two clocks are compared; they may \
             be early by as long as the attacking call took."
                .to_owned(),
        ),
        rough => {
            if rough.is_some() {
                notes.push(
                    "The trail's own times are in whole seconds: the gap is right to a second only."
                        .to_owned(),
                );
            }
            if course.notice.is_some() {
                notes.push(
                    "Moments by AWS's clock are placed by this machine's time of day, and as exact \
                     as that is."
                        .to_owned(),
                );
            }
        }
    }
    if course.weakened_until_ms.is_none() && course.restored.is_some() {
        notes.push(
            "The trail was never seen weakened: it was put back before the first reading."
                .to_owned(),
        );
    }
    if !with_notice {
        notes.push("No topic was given: whether people were told is not known.".to_owned());
    }
    notes
}

/// The value as a reader sees it: indented JSON.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    let value: Value = serde_json::to_value(report)?;
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}
