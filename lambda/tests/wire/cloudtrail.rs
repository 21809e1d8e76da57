//! CloudTrail's operations on the trails, refusals included. The attacker's
//! calls go the same way as the function's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    aws::now,
    world::{Trail, World},
};

/// An answer, or the code of a refusal.
pub type Answer = Result<Value, &'static str>;

const NOT_FOUND: &str = "TrailNotFoundException";

/// The settings that `UpdateTrail` and `CreateTrail` take, and what `GetTrail`
/// calls them.
const SETTINGS: [(&str, &str); 10] = [
    ("S3BucketName", "S3BucketName"),
    ("S3KeyPrefix", "S3KeyPrefix"),
    ("SnsTopicName", "SnsTopicName"),
    ("IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents"),
    ("IsMultiRegionTrail", "IsMultiRegionTrail"),
    ("EnableLogFileValidation", "LogFileValidationEnabled"),
    ("CloudWatchLogsLogGroupArn", "CloudWatchLogsLogGroupArn"),
    ("CloudWatchLogsRoleArn", "CloudWatchLogsRoleArn"),
    ("KmsKeyId", "KmsKeyId"),
    ("IsOrganizationTrail", "IsOrganizationTrail"),
];

/// Answers a call that reads; `None` if it is none.
pub fn read(world: &World, region: &str, operation: &str, asked: &Value) -> Option<Answer> {
    let parameter = match operation {
        "GetTrail" | "GetTrailStatus" => "Name",
        "GetEventSelectors" | "GetInsightSelectors" => "TrailName",
        "ListTags" => return Some(list_tags(world, asked)),
        _ => return None,
    };
    let named = asked[parameter].as_str().unwrap_or_default();
    let found = named_arn(world.seen(), &world.account, region, named);
    Some(found.and_then(|arn| show(operation, &arn, &world.seen()[&arn])))
}

fn show(operation: &str, arn: &str, trail: &Trail) -> Answer {
    match operation {
        "GetTrail" => {
            let mut shown = trail.settings.clone();
            let basic = Trail::bare("").selectors;
            shown.extend([
                ("Name".to_owned(), json!(name_of(arn))),
                ("TrailARN".to_owned(), json!(arn)),
                ("HomeRegion".to_owned(), json!(region_of(arn))),
                (
                    "HasCustomEventSelectors".to_owned(),
                    json!(trail.selectors != basic),
                ),
                (
                    "HasInsightSelectors".to_owned(),
                    json!(!trail.insights.is_empty()),
                ),
            ]);
            Ok(json!({"Trail": shown}))
        }
        "GetTrailStatus" => Ok(json!({
            "IsLogging": trail.is_logging,
            "StartLoggingTime": trail.started_at,
            "StopLoggingTime": trail.stopped_at,
        })),
        "GetEventSelectors" => {
            let mut shown = trail.selectors.clone();
            shown.insert("TrailARN".to_owned(), json!(arn));
            Ok(Value::Object(shown))
        }
        _ if trail.insights.is_empty() => Err("InsightNotEnabledException"),
        _ => Ok(json!({"TrailARN": arn, "InsightSelectors": trail.insights})),
    }
}

fn list_tags(world: &World, asked: &Value) -> Answer {
    let mut lists = Vec::new();
    for arn in asked["ResourceIdList"].as_array().unwrap() {
        let trail = world.seen().get(arn.as_str().unwrap()).ok_or(NOT_FOUND)?;
        let tags: Vec<Value> = trail
            .tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        lists.push(json!({"ResourceId": arn, "TagsList": tags}));
    }
    Ok(json!({"ResourceTagList": lists}))
}

