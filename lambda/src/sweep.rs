//! The sweep: every protected trail is looked at, whether an event came or not.

use std::time::SystemTime;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::join;
use tracing::{info, warn};

use crate::{
    arn::TrailArn,
    attribution::suspects,
    budget::Budget,
    cloudtrail::CloudTrail,
    event::Event,
    failure::Failure,
    handler::{Handler, conclude},
    incident::{Circumstances, Incident},
    investigation::RECORDED_MS,
    metrics,
    moment::Moment,
    reconcile::{Cause, Reconciliation},
    told::{event_key, stop_key},
    trail::calls_behind,
};

/// How far back the event history is searched for the call behind a drift, in
/// milliseconds.
const SEARCHED_MS: i64 = 24 * 3_600_000;

/// For how long a sweep asks who made a stop that was told already without a name, in
/// milliseconds.
const LATELY_MS: i64 = 20 * 60_000;

/// How old a stop may be that was undone before a sweep saw it, in milliseconds: the
/// longest time between two sweeps, and what its record may take.
const UNDONE_MS: i64 = 60 * 60_000 + RECORDED_MS;

/// What the event history says about who did what was found.
enum Likely {
    Call(Box<Event>),
    /// It was a call that was told of already.
    Told,
    Unknown,
}

/// When `trail` stopped, if that was undone before anybody looked.
fn undone_stop(done: &Reconciliation, now: Moment) -> Option<Moment> {
    let stopped_at = done.logging?.stopped_at?;
    let is_recent = now.millis_since(stopped_at) < UNDONE_MS;
    // What could not be read, or compared, is told as that.
    let is_well = done.verified_at.is_some() && done.baseline_problem.is_none();
    (done.found.is_empty() && is_well && is_recent).then_some(stopped_at)
}

impl Handler {
    /// Reconciles every protected trail. Silent if all are as declared.
    ///
    /// # Errors
    /// As for an event.
    pub(crate) async fn sweep(
        &self,
        request_id: &str,
        deadline: SystemTime,
    ) -> Result<Value, Failure> {
        let now = Moment::now();
        // Each try is an owner of its own: a trail that stays wrong is not to be
        // told again by the retry.
        let owner = format!("{request_id}@{}", now.epoch_millis());
        // A notice of these does not wait for the members.
        let own = async {
            let trails = self.config.trails.iter();
            let looks = trails.map(|trail| self.look(&self.cloudtrail, trail, &owner, deadline));
            let found: Vec<Incident> = join_all(looks).await.into_iter().flatten().collect();
            self.log_and_measure(&found);
            let sent = self.notify(&found, &owner, deadline).await;
            (found, sent)
        };
        let ((mut incidents, mut sent), members) = join!(own, self.sweep_members(&owner, deadline));
        if let Some(members) = members {
            incidents.extend(members.incidents);
            sent = sent.and(members.sent);
        }
        (self.write_line)(&metrics::sweep(incidents.len(), &self.function_name, now));
        info!(drifting = incidents.len(), "sweep done");
        conclude(&incidents, sent)
    }

    /// Reconciles one trail without an event. `None` if it is as declared.
    pub(crate) async fn look(
        &self,
        cloudtrail: &CloudTrail,
        trail: &TrailArn,
        owner: &str,
        deadline: SystemTime,
    ) -> Option<Incident> {
        let budget = Budget::for_restoration(deadline);
        let none = Event::default();
        let done = self
            .reconcile(cloudtrail, trail, Cause::Sweep, &none, budget)
            .await;
        let now = Moment::now();
        let stop = undone_stop(&done, now);
        let is_past = |age| stop.is_some_and(|stop| now.millis_since(stop) >= age);
        // The table must not hold up what is to be told for long.
        let memory = Budget::for_enrichment(deadline);
        if let Some(stop) = stop.filter(|_| is_past(LATELY_MS))
            && self
                .was_told(&stop_key(trail.as_str(), stop), owner, memory)
                .await
        {
            return None;
        }
        let likely = self
            .likely_call(cloudtrail, trail, &done, stop.is_some(), owner, deadline)
            .await;
        let mut about = Circumstances {
            cause: Cause::Sweep,
            mode: self.config.mode,
            // The call is a guess, and must not make light of what was found.
            is_expected: false,
            saw_stop: false,
        };
        let event = match likely {
            // A stop that was undone before anybody looked leaves its times behind.
            Likely::Call(event) => {
                if stop.is_some() {
                    about.cause = Cause::Stop;
                }
                *event
            }
            Likely::Told => none,
            // To hide the call among others, or the history itself, hides no stop.
            Likely::Unknown => {
                about.saw_stop = is_past(RECORDED_MS);
                none
            }
        };
        let mut incident = Incident::reconciled(&event, trail, &done, about)?;
        incident.source = "sweep";
        Some(incident)
    }

    /// The likely call behind what was found: a record takes minutes to appear in the
    /// history. Best effort (law 7).
    async fn likely_call(
        &self,
        cloudtrail: &CloudTrail,
        trail: &TrailArn,
        done: &Reconciliation,
        was_stopped: bool,
        owner: &str,
        deadline: SystemTime,
    ) -> Likely {
        let budget = Budget::for_enrichment(deadline);
        let since = Moment::from_epoch_millis(Moment::now().epoch_millis() - SEARCHED_MS);
        let Some(since) = since else {
            return Likely::Unknown;
        };
        let responders = self.config.responders(trail.account());
        let mut found = Vec::new();
        let calls = if was_stopped {
            vec!["StopLogging"]
        } else {
            calls_behind(&done.found)
        };
        for call in calls {
            match cloudtrail.history(trail, call, since, budget).await {
                Ok(records) => {
                    found.extend(suspects(&records, trail, done, &responders));
                }
                Err(error) => warn!(%error, "the event history was not read"),
            }
        }
        found.sort_by(|a, b| b.record.event_time.cmp(&a.record.event_time));
        let mut likely = Likely::Unknown;
        for event in found {
            let Some(id) = &event.record.event_id else {
                continue;
            };
            // A call that was told of already was answered then: it is not this one.
            let told = event_key(trail.as_str(), id, &event.fingerprint(), false);
            if !self.was_told(&told, owner, budget).await {
                return Likely::Call(Box::new(event));
            }
            likely = Likely::Told;
        }
        likely
    }
}
