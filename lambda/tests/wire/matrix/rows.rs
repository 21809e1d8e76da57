//! The calls that the function makes, each with a scene in which it is needed.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use crate::{
    answered,
    attack::{PIPELINE, by, in_account},
    aws::{
        AUDIT, Aws, Call, GET_ITEM, PARAMETER, PUBLISH, START, STATUS, UPDATE_ITEM, form,
        is_of_table,
    },
    break_glass::{self, VARIABLE as BREAK_GLASS},
    chats::{self, CHAT},
    containment::{self, VARIABLE as CONTAINMENT},
    evidence, findings, guard,
    hub_of_findings::IMPORT,
    iam::{
        GET_ROLE_POLICY, GET_USER_POLICY, LIST_ACCESS_KEYS, PUT_ROLE_POLICY, PUT_USER_POLICY,
        UPDATE_ACCESS_KEY,
    },
    lambda::Function,
    organization::{ASSUME_ROLE, LIST_ACCOUNTS, QUEUE, SEND, member, trail_of},
    parts::VARIABLE as PARTS,
    repeated::{QUIET, WINDOW, age, open_groups},
    stop, supported,
    things::{self, BUCKET_ARN, KEY},
    world::Trail,
};

use super::columns::Service;

/// What a call is for, and so what may come of its failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It heals.
    Heals,
    /// It shows whether the trail is as declared.
    Proves,
    /// It tells.
    Tells,
    /// It remembers, or says who it was: never in the way.
    Helps,
    /// It opens the way to members' trails.
    Reaches,
}

/// A call of the function's.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As the table has it.
    pub name: &'static str,
    pub operation: &'static str,
    pub service: Service,
    pub purpose: Purpose,
    scene: Scene,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// The trail is stopped, and weakened by a call that needs this one; the stop's event comes.
    Event,
    /// The same while the topic takes nothing.
    EventWithoutTopic,
    /// The same with a chat.
    EventWithChat,
    /// The same with a Security Hub that has an open finding about the trail.
    EventWithFinding,
    /// The key is weakened by a call that needs this one; its event comes.
    KeyEvent,
    /// The bucket lost its policy; the event comes.
    BucketEvent,
    /// A part of the responder is changed by a call that needs this one; its event comes.
    PartEvent,
    /// Something is done to what the responder leans on, so that this call is needed; its
    /// event comes.
    SupportEvent,
    /// The bucket was deleted, and is to be made again; the event comes.
    BucketGone,
    /// The trail is stopped for the third time by the same actor; the event comes.
    Storm,
    /// The trail is stopped for the second time by the same user, who is contained.
    AgainByUser,
    /// The same by sessions of a role.
    AgainByRole,
    /// The same an hour after the first time.
    NewWindow,
    /// The trail was stopped, and the sweep finds it.
    Sweep,
    /// The same ten minutes after an actor's third stop.
    StormOver,
    /// The same while a break-glass entry is in force, for somebody else.
    SweepUnderBreakGlass,
    /// A member's trail is stopped; its event comes to the hub.
    HubEvent,
    /// The hub's own trail and a member's were stopped; the sweep comes.
    HubSweep,
    /// The same with a queue to hand the members out.
    HubHandsOut,
}

const fn of(
    name: &'static str,
    operation: &'static str,
    service: Service,
    purpose: Purpose,
    scene: Scene,
) -> Row {
    Row {
        name,
        operation,
        service,
        purpose,
        scene,
    }
}

const fn kms(operation: &'static str, purpose: Purpose) -> Row {
    of(operation, operation, Service::Kms, purpose, Scene::KeyEvent)
}

const fn part(operation: &'static str, service: Service, purpose: Purpose) -> Row {
    of(operation, operation, service, purpose, Scene::PartEvent)
}

const fn support(operation: &'static str, service: Service, purpose: Purpose) -> Row {
    of(operation, operation, service, purpose, Scene::SupportEvent)
}

const fn cloudtrail(operation: &'static str, purpose: Purpose) -> Row {
    of(
        operation,
        operation,
        Service::CloudTrail,
        purpose,
        Scene::Event,
    )
}

const fn table(name: &'static str, operation: &'static str, purpose: Purpose, scene: Scene) -> Row {
    of(name, operation, Service::DynamoDb, purpose, scene)
}

