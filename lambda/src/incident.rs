//! What is reported: the facts of one incident. Its JSON form is the machine
//! document of the notice, version 1.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    actor::Actor,
    arn::TrailArn,
    asked::{Asked, asked_for},
    baseline::Baseline,
    containment::Report,
    ending::outcome,
    event::Event,
    failure::{CallError, TRAIL_NOT_FOUND},
    group::Repetition,
    investigation::Investigation,
    moment::Moment,
    outcome::{Outcome, Severity},
    reconcile::{Cause, Mode, Reconciliation},
    storm_summary::Storm,
    text::Clean,
    thing::{Named, Thing},
    trail::{Drift, LoggingState, Part},
};

/// What is known about the making of an incident beside event and trail.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Why the trail was looked at.
    pub cause: Cause,
    /// Whether the function heals.
    pub mode: Mode,
    /// Whether the actor is one whose changes are expected.
    pub is_expected: bool,
    /// Whether it is about a stop alone that was undone before the look, by the
    /// trail's own times, and that nobody was told of.
    pub saw_stop: bool,
}

/// One incident: what one event, or one sweep, came to about one trail.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// Id of the CloudTrail record, else of the delivery: one incident has one.
    pub id: Option<Clean>,
    /// How it ended.
    pub outcome: Outcome,
    /// How urgent it is.
    pub severity: Severity,
    /// What led to it: `event`, `sweep`, or `echo`, a call of the function's own that
    /// came back as an event. A sweep's event and actor are those of the likely
    /// call in the event history, if one was found; an echo has none.
    pub source: &'static str,
    /// The trail.
    pub trail: Trail,
    /// What of the trail's evidence chain it is about; `None` if the trail itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing: Option<Named>,
    /// The call.
    pub event: Call,
    /// Who made it.
    pub actor: Actor,
    /// When what happened.
    pub timing: Timing,
    /// What was read back.
    pub verification: Verification,
    /// What differed from the baseline, as first found.
    pub drift: Vec<Drift>,
    /// What was done.
    pub remediation: Remediation,
    /// What went wrong, if anything did.
    pub problem: Option<String>,
    /// The accounts that a finding about the organisation concerns; empty if it is
    /// about a trail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// What the same actor did before within the window; `None` if nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition: Option<Repetition>,
    /// What a summary sums up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// The break-glass entry that it has to do with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<Glass>,
    /// What was done about the actor; `None` if containment has nothing to do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<Report>,
    /// What the event history says; `None` if it was not searched.
    pub investigation: Option<Investigation>,
    /// What the baseline declares of what a stop breaks.
    #[serde(skip)]
    pub declared: Declared,
    /// Tells the event from a forged one with its id.
    #[serde(skip)]
    pub fingerprint: String,
    /// Whether a later try may do better, if anything went wrong.
    #[serde(skip)]
    pub retryable: bool,
    /// What stood in the way, by error codes: the same as long as it is the same.
    #[serde(skip)]
    pub causes: BTreeSet<String>,
}

/// What a stop breaks beside the logging itself; `None` is not declared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared {
    /// Whether there are digest files: log file validation.
    pub digests: Option<bool>,
    /// Whether there are insight selectors.
    pub insights: Option<bool>,
}

impl Declared {
    fn of(baseline: &Baseline) -> Self {
        let insights = baseline.insight_selectors.as_ref();
        Self {
            digests: baseline.settings.enable_log_file_validation,
            insights: insights.map(|all| !all.is_empty()),
        }
    }
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
    /// The fields that it set to something else than declared.
    pub asked_for: Vec<String>,
    /// Whether the record tells what it set; if not, nothing is `asked_for`.
    #[serde(skip)]
    pub is_told: bool,
    /// Whether what it set is guarded; else nobody looked at it.
    pub is_guarded: bool,
}

impl Call {
    /// Whether it is a call of StopLogging.
    #[must_use]
    pub fn is_stop(&self) -> bool {
        self.name.as_ref().map(Clean::as_str) == Some("StopLogging")
    }

    /// Whether it can have set this field to something else than declared, as far as
    /// the record tells.
    pub(crate) fn can_have_set(&self, field: &str) -> bool {
        !self.is_told || self.asked_for.iter().any(|asked| asked == field)
    }
}

/// Break-glass in an incident.
#[derive(Clone, Debug, Serialize)]
pub struct Glass {
    /// Who may change the trail: the entry's pattern.
    pub principal: Clean,
    /// Why.
    pub reason: Clean,
    /// When it ends, or has ended.
    pub expires_at: Moment,
    /// The fields that are left alone until then; none if it has ended.
    pub left_alone: Vec<String>,
}

