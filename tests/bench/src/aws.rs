//! The mock of AWS: one account whose trails were stopped. It answers at once, and
//! keeps what was called and when.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::server::{Reply, Request};

/// The call that everything is about.
pub const START: &str = "StartLogging";
/// The call that sends a notice.
pub const PUBLISH: &str = "Publish";
/// Region and account of everything.
pub const REGION: &str = "eu-central-1";
/// The account.
pub const ACCOUNT: &str = "111122223333";
/// The trail that events are about.
pub const TRAIL: &str = "audit";
/// The topic for notices.
pub const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:alerts";

/// The ARN of a trail.
#[must_use]
pub fn arn(trail: &str) -> String {
    format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{trail}")
}

/// A call that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its operation.
    pub operation: String,
    /// When its head had arrived.
    pub at: Instant,
}

/// The account.
#[derive(Debug, Default)]
pub struct State {
    /// The calls since this was last emptied, in order.
    pub calls: Vec<Call>,
    /// What nobody should have asked for.
    pub problems: Vec<String>,
    is_stopped: bool,
    started_at: f64,
    stopped_at: f64,
    parameters: BTreeMap<String, String>,
}

/// The account, shared with the server's threads.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    state: Arc<Mutex<State>>,
}

impl Aws {
    /// The account's state. A thread that panicked holding it has left it whole.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody stops the trail; what was called before is forgotten.
    pub fn stop(&self) {
        let mut state = self.state();
        state.calls.clear();
        state.is_stopped = true;
        state.stopped_at = now();
    }

    /// All trails log since yesterday, and nothing was called.
    pub fn start(&self) {
        let mut state = self.state();
        state.calls.clear();
        state.is_stopped = false;
        state.started_at = now() - 86_400.0;
        state.stopped_at = state.started_at - 60.0;
    }

    /// Stores a baseline of each of `trails`; returns the function's variable for them.
    #[must_use]
    pub fn declare(&self, trails: &[&str], is_whole: bool) -> String {
        let mut entries = Vec::new();
        for trail in trails {
            let document = baseline(trail, is_whole).to_string();
            let digest = Sha256::digest(document.as_bytes());
            let mut hash = String::new();
            for byte in digest {
                // Writing to a string cannot fail.
                let _ = write!(hash, "{byte:02x}");
            }
            let name = format!("/trailkeeper/bench/{trail}/{hash}");
            entries.push(format!("{}={name}", arn(trail)));
            self.state().parameters.insert(name, document);
        }
        entries.join(",")
    }

    /// Answers a request, and notes it.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Reply {
        let body = String::from_utf8_lossy(&request.body);
        let operation = if request.target.is_empty() {
            let mut fields = body.split('&');
            fields.find_map(|field| field.strip_prefix("Action="))
        } else {
            Some(request.target.as_str())
        };
        let operation = operation.unwrap_or_default();
        let mut state = self.state();
        state.calls.push(Call {
            operation: operation.to_owned(),
            at: request.seen_at,
        });
        let asked = serde_json::from_str(&body).unwrap_or(Value::Null);
        let reply = known(&mut state, operation, &asked);
        reply.unwrap_or_else(|| {
            state
                .problems
                .push(format!("{operation} {}: {body}", request.path));
            Reply::new(400, r#"{"__type":"UnknownOperationException"}"#)
        })
    }
}