const fn contains(name: &'static str, operation: &'static str, scene: Scene) -> Row {
    of(name, operation, Service::Iam, Purpose::Helps, scene)
}

pub const ROWS: [Row; 82] = [
    cloudtrail(START, Purpose::Heals),
    cloudtrail("UpdateTrail", Purpose::Heals),
    cloudtrail("PutEventSelectors", Purpose::Heals),
    cloudtrail("PutInsightSelectors", Purpose::Heals),
    cloudtrail("AddTags", Purpose::Heals),
    cloudtrail("RemoveTags", Purpose::Heals),
    cloudtrail("CreateTrail", Purpose::Heals),
    cloudtrail(STATUS, Purpose::Proves),
    cloudtrail("GetTrail", Purpose::Proves),
    cloudtrail("GetEventSelectors", Purpose::Proves),
    cloudtrail("GetInsightSelectors", Purpose::Proves),
    cloudtrail("ListTags", Purpose::Proves),
    of(
        "LookupEvents: who did it",
        WHO,
        Service::CloudTrail,
        Purpose::Helps,
        Scene::Sweep,
    ),
    of(
        "LookupEvents: what else",
        WHAT_ELSE,
        Service::CloudTrail,
        Purpose::Helps,
        Scene::Event,
    ),
    of(
        "SSM GetParameter",
        PARAMETER,
        Service::Ssm,
        Purpose::Proves,
        Scene::Event,
    ),
    of(
        "DynamoDB PutItem: claim",
        CLAIM,
        Service::DynamoDb,
        Purpose::Helps,
        Scene::Event,
    ),
    of(
        "DynamoDB PutItem: was it told",
        WAS_TOLD,
        Service::DynamoDb,
        Purpose::Helps,
        Scene::Sweep,
    ),
    of(
        "DynamoDB PutItem: told",
        TOLD,
        Service::DynamoDb,
        Purpose::Helps,
        Scene::Event,
    ),
    of(
        "DynamoDB PutItem: release",
        RELEASE,
        Service::DynamoDb,
        Purpose::Tells,
        Scene::EventWithoutTopic,
    ),
    table(
        "DynamoDB UpdateItem: count",
        COUNT,
        Purpose::Helps,
        Scene::Event,
    ),
    table(
        "DynamoDB UpdateItem: silent",
        SILENT,
        Purpose::Helps,
        Scene::Storm,
    ),
    table(
        "DynamoDB UpdateItem: open",
        OPEN,
        Purpose::Helps,
        Scene::Storm,
    ),
    table(
        "DynamoDB GetItem: group",
        GROUP,
        Purpose::Helps,
        Scene::NewWindow,
    ),
    table(
        "DynamoDB PutItem: new window",
        NEW_WINDOW,
        Purpose::Helps,
        Scene::NewWindow,
    ),
    table(
        "DynamoDB GetItem: open groups",
        OPEN_GROUPS,
        Purpose::Tells,
        Scene::StormOver,
    ),
    table(
        "DynamoDB GetItem: group, sweep",
        GROUP,
        Purpose::Tells,
        Scene::StormOver,
    ),
    table(
        "DynamoDB UpdateItem: summed up",
        SUMMED,
        Purpose::Tells,
        Scene::StormOver,
    ),
    table(
        "DynamoDB UpdateItem: strike out",
        STRIKE_OUT,
        Purpose::Tells,
        Scene::StormOver,
    ),
    of(
        "DynamoDB GetItem: left alone",
        LEFT,
        Service::DynamoDb,
        Purpose::Helps,
        Scene::SweepUnderBreakGlass,
    ),
    of(
        "SNS Publish",
        PUBLISH,
        Service::Sns,
        Purpose::Tells,
        Scene::Event,
    ),
    of(
        "SNS Publish: chat",
        CHAT_PUBLISH,
        Service::Sns,
        Purpose::Tells,
        Scene::EventWithChat,
    ),
    of(
        "Security Hub import",
        IMPORT,
        Service::SecurityHub,
        Purpose::Tells,
        Scene::EventWithFinding,
    ),
    of(
        "DynamoDB GetItem: findings",
        OPEN_FINDINGS,
        Service::DynamoDb,
        Purpose::Tells,
        Scene::EventWithFinding,
    ),
    of(
        "DynamoDB UpdateItem: finding",
        CLOSE,
        Service::DynamoDb,
        Purpose::Tells,
        Scene::EventWithFinding,
    ),
    kms("CancelKeyDeletion", Purpose::Heals),
    kms("EnableKey", Purpose::Heals),
    kms("EnableKeyRotation", Purpose::Heals),
    kms("PutKeyPolicy", Purpose::Heals),
    kms("DescribeKey", Purpose::Proves),
    kms("GetKeyPolicy", Purpose::Proves),
    kms("GetKeyRotationStatus", Purpose::Proves),
    of(
        "S3 PutBucketPolicy",
        "PutBucketPolicy",
        Service::S3,
        Purpose::Heals,
        Scene::BucketEvent,
    ),
    of(
        "S3 CreateBucket",
        "CreateBucket",
        Service::S3,
        Purpose::Heals,
        Scene::BucketGone,
    ),
    of(
        "S3 GetBucketPolicy",
        "GetBucketPolicy",
        Service::S3,
        Purpose::Proves,
        Scene::BucketEvent,
    ),
    of(
        "STS AssumeRole",
        ASSUME_ROLE,
        Service::Sts,
        Purpose::Reaches,
        Scene::HubEvent,
    ),
    of(
        "Organizations ListAccounts",
        LIST_ACCOUNTS,
        Service::Organizations,
        Purpose::Reaches,
        Scene::HubSweep,
    ),
    contains("IAM GetUserPolicy", GET_USER_POLICY, Scene::AgainByUser),
    contains("IAM PutUserPolicy", PUT_USER_POLICY, Scene::AgainByUser),
    contains("IAM ListAccessKeys", LIST_ACCESS_KEYS, Scene::AgainByUser),
    contains("IAM UpdateAccessKey", UPDATE_ACCESS_KEY, Scene::AgainByUser),
    contains("IAM GetRolePolicy", GET_ROLE_POLICY, Scene::AgainByRole),
    contains("IAM PutRolePolicy", PUT_ROLE_POLICY, Scene::AgainByRole),
    part("DescribeRule", Service::Events, Purpose::Proves),
    part("ListTargetsByRule", Service::Events, Purpose::Proves),
    part("PutRule", Service::Events, Purpose::Heals),
    part("PutTargets", Service::Events, Purpose::Heals),
    part("GetSchedule", Service::Scheduler, Purpose::Proves),
    part("UpdateSchedule", Service::Scheduler, Purpose::Heals),
    part("CreateSchedule", Service::Scheduler, Purpose::Heals),
    part("CreateScheduleGroup", Service::Scheduler, Purpose::Heals),
    part("GetFunctionConfiguration", Service::Lambda, Purpose::Proves),
    part("GetFunctionConcurrency", Service::Lambda, Purpose::Proves),
    part("GetPolicy", Service::Lambda, Purpose::Proves),
    part(
        "GetFunctionEventInvokeConfig",
        Service::Lambda,
        Purpose::Proves,
    ),
    part("PutFunctionConcurrency", Service::Lambda, Purpose::Heals),
    part("DeleteFunctionConcurrency", Service::Lambda, Purpose::Heals),
    support("GetRole", Service::Iam, Purpose::Proves),
    support("ListRolePolicies", Service::Iam, Purpose::Proves),
    support("ListAttachedRolePolicies", Service::Iam, Purpose::Proves),
    support("GetTopicAttributes", Service::Sns, Purpose::Proves),
    support("ListSubscriptionsByTopic", Service::Sns, Purpose::Proves),
    support("GetSubscriptionAttributes", Service::Sns, Purpose::Proves),
    support("SetTopicAttributes", Service::Sns, Purpose::Heals),
    support("Subscribe", Service::Sns, Purpose::Heals),
    support("DescribeAlarms", Service::CloudWatch, Purpose::Proves),
    support("GetQueueAttributes", Service::Sqs, Purpose::Proves),
    support("DescribeLogGroups", Service::Logs, Purpose::Proves),
    support("GetResourcePolicy", Service::DynamoDb, Purpose::Proves),
    support("DescribeTimeToLive", Service::DynamoDb, Purpose::Proves),
    support("GetParametersByPath", Service::Ssm, Purpose::Helps),
    table(
        "DynamoDB UpdateItem: containment",
        NOTE,
        Purpose::Helps,
        Scene::AgainByUser,
    ),
    of(
        "SQS SendMessageBatch",
        SEND,
        Service::Sqs,
        Purpose::Reaches,
        Scene::HubHandsOut,
    ),
];

