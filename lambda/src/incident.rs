//! What is reported: the facts of one incident. Its JSON form is the machine
//! document of the notice, version 1.

use serde::{Serialize, Serializer};

use crate::{
    actor::Actor,
    arn::TrailArn,
    event::Event,
    failure::{CallError, TRAIL_NOT_FOUND},
    moment::Moment,
    text::Clean,
    trail::{Healing, LoggingState},
};

/// How the incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The trail was stopped, was started by us, and was read back as logging.
    Restored,
    /// The trail was stopped, and was started again before this answer: by
    /// somebody else, or by an earlier try of ours whose notice failed.
    AlreadyLogging,
    /// The trail logs, and its own times do not confirm the stop.
    Unconfirmed,
    /// A read shows that the trail does not log.
    NotRestored,
    /// No read tells whether the trail logs.
    Unverified,
    /// The call failed.
    AttemptDenied,
}

/// How urgent the incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One incident: one event about one trail.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// Id of the CloudTrail record, else of the delivery: one incident has one.
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

/// How far before the event the trail's stop may seem to lie, in milliseconds:
/// the two times come from different clocks.
const CLOCK_SKEW_MS: i64 = 5_000;

/// How far behind the event the trail's latest stop may lie and still confirm
/// it, in milliseconds: of stops in quick succession only the last one shows.
/// Anything later says nothing about the event.
const SUCCESSION_MS: i64 = 60_000;

/// How far before our first call the trail's start may seem to lie and still be
/// ours, in milliseconds: start times may be cut to the second.
const START_RESOLUTION_MS: i64 = 1_000;

impl Incident {
    /// A failed attempt on `trail`.
    #[must_use]
    pub fn denied(event: &Event, trail: Option<&TrailArn>) -> Self {
        let mut incident = Self::about(event, trail, Outcome::AttemptDenied);
        let code = event.record.error_code.as_deref();
        if trail.is_some() && code == Some(TRAIL_NOT_FOUND) {
            incident.severity = Severity::High;
            incident.problem =
                Some("CloudTrail says that this protected trail does not exist".to_owned());
        }
        incident.summary = incident.sentence();
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
        let outcome = outcome(healing, stop_confirmed);

        let mut incident = Self::about(event, Some(trail), outcome);
        // A later stop hides when this one began, and so the length of its gap.
        let this_stop = stopped_at
            .zip(event_time)
            .is_some_and(|(stop, event)| stop.millis_since(event).abs() <= CLOCK_SKEW_MS);
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
            gap_ms: gap.filter(|gap| *gap >= 0 && healing.verified_at.is_some() && this_stop),
        };
        incident.verification = Verification {
            is_logging,
            stop_confirmed,
            reads: healing.reads,
        };
        incident.remediation = Remediation {
            calls: std::iter::repeat_n("cloudtrail:StartLogging", healing.starts).collect(),
            start_logging_accepted_at: healing.accepted_at,
        };
        incident.problem = problem(healing);
        incident.retryable = errors(healing).all(CallError::is_retryable);
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

    /// The actor's name is the caller's choice, hence the quotes.
    fn sentence(&self) -> String {
        let trail = self.trail.title();
        let actor = self.actor.quoted();
        let stopped = if self.verification.stop_confirmed == Some(true) {
            format!("{actor} stopped {trail}")
        } else {
            format!("An event says that {actor} stopped {trail}")
        };
        match self.outcome {
            Outcome::Restored => format!("{stopped}. It is logging again."),
            Outcome::AlreadyLogging => {
                format!("{stopped}. It was logging again when this event was answered.")
            }
            Outcome::Unconfirmed => format!(
                "{stopped}. The trail is logging, and its own times do not confirm that stop."
            ),
            Outcome::NotRestored => format!("{stopped}. It is STILL NOT LOGGING."),
            Outcome::Unverified => {
                format!("{stopped}. Nothing proves that it is logging again.")
            }
            Outcome::AttemptDenied => {
                format!("{actor} tried to stop {trail}. The call failed.")
            }
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

/// Whether the trail's own stop time fits the event. `None` if that cannot be
/// told: the event has no time, or a much later stop hides it.
#[must_use]
pub fn stop_confirmed(event: &Event, state: &LoggingState) -> Option<bool> {
    let event_time = event_time(event)?;
    let Some(stop) = state.stopped_at else {
        return Some(false);
    };
    let behind = stop.millis_since(event_time);
    if behind < -CLOCK_SKEW_MS {
        Some(false)
    } else {
        (behind <= SUCCESSION_MS).then_some(true)
    }
}

fn event_time(event: &Event) -> Option<Moment> {
    event
        .record
        .event_time
        .as_deref()
        .and_then(Moment::parse)
        .or_else(|| event.time.as_deref().and_then(Moment::parse))
}

fn outcome(healing: &Healing, stop_confirmed: Option<bool>) -> Outcome {
    let state = healing.state.as_ref();
    let started_at = state.and_then(|state| state.started_at);
    let stopped_at = state.and_then(|state| state.stopped_at);
    if healing.verified_at.is_none() {
        let is_off = state.and_then(|state| state.is_logging) == Some(false);
        return if is_off || errors(healing).any(CallError::is_trail_missing) {
            Outcome::NotRestored
        } else {
            Outcome::Unverified
        };
    }
    if healing.accepted_at.is_none() {
        // Nothing of ours started it, and a read that is older than the stop
        // looks the same: the trail must show this stop and a start after it.
        let shows_start = started_at
            .zip(stopped_at)
            .is_some_and(|(start, stop)| start >= stop);
        return if stop_confirmed == Some(true) && shows_start {
            Outcome::AlreadyLogging
        } else {
            Outcome::Unverified
        };
    }
    if stop_confirmed != Some(true) {
        Outcome::Unconfirmed
    } else if was_started_before(healing, started_at, stopped_at) {
        Outcome::AlreadyLogging
    } else {
        Outcome::Restored
    }
}

fn errors(healing: &Healing) -> impl Iterator<Item = &CallError> {
    [&healing.start_error, &healing.read_error]
        .into_iter()
        .flatten()
}

/// Whether the trail was started again after its stop and before our first call.
fn was_started_before(
    healing: &Healing,
    started_at: Option<Moment>,
    stopped_at: Option<Moment>,
) -> bool {
    started_at.zip(stopped_at).is_some_and(|(start, stop)| {
        start >= stop && healing.begun_at.millis_since(start) > START_RESOLUTION_MS
    })
}

fn problem(healing: &Healing) -> Option<String> {
    let errors: Vec<String> = errors(healing).map(CallError::to_string).collect();
    if !errors.is_empty() {
        return Some(errors.join("; "));
    }
    if healing.verified_at.is_some() {
        return None;
    }
    Some(match healing.reads {
        0 => "the time ran out before the trail could be read".to_owned(),
        reads => {
            format!("StartLogging was accepted, and {reads} reads did not show the trail logging")
        }
    })
}
