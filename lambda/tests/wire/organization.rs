//! An organisation around the guarded account: who may be asked for a session,
//! what a session may do, which accounts there are, the queue for a sweep.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::{
    aws::{Aws, Fault},
    declared,
    http::Reply,
    lambda::Function,
    world::Trail,
};

pub const ASSUME_ROLE: &str = "AssumeRole";
pub const LIST_ACCOUNTS: &str = "ListAccounts";
pub const SEND: &str = "SendMessageBatch";

/// The account of the function.
pub const HUB: &str = "111122223333";
pub const ROLE: &str = "trailkeeper-remediation";
pub const EXTERNAL_ID: &str = "external-id-of-the-hub";
pub const QUEUE: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/trailkeeper-sweep";
const PAGE: usize = 20;
const PLACEHOLDER: &str = "{account}";
const TRAIL: &str = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit";

/// What is behind STS, Organizations and SQS.
#[derive(Default)]
pub struct Organization {
    /// The state of each account by its id, in the order in which they are listed.
    pub accounts: BTreeMap<String, &'static str>,
    /// Accounts whose role is gone.
    pub without_role: Vec<String>,
    /// The policies of sessions, by access key.
    sessions: HashMap<String, Value>,
    /// The accounts in each message of the queue.
    pub queue: Vec<Vec<String>>,
    /// Messages that the queue refuses before it takes any more, one by one.
    pub refused_messages: usize,
    /// The parameter of the members' baseline.
    parameter: String,
}

/// The id of the member with this number.
pub fn member(number: usize) -> String {
    format!("5{number:011}")
}

/// The ARN of a member's trail.
pub fn trail_of(account: &str) -> String {
    TRAIL.replace(PLACEHOLDER, account)
}

/// A trail as it is in `account`.
pub fn declared_in(account: &str) -> Trail {
    let mut trail = declared::basic();
    let settings = json!(trail.settings).to_string().replace(HUB, account);
    trail.settings = serde_json::from_str(&settings).unwrap();
    trail
}

impl Aws {
    /// Like [`Aws::whole`], with `number` member accounts whose trails are as declared.
    pub fn hub(number: usize, fault: Box<Fault>) -> Self {
        let aws = Self::whole(fault);
        let document = declared::document(&trail_of(HUB), &declared::basic());
        let document = document.to_string().replace(HUB, PLACEHOLDER);
        let parameter = format!("/trailkeeper/member/audit/{}", declared::sha256(&document));
        let mut guard = aws.state();
        let state = &mut *guard;
        state.parameters.insert(parameter.clone(), document);
        state.organization.parameter = parameter;
        let accounts = &mut state.organization.accounts;
        accounts.insert(HUB.to_owned(), "ACTIVE");
        accounts.extend((0..number).map(|n| (member(n), "ACTIVE")));
        state.world.change(|trails| {
            let members = (0..number).map(member);
            trails.extend(members.map(|account| (trail_of(&account), declared_in(&account))));
        });
        drop(guard);
        aws
    }

    /// The value of `TRAILKEEPER_MEMBER_TRAILS`.
    pub fn member_trails(&self) -> String {
        format!("{TRAIL}={}", self.state().organization.parameter)
    }

    /// The function as the organisation's hub.
    pub fn start_hub(&self, settings: &[(&str, &str)]) -> Function {
        let trails = self.member_trails();
        let mut all = vec![
            ("TRAILKEEPER_MEMBER_TRAILS", trails.as_str()),
            ("TRAILKEEPER_MEMBER_ROLE", ROLE),
            ("TRAILKEEPER_EXTERNAL_ID", EXTERNAL_ID),
        ];
        all.extend(settings);
        Function::start(self, &all)
    }
}

/// Answers `AssumeRole`; whether it was accepted.
pub fn assume_role(
    organization: &mut Organization,
    caller: &str,
    asked: &HashMap<String, String>,
) -> (Reply, bool) {
    let field = |name: &str| asked.get(name).map_or("", String::as_str);
    let account = field("RoleArn").split(':').nth(4).unwrap_or_default();
    let named = format!("arn:aws:iam::{account}:role/{ROLE}");
    let policy: Value = serde_json::from_str(field("Policy")).unwrap_or_default();
    let is_named_well = |name: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        (2..=64).contains(&name.len()) && name.bytes().all(allowed)
    };
    let trusted = caller == HUB
        && field("RoleArn") == named
        && field("ExternalId") == EXTERNAL_ID
        && organization.accounts.contains_key(account)
        && !organization.without_role.iter().any(|gone| gone == account);
    if !is_named_well(field("RoleSessionName")) || !policy["Statement"].is_array() {
        return (refused_by_query(400, "ValidationError"), false);
    }
    if !trusted {
        return (refused_by_query(403, "AccessDenied"), false);
    }
    let key = format!("ASIA{account}{:04}", organization.sessions.len() % 10_000);
    organization.sessions.insert(key.clone(), policy);
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SESSION_SECRET}</SecretAccessKey><SessionToken>{}</SessionToken><Expiration>2036-11-24T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        token_of(&key)
    );
    (Reply::answer(200, body), true)
}

