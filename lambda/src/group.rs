//! Incidents of one actor in quick succession: which of them are told one by one, and
//! when they are summed up. Pure.
//!
//! Nothing is kept silent but what the group's entry in the table of told incidents
//! holds, and the summary tells.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    actor::Actor,
    baseline::sha256,
    containment::State,
    dynamodb::{Entry, Field},
    incident::Incident,
    moment::Moment,
    outcome::{Outcome, Severity},
    text::Clean,
};

/// For how long after its first incident a group takes in others, in seconds.
pub const WINDOW: i64 = 3_600;
/// After so many seconds without an incident a group is summed up.
pub const QUIET: i64 = 600;
/// For how many seconds after the window a sweep may still come to sum up; then its
/// incidents are told one by one again.
pub const GRACE: i64 = 900;
/// So many event ids are kept of a group; of further incidents the number alone.
pub const KEPT_IDS: u64 = 1_000;
/// From this one on, denied attempts are no longer of medium severity.
const DENIED_TOO_OFTEN: u64 = 5;
/// So many access keys, sessions for instance, are each told at once when they are new:
/// behind one role there may be many people.
const KEYS_TOLD: usize = 10;

/// Under this id the table has the groups with incidents that were not told one by one.
pub(crate) const OPEN: &str = "groups#open";
/// What the key of a group begins with.
pub(crate) const GROUP: &str = "group#";
/// The attribute with the number of those that no notice told of yet.
pub(crate) const SILENT: &str = "silent_count";
/// Under this name a group has what was last told of its actor's containment.
pub(crate) const CONTAINMENT: &str = "containment";

/// What was told of an actor before: the repeated offence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Repetition {
    /// Which one this is of the actor's incidents of this kind in this account.
    pub count: u64,
    /// When the first of them was told.
    pub since: Moment,
    /// How many of them were not told one by one since the last summary.
    pub untold: u64,
}

/// How an incident is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// By itself, as the first of its kind.
    Alone,
    /// By itself, with what came before.
    Repeated(Repetition),
    /// By the summary.
    Silent,
}

/// An incident as its group takes it in.
#[derive(Clone, Debug)]
pub struct Member {
    /// The group's key.
    pub group: String,
    /// The incident's event id.
    pub id: String,
    kinds: BTreeSet<String>,
    outcome: Outcome,
    /// Nobody heals it, and no sweep tells of it in time.
    is_left: bool,
    actor: Actor,
}

impl Member {
    /// What `incident` is to its group. `None` for what is always told by itself:
    /// trails that are not known to be as declared, what sweeps find, and what comes
    /// without an id or from nobody.
    #[must_use]
    pub fn of(incident: &Incident) -> Option<Self> {
        // A flood of denied attempts must not hide the first that succeeds, nor
        // changes that were to be expected one that was not.
        let kind = match incident.outcome {
            _ if incident.source != "event" || incident.break_glass.is_some() => return None,
            Outcome::NotRestored
            | Outcome::Unverified
            | Outcome::Unreachable
            | Outcome::AccountSuspended
            | Outcome::SweepIncomplete
            // What break-glass leaves alone is always told.
            | Outcome::LeftAlone
            | Outcome::StormSummary => return None,
            Outcome::AttemptDenied => "denied",
            // Nor does what the trail does not bear out count as tampering.
            Outcome::Unconfirmed if incident.severity != Severity::Info => "unconfirmed",
            Outcome::Restored
            | Outcome::AlreadyLogging
            | Outcome::AlreadyRestored
            | Outcome::Unconfirmed
            | Outcome::ConformingChange
            | Outcome::WouldRestore
            | Outcome::Reported => {
                if incident.severity == Severity::Info {
                    "expected"
                } else {
                    "tampering"
                }
            }
        };
        let actor = &incident.actor;
        // A user can be renamed; the id stays.
        let who = [
            &actor.iam_id,
            &actor.session_issuer_arn,
            &actor.arn,
            &actor.access_key_id,
        ];
        let who = who.into_iter().flatten().next()?;
        let group = json!([incident.trail.account, who, kind]);
        Some(Self {
            group: format!("{GROUP}{}", sha256(&group.to_string())),
            id: incident.id.as_ref()?.as_str().to_owned(),
            kinds: kinds(incident),
            outcome: incident.outcome,
            is_left: match incident.outcome {
                Outcome::Reported | Outcome::WouldRestore => true,
                Outcome::Unconfirmed => !incident.event.is_guarded,
                _ => false,
            },
            actor: actor.clone(),
        })
    }

