//! Looks at what else is under guard: the log bucket and the key of a trail, and the parts
//! of the responder. The same `reconcile` as for the trails themselves, for events and
//! sweeps alike.

use std::time::SystemTime;

use futures_util::future::join_all;
use tracing::warn;

use crate::{
    actor::Actor,
    arn::TrailArn,
    asked::{Asked, asked_for},
    baseline::{Baseline, Guards},
    bucket::S3,
    budget::Budget,
    cloudtrail::CloudTrail,
    event::Event,
    failure::CallError,
    guard::Client,
    handler::Handler,
    incident::{Circumstances, Incident},
    key::Kms,
    look::Look,
    moment::Moment,
    outcome::Outcome,
    reconcile::{Cause, Reconciliation, TrailApi, reconcile},
    sweep::SEARCHED_MS,
    tell::Finds,
    thing::{Kind, Reference, Thing},
    told::{SETTLED, event_key},
    trail::{Observation, Remedy},
};

/// How a thing under guard is read and healed.
pub(crate) enum Access<'a> {
    Trail(&'a CloudTrail),
    Bucket(&'a Thing, S3),
    Key(&'a Thing, Kms),
    /// A part of the responder; without a client, the list of them.
    Part(&'a Thing, Option<Client>),
}

impl TrailApi for Access<'_> {
    fn least(&self, trail: &TrailArn) -> Baseline {
        match self {
            Self::Trail(_) => Baseline::of_logging(trail),
            Self::Bucket(thing, _) | Self::Key(thing, _) | Self::Part(thing, _) => {
                Baseline::of_thing(trail, thing.least())
            }
        }
    }

    async fn observe(&self, trail: &TrailArn, guards: Guards, budget: Budget) -> Observation {
        match self {
            Self::Trail(cloudtrail) => cloudtrail.observe(trail, guards, budget).await,
            Self::Bucket(bucket, s3) => s3.observe(bucket, &guards.fields, budget).await,
            Self::Key(key, kms) => kms.observe(key, &guards.fields, budget).await,
            Self::Part(part, Some(client)) => client.observe(part, &guards.fields, budget).await,
            Self::Part(_, None) => Observation::default(),
        }
    }

    async fn heal(
        &self,
        trail: &TrailArn,
        remedy: &Remedy,
        budget: Budget,
    ) -> Result<(), CallError> {
        match (self, remedy) {
            (Self::Trail(cloudtrail), _) => cloudtrail.heal(trail, remedy, budget).await,
            (Self::Bucket(bucket, s3), Remedy::Mend(mend)) => s3.heal(bucket, mend, budget).await,
            (Self::Key(key, kms), Remedy::Mend(mend)) => kms.heal(key, mend, budget).await,
            (Self::Part(part, Some(client)), Remedy::Mend(mend)) => {
                client.heal(part, mend, budget).await
            }
            _ => Err(of_another_kind(remedy)),
        }
    }
}

/// A call that is not for the thing at hand.
pub(crate) fn of_another_kind(remedy: &Remedy) -> CallError {
    CallError::new(remedy.call(), "NotSent", "it is for another thing", false)
}

impl Handler {
    /// The parts of the responder under guard. If their list cannot be used, it is the
    /// list itself, and who looks at it finds why.
    pub(crate) async fn parts(&self, deadline: SystemTime) -> Vec<Thing> {
        let Some(list) = &self.config.guard else {
            return Vec::new();
        };
        let budget = Budget::for_restoration(deadline);
        let parts = self.baselines().parts(list, budget).await;
        parts.unwrap_or_else(|_| vec![list.clone()])
    }

    /// Reconciles `things` after a call that may have weakened them. Returns what there
    /// is to tell.
    pub(crate) async fn examine(
        &self,
        event: &Event,
        things: &[Thing],
        about: Circumstances,
        deadline: SystemTime,
    ) -> Vec<Incident> {
        let budget = Budget::for_restoration(deadline);
        let unnamed = &Event::default();
        let examined = things.iter().map(|thing| async move {
            let done = self
                .reconcile_thing(thing, event, about.cause, budget)
                .await;
            let conforms = || asked_for(&event.record, &done.baseline).conforms();
            let is_echo = about.cause == Cause::Echo && conforms();
            let event = if is_echo { unnamed } else { event };
            let incident = Incident::reconciled(event, &thing.trail, &done, about)?.of(thing);
            // A call of which the record does not say what it was about is no news of
            // what is as declared: an account has many buckets and keys.
            let is_named = thing.reference(&event.record) == Reference::This;
            (is_named || incident.outcome != Outcome::Unconfirmed).then_some(incident)
        });
        let incidents: Vec<Incident> = join_all(examined).await.into_iter().flatten().collect();
        self.log_and_measure(&incidents);
        incidents
    }

    /// Makes one thing as declared.
    async fn reconcile_thing(
        &self,
        thing: &Thing,
        event: &Event,
        cause: Cause,
        budget: Budget,
    ) -> Reconciliation {
        let api = match thing.kind {
            Kind::LogBucket => Access::Bucket(thing, S3::new(&self.aws, thing)),
            Kind::LogKey | Kind::TopicKey => Access::Key(thing, Kms::new(&self.aws, &thing.region)),
            _ => Access::Part(thing, Client::new(&self.aws, thing)),
        };
        let look = Look::new(self, &thing.trail, event, cause, budget);
        let declared = self.baselines().of_thing(thing, budget);
        let mode = self.config.mode;
        reconcile(&api, &thing.trail, declared, cause, mode, &look, budget).await
    }

    /// Reconciles one thing without an event. Finds nothing if it is as declared.
    pub(crate) async fn look_at(
        &self,
        thing: &Thing,
        finds: &Finds,
        owner: &str,
        deadline: SystemTime,
    ) {
        let none = Event::default();
        let budget = Budget::for_restoration(deadline);
        let cause = Cause::Sweep;
        let done = self.reconcile_thing(thing, &none, cause, budget).await;
        let call = self.call_behind(thing, &done, owner, deadline).await;
        let about = Circumstances {
            cause,
            mode: self.config.mode,
            // The call is a guess, and must not make light of what was found.
            is_expected: false,
            saw_stop: false,
        };
        let event = call.unwrap_or_default();
        if let Some(incident) = Incident::reconciled(&event, &thing.trail, &done, about) {
            self.find(finds, incident.of(thing));
        }
    }

    /// The likely call behind what was found, in the event history. Best effort (law 7).
    async fn call_behind(
        &self,
        thing: &Thing,
        done: &Reconciliation,
        owner: &str,
        deadline: SystemTime,
    ) -> Option<Event> {
        let budget = Budget::for_enrichment(deadline);
        let until = Moment::now();
        let since = Moment::from_epoch_millis(until.epoch_millis() - SEARCHED_MS)?;
        let mut found = Vec::new();
        // A role's calls are recorded in a region that need not be a trail's.
        let elsewhere = (thing.kind == Kind::Role)
            .then(|| CloudTrail::in_regions(&self.aws, std::iter::once(thing.trail.region())));
        let history = elsewhere.as_ref().unwrap_or(&self.cloudtrail);
        for call in thing.calls_behind(&done.found) {
            let records = history.history(&thing.trail, call, since, until, budget);
            match records.await {
                Ok(records) => found.extend(records),
                Err(error) => warn!(%error, "the event history was not read"),
            }
        }
        let roles = self.config.responders(&thing.account);
        let mut found = suspects(&found, thing, done, &roles);
        found.sort_by(|a, b| b.record.event_time.cmp(&a.record.event_time));
        for event in found {
            let Some(id) = &event.record.event_id else {
                continue;
            };
            // A call that was told of already was answered then: it is not this one.
            let told = event_key(&thing.arn, id, &event.fingerprint(), SETTLED);
            if !self.was_told(&told, owner, budget).await {
                return Some(event);
            }
        }
        None
    }
}

/// The records that can be the call behind what was found of `thing`: accepted, about it,
/// not a responder's own, and asking for one of the fields that differ, as far as the
/// record tells.
fn suspects(
    records: &[String],
    thing: &Thing,
    done: &Reconciliation,
    own_roles: &[String],
) -> Vec<Event> {
    let (_, source) = thing.kind.source();
    let fits = |event: &Event| {
        let record = &event.record;
        let asked = match asked_for(record, &done.baseline) {
            Asked::Unknown => true,
            Asked::Unguarded => false,
            Asked::Fields(asked) => done.found.iter().any(|d| asked.contains(&d.field)),
        };
        let actor = Actor::of(record);
        asked
            && record.event_source.as_deref() == Some(source)
            && record.error_code.is_none()
            && thing.reference(record) == Reference::This
            && !own_roles.iter().any(|role| actor.is(role))
    };
    let events = records.iter().filter_map(|r| Event::of_record(r).ok());
    events.filter(fits).collect()
}
