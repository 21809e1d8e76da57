//! What is declared of a thing: it has fields, each of which is declared, read, compared and
//! healed by itself. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    asked::Asked,
    baseline::BaselineRefused,
    config::GUARD,
    event::Record,
    function, guard, key,
    kind::Kind,
    text::excerpt,
    thing::Thing,
    topic,
    trail::{Drift, Observation, Part},
};

/// Name of the schema of a thing's document.
pub const SCHEMA: &str = "trailkeeper.evidence";
/// The version that this function reads.
pub const VERSION: u32 = 1;
/// What stands for the thing itself among the fields.
pub(crate) const EXISTS: &str = "exists";

/// The fields that no deployment changes: that it exists, and that it is on.
const NEVER_DEPLOYED: [&str; 2] = [EXISTS, "state"];

/// What is declared of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    kind: Kind,
    /// Of what.
    arn: String,
    declared: Declared,
    /// The fields that are healed; what else differs is reported.
    restored: Vec<&'static str>,
    /// The lists that another function may have as well as this one's, while it is deployed.
    lists: Vec<Value>,
}

/// What is declared, by field.
pub(crate) type Declared = BTreeMap<&'static str, Field>;

/// What is declared of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As Terraform wrote it.
    pub(crate) given: Value,
    /// As it is compared.
    normal: Value,
    /// As good, while it is deployed.
    as_good: Vec<Value>,
}

impl Field {
    fn new(kind: Kind, field: &str, given: Value) -> Self {
        Self {
            normal: (kind.profile().normal)(field, &given),
            given,
            as_good: Vec::new(),
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
    /// What is looked after of `thing` if its document cannot be used.
    #[must_use]
    pub fn least(thing: &Thing) -> Self {
        let declared = match thing.kind {
            Kind::LogKey | Kind::TopicKey => key::least(),
            // Nothing of the others goes without saying.
            _ => BTreeMap::new(),
        };
        let restored = declared.keys().copied().collect();
        Self {
            kind: thing.kind,
            arn: thing.arn.clone(),
            declared: declared
                .into_iter()
                .map(|(field, value)| (field, Field::new(thing.kind, field, value)))
                .collect(),
            restored,
            lists: Vec::new(),
        }
    }

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
            let mut fields = kind.profile().fields.iter().chain([&EXISTS]);
            fields
                .find(|field| **field == name)
                .copied()
                .ok_or_else(|| unusable(format!("a {} has no \"{}\"", kind.what(), excerpt(name))))
        };
        let mut declared = BTreeMap::new();
        for (name, mut value) in document.declared {
            let field = known(&name)?;
            function::complete(field, &mut value, thing);
            declared.insert(field, Field::new(kind, field, value));
        }
        let restored = document.restored.iter().map(|name| known(name));
        Ok(Self {
            kind,
            arn: document.arn,
            declared,
            restored: restored.collect::<Result<_, _>>()?,
            lists: Vec::new(),
        })
    }

    /// The same, and as good each field as one of `others` declares it, but that it exists
    /// and is on, which no deployment changes; and another function with one of `lists`.
    /// Others that do not declare the same fields say nothing.
    #[must_use]
    pub fn or_as(mut self, others: Vec<Self>, lists: Vec<String>) -> Self {
        for other in others {
            if !other.declared.keys().eq(self.declared.keys()) {
                continue;
            }
            for (field, other) in other.declared {
                let is_deployed = !NEVER_DEPLOYED.contains(&field);
                if let Some(field) = self.declared.get_mut(field).filter(|_| is_deployed) {
                    field.as_good.push(other.normal);
                }
            }
        }
        self.lists = lists.into_iter().map(Value::from).collect();
        self
    }

    /// Whether Terraform changes `thing` before this function is told what it is to be, or at
    /// any time: what is only told of does not wait for this function.
    #[must_use]
    pub fn may_come_first(&self, thing: &Thing) -> bool {
        match self.kind {
            Kind::Topic | Kind::TopicKey => true,
            Kind::Function => thing.is_another_function(),
            _ => self.restored.is_empty(),
        }
    }