    /// What the table is to add to the group, `with_id` or as a number alone: attribute
    /// by attribute.
    #[must_use]
    pub fn added(&self, with_id: bool) -> Vec<(String, Field)> {
        let one = |text: &str| Field::Texts([text.to_owned()].into());
        let mut added = vec![
            ("incident_count".to_owned(), Field::Number(1)),
            (
                format!("outcome_{}", self.outcome.as_str()),
                Field::Number(1),
            ),
            ("kinds_seen".to_owned(), Field::Texts(self.kinds.clone())),
        ];
        if with_id {
            added.push(("event_ids".to_owned(), one(&self.id)));
            let seen = [
                ("access_key_ids", &self.actor.access_key_id),
                ("source_ips", &self.actor.source_ip),
            ];
            for (name, value) in seen {
                added.extend(
                    value
                        .as_ref()
                        .map(|value| (name.to_owned(), one(value.as_str()))),
                );
            }
        }
        added
    }

    /// The actor, as the group keeps it.
    #[must_use]
    pub fn actor(&self) -> String {
        json!(self.actor).to_string()
    }

    /// How it is told if the group was `before`. The intervals grow; but the first of
    /// another trail, call, field, outcome or access key is told, the first after a
    /// summary, and what stays as it is.
    #[must_use]
    pub fn manner(&self, before: Option<&Group>) -> Manner {
        let Some(before) = before else {
            return Manner::Alone;
        };
        let count = before.count + 1;
        let key = self.actor.access_key_id.as_ref().map(Clean::as_str);
        let is_new_key = before.access_keys.len() < KEYS_TOLD
            && key.is_some_and(|key| !before.access_keys.contains(key));
        let is_new = is_new_key || !self.kinds.is_subset(&before.kinds);
        let is_first = before.summed == Some(before.count);
        if count.is_power_of_two() || is_new || is_first || self.is_left {
            Manner::Repeated(Repetition {
                count,
                ..before.repetition()
            })
        } else {
            Manner::Silent
        }
    }
}

/// What is seen of an incident for the first time, or again.
fn kinds(incident: &Incident) -> BTreeSet<String> {
    let drift = incident.drift.iter().map(|drift| drift.field.as_str());
    let asked = incident.event.asked_for.iter().map(String::as_str);
    let mut fields: BTreeSet<Option<&str>> = drift.chain(asked).map(Some).collect();
    if fields.is_empty() {
        fields.insert(None);
    }
    let part = incident.thing.as_ref().filter(|thing| thing.kind.is_part());
    let part = part.map(|part| &part.arn);
    let (about, event) = (part.or(incident.trail.arn.as_ref()), &incident.event.name);
    let (outcome, severity) = (incident.outcome, incident.severity);
    fields
        .into_iter()
        .map(|field| json!([about, event, outcome, severity, field]).to_string())
        .collect()
}

/// A group as the table has it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Incidents so far.
    pub count: u64,
    /// Those that no notice told of yet.
    pub silent: u64,
    /// How many there were at the last summary.
    pub summed: Option<u64>,
    /// When the first one was answered, in seconds since 1970.
    pub first_at: i64,
    /// When the last one was.
    pub last_at: i64,
    /// The event ids.
    pub events: BTreeSet<String>,
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) outcomes: BTreeMap<String, u64>,
    pub(crate) access_keys: BTreeSet<String>,
    pub(crate) source_ips: BTreeSet<String>,
    pub(crate) actor: Actor,
    /// What was last told of the actor's containment.
    pub(crate) containment: Option<State>,
}

