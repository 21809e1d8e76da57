//! What somebody did, out of records of the event history. Pure; the records are
//! hostile (law 8).

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::{Map, json};

use crate::{
    actor::{Actor, flag},
    event::{Event, Record, object, text},
    moment::Moment,
    searches::{Aim, Found},
    text::Clean,
};

/// Calls that read, and are told one by one all the same: they hand out credentials
/// or secrets.
const NOTABLE: [&str; 8] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "GetFederationToken",
    "GetSessionToken",
    "GetSecretValue",
    "GetPasswordData",
    "ConsoleLogin",
];
/// Beginnings of the names of calls that read, for records that do not say.
const READS: [&str; 6] = ["Get", "List", "Describe", "Head", "Lookup", "BatchGet"];
/// Targets that are kept of one deed.
const TARGETS: usize = 3;
/// Source addresses and keys that are kept of one deed.
const SOURCES: usize = 2;
/// The longest that is kept of a name, in characters.
const NAME: usize = 64;
/// The longest that is kept of a target or an ARN, in characters.
const TARGET: usize = 128;

/// A record that was found.
pub(crate) struct Act {
    pub(crate) aim: Aim,
    pub(crate) record: Record,
    pub(crate) actor: Actor,
    pub(crate) at: Option<Moment>,
    region: Option<Clean>,
}

/// Calls of one kind, with one result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// The service, `iam` for instance.
    pub service: Option<Clean>,
    /// The call.
    pub name: Option<Clean>,
    /// Error code of calls that failed.
    pub error_code: Option<Clean>,
    /// Where they were recorded.
    pub region: Option<Clean>,
    /// How many.
    pub count: usize,
    /// When the first was made.
    pub first: Option<Moment>,
    /// When the last was made.
    pub last: Option<Moment>,
    /// What they were about, as far as the records tell; a few.
    pub targets: Vec<Clean>,
    /// Who made them.
    pub actor: Option<Clean>,
    /// The keys that signed them; a few.
    pub access_key_ids: Vec<Clean>,
    /// Where they came from; a few.
    pub source_ips: Vec<Clean>,
    /// Whether they were made while the trail did not log.
    pub in_gap: bool,
    /// Whether it is the call that the incident is about.
    pub is_this: bool,
}

/// How often something was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reads {
    /// The service.
    pub service: Option<Clean>,
    /// The call.
    pub name: Option<Clean>,
    /// How many.
    pub count: usize,
    /// How many of them failed.
    pub failed: usize,
}

/// All records that were found, each once for each aim.
pub(crate) fn acts(found: &[Found]) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    let mut seen = HashSet::new();
    for found in found {
        for record in &found.records {
            let Ok(event) = Event::of_record(record) else {
                continue;
            };
            let record = event.record;
            let id = record.event_id.clone();
            if id.is_some_and(|id| !seen.insert((id, found.search.aim))) {
                continue;
            }
            acts.push(Act {
                aim: found.search.aim,
                actor: Actor::of(&record),
                at: record.event_time.as_deref().and_then(Moment::parse),
                region: short(record.aws_region.as_deref(), NAME),
                record,
            });
        }
    }
    acts
}

impl Act {
    pub(crate) fn name(&self) -> &str {
        self.record.event_name.as_deref().unwrap_or_default()
    }

    /// Whether it only reads.
    pub(crate) fn is_read(&self) -> bool {
        let says = self.record.unknown.get("readOnly").and_then(flag);
        let seems = || READS.iter().any(|read| self.name().starts_with(read));
        says.unwrap_or_else(seems) && !NOTABLE.contains(&self.name())
    }

    /// The key that it made, for a user or for a session.
    pub(crate) fn made_key(&self) -> Option<&str> {
        let answer = self.record.unknown.get("responseElements")?.as_object()?;
        let made = object(answer, "credentials").or_else(|| object(answer, "accessKey"))?;
        text(made, "accessKeyId")
    }

