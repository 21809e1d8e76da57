//! A trail and a topic behind AWS's wire protocols, with faults on demand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::http::{Reply, Request, serve};

/// The calls that may come.
pub const START: &str = "StartLogging";
pub const STATUS: &str = "GetTrailStatus";
pub const PUBLISH: &str = "Publish";

/// What a call gets instead of its answer. Given the number of earlier calls
/// of the operation; `None` means the healthy answer.
pub type Fault = dyn Fn(&str, usize) -> Option<Reply> + Send + Sync;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub operation: String,
    pub body: String,
    pub at: Instant,
}

/// The state behind the endpoint.
#[derive(Debug, Default)]
pub struct State {
    /// In the order of their arrival.
    pub calls: Vec<Call>,
    pub is_logging: bool,
    pub started_at: f64,
    pub stopped_at: f64,
}

#[derive(Clone)]
pub struct Aws {
    pub port: u16,
    pub state: Arc<Mutex<State>>,
}

impl Aws {
    /// A trail that was stopped `stopped_ago` seconds ago.
    pub fn start(stopped_ago: f64, fault: Box<Fault>) -> Self {
        let state = Arc::new(Mutex::new(State {
            is_logging: false,
            started_at: now() - 86_400.0,
            stopped_at: now() - stopped_ago,
            calls: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let port = serve(move |request| answer(&mut shared.lock().unwrap(), &request, &fault));
        Self { port, state }
    }

    /// Somebody stops the trail.
    pub fn stop_again(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_logging = false;
        state.stopped_at = now();
    }

    /// The operations called so far.
    pub fn operations(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state
            .calls
            .iter()
            .map(|call| call.operation.clone())
            .collect()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|o| *o == operation).count()
    }

    /// The JSON documents of the notices that were accepted or refused.
    pub fn documents(&self) -> Vec<Value> {
        let state = self.state.lock().unwrap();
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

    /// The fields of the last Publish.
    pub fn last_publish(&self) -> HashMap<String, String> {
        let state = self.state.lock().unwrap();
        let call = state
            .calls
            .iter()
            .rfind(|call| call.operation == PUBLISH)
            .unwrap();
        form(&call.body)
    }
}

pub fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

/// A refusal as CloudTrail sends it.
pub fn refused(status: u16, code: &str) -> Reply {
    Reply::answer(
        status,
        json!({"__type": code, "message": format!("{code} for the test")}).to_string(),
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

fn answer(state: &mut State, request: &Request, fault: &Fault) -> Reply {
    let target = request
        .headers
        .iter()
        .find(|(name, _)| name == "x-amz-target");
    let operation = match target {
        Some((_, target)) => target.rsplit('.').next().unwrap().to_owned(),
        None => form(&request.body)
            .get("Action")
            .cloned()
            .unwrap_or_default(),
    };
    assert!(
        request
            .headers
            .iter()
            .any(|(name, value)| name == "authorization" && value.contains("SignedHeaders")),
        "{operation} is not signed"
    );
    let earlier = state
        .calls
        .iter()
        .filter(|call| call.operation == operation)
        .count();
    state.calls.push(Call {
        operation: operation.clone(),
        body: request.body.clone(),
        at: Instant::now(),
    });
    if let Some(reply) = fault(&operation, earlier) {
        return reply;
    }
    match operation.as_str() {
        START => {
            if !state.is_logging {
                state.started_at = now();
            }
            state.is_logging = true;
            Reply::answer(200, "{}")
        }
        STATUS => Reply::answer(
            200,
            json!({
                "IsLogging": state.is_logging,
                "StartLoggingTime": state.started_at,
                "StopLoggingTime": state.stopped_at,
            })
            .to_string(),
        ),
        PUBLISH => Reply::answer(
            200,
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
        ),
        other => panic!("a call that nobody should make: {other}"),
    }
}

fn form(body: &str) -> HashMap<String, String> {
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
