//! What a call asked for that is not as declared. It tells a weakening that
//! somebody undid before this answer from a change that was meant. Pure.

use serde_json::{Map, Value};

use crate::{
    baseline::{Baseline, Settings},
    event::Record,
    selectors::Selectors,
    trail::{Drift, Observation, drift},
};

/// The fields that `record`'s call set to something else than `baseline`
/// declares. `None` if that cannot be read: parameters of large calls are lost.
#[must_use]
pub fn asked_for(record: &Record, baseline: &Baseline) -> Option<Vec<Drift>> {
    let (name, parameters) = (&record.event_name, &record.request_parameters);
    let name = name.as_deref()?;
    let parameters = parameters
        .as_ref()
        .filter(|given| !given.contains_key("omitted"))?;
    let Value::Object(given) = in_our_words(&Value::Object(parameters.clone())) else {
        return None;
    };
    let mut wanted = Observation::default();
    match name {
        "DeleteTrail" => wanted.is_missing = true,
        "UpdateTrail" | "CreateTrail" => {
            wanted.settings = Some(settings(&given, &baseline.settings)?);
        }
        "PutEventSelectors" => wanted.selectors = Some(selectors(&given)?),
        "PutInsightSelectors" => {
            wanted.insight_selectors = Some(read(given.get("insight_selectors"))?);
        }
        "AddTags" | "RemoveTags" => {
            let mut tags = baseline.tags.clone().unwrap_or_default();
            for tag in given.get("tags_list")?.as_array()? {
                let text = |part| tag.get(part).and_then(Value::as_str).unwrap_or_default();
                if name == "AddTags" {
                    tags.insert(text("key").to_owned(), text("value").to_owned());
                } else {
                    tags.remove(text("key"));
                }
            }
            wanted.tags = Some(tags);
        }
        _ => return None,
    }
    Some(drift(baseline, &wanted))
}

/// The declared settings with those of the call in their place.
fn settings(given: &Map<String, Value>, declared: &Settings) -> Option<Settings> {
    let Ok(Value::Object(mut wanted)) = serde_json::to_value(declared) else {
        return None;
    };
    for (field, value) in given {
        let Some(declared) = wanted.get_mut(field) else {
            continue;
        };
        // A topic by its name, a key by its id or alias: not told apart from the
        // ARN that is declared.
        let last = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            text.rsplit([':', '/']).next().map(str::to_owned)
        };
        let is_alias = value.as_str().is_some_and(|text| text.contains("alias/"));
        let by_name = matches!(field.as_str(), "sns_topic_name" | "kms_key_id");
        if !(by_name && (is_alias || last(value) == last(declared))) {
            *declared = value.clone();
        }
    }
    serde_json::from_value(Value::Object(wanted)).ok()
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
    use serde_json::json;

    use super::*;
    use crate::event::Event;

    fn asked(call: &str, parameters: &Value) -> Option<Vec<String>> {
        let document = json!({
            "schema": "trailkeeper.baseline", "version": 1, "is_logging": true,
            "trail_arn": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit",
            "s3_bucket_name": "logs", "s3_key_prefix": "", "is_multi_region_trail": true,
            "kms_key_id": "arn:aws:kms:eu-central-1:111122223333:key/k",
            "sns_topic_name": "arn:aws:sns:eu-central-1:111122223333:topic",
            "cloud_watch_logs_group_arn": "arn:aws:logs:eu-central-1:111122223333:log-group:g:*",
            "cloud_watch_logs_role_arn": "arn:aws:iam::111122223333:role/r",
            "event_selectors": [{}], "insight_selectors": [], "tags": {"owner": "security"},
        });
        let record = json!({"eventName": call, "requestParameters": parameters}).to_string();
        let baseline: Option<Baseline> = serde_json::from_value(document).ok();
        let event = Event::of_record(&record).ok();
        baseline
            .zip(event)
            .and_then(|(baseline, event)| asked_for(&event.record, &baseline))
            .map(|asked| asked.into_iter().map(|drift| drift.field).collect())
    }

    #[test]
    fn a_weakening_is_told_from_a_change_that_conforms() {
        let some =
            |fields: &[&str]| Some(fields.iter().map(ToString::to_string).collect::<Vec<_>>());
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
            ("UpdateTrail", json!({"kmsKeyId": "alias/logs"}), some(&[])),
            ("UpdateTrail", json!({"isMultiRegionTrail": "no"}), None),
            (
                "UpdateTrail",
                json!({"reason": "requestParameters too large", "omitted": true}),
                None,
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
            ("AddTags", json!({"tagsList": "x"}), None),
        ] {
            assert_eq!(asked(call, &parameters), fields, "{call} {parameters}");
        }
    }
}
