//! What a call asked for that is not as declared. It tells a weakening that
//! somebody undid before this answer from a change that was meant. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    arn::TrailArn,
    baseline::{Baseline, Settings, topic_arn},
    event::Record,
    selectors::Selectors,
    trail::{Observation, drift},
};

/// What a call asked for, beside what is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The record does not tell: parameters of large calls are lost.
    Unknown,
    /// Something that the baseline does not guard, and nothing that it forbids.
    Unguarded,
    /// These fields, to something else than declared; none if it conforms.
    Fields(Vec<String>),
}

impl Asked {
    /// Whether it is known, and nothing but what is declared.
    #[must_use]
    pub fn conforms(&self) -> bool {
        matches!(self, Self::Fields(fields) if fields.is_empty())
    }
}

/// Compares `record`'s call with `baseline`.
#[must_use]
pub fn asked_for(record: &Record, baseline: &Baseline) -> Asked {
    if let Some(thing) = &baseline.thing {
        return thing.asked_for(record);
    }
    let Some((wanted, is_guarded)) = wanted(record, baseline) else {
        return Asked::Unknown;
    };
    let fields: Vec<String> = drift(baseline, &wanted)
        .into_iter()
        .map(|drift| drift.field)
        .collect();
    if fields.is_empty() && !is_guarded {
        Asked::Unguarded
    } else {
        Asked::Fields(fields)
    }
}

/// The trail as the call wanted it, and whether all that it set is guarded.
fn wanted(record: &Record, baseline: &Baseline) -> Option<(Observation, bool)> {
    let (name, parameters) = (&record.event_name, &record.request_parameters);
    let name = name.as_deref()?;
    let parameters = parameters
        .as_ref()
        .filter(|given| !given.contains_key("omitted"))?;
    let Value::Object(given) = in_our_words(&Value::Object(parameters.clone())) else {
        return None;
    };
    let guards = baseline.guards();
    let trail = baseline.trail()?;
    let mut wanted = Observation::default();
    let is_guarded = match name {
        "DeleteTrail" => {
            wanted.is_missing = true;
            true
        }
        "UpdateTrail" => {
            let (settings, is_guarded) =
                settings(&given, &baseline.settings, &baseline.settings, &trail)?;
            wanted.settings = Some(settings);
            is_guarded
        }
        "CreateTrail" => {
            wanted.settings =
                Some(settings(&given, &baseline.settings, &of_a_new_trail(), &trail)?.0);
            wanted.tags = Some(tags(&given).unwrap_or_default());
            guards.settings
        }
        "PutEventSelectors" => {
            wanted.selectors = Some(selectors(&given)?);
            guards.event_selectors
        }
        "PutInsightSelectors" => {
            wanted.insight_selectors = Some(read(given.get("insight_selectors"))?);
            guards.insight_selectors
        }
        "AddTags" | "RemoveTags" => {
            let named = tags(&given)?;
            let mut all = baseline.tags.clone().unwrap_or_default();
            if name == "AddTags" {
                all.extend(named);
            } else {
                all.retain(|key, _| !named.contains_key(key));
            }
            wanted.tags = Some(all);
            guards.tags
        }
        _ => return None,
    };
    Some((wanted, is_guarded))
}

/// The settings with those of the call in place of `before`, and whether all that
/// it gives are declared.
fn settings(
    given: &Map<String, Value>,
    declared: &Settings,
    before: &Settings,
    trail: &TrailArn,
) -> Option<(Settings, bool)> {
    let (Value::Object(declared), Value::Object(mut wanted)) = (json!(declared), json!(before))
    else {
        return None;
    };
    let known = json!(of_a_new_trail());
    let is_guarded = given
        .keys()
        .all(|field| declared.contains_key(field) || known.get(field).is_none());
    for (field, value) in given {
        if known.get(field).is_none() {
            continue;
        }
        let text = value.as_str().unwrap_or_default();
        let is_name = !text.is_empty() && !text.starts_with("arn:");
        let value = match field.as_str() {
            // An alias stands for a key that the record does not name.
            "kms_key_id" if text.contains("alias/") => return None,
            "kms_key_id" if is_name => {
                let declared = declared.get(field).and_then(Value::as_str);
                declared
                    .filter(|arn| arn.rsplit('/').next() == Some(text))
                    .unwrap_or(text)
                    .into()
            }
            "sns_topic_name" => topic_arn(text, trail).into(),
            _ => value.clone(),
        };
        wanted.insert(field.clone(), value);
    }
    let wanted = serde_json::from_value(Value::Object(wanted)).ok()?;
    Some((wanted, is_guarded))
}

