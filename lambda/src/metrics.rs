//! Metrics, in CloudWatch's embedded metric format: a line of JSON on standard
//! output that CloudWatch Logs turns into metrics, without a call.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Value, json};

use crate::{incident::Incident, moment::Moment, outcome::Outcome};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Trailkeeper";

/// The metric line for what came of a trail; `function_name` is the dimension.
#[must_use]
pub fn incident(incident: &Incident, function_name: &str, now: Moment) -> String {
    let failed = incident.fails();
    let restored = incident.outcome == Outcome::Restored;
    let mut values = vec![
        ("Restorations", "Count", f64::from(u8::from(restored))),
        ("RestorationFailures", "Count", f64::from(u8::from(failed))),
    ];
    let took = incident.timing.event_to_verified_ms.filter(|_| restored);
    if let Some(milliseconds) = took.filter(|_| incident.source == "event") {
        #[expect(
            clippy::cast_precision_loss,
            reason = "durations are far below 2^52 ms"
        )]
        let seconds = milliseconds.max(0) as f64 / 1_000.0;
        values.push(("EventToRestorationSeconds", "Seconds", seconds));
    }
    line(
        &values,
        json!({"event_id": incident.id, "outcome": incident.outcome}),
        function_name,
        now,
    )
}

/// The metric line of a sweep that found `drifting` trails not as declared. Its
/// absence is how an alarm knows that the function has gone quiet.
#[must_use]
pub fn sweep(drifting: usize, function_name: &str, now: Moment) -> String {
    let values = [
        ("Sweeps", "Count", 1.0),
        ("SweepDrift", "Count", count(drifting)),
    ];
    line(&values, json!({}), function_name, now)
}

/// The metric line of a sweep through accounts of the organisation.
#[must_use]
pub fn accounts(swept: usize, unreachable: usize, function_name: &str, now: Moment) -> String {
    let values = [
        ("AccountsSwept", "Count", count(swept)),
        ("AccountsUnreachable", "Count", count(unreachable)),
    ];
    line(&values, json!({}), function_name, now)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn line(values: &[(&str, &str, f64)], mut line: Value, function_name: &str, now: Moment) -> String {
    let metrics: Vec<Value> = values
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
        .collect();
    if let Some(fields) = line.as_object_mut() {
        fields.extend(
            values
                .iter()
                .map(|(name, _, value)| ((*name).to_owned(), json!(value))),
        );
        fields.insert("FunctionName".to_owned(), json!(function_name));
        let declared = json!({
            "Timestamp": now.epoch_millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["FunctionName"]],
                "Metrics": metrics,
            }],
        });
        fields.insert("_aws".to_owned(), declared);
    }
    line.to_string()
}
