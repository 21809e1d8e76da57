//! The trails of an account as CloudTrail keeps them: what is written is seen
//! later, and only so many writes are taken.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use crate::aws::now;

/// One trail.
#[derive(Clone, Debug)]
pub struct Trail {
    pub is_logging: bool,
    pub started_at: f64,
    pub stopped_at: f64,
    /// What `GetTrail` shows, by its names; what is not there is absent.
    pub settings: Map<String, Value>,
    /// `EventSelectors` or `AdvancedEventSelectors`, whichever is set.
    pub selectors: Map<String, Value>,
    pub insights: Vec<Value>,
    pub tags: BTreeMap<String, String>,
}

impl Trail {
    /// What `CreateTrail` makes of nothing but a bucket.
    pub fn bare(bucket: &str) -> Self {
        let settings = json!({
            "S3BucketName": bucket, "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": false,
            "LogFileValidationEnabled": false, "IsOrganizationTrail": false,
        });
        let selectors = json!({"EventSelectors": [{
            "ReadWriteType": "All", "IncludeManagementEvents": true,
            "DataResources": [], "ExcludeManagementEventSources": [],
        }]});
        Self {
            is_logging: false,
            started_at: 0.0,
            stopped_at: 0.0,
            settings: settings.as_object().unwrap().clone(),
            selectors: selectors.as_object().unwrap().clone(),
            insights: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Everything that a baseline can declare, to be compared.
    pub fn state(&self) -> Value {
        json!({
            "is_logging": self.is_logging, "settings": self.settings, "selectors": self.selectors,
            "insights": self.insights, "tags": self.tags,
        })
    }
}

/// All trails, by ARN, and how they were before.
pub struct World {
    trails: BTreeMap<String, Trail>,
    past: Vec<(Instant, BTreeMap<String, Trail>)>,
    last_write: Option<Instant>,
    /// The account that calls: a plain name means a trail of its.
    pub account: String,
    /// How long a read may not show what was written.
    pub staleness: Duration,
    /// The least time between two writes.
    pub write_interval: Duration,
}

impl World {
    pub fn new(trails: BTreeMap<String, Trail>) -> Self {
        Self {
            past: vec![(Instant::now(), trails.clone())],
            trails,
            last_write: None,
            account: "111122223333".to_owned(),
            staleness: Duration::ZERO,
            write_interval: Duration::ZERO,
        }
    }

    /// The trails as they are.
    pub fn trails(&self) -> &BTreeMap<String, Trail> {
        &self.trails
    }

    /// The trails as a read shows them now.
    pub fn seen(&self) -> &BTreeMap<String, Trail> {
        let shown = |(at, _): &&(Instant, _)| at.elapsed() >= self.staleness;
        let (_, trails) = self.past.iter().rfind(shown).unwrap_or(&self.past[0]);
        trails
    }

    /// Changes the trails.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut BTreeMap<String, Trail>) -> T) -> T {
        let changed = change(&mut self.trails);
        self.past.push((Instant::now(), self.trails.clone()));
        changed
    }

    /// Whether another write is taken now.
    pub fn takes_a_write(&mut self) -> bool {
        let free = self
            .last_write
            .is_none_or(|last| last.elapsed() >= self.write_interval);
        if free {
            self.last_write = Some(Instant::now());
        }
        free
    }

    /// The trail was stopped `ago` seconds ago.
    pub fn stop(&mut self, arn: &str, ago: f64) {
        self.change(|trails| {
            let trail = trails.get_mut(arn).unwrap();
            trail.is_logging = false;
            trail.stopped_at = now() - ago;
        });
    }
}
