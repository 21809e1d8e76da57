//! A guarded account behind AWS's wire protocols, with faults on demand.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    cloudtrail::{self, Answer},
    declared,
    http::{Reply, Request, serve},
    hub_of_findings::{self, Findings, IMPORT},
    iam::{self, Iam},
    organization::{self, Organization},
    parts::{self, Parts},
    stores::{self, Item},
    support::{self, Support},
    things::{self, Things},
    world::{Trail, World},
};

/// The calls that most tests are about.
pub const START: &str = "StartLogging";
pub const STATUS: &str = "GetTrailStatus";
pub const PUBLISH: &str = "Publish";
pub const PARAMETER: &str = "GetParameter";
pub const PUT_ITEM: &str = "PutItem";
pub const GET_ITEM: &str = "GetItem";
pub const UPDATE_ITEM: &str = "UpdateItem";

/// The trail that most tests are about.
pub const AUDIT: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";
/// All that are protected; in us-east-1 arrive the events of global services.
pub const PROTECTED: [&str; 4] = [
    AUDIT,
    "arn:aws:cloudtrail:us-east-1:111122223333:trail/global",
    "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/audit",
    "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit",
];

/// What a call gets instead of its answer. Given the number of earlier calls
/// of the operation; `None` means the healthy answer.
pub type Fault = dyn Fn(&str, usize) -> Option<Reply> + Send + Sync;

/// What stands between the function and AWS.
pub enum Disturbance {
    /// AWS never gets the call; this is answered.
    Instead(Reply),
    /// AWS does what it was asked for; this is answered.
    After(Reply),
}

/// Told the operation and the body of every call.
pub type Disturb = Box<dyn FnMut(&str, &str) -> Option<Disturbance> + Send>;

/// What happens once a call has been answered.
type Ambush = Box<dyn FnOnce(&mut World) + Send>;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub operation: String,
    pub body: String,
    pub at: Instant,
    /// Whose credentials it came with.
    pub account: String,
    /// The region that it is signed for.
    pub region: String,
    /// Whether it was answered as it wanted.
    pub accepted: bool,
    /// Whether the answer, good or bad, was AWS's own and reached the function.
    pub undisturbed: bool,
}

