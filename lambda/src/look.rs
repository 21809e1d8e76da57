//! One look at one trail: what led to it, and what of it break-glass leaves alone.

use std::sync::Mutex;

use tracing::warn;

use crate::{
    arn::TrailArn,
    asked::{Asked, asked_for},
    baseline::Baseline,
    break_glass::Exemption,
    budget::Budget,
    event::Event,
    failure::CallError,
    handler::Handler,
    incident::stop_confirmed,
    moment::Moment,
    reconcile::{Cause, LeftAlone, Occasion, Reconciliation},
    trail::{Drift, LoggingState, Observation, Part, part_changed_by},
};

/// What leads to a look at a trail.
pub(crate) struct Look<'a> {
    handler: &'a Handler,
    pub(crate) trail: &'a TrailArn,
    event: &'a Event,
    pub(crate) cause: Cause,
    pub(crate) budget: Budget,
    /// The entry that covers the call of the event.
    exemption: Option<&'a Exemption>,
    noted: Mutex<Noted>,
}

/// What was learnt about break-glass on the way.
#[derive(Default)]
struct Noted {
    /// What the table was told, by field.
    marks: Vec<(String, String)>,
    under: Option<Exemption>,
    /// Whether the table could not be read: it is not waited for twice.
    is_unreadable: bool,
    unremembered: Option<CallError>,
}

impl<'a> Look<'a> {
    /// Decides by the event and the configuration alone whether break-glass covers
    /// the call: nothing may come before the start of a trail that was stopped by
    /// anybody else (law 1).
    pub(crate) fn new(
        handler: &'a Handler,
        trail: &'a TrailArn,
        event: &'a Event,
        cause: Cause,
        budget: Budget,
    ) -> Self {
        let config = &handler.config;
        let is_answer = matches!(cause, Cause::Stop | Cause::Change(_));
        let exemption = Some(&config.break_glass)
            .filter(|glass| is_answer && !glass.is_empty())
            .and_then(|glass| {
                let responders = config.responders(trail.account());
                glass.of_event(event, trail, &responders, Moment::now())
            });
        let cause = match cause {
            Cause::Stop if exemption.is_some() => Cause::Change(Part::Logging),
            cause => cause,
        };
        Self {
            handler,
            trail,
            event,
            cause,
            budget,
            exemption,
            noted: Mutex::default(),
        }
    }

    /// The entry under which something is left alone.
    pub(crate) fn break_glass(&self) -> Option<Exemption> {
        self.noted(|noted| noted.under.clone())
    }

    /// What went wrong with what is left alone.
    pub(crate) fn problem(&self) -> Option<String> {
        let error = self.noted(|noted| noted.unremembered.clone())?;
        Some(format!(
            "what is left alone was not remembered, and the next sweep heals it ({error})"
        ))
    }

    /// The entry that has ended, and under which something that `done` found was left
    /// alone.
    pub(crate) async fn ended(&self, done: &Reconciliation, budget: Budget) -> Option<Exemption> {
        let now = Moment::now();
        let mut ended = self.handler.config.break_glass.ended(now).peekable();
        if done.found.is_empty() || ended.peek().is_none() {
            return None;
        }
        let incidents = self.handler.incidents();
        let left = match incidents.left(self.trail.as_str(), budget).await {
            Ok(left) => left,
            Err(error) => {
                warn!(%error, "what was left alone is not known");
                return None;
            }
        };
        let was_left = |entry: &&Exemption| {
            let mut found = done.found.iter();
            found.any(|drift| {
                let noted = left.get(&drift.field);
                noted.is_some_and(|noted| *noted == mark(drift, done.logging, entry))
            })
        };
        ended.find(was_left).cloned()
    }

    /// Whether the call of the event set the field that differs, as far as its record
    /// tells.
    fn is_of_call(&self, baseline: &Baseline, drift: &Drift) -> bool {
        let record = &self.event.record;
        match asked_for(record, baseline) {
            Asked::Fields(fields) => fields.contains(&drift.field),
            Asked::Unguarded => false,
            Asked::Unknown => {
                let part = record.event_name.as_deref().and_then(part_changed_by);
                part == Some(drift.part)
            }
        }
    }

