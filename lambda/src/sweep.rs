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
    metrics,
    moment::Moment,
    reconcile::{Cause, Reconciliation},
    told::event_key,
    trail::calls_behind,
};

/// How far back the event history is searched for the call behind a drift, in
/// milliseconds.
const SEARCHED_MS: i64 = 24 * 3_600_000;

/// How long after a stop a sweep still asks who it was, in milliseconds: a record
/// takes up to 15 minutes to appear in the history.
const LATELY_MS: i64 = 20 * 60_000;

fn stopped_lately(done: &Reconciliation, now: Moment) -> bool {
    let stopped = done.logging.and_then(|state| state.stopped_at);
    stopped.is_some_and(|stop| now.millis_since(stop) < LATELY_MS)
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
        let own = self.config.trails.iter();
        let looks = own.map(|trail| self.look(&self.cloudtrail, trail, &owner, deadline));
        let (own, members) = join!(join_all(looks), self.sweep_members(&owner, deadline));
        let incidents: Vec<Incident> = own.into_iter().flatten().chain(members).collect();
        self.log_and_measure(&incidents);
        (self.write_line)(&metrics::sweep(incidents.len(), &self.function_name, now));
        info!(drifting = incidents.len(), "sweep done");
        let sent = self.notify(&incidents, &owner, deadline).await;
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
        let was_stopped = done.found.is_empty() && stopped_lately(&done, Moment::now());
        let event = self
            .likely_call(cloudtrail, trail, &done, was_stopped, owner, deadline)
            .await;
        // A stop that was undone before anybody looked leaves its times behind.
        let cause = if was_stopped && event.record.event_name.is_some() {
            Cause::Stop
        } else {
            Cause::Sweep
        };
        let about = Circumstances {
            cause,
            mode: self.config.mode,
            // The call is a guess, and must not make light of what was found.
            is_expected: false,
        };
        let mut incident = Incident::reconciled(&event, trail, &done, about)?;
        incident.source = "sweep";
        Some(incident)
    }

    /// The likely call behind what was found, an empty event if none is known: a
    /// record takes minutes to appear in the history. Best effort (law 7).
    async fn likely_call(
        &self,
        cloudtrail: &CloudTrail,
        trail: &TrailArn,
        done: &Reconciliation,
        was_stopped: bool,
        owner: &str,
        deadline: SystemTime,
    ) -> Event {
        let budget = Budget::for_enrichment(deadline);
        let since = Moment::from_epoch_millis(Moment::now().epoch_millis() - SEARCHED_MS);
        let Some(since) = since else {
            return Event::default();
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
        for event in found {
            let Some(id) = &event.record.event_id else {
                continue;
            };
            // A call that was told of already was answered then: it is not this one.
            let told = event_key(trail.as_str(), id, &event.fingerprint(), false);
            if !self.was_told(&told, owner, budget).await {
                return event;
            }
        }
        Event::default()
    }
}