impl Group {
    /// Reads an entry; `None` if there is none.
    #[must_use]
    pub fn read(entry: &Entry) -> Option<Self> {
        let number = |name: &str| match entry.get(name) {
            Some(Field::Number(number)) => Some(*number),
            _ => None,
        };
        let count = |name: &str| number(name).and_then(|number| u64::try_from(number).ok());
        let texts = |name: &str| match entry.get(name) {
            Some(Field::Texts(texts)) => texts.clone(),
            _ => BTreeSet::new(),
        };
        let outcomes = entry.keys().filter_map(|name| {
            let outcome = name.strip_prefix("outcome_")?;
            Some((outcome.to_owned(), count(name)?))
        });
        Some(Self {
            count: count("incident_count")?,
            silent: count(SILENT).unwrap_or_default(),
            summed: count("summed_count"),
            first_at: number("first_at")?,
            last_at: number("last_at")?,
            events: texts("event_ids"),
            kinds: texts("kinds_seen"),
            outcomes: outcomes.collect(),
            access_keys: texts("access_key_ids"),
            source_ips: texts("source_ips"),
            actor: match entry.get("actor_json") {
                Some(Field::Text(text)) => read_actor(text),
                _ => Actor::default(),
            },
            containment: match entry.get(CONTAINMENT) {
                Some(Field::Text(state)) => State::named(state),
                _ => None,
            },
        })
    }

    /// The repeated offence, as of the last incident.
    #[must_use]
    pub fn repetition(&self) -> Repetition {
        Repetition {
            count: self.count,
            since: moment(self.first_at),
            untold: self.silent,
        }
    }

    /// The group among the open ones. A summary gives it another name, so that whoever
    /// strikes out the old one strikes out nothing that came later.
    #[must_use]
    pub fn name(&self, key: &str) -> String {
        format!(
            "{key}@{}+{}",
            self.first_at,
            self.summed.unwrap_or_default()
        )
    }

    /// Whether it is the group of this name, at this or an earlier time.
    #[must_use]
    pub fn has_name(&self, key: &str, name: &str) -> bool {
        name.starts_with(&format!("{key}@{}+", self.first_at))
    }

    /// Whether it is to be summed up at `now`, in seconds since 1970.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        self.is_quiet(now) || now - self.first_at >= WINDOW
    }

    /// Whether nothing came for ten minutes.
    pub(crate) fn is_quiet(&self, now: i64) -> bool {
        now - self.last_at >= QUIET
    }
}

impl Incident {
    /// The same as one of several.
    #[must_use]
    pub fn repeated(mut self, repetition: Repetition) -> Self {
        let is_denied = self.outcome == Outcome::AttemptDenied;
        self.severity = raised(self.severity, is_denied, repetition.count);
        self.repetition = (repetition.count > 1).then_some(repetition);
        self
    }
}

/// The severity of an actor's incident with this number: who weakens a trail again
/// within the window is at it, and who is denied again and again does not give up.
pub(crate) fn raised(severity: Severity, is_denied: bool, count: u64) -> Severity {
    match severity {
        Severity::High if !is_denied && count > 1 => Severity::Critical,
        Severity::Medium if is_denied && count >= DENIED_TOO_OFTEN => Severity::High,
        severity => severity,
    }
}

pub(crate) fn moment(seconds: i64) -> Moment {
    let moment = Moment::from_epoch_millis(seconds.saturating_mul(1_000));
    moment.unwrap_or_else(Moment::now)
}

