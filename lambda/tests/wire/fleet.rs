//! A sweep of a large organisation, against an AWS that throttles: figures, not
//! verdicts. `make fleet` prints them.

#![allow(clippy::print_stdout, reason = "figures are for people")]
#![allow(clippy::cast_precision_loss, reason = "figures are rounded")]

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    aws::Aws,
    http::serve,
    lambda::{Function, Outcome, peak_memory_kib},
    limits::{self, Limits},
    organization::{
        HUB, Organization, QUEUE, SEND, declared_in, delivered, member, sweep_of, trail_of,
    },
    simulation::{ANY, Fleet, given},
    world::World,
};

/// An organisation of `accounts` of which `drifted` have a trail that is stopped and weakened.
pub fn start(accounts: usize, drifted: usize) -> (Arc<Mutex<Fleet>>, Aws) {
    let mut members = Organization::default();
    members.accounts.insert(HUB.to_owned(), "ACTIVE");
    members
        .accounts
        .extend((0..accounts).map(|n| (member(n), "ACTIVE")));
    let world = |account: &str| World::new([(trail_of(account), declared_in(account))].into());
    let drifting = |n: usize| {
        let account = member(n * accounts / drifted);
        let mut world = world(&account);
        world.change(|trails| {
            let trail = trails.get_mut(&trail_of(&account)).unwrap();
            trail.is_logging = false;
            trail.settings["IsMultiRegionTrail"] = json!(false);
        });
        (account, world)
    };
    let aws = Aws::hub(0, Box::new(|_, _| None));
    let trails = aws.member_trails();
    let (_, name) = trails.split_once('=').unwrap();
    let value = aws.state().parameters[name].clone();
    let fleet = Arc::new(Mutex::new(Fleet {
        latency: Duration::from_millis(given("FLEET_LATENCY_MS", 30)),
        list_rate: given("FLEET_LIST_ACCOUNTS_PER_SECOND", 5) as f64,
        limits: Limits::default(),
        whole: world(ANY),
        drifted: (0..drifted).map(drifting).collect(),
        organization: members,
        parameter: (name.to_owned(), value),
        calls: BTreeMap::new(),
        by_account: HashMap::new(),
        opens_history: |_| true,
        busy: Duration::ZERO,
        watched: None,
    }));
    let shared = Arc::clone(&fleet);
    let port = serve(move |request| shared.lock().unwrap().answer(&request));
    (
        fleet,
        Aws {
            port,
            state: aws.state,
        },
    )
}

/// What one function process did.
#[derive(Default)]
struct Used {
    invocations: usize,
    failed: Vec<Value>,
    /// Time that Lambda bills.
    billed: Duration,
    cpu: Duration,
    peak_kib: u64,
    log: usize,
}

impl Used {
    fn invoke(&mut self, function: &Function, event: &Value) -> Value {
        // As the module sets it for a hub.
        let timeout = given("FLEET_TIMEOUT_S", 300);
        let begun = Instant::now();
        let outcome = function.invoke_within(event, Duration::from_secs(timeout));
        self.billed += begun.elapsed();
        self.invocations += 1;
        match outcome {
            Outcome::Answered(answer) => answer,
            Outcome::Failed(error) | Outcome::InitFailed(error) => {
                self.failed.push(error);
                Value::Null
            }
        }
    }

    fn finish(mut self, function: &Function) -> Self {
        self.cpu = function.cpu_time();
        self.peak_kib = peak_memory_kib(function);
        self.log = function.log_size();
        self
    }
}

/// The function as the module deploys it, without trails of its own.
pub fn hub(aws: &Aws, settings: &[(&str, &str)]) -> Function {
    let mut all = vec![("TRAILKEEPER_TRAILS", ""), ("AWS_LAMBDA_LOG_LEVEL", "INFO")];
    all.extend(settings);
    aws.start_hub(&all)
}