    /// The same as one deed; `gap` tells whether a time lies in the gap.
    pub(crate) fn deed(&self, gap: &impl Fn(Moment) -> bool, this: Option<&str>) -> Deed {
        let record = &self.record;
        let one = |text: &Option<Clean>| text.iter().map(|text| text.cut(TARGET)).collect();
        let is_this = this.is_some() && this == record.event_id.as_deref();
        Deed {
            service: service(record),
            name: short(record.event_name.as_deref(), NAME),
            error_code: short(record.error_code.as_deref(), NAME),
            region: self.region.clone(),
            count: 1,
            first: self.at,
            last: self.at,
            targets: self.targets(),
            actor: self.actor.best().map(|actor| actor.cut(TARGET)),
            access_key_ids: one(&self.actor.access_key_id),
            source_ips: one(&self.actor.source_ip),
            in_gap: !is_this && self.at.is_some_and(gap),
            is_this,
        }
    }

    /// What the call was about: names and ids among the top fields of its parameters,
    /// and the key that it made.
    fn targets(&self) -> Vec<Clean> {
        let nothing = Map::new();
        let parameters = self.record.request_parameters.as_ref().unwrap_or(&nothing);
        let named = parameters.iter().filter_map(|(field, value)| {
            let field = field.to_ascii_lowercase();
            let ends = ["name", "arn", "id", "url", "bucket"];
            let is_name = ends.iter().any(|end| field.ends_with(end));
            let is_token = field.contains("token") || field.contains("request");
            if is_name && !is_token {
                value.as_str()
            } else {
                None
            }
        });
        let mut targets = Vec::new();
        for target in self.made_key().into_iter().chain(named) {
            add(&mut targets, short(Some(target), TARGET), TARGETS);
        }
        targets
    }
}

fn service(record: &Record) -> Option<Clean> {
    let source = record.event_source.as_deref()?;
    short(source.split('.').next(), NAME)
}

fn short(text: Option<&str>, most: usize) -> Option<Clean> {
    Clean::visible(text?).map(|text| text.cut(most))
}

/// Keeps `new` if it is not there yet and there is room.
fn add(kept: &mut Vec<Clean>, new: Option<Clean>, most: usize) {
    if let Some(new) = new
        && kept.len() < most
        && !kept.contains(&new)
    {
        kept.push(new);
    }
}

/// Deeds of a kind made one, those that began first at the beginning.
pub(crate) fn grouped(deeds: impl Iterator<Item = Deed>) -> Vec<Deed> {
    let mut groups: Vec<Deed> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for deed in deeds {
        let kind = json!([
            deed.service,
            deed.name,
            deed.error_code,
            deed.region,
            deed.actor,
            deed.in_gap,
            deed.is_this,
        ]);
        let place = *places.entry(kind.to_string()).or_insert(groups.len());
        match groups.get_mut(place) {
            None => groups.push(deed),
            Some(group) => group.take_in(deed),
        }
    }
    groups.sort_by_key(|deed| deed.first);
    groups
}

impl Deed {
    fn take_in(&mut self, other: Self) {
        self.count += other.count;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        for target in other.targets {
            add(&mut self.targets, Some(target), TARGETS);
        }
        for key in other.access_key_ids {
            add(&mut self.access_key_ids, Some(key), SOURCES);
        }
        for ip in other.source_ips {
            add(&mut self.source_ips, Some(ip), SOURCES);
        }
    }
}

/// The reads among `acts`, the most frequent first.
pub(crate) fn reads<'a>(acts: impl Iterator<Item = &'a Act>) -> Vec<Reads> {
    let mut counts: BTreeMap<String, Reads> = BTreeMap::new();
    for act in acts {
        let (service, name) = (
            service(&act.record),
            short(act.record.event_name.as_deref(), NAME),
        );
        let kind = json!([service, name]).to_string();
        let reads = counts.entry(kind).or_insert(Reads {
            service,
            name,
            count: 0,
            failed: 0,
        });
        reads.count += 1;
        reads.failed += usize::from(act.record.error_code.is_some());
    }
    let mut reads: Vec<Reads> = counts.into_values().collect();
    reads.sort_by_key(|reads| std::cmp::Reverse(reads.count));
    reads
}