/// Answers a call that writes; `None` if it is none.
pub fn write(world: &mut World, region: &str, operation: &str, asked: &Value) -> Option<Answer> {
    if operation == "CreateTrail" {
        return Some(create(world, region, asked));
    }
    let parameter = match operation {
        "StartLogging" | "StopLogging" | "UpdateTrail" | "DeleteTrail" => "Name",
        "PutEventSelectors" | "PutInsightSelectors" => "TrailName",
        "AddTags" | "RemoveTags" => "ResourceId",
        _ => return None,
    };
    let named = asked[parameter].as_str().unwrap_or_default();
    let arn = match named_arn(world.trails(), &world.account, region, named) {
        Ok(arn) => arn,
        Err(code) => return Some(Err(code)),
    };
    if operation == "DeleteTrail" {
        world.change(|trails| trails.remove(&arn));
        return Some(Ok(json!({})));
    }
    let mut trail = world.trails()[&arn].clone();
    let answer = match operation {
        "StartLogging" => {
            if !trail.is_logging {
                trail.started_at = now();
            }
            trail.is_logging = true;
            Ok(())
        }
        "StopLogging" => {
            trail.stopped_at = now();
            trail.is_logging = false;
            Ok(())
        }
        "UpdateTrail" => set(&mut trail.settings, &arn, asked),
        "PutEventSelectors" => put_selectors(&mut trail, asked),
        "PutInsightSelectors" => put_insights(&mut trail, asked),
        "AddTags" => add_tags(&mut trail.tags, asked),
        _ => {
            for tag in asked["TagsList"].as_array().unwrap() {
                trail.tags.remove(tag["Key"].as_str().unwrap());
            }
            Ok(())
        }
    };
    Some(answer.map(|()| {
        world.change(|trails| trails.insert(arn, trail));
        json!({})
    }))
}

/// A trail by plain name or by ARN, in its home region.
fn named_arn(
    trails: &BTreeMap<String, Trail>,
    account: &str,
    region: &str,
    named: &str,
) -> Result<String, &'static str> {
    let arn = if named.starts_with("arn:") {
        named.to_owned()
    } else {
        let here = |arn: &&String| {
            name_of(arn) == named && region_of(arn) == region && account_of(arn) == account
        };
        trails.keys().find(here).ok_or(NOT_FOUND)?.clone()
    };
    if !trails.contains_key(&arn) {
        Err(NOT_FOUND)
    } else if region_of(&arn) == region {
        Ok(arn)
    } else {
        Err("InvalidHomeRegionException")
    }
}

pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

pub fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap()
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap()
}

fn create(world: &mut World, region: &str, asked: &Value) -> Answer {
    let name = asked["Name"].as_str().unwrap();
    if name.starts_with("arn:") {
        return Err("InvalidTrailNameException");
    }
    let partition = match region.split('-').next().unwrap() {
        "cn" => "aws-cn",
        "us" if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let account = &world.account;
    let arn = format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}");
    if world.trails().contains_key(&arn) {
        return Err("TrailAlreadyExistsException");
    }
    let Some(bucket) = asked["S3BucketName"].as_str() else {
        return Err("InvalidS3BucketNameException");
    };
    // Nothing is there yet that an empty text could remove.
    for (empty, code) in [
        ("S3KeyPrefix", "InvalidS3PrefixException"),
        ("SnsTopicName", "InvalidSnsTopicNameException"),
        ("KmsKeyId", "InvalidKmsKeyIdException"),
        (
            "CloudWatchLogsLogGroupArn",
            "InvalidCloudWatchLogsLogGroupArnException",
        ),
    ] {
        if asked[empty] == "" {
            return Err(code);
        }
    }
    let mut trail = Trail::bare(bucket);
    set(&mut trail.settings, &arn, asked)?;
    if asked["TagsList"].is_array() {
        add_tags(&mut trail.tags, asked)?;
    }
    world.change(|trails| trails.insert(arn, trail));
    Ok(json!({}))
}