/// Its one call is `AssumeRole`; what else it names are permissions of the session.
const PERMISSIONS: &str = "sessions.rs";

/// Operations that the function's sources name, as `"service:Operation"`, and that have
/// no row: a call that nobody lets fail.
pub fn without_row() -> Vec<String> {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut missing = Vec::new();
    let mut found = 0;
    for file in fs::read_dir(sources).unwrap() {
        let path = file.unwrap().path();
        if path.ends_with(PERMISSIONS) || path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for word in text.split('"') {
            let Some((service, operation)) = word.split_once(':') else {
                continue;
            };
            let is_service = !service.is_empty() && service.chars().all(|c| c.is_ascii_lowercase());
            let is_operation = operation.starts_with(|c: char| c.is_ascii_uppercase())
                && operation.chars().all(|c| c.is_ascii_alphanumeric());
            // A key of conditions is no service's.
            if !is_service || service == "aws" || !is_operation {
                continue;
            }
            found += 1;
            // Every part of a bucket is read and set by the same two lines. A condition's key
            // is no call.
            let is_like_policy = service == "s3"
                && !operation.ends_with("BucketPolicy")
                && operation != "CreateBucket";
            if is_like_policy || service == "aws" {
                continue;
            }
            let has_row = ROWS
                .iter()
                .any(|row| row.operation.split(':').next() == Some(operation));
            if !has_row {
                missing.push(word.to_owned());
            }
        }
    }
    assert!(found > 10, "only {found} calls in {sources}");
    missing.sort();
    missing.dedup();
    missing
}

