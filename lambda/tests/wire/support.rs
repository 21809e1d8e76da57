//! What the responder leans on, behind the protocols of its services, and what is declared
//! of it: role, topic, alarms, queue, log group and table.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

use serde_json::{Value, json};

use crate::{
    aws::{Aws, now, refused_by_sns},
    cloudtrail::Answer,
    declared::sha256,
    http::Reply,
    iam::encoded,
    things::TOPIC_KEY as KEY,
};

pub const ROLE: &str = "arn:aws:iam::111122223333:role/trailkeeper-responder";
pub const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:trailkeeper-alerts";
pub const ALARMS: &str = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:trailkeeper-*";
pub const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:trailkeeper-dead-letters";
pub const LOG_GROUP: &str =
    "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/trailkeeper-responder";
pub const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/trailkeeper-incidents";

const NAME: &str = "trailkeeper-responder";
/// The subscription that is declared.
pub const MAIL: &str = "email ops@example.com";
pub const MAIL_ARN: &str =
    "arn:aws:sns:eu-central-1:111122223333:trailkeeper-alerts:00000000-0000-0000-0000-000000000001";

/// All of it, as the services have it; `null` is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Support {
    pub role: Value,
    pub topic: Value,
    /// By name.
    pub alarms: BTreeMap<String, Value>,
    pub queue: Value,
    pub log_group: Value,
    pub table: Value,
    /// When each parameter was written that is not old.
    pub written: BTreeMap<String, f64>,
    /// How often a parameter was written, if not once.
    pub versions: BTreeMap<String, u64>,
}

fn role_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Start", "Effect": "Allow", "Action": "cloudtrail:StartLogging", "Resource": "*",
         "Condition": {"StringLike": {"aws:PrincipalTag/x": "a+b&<c>"}}},
        {"Sid": "Read", "Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": "*"},
    ]})
}

/// As Terraform's `sha256(jsonencode(statement))`.
fn digests() -> Value {
    let mut all = json!({"Version": "2012-10-17"});
    for statement in role_policy()["Statement"].as_array().unwrap() {
        let text = statement.to_string();
        let text = text.replace('&', "\\u0026").replace('<', "\\u003c");
        let digest = sha256(&text.replace('>', "\\u003e"));
        all[statement["Sid"].as_str().unwrap()] = json!(digest);
    }
    all
}

fn trust() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "LambdaAssumesRole", "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
}

fn allowing(service: &str, action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow",
        "Principal": {"Service": service}, "Action": action, "Resource": resource}]})
}

fn alarm(name: &str) -> Value {
    json!({
        "AlarmName": name, "Namespace": "Trailkeeper", "MetricName": "Sweeps", "Statistic": "Sum",
        "Dimensions": [{"Name": "FunctionName", "Value": NAME}], "Period": 600,
        "EvaluationPeriods": 3, "ComparisonOperator": "LessThanThreshold", "Threshold": 1.0,
        "TreatMissingData": "breaching", "ActionsEnabled": true, "AlarmActions": [TOPIC],
        "StateValue": "OK",
    })
}

