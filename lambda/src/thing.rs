//! One thing that is under guard beside the trails, and what a record says about it. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    alarm,
    arn::TrailArn,
    config::Parameter,
    event::{Record, text},
    kind::Kind,
    schedule,
    text::{Clean, excerpt},
    trail::Drift,
};

/// One thing under guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// Its ARN.
    pub arn: String,
    /// The account that owns it: the function's.
    pub account: String,
    /// The region that it is in.
    pub region: String,
    /// The trail that it belongs to.
    pub trail: TrailArn,
    /// The alias of a key, with `alias/`.
    pub alias: Option<String>,
    /// The parameter that holds what is declared of it.
    pub parameter: Parameter,
    /// The list that a part of the responder is in.
    pub list: Option<List>,
}

/// The list that a part is in, and who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The name of its parameter.
    pub name: String,
    /// The name of the function that runs this.
    pub reader: String,
}

/// What a record says of which thing a call was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// This one.
    This,
    /// Another one.
    Another,
    /// The record does not say: the parameters of large calls are lost.
    Unknown,
}

impl Thing {
    /// Whether it is a function of the responder, and not the one that runs this.
    #[must_use]
    pub fn is_another_function(&self) -> bool {
        let list = self.list.as_ref();
        self.kind == Kind::Function && list.is_some_and(|list| list.reader != self.name())
    }

    /// Its name: a key's id.
    #[must_use]
    pub fn name(&self) -> &str {
        let separator = self.kind.profile().separator;
        self.arn.rsplit(separator).next().unwrap_or_default()
    }

    /// What its name is unique in: a bus, a group.
    #[must_use]
    pub fn scope(&self) -> &str {
        scope(&self.arn)
    }

    /// What `record` says of which thing its call was about. Of a denied call it may
    /// stand in the message alone.
    #[must_use]
    pub fn reference(&self, record: &Record) -> Reference {
        let profile = self.kind.profile();
        let parameters = record.request_parameters.as_ref();
        let given = profile.parameters.iter();
        let given = given.filter_map(|name| match parameters?.get(*name)? {
            Value::Array(all) => Some(all.as_slice()),
            one => Some(std::slice::from_ref(one)),
        });
        let given: Vec<&str> = given.flatten().filter_map(Value::as_str).collect();
        let is_group = || {
            let is_it = given.contains(&self.scope());
            is_it && record.event_name.as_deref() == schedule::OF_GROUP
        };
        if self.kind == Kind::Schedule && is_group() {
            return Reference::This;
        }
        let resources = record.unknown.get("resources").and_then(Value::as_array);
        let resources = resources.into_iter().flatten();
        let resources = resources.filter_map(|resource| resource.get("ARN")?.as_str());
        let message = record.error_message.as_deref().unwrap_or_default();
        let in_message = message
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '(' | ')'))
            .map(|word| word.trim_end_matches('.'))
            // IAM names a role as `role NAME`.
            .filter(|word| {
                let is_role = self.kind == Kind::Role && *word == self.name();
                is_role || Kind::of(word).is_some_and(|kind| kind.source() == self.kind.source())
            });
        let given_names = given.iter().copied();
        let mut all = given_names.chain(resources).chain(in_message).peekable();
        let scope = profile.scope.filter(|_| !given.is_empty());
        let scope = scope.map(|name| {
            let scope = parameters.and_then(|parameters| text(parameters, name));
            scope.unwrap_or(DEFAULT)
        });
        let is_elsewhere = |scope: &str| scope.rsplit('/').next() != Some(self.scope());
        if all.peek().is_none() {
            Reference::Unknown
        } else if scope.is_some_and(is_elsewhere) {
            Reference::Another
        } else if all.any(|reference| self.is_meant_by(reference)) {
            Reference::This
        } else {
            Reference::Another
        }
    }

    fn is_meant_by(&self, reference: &str) -> bool {
        let is_alias = |alias: &String| {
            let arn = format!(":{}:{}:{alias}", self.region, self.account);
            reference == alias || reference.ends_with(&arn)
        };
        // With the version or alias of a function; or without what comes before its account.
        let is_function = || {
            let short = format!("{}:function:{}", self.account, self.name());
            let (long, name) = (self.arn.as_str(), self.name());
            let mut names = [long, short.as_str(), name].into_iter();
            names.any(|name| {
                reference
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(':') || rest.is_empty())
            })
        };
        let is_of_kind = match self.kind {
            Kind::Function => is_function(),
            // By a subscription.
            Kind::Topic => reference
                .strip_prefix(&self.arn)
                .is_some_and(|rest| rest.starts_with(':')),
            Kind::Alarms => reference
                .rsplit(':')
                .next()
                .is_some_and(|name| name.starts_with(alarm::prefix(self.name()))),
            Kind::Queue => {
                let path = format!("/{}/{}", self.account, self.name());
                reference.ends_with(&path)
            }
            _ => false,
        };
        is_of_kind
            || reference == self.arn
            || reference == self.name()
            || self.alias.as_ref().is_some_and(is_alias)
    }

    /// The calls that can have led to `found`.
    #[must_use]
    pub fn calls_behind(&self, found: &[Drift]) -> Vec<&'static str> {
        let changes = self.kind.profile().changes.iter();
        changes
            .filter(|change| found.iter().any(|drift| drift.part == change.part))
            .map(|change| change.name)
            .collect()
    }
}