impl Glass {
    fn of(done: &Reconciliation) -> Option<Self> {
        let entry = done.break_glass.as_ref()?;
        Some(Self {
            principal: Clean::from(entry.principal.as_str()),
            reason: Clean::from(entry.reason.as_str()),
            expires_at: entry.expires_at,
            left_alone: fields(&done.left_alone),
        })
    }
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
    /// When a look showed it as declared.
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
    /// Whether the last look showed the trail as declared; `None` if it could not
    /// be read as a whole.
    pub matches_baseline: Option<bool>,
    /// The fields that were not as declared at the last look.
    pub still_differs: Vec<String>,
    /// Number of looks at the trail.
    pub reads: u32,
}

/// What was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Remediation {
    /// The remediating calls, in order.
    pub calls: Vec<&'static str>,
    /// The calls that would heal, if the function only observes.
    pub would_call: Vec<&'static str>,
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
        incident
    }

    /// A call that was accepted and cannot be undone from here.
    #[must_use]
    pub fn reported(event: &Event, trail: Option<&TrailArn>) -> Self {
        Self::about(event, trail, Outcome::Reported)
    }

    /// What `done` came to for `trail`. `None` if there is nothing to tell: a
    /// look without an event of somebody else's that found nothing.
    #[must_use]
    pub fn reconciled(
        event: &Event,
        trail: &TrailArn,
        done: &Reconciliation,
        about: Circumstances,
    ) -> Option<Self> {
        let event_time = event_time(event);
        let state = done.logging.unwrap_or_default();
        let stop_confirmed = match about.cause {
            Cause::Stop | Cause::Change(Part::Logging) => {
                done.logging.and_then(|state| stop_confirmed(event, &state))
            }
            _ => None,
        };
        let asked = asked_for(&event.record, &done.baseline);
        let outcome = outcome(&asked, done, about, stop_confirmed)?;
        let mut incident = Self::about(event, Some(trail), outcome);
        incident.event.is_told = asked != Asked::Unknown;
        incident.event.is_guarded = asked != Asked::Unguarded;
        if let Asked::Fields(fields) = asked {
            incident.event.asked_for = fields;
        }
        incident.source = match about.cause {
            Cause::Sweep => "sweep",
            Cause::Echo => "echo",
            Cause::Stop | Cause::Change(_) => "event",
        };
        // Nobody is expected to stop or delete a trail, or to leave one wrong.
        let is_change = !matches!(
            event.record.event_name.as_deref(),
            Some(
                "StopLogging"
                    | "DeleteTrail"
                    | "DisableKey"
                    | "ScheduleKeyDeletion"
                    | "DeleteBucket"
            )
        );
        let is_right =
            !outcome.is_failure() && !matches!(outcome, Outcome::WouldRestore | Outcome::LeftAlone);
        if about.is_expected && is_change && is_right {
            incident.severity = Severity::Info;
        }
        let differed = || done.found.iter().chain(&done.left_alone);
        let logging_was_off = differed().any(|drift| drift.part == Part::Logging);
        // What others healed while it was looked at is not part of what is told.
        let settled = about.saw_stop
            || matches!(
                outcome,
                Outcome::AlreadyRestored | Outcome::ConformingChange | Outcome::Unconfirmed
            );
        if !settled {
            incident.drift = differed().cloned().collect();
        }
        if outcome == Outcome::Restored && stop_confirmed == Some(true) && !logging_was_off {
            incident.drift.insert(0, Drift::stopped());
        }
        let is_of_stop = matches!(about.cause, Cause::Stop | Cause::Change(Part::Logging));
        let stop_matters = is_of_stop || logging_was_off || about.saw_stop;
        // A later stop hides when this one began, and so the length of its gap.
        let this_stop = about.cause == Cause::Sweep
            || state
                .stopped_at
                .zip(event_time)
                .is_some_and(|(stop, event)| is_this_stop(stop, event));
        let gap = state
            .stopped_at
            .zip(state.started_at)
            .filter(|_| stop_matters && this_stop && state.is_logging == Some(true))
            .map(|(stop, start)| start.millis_since(stop));
        let verified_at = done.verified_at.filter(|_| done.left_alone.is_empty());
        incident.timing = Timing {
            event_time,
            stopped_at: state.stopped_at.filter(|_| stop_matters),
            started_at: state.started_at.filter(|_| stop_matters),
            verified_at,
            event_to_verified_ms: verified_at
                .zip(event_time)
                .map(|(verified, event)| verified.millis_since(event)),
            gap_ms: gap.filter(|gap| *gap >= 0),
        };
        incident.verification = Verification {
            is_logging: state.is_logging.filter(|_| !done.is_missing),
            stop_confirmed,
            matches_baseline: match (done.verified_at, done.left.is_empty()) {
                _ if done.baseline_problem.is_some() => None,
                (Some(_), _) => Some(done.left_alone.is_empty()),
                (None, false) => Some(false),
                (None, true) => None,
            },
            still_differs: fields(done.left.iter().chain(&done.left_alone)),
            reads: done.reads,
        };
        if about.saw_stop {
            return Some(incident);
        }
        incident.remediation = Remediation {
            calls: done.calls.clone(),
            would_call: done.would_call.clone(),
            start_logging_accepted_at: done.start_accepted_at,
        };
        incident.break_glass = Glass::of(done);
        incident.declared = Declared::of(&done.baseline);
        incident.note_trouble(done);
        Some(incident)
    }

    /// The same as an incident of `thing`, which belongs to the trail. What is left to
    /// people is as urgent as what could not be restored; and so is whatever was done to a
    /// part of the responder, which belongs to no trail.
    #[must_use]
    pub fn of(mut self, thing: &Thing) -> Self {
        self.thing = Some(Named::from(thing));
        let is_part = thing.kind.is_part();
        if is_part {
            self.trail.arn = None;
            self.trail.name = None;
        }
        // Terraform never makes one other than it declared before: nobody is expected to.
        let was_other = matches!(
            self.outcome,
            Outcome::Restored | Outcome::AlreadyRestored | Outcome::WouldRestore
        );
        // What a record does not tell may be something that is not compared.
        let may_be_other =
            self.outcome == Outcome::Unconfirmed && self.severity == Severity::Medium;
        let is_tampered = is_part && (was_other || may_be_other || self.severity == Severity::High);
        if self.outcome == Outcome::Reported || is_tampered {
            self.severity = Severity::Critical;
        }
        self
    }

    /// What it is about, in a word or two.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.thing
            .as_ref()
            .map_or("trail", |thing| thing.kind.what())
    }

    /// How what it is about is called in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.thing {
            Some(thing) => format!("{} {}", self.what(), thing.name),
            None => self.trail.title(),
        }
    }

    /// Notes what stood in the way, and whether a later try may do better.
    fn note_trouble(&mut self, done: &Reconciliation) {
        self.problem = problem(done, self.outcome);
        let errors = done.refused.iter().chain(&done.unread);
        self.causes = errors.map(CallError::cause).collect();
        let unusable = done.baseline_problem.as_ref();
        self.causes
            .extend(unusable.map(|problem| problem.cause.clone()));
        let missing = |error: &&CallError| !error.is_missing();
        let baseline = done.baseline_problem.as_ref();
        self.retryable = baseline.is_none_or(|problem| problem.is_retryable)
            && !is_lost(done)
            && done.refused.iter().all(CallError::is_retryable)
            // That the trail is missing is what the calls are to heal.
            && done.unread.iter().filter(missing).all(CallError::is_retryable);
    }

    /// What a sweep found about `accounts`, and why.
    #[must_use]
    pub fn of_accounts(
        outcome: Outcome,
        mut accounts: Vec<String>,
        problem: String,
        retryable: bool,
    ) -> Self {
        let mut incident = Self::about(&Event::default(), None, outcome);
        accounts.sort_unstable();
        if let [only] = &accounts[..] {
            incident.trail.account = Clean::visible(only);
        }
        incident.source = "sweep";
        incident.accounts = accounts;
        incident.problem = Some(problem);
        incident.retryable = retryable;
        incident
    }

    /// The sum of an actor's incidents.
    #[must_use]
    pub fn of_storm(storm: Storm) -> Self {
        let mut incident = Self::about(&Event::default(), None, Outcome::StormSummary);
        incident.source = "sweep";
        incident.storm = Some(storm);
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
            thing: None,
            source: "event",
            trail: trail.map_or_else(
                || Trail {
                    arn: None,
                    name: None,
                    account: clean(&event.account),
                    region: clean(&event.region),
                },
                Trail::of,
            ),
            event: Call {
                id,
                name: clean(&record.event_name),
                request_id: clean(&record.request_id),
                error_code: clean(&record.error_code),
                error_message: clean(&record.error_message),
                asked_for: Vec::new(),
                is_told: false,
                is_guarded: true,
            },
            actor: Actor::of(record),
            timing: Timing {
                event_time: event_time(event),
                ..Timing::default()
            },
            verification: Verification::default(),
            drift: Vec::new(),
            remediation: Remediation::default(),
            problem: None,
            accounts: Vec::new(),
            repetition: None,
            storm: None,
            break_glass: None,
            containment: None,
            investigation: None,
            declared: Declared::default(),
            fingerprint: event.fingerprint(),
            retryable: false,
            causes: BTreeSet::new(),
        }
    }

    /// The same, with what stood in the way.
    #[must_use]
    pub fn caused_by(mut self, causes: impl IntoIterator<Item = String>) -> Self {
        self.causes.extend(causes);
        self
    }

    /// Whether the invocation is to fail, so that it is tried again and the alarm is
    /// on (law 4). Accounts that cannot be reached until somebody mends them do not:
    /// they have an alarm of their own, and must not hide what else fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.outcome.is_failure() && (self.outcome != Outcome::Unreachable || self.retryable)
    }

    /// Whether break-glass leaves something of the trail alone.
    #[must_use]
    pub fn is_left_in_part(&self) -> bool {
        let mut glass = self.break_glass.iter();
        glass.any(|glass| !glass.left_alone.is_empty())
    }

    /// Adds to what went wrong.
    pub(crate) fn add_problem(&mut self, problem: Option<String>) {
        let both: Vec<String> = self.problem.take().into_iter().chain(problem).collect();
        self.problem = (!both.is_empty()).then(|| both.join("; "));
    }

    /// Whether the trail was found not to exist.
    #[must_use]
    pub fn was_deleted(&self) -> bool {
        self.drift.iter().any(|drift| drift.part == Part::Existence)
    }

    /// Whether the trail does not exist.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.verification
            .still_differs
            .iter()
            .any(|f| f == "exists")
    }

    /// Whether the trail's last stop is the one that the event tells of.
    pub(crate) fn is_the_last_stop(&self) -> bool {
        let times = self.timing.stopped_at.zip(self.timing.event_time);
        self.event.is_stop() && times.is_some_and(|(stop, event)| is_this_stop(stop, event))
    }

    /// Whether no call is known to be behind it.
    #[must_use]
    pub fn is_unexplained(&self) -> bool {
        self.source != "event" && self.event.name.is_none() && self.storm.is_none()
    }
}

