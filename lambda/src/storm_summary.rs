//! The summary of an actor's incidents. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use crate::{
    arn::TrailArn,
    containment::State,
    group::{Group, moment, raised},
    incident::{Incident, Trail},
    moment::Moment,
    outcome::{Outcome, Severity},
    text::Clean,
};

/// Event ids in a summary take so many bytes at most: a thousand of the usual length.
const BYTES_OF_IDS: usize = 45_000;
/// Access keys and addresses so many, each.
const BYTES: usize = 20_000;

/// A group's summary.
#[derive(Clone, Debug, Serialize)]
pub struct Storm {
    /// How many incidents there were.
    pub count: u64,
    /// How many of them are told by this summary alone.
    pub untold: u64,
    /// When the first one was answered.
    pub first_at: Moment,
    /// When the last one was.
    pub last_at: Moment,
    /// Whether no further one came for ten minutes.
    pub is_over: bool,
    /// How many had which outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// ARNs of the trails; empty if the records did not say.
    pub trails: Vec<Clean>,
    /// The calls, by their names.
    pub calls: Vec<Clean>,
    /// Fields of the trails that were set, or found, not as declared.
    pub fields: Vec<Clean>,
    /// Access keys that signed the calls.
    pub access_key_ids: Vec<Clean>,
    /// Addresses they came from.
    pub source_ips: Vec<Clean>,
    /// Event ids: the first thousand of the group.
    pub event_ids: Vec<Clean>,
    /// How many incidents are not among `event_ids`.
    pub event_ids_omitted: u64,
    /// What was last told of the actor's containment; `None` if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<State>,
    /// Under which this summary is remembered as told.
    #[serde(skip)]
    pub key: String,
}

impl Group {
    /// The summary of the group under `key`, at `now`.
    #[must_use]
    pub fn summary(&self, key: &str, now: i64) -> Incident {
        let parts: Vec<Vec<Option<String>>> = self
            .kinds
            .iter()
            .filter_map(|kind| serde_json::from_str(kind).ok())
            .collect();
        let part = |number: usize| -> BTreeSet<&str> {
            let part = parts.iter().filter_map(|parts| parts.get(number)?.as_ref());
            part.map(String::as_str).collect()
        };
        let severities = part(3);
        let clean = |texts: BTreeSet<&str>| texts.into_iter().map(Clean::from).collect();
        let trails: Vec<Clean> = clean(part(0));
        let (events, omitted) = some_of(&self.events, BYTES_OF_IDS);
        let kept = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        let worst = [Severity::Critical, Severity::High, Severity::Medium];
        let worst = worst.into_iter().find(|s| severities.contains(s.as_str()));
        let storm = Storm {
            count: self.count,
            untold: self.silent,
            first_at: moment(self.first_at),
            last_at: moment(self.last_at),
            is_over: self.is_quiet(now),
            outcomes: self.outcomes.clone(),
            calls: clean(part(1)),
            fields: clean(part(4)),
            access_key_ids: some_of(&self.access_keys, BYTES).0,
            source_ips: some_of(&self.source_ips, BYTES).0,
            event_ids: events,
            event_ids_omitted: self.count.saturating_sub(kept) + omitted,
            containment: self.containment,
            key: format!("summary#{}#{}", self.name(key), self.count),
            trails: trails.clone(),
        };
        let is_denied = storm.is_denied();
        let mut incident = Incident::of_storm(storm);
        incident.severity =
            worst.map_or(Severity::Info, |worst| raised(worst, is_denied, self.count));
        incident.actor = self.actor.clone();
        if self.access_keys.len() > 1 {
            // Not the first of many sessions alone, nor the first of a user's keys.
            incident.actor.access_key_id = None;
            incident.actor.source_ip = None;
            incident.actor.session_started_at = None;
            if incident.actor.session_issuer_arn.is_some() {
                incident.actor.arn = None;
            }
        }
        let arns: Vec<TrailArn> = trails
            .iter()
            .filter_map(|arn| arn.as_str().parse().ok())
            .collect();
        if let Some(first) = arns.first() {
            incident.trail = Trail::of(first);
            if arns.len() > 1 {
                incident.trail.arn = None;
                incident.trail.name = None;
            }
            if arns.iter().any(|arn| arn.region() != first.region()) {
                incident.trail.region = None;
            }
        } else {
            // Only what cannot be anything but an account: it stands outside quotes.
            let account = self.actor.account.clone();
            incident.trail.account =
                account.filter(|id| id.as_str().bytes().all(|b| b.is_ascii_digit()));
        }
        if let Some(Storm { calls, .. }) = &incident.storm
            && let [only] = &calls[..]
        {
            incident.event.name = Some(only.clone());
        }
        incident
    }
}

impl Storm {
    /// Whether all of them were attempts that failed.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        let denied = Outcome::AttemptDenied.as_str();
        self.outcomes.keys().all(|outcome| outcome == denied)
    }
}

/// As many as fit into a notice, and how many do not.
fn some_of(texts: &BTreeSet<String>, most: usize) -> (Vec<Clean>, u64) {
    let mut room = most;
    let mut taken = Vec::new();
    for text in texts {
        let text = Clean::from(text.as_str());
        // In JSON within JSON a character can take many times its bytes.
        let size = json!(json!(text).to_string()).to_string().len();
        if size > room {
            break;
        }
        room -= size;
        taken.push(text);
    }
    let left = u64::try_from(texts.len() - taken.len()).unwrap_or(u64::MAX);
    (taken, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_and_counted() {
        let long = (0..200).map(|number| format!("{number:03}{}", "\u{1f608}".repeat(500)));
        let (taken, left) = some_of(&long.collect(), BYTES);
        assert!(!taken.is_empty() && left > 0);
        assert_eq!(taken.len() + usize::try_from(left).unwrap(), 200);
    }
}
