//! The sweep: every protected trail is looked at, whether an event came or not.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::{join, sync::mpsc::unbounded_channel};
use tracing::{error, info};

use crate::{
    arn::TrailArn,
    attribution::suspects,
    budget::Budget,
    cloudtrail::CloudTrail,
    dynamodb::KEPT,
    event::Event,
    failure::Failure,
    handler::Handler,
    incident::{Circumstances, Incident, calls_behind_stop, calls_of_stop},
    investigation::RECORDED_MS,
    likely_call::{Search, last_day},
    look::Look,
    metrics,
    moment::Moment,
    reconcile::{Cause, Reconciliation},
    tell::{Find, Finds, Told},
    told::stop_key,
    trail::{Part, calls_behind},
};

/// How long a record may take to appear in the history.
const RECORDED: Duration = Duration::from_millis(RECORDED_MS.unsigned_abs());

/// For how long a sweep asks who made a stop that was told already without a name.
const LATELY: Duration = Duration::from_mins(20);

/// How old a stop may be that was undone before a sweep saw it. Events and sweeps may
/// have failed for days, but whether it was told must still be remembered for sure.
const UNDONE: Duration = KEPT.saturating_sub(Duration::from_hours(24));

/// What came of one look at a trail.
struct Seen<'a> {
    cloudtrail: &'a CloudTrail,
    trail: &'a TrailArn,
    done: Reconciliation,
    owner: &'a str,
    /// For all that is asked to tell more of it: the notice must not wait for long.
    budget: Budget,
}

/// When the trail stopped, if that was undone before anybody looked. Nothing else that
/// is wrong hides it: only of a trail that was found off the stop is told by that.
fn undone_stop(done: &Reconciliation) -> Option<Moment> {
    let logs = done
        .logging
        .filter(|state| state.is_logging == Some(true))?;
    let was_off = done.found.iter().any(|drift| drift.part == Part::Logging);
    logs.stopped_at.filter(|_| !was_off)
}

impl Handler {
    /// Reconciles every protected trail, its log bucket and its key, and the parts of the
    /// responder. Silent if all are as declared.
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
        let (finds, found) = unbounded_channel();
        let looks = async {
            // Gone with the last look: then no more is to be told.
            let finds = finds;
            let trails = self.config.trails.iter();
            let own = trails.map(|arn| self.look(&self.cloudtrail, arn, &finds, &owner, deadline));
            let things = self.config.things.iter();
            let things = things.map(|thing| self.look_at(thing, &finds, &owner, deadline));
            let parts = async {
                let parts = self.parts(deadline).await;
                let looks = parts
                    .iter()
                    .map(|part| self.look_at(part, &finds, &owner, deadline));
                join_all(looks).await;
            };
            join!(
                join_all(own),
                join_all(things),
                parts,
                self.sweep_members(&finds, &owner, deadline)
            );
        };
        let ((), told, summed_up) = join!(
            looks,
            self.tell_beside(found, &owner, deadline),
            self.sum_up(&owner, deadline)
        );
        let Told { endings, sent } = told;
        (self.write_line)(&metrics::sweep(endings.count(), &self.function_name, now));
        info!(drifting = endings.count(), "sweep done");
        if let Err(error) = &summed_up {
            error!(%error, "not all was summed up");
        }
        endings.conclude(sent.and(summed_up))
    }

    /// Reconciles one trail without an event. Finds nothing if it is as declared.
    pub(crate) async fn look(
        &self,
        cloudtrail: &CloudTrail,
        trail: &TrailArn,
        finds: &Finds,
        owner: &str,
        deadline: SystemTime,
    ) {
        let budget = Budget::for_restoration(deadline);
        let none = Event::default();
        let look = Look::new(self, trail, &none, Cause::Sweep, budget);
        let mut done = self.reconcile(cloudtrail, &look).await;
        // What is asked to tell more of it must not hold up the notice for long.
        let budget = Budget::for_enrichment(deadline);
        if done.break_glass.is_none() {
            done.break_glass = look.ended(&done, budget).await;
        }
        let seen = Seen {
            cloudtrail,
            trail,
            done,
            owner,
            budget,
        };
        let of_drift = self.of_drift(&seen).await;
        let is_quiet = of_drift.is_none();
        if let Some(incident) = of_drift {
            self.find(finds, incident);
        }
        let of_stop = self.of_undone_stop(&seen).await;
        let is_quiet = is_quiet && of_stop.is_none();
        if let Some(incident) = of_stop {
            self.find(finds, incident);
        }
        // An incident says itself how it ended.
        if let Some(at) = seen.done.as_declared_at()
            && is_quiet
            && self.config.security_hub
        {
            drop(finds.send(Find::AsDeclared(trail.clone(), at)));
        }
    }

    /// What there is to tell of what differed, or could not be read.
    async fn of_drift(&self, seen: &Seen<'_>) -> Option<Incident> {
        let calls = calls_behind(&seen.done.found);
        let call = self.call_behind_trail(seen, &calls, last_day(), None).await;
        self.incident(seen, &call.unwrap_or_default(), Cause::Sweep, false)
    }

    /// A stop that was undone before anybody looked leaves its times behind.
    async fn of_undone_stop(&self, seen: &Seen<'_>) -> Option<Incident> {
        let stopped_at = undone_stop(&seen.done)?;
        let age = Moment::now().millis_since(stopped_at);
        let age = Duration::from_millis(age.try_into().unwrap_or_default());
        if age >= UNDONE {
            return None;
        }
        let key = stop_key(seen.trail.as_str(), stopped_at);
        let was_told = self.was_told(&key, seen.owner, seen.budget).await;
        if was_told && age >= LATELY {
            return None;
        }
        // What was told needs no explanation by calls that were made before.
        let window = if was_told {
            calls_of_stop(stopped_at)
        } else {
            calls_behind_stop(stopped_at)
        };
        let call = self.call_behind_trail(seen, &["StopLogging"], window, Some(&key));
        match call.await {
            Some(call) => self.incident(seen, &call, Cause::Stop, true),
            // To hide the call among others, or the history itself, hides no stop.
            None if age >= RECORDED => self.incident(seen, &Event::default(), Cause::Sweep, true),
            None => None,
        }
    }

    fn incident(
        &self,
        seen: &Seen<'_>,
        event: &Event,
        cause: Cause,
        saw_stop: bool,
    ) -> Option<Incident> {
        let about = Circumstances {
            cause,
            mode: self.config.mode,
            // The call is a guess, and must not make light of what was found.
            is_expected: false,
            saw_stop,
        };
        let mut incident = Incident::reconciled(event, seen.trail, &seen.done, about)?;
        incident.source = "sweep";
        Some(incident)
    }

    /// The likely one of `calls` behind what was found of the trail, in the history of its
    /// account; of a stop told already, none by who is known to have made it.
    async fn call_behind_trail(
        &self,
        seen: &Seen<'_>,
        calls: &[&str],
        window: Option<(Moment, Moment)>,
        stop: Option<&str>,
    ) -> Option<Event> {
        let trail = seen.trail;
        let search = Search {
            history: seen.cloudtrail,
            trail,
            arn: trail.as_str(),
            owner: seen.owner,
            budget: seen.budget,
        };
        let responders = self.config.responders(trail.account());
        let suspects = |records: &[String]| suspects(records, trail, &seen.done, &responders);
        self.likely_call(&search, calls, window?, stop, suspects)
            .await
    }
}