/// What CreateTrail sets where nothing is given.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>.
fn of_a_new_trail() -> Settings {
    let none = || Some(String::new());
    Settings {
        s3_bucket_name: none(),
        s3_key_prefix: none(),
        sns_topic_name: none(),
        kms_key_id: none(),
        is_multi_region_trail: Some(false),
        include_global_service_events: Some(true),
        enable_log_file_validation: Some(false),
        cloud_watch_logs_group_arn: none(),
        cloud_watch_logs_role_arn: none(),
        is_organization_trail: Some(false),
    }
}

fn tags(given: &Map<String, Value>) -> Option<BTreeMap<String, String>> {
    let text = |tag: &Value, part| {
        tag.get(part)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let listed = given.get("tags_list")?.as_array()?;
    Some(
        listed
            .iter()
            .map(|tag| (text(tag, "key"), text(tag, "value")))
            .collect(),
    )
}

fn selectors(given: &Map<String, Value>) -> Option<Selectors> {
    let is_empty = |value: &&Value| value.as_array().is_none_or(Vec::is_empty);
    let advanced = given
        .get("advanced_event_selectors")
        .filter(|value| !is_empty(value));
    match advanced {
        Some(_) => read(advanced).map(Selectors::Advanced),
        None => read(given.get("event_selectors")).map(Selectors::Basic),
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Option<&Value>) -> Option<T> {
    serde_json::from_value(value?.clone()).ok()
}

/// CloudTrail's names made those of the baseline: `readWriteType` is
/// `read_write_type`. Values are not touched.
fn in_our_words(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (snake_case(name), in_our_words(value)))
            .collect(),
        Value::Array(items) => items.iter().map(in_our_words).collect(),
        other => other.clone(),
    }
}

