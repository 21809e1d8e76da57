//! Under which keys an incident is remembered as told. Pure.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    actor::Actor, baseline::sha256, incident::Incident, moment::Moment, outcome::Outcome,
    text::Clean,
};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody who subscribed to the notices.
    Subscribers,
    /// The chats.
    Chats,
    /// Security Hub.
    SecurityHub,
}

/// The keys of one incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// These are claimed: if one is taken, the incident was told by somebody else.
    pub claimed: Vec<String>,
    /// These are noted when it is told, to silence others.
    pub noted: Vec<String>,
}

impl Keys {
    /// The keys of `incident`, told at `now`. None for an event without an id:
    /// such a one is always told.
    #[must_use]
    pub fn of(incident: &Incident, now: Moment) -> Self {
        if let Some(storm) = &incident.storm {
            return Self {
                claimed: vec![storm.key.clone()],
                noted: Vec::new(),
            };
        }
        let event: Vec<String> = incident.event_key().into_iter().collect();
        let stop = incident.stop_key();
        let hours = now.epoch_millis() / 3_600_000;
        let reminder = incident.reminder_key(hours / 24);
        if incident.source == "event" {
            return Self {
                claimed: event,
                noted: stop.into_iter().chain(reminder).collect(),
            };
        }
        let trail = incident.trail_key();
        // What stays wrong is found by every sweep, and told now and then.
        let claimed = match incident.outcome {
            outcome if outcome.is_failure() => vec![still(incident, trail, hours)],
            Outcome::LeftAlone => reminder.into_iter().collect(),
            Outcome::Reported => vec![still(incident, trail, hours)],
            Outcome::WouldRestore | Outcome::AccountSuspended => {
                vec![still(incident, trail, hours / 24)]
            }
            // The trail's own stop time says that it was this call: its event may be
            // answered, and told, at this moment. Of another part's change the call is
            // a guess, and what was found must be told whoever else tells of the call.
            _ if incident.event.is_stop() || incident.source == "echo" => event.clone(),
            // Nothing but the trail's times tells of it, and they stay.
            Outcome::AlreadyLogging => stop.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let by = incident.stop_by_key();
        let others = event.into_iter().chain(stop).chain(by);
        let noted = others.filter(|key| !claimed.contains(key)).collect();
        Self { claimed, noted }
    }

    /// With a key for what has none by itself, as long as it is a finding of our own:
    /// such a one is not found again in the same words.
    #[must_use]
    pub fn or_of_content(mut self, incident: &Incident) -> Self {
        if self.claimed.is_empty() && incident.source != "event" {
            let what = json!(incident).to_string();
            let key = format!("{}#found#{}", incident.trail_key(), sha256(&what));
            self.claimed.push(key);
        }
        self
    }

    /// The keys of whether `audience` was told.
    #[must_use]
    pub fn of_audience(mut self, audience: Audience) -> Self {
        let end = match audience {
            Audience::Subscribers => "",
            Audience::Chats => "#chat",
            Audience::SecurityHub => "#finding",
        };
        let keys = self.claimed.iter_mut().chain(&mut self.noted);
        keys.for_each(|key| key.push_str(end));
        self
    }
}

/// The key of what stays wrong. It holds no value that was read, and no times: whoever
/// changes them would be told of at every sweep.
fn still(incident: &Incident, trail: &str, period: i64) -> String {
    let found = incident.drift.iter().map(|drift| &drift.field);
    let fields: BTreeSet<&String> = found.chain(&incident.verification.still_differs).collect();
    // Which accounts had no turn is chance.
    let accounts = match incident.outcome {
        Outcome::SweepIncomplete => &[],
        _ => &incident.accounts[..],
    };
    let what = json!([incident.outcome, fields, incident.causes, accounts]);
    format!("{trail}#still#{}#{period}", sha256(&what.to_string()))
}

impl Incident {
    /// The key of the stop that this tells of, if the trail's own times show it.
    #[must_use]
    pub fn stop_key(&self) -> Option<String> {
        let stopped_at = self.timing.stopped_at?;
        (self.source != "event" || self.is_the_last_stop())
            .then(|| stop_key(self.trail_key(), stopped_at))
    }

    /// The key of that stop as one by the actor of this, once it is settled.
    fn stop_by_key(&self) -> Option<String> {
        let is_settled = !self.outcome.is_failure() && self.outcome != Outcome::LeftAlone;
        let stop = self.stop_key().filter(|_| is_settled)?;
        stop_by_key(&stop, &self.actor)
    }

    /// The key of the day on which it is told what is left alone.
    fn reminder_key(&self, day: i64) -> Option<String> {
        let glass = self.break_glass.as_ref()?;
        let what = json!([glass, self.timing.stopped_at]);
        let trail = self.trail_key();
        (self.outcome == Outcome::LeftAlone)
            .then(|| format!("{trail}#left#{}#{day}", sha256(&what.to_string())))
    }

    /// What a key says of the trail, or of what else it is about.
    fn trail_key(&self) -> &str {
        let thing = self.thing.as_ref().map(|thing| &thing.arn);
        thing.or(self.trail.arn.as_ref()).map_or("", Clean::as_str)
    }

    /// The key of the event: what failed, what was left alone, what people have to settle
    /// and what was settled are told apart, so that a late success is told after a failure,
    /// and that a sweep names the call behind what is still as it left it.
    #[must_use]
    pub fn event_key(&self) -> Option<String> {
        self.key_of_event(match self.outcome {
            Outcome::LeftAlone => "left",
            Outcome::Reported | Outcome::WouldRestore => "open",
            outcome if outcome.is_failure() => FAILED,
            _ => SETTLED,
        })
    }

    /// The key under which an earlier failure to answer the event was told.
    #[must_use]
    pub fn failed_key(&self) -> Option<String> {
        self.key_of_event(FAILED)
    }

    fn key_of_event(&self, how: &str) -> Option<String> {
        let id = self.id.as_ref()?.as_str();
        Some(event_key(self.trail_key(), id, &self.fingerprint, how))
    }
}

const FAILED: &str = "failed";
/// What the key of an event says that needs nobody's care any more.
pub const SETTLED: &str = "settled";

/// The key of an event about a trail, and of how it ended; the fingerprint keeps a
/// forged event from silencing the real one.
#[must_use]
pub fn event_key(trail: &str, event_id: &str, fingerprint: &str, how: &str) -> String {
    format!("{trail}#{event_id}#{fingerprint}#{how}")
}

/// The key of the stop of this key as one by `actor`: many calls may fit its time, and
/// who made them is told once. Many people may have one role: each session has an access
/// key of its own.
#[must_use]
pub fn stop_by_key(stop: &str, actor: &Actor) -> Option<String> {
    let who = actor.access_key_id.as_ref().or_else(|| actor.best())?;
    Some(format!("{stop}#by#{who}"))
}

/// The key of a stop by the trail's own time of it.
#[must_use]
pub fn stop_key(trail: &str, stopped_at: Moment) -> String {
    format!("{trail}#stopped#{}", stopped_at.epoch_millis())
}
