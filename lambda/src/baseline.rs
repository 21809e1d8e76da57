//! The baseline: what Terraform declared a trail to be. One JSON document per
//! trail, kept in an SSM parameter; its schema is published beside the module
//! that writes it, `infra/modules/baseline/baseline.schema.json`.

use std::{collections::BTreeMap, fmt::Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    arn::TrailArn,
    declaration::Declaration,
    selectors::{AdvancedEventSelector, EventSelector, InsightSelector, Selectors},
    text::excerpt,
};

/// Name of the document's schema.
pub const SCHEMA: &str = "trailkeeper.baseline";
/// The version that this function reads and writes.
pub const VERSION: u32 = 1;

/// The declared state of a trail. What is absent is not guarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    schema: String,
    version: u32,
    trail_arn: String,
    is_logging: bool,
    /// What UpdateTrail sets.
    #[serde(flatten)]
    pub settings: Settings,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_selectors: Option<Vec<EventSelector>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
    /// Insight selectors; an empty list declares that there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insight_selectors: Option<Vec<InsightSelector>>,
    /// All tags of the trail, those of AWS itself (`aws:`) excepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// What is declared of another thing, whose document is its own; then nothing is of
    /// the trail that it belongs to.
    #[serde(skip)]
    pub thing: Option<Declaration>,
}

/// The settings of a trail, by Terraform's names. Declared, `""` means none and
/// `None` not guarded; observed, all are there.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html>.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Bucket for the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_bucket_name: Option<String>,
    /// Prefix of the logs' keys in the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
    /// Topic that hears of each log file: its name or ARN; observed, its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sns_topic_name: Option<String>,
    /// ARN of the key that encrypts the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Whether all regions are recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multi_region_trail: Option<bool>,
    /// Whether events of IAM and other global services are recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_global_service_events: Option<bool>,
    /// Whether digest files are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_log_file_validation: Option<bool>,
    /// ARN of the log group that gets a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_group_arn: Option<String>,
    /// ARN of the role that writes to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_role_arn: Option<String>,
    /// Whether the accounts of the organisation are recorded too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_organization_trail: Option<bool>,
}

/// What a baseline declares beside the logging state, and so what has to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four")]
pub struct Guards {
    /// Any setting.
    pub settings: bool,
    /// The event selectors.
    pub event_selectors: bool,
    /// The insight selectors.
    pub insight_selectors: bool,
    /// The tags.
    pub tags: bool,
    /// The fields of a thing that is no trail.
    pub fields: Vec<&'static str>,
}

impl Guards {
    /// Everything there is of a trail.
    pub const ALL: Self = Self {
        settings: true,
        event_selectors: true,
        insight_selectors: true,
        tags: true,
        fields: Vec::new(),
    };
}

/// The SHA-256 of `text` in lower-case hexadecimal.
#[must_use]
pub fn sha256(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Why a parameter's value is not taken for the baseline.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BaselineRefused {
    /// The value is not the one that Terraform wrote.
    #[error(
        "its SHA-256 is {found} and not the one this function was deployed with: somebody changed it. Run terraform apply"
    )]
    Tampered {
        /// The SHA-256 of what was read.
        found: String,
    },
    /// The value is no baseline of this version.
    #[error("it cannot be used: {0}. Deploy function and baseline of the same release")]
    Unusable(String),
}

impl Baseline {
    /// Reads the document of `trail`.
    ///
    /// # Errors
    /// What is wrong with it, by field.
    pub fn parse(document: &str, trail: &TrailArn) -> Result<Self, BaselineRefused> {
        let unusable = |reason: String| Err(BaselineRefused::Unusable(reason));
        let mut baseline: Self = match serde_json::from_str(document) {
            Ok(baseline) => baseline,
            Err(error) => return unusable(error.to_string()),
        };
        if baseline.schema != SCHEMA || baseline.version != VERSION {
            return unusable(format!(
                "schema and version are \"{}\" {}, expected \"{SCHEMA}\" {VERSION}",
                excerpt(&baseline.schema),
                baseline.version
            ));
        }
        if baseline.trail_arn != trail.as_str() {
            return unusable(format!(
                "trail_arn is \"{}\", expected \"{trail}\"",
                excerpt(&baseline.trail_arn)
            ));
        }
        if !baseline.is_logging {
            return unusable("is_logging is false, expected true".to_owned());
        }
        if baseline.event_selectors.is_some() && baseline.advanced_event_selectors.is_some() {
            return unusable(
                "event_selectors and advanced_event_selectors are both declared, and exclude each other"
                    .to_owned(),
            );
        }
        // A name alone would be taken for the topic of any account.
        let topic = &mut baseline.settings.sns_topic_name;
        *topic = topic.take().map(|topic| topic_arn(&topic, trail));
        Ok(baseline)
    }