fn set(settings: &mut Map<String, Value>, arn: &str, asked: &Value) -> Result<(), &'static str> {
    let mut changed = settings.clone();
    for (asked_name, name) in SETTINGS {
        match &asked[asked_name] {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {
                changed.remove(name);
            }
            value => {
                changed.insert(name.to_owned(), value.clone());
            }
        }
    }
    match changed.get("SnsTopicName").and_then(Value::as_str) {
        Some(topic) => {
            let owner = account_of(arn);
            let topic_arn = if topic.starts_with("arn:") {
                topic.to_owned()
            } else {
                format!("arn:aws:sns:{}:{owner}:{topic}", region_of(arn))
            };
            let name = topic_arn.rsplit(':').next().unwrap().to_owned();
            changed.insert("SnsTopicName".to_owned(), json!(name));
            changed.insert("SnsTopicARN".to_owned(), json!(topic_arn));
        }
        None => {
            changed.remove("SnsTopicARN");
        }
    }
    if !changed.contains_key("S3BucketName") {
        return Err("InvalidS3BucketNameException");
    }
    let has = |name| changed.contains_key(name);
    if has("CloudWatchLogsLogGroupArn") != has("CloudWatchLogsRoleArn") {
        return Err("InvalidCloudWatchLogsRoleArnException");
    }
    if changed["IsMultiRegionTrail"] == true && changed["IncludeGlobalServiceEvents"] == false {
        return Err("InvalidParameterCombinationException");
    }
    *settings = changed;
    Ok(())
}

fn put_selectors(trail: &mut Trail, asked: &Value) -> Result<(), &'static str> {
    const INVALID: &str = "InvalidEventSelectorsException";
    let basic = asked["EventSelectors"].as_array();
    let advanced = asked["AdvancedEventSelectors"].as_array();
    let (name, selectors) = match (basic, advanced) {
        (Some(basic), None) if (1..=5).contains(&basic.len()) => {
            let mut complete = Vec::new();
            for selector in basic {
                let mut whole = json!({
                    "ReadWriteType": "All", "IncludeManagementEvents": true,
                    "DataResources": [], "ExcludeManagementEventSources": [],
                });
                for (field, value) in selector.as_object().unwrap() {
                    whole[field] = value.clone();
                }
                if whole["IncludeManagementEvents"] == false && whole["DataResources"] == json!([])
                {
                    return Err(INVALID);
                }
                complete.push(whole);
            }
            ("EventSelectors", complete)
        }
        (None, Some(advanced)) if !advanced.is_empty() => {
            let categorised = |selector: &Value| {
                let fields = selector["FieldSelectors"].as_array().unwrap();
                fields.iter().any(|field| field["Field"] == "eventCategory")
            };
            if !advanced.iter().all(categorised) {
                return Err(INVALID);
            }
            ("AdvancedEventSelectors", advanced.clone())
        }
        _ => return Err(INVALID),
    };
    trail.selectors = Map::from_iter([(name.to_owned(), json!(selectors))]);
    Ok(())
}

/// Insights need the management events that write.
fn put_insights(trail: &mut Trail, asked: &Value) -> Result<(), &'static str> {
    let mut insights = asked["InsightSelectors"].as_array().unwrap().clone();
    let shown = json!(trail.selectors).to_string();
    let writes_are_recorded = shown.contains("\"Management\"")
        || (shown.contains("\"IncludeManagementEvents\":true") && !shown.contains("ReadOnly"));
    if !insights.is_empty() && !writes_are_recorded {
        return Err("InvalidInsightSelectorsException");
    }
    for insight in &mut insights {
        if insight["EventCategories"].is_null() {
            insight["EventCategories"] = json!(["Management"]);
        }
    }
    trail.insights = insights;
    Ok(())
}

fn add_tags(tags: &mut BTreeMap<String, String>, asked: &Value) -> Result<(), &'static str> {
    for tag in asked["TagsList"].as_array().unwrap() {
        let key = tag["Key"].as_str().unwrap();
        if key.starts_with("aws:") {
            return Err("InvalidTagParameterException");
        }
        let value = tag["Value"].as_str().unwrap_or_default();
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > 50 {
        return Err("TagsLimitExceededException");
    }
    Ok(())
}
