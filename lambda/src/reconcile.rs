//! The one function that heals: observe, compare with the baseline, heal the
//! difference, read back. Event, sweep and replay all run it (law 2); an event
//! only adds that logging is started before anything else (law 1).

use std::{future::Future, time::Duration};

use crate::{
    arn::TrailArn,
    baseline::{Baseline, Guards},
    break_glass::Exemption,
    budget::Budget,
    failure::CallError,
    moment::Moment,
    trail::{Drift, LoggingState, Observation, Part, Remedy, calls_to_the_end, drift, remedies},
};

/// What the reconciliation needs of AWS: CloudTrail of a trail, and the services of the
/// other things under guard.
pub trait TrailApi {
    /// What is looked after if the baseline cannot be used.
    fn least(&self, trail: &TrailArn) -> Baseline {
        Baseline::of_logging(trail)
    }

    /// Reads the logging state of `trail` and what `guards` names.
    fn observe(
        &self,
        trail: &TrailArn,
        guards: Guards,
        budget: Budget,
    ) -> impl Future<Output = Observation>;

    /// Makes the call that heals, in the trail's home region.
    fn heal(
        &self,
        trail: &TrailArn,
        remedy: &Remedy,
        budget: Budget,
    ) -> impl Future<Output = Result<(), CallError>>;
}

/// What led to the look at a trail, as far as the reconciliation has to know.
pub trait Occasion {
    /// Whether a look that finds the trail as declared can be the truth beside what
    /// the event tells: one that can not may be older than the call, and is repeated
    /// before it is believed.
    fn shows(&self, baseline: &Baseline, observed: &Observation) -> bool;

    /// Which of the fields that differ are left alone. Asked at each look that finds
    /// a difference: the answer may change while the trail is looked at.
    fn leaves(
        &self,
        baseline: &Baseline,
        differs: &[Drift],
        observed: &Observation,
    ) -> impl Future<Output = LeftAlone>;
}

/// What is left alone of what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftAlone {
    /// The fields.
    pub fields: Vec<String>,
    /// Whether they are what the call of the event did.
    pub is_exempt: bool,
}

/// Whether the function heals or only says what it would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It heals.
    Enforce,
    /// It changes nothing.
    Observe,
}

/// Why a baseline cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineProblem {
    /// For people.
    pub text: String,
    /// The same as long as the reason is the same.
    pub cause: String,
    /// Whether it may pass by itself.
    pub is_retryable: bool,
}

/// What makes an invocation look at a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An event says that logging was stopped: start first, read later.
    Stop,
    /// An event says that this part was changed by a call. Logging, if the stop is one
    /// that is left alone.
    Change(Part),
    /// The time has come.
    Sweep,
    /// A call of the function's own came back as an event.
    Echo,
}

/// What was found and done about a trail.
#[derive(Debug)]
pub struct Reconciliation {
    /// When it began.
    pub begun_at: Moment,
    /// What differed, as first found.
    pub found: Vec<Drift>,
    /// What differed at the last look and is not left alone.
    pub left: Vec<Drift>,
    /// What was left alone at the last look, for break-glass.
    pub left_alone: Vec<Drift>,
    /// Whether that is what the call of the event did.
    pub is_exempt: bool,
    /// The entry under which that is left alone; if nothing is, the one that has ended
    /// under which it was.
    pub break_glass: Option<Exemption>,
    /// The calls that were made to heal, in order; each may hold a few tries.
    pub calls: Vec<&'static str>,
    /// The calls that would heal `found`, in [`Mode::Observe`].
    pub would_call: Vec<&'static str>,
    /// When a StartLogging was first accepted.
    pub start_accepted_at: Option<Moment>,
    /// Number of looks at the trail.
    pub reads: u32,
    /// The logging state last read.
    pub logging: Option<LoggingState>,
    /// When a look first showed the trail as declared, but for what is left alone,
    /// without any later one that does not; `None` if none did.
    pub verified_at: Option<Moment>,
    /// The healing calls of the last round that failed, unless made good since.
    pub refused: Vec<CallError>,
    /// What could not be read at the last look.
    pub unread: Vec<CallError>,
    /// What the trail was compared with.
    pub baseline: Baseline,
    /// Why the declared baseline could not be used. Then only logging was looked after,
    /// or what else there is no way without.
    pub baseline_problem: Option<BaselineProblem>,
    /// Whether the trail could not be found at the last look.
    pub is_missing: bool,
}

