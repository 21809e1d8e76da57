//! What is reported: the facts of one incident. Its JSON form is the machine
//! document of the notice, version 1.

use serde::Serialize;

use crate::{
    actor::Actor,
    arn::TrailArn,
    event::Event,
    failure::CallError,
    moment::Moment,
    text::Clean,
    trail::{Healing, LoggingState},
};

/// How the incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The trail was stopped, was started by us, and was read back as logging.
    Restored,
    /// The trail was stopped, and was started again before this answer: by
    /// somebody else, or by an earlier try of ours whose notice failed.
    AlreadyLogging,
    /// The trail logs, but its own times know of no such stop.
    Unconfirmed,
    /// A read shows that the trail does not log.
    NotRestored,
    /// No read tells whether the trail logs.
    Unverified,
    /// The call was refused; nothing happened.
    AttemptDenied,
}

/// How urgent the incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Logging is off or not known to be on.
    Critical,
    /// Logging was off and is on again.
    High,
    /// An attempt, or an event that cannot be confirmed.
    Medium,
}

impl Outcome {
    /// Stable name, as in the JSON document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::AlreadyLogging => "already_logging",
            Self::Unconfirmed => "unconfirmed",
            Self::NotRestored => "not_restored",
            Self::Unverified => "unverified",
            Self::AttemptDenied => "attempt_denied",
        }
    }

    /// The severity that goes with it.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::NotRestored | Self::Unverified => Severity::Critical,
            Self::Restored | Self::AlreadyLogging => Severity::High,
            Self::Unconfirmed | Self::AttemptDenied => Severity::Medium,
        }
    }

    /// Whether a protected trail is left without proof that it logs.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self.severity() == Severity::Critical
    }
}

impl Severity {
    /// Stable name, as in the JSON document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
        }
    }
}

/// One incident: one event about one trail.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// Id of the CloudTrail record, else of the delivery.
    pub id: Option<Clean>,
    /// How it ended.
    pub outcome: Outcome,
    /// How urgent it is.
    pub severity: Severity,
    /// One sentence for people.
    pub summary: String,
    /// The trail.
    pub trail: Trail,
    /// The call.
    pub event: Call,
    /// Who made it.
    pub actor: Actor,
    /// When what happened.
    pub timing: Timing,
    /// What was read back.
    pub verification: Verification,
    /// What was done.
    pub remediation: Remediation,
    /// What went wrong, if anything did.
    pub problem: Option<String>,
    /// Whether a later try may do better, if anything went wrong.
    #[serde(skip)]
    pub retryable: bool,
}

/// The trail of an incident; `None` where the record does not tell which.
#[derive(Clone, Debug, Serialize)]
pub struct Trail {
    /// Its ARN.
    pub arn: Option<Clean>,
    /// Its name.
    pub name: Option<Clean>,
    /// Its account, else the account of the event.
    pub account: Option<Clean>,
    /// Its home region, else the region of the event.
    pub region: Option<Clean>,
}

/// The call behind an incident.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// `eventID` of the record.
    pub id: Option<Clean>,
    /// `eventName`.
    pub name: Option<Clean>,
    /// `eventTime`, in whole seconds.
    pub time: Option<Moment>,
    /// `requestID`.
    pub request_id: Option<Clean>,
    /// `errorCode` of a refused call.
    pub error_code: Option<Clean>,
    /// `errorMessage` of a refused call.
    pub error_message: Option<Clean>,
}

/// The course of an incident. `None` is unknown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Timing {
    /// When the call was made, in whole seconds.
    pub event_time: Option<Moment>,
    /// When the trail stopped, by the trail's own time.
    pub stopped_at: Option<Moment>,
    /// When the trail started again, by the trail's own time.
    pub started_at: Option<Moment>,
    /// When a read first showed it logging.
    pub verified_at: Option<Moment>,
    /// From `event_time` to `verified_at`, in milliseconds; up to a second too
    /// long, because `event_time` is cut to the second.
    pub event_to_verified_ms: Option<i64>,
    /// From `stopped_at` to `started_at`, in milliseconds: the time without logging.
    pub gap_ms: Option<i64>,
}

/// The read-back.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verification {
    /// What the last read showed; `None` if there was none.
    pub is_logging: Option<bool>,
    /// Whether the trail's own stop time fits the event; `None` if not known.
    pub stop_confirmed: Option<bool>,
    /// Number of reads.
    pub reads: u32,
}

/// What was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Remediation {
    /// The remediating calls, in order.
    pub calls: Vec<&'static str>,
    /// When the first StartLogging was accepted.
    pub start_logging_accepted_at: Option<Moment>,
}

/// How much earlier than the event the trail's stop may seem to be, in
/// milliseconds: the two times come from different clocks.
const CLOCK_SKEW_MS: i64 = 5_000;

impl Incident {
    /// A refused attempt on `trail`.
    #[must_use]
    pub fn denied(event: &Event, trail: Option<&TrailArn>) -> Self {
        let mut incident = Self::about(event, trail, Outcome::AttemptDenied);
        incident.summary = format!(
            "{} tried to stop {} and was refused; nothing was changed.",
            incident.actor.best(),
            incident.trail.title(),
        );
        incident
    }

