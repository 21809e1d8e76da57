//! What is under guard beside the trails: the log bucket and the key of one, and the parts
//! of the responder itself. Each kind is a file that says which calls concern it, how it is
//! observed, how it differs from what is declared, and which calls heal it:
//! [`crate::bucket`], [`crate::key`]; [`crate::rule`], [`crate::schedule`],
//! [`crate::function`] and what else [`crate::guard`] names. Here is what they have in common: a thing has fields, each of which
//! is declared, read, compared and healed by itself. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    alarm,
    arn::TrailArn,
    asked::Asked,
    baseline::BaselineRefused,
    bucket,
    config::{GUARD, Parameter},
    event::{Record, text},
    function, guard, key, log_group, queue, role, rule, schedule, table,
    text::{Clean, excerpt},
    topic,
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
    /// A rule that wakes the responder, with its target.
    Rule,
    /// A schedule that runs its sweeps.
    Schedule,
    /// The function itself, or the one that guards it.
    Function,
    /// A role of the responder, or of the one that guards it.
    Role,
    /// The topic of the notices.
    Topic,
    /// The KMS key that encrypts them.
    TopicKey,
    /// The alarms.
    Alarms,
    /// The queue of what was given up.
    Queue,
    /// The log of the function.
    LogGroup,
    /// The table of told incidents.
    Table,
    /// The list of the parts of the responder.
    Guard,
}

/// What a kind answers, each in its file.
pub(crate) struct Profile {
    /// How it is called in a sentence.
    pub(crate) what: &'static str,
    /// The same with a capital letter.
    pub(crate) title: &'static str,
    /// `source` of an event about it, and `eventSource` of the record.
    pub(crate) source: (&'static str, &'static str),
    /// The type of its findings in Security Hub.
    /// Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/asff-resources.html>.
    pub(crate) resource: &'static str,
    /// What separates its name from what comes before in its ARN.
    pub(crate) separator: char,
    /// The parameters of calls that name it.
    pub(crate) parameters: &'static [&'static str],
    /// The parameter that names what its name is unique in, if its ARN tells that.
    pub(crate) scope: Option<&'static str>,
    /// Its fields.
    pub(crate) fields: &'static [&'static str],
    /// The fields that are objects and compared key by key, and whether keys that are not
    /// declared are none of its business.
    pub(crate) by_key: &'static [(&'static str, bool)],
    /// The calls that can weaken it, by their names in records.
    pub(crate) changes: &'static [Change],
    /// Those of them that the function makes too, to heal.
    pub(crate) own_calls: &'static [&'static str],
    /// A field as it is compared.
    pub(crate) normal: fn(&str, &Value) -> Value,
    /// What a call wanted fields to be, given what is declared and the ARN; `None` if the
    /// record does not tell.
    pub(crate) wanted: fn(&Change, &Map<String, Value>, &Declared, &str) -> Option<Wanted>,
    /// The calls that heal a field that differs, in order.
    pub(crate) mends: fn(&Drift, &Declared) -> Vec<Mend>,
}

/// Fields by what a call wanted them to be.
pub(crate) type Wanted = Vec<(&'static str, Value)>;

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
    pub const ALL: [Self; 13] = [
        Self::LogBucket,
        Self::LogKey,
        Self::Rule,
        Self::Schedule,
        Self::Function,
        Self::Role,
        Self::Topic,
        Self::TopicKey,
        Self::Alarms,
        Self::Queue,
        Self::LogGroup,
        Self::Table,
        Self::Guard,
    ];

    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::LogBucket => &bucket::PROFILE,
            Self::LogKey => &key::OF_LOGS,
            Self::Rule => &rule::PROFILE,
            Self::Schedule => &schedule::PROFILE,
            Self::Function => &function::PROFILE,
            Self::Role => &role::PROFILE,
            Self::Topic => &topic::PROFILE,
            Self::TopicKey => &key::OF_TOPIC,
            Self::Alarms => &alarm::PROFILE,
            Self::Queue => &queue::PROFILE,
            Self::LogGroup => &log_group::PROFILE,
            Self::Table => &table::PROFILE,
            Self::Guard => &guard::PROFILE,
        }
    }

    /// Whether it is a part of the responder.
    #[must_use]
    pub fn is_part(self) -> bool {
        !matches!(self, Self::LogBucket | Self::LogKey)
    }

    /// How it is called in a sentence.
    #[must_use]
    pub fn what(self) -> &'static str {
        self.profile().what
    }

    /// The same with a capital letter.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.profile().title
    }

    /// `source` of an event about it, and `eventSource` of the record.
    #[must_use]
    pub fn source(self) -> (&'static str, &'static str) {
        self.profile().source
    }

    /// The kind that an ARN is of; a key is that of the logs.
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
            ["arn", _, "events", _, _, rule] if rule.starts_with("rule/") => Some(Self::Rule),
            ["arn", _, "scheduler", _, _, schedule] if schedule.starts_with("schedule/") => {
                Some(Self::Schedule)
            }
            ["arn", _, "lambda", _, _, function] if function.starts_with("function:") => {
                Some(Self::Function)
            }
            ["arn", _, "iam", "", _, role] if role.starts_with("role/") => Some(Self::Role),
            ["arn", _, "sns", _, _, topic] if !topic.contains(':') => Some(Self::Topic),
            ["arn", _, "cloudwatch", _, _, alarms] if alarms.starts_with("alarm:") => {
                Some(Self::Alarms)
            }
            ["arn", _, "sqs", _, _, _] => Some(Self::Queue),
            ["arn", _, "logs", _, _, group] if group.starts_with("log-group:") => {
                Some(Self::LogGroup)
            }
            ["arn", _, "dynamodb", _, _, table] if table.starts_with("table/") => Some(Self::Table),
            _ => None,
        }
    }

    /// The call of this name, if it can weaken such a thing.
    pub(crate) fn change(self, event_name: &str) -> Option<&'static Change> {
        let name = undated(event_name);
        let mut changes = self.profile().changes.iter();
        changes.find(|change| undated(change.name) == name)
    }

    /// Whether the function makes this call of [`Self::change`] to heal.
    pub(crate) fn is_own_call(self, event_name: &str) -> bool {
        let mut own = self.profile().own_calls.iter();
        own.any(|own| *own == undated(event_name))
    }
}

/// The name of a call without the date of its version, which Lambda's have.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html>.
fn undated(name: &str) -> &str {
    let digits =
        |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let base = match name.rsplit_once('v') {
        Some((base, version)) if !version.is_empty() && digits(version) == version.len() => base,
        _ => name,
    };
    match digits(base) {
        8 => base.get(..base.len() - 8).unwrap_or(base),
        _ => name,
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
fn is_bucket(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    (3..=63).contains(&name.len()) && name.bytes().all(is_plain)
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

    /// What is looked after if the document cannot be used.
    #[must_use]
    pub fn least(&self) -> Declaration {
        let declared = match self.kind {
            Kind::LogKey | Kind::TopicKey => key::least(),
            // Nothing of the others goes without saying.
            _ => BTreeMap::new(),
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
            lists: Vec::new(),
        }
    }
}

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

impl Kind {
    /// The type of its findings in Security Hub.
    pub(crate) fn resource(self) -> &'static str {
        self.profile().resource
    }
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