const WHO: &str = "LookupEvents: who";
const WHAT_ELSE: &str = "LookupEvents: what else";
const CLAIM: &str = "PutItem: claim";
const WAS_TOLD: &str = "PutItem: was told";
const TOLD: &str = "PutItem: told";
const RELEASE: &str = "PutItem: release";
const OPEN_FINDINGS: &str = "GetItem: open findings";
const CLOSE: &str = "UpdateItem: finding";
const CHAT_PUBLISH: &str = "Publish: chat";
const NEW_WINDOW: &str = "PutItem: new window";
const COUNT: &str = "UpdateItem: count";
const SILENT: &str = "UpdateItem: silent";
const OPEN: &str = "UpdateItem: open";
const SUMMED: &str = "UpdateItem: summed up";
const STRIKE_OUT: &str = "UpdateItem: strike out";
const NOTE: &str = "UpdateItem: containment";
/// It has no row: after it a trail is not as declared, and that is meant. See
/// `break_glass.rs`.
const LEAVE: &str = "UpdateItem: leave";
const OPEN_GROUPS: &str = "GetItem: open groups";
const LEFT: &str = "GetItem: left alone";
const GROUP: &str = "GetItem: group";

/// What a call is called here: one operation may serve several ends.
pub fn kind<'a>(operation: &'a str, body: &str) -> &'a str {
    match operation {
        PUBLISH if form(body)["TopicArn"] == CHAT => return CHAT_PUBLISH,
        "PUT policy" => return "PutBucketPolicy",
        "GET policy" => return "GetBucketPolicy",
        things::CREATE => return "CreateBucket",
        GET_ITEM if body.contains("finding#") => return OPEN_FINDINGS,
        UPDATE_ITEM if body.contains("finding#") => return CLOSE,
        _ => {}
    }
    if !is_of_table(operation) && operation != "LookupEvents" {
        return operation;
    }
    let asked: Value = serde_json::from_str(body).unwrap();
    if operation == "LookupEvents" {
        let by = &asked["LookupAttributes"][0]["AttributeKey"];
        return if *by == "EventName" { WHO } else { WHAT_ELSE };
    }
    if operation == "GetItem" {
        return match asked["Key"]["id"]["S"].as_str() {
            Some("groups#open") => OPEN_GROUPS,
            Some(id) if id.starts_with("left#") => LEFT,
            _ => GROUP,
        };
    }
    if operation == "UpdateItem" {
        let expression = asked["UpdateExpression"].as_str().unwrap();
        let names = asked["ExpressionAttributeNames"].as_object().unwrap();
        let has = |name: &str| names.values().any(|named| named == name);
        let is_open = asked["Key"]["id"]["S"] == "groups#open";
        return match () {
            () if is_open && expression.contains("REMOVE") => STRIKE_OUT,
            () if is_open => OPEN,
            () if has("incident_count") => COUNT,
            () if has("summed_count") => SUMMED,
            () if has("silent_count") => SILENT,
            () if has("containment") => NOTE,
            () => LEAVE,
        };
    }
    if asked["Item"]["incident_count"].is_object() {
        return NEW_WINDOW;
    }
    let is_told = asked["Item"]["told"]["BOOL"] == true;
    match asked["ConditionExpression"].as_str() {
        Some(condition) if condition.contains("attribute_not_exists") => CLAIM,
        Some(_) if is_told => WAS_TOLD,
        Some(_) => RELEASE,
        None => TOLD,
    }
}