    /// The baseline that guards the logging state alone.
    #[must_use]
    pub fn of_logging(trail: &TrailArn) -> Self {
        Self::declaring(trail, Settings::default(), None, None, None)
    }

    /// A baseline made of its parts.
    #[must_use]
    pub fn declaring(
        trail: &TrailArn,
        settings: Settings,
        selectors: Option<Selectors>,
        insight_selectors: Option<Vec<InsightSelector>>,
        tags: Option<BTreeMap<String, String>>,
    ) -> Self {
        let (event_selectors, advanced_event_selectors) = match selectors {
            Some(Selectors::Basic(basic)) => (Some(basic), None),
            Some(Selectors::Advanced(advanced)) => (None, Some(advanced)),
            None => (None, None),
        };
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            trail_arn: trail.to_string(),
            is_logging: true,
            settings,
            event_selectors,
            advanced_event_selectors,
            insight_selectors,
            tags,
            thing: None,
        }
    }

    /// The baseline of a thing that belongs to `trail`.
    #[must_use]
    pub fn of_thing(trail: &TrailArn, declaration: Declaration) -> Self {
        Self {
            thing: Some(declaration),
            ..Self::of_logging(trail)
        }
    }

    /// The declared event selectors, basic or advanced.
    #[must_use]
    pub fn selectors(&self) -> Option<Selectors> {
        match (&self.event_selectors, &self.advanced_event_selectors) {
            (Some(basic), _) => Some(Selectors::Basic(basic.clone())),
            (None, Some(advanced)) => Some(Selectors::Advanced(advanced.clone())),
            (None, None) => None,
        }
    }

    /// The trail.
    #[must_use]
    pub fn trail(&self) -> Option<TrailArn> {
        self.trail_arn.parse().ok()
    }

    /// What is guarded beside the logging state.
    #[must_use]
    pub fn guards(&self) -> Guards {
        Guards {
            settings: self.settings != Settings::default(),
            event_selectors: self.event_selectors.is_some()
                || self.advanced_event_selectors.is_some(),
            insight_selectors: self.insight_selectors.is_some(),
            tags: self.tags.is_some(),
            fields: self.thing.iter().flat_map(Declaration::fields).collect(),
        }
    }
}

/// The ARN of the topic that CloudTrail takes a name for: one of the trail's
/// account and region.
#[must_use]
pub fn topic_arn(topic: &str, trail: &TrailArn) -> String {
    if topic.is_empty() || topic.starts_with("arn:") {
        topic.to_owned()
    } else {
        format!(
            "arn:{}:sns:{}:{}:{topic}",
            trail.partition(),
            trail.region(),
            trail.account()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";

    fn refused(document: &str) -> String {
        let Ok(trail) = ARN.parse() else {
            return String::new();
        };
        Baseline::parse(document, &trail)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn what_is_no_baseline_is_refused_by_field() {
        let with = |fields: &str| {
            format!(
                "{{\"schema\":\"{SCHEMA}\",\"version\":1,\"trail_arn\":\"{ARN}\",\"is_logging\":true{fields}}}"
            )
        };
        assert_eq!(refused(&with("")), "");
        assert!(refused("[]").contains("cannot be used"));
        assert!(refused(&with("").replace(":1,", ":2,")).contains("version"));
        assert!(refused(&with("").replace("audit", "other")).contains("trail/other"));
        assert!(refused(&with("").replace("true", "false")).contains("is_logging"));
        assert!(refused(&with(",\"kms_key_id\":7")).contains("invalid type"));
        let both = ",\"event_selectors\":[],\"advanced_event_selectors\":[]";
        assert!(refused(&with(both)).contains("exclude each other"));
    }
}