fn show(title: &str, fleet: &Mutex<Fleet>, wall: Duration, used: &[Used]) {
    let fleet = fleet.lock().unwrap();
    let memory = given("FLEET_MEMORY_MB", 256) as f64;
    let sum = |part: fn(&Used) -> f64| used.iter().map(part).sum::<f64>();
    let (billed, cpu) = (
        sum(|u| u.billed.as_secs_f64()),
        sum(|u| u.cpu.as_secs_f64()),
    );
    let invocations: usize = used.iter().map(|u| u.invocations).sum();
    let peak = used.iter().map(|u| u.peak_kib).max().unwrap_or_default();
    println!("\n{title}");
    println!(
        "  time: {:.1} s; drifted trails healed: {} of {}",
        wall.as_secs_f64(),
        fleet.healed(),
        fleet.drifted.len()
    );
    println!(
        "  function processes {}, invocations {invocations}, failed {}; billed {billed:.1} s; CPU {cpu:.1} s; peak memory {:.1} MB",
        used.len(),
        used.iter().map(|u| u.failed.len()).sum::<usize>(),
        peak as f64 / 1_024.0
    );
    for error in used.iter().flat_map(|u| &u.failed).take(3) {
        let text: String = error.to_string().chars().take(300).collect();
        println!("  failure: {text}");
    }
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: one vCPU at 1,769 MB.
    println!(
        "  with {memory} MB a function has {:.2} of a processor: its CPU time alone would take {:.0} s there",
        memory / 1_769.0,
        cpu / (memory / 1_769.0)
    );
    let mut all = 0;
    for (operation, (through, throttled)) in &fleet.calls {
        println!("  {operation:<22} {through:>7} calls, {throttled} throttled");
        all += through + throttled;
    }
    let members = fleet
        .by_account
        .iter()
        .filter(|(account, _)| *account != HUB);
    let mut members: Vec<usize> = members.map(|(_, calls)| *calls).collect();
    members.sort_unstable();
    if let (Some(most), median) = (members.last(), members.get(members.len() / 2)) {
        println!(
            "  {all} calls in all; in a member: {} (median), {most} (most), {} accounts",
            median.unwrap(),
            members.len()
        );
    }
    println!(
        "  the simulated AWS was busy for {:.1} s ({:.0} % of the time)",
        fleet.busy.as_secs_f64(),
        100.0 * fleet.busy.as_secs_f64() / wall.as_secs_f64()
    );
    let count = |operation: &str| fleet.calls.get(operation).map_or(0.0, |(n, _)| *n as f64);
    let messages = fleet.organization.queue.len() as f64;
    let rest = invocations as f64 * limits::INVOCATION
        // Handed in by ten, then received and deleted one by one.
        + (count(SEND) + 2.0 * messages) * limits::SQS_REQUEST
        + (count("PutItem") + count("UpdateItem")) * limits::TABLE_WRITE
        + count("Publish") * limits::PUBLISH
        + sum(|u| u.log as f64) * limits::LOG_BYTE;
    // Here the CPU time is that of whole processors. At worst none of it passes
    // while an answer is waited for.
    let longest = billed + cpu * (1_769.0 / memory - 1.0);
    for (architecture, price) in limits::GB_SECOND {
        let cost = |seconds: f64| seconds * memory / 1_024.0 * price + rest;
        println!(
            "  a sweep costs ${:.4} to ${:.4} on {architecture}; one an hour for 30 days ${:.2} to ${:.2}",
            cost(billed),
            cost(longest),
            720.0 * cost(billed),
            720.0 * cost(longest)
        );
    }
}

#[test]
#[ignore = "prints figures; run by `make fleet`"]
fn fleet() {
    let accounts = usize::try_from(given("FLEET_ACCOUNTS", 10_000)).unwrap();
    let drifted = usize::try_from(given("FLEET_DRIFTED", 100)).unwrap();
    let processes = usize::try_from(given("FLEET_FUNCTIONS", 10)).unwrap();
    println!(
        "{accounts} accounts, {drifted} drifted; {} ms an answer, ListAccounts {} a second (assumed)",
        given("FLEET_LATENCY_MS", 30),
        given("FLEET_LIST_ACCOUNTS_PER_SECOND", 5)
    );

    let (fleet, aws) = start(accounts, drifted);
    let function = hub(&aws, &[]);
    let mut used = Used::default();
    let begun = Instant::now();
    used.invoke(&function, &json!({"trailkeeper": "sweep"}));
    let wall = begun.elapsed();
    show(
        "Direct: one invocation",
        &fleet,
        wall,
        &[used.finish(&function)],
    );
    drop(function);

    let (fleet, aws) = start(accounts, drifted);
    let settings = [("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)];
    let function = hub(&aws, &settings);
    let mut lister = Used::default();
    let begun = Instant::now();
    lister.invoke(&function, &json!({"trailkeeper": "sweep"}));
    println!(
        "\nlisted and handed out after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let queue = fleet.lock().unwrap().organization.queue.clone();
    let queue: VecDeque<(usize, Vec<String>)> =
        queue.into_iter().map(|accounts| (0, accounts)).collect();
    let queue = Mutex::new(queue);
    let mut all = vec![lister.finish(&function)];
    drop(function);
    let functions = thread::scope(|scope| {
        let consume = || {
            let function = hub(&aws, &settings);
            let mut used = Used::default();
            loop {
                let Some((tries, accounts)) = queue.lock().unwrap().pop_front() else {
                    return used.finish(&function);
                };
                let message = delivered(&[("message", sweep_of(&accounts))]);
                let answer = used.invoke(&function, &message);
                if answer["batchItemFailures"] != json!([]) {
                    used.failed.push(answer);
                    assert!(tries < 3, "a message for the dead-letter queue");
                    queue.lock().unwrap().push_back((tries + 1, accounts));
                }
            }
        };
        let running: Vec<_> = (0..processes).map(|_| scope.spawn(consume)).collect();
        running
            .into_iter()
            .map(|run| run.join().unwrap())
            .collect::<Vec<_>>()
    });
    all.extend(functions);
    show(
        &format!("Through the queue: {processes} functions side by side"),
        &fleet,
        begun.elapsed(),
        &all,
    );
}