fn snake_case(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    match words.as_str() {
        "cloud_watch_logs_log_group_arn" => "cloud_watch_logs_group_arn".to_owned(),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    fn asked(call: &str, parameters: &Value, leave_out: &[&str]) -> Asked {
        let mut document = json!({
            "schema": "trailkeeper.baseline", "version": 1, "is_logging": true,
            "trail_arn": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit",
            "s3_bucket_name": "logs", "s3_key_prefix": "", "is_multi_region_trail": true,
            "kms_key_id": "arn:aws:kms:eu-central-1:111122223333:key/k",
            "sns_topic_name": "arn:aws:sns:eu-central-1:111122223333:topic",
            "cloud_watch_logs_group_arn": "arn:aws:logs:eu-central-1:111122223333:log-group:g:*",
            "cloud_watch_logs_role_arn": "arn:aws:iam::111122223333:role/r",
            "event_selectors": [{}], "insight_selectors": [], "tags": {"owner": "security"},
        });
        if let Value::Object(fields) = &mut document {
            fields.retain(|field, _| !leave_out.contains(&field.as_str()));
        }
        let record = json!({"eventName": call, "requestParameters": parameters}).to_string();
        let baseline: Option<Baseline> = serde_json::from_value(document).ok();
        let event = Event::of_record(&record).ok();
        baseline
            .zip(event)
            .map_or(Asked::Unknown, |(baseline, event)| {
                asked_for(&event.record, &baseline)
            })
    }

    #[test]
    fn what_is_not_guarded_is_not_called_conforming() {
        let moved = json!({"name": "audit", "s3BucketName": "evil"});
        let both = json!({"s3BucketName": "evil", "isMultiRegionTrail": false});
        let blind = json!({"eventSelectors": [{"includeManagementEvents": false}]});
        let fields =
            |fields: &[&str]| Asked::Fields(fields.iter().map(ToString::to_string).collect());
        for (call, parameters, leave_out, expected) in [
            (
                "UpdateTrail",
                &moved,
                &["s3_bucket_name"][..],
                Asked::Unguarded,
            ),
            (
                "UpdateTrail",
                &both,
                &["s3_bucket_name"],
                fields(&["is_multi_region_trail"]),
            ),
            (
                "PutEventSelectors",
                &blind,
                &["event_selectors"],
                Asked::Unguarded,
            ),
            (
                "PutEventSelectors",
                &blind,
                &[],
                fields(&["event_selectors"]),
            ),
        ] {
            assert_eq!(
                asked(call, parameters, leave_out),
                expected,
                "{call} {parameters}"
            );
        }
    }

    #[test]
    fn a_weakening_is_told_from_a_change_that_conforms() {
        let some =
            |fields: &[&str]| Asked::Fields(fields.iter().map(ToString::to_string).collect());
        for (call, parameters, fields) in [
            (
                "UpdateTrail",
                json!({"name": "audit", "kmsKeyId": ""}),
                some(&["kms_key_id"]),
            ),
            (
                "UpdateTrail",
                json!({"isMultiRegionTrail": false, "s3BucketName": "evil"}),
                some(&["is_multi_region_trail", "s3_bucket_name"]),
            ),
            (
                "UpdateTrail",
                json!({"cloudWatchLogsLogGroupArn": ""}),
                some(&["cloud_watch_logs_group_arn"]),
            ),
            (
                "UpdateTrail",
                json!({"s3BucketName": "logs", "kmsKeyId": "k", "snsTopicName": "topic"}),
                some(&[]),
            ),
            (
                "UpdateTrail",
                json!({"snsTopicName": "arn:aws:sns:eu-central-1:999988887777:topic"}),
                some(&["sns_topic_name"]),
            ),
            (
                "UpdateTrail",
                json!({"kmsKeyId": "alias/logs"}),
                Asked::Unknown,
            ),
            (
                "UpdateTrail",
                json!({"isMultiRegionTrail": "no"}),
                Asked::Unknown,
            ),
            (
                "UpdateTrail",
                json!({"reason": "requestParameters too large", "omitted": true}),
                Asked::Unknown,
            ),
            (
                "CreateTrail",
                json!({"name": "audit", "s3BucketName": "logs"}),
                some(&[
                    "cloud_watch_logs_group_arn",
                    "cloud_watch_logs_role_arn",
                    "is_multi_region_trail",
                    "kms_key_id",
                    "sns_topic_name",
                    "tags",
                ]),
            ),
            ("DeleteTrail", json!({"name": "audit"}), some(&["exists"])),
            (
                "PutEventSelectors",
                json!({"eventSelectors": [{"readWriteType": "ReadOnly"}]}),
                some(&["event_selectors"]),
            ),
            (
                "PutEventSelectors",
                json!({"eventSelectors": [{"readWriteType": "All", "includeManagementEvents": true, "dataResources": [], "excludeManagementEventSources": []}]}),
                some(&[]),
            ),
            (
                "PutEventSelectors",
                json!({"advancedEventSelectors": [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}]}),
                some(&["advanced_event_selectors", "event_selectors"]),
            ),
            (
                "PutInsightSelectors",
                json!({"insightSelectors": []}),
                some(&[]),
            ),
            (
                "RemoveTags",
                json!({"tagsList": [{"key": "owner"}]}),
                some(&["tags"]),
            ),
            (
                "AddTags",
                json!({"tagsList": [{"key": "owner", "value": "security"}]}),
                some(&[]),
            ),
            ("AddTags", json!({"tagsList": "x"}), Asked::Unknown),
        ] {
            assert_eq!(asked(call, &parameters, &[]), fields, "{call} {parameters}");
        }
    }
}