pub const SESSION_SECRET: &str = "a-member-session-secret";

fn token_of(key: &str) -> String {
    format!("token-of-{key}")
}

/// A refusal as STS sends it.
pub fn refused_by_query(status: u16, code: &str) -> Reply {
    crate::aws::refused_by_sns(status, code)
}

/// The account whose credentials made a call; they have to belong together.
pub fn account_of(key: &str, token: &str) -> String {
    match key.strip_prefix("ASIA").and_then(|rest| rest.get(..12)) {
        Some(account) if account.bytes().all(|b| b.is_ascii_digit()) => {
            assert_eq!(token, token_of(key), "the token of another session");
            account.to_owned()
        }
        _ => HUB.to_owned(),
    }
}

/// Whether a call of CloudTrail's is within the account and the session's policy.
pub fn is_allowed(
    organization: &Organization,
    key: &str,
    account: &str,
    operation: &str,
    asked: &Value,
) -> bool {
    let trail = ["Name", "TrailName", "ResourceId"]
        .into_iter()
        .find_map(|name| asked[name].as_str())
        .or_else(|| asked["ResourceIdList"][0].as_str());
    let is_arn = trail.is_some_and(|trail| trail.starts_with("arn:"));
    if is_arn && trail.is_some_and(|trail| trail.split(':').nth(4) != Some(account)) {
        return false;
    }
    let Some(policy) = organization.sessions.get(key) else {
        return account == HUB;
    };
    let action = format!("cloudtrail:{operation}");
    let statements = policy["Statement"].as_array().unwrap().iter();
    let mut meant = statements.filter(|statement| {
        let actions = statement["Action"].as_array().unwrap();
        statement["Effect"] == "Allow" && actions.iter().any(|allowed| *allowed == action)
    });
    meant.any(|statement| {
        let resource = statement["Resource"].as_str().unwrap();
        let (_, name) = resource.rsplit_once('/').unwrap_or_default();
        resource == "*" || trail == Some(resource) || (!is_arn && trail == Some(name))
    })
}

/// Answers `ListAccounts`.
pub fn list_accounts(organization: &Organization, asked: &Value) -> Value {
    let from: usize = match asked["NextToken"].as_str() {
        Some(token) => token.strip_prefix("page-from-").unwrap().parse().unwrap(),
        None => 0,
    };
    let size = asked["MaxResults"]
        .as_u64()
        .map_or(PAGE, |n| n.try_into().unwrap());
    assert!(size <= PAGE, "more than a page");
    let accounts = organization.accounts.iter().skip(from).take(size);
    let accounts: Vec<Value> = accounts
        .map(|(id, state)| {
            let status = if *state == "CLOSED" {
                "SUSPENDED"
            } else {
                *state
            };
            json!({"Id": id, "Name": format!("account {id}"), "State": state, "Status": status})
        })
        .collect();
    let next = from + accounts.len();
    let mut page = json!({"Accounts": accounts});
    if next < organization.accounts.len() {
        page["NextToken"] = json!(format!("page-from-{next}"));
    }
    page
}

/// Answers `SendMessageBatch`.
pub fn send_messages(organization: &mut Organization, asked: &Value) -> Value {
    assert_eq!(asked["QueueUrl"], QUEUE);
    let entries = asked["Entries"].as_array().unwrap();
    assert!((1..=10).contains(&entries.len()));
    let (mut taken, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        if organization.refused_messages > 0 {
            organization.refused_messages -= 1;
            failed.push(json!({
                "Id": entry["Id"], "SenderFault": false, "Code": "InternalError", "Message": "for the test",
            }));
            continue;
        }
        let body: Value = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(body["trailkeeper"], "sweep");
        let accounts: Vec<String> = serde_json::from_value(body["accounts"].clone()).unwrap();
        organization.queue.push(accounts);
        taken.push(json!({
            "Id": entry["Id"], "MessageId": format!("m-{}", organization.queue.len()), "MD5OfMessageBody": "0",
        }));
    }
    json!({"Successful": taken, "Failed": failed})
}

/// What Lambda makes of messages of the queue.
pub fn delivered(messages: &[(&str, String)]) -> Value {
    let record = |(id, body): &(&str, String)| {
        json!({
            "messageId": id, "receiptHandle": "AQEB", "body": body,
            "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
            "md5OfBody": "0", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:trailkeeper-sweep",
            "awsRegion": "eu-central-1",
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// The body of a message that asks for the sweep of `accounts`.
pub fn sweep_of(accounts: &[String]) -> String {
    json!({"trailkeeper": "sweep", "accounts": accounts}).to_string()
}