    /// What kind of thing it is of.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
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
            let (seen, declared) = self.differs(field, declared, observed.fields.get(field)?)?;
            Some(Drift::new(Part::Of(field), field, seen, &declared))
        });
        differs.collect()
    }

    /// `seen` and what is declared, if they differ: of fields that are compared key by key,
    /// what differs of both.
    fn differs(&self, field: &str, declared: &Field, seen: &Value) -> Option<(Value, Value)> {
        let profile = self.kind.profile();
        let mut seen = (profile.normal)(field, seen);
        if let Some(own) = declared.normal.get(GUARD) {
            let is_deployed = seen
                .get(GUARD)
                .is_some_and(|list| self.lists.contains(list));
            if is_deployed {
                guard::set(&mut seen, GUARD, own.clone());
            }
        }
        if seen == declared.normal || declared.as_good.contains(&seen) {
            return None;
        }
        let mut by_key = profile.by_key.iter();
        let by_key = by_key.find(|(known, _)| *known == field);
        match (by_key, &seen, &declared.normal) {
            (Some((_, is_open)), Value::Object(seen), Value::Object(declared)) => {
                let undeclared = seen.keys().filter(|_| !is_open);
                let keys: BTreeSet<&String> = declared.keys().chain(undeclared).collect();
                // A subscription that is gone, or not confirmed, has no filter to be read.
                let is_unread = |key: &String| field == topic::FILTERS && !seen.contains_key(key);
                let keys = || {
                    let differs = |key: &&&String| seen.get(**key) != declared.get(**key);
                    keys.iter().filter(differs).filter(|key| !is_unread(key))
                };
                let of = |all: &Map<String, Value>| -> Map<String, Value> {
                    let of_key = |key: &&&String| all.get(**key).cloned().unwrap_or_default();
                    keys().map(|key| ((*key).clone(), of_key(&key))).collect()
                };
                (keys().next().is_some()).then(|| (of(seen).into(), of(declared).into()))
            }
            _ => Some((seen, declared.normal.clone())),
        }
    }

    /// The calls that heal `drift`, in order; none if it is left to people.
    pub(crate) fn mends(&self, drift: &Drift) -> Vec<Mend> {
        let is_healed = self.restored.contains(&drift.field.as_str());
        let is_declared = self.declared.contains_key(drift.field.as_str());
        if is_healed && (is_declared || drift.part == Part::Existence) {
            (self.kind.profile().mends)(drift, &self.declared)
        } else {
            Vec::new()
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
        let Some(change) = self.kind.change(name) else {
            return Asked::Unknown;
        };
        let Part::Of(field) = change.part else {
            let lost = (!name.starts_with("Create")).then(|| EXISTS.to_owned());
            return Asked::Fields(lost.into_iter().collect());
        };
        // What is being deployed conforms to nothing for sure.
        let is_deployed = |declared: &Field| {
            let mut as_good = declared.as_good.iter();
            as_good.any(|other| *other != declared.normal)
        };
        if self.declared.get(field).is_none_or(is_deployed) {
            return Asked::Unguarded;
        }
        let parameters = record.request_parameters.as_ref();
        let parameters = parameters.filter(|given| !given.contains_key("omitted"));
        let none = Map::new();
        let wanted = self.kind.profile().wanted;
        let parameters = parameters.unwrap_or(&none);
        let Some(wanted) = wanted(change, parameters, &self.declared, &self.arn) else {
            return Asked::Unknown;
        };
        // Nor does what is set beside to what is being deployed.
        let normal = self.kind.profile().normal;
        let is_of_another = |(field, wanted): &(&str, Value)| {
            let wanted = normal(field, wanted);
            let declared = self.declared.get(field);
            declared.is_some_and(|d| d.normal != wanted && d.as_good.contains(&wanted))
        };
        if wanted.iter().any(is_of_another) {
            return Asked::Unguarded;
        }
        let is_other = |(field, wanted): &(&str, Value)| {
            let declared = self.declared.get(field);
            declared.is_some_and(|declared| self.differs(field, declared, wanted).is_some())
        };
        let wanted = wanted.into_iter().filter(is_other);
        Asked::Fields(wanted.map(|(field, _)| field.to_owned()).collect())
    }

    /// Of a thing that has no fields.
    pub(crate) fn of_nothing(thing: &Thing) -> Self {
        Self {
            kind: thing.kind,
            arn: thing.arn.clone(),
            declared: BTreeMap::new(),
            restored: Vec::new(),
            lists: Vec::new(),
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
