//! A trail in memory that answers as CloudTrail does: eventually consistent,
//! throttling, and attacked while it is healed.

use std::{cell::RefCell, collections::BTreeMap, collections::VecDeque};

use fastrand::Rng;
use serde_json::{Value, json};
use trailkeeper::{
    arn::TrailArn,
    baseline::{Baseline, Guards, Settings},
    budget::Budget,
    failure::CallError,
    reconcile::{Cause, TrailApi},
    selectors::{InsightSelector, Selectors},
    trail::{LoggingState, Observation, Part, Remedy, drift},
};

/// The one trail.
pub fn trail() -> TrailArn {
    "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"
        .parse()
        .unwrap()
}

/// The state of a trail that exists.
#[derive(Clone, Debug)]
pub struct Trail {
    pub is_logging: bool,
    pub settings: Settings,
    pub selectors: Selectors,
    pub insights: Vec<InsightSelector>,
    pub tags: BTreeMap<String, String>,
}

fn selectors(kind: &str, value: Value) -> Selectors {
    match kind {
        "basic" => Selectors::Basic(serde_json::from_value(value).unwrap()),
        _ => Selectors::Advanced(serde_json::from_value(value).unwrap()),
    }
}

fn settings(value: Value) -> Settings {
    serde_json::from_value(value).unwrap()
}

impl Trail {
    /// What CreateTrail makes of nothing but a bucket.
    fn bare(given: &Settings) -> Self {
        let defaults = json!({
            "s3_bucket_name": "", "s3_key_prefix": "", "sns_topic_name": "", "kms_key_id": "",
            "is_multi_region_trail": false, "include_global_service_events": true,
            "enable_log_file_validation": false, "cloud_watch_logs_group_arn": "",
            "cloud_watch_logs_role_arn": "", "is_organization_trail": false,
        });
        Self {
            is_logging: false,
            settings: merged(&settings(defaults), given),
            selectors: selectors("basic", json!([{}])),
            insights: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Everything that UpdateTrail can weaken.
    pub fn weak_settings() -> Value {
        json!({
            "s3_bucket_name": "evil", "s3_key_prefix": "elsewhere", "sns_topic_name": "",
            "kms_key_id": "", "is_multi_region_trail": false,
            "include_global_service_events": false, "enable_log_file_validation": false,
            "cloud_watch_logs_group_arn": "", "cloud_watch_logs_role_arn": "",
        })
    }
}

fn merged(old: &Settings, new: &Settings) -> Settings {
    let mut all = json!(old);
    for (name, value) in json!(new).as_object().unwrap() {
        all[name] = value.clone();
    }
    settings(all)
}

/// Baselines of several kinds, complete ones and one of two settings.
pub fn baselines() -> Vec<Baseline> {
    let full = json!({
        "s3_bucket_name": "logs", "s3_key_prefix": "audit", "sns_topic_name": "topic",
        "kms_key_id": "arn:aws:kms:eu-central-1:111122223333:key/k",
        "is_multi_region_trail": true, "include_global_service_events": true,
        "enable_log_file_validation": true,
        "cloud_watch_logs_group_arn": "arn:aws:logs:eu-central-1:111122223333:log-group:g:*",
        "cloud_watch_logs_role_arn": "arn:aws:iam::111122223333:role/logs",
        "is_organization_trail": false,
    });
    let plain = json!({
        "s3_bucket_name": "logs", "s3_key_prefix": "", "sns_topic_name": "", "kms_key_id": "",
        "is_multi_region_trail": true, "include_global_service_events": true,
        "enable_log_file_validation": true, "cloud_watch_logs_group_arn": "",
        "cloud_watch_logs_role_arn": "", "is_organization_trail": false,
    });
    let advanced = json!([{"name": "all", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]}]);
    let insights: Vec<InsightSelector> = serde_json::from_value(
        json!([{"insight_type": "ApiCallRateInsight"}, {"insight_type": "ApiErrorRateInsight"}]),
    )
    .unwrap();
    let tags = [
        ("owner".to_owned(), "security".to_owned()),
        ("cost".to_owned(), "7".to_owned()),
    ];
    let tags = BTreeMap::from(tags);
    let of = |settings_given: &Value, selectors, insights, tags| {
        Baseline::declaring(
            &trail(),
            settings(settings_given.clone()),
            Some(selectors),
            Some(insights),
            Some(tags),
        )
    };
    vec![
        of(
            &full,
            selectors("basic", json!([{}])),
            insights.clone(),
            tags.clone(),
        ),
        of(
            &full,
            selectors("advanced", advanced.clone()),
            insights,
            tags,
        ),
        of(
            &plain,
            selectors("advanced", advanced),
            vec![],
            BTreeMap::new(),
        ),
        of(
            &plain,
            selectors(
                "basic",
                json!([{"data_resources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::b/", "arn:aws:s3:::a/"]}]}]),
            ),
            vec![],
            BTreeMap::new(),
        ),
    ]
}

/// A call of the attacker's.
#[derive(Clone, Debug)]
pub enum Attack {
    Stop,
    Start,
    Delete,
    Create(Value),
    Settings(Value),
    Selectors(usize),
    Insights(usize),
    Tags(usize),
}