fn subscribed() -> Value {
    json!({MAIL: {"FilterPolicy": r#"{"severity":["critical"]}"#}})
}

/// What is declared, by ARN.
pub fn documents() -> Vec<(&'static str, Value)> {
    let line = format!(
        "Trailkeeper/Sweeps FunctionName={NAME} Sum 600s x3 LessThanThreshold 1 breaching -> {TOPIC}"
    );
    let all = [
        (
            ROLE,
            json!({"exists": true, "policy": digests(), "policies": [NAME], "attached": [],
                   "boundary": null, "trust": trust()}),
        ),
        (
            TOPIC,
            json!({"exists": true, "kms_key": KEY, "subscriptions": subscribed(), "filters": subscribed(),
                   "policy": allowing("cloudwatch.amazonaws.com", "sns:Publish", TOPIC)}),
        ),
        (
            ALARMS,
            json!({"alarms": {"trailkeeper-heartbeat": line, "trailkeeper-errors": line}}),
        ),
        (
            QUEUE,
            json!({"exists": true, "retention": "1209600", "kms_key": null,
                   "policy": allowing("events.amazonaws.com", "sqs:SendMessage", QUEUE)}),
        ),
        (
            LOG_GROUP,
            json!({"exists": true, "retention": 365, "kms_key": KEY}),
        ),
        (
            TABLE,
            json!({"exists": true, "expiry": "expires_at",
                   "policy": allowing("lambda.amazonaws.com", "dynamodb:PutItem", TABLE)}),
        ),
    ];
    let restored = json!(["policy", "kms_key", "subscriptions"]);
    let document = |(arn, declared)| {
        let restored = if arn == TOPIC {
            restored.clone()
        } else {
            json!([])
        };
        let document = json!({"schema": "trailkeeper.evidence", "version": 1, "arn": arn,
            "declared": declared, "restored": restored});
        (arn, document)
    };
    all.into_iter().map(document).collect()
}

impl Default for Support {
    fn default() -> Self {
        let names = ["trailkeeper-heartbeat", "trailkeeper-errors"];
        Self {
            role: json!({"trust": trust(), "boundary": null, "attached": [],
                "policies": {NAME: role_policy()}}),
            topic: json!({
                "Policy": allowing("cloudwatch.amazonaws.com", "sns:Publish", TOPIC).to_string(),
                "KmsMasterKeyId": KEY,
                "subscriptions": {MAIL: {"arn": MAIL_ARN, "RawMessageDelivery": "false",
                    "FilterPolicyScope": "MessageAttributes",
                    "FilterPolicy": r#"{"severity": ["critical"]}"#}},
            }),
            alarms: names.map(|name| (name.to_owned(), alarm(name))).into(),
            queue: json!({"MessageRetentionPeriod": "1209600",
                "Policy": allowing("events.amazonaws.com", "sqs:SendMessage", QUEUE).to_string()}),
            log_group: json!({"logGroupName": "/aws/lambda/trailkeeper-responder",
                "retentionInDays": 365, "kmsKeyId": KEY}),
            table: json!({"expiry": "expires_at",
                "policy": allowing("lambda.amazonaws.com", "dynamodb:PutItem", TABLE).to_string()}),
            written: BTreeMap::new(),
            versions: BTreeMap::new(),
        }
    }
}

impl Aws {
    /// It is under guard; the value of the variable.
    pub fn guard_support(&self) -> String {
        self.guard_by_list(&documents())
    }

    /// What is declared in these documents is under guard; the value of the variable.
    pub fn guard_by_list(&self, documents: &[(&str, Value)]) -> String {
        let mut parts = Vec::new();
        for (arn, document) in documents {
            let parameter = self.declare_part(arn, document);
            parts.push(json!({"arn": arn, "parameter": parameter}));
        }
        let list = json!({"schema": "trailkeeper.guard", "version": 1, "parts": parts}).to_string();
        let name = format!("/trailkeeper/trailkeeper/guard/list/{}", sha256(&list));
        self.state().parameters.insert(name.clone(), list);
        name
    }

    /// Writes what is declared of a part beside what is there; the parameter's name.
    pub fn declare_part(&self, arn: &str, document: &Value) -> String {
        let kind = arn.split(':').nth(2).unwrap();
        let text = document.to_string();
        let name = format!("/trailkeeper/trailkeeper/guard/{kind}/{}", sha256(&text));
        self.state().parameters.insert(name.clone(), text);
        name
    }

    /// Whether it is as declared, as far as it can be put back.
    pub fn has_its_support(&self) -> bool {
        let (state, declared) = (self.state(), Support::default());
        let topic = &state.support.topic;
        let subscribed = topic["subscriptions"].get(MAIL);
        let same = |name: &str| {
            let parsed = |topic: &Value| {
                let text = topic[name].as_str().unwrap_or_default().to_owned();
                serde_json::from_str::<Value>(&text).unwrap_or(Value::from(text))
            };
            parsed(topic) == parsed(&declared.topic)
        };
        same("Policy") && same("KmsMasterKeyId") && subscribed.is_some()
    }
}

/// Whether a call changes it.
pub fn is_repair(operation: &str) -> bool {
    matches!(operation, "SetTopicAttributes" | "Subscribe")
}

/// Whether a call is one in the query protocol about it.
pub fn is_query(operation: &str, asked: &HashMap<String, String>) -> bool {
    let is_role = asked.get("RoleName").is_some_and(|name| name == NAME);
    let of_role = matches!(
        operation,
        "GetRole" | "GetRolePolicy" | "ListRolePolicies" | "ListAttachedRolePolicies"
    );
    let of_topic = matches!(
        operation,
        "GetTopicAttributes" | "ListSubscriptionsByTopic" | "GetSubscriptionAttributes"
    );
    (is_role && of_role) || of_topic || is_repair(operation)
}

/// What IAM and SNS answer, and whether they did what was asked.
pub fn query(
    support: &mut Support,
    operation: &str,
    asked: &HashMap<String, String>,
) -> (Reply, bool) {
    let answer = if asked.contains_key("RoleName") {
        of_role(&support.role, operation, asked).ok_or("NoSuchEntity")
    } else {
        of_topic(&mut support.topic, operation, asked).ok_or("NotFound")
    };
    match answer {
        Ok(body) => {
            let answer = format!(
                "<{operation}Response xmlns=\"urn:x\"><{operation}Result>{body}</{operation}Result></{operation}Response>"
            );
            (Reply::answer(200, answer), true)
        }
        Err(code) => (refused_by_sns(404, code), false),
    }
}

fn of_role(role: &Value, operation: &str, asked: &HashMap<String, String>) -> Option<String> {
    let policies = role.get("policies")?.as_object()?;
    let members = |all: Vec<String>| -> String {
        let all = all
            .iter()
            .map(|one| ["<member>", one, "</member>"].concat());
        all.collect::<Vec<_>>().concat()
    };
    Some(match operation {
        "GetRole" => {
            let trust = encoded(&role["trust"].to_string());
            let boundary = role["boundary"].as_str().map_or_else(String::new, |arn| {
                format!("<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>")
            });
            format!(
                "<Role><RoleName>{NAME}</RoleName><AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument>{boundary}</Role>"
            )
        }
        "GetRolePolicy" => {
            let policy = policies.get(&asked["PolicyName"])?;
            format!(
                "<PolicyDocument>{}</PolicyDocument>",
                encoded(&policy.to_string())
            )
        }
        "ListRolePolicies" => {
            format!(
                "<PolicyNames>{}</PolicyNames>",
                members(policies.keys().cloned().collect())
            )
        }
        _ => {
            let all = role["attached"].as_array()?.iter();
            let all = all.map(|arn| format!("<PolicyArn>{}</PolicyArn>", arn.as_str().unwrap()));
            format!(
                "<AttachedPolicies>{}</AttachedPolicies>",
                members(all.collect())
            )
        }
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn entries(all: &Value) -> String {
    let mut text = String::from("<Attributes>");
    for (name, value) in all.as_object().unwrap() {
        if let Some(value) = value.as_str() {
            let value = escaped(value);
            write!(
                text,
                "<entry><key>{name}</key><value>{value}</value></entry>"
            )
            .unwrap();
        }
    }
    text + "</Attributes>"
}

fn of_topic(topic: &mut Value, operation: &str, asked: &HashMap<String, String>) -> Option<String> {
    if topic.is_null() {
        return None;
    }
    if let Some(arn) = asked.get("TopicArn") {
        assert_eq!(arn, TOPIC);
    }
    Some(match operation {
        "GetTopicAttributes" => entries(topic),
        "SetTopicAttributes" => {
            topic[&asked["AttributeName"]] = json!(asked["AttributeValue"]);
            String::new()
        }
        "Subscribe" => {
            let who = format!("{} {}", asked["Protocol"], asked["Endpoint"]);
            let mut attributes =
                json!({"arn": "PendingConfirmation", "RawMessageDelivery": "false"});
            for number in 1.. {
                let of = |what| asked.get(&format!("Attributes.entry.{number}.{what}"));
                let Some((key, value)) = of("key").zip(of("value")) else {
                    break;
                };
                attributes[key] = json!(value);
            }
            topic["subscriptions"][who] = attributes;
            "<SubscriptionArn>pending confirmation</SubscriptionArn>".to_owned()
        }
        "ListSubscriptionsByTopic" => {
            let mut all = String::new();
            for (who, found) in topic["subscriptions"].as_object()? {
                let (protocol, endpoint) = who.split_once(' ')?;
                let arn = found["arn"].as_str()?;
                write!(all, "<member><TopicArn>{TOPIC}</TopicArn><Protocol>{protocol}</Protocol><SubscriptionArn>{arn}</SubscriptionArn><Owner>111122223333</Owner><Endpoint>{endpoint}</Endpoint></member>").unwrap();
            }
            format!("<Subscriptions>{all}</Subscriptions>")
        }
        _ => {
            let all = topic["subscriptions"].as_object()?;
            entries(
                all.values()
                    .find(|one| one["arn"] == asked["SubscriptionArn"])?,
            )
        }
    })
}

/// What the services that speak JSON answer; `None` if it is none of theirs.
pub fn json(
    support: &Support,
    parameters: &BTreeMap<String, String>,
    operation: &str,
    asked: &Value,
) -> Option<Answer> {
    let gone = |part: &Value, code| if part.is_null() { Err(code) } else { Ok(()) };
    Some(match operation {
        "DescribeAlarms" => {
            assert_eq!(asked["AlarmNamePrefix"], "trailkeeper-");
            let all: Vec<&Value> = support.alarms.values().collect();
            Ok(json!({"MetricAlarms": all, "CompositeAlarms": []}))
        }
        "GetQueueAttributes" => {
            let url =
                "https://sqs.eu-central-1.amazonaws.com/111122223333/trailkeeper-dead-letters";
            assert_eq!(asked["QueueUrl"], url);
            gone(&support.queue, "com.amazonaws.sqs#QueueDoesNotExist")
                .map(|()| json!({"Attributes": support.queue}))
        }
        "DescribeLogGroups" => {
            // Another one of such a name.
            let other = json!({"logGroupName": "/aws/lambda/trailkeeper-responder-2"});
            let mut groups = vec![support.log_group.clone(), other];
            groups.retain(|group| !group.is_null());
            Ok(json!({"logGroups": groups}))
        }
        "GetResourcePolicy" => gone(&support.table, "ResourceNotFoundException")
            .and_then(|()| gone(&support.table["policy"], "PolicyNotFoundException"))
            .map(|()| json!({"Policy": support.table["policy"], "RevisionId": "1"})),
        "DescribeTimeToLive" => gone(&support.table, "ResourceNotFoundException").map(|()| {
            let status = if support.table["expiry"].is_null() {
                "DISABLED"
            } else {
                "ENABLED"
            };
            json!({"TimeToLiveDescription": {"TimeToLiveStatus": status,
                "AttributeName": support.table["expiry"]}})
        }),
        "GetParametersByPath" => {
            let path = asked["Path"].as_str().unwrap();
            let of_path = parameters.iter().filter(|(name, _)| {
                name.rsplit_once('/')
                    .is_some_and(|(parent, _)| parent == path)
            });
            let found = of_path.map(|(name, text)| {
                let written = support.written.get(name).copied();
                let written = written.unwrap_or(now() - 86_400.0);
                let version = support.versions.get(name).unwrap_or(&1);
                json!({"Name": name, "Value": text, "LastModifiedDate": written, "Version": version})
            });
            Ok(json!({"Parameters": found.collect::<Vec<_>>()}))
        }
        _ => return None,
    })
}