    /// A stop of `trail` that was answered by `healing`.
    #[must_use]
    pub fn answered(event: &Event, trail: &TrailArn, healing: &Healing) -> Self {
        let event_time = event_time(event);
        let state = healing.state;
        let is_logging = state.and_then(|state| state.is_logging);
        let stopped_at = state.and_then(|state| state.stopped_at);
        let started_at = state.and_then(|state| state.started_at);
        let stop_confirmed = state.and_then(|state| stop_confirmed(event, &state));
        let verified = healing.verified_at.is_some();
        let outcome = match is_logging {
            Some(true) if verified && stop_confirmed == Some(false) => Outcome::Unconfirmed,
            Some(true) if verified && started_before(started_at, healing) => {
                Outcome::AlreadyLogging
            }
            Some(true) if verified => Outcome::Restored,
            Some(false) => Outcome::NotRestored,
            _ => Outcome::Unverified,
        };

        let mut incident = Self::about(event, Some(trail), outcome);
        let gap = stopped_at
            .zip(started_at)
            .map(|(stop, start)| start.millis_since(stop));
        incident.timing = Timing {
            event_time,
            stopped_at,
            started_at,
            verified_at: healing.verified_at,
            event_to_verified_ms: healing
                .verified_at
                .zip(event_time)
                .map(|(verified, event)| verified.millis_since(event)),
            gap_ms: gap.filter(|gap| *gap >= 0 && verified && stop_confirmed == Some(true)),
        };
        incident.verification = Verification {
            is_logging,
            stop_confirmed,
            reads: healing.reads,
        };
        incident.remediation = Remediation {
            calls: vec!["cloudtrail:StartLogging"; healing.starts.try_into().unwrap_or(usize::MAX)],
            start_logging_accepted_at: healing.accepted_at,
        };
        incident.problem = problem(healing);
        incident.retryable = [&healing.start_error, &healing.read_error]
            .into_iter()
            .flatten()
            .all(CallError::is_retryable);
        incident.summary = incident.sentence();
        incident
    }

    fn about(event: &Event, trail: Option<&TrailArn>, outcome: Outcome) -> Self {
        let record = &event.record;
        let clean = |text: &Option<String>| text.as_deref().and_then(Clean::visible);
        let id = clean(&record.event_id);
        Self {
            id: id.clone().or_else(|| clean(&event.id)),
            outcome,
            severity: outcome.severity(),
            summary: String::new(),
            trail: Trail {
                arn: trail.map(|trail| Clean::from(trail.as_str())),
                name: trail.map(|trail| Clean::from(trail.name())),
                account: trail
                    .map_or_else(|| clean(&event.account), |t| Clean::visible(t.account())),
                region: trail.map_or_else(|| clean(&event.region), |t| Clean::visible(t.region())),
            },
            event: Call {
                id,
                name: clean(&record.event_name),
                time: event_time(event),
                request_id: clean(&record.request_id),
                error_code: clean(&record.error_code),
                error_message: clean(&record.error_message),
            },
            actor: Actor::of(record),
            timing: Timing {
                event_time: event_time(event),
                ..Timing::default()
            },
            verification: Verification::default(),
            remediation: Remediation::default(),
            problem: None,
            retryable: false,
        }
    }

    fn sentence(&self) -> String {
        let trail = self.trail.title();
        let actor = self.actor.best();
        match self.outcome {
            Outcome::Restored => format!("{actor} stopped {trail}; it is logging again."),
            Outcome::AlreadyLogging => format!(
                "{actor} stopped {trail}; it was logging again when this event was answered."
            ),
            Outcome::Unconfirmed => format!(
                "An event says that {actor} stopped {trail}; the trail is logging, and its own times know of no such stop."
            ),
            Outcome::NotRestored => {
                format!("{actor} stopped {trail}, and it is STILL NOT LOGGING.")
            }
            Outcome::Unverified => {
                format!("{actor} stopped {trail}, and nothing proves that it is logging again.")
            }
            Outcome::AttemptDenied => format!("{actor} tried to stop {trail} and was refused."),
        }
    }
}

impl Trail {
    /// How the trail is called in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(
            || "a trail (the record does not say which)".to_owned(),
            |name| format!("trail {name}"),
        )
    }
}

/// Whether the trail's own stop time fits the event: not before it. `None` if
/// the event has no time.
#[must_use]
pub fn stop_confirmed(event: &Event, state: &LoggingState) -> Option<bool> {
    let event_time = event_time(event)?;
    let stop = state.stopped_at;
    Some(stop.is_some_and(|stop| stop.millis_since(event_time) >= -CLOCK_SKEW_MS))
}

fn event_time(event: &Event) -> Option<Moment> {
    event
        .record
        .event_time
        .as_deref()
        .and_then(Moment::parse)
        .or_else(|| event.time.as_deref().and_then(Moment::parse))
}

/// Whether the trail's latest start came before our first call. A start time
/// without a fraction may lie up to a second before the start itself.
fn started_before(started_at: Option<Moment>, healing: &Healing) -> bool {
    started_at.is_some_and(|start| {
        let resolution = if start.is_whole_second() { 1_000 } else { 100 };
        healing.begun_at.millis_since(start) > resolution
    })
}

fn problem(healing: &Healing) -> Option<String> {
    let errors: Vec<String> = [&healing.start_error, &healing.read_error]
        .into_iter()
        .flatten()
        .map(CallError::to_string)
        .collect();
    if !errors.is_empty() {
        return Some(errors.join("; "));
    }
    if healing.verified_at.is_some() {
        return None;
    }
    Some(format!(
        "StartLogging was accepted, yet {} reads did not show the trail logging",
        healing.reads
    ))
}