impl Attack {
    pub fn random(rng: &mut Rng) -> Self {
        let weak = Trail::weak_settings();
        match rng.usize(..14) {
            0 | 1 => Self::Stop,
            2 => Self::Start,
            3 | 4 => Self::Delete,
            5 => Self::Create(json!({"s3_bucket_name": "evil"})),
            6 => Self::Settings(weak),
            7..=9 => {
                let names: Vec<String> = weak.as_object().unwrap().keys().cloned().collect();
                let name = &names[rng.usize(..names.len())];
                Self::Settings(json!({name: weak[name]}))
            }
            10 | 11 => Self::Selectors(rng.usize(..6)),
            12 => Self::Insights(rng.usize(..2)),
            _ => Self::Tags(rng.usize(..3)),
        }
    }

    /// What an event of this call makes the function do.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Stop | Self::Start => Cause::Stop,
            Self::Delete | Self::Create(_) => Cause::Change(Part::Existence),
            Self::Settings(_) => Cause::Change(Part::Settings),
            Self::Selectors(_) => Cause::Change(Part::EventSelectors),
            Self::Insights(_) => Cause::Change(Part::InsightSelectors),
            Self::Tags(_) => Cause::Change(Part::Tags),
        }
    }

    fn apply(&self, trail: &mut Option<Trail>) -> bool {
        if let Self::Create(given) = self {
            if trail.is_some() {
                return false;
            }
            *trail = Some(Trail::bare(&settings(given.clone())));
            return true;
        }
        let Some(state) = trail else { return false };
        match self {
            Self::Stop => state.is_logging = false,
            Self::Start => state.is_logging = true,
            Self::Delete => *trail = None,
            Self::Create(_) => {}
            Self::Settings(given) => {
                state.settings = merged(&state.settings, &settings(given.clone()));
            }
            Self::Selectors(n) => {
                state.selectors = match n {
                    0 => selectors("basic", json!([{"read_write_type": "ReadOnly"}])),
                    1 => selectors("basic", json!([{"include_management_events": false}])),
                    2 => selectors(
                        "basic",
                        json!([{"exclude_management_event_sources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]),
                    ),
                    3 => selectors(
                        "advanced",
                        json!([{"field_selectors": [{"field": "eventCategory", "equals": ["Data"]}, {"field": "resources.type", "equals": ["AWS::S3::Object"]}, {"field": "eventName", "equals": ["Nothing"]}]}]),
                    ),
                    4 => selectors("basic", json!([{}])),
                    _ => selectors(
                        "advanced",
                        json!([{"name": "x", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}, {"field": "readOnly", "equals": ["true"]}]}]),
                    ),
                }
            }
            Self::Insights(n) => {
                state.insights = match n {
                    0 => Vec::new(),
                    _ => vec![
                        serde_json::from_value(json!({"insight_type": "ApiErrorRateInsight"}))
                            .unwrap(),
                    ],
                }
            }
            Self::Tags(n) => match n {
                0 => state.tags.clear(),
                1 => {
                    state.tags.insert("owner".to_owned(), "mallory".to_owned());
                }
                _ => {
                    state.tags.insert("more".to_owned(), String::new());
                }
            },
        }
        true
    }
}

struct World {
    now: Option<Trail>,
    /// What a read may still show instead, so many times.
    stale: VecDeque<Option<Trail>>,
    planned: VecDeque<Attack>,
    /// One in so many calls is throttled, and reads may be stale; 0 is never.
    trouble: u32,
    rng: Rng,
    calls: usize,
    refused: Option<&'static str>,
    read_as_declared: bool,
}

/// The trail behind its interface.
pub struct Memory {
    pub baseline: Baseline,
    world: RefCell<World>,
}

impl Memory {
    /// As declared at first; troubled by chance.
    pub fn new(baseline: Baseline, rng: &mut Rng) -> Self {
        let memory = Self::calm(baseline);
        {
            let mut world = memory.world.borrow_mut();
            world.trouble = rng.u32(0..6);
            world.rng = rng.fork();
        }
        memory
    }

    /// As declared at first; always consistent, never throttling.
    pub fn calm(baseline: Baseline) -> Self {
        let mut trail = Trail::bare(&baseline.settings);
        trail.is_logging = true;
        trail.selectors = baseline
            .selectors()
            .unwrap_or_else(|| selectors("basic", json!([{}])));
        trail.insights = baseline.insight_selectors.clone().unwrap_or_default();
        trail.tags = baseline.tags.clone().unwrap_or_default();
        let world = World {
            now: Some(trail),
            stale: VecDeque::new(),
            planned: VecDeque::new(),
            trouble: 0,
            rng: Rng::with_seed(0),
            calls: 0,
            refused: None,
            read_as_declared: false,
        };
        Self {
            baseline,
            world: RefCell::new(world),
        }
    }

