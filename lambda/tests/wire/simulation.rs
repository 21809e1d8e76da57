//! An AWS that throttles as the real one does, for simulations with many accounts: no
//! more state than they need, for it must not be slower than what it measures.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    env,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    aws::{form, is_write, published, refused, refused_by_sns},
    cloudtrail,
    http::{Reply, Request},
    limits::{self, Limits},
    organization::{self, ASSUME_ROLE, LIST_ACCOUNTS, Organization, SEND, declared_in, trail_of},
    stores::{self, Item},
    world::World,
};

/// An account that stands for all whose trails are as declared.
pub const ANY: &str = "000000000000";
/// A number from the environment.
pub fn given(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name}"))
    })
}

/// What is told and restored.
#[derive(Default)]
pub struct Watched {
    /// The table of incidents.
    pub items: BTreeMap<String, Item>,
    /// The outcomes that were told of each event, by its id.
    pub notices: HashMap<String, Vec<String>>,
    /// The ids of the events that summaries name.
    pub summed_up: HashSet<String>,
    /// By account: when an attacker stopped the trail that is not started yet.
    pub dark: HashMap<String, Instant>,
    pub restorations: Vec<Duration>,
}

impl Watched {
    fn notice(&mut self, query: &HashMap<String, String>) {
        let message: Value = serde_json::from_str(&query["Message"]).unwrap();
        let notice: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(ids) = notice["storm"]["event_ids"].as_array() {
            self.summed_up.extend(ids.iter().map(text));
            return;
        }
        let told = self.notices.entry(text(&notice["event"]["id"]));
        told.or_default().push(text(&notice["outcome"]));
    }
}

/// The AWS of a simulation.
pub struct Fleet {
    pub latency: Duration,
    pub list_rate: f64,
    pub limits: Limits,
    pub whole: World,
    pub drifted: HashMap<String, World>,
    pub organization: Organization,
    pub parameter: (String, String),
    /// Whether an account's event history may be read.
    pub opens_history: fn(&str) -> bool,
    /// Calls by operation: let through, and throttled.
    pub calls: BTreeMap<String, (usize, usize)>,
    pub by_account: HashMap<String, usize>,
    /// The time in which no other call could be answered.
    pub busy: Duration,
    /// Set where it matters who is told of what, and when.
    pub watched: Option<Watched>,
}

impl Fleet {
    pub fn answer(&mut self, request: &Request) -> Reply {
        let begun = Instant::now();
        let reply = self.decide(request);
        self.busy += begun.elapsed();
        Reply::Late(self.latency, Box::new(reply))
    }

    fn decide(&mut self, request: &Request) -> Reply {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(found, _)| found == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let query = form(&request.body);
        let operation = match header("x-amz-target").rsplit('.').next() {
            None | Some("") => query["Action"].clone(),
            Some(operation) => operation.to_owned(),
        };
        let mut scope = header("authorization").split('/');
        let key = scope.next().unwrap().rsplit('=').next().unwrap();
        let region = scope.nth(1).unwrap().to_owned();
        let account = organization::account_of(key, header("x-amz-security-token"));
        *self.by_account.entry(account.clone()).or_default() += 1;
        let limit = limits::of(&operation, self.list_rate);
        let passes = limit.is_none_or(|(group, rate)| {
            self.limits
                .lets_through(group, &(account.clone() + &region), rate)
        });
        let (through, throttled) = self.calls.entry(operation.clone()).or_default();
        if !passes {
            *throttled += 1;
            return match operation.as_str() {
                ASSUME_ROLE => refused_by_sns(400, "Throttling"),
                LIST_ACCOUNTS => refused(400, "TooManyRequestsException"),
                _ => refused(400, "ThrottlingException"),
            };
        }
        *through += 1;
        match operation.as_str() {
            "Publish" => {
                if let Some(watched) = &mut self.watched {
                    watched.notice(&query);
                }
                return published();
            }
            ASSUME_ROLE => {
                return organization::assume_role(&mut self.organization, &account, &query).0;
            }
            _ => {}
        }
        let asked: Value = serde_json::from_str(&request.body).unwrap();
        match operation.as_str() {
            LIST_ACCOUNTS => ok(&organization::list_accounts(&self.organization, &asked)),
            SEND => ok(&organization::send_messages(&mut self.organization, &asked)),
            "PutItem" => match &mut self.watched {
                None => ok(&json!({})),
                Some(watched) => match stores::put_item(&mut watched.items, &asked) {
                    Ok(answer) => ok(&answer),
                    Err(code) => refused(400, code),
                },
            },
            "UpdateItem" | "GetItem" => match &mut self.watched {
                None => ok(&json!({})),
                Some(watched) => {
                    let answer = if operation == "GetItem" {
                        stores::get_item(&watched.items, &asked)
                    } else {
                        stores::update_item(&mut watched.items, &asked)
                    };
                    match answer {
                        Ok(answer) => ok(&answer),
                        Err(code) => refused(400, code),
                    }
                }
            },
            "LookupEvents" if !(self.opens_history)(&account) => {
                refused(400, "AccessDeniedException")
            }
            "LookupEvents" => ok(&json!({"Events": []})),
            "GetParameter" => {
                let (name, value) = &self.parameter;
                assert_eq!(asked["Name"], *name);
                ok(&json!({"Parameter": {"Name": name, "Type": "String", "Value": value}}))
            }
            operation => self.cloudtrail(&account, operation, &request.body),
        }
    }

    fn cloudtrail(&mut self, account: &str, operation: &str, body: &str) -> Reply {
        const REGION: &str = "eu-central-1";
        let answer = if let Some(world) = self.drifted.get_mut(account) {
            let asked = serde_json::from_str(body).unwrap();
            if is_write(operation) {
                let done = cloudtrail::write(world, REGION, operation, &asked);
                let logs = world.trails().values().all(|trail| trail.is_logging);
                if let Some(watched) = &mut self.watched
                    && logs
                    && let Some(since) = watched.dark.remove(account)
                {
                    watched.restorations.push(since.elapsed());
                }
                done
            } else {
                cloudtrail::read(world, REGION, operation, &asked)
            }
        } else {
            assert!(!is_write(operation), "{operation} in a healthy account");
            let asked = serde_json::from_str(&body.replace(account, ANY)).unwrap();
            cloudtrail::read(&self.whole, REGION, operation, &asked)
        };
        match answer.unwrap() {
            Ok(answer) => Reply::answer(200, answer.to_string().replace(ANY, account)),
            Err(code) => refused(400, code),
        }
    }

    /// How many of the drifted trails are as declared now.
    pub fn healed(&self) -> usize {
        let is_healed = |(account, world): &(&String, &World)| {
            let trail = &world.trails()[&trail_of(account)];
            let declared = declared_in(account);
            trail.is_logging
                && trail.settings == declared.settings
                && trail.selectors == declared.selectors
        };
        self.drifted.iter().filter(is_healed).count()
    }
}

fn ok(answer: &Value) -> Reply {
    Reply::answer(200, answer.to_string())
}
