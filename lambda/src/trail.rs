//! The guarded trail: which calls concern it, what is observed of it, how that
//! differs from the baseline, and which calls heal the difference. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    baseline::{Baseline, Settings, sha256},
    declaration::Mend,
    failure::CallError,
    moment::Moment,
    selectors::{InsightSelector, Selectors, sorted_insights},
    text::harmless,
};

/// A part of a trail that one kind of call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whether the trail exists.
    Existence,
    /// Whether it logs.
    Logging,
    /// What UpdateTrail sets.
    Settings,
    /// What PutEventSelectors sets.
    EventSelectors,
    /// What PutInsightSelectors sets.
    InsightSelectors,
    /// The tags.
    Tags,
    /// A field of a thing that is no trail: see [`crate::thing`].
    Of(&'static str),
}

/// The calls that can weaken a trail, and the part they change.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Operations.html>.
const CALLS: [(&str, Part); 8] = [
    ("StopLogging", Part::Logging),
    ("UpdateTrail", Part::Settings),
    ("DeleteTrail", Part::Existence),
    ("CreateTrail", Part::Existence),
    ("PutEventSelectors", Part::EventSelectors),
    ("PutInsightSelectors", Part::InsightSelectors),
    ("RemoveTags", Part::Tags),
    ("AddTags", Part::Tags),
];

/// The part that a call of CloudTrail's changes; `None` if it cannot weaken a trail.
#[must_use]
pub fn part_changed_by(event_name: &str) -> Option<Part> {
    CALLS
        .iter()
        .find(|(name, _)| *name == event_name)
        .map(|(_, part)| *part)
}

/// The calls that can have led to `drift`.
#[must_use]
pub fn calls_behind(drift: &[Drift]) -> Vec<&'static str> {
    CALLS
        .iter()
        // A trail that was made anew differs in whatever was not given.
        .filter(|(name, part)| {
            let made = *name == "CreateTrail" && !drift.is_empty();
            made || drift.iter().any(|drift| drift.part == *part)
        })
        .map(|(name, _)| *name)
        .collect()
}

/// What GetTrailStatus says about logging.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoggingState {
    /// `IsLogging`; `None` if the answer lacked it.
    pub is_logging: Option<bool>,
    /// `StartLoggingTime`, the latest start.
    pub started_at: Option<Moment>,
    /// `StopLoggingTime`, the latest stop.
    pub stopped_at: Option<Moment>,
}

/// A trail, or another thing under guard, as it was read. `None` was not read: not
/// asked for, or see `unread`.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// AWS said that there is no such thing.
    pub is_missing: bool,
    /// The logging state.
    pub logging: Option<LoggingState>,
    /// The settings, all of them.
    pub settings: Option<Settings>,
    /// The event selectors.
    pub selectors: Option<Selectors>,
    /// The insight selectors.
    pub insight_selectors: Option<Vec<InsightSelector>>,
    /// The tags, without AWS's own.
    pub tags: Option<BTreeMap<String, String>>,
    /// What was read of a thing that is no trail, by field.
    pub fields: BTreeMap<&'static str, Value>,
    /// What was asked for and could not be read.
    pub unread: Vec<CallError>,
}

impl Observation {
    /// Whether `part` was read.
    #[must_use]
    pub fn shows(&self, part: Part) -> bool {
        match part {
            Part::Existence => self.is_missing || self.logging.is_some() || !self.fields.is_empty(),
            Part::Logging => self.logging.is_some(),
            Part::Settings => self.settings.is_some(),
            Part::EventSelectors => self.selectors.is_some(),
            Part::InsightSelectors => self.insight_selectors.is_some(),
            Part::Tags => self.tags.is_some(),
            Part::Of(field) => self.fields.contains_key(field),
        }
    }
}

/// One field that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The field, by its name in the baseline; `exists` for the trail itself.
    pub field: String,
    /// As found. Strings in it are harmless, what is very long is cut.
    pub before: Value,
    /// As declared.
    pub after: Value,
    /// The part it belongs to.
    #[serde(skip)]
    pub part: Part,
    /// As found, uncut: whether it is still the same difference.
    #[serde(skip)]
    found: Value,
}

impl Drift {
    pub(crate) fn new(part: Part, field: &str, found: Value, declared: &Value) -> Self {
        Self {
            field: field.to_owned(),
            before: harmless(&found),
            after: harmless(declared),
            part,
            found,
        }
    }

    /// As found, uncut.
    pub(crate) fn found(&self) -> &Value {
        &self.found
    }

    /// The trail's logging state, found off.
    #[must_use]
    pub fn stopped() -> Self {
        Self::new(Part::Logging, "is_logging", json!(false), &json!(true))
    }

    /// Tells this difference from every other of the trail: a hash of the field, of
    /// what was found and, of logging, of when the trail was stopped.
    #[must_use]
    pub fn mark(&self, logging: Option<LoggingState>) -> String {
        let stopped_at = logging.and_then(|state| state.stopped_at);
        let stopped_at = stopped_at.filter(|_| self.part == Part::Logging);
        sha256(&json!([self.field, self.found, stopped_at]).to_string())
    }