/// A row under way.
pub struct Stage {
    pub aws: Aws,
    pub function: Function,
    pub event: Value,
    /// The trails that are to be as they were.
    declared: BTreeMap<String, Trail>,
    /// Those that were not.
    pub attacked: Vec<String>,
    scene: Scene,
    /// So many calls were made beforehand.
    pub before: usize,
    hands_out: usize,
}

impl Row {
    fn event_of_thing(&self) -> Value {
        match self.scene {
            Scene::KeyEvent => evidence::of_key(self.call_on_key(), &json!({"keyId": KEY})),
            Scene::BucketGone => evidence::of_bucket("DeleteBucket", json!({})),
            _ => evidence::of_bucket("DeleteBucketPolicy", json!({})),
        }
    }

    pub fn set(&self) -> Stage {
        let (aws, event) = match self.scene {
            Scene::Event
            | Scene::EventWithoutTopic
            | Scene::EventWithChat
            | Scene::EventWithFinding
            | Scene::Storm
            | Scene::NewWindow => {
                let aws = Aws::whole(Box::new(|_, _| None));
                (aws, stop())
            }
            Scene::AgainByUser | Scene::AgainByRole => {
                let aws = Aws::whole(Box::new(|_, _| None));
                containment::give_key(&aws);
                (aws, self.stop())
            }
            Scene::Sweep | Scene::SweepUnderBreakGlass | Scene::StormOver => {
                let aws = Aws::whole(Box::new(|_, _| None));
                (aws, json!({"trailkeeper": "sweep"}))
            }
            Scene::KeyEvent | Scene::BucketEvent | Scene::BucketGone => {
                let aws = Aws::whole(Box::new(|_, _| None));
                (aws, self.event_of_thing())
            }
            Scene::PartEvent => {
                let aws = Aws::whole(Box::new(|_, _| None));
                (aws, guard::scene(self.operation).event)
            }
            Scene::SupportEvent => {
                let aws = Aws::whole(Box::new(|_, _| None));
                (aws, supported::scene(self.operation).event)
            }
            Scene::HubEvent => {
                let aws = Aws::hub(3, Box::new(|_, _| None));
                (aws, in_account(&member(0), &stop()))
            }
            Scene::HubSweep => {
                let aws = Aws::hub(3, Box::new(|_, _| None));
                (aws, json!({"trailkeeper": "sweep"}))
            }
            Scene::HubHandsOut => {
                let aws = Aws::hub(3, Box::new(|_, _| None));
                (aws, json!({"trailkeeper": "sweep"}))
            }
        };
        let declared = aws.state().world.trails().clone();
        let function = self.start(&aws);
        let earlier = match self.scene {
            Scene::Storm => 2,
            Scene::NewWindow | Scene::AgainByUser | Scene::AgainByRole => 1,
            Scene::StormOver => 3,
            _ => 0,
        };
        for _ in 0..earlier {
            aws.stop_again();
            answered(function.invoke(&self.stop()));
        }
        match self.scene {
            Scene::NewWindow => age(&aws, "first_at", WINDOW),
            Scene::StormOver => age(&aws, "last_at", QUIET),
            _ => {}
        }
        let before = aws.state().calls.len();
        self.attack(&aws);
        let attacked = self.attacked(&aws, &declared);
        Stage {
            aws,
            function,
            event,
            declared,
            attacked,
            scene: self.scene,
            before,
            hands_out: if self.scene == Scene::HubHandsOut {
                3
            } else {
                0
            },
        }
    }