/// Waits between two looks at a trail that may not show yet what was done to it.
/// CloudTrail is eventually consistent: the first look comes at once, the later
/// ones leave it time.
const WAITS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(150),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// So many looks, a second and a half, are given to a call until it shows: then
/// a difference that it should have healed is healed again.
const LOOKS_PER_CALL: usize = 4;
/// The same for a part of the responder: the services that they belong to take far more
/// calls a second than CloudTrail, and a sweep looks again.
const LOOKS_PER_CALL_OF_PART: usize = 2;

/// Looks, a second apart, at a trail that somebody may be about to make as declared.
const SETTLING_LOOKS: u32 = 6;
const SETTLING: Duration = Duration::from_secs(1);

/// The least time for a look.
const LEAST_LOOK: Duration = Duration::from_millis(300);

/// Rounds in which every call was refused for good, until it is left at that.
const FRUITLESS_ROUNDS: u32 = 2;

/// Rounds in which accepted calls did not change what they should, each seen for a
/// second and a half, until it is left at that.
const INEFFECTIVE_ROUNDS: u32 = 4;

/// CloudTrail takes about one change per second: between two rounds that were
/// throttled or disturbed, plus up to as much again by chance, so that several
/// functions do not keep in step.
const PACE: Duration = Duration::from_millis(700);

/// Makes `trail` what `baseline` says, but for what `occasion` leaves alone, and reads
/// it back, until `budget` is spent.
pub async fn reconcile(
    api: &impl TrailApi,
    trail: &TrailArn,
    baseline: impl Future<Output = Result<Baseline, BaselineProblem>>,
    cause: Cause,
    mode: Mode,
    occasion: &impl Occasion,
    budget: Budget,
) -> Reconciliation {
    let mut run = Run {
        api,
        trail,
        budget,
        healed: Vec::new(),
        done: Reconciliation::begun(api.least(trail)),
    };
    if cause == Cause::Stop && mode == Mode::Enforce {
        run.heal(&Remedy::Start).await;
        if run.done.start_accepted_at.is_some() {
            run.healed.push(Drift::stopped());
        }
    }
    match baseline.await {
        Ok(baseline) => run.done.baseline = baseline,
        Err(problem) => run.done.baseline_problem = Some(problem),
    }
    let baseline = run.done.baseline.clone();
    run.converge(&baseline, cause, mode, occasion).await;
    run.done
}

/// A trail that does not log is given two seconds, whoever is at work.
fn settling_looks(differs: &[Drift]) -> u32 {
    let is_off = differs.iter().any(|drift| drift.part == Part::Logging);
    if is_off { 2 } else { SETTLING_LOOKS }
}

impl Reconciliation {
    /// When a look first showed the trail as declared, and nothing of it left alone.
    #[must_use]
    pub fn as_declared_at(&self) -> Option<Moment> {
        let is_whole = self.left_alone.is_empty() && self.baseline_problem.is_none();
        self.verified_at.filter(|_| is_whole)
    }

    /// Nothing was done or seen: the account of `trail` could not be reached.
    #[must_use]
    pub fn unreached(trail: &TrailArn, error: CallError) -> Self {
        let mut done = Self::begun(Baseline::of_logging(trail));
        done.unread.push(error);
        done
    }

    fn begun(baseline: Baseline) -> Self {
        Self {
            begun_at: Moment::now(),
            found: Vec::new(),
            left: Vec::new(),
            left_alone: Vec::new(),
            is_exempt: false,
            break_glass: None,
            calls: Vec::new(),
            would_call: Vec::new(),
            start_accepted_at: None,
            reads: 0,
            logging: None,
            verified_at: None,
            refused: Vec::new(),
            unread: Vec::new(),
            baseline,
            baseline_problem: None,
            is_missing: false,
        }
    }
}

struct Run<'a, A> {
    api: &'a A,
    trail: &'a TrailArn,
    budget: Budget,
    /// The differences that an accepted call should have healed.
    healed: Vec<Drift>,
    done: Reconciliation,
}

