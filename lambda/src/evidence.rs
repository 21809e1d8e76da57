//! Looks at what else is under guard: the log bucket and the key of a trail, and the parts
//! of the responder. The same `reconcile` as for the trails themselves, for events and
//! sweeps alike.

use std::time::SystemTime;

use futures_util::future::join_all;

use crate::{
    arn::TrailArn,
    asked::asked_for,
    attribution::suspects_of_thing,
    baseline::{Baseline, Guards},
    bucket::S3,
    budget::Budget,
    cloudtrail::CloudTrail,
    declaration::Declaration,
    event::Event,
    failure::CallError,
    guard::Client,
    handler::Handler,
    incident::{Circumstances, Incident},
    key::Kms,
    kind::Kind,
    likely_call::{Search, last_day},
    look::Look,
    outcome::Outcome,
    reconcile::{Cause, Reconciliation, TrailApi, reconcile},
    tell::Finds,
    thing::{Reference, Thing},
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
                Baseline::of_thing(trail, Declaration::least(thing))
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
        let call = self.call_behind_thing(thing, &done, owner, deadline).await;
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

    /// The likely call behind what was found of `thing`, in the history of where its calls are
    /// recorded.
    async fn call_behind_thing(
        &self,
        thing: &Thing,
        done: &Reconciliation,
        owner: &str,
        deadline: SystemTime,
    ) -> Option<Event> {
        // A role's calls are recorded in a region that need not be a trail's.
        let elsewhere = (thing.kind == Kind::Role)
            .then(|| CloudTrail::in_regions(&self.aws, std::iter::once(thing.trail.region())));
        let search = Search {
            history: elsewhere.as_ref().unwrap_or(&self.cloudtrail),
            trail: &thing.trail,
            arn: &thing.arn,
            owner,
            budget: Budget::for_enrichment(deadline),
        };
        let roles = self.config.responders(&thing.account);
        let suspects = |records: &[String]| suspects_of_thing(records, thing, done, &roles);
        let calls = thing.calls_behind(&done.found);
        self.likely_call(&search, &calls, last_day()?, None, suspects)
            .await
    }
}