    /// With a trail of any kind, or none; always consistent, never throttling.
    #[allow(dead_code, reason = "not all tests begin with such a trail")]
    pub fn with(baseline: Baseline, trail: Option<Trail>) -> Self {
        let memory = Self::calm(baseline);
        memory.world.borrow_mut().now = trail;
        memory
    }

    /// Makes a call of the attacker's; whether it was accepted.
    pub fn attack(&self, attack: &Attack) -> bool {
        let mut world = self.world.borrow_mut();
        world.age();
        attack.apply(&mut world.now)
    }

    /// These will be made between the function's calls.
    pub fn plan_attacks(&self, attacks: Vec<Attack>) {
        self.world.borrow_mut().planned = attacks.into();
    }

    /// No more attacks, and what is read is what is.
    pub fn end_attacks(&self) {
        let mut world = self.world.borrow_mut();
        world.planned.clear();
        world.stale.clear();
    }

    /// Whether a look is to be believed at once; by chance.
    pub fn is_believed(&self) -> bool {
        let mut world = self.world.borrow_mut();
        world.trouble == 0 || world.rng.bool()
    }

    /// UpdateTrail and CreateTrail refuse this setting from now on.
    pub fn refuse(&self, setting: &'static str) {
        self.world.borrow_mut().refused = Some(setting);
    }

    /// The number of the function's calls so far.
    pub fn calls(&self) -> usize {
        self.world.borrow().calls
    }

    /// Whether the trail was as declared when it was last read.
    pub fn was_as_declared_when_read(&self) -> bool {
        self.world.borrow().read_as_declared
    }

    /// The parts that differ.
    pub fn parts_that_differ(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for drift in drift(&self.baseline, &self.observed()) {
            if !parts.contains(&drift.part) {
                parts.push(drift.part);
            }
        }
        parts
    }

    /// As an all-knowing reader sees it.
    pub fn observed(&self) -> Observation {
        observation(self.world.borrow().now.as_ref())
    }
}

impl World {
    /// What is now may still be read for a while.
    fn age(&mut self) {
        self.stale.clear();
        if self.trouble > 0 && self.rng.u32(..3) == 0 {
            let old = self.now.clone();
            self.stale = std::iter::repeat_n(old, self.rng.usize(1..3)).collect();
        }
    }
}

fn observation(trail: Option<&Trail>) -> Observation {
    let Some(trail) = trail else {
        return Observation {
            is_missing: true,
            ..Observation::default()
        };
    };
    Observation {
        is_missing: false,
        logging: Some(LoggingState {
            is_logging: Some(trail.is_logging),
            started_at: None,
            stopped_at: None,
        }),
        settings: Some(trail.settings.clone()),
        selectors: Some(trail.selectors.clone()),
        insight_selectors: Some(trail.insights.clone()),
        tags: Some(trail.tags.clone()),
        ..Observation::default()
    }
}

impl TrailApi for Memory {
    async fn observe(&self, _: &TrailArn, _: Guards, _: Budget) -> Observation {
        let mut world = self.world.borrow_mut();
        let shown = match world.stale.pop_front() {
            Some(old) => observation(old.as_ref()),
            None => observation(world.now.as_ref()),
        };
        world.read_as_declared = drift(&self.baseline, &shown).is_empty();
        if let Some(attack) = world.planned.pop_front() {
            world.age();
            attack.apply(&mut world.now);
        }
        shown
    }

    async fn heal(&self, _: &TrailArn, remedy: &Remedy, _: Budget) -> Result<(), CallError> {
        let mut world = self.world.borrow_mut();
        world.calls += 1;
        let refusal =
            |code: &str, passes| Err(CallError::new(remedy.call(), code, "for the test", passes));
        let trouble = world.trouble;
        if trouble > 0 && world.rng.u32(..10) < trouble {
            return refusal("ThrottlingException", true);
        }
        world.age();
        if let Remedy::Create(given, tags) = remedy {
            if world.now.is_some() {
                return refusal("TrailAlreadyExistsException", true);
            }
            if world
                .refused
                .is_some_and(|name| json!(given).get(name).is_some())
            {
                return refusal("KmsKeyDisabledException", false);
            }
            let mut made = Trail::bare(given);
            made.tags.clone_from(tags);
            world.now = Some(made);
            return Ok(());
        }
        let refused = world.refused;
        let Some(trail) = &mut world.now else {
            return refusal("TrailNotFoundException", false);
        };
        match remedy {
            Remedy::Start => trail.is_logging = true,
            Remedy::Create(..) => {}
            Remedy::Update(given) => {
                if refused.is_some_and(|name| json!(given).get(name).is_some()) {
                    return refusal("KmsKeyDisabledException", false);
                }
                trail.settings = merged(&trail.settings, given);
            }
            Remedy::PutEventSelectors(selectors) => trail.selectors = selectors.clone(),
            Remedy::PutInsightSelectors(insights) => trail.insights.clone_from(insights),
            Remedy::AddTags(tags) => trail.tags.extend(tags.clone()),
            Remedy::RemoveTags(tags) => trail.tags.retain(|key, _| !tags.contains_key(key)),
            Remedy::Mend(_) => return refusal("NotATrail", false),
        }
        Ok(())
    }
}