impl Call {
    /// The body of a call in JSON.
    pub fn asked(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The state behind the endpoint.
pub struct State {
    /// In the order of their arrival.
    pub calls: Vec<Call>,
    pub world: World,
    pub parameters: BTreeMap<String, String>,
    pub incidents: BTreeMap<String, Item>,
    /// The records that `LookupEvents` finds.
    pub history: Vec<Value>,
    /// Buckets that CloudTrail no longer takes for a trail.
    pub gone_buckets: Vec<String>,
    pub organization: Organization,
    /// The log bucket and the key.
    pub things: Things,
    /// The parts of the responder.
    pub parts: Parts,
    /// What the responder leans on.
    pub support: Support,
    pub iam: Iam,
    /// What Security Hub has.
    pub findings: Findings,
    /// Faults that come and go, before those that the endpoint was started with.
    pub disturb: Option<Disturb>,
    /// How long the answers to an operation take.
    pub latency: HashMap<&'static str, Duration>,
    /// Trails and the parameters of their baselines, as the function is told.
    protected: Vec<(String, String)>,
    ambushes: Vec<(String, usize, Ambush)>,
}

#[derive(Clone)]
pub struct Aws {
    pub port: u16,
    pub state: Arc<Mutex<State>>,
}

impl Aws {
    /// Trails that are as declared, but for one that was stopped `stopped_ago`
    /// seconds ago.
    pub fn start(stopped_ago: f64, fault: Box<Fault>) -> Self {
        let aws = Self::whole(fault);
        aws.state().world.stop(AUDIT, stopped_ago);
        aws
    }

    /// Trails that are as declared.
    pub fn whole(fault: Box<Fault>) -> Self {
        Self::with(&declared::basic(), fault)
    }

    /// Trails that are as declared by `trail`.
    pub fn with(trail: &Trail, fault: Box<Fault>) -> Self {
        let trails = PROTECTED.map(|arn| (arn.to_owned(), trail.clone()));
        let state = Arc::new(Mutex::new(State {
            calls: Vec::new(),
            world: World::new(trails.into()),
            parameters: BTreeMap::new(),
            incidents: BTreeMap::new(),
            history: Vec::new(),
            gone_buckets: Vec::new(),
            organization: Organization::default(),
            things: Things::default(),
            parts: Parts::default(),
            support: Support::default(),
            iam: Iam::default(),
            findings: Findings::default(),
            disturb: None,
            latency: HashMap::new(),
            protected: Vec::new(),
            ambushes: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let port = serve(move |request| answer(&mut shared.lock().unwrap(), &request, &fault));
        let aws = Self { port, state };
        for arn in PROTECTED {
            aws.declare(arn, &declared::document(arn, trail));
        }
        aws
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Gives a trail the baseline that functions started later are told of.
    pub fn declare(&self, arn: &str, document: &Value) -> String {
        let text = document.to_string();
        let name = format!(
            "/trailkeeper/trailkeeper/{}/{}",
            cloudtrail::name_of(arn),
            declared::sha256(&text)
        );
        let mut state = self.state();
        state.protected.retain(|(known, _)| known != arn);
        state.protected.push((arn.to_owned(), name.clone()));
        state.parameters.insert(name.clone(), text);
        name
    }

    /// The value of `TRAILKEEPER_TRAILS`.
    pub fn protected(&self) -> String {
        let state = self.state();
        let entries: Vec<String> = state
            .protected
            .iter()
            .map(|(arn, parameter)| format!("{arn}={parameter}"))
            .collect();
        entries.join(",")
    }

    /// The state of the trail that most tests are about.
    pub fn trail(&self) -> Value {
        let state = self.state();
        let trail = state.world.trails().get(AUDIT).map(Trail::state);
        trail.unwrap_or(Value::Null)
    }

    /// Somebody stops the trail.
    pub fn stop_again(&self) {
        self.state().world.stop(AUDIT, 0.0);
    }

    /// Runs `ambush` once the call of `operation` with this number (from 0) was
    /// answered.
    pub fn after(
        &self,
        operation: &str,
        number: usize,
        ambush: impl FnOnce(&mut World) + Send + 'static,
    ) {
        let ambush = (operation.to_owned(), number, Box::new(ambush) as Ambush);
        self.state().ambushes.push(ambush);
    }

    /// The operations called so far.
    pub fn operations(&self) -> Vec<String> {
        let state = self.state();
        state
            .calls
            .iter()
            .map(|call| call.operation.clone())
            .collect()
    }

    /// The calls so far that would change a trail, in order; accepted or not.
    pub fn writes(&self) -> Vec<String> {
        let mut operations = self.operations();
        operations.retain(|operation| is_write(operation));
        operations
    }

    /// To whom was published, in order.
    pub fn topics(&self) -> Vec<String> {
        let forms = self.forms(PUBLISH).into_iter();
        forms.map(|form| form["TopicArn"].clone()).collect()
    }

    /// The number of accepted calls of one operation.
    pub fn accepted(&self, operation: &str) -> usize {
        let state = self.state();
        let is_meant = |call: &&Call| call.operation == operation && call.accepted;
        state.calls.iter().filter(is_meant).count()
    }

    /// What the calls of one operation asked for.
    pub fn asked(&self, operation: &str) -> Vec<Value> {
        let state = self.state();
        let calls = state.calls.iter();
        calls
            .filter(|call| call.operation == operation)
            .map(Call::asked)
            .collect()
    }

    /// What the calls of one operation of the query protocol asked for.
    pub fn forms(&self, operation: &str) -> Vec<HashMap<String, String>> {
        let state = self.state();
        let calls = state.calls.iter();
        let meant = calls.filter(|call| call.operation == operation);
        meant.map(|call| form(&call.body)).collect()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|o| *o == operation).count()
    }

    /// The JSON documents of the notices, accepted or refused.
    pub fn documents(&self) -> Vec<Value> {
        let state = self.state();
        state
            .calls
            .iter()
            .filter(|call| call.operation == PUBLISH)
            .map(|call| {
                let message: Value = serde_json::from_str(&form(&call.body)["Message"]).unwrap();
                serde_json::from_str(message["default"].as_str().unwrap()).unwrap()
            })
            .collect()
    }

    /// The only notice.
    pub fn notice(&self) -> Value {
        let mut documents = self.documents();
        assert_eq!(documents.len(), 1, "{documents:#?}");
        documents.remove(0)
    }

    /// The text for people of the last notice.
    pub fn mail(&self) -> String {
        let message: Value = serde_json::from_str(&self.last_publish()["Message"]).unwrap();
        message["email"].as_str().unwrap().to_owned()
    }

    /// The fields of the last Publish.
    pub fn last_publish(&self) -> HashMap<String, String> {
        let state = self.state();
        let mut calls = state.calls.iter();
        form(&calls.rfind(|call| call.operation == PUBLISH).unwrap().body)
    }
}

pub fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

/// Whether CloudTrail counts a call among the few that change something.
pub fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        START
            | "UpdateTrail"
            | "CreateTrail"
            | "PutEventSelectors"
            | "PutInsightSelectors"
            | "AddTags"
            | "RemoveTags"
    )
}

/// Whether a call is one of the table of told incidents.
pub fn is_of_table(operation: &str) -> bool {
    matches!(operation, PUT_ITEM | UPDATE_ITEM | GET_ITEM)
}

/// A refusal as CloudTrail, Systems Manager and DynamoDB send it.
pub fn refused(status: u16, code: &str) -> Reply {
    Reply::answer(
        status,
        json!({"__type": code, "message": format!("{code} for the test")}).to_string(),
    )
}

/// How SNS takes a notice.
pub fn published() -> Reply {
    Reply::answer(
        200,
        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
    )
}

/// A refusal as SNS sends it.
pub fn refused_by_sns(status: u16, code: &str) -> Reply {
    Reply::answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>for the test</Message></Error></ErrorResponse>"
        ),
    )
}

/// What is asked for, by the service's name for it.
fn operation(request: &Request, target: Option<&String>) -> String {
    match target {
        Some(target) => target.rsplit('.').next().unwrap().to_owned(),
        None if request.path == "/findings/import" => IMPORT.to_owned(),
        None => parts::operation(request)
            .or_else(|| things::operation(request))
            .unwrap_or_else(|| {
                let form = form(&request.body);
                form.get("Action").cloned().unwrap_or_default()
            }),
    }
}

/// What services answer that speak REST, and whether they did what was asked.
fn rest(state: &mut State, operation: &str, request: &Request) -> Option<(Reply, bool)> {
    if parts::operation(request).is_some() {
        return Some(parts::rest(&mut state.parts, operation, request));
    }
    things::operation(request)?;
    Some((things::s3(&mut state.things, operation, request), true))
}

fn answer(state: &mut State, request: &Request, fault: &Fault) -> Reply {
    let header = |name: &str| {
        let mut headers = request.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    };
    let operation = operation(request, header("x-amz-target"));
    let signature = header("authorization").map_or("", |value| value.as_str());
    assert!(
        signature.contains("SignedHeaders"),
        "{operation} is not signed"
    );
    let mut scope = signature.split('/');
    let key = scope.next().unwrap().rsplit('=').next().unwrap();
    let region = scope.nth(1).unwrap();
    let token = header("x-amz-security-token").map_or("", String::as_str);
    let account = organization::account_of(key, token);
    let calls = state.calls.iter();
    let earlier = calls.filter(|call| call.operation == operation).count();
    let number = state.calls.len();
    state.calls.push(Call {
        operation: operation.clone(),
        body: request.body.clone(),
        at: Instant::now(),
        account: account.clone(),
        region: region.to_owned(),
        accepted: false,
        undisturbed: true,
    });
    let disturb = state.disturb.as_mut();
    let disturbance = disturb.and_then(|disturb| disturb(&operation, &request.body));
    let (instead, after) = match disturbance {
        Some(Disturbance::Instead(reply)) => (Some(reply), None),
        Some(Disturbance::After(reply)) => (None, Some(reply)),
        None => (fault(&operation, earlier), None),
    };
    state.calls[number].undisturbed = instead.is_none() && after.is_none();
    let reply = instead.unwrap_or_else(|| {
        if operation == PUBLISH {
            state.calls[number].accepted = true;
            return published();
        }
        if operation == organization::ASSUME_ROLE {
            let asked = form(&request.body);
            let (reply, accepted) =
                organization::assume_role(&mut state.organization, &account, &asked);
            state.calls[number].accepted = accepted;
            return reply;
        }
        if let Some((reply, accepted)) = rest(state, &operation, request) {
            state.calls[number].accepted = accepted;
            return reply;
        }
        if let Some((reply, accepted)) = of_forms(state, request, &operation, &account) {
            state.calls[number].accepted = accepted;
            return reply;
        }
        let asked: Value = serde_json::from_str(&request.body).unwrap();
        let is_kms = header("x-amz-target").is_some_and(|t| t.starts_with("TrentService"));
        let is_cloudtrail = header("x-amz-target").is_some_and(|t| t.contains("CloudTrail"));
        if is_cloudtrail {
            let organization = &state.organization;
            if !organization::is_allowed(organization, key, &account, &operation, &asked) {
                return refused(400, "AccessDeniedException");
            }
        } else {
            assert_eq!(account, organization::HUB, "{operation} in a member");
        }
        state.world.account = account;
        let is_events = header("x-amz-target").is_some_and(|t| t.starts_with("AWSEvents"));
        let answer = if is_events {
            parts::events(&mut state.parts, &operation, &asked)
        } else if is_kms {
            things::kms(&mut state.things, &operation, &asked)
        } else {
            let (support, parameters) = (&state.support, &state.parameters);
            support::json(support, parameters, &operation, &asked)
                .unwrap_or_else(|| healthy(state, &operation, region, &asked))
        };
        match answer {
            Ok(answer) => {
                state.calls[number].accepted = true;
                Reply::answer(200, answer.to_string())
            }
            Err(code) => refused(400, code),
        }
    });
    let is_due =
        |(meant, at, _): &mut (String, usize, Ambush)| *meant == operation && *at == earlier;
    let due: Vec<_> = state.ambushes.extract_if(.., is_due).collect();
    for (_, _, ambush) in due {
        ambush(&mut state.world);
    }
    let reply = after.unwrap_or(reply);
    match state.latency.get(operation.as_str()) {
        Some(latency) => Reply::Late(*latency, Box::new(reply)),
        None => reply,
    }
}

/// What IAM and SNS answer, and whether they did what was asked; `None` if it is none of
/// theirs.
fn of_forms(
    state: &mut State,
    request: &Request,
    operation: &str,
    account: &str,
) -> Option<(Reply, bool)> {
    let asked = form(&request.body);
    if support::is_query(operation, &asked) {
        return Some(support::query(&mut state.support, operation, &asked));
    }
    iam::is_iam(operation).then(|| {
        assert_eq!(account, organization::HUB, "{operation} in a member");
        iam::answer(&mut state.iam, operation, &asked)
    })
}

fn healthy(state: &mut State, operation: &str, region: &str, asked: &Value) -> Answer {
    match operation {
        PARAMETER => stores::parameter(&state.parameters, asked),
        PUT_ITEM => stores::put_item(&mut state.incidents, asked),
        GET_ITEM => stores::get_item(&state.incidents, asked),
        UPDATE_ITEM => stores::update_item(&mut state.incidents, asked),
        "LookupEvents" => {
            let account = json!(state.world.account);
            let of_account = |record: &&Value| record["recipientAccountId"] == account;
            let records: Vec<Value> = state.history.iter().filter(of_account).cloned().collect();
            Ok(stores::history(&records, region, asked))
        }
        organization::LIST_ACCOUNTS => Ok(organization::list_accounts(&state.organization, asked)),
        IMPORT => Ok(hub_of_findings::import(&mut state.findings, region, asked)),
        organization::SEND => Ok(organization::send_messages(&mut state.organization, asked)),
        write if is_write(write) && !state.world.takes_a_write() => Err("ThrottlingException"),
        "UpdateTrail" | "CreateTrail"
            if state
                .gone_buckets
                .iter()
                .any(|b| asked["S3BucketName"] == **b) =>
        {
            Err("S3BucketDoesNotExistException")
        }
        write if is_write(write) => {
            cloudtrail::write(&mut state.world, region, write, asked).unwrap()
        }
        read => cloudtrail::read(&state.world, region, read, asked)
            .unwrap_or_else(|| panic!("a call that nobody should make: {read}")),
    }
}

/// What a call in AWS query asks; of one in JSON nothing.
pub fn form(body: &str) -> HashMap<String, String> {
    let body = if body.starts_with('{') { "" } else { body };
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