    /// Makes the sweeps, and the answers to other events, leave `marks` alone too.
    async fn remember(&self, mut marks: Vec<(String, String)>) {
        let known = self.noted(|noted| noted.marks.clone());
        marks.retain(|mark| !known.contains(mark));
        if marks.is_empty() {
            return;
        }
        let incidents = self.handler.incidents();
        let told = incidents.leave(self.trail.as_str(), &marks, self.budget);
        match told.await {
            Ok(()) => self.noted(|noted| {
                noted.marks.extend(marks);
                noted.unremembered = None;
            }),
            Err(error) => {
                warn!(%error, "what is left alone was not remembered");
                self.noted(|noted| noted.unremembered = Some(error));
            }
        }
    }

    /// The fields among `differs` that an earlier event left alone, under an entry
    /// that is still in force, as long as they differ in the same way.
    async fn remembered(&self, differs: &[&Drift], observed: &Observation) -> Vec<String> {
        if self.noted(|noted| noted.is_unreadable) {
            return Vec::new();
        }
        let incidents = self.handler.incidents();
        let left = match incidents.left(self.trail.as_str(), self.budget).await {
            Ok(left) => left,
            Err(error) => {
                warn!(%error, "what is left alone is not known, so nothing is");
                self.noted(|noted| noted.is_unreadable = true);
                return Vec::new();
            }
        };
        let now = Moment::now();
        let mut fields = Vec::new();
        for drift in differs {
            let mut entries = self.handler.config.break_glass.in_force(now);
            let noted = left.get(&drift.field);
            let entry = entries.find(|entry| noted == Some(&mark(drift, observed.logging, entry)));
            if let Some(entry) = entry {
                self.noted(|noted| _ = noted.under.get_or_insert_with(|| entry.clone()));
                fields.push(drift.field.clone());
            }
        }
        fields
    }

    fn noted<T>(&self, work: impl FnOnce(&mut Noted) -> T) -> T {
        let mut noted = self.noted.lock();
        work(noted.as_mut().unwrap_or_else(|poisoned| poisoned.get_mut()))
    }
}

impl Occasion for Look<'_> {
    fn shows(&self, baseline: &Baseline, observed: &Observation) -> bool {
        match self.cause {
            Cause::Sweep | Cause::Echo => true,
            Cause::Stop | Cause::Change(Part::Logging) => {
                let confirmed = |state| stop_confirmed(self.event, &state) != Some(false);
                observed.logging.is_some_and(confirmed)
            }
            Cause::Change(_) => asked_for(&self.event.record, baseline).conforms(),
        }
    }

    async fn leaves(
        &self,
        baseline: &Baseline,
        differs: &[Drift],
        observed: &Observation,
    ) -> LeftAlone {
        let now = Moment::now();
        let mut entries = self.handler.config.break_glass.in_force(now);
        // Break-glass is for the trail, not for its evidence.
        if baseline.thing.is_some() || entries.next().is_none() {
            return LeftAlone::default();
        }
        let exemption = self.exemption.filter(|entry| entry.is_in_force(now));
        // What somebody else's call did is healed, whatever it was before.
        let (of_call, rest): (Vec<&Drift>, Vec<&Drift>) = differs
            .iter()
            .partition(|drift| self.is_of_call(baseline, drift));
        let mut left = LeftAlone::default();
        if let Some(entry) = exemption.filter(|_| !of_call.is_empty()) {
            self.noted(|noted| noted.under = Some(entry.clone()));
            let mark = |drift: &&Drift| (drift.field.clone(), mark(drift, observed.logging, entry));
            self.remember(of_call.iter().map(mark).collect()).await;
            left.fields = of_call.iter().map(|drift| drift.field.clone()).collect();
            left.is_exempt = true;
        }
        if !rest.is_empty() {
            left.fields.extend(self.remembered(&rest, observed).await);
        }
        left
    }
}

/// What the table holds of a field that is left alone under `entry`.
fn mark(drift: &Drift, logging: Option<LoggingState>, entry: &Exemption) -> String {
    format!("{} {}", drift.mark(logging), entry.mark())
}
