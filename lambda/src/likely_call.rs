//! The likely call behind what a sweep found, in the event history. Best effort (law 7).

use std::collections::BTreeSet;

use tracing::warn;

use crate::{
    actor::Actor,
    arn::TrailArn,
    budget::Budget,
    cloudtrail::CloudTrail,
    event::Event,
    handler::Handler,
    moment::Moment,
    told::{SETTLED, event_key, stop_by_key},
};

/// How far back the history is searched, in milliseconds.
const SEARCHED_MS: i64 = 24 * 3_600_000;

/// The last day, until now.
pub(crate) fn last_day() -> Option<(Moment, Moment)> {
    let until = Moment::now();
    let since = Moment::from_epoch_millis(until.epoch_millis() - SEARCHED_MS)?;
    Some((since, until))
}

/// Where is searched, for what.
pub(crate) struct Search<'a> {
    pub(crate) history: &'a CloudTrail,
    /// Whose account and region the history is of.
    pub(crate) trail: &'a TrailArn,
    /// What differs.
    pub(crate) arn: &'a str,
    /// Who tells of it.
    pub(crate) owner: &'a str,
    pub(crate) budget: Budget,
}

impl Handler {
    /// The newest of `calls` made between the two moments that is among the `suspects` of its
    /// records and was not told of as settled: a record takes minutes to appear in the
    /// history. Not one by whom the stop of the key `stop` is known to be.
    pub(crate) async fn likely_call(
        &self,
        search: &Search<'_>,
        calls: &[&str],
        (since, until): (Moment, Moment),
        stop: Option<&str>,
        suspects: impl Fn(&[String]) -> Vec<Event>,
    ) -> Option<Event> {
        let &Search {
            history,
            trail,
            arn,
            owner,
            budget,
        } = search;
        let mut found = Vec::new();
        for call in calls {
            match history.history(trail, call, since, until, budget).await {
                Ok(records) => found.extend(suspects(&records)),
                Err(error) => warn!(%error, "the event history was not read"),
            }
        }
        found.sort_by(|a, b| b.record.event_time.cmp(&a.record.event_time));
        let mut known = BTreeSet::new();
        for event in found {
            let Some(id) = &event.record.event_id else {
                continue;
            };
            let by = stop.and_then(|stop| stop_by_key(stop, &Actor::of(&event.record)));
            if let Some(by) = by
                && (known.contains(&by) || self.was_told(&by, owner, budget).await)
            {
                known.insert(by);
                continue;
            }
            // A call that was told of as settled was answered then: it is not this one.
            let told = event_key(arn, id, &event.fingerprint(), SETTLED);
            if !self.was_told(&told, owner, budget).await {
                return Some(event);
            }
        }
        None
    }
}