/// What stands between kind and name in an ARN; `default` if nothing does.
fn scope(arn: &str) -> &str {
    let resource = arn.rsplit(':').next().unwrap_or_default();
    let parts: Vec<&str> = resource.split('/').collect();
    match parts[..] {
        [_, scope, _] => scope,
        _ => DEFAULT,
    }
}

/// What a name is unique in if nothing is said.
const DEFAULT: &str = "default";

/// What `TRAILKEEPER_EVIDENCE` holds of a thing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    arn: String,
    trail_arn: String,
    parameter: String,
    alias: Option<String>,
}

/// Reads the things of the function's `account`.
///
/// # Errors
/// What is wrong, for people.
pub fn read(value: &str, account: &str) -> Result<Vec<Thing>, String> {
    if value.trim().is_empty() {
        return Ok(Vec::new());
    }
    let entries: Vec<Entry> = serde_json::from_str(value).map_err(|error| error.to_string())?;
    entries
        .into_iter()
        .map(|entry| thing(entry, account))
        .collect()
}

fn thing(entry: Entry, account: &str) -> Result<Thing, String> {
    let trail: TrailArn = entry.trail_arn.parse().map_err(|e| format!("{e}"))?;
    let arn = || excerpt(&entry.arn);
    let kind = Kind::of(&entry.arn)
        .filter(|kind| !kind.is_part())
        .ok_or_else(|| format!("\"{}\" is no ARN of a bucket or key", arn()))?;
    let parts: Vec<&str> = entry.arn.splitn(6, ':').collect();
    let region = match kind {
        Kind::LogBucket => trail.region(),
        _ => parts.get(3).copied().unwrap_or_default(),
    };
    if kind == Kind::LogKey && parts.get(4) != Some(&account) {
        return Err(format!("\"{}\" is not of account {account}", arn()));
    }
    let parameter = Parameter::parse(&entry.parameter)
        .ok_or_else(|| format!("the parameter of \"{}\" does not end in a hash", arn()))?;
    Ok(Thing {
        kind,
        account: account.to_owned(),
        region: region.to_owned(),
        trail: trail.clone(),
        alias: entry.alias,
        parameter,
        list: None,
        arn: entry.arn,
    })
}

/// A thing in the document of a notice.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// Its ARN.
    pub arn: Clean,
    /// Its name.
    pub name: Clean,
    /// Where it is, as a trail would be.
    #[serde(skip)]
    pub place: TrailArn,
}

impl Named {
    /// What its name is unique in.
    #[must_use]
    pub fn scope(&self) -> &str {
        scope(self.arn.as_str())
    }
}

impl From<&Thing> for Named {
    fn from(thing: &Thing) -> Self {
        Self {
            kind: thing.kind,
            arn: thing.arn.as_str().into(),
            name: thing.name().into(),
            place: thing.trail.clone(),
        }
    }
}