impl Trail {
    /// The trail with this ARN.
    #[must_use]
    pub fn of(arn: &TrailArn) -> Self {
        Self {
            arn: Some(Clean::from(arn.as_str())),
            name: Some(Clean::from(arn.name())),
            account: Clean::visible(arn.account()),
            region: Clean::visible(arn.region()),
        }
    }

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

/// From when to when a call was made that can be behind a stop at `stopped_at`, or behind
/// one before that it hides.
pub(crate) fn calls_behind_stop(stopped_at: Moment) -> Option<(Moment, Moment)> {
    calls_since(SUCCESSION_MS, stopped_at)
}

/// From when to when a call was made that can be the stop at `stopped_at` itself.
pub(crate) fn calls_of_stop(stopped_at: Moment) -> Option<(Moment, Moment)> {
    calls_since(CLOCK_SKEW_MS, stopped_at)
}

fn calls_since(before_ms: i64, stopped_at: Moment) -> Option<(Moment, Moment)> {
    let at = stopped_at.epoch_millis();
    // The time of a call is cut to the second.
    let since = Moment::from_epoch_millis(at.checked_sub(before_ms + 1_000)?)?;
    let until = Moment::from_epoch_millis(at.checked_add(CLOCK_SKEW_MS)?)?;
    Some((since, until))
}

/// Whether a later stop does not hide the one of the event.
fn is_this_stop(stopped_at: Moment, event_time: Moment) -> bool {
    stopped_at.millis_since(event_time).abs() <= CLOCK_SKEW_MS
}

fn event_time(event: &Event) -> Option<Moment> {
    event
        .record
        .event_time
        .as_deref()
        .and_then(Moment::parse)
        .or_else(|| event.time.as_deref().and_then(Moment::parse))
}

/// Whether the trail is gone and cannot be made again from here.
fn is_lost(done: &Reconciliation) -> bool {
    done.is_missing
        && done.baseline.thing.is_none()
        && done.baseline.settings.s3_bucket_name.is_none()
}

fn fields<'a>(drift: impl IntoIterator<Item = &'a Drift>) -> Vec<String> {
    drift.into_iter().map(|drift| drift.field.clone()).collect()
}

fn problem(done: &Reconciliation, outcome: Outcome) -> Option<String> {
    let mut problems: Vec<String> = Vec::new();
    problems.extend(
        done.baseline_problem
            .iter()
            .map(|problem| problem.text.clone()),
    );
    let errors = done.refused.iter().chain(&done.unread);
    problems.extend(errors.map(CallError::to_string));
    if problems.is_empty() && outcome.is_failure() {
        problems.push(match done.reads {
            0 => "the time ran out before the trail could be read".to_owned(),
            1 => "one look did not show the trail as declared".to_owned(),
            reads => format!("{reads} looks did not show the trail as declared"),
        });
    }
    if is_lost(done) {
        problems
            .push("the baseline declares no bucket, so the trail cannot be made again".to_owned());
    }
    (!problems.is_empty()).then(|| problems.join("; "))
}
