//! Trails as they are declared, and the baselines that say so.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{aws::now, world::Trail};

/// What a baseline calls a setting, and what `GetTrail` calls it.
const SETTINGS: [(&str, &str); 10] = [
    ("s3_bucket_name", "S3BucketName"),
    ("s3_key_prefix", "S3KeyPrefix"),
    ("sns_topic_name", "SnsTopicARN"),
    ("kms_key_id", "KmsKeyId"),
    ("is_multi_region_trail", "IsMultiRegionTrail"),
    (
        "include_global_service_events",
        "IncludeGlobalServiceEvents",
    ),
    ("enable_log_file_validation", "LogFileValidationEnabled"),
    ("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn"),
    ("cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn"),
    ("is_organization_trail", "IsOrganizationTrail"),
];

/// A trail that has everything, with basic selectors.
pub fn basic() -> Trail {
    let mut trail = Trail::bare("audit-logs");
    let settings = json!({
        "S3BucketName": "audit-logs", "S3KeyPrefix": "org",
        "SnsTopicName": "audit-files",
        "SnsTopicARN": "arn:aws:sns:eu-central-1:111122223333:audit-files",
        "KmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/3c1f7a0e-52d9-4b86-9e17-a4c8d0f2b6e5",
        "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-central-1:111122223333:log-group:audit:*",
        "CloudWatchLogsRoleArn": "arn:aws:iam::111122223333:role/audit-to-logs",
        "IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": true,
        "LogFileValidationEnabled": true, "IsOrganizationTrail": false,
    });
    trail.settings.clone_from(settings.as_object().unwrap());
    trail.selectors["EventSelectors"][0]["DataResources"] = json!([
        {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::ledger/", "arn:aws:s3:::books/"]},
        {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
    ]);
    trail.insights = vec![
        json!({"InsightType": "ApiCallRateInsight", "EventCategories": ["Management"]}),
        json!({"InsightType": "ApiErrorRateInsight", "EventCategories": ["Management"]}),
    ];
    let tags = [("owner", "security"), ("env", "prod"), ("cost", "17")];
    trail.tags = tags.map(|(key, value)| (key.into(), value.into())).into();
    trail.is_logging = true;
    // Longer ago than any sweep asks whether a stop was told.
    trail.stopped_at = now() - 20.0 * 86_400.0;
    trail.started_at = trail.stopped_at + 3_600.0;
    trail
}

/// The same with advanced selectors.
pub fn advanced() -> Trail {
    let mut trail = basic();
    let selectors = json!({"AdvancedEventSelectors": [
        {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {"Name": "Writes to the ledger", "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "readOnly", "Equals": ["false"]},
            {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::ledger/"], "NotEndsWith": [".tmp"]},
        ]},
    ]});
    trail.selectors.clone_from(selectors.as_object().unwrap());
    trail
}

/// A trail with nothing that can be left out.
pub fn plain() -> Trail {
    let mut trail = basic();
    for name in [
        "S3KeyPrefix",
        "SnsTopicName",
        "SnsTopicARN",
        "KmsKeyId",
        "CloudWatchLogsLogGroupArn",
        "CloudWatchLogsRoleArn",
    ] {
        trail.settings.remove(name);
    }
    trail.selectors = Trail::bare("").selectors;
    trail.insights.clear();
    trail.tags.clear();
    trail
}

/// The baseline that declares what `trail` is, completely.
pub fn document(arn: &str, trail: &Trail) -> Value {
    let mut document = logging_only(arn);
    for (name, read) in SETTINGS {
        document[name] = trail.settings.get(read).cloned().unwrap_or(json!(""));
    }
    for (name, selectors) in &trail.selectors {
        document[in_snake_case(name)] = renamed(selectors);
    }
    let insights = trail.insights.iter();
    let insights = insights.map(|insight| json!({"insight_type": insight["InsightType"]}));
    document["insight_selectors"] = insights.collect();
    let mut tags = trail.tags.clone();
    tags.retain(|key, _| !key.starts_with("aws:"));
    document["tags"] = json!(tags);
    document
}

/// The baseline that protects the logging state alone.
pub fn logging_only(arn: &str) -> Value {
    json!({
        "schema": "trailkeeper.baseline", "version": 1, "trail_arn": arn, "is_logging": true,
    })
}

pub fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// `value` with every name of a field as in a baseline.
pub fn renamed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (in_snake_case(name), renamed(field)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(renamed).collect(),
        other => other.clone(),
    }
}

fn in_snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
