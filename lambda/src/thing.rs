//! What is under guard beside the trails, and belongs to one: its log bucket and its key.
//! Each kind is a file that says which calls concern it, how it is observed, how it
//! differs from what is declared, and which calls heal it: [`crate::bucket`],
//! [`crate::key`]. Here is what they have in common: a thing has fields, each of which is
//! declared, read, compared and healed by itself. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    arn::TrailArn,
    asked::Asked,
    baseline::BaselineRefused,
    bucket,
    config::Parameter,
    event::{Record, text},
    key,
    text::{Clean, excerpt},
    trail::{Drift, Observation, Part},
};

/// Name of the schema of a thing's document.
pub const SCHEMA: &str = "trailkeeper.evidence";
/// The version that this function reads.
pub const VERSION: u32 = 1;
/// What stands for the thing itself among the fields.
pub(crate) const EXISTS: &str = "exists";

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The bucket of the logs.
    LogBucket,
    /// The KMS key that encrypts the logs.
    LogKey,
}

/// A call that can weaken a thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Its name in a record.
    pub(crate) name: &'static str,
    /// The part that it changes.
    pub(crate) part: Part,
    /// What who made it did, before the thing.
    pub(crate) did: &'static str,
    /// What who was denied it tried to do.
    pub(crate) to_do: &'static str,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::LogBucket, Self::LogKey];

    /// How it is called in a sentence.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::LogBucket => "log bucket",
            Self::LogKey => "log key",
        }
    }

    /// The same with a capital letter.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::LogBucket => "Log bucket",
            Self::LogKey => "Log key",
        }
    }

    /// `source` of an event about it, and `eventSource` of the record.
    #[must_use]
    pub fn source(self) -> (&'static str, &'static str) {
        match self {
            Self::LogBucket => ("aws.s3", "s3.amazonaws.com"),
            Self::LogKey => ("aws.kms", "kms.amazonaws.com"),
        }
    }

    /// The kind that an ARN is of.
    #[must_use]
    pub fn of(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "s3", "", "", bucket] => is_bucket(bucket).then_some(Self::LogBucket),
            ["arn", _, "kms", region, _, resource] => {
                let is_key = resource
                    .strip_prefix("key/")
                    .is_some_and(|id| !id.is_empty());
                (is_key && !region.is_empty()).then_some(Self::LogKey)
            }
            _ => None,
        }
    }

    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::LogBucket => &bucket::FIELDS,
            Self::LogKey => &key::FIELDS,
        }
    }

    pub(crate) fn changes(self) -> &'static [Change] {
        match self {
            Self::LogBucket => &bucket::CHANGES,
            Self::LogKey => &key::CHANGES,
        }
    }

    /// A field as it is compared.
    fn normal(self, field: &str, value: &Value) -> Value {
        match self {
            Self::LogBucket => bucket::normal(field, value),
            Self::LogKey => key::normal(field, value),
        }
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
fn is_bucket(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    (3..=63).contains(&name.len()) && name.bytes().all(is_plain)
}

/// The call of this name, of whatever kind.
pub(crate) fn change(event_name: &str) -> Option<&'static Change> {
    let mut all = Kind::ALL.iter().flat_map(|kind| kind.changes());
    all.find(|change| change.name == event_name)
}

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
    /// Its name: a key's id.
    #[must_use]
    pub fn name(&self) -> &str {
        let resource = self.arn.rsplit(':').next().unwrap_or_default();
        resource.strip_prefix("key/").unwrap_or(resource)
    }

    /// What `record` says of which thing its call was about. Of a denied call it may
    /// stand in the message alone.
    #[must_use]
    pub fn reference(&self, record: &Record) -> Reference {
        let parameters = record.request_parameters.as_ref();
        let names: &[&str] = match self.kind {
            Kind::LogBucket => &["bucketName"],
            Kind::LogKey => &["keyId", "targetKeyId", "aliasName"],
        };
        let given = names.iter().filter_map(|name| text(parameters?, name));
        let resources = record.unknown.get("resources").and_then(Value::as_array);
        let resources = resources.into_iter().flatten();
        let resources = resources.filter_map(|resource| resource.get("ARN")?.as_str());
        let message = record.error_message.as_deref().unwrap_or_default();
        let in_message = message
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '(' | ')'))
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| Kind::of(word) == Some(self.kind));
        let mut all = given.chain(resources).chain(in_message).peekable();
        if all.peek().is_none() {
            Reference::Unknown
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
        reference == self.arn
            || reference == self.name()
            || self.alias.as_ref().is_some_and(is_alias)
    }

    /// The calls that can have led to `found`.
    #[must_use]
    pub fn calls_behind(&self, found: &[Drift]) -> Vec<&'static str> {
        let changes = self.kind.changes().iter();
        changes
            .filter(|change| found.iter().any(|drift| drift.part == change.part))
            .map(|change| change.name)
            .collect()
    }

    /// What is looked after if the document cannot be used.
    #[must_use]
    pub fn least(&self) -> Declaration {
        let declared = match self.kind {
            // Nothing of a bucket goes without saying.
            Kind::LogBucket => BTreeMap::new(),
            Kind::LogKey => key::least(),
        };
        let restored = declared.keys().copied().collect();
        Declaration {
            kind: self.kind,
            arn: self.arn.clone(),
            declared: declared
                .into_iter()
                .map(|(field, value)| (field, Field::new(self.kind, field, value)))
                .collect(),
            restored,
        }
    }
}