    /// Whether it is the same field with the same value found.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.field == other.field && self.found == other.found
    }
}

/// How `observed` differs from `baseline`, field by field. Empty if it does not,
/// as far as it was read.
#[must_use]
pub fn drift(baseline: &Baseline, observed: &Observation) -> Vec<Drift> {
    if observed.is_missing {
        let drift = Drift::new(Part::Existence, "exists", json!(false), &json!(true));
        return vec![drift];
    }
    if let Some(thing) = &baseline.thing {
        return thing.drift(observed);
    }
    let mut found = Vec::new();
    if observed.logging.and_then(|state| state.is_logging) == Some(false) {
        found.push(Drift::stopped());
    }
    if let Some(settings) = &observed.settings {
        found.extend(settings_drift(&baseline.settings, settings));
    }
    if let (Some(declared), Some(seen)) = (baseline.selectors(), &observed.selectors) {
        let (declared, seen) = (declared.sorted(), seen.clone().sorted());
        if declared != seen {
            found.extend(selectors_drift(&declared, &seen));
        }
    }
    if let (Some(declared), Some(seen)) = (&baseline.insight_selectors, &observed.insight_selectors)
    {
        let (declared, seen) = (
            sorted_insights(declared.clone()),
            sorted_insights(seen.clone()),
        );
        if declared != seen {
            let (seen, declared) = (json!(seen), json!(declared));
            found.push(Drift::new(
                Part::InsightSelectors,
                "insight_selectors",
                seen,
                &declared,
            ));
        }
    }
    if let (Some(declared), Some(seen)) = (&baseline.tags, &observed.tags)
        && declared != seen
    {
        let (seen, declared) = (json!(seen), json!(declared));
        found.push(Drift::new(Part::Tags, "tags", seen, &declared));
    }
    found
}

fn settings_drift(declared: &Settings, seen: &Settings) -> Vec<Drift> {
    let seen = fields(seen);
    fields(declared)
        .into_iter()
        .filter_map(|(field, declared)| {
            let seen = seen.get(&field).unwrap_or(&Value::Null);
            (&declared != seen).then(|| Drift::new(Part::Settings, &field, seen.clone(), &declared))
        })
        .collect()
}

/// The settings that are there, by their names.
fn fields(settings: &Settings) -> Map<String, Value> {
    match json!(settings) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Basic selectors are one field and advanced ones another: only one is there.
fn selectors_drift(declared: &Selectors, seen: &Selectors) -> Vec<Drift> {
    let part = Part::EventSelectors;
    let split = |selectors: &Selectors| match selectors {
        Selectors::Basic(basic) => ("event_selectors", json!(basic)),
        Selectors::Advanced(advanced) => ("advanced_event_selectors", json!(advanced)),
    };
    let ((field, after), (seen_field, before)) = (split(declared), split(seen));
    if field == seen_field {
        vec![Drift::new(part, field, before, &after)]
    } else {
        vec![
            Drift::new(part, seen_field, before, &Value::Null),
            Drift::new(part, field, Value::Null, &after),
        ]
    }
}

/// One call that heals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// StartLogging.
    Start,
    /// CreateTrail, with the settings and tags given.
    Create(Settings, BTreeMap<String, String>),
    /// UpdateTrail, with the settings given.
    Update(Settings),
    /// PutEventSelectors.
    PutEventSelectors(Selectors),
    /// PutInsightSelectors.
    PutInsightSelectors(Vec<InsightSelector>),
    /// Sets tags.
    AddTags(BTreeMap<String, String>),
    /// Takes tags away.
    RemoveTags(BTreeMap<String, String>),
    /// A call that heals a thing that is no trail.
    Mend(Mend),
}

impl Remedy {
    /// The call, as in an IAM policy.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match self {
            Self::Start => "cloudtrail:StartLogging",
            Self::Create(..) => "cloudtrail:CreateTrail",
            Self::Update(_) => "cloudtrail:UpdateTrail",
            Self::PutEventSelectors(_) => "cloudtrail:PutEventSelectors",
            Self::PutInsightSelectors(_) => "cloudtrail:PutInsightSelectors",
            Self::AddTags(_) => "cloudtrail:AddTags",
            Self::RemoveTags(_) => "cloudtrail:RemoveTags",
            Self::Mend(mend) => mend.call,
        }
    }

    /// The part that it heals.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Start => Part::Logging,
            Self::Create(..) => Part::Existence,
            Self::Update(_) => Part::Settings,
            Self::PutEventSelectors(_) => Part::EventSelectors,
            Self::PutInsightSelectors(_) => Part::InsightSelectors,
            Self::AddTags(_) | Self::RemoveTags(_) => Part::Tags,
            Self::Mend(mend) => mend.part(),
        }
    }

    /// The same in smaller calls, if there are: one refused setting must not keep
    /// the others from being healed, or a deleted trail from being made again.
    #[must_use]
    pub fn split(&self) -> Vec<Self> {
        const BUCKET: [&str; 2] = ["s3_bucket_name", "s3_key_prefix"];
        const OWN: [&str; 6] = [
            "s3_bucket_name",
            "s3_key_prefix",
            "is_multi_region_trail",
            "include_global_service_events",
            "enable_log_file_validation",
            "is_organization_trail",
        ];
        let mut smaller = Vec::new();
        match self {
            Self::Update(all) => {
                for name in fields(all).keys() {
                    // The old prefix may not be allowed in the new bucket.
                    let together = BUCKET.contains(&name.as_str());
                    let names = if together {
                        &BUCKET[..]
                    } else {
                        &[name.as_str()]
                    };
                    smaller.push(Self::Update(only(all, names)));
                }
                // Pairs came twice, as the same call.
                smaller.dedup();
            }
            // Key, topic and log group can be refused, and are put back later.
            Self::Create(all, tags) => smaller.push(Self::Create(only(all, &OWN), tags.clone())),
            _ => {}
        }
        smaller.retain(|call| call != self);
        smaller
    }
}