fn read_actor(text: &str) -> Actor {
    let stored: Value = serde_json::from_str(text).unwrap_or_default();
    let clean = |name: &str| stored.get(name)?.as_str().and_then(Clean::visible);
    Actor {
        kind: clean("kind"),
        arn: clean("arn"),
        name: clean("name"),
        account: clean("account"),
        session_issuer_arn: clean("session_issuer_arn"),
        iam_id: None,
        mfa: stored.get("mfa").and_then(Value::as_bool),
        session_started_at: stored
            .get("session_started_at")
            .and_then(Value::as_str)
            .and_then(Moment::parse),
        from_console: stored.get("from_console").and_then(Value::as_bool),
        access_key_id: clean("access_key_id"),
        source_identity: clean("source_identity"),
        invoked_by: clean("invoked_by"),
        source_ip: clean("source_ip"),
        user_agent: clean("user_agent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(count: i64) -> Entry {
        let texts = |texts: &[&str]| Field::Texts(texts.iter().map(|t| (*t).to_owned()).collect());
        Entry::from([
            ("incident_count".to_owned(), Field::Number(count)),
            ("first_at".to_owned(), Field::Number(1_000)),
            ("last_at".to_owned(), Field::Number(1_200)),
            ("event_ids".to_owned(), texts(&["e1", "e2"])),
            (
                "kinds_seen".to_owned(),
                texts(&[
                    r#"["arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit","StopLogging","restored","high","is_logging"]"#,
                ]),
            ),
            ("outcome_restored".to_owned(), Field::Number(count)),
        ])
    }

    #[test]
    fn who_does_it_again_is_worse_and_nothing_else_is() {
        use Severity::{Critical, High, Info, Medium};
        assert_eq!(raised(High, false, 1), High);
        assert_eq!(raised(High, false, 2), Critical);
        assert_eq!(raised(Medium, false, 99), Medium);
        assert_eq!(raised(Info, false, 99), Info);
        assert_eq!(raised(Medium, true, 4), Medium);
        assert_eq!(raised(Medium, true, 5), High);
        assert_eq!(raised(High, true, 99), High);
    }

    #[test]
    fn a_group_is_due_when_it_is_quiet_or_its_window_is_over() {
        let group = Group::read(&entry(9)).unwrap();
        assert!(!group.is_due(1_200 + QUIET - 1));
        assert!(group.is_due(1_200 + QUIET));
        let busy = Group {
            last_at: 1_000 + WINDOW,
            ..group
        };
        assert!(!busy.is_due(1_000 + WINDOW - 1));
        assert!(busy.is_due(1_000 + WINDOW));
        let storm = busy.summary("group#k", 1_000 + WINDOW).storm.unwrap();
        assert!(!storm.is_over);
    }

    #[test]
    fn a_summary_has_the_highest_severity_and_says_what_it_leaves_out() {
        let group = Group::read(&entry(9)).unwrap();
        let summary = group.summary("group#k", 2_000);
        assert_eq!(summary.severity, Severity::Critical);
        assert_eq!(summary.trail.name.unwrap().as_str(), "audit");
        let storm = summary.storm.unwrap();
        assert_eq!(storm.event_ids_omitted, 7);
        assert!(storm.is_over);
    }

    #[test]
    fn a_summary_renames_its_group() {
        let group = Group::read(&entry(9)).unwrap();
        let summed = Group {
            summed: Some(9),
            ..group.clone()
        };
        let name = group.name("group#k");
        assert_ne!(name, summed.name("group#k"));
        assert!(summed.has_name("group#k", &name));
        let later = Group {
            first_at: 9_000,
            ..group
        };
        assert!(!later.has_name("group#k", &name));
    }

    /// One more of the group of `entry`.
    fn member(key: Option<&str>, is_left: bool) -> Member {
        let Some(Field::Texts(kinds)) = entry(1).remove("kinds_seen") else {
            panic!("no kinds")
        };
        Member {
            group: "group#k".to_owned(),
            id: "e9".to_owned(),
            kinds,
            outcome: Outcome::Restored,
            is_left,
            actor: Actor {
                access_key_id: key.and_then(Clean::visible),
                ..Actor::default()
            },
        }
    }

    #[test]
    fn a_new_session_and_what_nobody_heals_are_never_silent() {
        let told = |member: &Member, keys: usize| {
            let mut group = Group::read(&entry(4)).unwrap();
            group.access_keys = (0..keys).map(|key| format!("ASIA{key}")).collect();
            member.manner(Some(&group)) != Manner::Silent
        };
        assert!(!told(&member(Some("ASIA0"), false), 1), "the fifth");
        assert!(!told(&member(None, false), 1));
        assert!(told(&member(Some("ASIA1"), false), 1), "another session");
        assert!(!told(&member(Some("ASIA99"), false), KEYS_TOLD), "of many");
        assert!(told(&member(Some("ASIA0"), true), 1), "nobody heals it");
    }
}