/// What is declared of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    kind: Kind,
    /// Of what.
    arn: String,
    declared: BTreeMap<&'static str, Field>,
    /// The fields that are healed; what else differs is reported.
    restored: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    /// As Terraform wrote it.
    given: Value,
    /// As it is compared.
    normal: Value,
}

impl Field {
    fn new(kind: Kind, field: &str, given: Value) -> Self {
        Self {
            normal: kind.normal(field, &given),
            given,
        }
    }
}

/// The document, as Terraform writes it.
#[derive(Deserialize)]
struct Document {
    schema: String,
    version: u32,
    arn: String,
    declared: BTreeMap<String, Value>,
    restored: Vec<String>,
}

impl Declaration {
    /// Reads the document of `thing`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(document: &str, thing: &Thing) -> Result<Self, BaselineRefused> {
        let unusable = |reason: String| BaselineRefused::Unusable(reason);
        let document: Document =
            serde_json::from_str(document).map_err(|error| unusable(error.to_string()))?;
        if document.schema != SCHEMA || document.version != VERSION || document.arn != thing.arn {
            return Err(unusable(format!(
                "schema, version and arn are \"{}\" {} \"{}\", expected \"{SCHEMA}\" {VERSION} \"{}\"",
                excerpt(&document.schema),
                document.version,
                excerpt(&document.arn),
                thing.arn
            )));
        }
        let kind = thing.kind;
        let known = |name: &str| {
            let mut fields = kind.fields().iter().chain([&EXISTS]);
            fields
                .find(|field| **field == name)
                .copied()
                .ok_or_else(|| unusable(format!("a {} has no \"{}\"", kind.what(), excerpt(name))))
        };
        let mut declared = BTreeMap::new();
        for (name, value) in document.declared {
            let field = known(&name)?;
            declared.insert(field, Field::new(kind, field, value));
        }
        let restored = document.restored.iter().map(|name| known(name));
        Ok(Self {
            kind,
            arn: document.arn,
            declared,
            restored: restored.collect::<Result<_, _>>()?,
        })
    }

    /// The fields that are declared.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.declared.keys().copied()
    }

    /// Whether nothing of `left` is healed, because that is left to people.
    pub(crate) fn leaves_to_people(&self, left: &[Drift]) -> bool {
        let is_healed = |drift: &Drift| self.restored.contains(&drift.field.as_str());
        !left.is_empty() && !left.iter().any(is_healed)
    }

    /// How `observed` differs, as far as it was read.
    pub(crate) fn drift(&self, observed: &Observation) -> Vec<Drift> {
        let differs = self.declared.iter().filter_map(|(field, declared)| {
            let seen = observed.fields.get(field)?;
            let seen = self.kind.normal(field, seen);
            (seen != declared.normal)
                .then(|| Drift::new(Part::Of(field), field, seen, &declared.normal))
        });
        differs.collect()
    }

    /// The calls that heal `drift`, in order; none if it is left to people.
    pub(crate) fn mends(&self, drift: &Drift) -> Vec<Mend> {
        let exists = Value::Bool(true);
        let given = self.declared.get(drift.field.as_str());
        let given = given.map(|declared| &declared.given);
        let given = given.or((drift.part == Part::Existence).then_some(&exists));
        let is_healed = self.restored.contains(&drift.field.as_str());
        match (given, self.kind) {
            (Some(declared), Kind::LogBucket) if is_healed => bucket::mends(drift, declared),
            (Some(declared), Kind::LogKey) if is_healed => key::mends(drift, declared),
            _ => Vec::new(),
        }
    }

    /// The calls that make a new one what is declared.
    pub(crate) fn mends_of_new(&self) -> Vec<Mend> {
        let fields = self.declared.iter();
        let differs = fields.filter(|(_, declared)| !declared.normal.is_null());
        let differs = differs.map(|(field, declared)| {
            Drift::new(Part::Of(field), field, Value::Null, &declared.normal)
        });
        differs.flat_map(|drift| self.mends(&drift)).collect()
    }

    /// What `record`'s call set to something else than declared.
    pub(crate) fn asked_for(&self, record: &Record) -> Asked {
        let name = record.event_name.as_deref().unwrap_or_default();
        let Some(change) = self.kind.changes().iter().find(|c| c.name == name) else {
            return Asked::Unknown;
        };
        let Part::Of(field) = change.part else {
            let lost = (!name.starts_with("Create")).then(|| EXISTS.to_owned());
            return Asked::Fields(lost.into_iter().collect());
        };
        let Some(declared) = self.declared.get(field) else {
            return Asked::Unguarded;
        };
        let parameters = record.request_parameters.as_ref();
        let parameters = parameters.filter(|given| !given.contains_key("omitted"));
        let none = Map::new();
        let wanted = match self.kind {
            Kind::LogBucket => bucket::wanted(change, parameters.unwrap_or(&none)),
            Kind::LogKey => {
                let given = parameters.unwrap_or(&none);
                key::wanted(change, given, &declared.given, &self.arn)
            }
        };
        match wanted.map(|wanted| self.kind.normal(field, &wanted)) {
            None => Asked::Unknown,
            Some(wanted) if wanted == declared.normal => Asked::Fields(Vec::new()),
            Some(_) => Asked::Fields(vec![field.to_owned()]),
        }
    }
}

/// One call that heals a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// The call, as in an IAM policy.
    pub call: &'static str,
    /// The field that it heals.
    pub field: &'static str,
    /// What it sets the field to, as the service wants it.
    pub value: Value,
}

impl Mend {
    pub(crate) fn new(call: &'static str, field: &'static str, value: Value) -> Self {
        Self { call, field, value }
    }

    /// The part that it heals.
    #[must_use]
    pub fn part(&self) -> Part {
        if self.field == EXISTS {
            Part::Existence
        } else {
            Part::Of(self.field)
        }
    }
}

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
        .ok_or_else(|| format!("\"{}\" is no ARN of a bucket or key", arn()))?;
    let parts: Vec<&str> = entry.arn.splitn(6, ':').collect();
    let region = match kind {
        Kind::LogBucket => trail.region(),
        Kind::LogKey => parts.get(3).copied().unwrap_or_default(),
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
}

impl From<&Thing> for Named {
    fn from(thing: &Thing) -> Self {
        Self {
            kind: thing.kind,
            arn: thing.arn.as_str().into(),
            name: thing.name().into(),
        }
    }
}
