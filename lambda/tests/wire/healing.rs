//! Law 2: whatever was changed is put back as declared, with the fewest calls
//! and nothing else touched.

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{AUDIT, Aws, PUBLISH},
    declared,
    lambda::Function,
    stop, whole,
    world::Trail,
};

/// What was done to the trail, what undoes it, and which fields are told.
struct Weakening {
    attack: (&'static str, Value),
    /// The healing calls in order, and what each asks for beside the trail.
    healing: Vec<(&'static str, Value)>,
    fields: Vec<&'static str>,
}

fn update(asked: Value, healing: Value, fields: &[&'static str]) -> Weakening {
    Weakening {
        attack: ("UpdateTrail", asked),
        healing: vec![("UpdateTrail", healing)],
        fields: fields.to_vec(),
    }
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/3c1f7a0e-52d9-4b86-9e17-a4c8d0f2b6e5";
const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:audit-files";
const GROUP: &str = "arn:aws:logs:eu-central-1:111122223333:log-group:audit:*";
const ROLE: &str = "arn:aws:iam::111122223333:role/audit-to-logs";

fn of_settings() -> Vec<Weakening> {
    vec![
        update(
            json!({"IsMultiRegionTrail": false}),
            json!({"IsMultiRegionTrail": true}),
            &["is_multi_region_trail"],
        ),
        update(
            json!({"IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": false}),
            json!({"IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": true}),
            &["include_global_service_events", "is_multi_region_trail"],
        ),
        update(
            json!({"EnableLogFileValidation": false}),
            json!({"EnableLogFileValidation": true}),
            &["enable_log_file_validation"],
        ),
        update(
            json!({"S3BucketName": "not-your-logs"}),
            json!({"S3BucketName": "audit-logs"}),
            &["s3_bucket_name"],
        ),
        update(
            json!({"S3KeyPrefix": "tmp"}),
            json!({"S3KeyPrefix": "org"}),
            &["s3_key_prefix"],
        ),
        update(
            json!({"S3KeyPrefix": ""}),
            json!({"S3KeyPrefix": "org"}),
            &["s3_key_prefix"],
        ),
        update(
            json!({"KmsKeyId": ""}),
            json!({"KmsKeyId": KEY}),
            &["kms_key_id"],
        ),
        update(
            json!({"KmsKeyId": KEY.replace("1111", "4444")}),
            json!({"KmsKeyId": KEY}),
            &["kms_key_id"],
        ),
        update(
            json!({"SnsTopicName": ""}),
            json!({"SnsTopicName": TOPIC}),
            &["sns_topic_name"],
        ),
        update(
            json!({"SnsTopicName": "elsewhere"}),
            json!({"SnsTopicName": TOPIC}),
            &["sns_topic_name"],
        ),
        update(
            json!({"CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": ""}),
            json!({"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE}),
            &["cloud_watch_logs_group_arn", "cloud_watch_logs_role_arn"],
        ),
        // AWS takes the group and its role together only.
        update(
            json!({"CloudWatchLogsRoleArn": ROLE.replace("audit", "other")}),
            json!({"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE}),
            &["cloud_watch_logs_role_arn"],
        ),
        update(
            json!({"IsOrganizationTrail": true}),
            json!({"IsOrganizationTrail": false}),
            &["is_organization_trail"],
        ),
        update(
            json!({"S3BucketName": "not-your-logs", "KmsKeyId": "", "EnableLogFileValidation": false}),
            json!({"S3BucketName": "audit-logs", "KmsKeyId": KEY, "EnableLogFileValidation": true}),
            &["enable_log_file_validation", "kms_key_id", "s3_bucket_name"],
        ),
    ]
}

fn of_selectors(declared: &Trail) -> Vec<Weakening> {
    let heal = json!(declared.selectors);
    let kind = |asked: &Value| {
        let is_basic = !asked["EventSelectors"].is_null();
        if is_basic {
            "event_selectors"
        } else {
            "advanced_event_selectors"
        }
    };
    let other = if kind(&heal) == "event_selectors" {
        json!({"AdvancedEventSelectors": [{"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]})
    } else {
        json!({"EventSelectors": [{"ReadWriteType": "All"}]})
    };
    let data = json!([{"Type": "AWS::S3::Object", "Values": []}]);
    [
        json!({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
        json!({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}),
        json!({"EventSelectors": [{"IncludeManagementEvents": false, "DataResources": data}]}),
        json!({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}),
        json!({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]}),
        json!({"AdvancedEventSelectors": [{"Name": "Nothing", "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "resources.ARN", "Equals": ["arn:aws:s3:::no-such-bucket/x"]},
        ]}]}),
        json!({"AdvancedEventSelectors": [{"FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]},
        ]}]}),
        other,
    ]
    .into_iter()
    .map(|attack| {
        let mut fields = vec![kind(&attack), kind(&heal)];
        fields.sort_unstable();
        fields.dedup();
        Weakening {
            attack: ("PutEventSelectors", attack),
            healing: vec![("PutEventSelectors", heal.clone())],
            fields,
        }
    })
    .collect()
}

fn of_the_rest() -> Vec<Weakening> {
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let insight = |kind: &str| json!({"InsightType": kind});
    let insights = json!({"InsightSelectors": [insight("ApiCallRateInsight"), insight("ApiErrorRateInsight")]});
    let of_tags = |attack: (&'static str, Value), healing: Vec<(&'static str, Value)>| Weakening {
        attack,
        healing,
        fields: vec!["tags"],
    };
    vec![
        Weakening {
            attack: ("PutInsightSelectors", json!({"InsightSelectors": []})),
            healing: vec![("PutInsightSelectors", insights.clone())],
            fields: vec!["insight_selectors"],
        },
        Weakening {
            attack: (
                "PutInsightSelectors",
                json!({"InsightSelectors": [insight("ApiErrorRateInsight")]}),
            ),
            healing: vec![("PutInsightSelectors", insights)],
            fields: vec!["insight_selectors"],
        },
        of_tags(
            (
                "RemoveTags",
                json!({"TagsList": [tag("owner", "security"), tag("env", "prod")]}),
            ),
            vec![(
                "AddTags",
                json!({"TagsList": [tag("env", "prod"), tag("owner", "security")]}),
            )],
        ),
        of_tags(
            ("AddTags", json!({"TagsList": [tag("owner", "nobody")]})),
            vec![("AddTags", json!({"TagsList": [tag("owner", "security")]}))],
        ),
        of_tags(
            ("AddTags", json!({"TagsList": [tag("exempt", "true")]})),
            vec![("RemoveTags", json!({"TagsList": [tag("exempt", "true")]}))],
        ),
        of_tags(
            (
                "AddTags",
                json!({"TagsList": [tag("exempt", "true"), tag("cost", "0")]}),
            ),
            vec![
                ("RemoveTags", json!({"TagsList": [tag("exempt", "true")]})),
                ("AddTags", json!({"TagsList": [tag("cost", "17")]})),
            ],
        ),
    ]
}

/// The call with the trail in it.
fn about_audit(operation: &str, asked: &Value) -> Value {
    let mut asked = asked.clone();
    let parameter = match operation {
        "PutEventSelectors" | "PutInsightSelectors" => "TrailName",
        "AddTags" | "RemoveTags" => "ResourceId",
        _ => "Name",
    };
    asked[parameter] = json!(AUDIT);
    asked
}

fn check(declared: &Trail, weakenings: Vec<Weakening>) {
    for weakening in weakenings {
        let aws = Aws::with(declared, Box::new(|_, _| None));
        let function = Function::start(&aws, &[]);
        let (operation, asked) = &weakening.attack;
        let before = &aws.state().world.trails()[AUDIT].clone();
        let event = aws.attack(operation, &about_audit(operation, asked));
        let weakened = &aws.state().world.trails()[AUDIT].clone();
        assert_ne!(before.state(), weakened.state(), "{asked} weakens nothing");

        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["restored"]}), "{asked}");
        assert_eq!(aws.trail(), before.state(), "{asked}");
        let calls: Vec<&str> = weakening.healing.iter().map(|(call, _)| *call).collect();
        assert_eq!(aws.writes(), calls, "{asked}");
        for (call, healing) in &weakening.healing {
            assert_eq!(aws.asked(call), [about_audit(call, healing)], "{asked}");
        }
        assert_eq!(aws.operations().iter().filter(|o| *o == PUBLISH).count(), 1);
        told(&aws, &weakening, before, weakened);
    }
}

/// The notice tells each field as found and as declared.
fn told(aws: &Aws, weakening: &Weakening, before: &Trail, weakened: &Trail) {
    let notice = aws.notice();
    let asked = &weakening.attack.1;
    let found = declared::document(AUDIT, weakened);
    let declared = declared::document(AUDIT, before);
    let drift = notice["drift"].as_array().unwrap();
    let mut fields: Vec<&str> = drift.iter().map(|d| d["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, weakening.fields, "{asked}");
    for drift in drift {
        let field = drift["field"].as_str().unwrap();
        for (when, document) in [("before", &found), ("after", &declared)] {
            let (told, is) = (sorted(&drift[when]), sorted(&document[field]));
            assert_eq!(told, is, "{field} {when}: {asked}");
        }
    }
    let calls = weakening.healing.iter();
    let calls: Vec<String> = calls
        .map(|(call, _)| format!("cloudtrail:{call}"))
        .collect();
    assert_eq!(notice["remediation"]["calls"], json!(calls), "{asked}");
    assert_eq!(notice["severity"], "high", "{asked}");
    assert_eq!(notice["verification"]["is_logging"], true, "{asked}");
    assert_eq!(notice["problem"], Value::Null, "{asked}");
}

/// Lists in order: here it means nothing.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.iter().map(sorted).collect();
            values.sort_by_key(ToString::to_string);
            values.into()
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), sorted(field)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[test]
fn every_weakened_setting_is_healed_by_one_call_that_sets_nothing_else() {
    check(&declared::basic(), of_settings());
}

#[test]
fn every_weakened_basic_selector_is_healed_by_one_call() {
    check(&declared::basic(), of_selectors(&declared::basic()));
}

#[test]
fn every_weakened_advanced_selector_is_healed_by_one_call() {
    check(&declared::advanced(), of_selectors(&declared::advanced()));
}

#[test]
fn insights_and_tags_are_healed_by_the_fewest_calls() {
    check(&declared::basic(), of_the_rest());
}

#[test]
fn several_weakenings_at_once_are_healed_by_one_event() {
    let (aws, function) = whole();
    let declared = aws.trail();
    let named = |asked| about_audit("UpdateTrail", &asked);
    aws.attack("StopLogging", &named(json!({})));
    aws.attack(
        "UpdateTrail",
        &named(json!({"IsMultiRegionTrail": false, "KmsKeyId": ""})),
    );
    aws.attack(
        "PutInsightSelectors",
        &json!({"TrailName": "audit", "InsightSelectors": []}),
    );
    aws.attack(
        "RemoveTags",
        &json!({"ResourceId": AUDIT, "TagsList": [{"Key": "owner"}]}),
    );
    let last = aws.attack(
        "PutEventSelectors",
        &json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
    );
    assert_eq!(
        answered(function.invoke(&last)),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.trail(), declared);
    let writes = aws.writes();
    assert_eq!(writes[0], "StartLogging", "logging first: {writes:?}");
    let mut writes: Vec<&str> = writes.iter().map(String::as_str).collect();
    writes.sort_unstable();
    let fewest = [
        "AddTags",
        "PutEventSelectors",
        "PutInsightSelectors",
        "StartLogging",
        "UpdateTrail",
    ];
    assert_eq!(writes, fewest);
    let drift = aws.notice()["drift"].to_string();
    for field in [
        "is_logging",
        "is_multi_region_trail",
        "kms_key_id",
        "event_selectors",
        "insight_selectors",
        "tags",
    ] {
        assert!(
            drift.contains(&format!("\"field\":\"{field}\"")),
            "{field} in {drift}"
        );
    }
}

#[test]
fn a_stop_heals_the_rest_too() {
    let (aws, function) = whole();
    let declared = aws.trail();
    aws.attack(
        "UpdateTrail",
        &json!({"Name": AUDIT, "S3BucketName": "not-your-logs"}),
    );
    aws.attack("StopLogging", &json!({"Name": AUDIT}));
    assert_eq!(
        answered(function.invoke(&stop())),
        json!({"outcomes": ["restored"]})
    );
    assert_eq!(aws.writes(), ["StartLogging", "UpdateTrail"]);
    assert_eq!(aws.trail(), declared);
}