/// The calls that heal `drift`, as few as can be. None for a missing trail whose
/// bucket is not declared.
#[must_use]
pub fn remedies(drift: &[Drift], baseline: &Baseline, observed: &Observation) -> Vec<Remedy> {
    if let Some(thing) = &baseline.thing {
        let mends = drift.iter().flat_map(|drift| thing.mends(drift));
        return mends.map(Remedy::Mend).collect();
    }
    let mut remedies = Vec::new();
    let differs = |part| drift.iter().any(|drift| drift.part == part);
    if differs(Part::Existence) {
        if baseline.settings.s3_bucket_name.is_some() {
            let tags = baseline.tags.clone().unwrap_or_default();
            remedies.push(Remedy::Create(without_nothing(&baseline.settings), tags));
        }
        return remedies;
    }
    if differs(Part::Logging) {
        remedies.push(Remedy::Start);
    }
    if differs(Part::Settings) {
        let names: Vec<&str> = drift.iter().map(|drift| drift.field.as_str()).collect();
        remedies.push(Remedy::Update(only(&baseline.settings, &names)));
    }
    if let (true, Some(selectors)) = (differs(Part::EventSelectors), baseline.selectors()) {
        remedies.push(Remedy::PutEventSelectors(selectors));
    }
    if let (true, Some(insights)) = (differs(Part::InsightSelectors), &baseline.insight_selectors) {
        remedies.push(Remedy::PutInsightSelectors(insights.clone()));
    }
    if let (true, Some(declared), Some(seen)) =
        (differs(Part::Tags), &baseline.tags, &observed.tags)
    {
        let minus = |all: &BTreeMap<String, String>, kept: &dyn Fn(&String, &String) -> bool| {
            all.iter()
                .filter(|(key, value)| !kept(key, value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        let foreign = minus(seen, &|key, _| declared.contains_key(key));
        let lost = minus(declared, &|key, value| seen.get(key) == Some(value));
        if !foreign.is_empty() {
            remedies.push(Remedy::RemoveTags(foreign));
        }
        if !lost.is_empty() {
            remedies.push(Remedy::AddTags(lost));
        }
    }
    remedies
}

/// The names of all calls that it takes to heal `drift`: a trail or a bucket that is made
/// again needs more than to be made.
#[must_use]
pub fn calls_to_the_end(
    drift_found: &[Drift],
    baseline: &Baseline,
    observed: &Observation,
) -> Vec<&'static str> {
    let mut all = remedies(drift_found, baseline, observed);
    if matches!(all.first(), Some(Remedy::Create(..))) {
        let new = Observation {
            logging: Some(LoggingState {
                is_logging: Some(false),
                ..LoggingState::default()
            }),
            selectors: Some(Selectors::of_a_new_trail()),
            insight_selectors: Some(Vec::new()),
            ..Observation::default()
        };
        all.extend(remedies(&drift(baseline, &new), baseline, &new));
    }
    if let (Some(Remedy::Mend(first)), Some(thing)) = (all.first(), &baseline.thing)
        && first.part() == Part::Existence
    {
        all.extend(thing.mends_of_new().into_iter().map(Remedy::Mend));
    }
    all.iter().map(Remedy::call).collect()
}

/// The settings by these names. Log group and role are set together, as AWS
/// takes neither without the other.
fn only(settings: &Settings, names: &[&str]) -> Settings {
    let logs = names.iter().any(|name| is_of_logs(name));
    let kept: Map<String, Value> = fields(settings)
        .into_iter()
        .filter(|(name, _)| names.contains(&name.as_str()) || (logs && is_of_logs(name)))
        .collect();
    // Names and types are those of the struct that was just taken apart.
    serde_json::from_value(Value::Object(kept)).unwrap_or_default()
}

fn is_of_logs(name: &str) -> bool {
    name.starts_with("cloud_watch_logs_")
}

/// CreateTrail takes no empty texts: what is not there is left out.
fn without_nothing(settings: &Settings) -> Settings {
    let all = fields(settings);
    let names: Vec<&str> = all
        .iter()
        .filter(|(_, value)| value.as_str() != Some(""))
        .map(|(name, _)| name.as_str())
        .collect();
    only(settings, &names)
}