    /// The function that meets the event.
    fn start(&self, aws: &Aws) -> Function {
        let with = |variable, value: &str| Function::start(aws, &[(variable, value)]);
        match self.scene {
            Scene::HubEvent | Scene::HubSweep => aws.start_hub(&[]),
            Scene::HubHandsOut => aws.start_hub(&[("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)]),
            Scene::SweepUnderBreakGlass => with(BREAK_GLASS, &break_glass::entry(3600)),
            Scene::SupportEvent => with(PARTS, &aws.guard_support()),
            _ if self.service == Service::Iam => with(CONTAINMENT, containment::EVERYBODY),
            Scene::EventWithChat => with(chats::VARIABLE, CHAT),
            Scene::EventWithFinding => {
                findings::open(aws, AUDIT);
                with(findings::VARIABLE, "true")
            }
            Scene::PartEvent => {
                let scene = guard::scene(self.operation);
                with(PARTS, &aws.guard_parts(&scene.concurrency))
            }
            Scene::BucketGone => with("TRAILKEEPER_EVIDENCE", &aws.guard_existence()),
            _ if self.is_of_thing() => {
                let fields = ["state", "policy", "rotation"];
                with("TRAILKEEPER_EVIDENCE", &aws.guard(&fields))
            }
            _ => Function::start(aws, &[]),
        }
    }

    /// What is no longer as `declared`.
    fn attacked(&self, aws: &Aws, declared: &BTreeMap<String, Trail>) -> Vec<String> {
        match self.scene {
            Scene::KeyEvent => return vec![KEY.to_owned()],
            Scene::BucketEvent | Scene::BucketGone => return vec![BUCKET_ARN.to_owned()],
            Scene::PartEvent => return vec![guard::scene(self.operation).arn.to_owned()],
            Scene::SupportEvent => return vec![supported::scene(self.operation).arn.to_owned()],
            _ => {}
        }
        let state = aws.state();
        let trails = state.world.trails();
        let is_attacked = |(arn, declared): &(&String, &Trail)| {
            trails.get(*arn).map(Trail::state) != Some(declared.state())
        };
        let attacked = declared.iter().filter(is_attacked);
        attacked.map(|(arn, _)| arn.clone()).collect()
    }

    /// Whether it is about the key, the bucket or a part of the responder.
    pub fn is_of_thing(&self) -> bool {
        matches!(
            self.scene,
            Scene::KeyEvent
                | Scene::BucketEvent
                | Scene::BucketGone
                | Scene::PartEvent
                | Scene::SupportEvent
        )
    }

    /// What is done to the key, so that this call is needed.
    fn call_on_key(&self) -> &'static str {
        match self.operation {
            "PutKeyPolicy" | "GetKeyPolicy" => "PutKeyPolicy",
            "EnableKeyRotation" | "GetKeyRotationStatus" => "DisableKeyRotation",
            _ => "ScheduleKeyDeletion",
        }
    }

    /// The stop's event.
    fn stop(&self) -> Value {
        match self.scene {
            Scene::AgainByRole => by(PIPELINE, stop()),
            _ => stop(),
        }
    }

    fn attack(&self, aws: &Aws) {
        let name = json!({"Name": "audit"});
        match self.scene {
            Scene::KeyEvent => return aws.weaken_key(self.call_on_key()),
            Scene::BucketEvent => return aws.set_bucket("policy", None),
            Scene::PartEvent => {
                (guard::scene(self.operation).attack)(&mut aws.state().parts);
                return;
            }
            Scene::SupportEvent => {
                (supported::scene(self.operation).attack)(&mut aws.state().support);
                return;
            }
            Scene::BucketGone => {
                aws.state().things.bucket = None;
                return;
            }
            Scene::HubEvent => {
                aws.state().world.stop(&trail_of(&member(0)), 0.2);
                return;
            }
            Scene::Sweep | Scene::SweepUnderBreakGlass | Scene::StormOver | Scene::HubHandsOut => {
                aws.attack("StopLogging", &name);
                return;
            }
            Scene::HubSweep => {
                aws.attack("StopLogging", &name);
                aws.state().world.stop(&trail_of(&member(0)), 60.0);
                return;
            }
            Scene::Event
            | Scene::EventWithoutTopic
            | Scene::EventWithChat
            | Scene::EventWithFinding
            | Scene::Storm
            | Scene::NewWindow
            | Scene::AgainByUser
            | Scene::AgainByRole => {}
        }
        aws.state().world.stop(AUDIT, 0.2);
        let (call, asked) = match self.operation {
            "UpdateTrail" => (
                "UpdateTrail",
                json!({"Name": "audit", "IsMultiRegionTrail": false}),
            ),
            "PutEventSelectors" => (
                "PutEventSelectors",
                json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
            ),
            "PutInsightSelectors" => (
                "PutInsightSelectors",
                json!({"TrailName": "audit", "InsightSelectors": []}),
            ),
            "AddTags" => (
                "RemoveTags",
                json!({"ResourceId": AUDIT, "TagsList": [{"Key": "owner"}]}),
            ),
            "RemoveTags" => (
                "AddTags",
                json!({"ResourceId": AUDIT, "TagsList": [{"Key": "exempt"}]}),
            ),
            "CreateTrail" => ("DeleteTrail", name),
            _ => return,
        };
        aws.attack(call, &asked);
    }

    /// Whether the topic takes nothing while the fault lasts.
    pub fn is_without_topic(&self) -> bool {
        self.scene == Scene::EventWithoutTopic
    }

    /// Whether the scene is about an event: then nothing comes before the start, but
    /// in a member the way to it.
    pub fn first_call(&self) -> Option<&'static str> {
        match self.scene {
            Scene::Event
            | Scene::EventWithoutTopic
            | Scene::EventWithChat
            | Scene::EventWithFinding
            | Scene::Storm
            | Scene::NewWindow
            | Scene::AgainByUser
            | Scene::AgainByRole => Some(START),
            Scene::HubEvent => Some(ASSUME_ROLE),
            Scene::KeyEvent
            | Scene::BucketEvent
            | Scene::PartEvent
            | Scene::SupportEvent
            | Scene::BucketGone
            | Scene::Sweep
            | Scene::SweepUnderBreakGlass
            | Scene::StormOver
            | Scene::HubSweep
            | Scene::HubHandsOut => None,
        }
    }
}

impl Stage {
    /// Whether every trail is what it was, and all accounts were handed out.
    pub fn is_as_declared(&self) -> bool {
        let aws = &self.aws;
        if !aws.has_its_things() || !aws.has_its_parts() || !aws.has_its_support() {
            return false;
        }
        let state = self.aws.state();
        let as_declared = |(arn, declared): (&String, &Trail)| {
            let now = state.world.trails().get(arn).map(Trail::state);
            now == Some(declared.state())
        };
        let mut handed: Vec<&String> = state.organization.queue.iter().flatten().collect();
        handed.sort_unstable();
        handed.dedup();
        self.declared.iter().all(as_declared) && handed.len() >= self.hands_out
    }