impl<A: TrailApi> Run<'_, A> {
    async fn converge(
        &mut self,
        baseline: &Baseline,
        cause: Cause,
        mode: Mode,
        occasion: &impl Occasion,
    ) {
        let mut looks = 0;
        let mut settling = 0;
        let mut fruitless = 0;
        let mut ineffective = 0;
        loop {
            let wait = WAITS.get(looks).copied().unwrap_or_default();
            if !wait.is_zero() && !self.budget.sleep(wait).await {
                return;
            }
            // A look that is cut off would hide what the one before it showed.
            let least = if self.done.reads == 0 {
                Duration::ZERO
            } else {
                LEAST_LOOK
            };
            if self.budget.left() <= least {
                return;
            }
            looks += 1;
            let observed = self
                .api
                .observe(self.trail, baseline.guards(), self.budget)
                .await;
            let mut differs = drift(baseline, &observed);
            let left_alone = if differs.is_empty() {
                LeftAlone::default()
            } else {
                occasion.leaves(baseline, &differs, &observed).await
            };
            let is_left = |drift: &Drift| left_alone.fields.contains(&drift.field);
            self.done.left_alone = differs.extract_if(.., |drift| is_left(drift)).collect();
            self.done.is_exempt = left_alone.is_exempt;
            // It may have been found before it was known to be left alone.
            self.done.found.retain(|drift| !is_left(drift));
            self.note(&differs, &observed);
            let is_last_look = looks >= WAITS.len();

            if self.done.verified_at.is_some() {
                if looks >= self.looks_until_believed(cause, occasion.shows(baseline, &observed)) {
                    return;
                }
            } else if differs.is_empty() {
                // Something could not be read: nothing is known to differ, and nothing proven.
                if self.start_is_due(cause, mode) {
                    if !self.pause().await {
                        return;
                    }
                    self.done.refused.clear();
                    self.heal(&Remedy::Start).await;
                } else if !observed.unread.iter().any(CallError::is_retryable) {
                    return;
                } else if is_last_look {
                    looks = 1;
                }
            } else if mode == Mode::Observe {
                self.done.would_call = calls_to_the_end(&differs, baseline, &observed);
                return;
            } else if settling < settling_looks(&differs)
                && self.is_work_in_progress(cause, &differs)
            {
                settling += 1;
                looks = 0;
                if !self.budget.sleep(SETTLING).await {
                    return;
                }
            } else {
                let is_stale = |drift: &Drift| {
                    looks <= LOOKS_PER_CALL && self.healed.iter().any(|h| h.is_same(drift))
                };
                let due: Vec<Drift> = differs.into_iter().filter(|d| !is_stale(d)).collect();
                if due.is_empty() {
                    continue;
                }
                looks = 0;
                // Accepted calls that change nothing would go on for ever, and each
                // wakes the function again.
                let is_known = |due: &Drift| self.healed.iter().any(|old| old.is_same(due));
                ineffective += u32::from(due.iter().all(is_known));
                if ineffective >= INEFFECTIVE_ROUNDS {
                    return;
                }
                if self.heal_all(due, baseline, &observed).await {
                    fruitless = 0;
                    continue;
                }
                let for_good = !self.done.refused.iter().any(CallError::is_retryable);
                fruitless += u32::from(for_good);
                if fruitless >= FRUITLESS_ROUNDS || !self.pause().await {
                    return;
                }
            }
        }
    }

    /// Notes what a look showed.
    fn note(&mut self, differs: &[Drift], observed: &Observation) {
        let done = &mut self.done;
        done.reads += 1;
        done.is_missing = observed.is_missing;
        if observed.logging.is_some() {
            done.logging = observed.logging;
        }
        // What a new trail lacks belongs to the deletion of the old one.
        let was_missing = done.found.iter().any(|drift| drift.part == Part::Existence);
        if !was_missing {
            for drift in differs {
                let is_known = done.found.iter().any(|known| known.field == drift.field);
                let is_echo =
                    drift.part == Part::Logging && self.healed.iter().any(|h| h.is_same(drift));
                if !is_known && !is_echo {
                    done.found.push(drift.clone());
                }
            }
        }
        // What could not be read this time is as it was.
        done.left
            .retain(|old| !observed.shows(old.part) && !observed.is_missing);
        let new = differs
            .iter()
            .filter(|new| done.left.iter().all(|old| old.field != new.field));
        let new: Vec<Drift> = new.cloned().collect();
        done.left.extend(new);
        // A trail that may be missing has nothing to be read.
        let may_be_missing = observed.is_missing && differs.is_empty();
        let unread = observed.unread.iter();
        let unread = unread.filter(|error| !(may_be_missing && error.is_missing()));
        done.unread = unread.cloned().collect();
        let is_whole = differs.is_empty() && done.unread.is_empty();
        if !is_whole {
            done.verified_at = None;
        } else if done.verified_at.is_none() {
            done.verified_at = Some(Moment::now());
        }
    }

    /// The number of looks after which a trail that is found as declared is believed
    /// to be: more if they can be older than the call that the event tells of. Few
    /// enough, that a flood of calls does not use up the function's concurrency.
    fn looks_until_believed(&self, cause: Cause, shows: bool) -> usize {
        let thing = self.done.baseline.thing.as_ref();
        let per_call = if thing.is_some_and(|thing| thing.kind().is_part()) {
            LOOKS_PER_CALL_OF_PART
        } else {
            LOOKS_PER_CALL
        };
        match cause {
            Cause::Sweep | Cause::Echo => 1,
            Cause::Change(_) if self.done.is_exempt => 1,
            Cause::Stop | Cause::Change(Part::Logging) if shows => 1,
            Cause::Stop | Cause::Change(Part::Logging) => WAITS.len(),
            Cause::Change(_) if !self.done.calls.is_empty() => 1,
            Cause::Change(_) if shows => per_call,
            Cause::Change(_) => per_call + 1,
        }
    }

    /// Whether somebody may be about to make the trail as declared. Terraform makes
    /// one call per part, and each wakes this function; and it tells the function of
    /// a new baseline a moment before it changes the trail.
    fn is_work_in_progress(&self, cause: Cause, differs: &[Drift]) -> bool {
        // A part of the responder may be about to be made, or to be destroyed with the rest.
        let is_thing = self.done.baseline.thing.is_some();
        let lasts = |drift: &Drift| match drift.part {
            Part::Existence => !is_thing,
            part => part == Part::Logging,
        };
        let may_pass = |drift: &Drift| match cause {
            Cause::Stop | Cause::Echo => false,
            Cause::Sweep => !lasts(drift),
            // A trail that was just created has its settings, and gets the rest by further calls.
            Cause::Change(Part::Existence) => {
                !matches!(drift.part, Part::Existence | Part::Settings)
            }
            Cause::Change(part) => drift.part != part && !lasts(drift),
        };
        self.done.calls.is_empty() && differs.iter().all(may_pass)
    }

    /// Whether the start that came first was not accepted yet, and still may be.
    fn start_is_due(&self, cause: Cause, mode: Mode) -> bool {
        cause == Cause::Stop
            && mode == Mode::Enforce
            && self.done.start_accepted_at.is_none()
            && self.done.refused.iter().all(CallError::is_retryable)
    }

    /// Makes the calls that heal `differs`; whether any was accepted.
    async fn heal_all(
        &mut self,
        differs: Vec<Drift>,
        baseline: &Baseline,
        observed: &Observation,
    ) -> bool {
        self.done.refused.clear();
        let mut healed = Vec::new();
        for remedy in &remedies(&differs, baseline, observed) {
            if self.heal(remedy).await {
                healed.push(remedy.part());
            }
        }
        self.healed
            .retain(|old| differs.iter().all(|new| new.field != old.field));
        self.healed.extend(
            differs
                .into_iter()
                .filter(|drift| healed.contains(&drift.part)),
        );
        !healed.is_empty()
    }

    /// Makes one call, in parts if the whole is refused; whether any was accepted.
    async fn heal(&mut self, remedy: &Remedy) -> bool {
        match self.call(remedy).await {
            Ok(()) => true,
            Err(error) => {
                let parts = if error.is_retryable() {
                    Vec::new()
                } else {
                    remedy.split()
                };
                if parts.is_empty() {
                    self.done.refused.push(error);
                    return false;
                }
                let mut accepted = false;
                for part in &parts {
                    match self.call(part).await {
                        Ok(()) => accepted = true,
                        Err(error) => self.done.refused.push(error),
                    }
                }
                accepted
            }
        }
    }

    async fn call(&mut self, remedy: &Remedy) -> Result<(), CallError> {
        if self.budget.is_spent() {
            return Err(CallError::new(
                remedy.call(),
                "NoTime",
                "the time ran out before this call",
                true,
            ));
        }
        self.done.calls.push(remedy.call());
        let answer = self.api.heal(self.trail, remedy, self.budget).await;
        if answer.is_ok() && *remedy == Remedy::Start {
            self.done.start_accepted_at.get_or_insert_with(Moment::now);
        }
        answer
    }

    async fn pause(&self) -> bool {
        self.budget.sleep(PACE.mul_f32(1.0 + fastrand::f32())).await
    }
}
