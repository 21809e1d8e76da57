//! Metrics, in CloudWatch's embedded metric format: a line of JSON on standard
//! output that CloudWatch Logs turns into metrics, without a call.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Value, json};

use crate::{
    incident::{Incident, Outcome},
    moment::Moment,
};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Trailkeeper";

/// The metric line for the answer to a stop; `function_name` is the dimension.
#[must_use]
pub fn line(incident: &Incident, function_name: &str, now: Moment) -> String {
    let failed = incident.outcome.is_failure();
    let restored = incident.outcome == Outcome::Restored;
    let mut metrics = vec![
        json!({"Name": "Restorations", "Unit": "Count"}),
        json!({"Name": "RestorationFailures", "Unit": "Count"}),
    ];
    let mut line = json!({
        "FunctionName": function_name,
        "Restorations": u8::from(restored),
        "RestorationFailures": u8::from(failed),
        "event_id": incident.id,
        "outcome": incident.outcome,
    });
    let took = incident.timing.event_to_verified_ms.filter(|_| restored);
    if let (Some(milliseconds), Some(fields)) = (took, line.as_object_mut()) {
        metrics.push(json!({"Name": "EventToRestorationSeconds", "Unit": "Seconds"}));
        #[expect(
            clippy::cast_precision_loss,
            reason = "durations are far below 2^52 ms"
        )]
        let seconds = milliseconds.max(0) as f64 / 1_000.0;
        fields.insert("EventToRestorationSeconds".to_owned(), json!(seconds));
    }
    if let Some(fields) = line.as_object_mut() {
        let declared = json!({
            "Timestamp": now.epoch_millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["FunctionName"]],
                "Metrics": Value::Array(metrics),
            }],
        });
        fields.insert("_aws".to_owned(), declared);
    }
    line.to_string()
}
