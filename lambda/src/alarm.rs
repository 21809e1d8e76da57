//! The alarms of the responder, all together: which calls concern them, how they are
//! observed, and how they differ from what is declared. Nothing of them is healed.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html>.
//!
//! Their ARN ends in what all of their names begin with. Other alarms of such a name are
//! none of its business.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::Declared,
    event::text,
    guard::{Handling, Read, Request, Speech, capitalised, members},
    json_api::{JSON_1_0, Json},
    kind::{Change, Profile, Wanted},
    trail::Part,
};

/// What each is about and whom it tells, in a line, by name.
const ALARMS: &str = "alarms";

pub(crate) const PROFILE: Profile = Profile {
    what: "alarms",
    title: "Alarms",
    source: ("aws.monitoring", "monitoring.amazonaws.com"),
    resource: "AwsCloudWatchAlarm",
    separator: ':',
    parameters: &["alarmName", "alarmNames"],
    scope: None,
    fields: &[ALARMS],
    by_key: &[(ALARMS, true)],
    changes: &[
        Change::new("DeleteAlarms", Part::Of(ALARMS), ["deleted", "delete"]),
        Change::new(
            "DisableAlarmActions",
            Part::Of(ALARMS),
            ["disabled the actions of", "disable the actions of"],
        ),
        Change::new("PutMetricAlarm", Part::Of(ALARMS), ["changed", "change"]),
        Change::new(
            "PutCompositeAlarm",
            Part::Of(ALARMS),
            ["replaced", "replace"],
        ),
    ],
    own_calls: &[],
    normal: |_, value| value.clone(),
    wanted,
    mends: |_, _| Vec::new(),
};

/// The prefix of the names.
pub(crate) fn prefix(name: &str) -> &str {
    name.trim_end_matches('*')
}

fn wanted(
    change: &Change,
    given: &Map<String, Value>,
    declared: &Declared,
    _: &str,
) -> Option<Wanted> {
    if change.name != "PutMetricAlarm" {
        return None;
    }
    let name = text(given, "alarmName")?;
    let mut after = declared.get(ALARMS)?.given.as_object()?.clone();
    // What is not given is what a new alarm has.
    let mut alarm = json!({"ActionsEnabled": true, "TreatMissingData": "missing"});
    if let (Some(all), Value::Object(given)) =
        (alarm.as_object_mut(), capitalised(&given.clone().into()))
    {
        all.extend(given);
    }
    after.insert(name.to_owned(), line(&alarm).into());
    Some(vec![(ALARMS, after.into())])
}

/// An alarm in a line, as Terraform writes it.
fn line(alarm: &Value) -> String {
    let of = |name: &str| match alarm.get(name) {
        Some(Value::String(text)) => {
            let number = text.parse::<f64>();
            number.map_or_else(|_| text.clone(), |number| number.to_string())
        }
        Some(Value::Null) | None => "-".to_owned(),
        // 0.0 is 0.
        Some(value) => value
            .as_f64()
            .map_or_else(|| value.to_string(), |n| n.to_string()),
    };
    let texts = |name: &str| {
        let mut all: Vec<String> = members(alarm.get(name).unwrap_or(&Value::Null))
            .iter()
            .map(|one| match one {
                Value::String(text) => text.clone(),
                // A dimension.
                other => {
                    let part = |name| other.get(name).and_then(Value::as_str).unwrap_or("-");
                    format!("{}={}", part("Name"), part("Value"))
                }
            })
            .collect();
        all.sort();
        all.join(",")
    };
    let mut line = format!(
        "{}/{} {} {} {}s x{} {} {} {} -> {}",
        of("Namespace"),
        of("MetricName"),
        texts("Dimensions"),
        of("Statistic"),
        of("Period"),
        of("EvaluationPeriods"),
        of("ComparisonOperator"),
        of("Threshold"),
        of("TreatMissingData"),
        texts("AlarmActions"),
    );
    if alarm.get("ActionsEnabled") == Some(&Value::Bool(false)) {
        line.push_str(" (disabled)");
    }
    // What else can make an alarm deaf.
    for more in [
        "DatapointsToAlarm",
        "Unit",
        "Metrics",
        "EvaluateLowSampleCountPercentile",
    ] {
        let value = alarm.get(more).filter(|value| !value.is_null());
        if value.is_some_and(|value| value != &json!([])) {
            // Writing to a text cannot fail.
            _ = write!(line, " {more}={}", of(more));
        }
    }
    line
}

pub(crate) const HANDLING: Handling = Handling {
    service: (
        Service::CloudWatch,
        Speech::Json(Json {
            content_type: JSON_1_0,
            target: "GraniteServiceVersion20100801",
        }),
    ),
    reads: &[Read {
        call: "cloudwatch:DescribeAlarms",
        // One that stands behind a hundred others is missed, and told as missing.
        request: |alarms| {
            let prefix = prefix(alarms.name());
            Request::json(json!({"AlarmNamePrefix": prefix, "MaxRecords": 100}))
        },
        absent: None,
        fields: &[(ALARMS, |answer| {
            let all = answer.get("MetricAlarms")?.as_array()?.iter();
            let lines = all.map(|alarm| {
                let name = alarm.get("AlarmName")?.as_str()?.to_owned();
                Some((name, Value::from(line(alarm))))
            });
            lines.collect::<Option<Map<_, _>>>().map(Value::Object)
        })],
    }],
    missing: "ResourceNotFound",
    heal: |_, _| Request::json(Value::Null),
    needless: None,
};