/// The answer to a call that somebody is meant to make.
fn known(state: &mut State, operation: &str, asked: &Value) -> Option<Reply> {
    let named = ["Name", "TrailName"]
        .iter()
        .find_map(|key| asked[*key].as_str());
    let trail = named.map(|name| name.rsplit('/').next().unwrap_or(name));
    let answer = match operation {
        START if trail == Some(TRAIL) => {
            state.is_stopped = false;
            state.started_at = now();
            json!({})
        }
        "GetTrailStatus" => json!({
            "IsLogging": !(state.is_stopped && trail == Some(TRAIL)),
            "StartLoggingTime": state.started_at,
            "StopLoggingTime": state.stopped_at,
        }),
        "GetTrail" => json!({"Trail": settings(trail?)}),
        "DescribeTrails" => json!({"trailList": [settings(TRAIL)]}),
        "GetEventSelectors" => json!({
            "TrailARN": arn(trail?),
            "EventSelectors": [{
                "ReadWriteType": "All", "IncludeManagementEvents": true,
                "DataResources": [], "ExcludeManagementEventSources": [],
            }],
        }),
        "GetInsightSelectors" => {
            return Some(Reply::new(
                400,
                r#"{"__type":"InsightNotEnabledException"}"#,
            ));
        }
        "ListTags" => json!({"ResourceTagList": [{
            "ResourceId": asked["ResourceIdList"].get(0)?,
            "TagsList": [{"Key": "owner", "Value": "security"}],
        }]}),
        "LookupEvents" => json!({"Events": []}),
        "GetParameter" => {
            let name = asked["Name"].as_str()?;
            json!({"Parameter": {
                "Name": name, "Type": "String", "Version": 1, "Value": state.parameters.get(name)?,
            }})
        }
        // The table is empty each time: every incident is the first of its group, and told.
        "GetItem" | "PutItem" | "UpdateItem" => json!({}),
        "GetResources" => json!({"PaginationToken": "", "ResourceTagMappingList": [
            {"ResourceARN": arn(TRAIL), "Tags": [{"Key": "owner", "Value": "security"}]},
        ]}),
        PUBLISH => {
            return Some(xml(
                operation,
                "<MessageId>5bd0c1f2-6a3e-4c19-9d0b-2f4c8a7be111</MessageId>",
            ));
        }
        "ListAccountAliases" => {
            let aliases = "<IsTruncated>false</IsTruncated><AccountAliases><member>example</member></AccountAliases>";
            return Some(xml(operation, aliases));
        }
        _ => return None,
    };
    Some(Reply::new(200, answer.to_string()))
}

/// What `GetTrail` shows: a trail as `infra/modules/trail` makes it.
fn settings(trail: &str) -> Value {
    json!({
        "Name": trail, "TrailARN": arn(trail), "HomeRegion": REGION,
        "S3BucketName": "audit-logs", "KmsKeyId": KEY,
        "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": true,
        "LogFileValidationEnabled": true, "IsOrganizationTrail": false,
        "HasCustomEventSelectors": false, "HasInsightSelectors": false,
    })
}

/// The same as that module declares it, or its logging state alone.
fn baseline(trail: &str, is_whole: bool) -> Value {
    let mut document = json!({
        "schema": "trailkeeper.baseline", "version": 1, "trail_arn": arn(trail), "is_logging": true,
    });
    let declared = json!({
        "s3_bucket_name": "audit-logs", "s3_key_prefix": "", "sns_topic_name": "", "kms_key_id": KEY,
        "is_multi_region_trail": true, "include_global_service_events": true,
        "enable_log_file_validation": true, "is_organization_trail": false,
        "cloud_watch_logs_group_arn": "", "cloud_watch_logs_role_arn": "",
        "event_selectors": [{
            "read_write_type": "All", "include_management_events": true,
            "exclude_management_event_sources": [], "data_resources": [],
        }],
        "insight_selectors": [], "tags": {"owner": "security"},
    });
    if let (true, Some(all), Value::Object(declared)) =
        (is_whole, document.as_object_mut(), declared)
    {
        all.extend(declared);
    }
    document
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/3c1f7a0e-52d9-4b86-9e17-a4c8d0f2b6e5";

/// An answer of the query protocol.
fn xml(operation: &str, result: &str) -> Reply {
    let body = format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"
    );
    Reply {
        status: 200,
        headers: "content-type: text/xml\r\n".to_owned(),
        body,
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