    /// Who else should have been told how it ended, at the latest after the next sweep,
    /// and was not.
    pub fn untold(&self) -> Option<&'static str> {
        if self.scene == Scene::EventWithFinding {
            self.function.invoke(&json!({"trailkeeper": "sweep"}));
        }
        let state = self.aws.state();
        let is_told =
            |call: &Call| call.accepted && kind(&call.operation, &call.body) == CHAT_PUBLISH;
        let has_passed = |finding: &Value| finding["Compliance"]["Status"] == "PASSED";
        match self.scene {
            Scene::EventWithChat if !state.calls.iter().any(is_told) => Some("the chat"),
            Scene::EventWithFinding
                if state.findings.len() < 2 || !state.findings.values().all(has_passed) =>
            {
                Some("Security Hub")
            }
            _ => None,
        }
    }

    /// How many groups wait for their summary.
    pub fn untold_groups(&self) -> usize {
        open_groups(&self.aws)
    }

    /// Whether the incident is left to a summary: the table has it for sure.
    pub fn is_left_to_summary(&self) -> bool {
        let id = &self.event["detail"]["eventID"];
        let state = self.aws.state();
        let mut groups = state.incidents.values();
        let has_it = groups.any(|group| {
            let ids = group.get("event_ids").and_then(|ids| ids["SS"].as_array());
            let silent = group.get("silent_count").map(|n| n["N"] != "0");
            ids.is_some_and(|ids| ids.contains(id)) && silent == Some(true)
        });
        drop(state);
        has_it && self.untold_groups() == 1
    }

    /// Whether all trails log.
    pub fn all_log(&self) -> bool {
        let state = self.aws.state();
        let trails = state.world.trails();
        self.declared
            .keys()
            .all(|arn| trails.get(arn).is_some_and(|trail| trail.is_logging))
    }
}
