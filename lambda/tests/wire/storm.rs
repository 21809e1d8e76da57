//! Ten thousand events through one process, against an AWS that throttles as the real
//! one does. `make storm` prints the figures, and fails if an incident is not told, a
//! trail does not log at the end, or the process grows.

#![allow(clippy::print_stdout, reason = "figures are for people")]

use std::{
    collections::HashMap,
    env, fs,
    sync::Mutex,
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    attack::{event_of, in_account},
    cloudtrail,
    fleet::{hub, start},
    lambda::{Function, Outcome, memory_kib, new_request_id, open_files, peak_memory_kib},
    organization::{member, trail_of},
    repeated::QUIET,
    simulation::{Fleet, Watched, given},
    stop,
};

/// CloudTrail takes one change a second from an account. So the attacker turns from
/// member to member, and now and then makes so many attacks in a row on one.
const BURST: usize = 5;
/// So many events lie between the beginnings of two bursts.
const BETWEEN_BURSTS: usize = 1_000;
/// One event in so many comes again, so many events later: delivery is at least once.
const COPIED: usize = 100;
const LATER: usize = 300;
/// A process that has seen this share of the events has all that it needs.
const WARM_UP: usize = 10;
/// What it may grow by after that, in KiB: far less than a hundred bytes an event.
const GROWTH_KIB: u64 = 512;
/// What it may ever take, in KiB, the sweep that sums up a thousand groups included.
const PEAK_KIB: u64 = 16_384;

/// Files and connections that may be open at once: a connection for each service and a
/// few to spare, whatever the number of accounts and events.
const MOST_FILES: usize = 32;

/// An event, and whether it tells of something that nobody was told of before.
struct Made {
    event: Value,
    id: String,
}

/// Attacks a member's trail, and returns the event.
fn attack(fleet: &mut Fleet, account: &str, rng: &mut Rng) -> Made {
    const REGION: &str = "eu-central-1";
    let name = json!({"Name": "audit"});
    let (operation, asked) = match rng.usize(..10) {
        0 => (
            "UpdateTrail",
            json!({"Name": "audit", "IsMultiRegionTrail": false}),
        ),
        1 => (
            "PutEventSelectors",
            json!({"TrailName": "audit", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
        ),
        _ => ("StopLogging", name),
    };
    let world = fleet.drifted.get_mut(account).unwrap();
    account.clone_into(&mut world.account);
    cloudtrail::write(world, REGION, operation, &asked)
        .unwrap()
        .unwrap();
    let event = if operation == "StopLogging" {
        let watched = fleet.watched.as_mut().unwrap();
        let dark = watched.dark.entry(account.to_owned());
        dark.or_insert_with(Instant::now);
        stop()
    } else {
        event_of(operation, &asked)
    };
    let event = in_account(account, &event);
    let id = event["detail"]["eventID"].as_str().unwrap().to_owned();
    Made { event, id }
}

fn percentile(times: &[Duration], percent: usize) -> f64 {
    let at = (times.len() - 1) * percent / 100;
    times[at].as_secs_f64() * 1_000.0
}

#[test]
#[ignore = "prints figures; run by `make storm`"]
fn storm_of_events() {
    let events = usize::try_from(given("STORM_EVENTS", 10_000)).unwrap();
    let members = usize::try_from(given("STORM_MEMBERS", 1_000)).unwrap();
    let (fleet, aws) = start(members, members);
    {
        let mut fleet = fleet.lock().unwrap();
        fleet.latency = Duration::from_millis(given("STORM_LATENCY_MS", 0));
        fleet.watched = Some(Watched::default());
        // To look into an incident takes the two calls a second that CloudTrail answers:
        // one in a hundred is enough to see that it is bounded.
        fleet.opens_history = |account| account.ends_with("07");
        for (account, world) in &mut fleet.drifted {
            let declared = crate::organization::declared_in(account);
            world.change(|trails| trails.insert(trail_of(account), declared));
        }
    }
    let function = hub(&aws, &[("AWS_LAMBDA_LOG_LEVEL", "ERROR")]);
    let mut rng = Rng::with_seed(given("TRAILKEEPER_SEED", 7));
    let (mut ids, mut copies, mut retries, mut dead) = (Vec::new(), 0, 0, Vec::new());
    let (mut warm, mut memory, mut files) = (0, Vec::new(), 0);
    let mut made: Vec<Value> = Vec::new();
    let begun = Instant::now();
    for number in 0..events {
        let turn = if number % BETWEEN_BURSTS < BURST {
            number / BETWEEN_BURSTS
        } else {
            number
        };
        let event = match made.get(number.wrapping_sub(LATER)) {
            Some(event) if rng.usize(..COPIED) == 0 => {
                copies += 1;
                event.clone()
            }
            _ => {
                let new = attack(
                    &mut fleet.lock().unwrap(),
                    &member(turn % members),
                    &mut rng,
                );
                ids.push(new.id);
                new.event
            }
        };
        made.push(event.clone());
        let request_id = new_request_id();
        let mut tries = 0;
        loop {
            tries += 1;
            let text = event.to_string();
            match function.invoke_as(&request_id, text, Duration::from_mins(5)) {
                Outcome::Answered(_) => break,
                Outcome::Failed(error) | Outcome::InitFailed(error) if tries == 3 => {
                    dead.push(error);
                    break;
                }
                Outcome::Failed(_) | Outcome::InitFailed(_) => retries += 1,
            }
        }
        if (number + 1) % (events / 10).max(1) == 0 {
            memory.push(memory_kib(&function));
            files = files.max(open_files(&function));
            println!(
                "  {:>6} events, {:>4.0} s, {} KiB resident",
                number + 1,
                begun.elapsed().as_secs_f64(),
                memory[memory.len() - 1]
            );
        }
        if number + 1 == events / WARM_UP {
            warm = memory_kib(&function);
        }
    }
    let took = begun.elapsed();
    let (end, peak) = (memory_kib(&function), peak_memory_kib(&function));
    sum_up(&fleet, &function);
    let most = peak_memory_kib(&function);
    let table = figures(
        &fleet,
        events,
        copies,
        took,
        &ids,
        &memory,
        files,
        [peak, most],
    );
    println!(
        "\n{table}  retries by Lambda {retries}, dead letters {}",
        dead.len()
    );
    if let Ok(file) = env::var("STORM_TABLE") {
        fs::write(&file, &table).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
    check(&fleet, &ids);
    assert!(dead.is_empty(), "{dead:#?}");
    assert!(files <= MOST_FILES, "{files} files and connections");
    assert!(
        end <= warm + GROWTH_KIB,
        "from {warm} KiB after the warm-up to {end} KiB"
    );
    assert!(most <= PEAK_KIB, "{most} KiB at most");
}

/// Ten minutes later a sweep comes.
fn sum_up(fleet: &Mutex<Fleet>, function: &Function) {
    for item in fleet
        .lock()
        .unwrap()
        .watched
        .iter_mut()
        .flat_map(|w| w.items.values_mut())
    {
        if let Some(at) = item.get_mut("last_at") {
            let then: i64 = at["N"].as_str().unwrap().parse().unwrap();
            *at = json!({"N": (then - QUIET).to_string()});
        }
    }
    let sweep = json!({"trailkeeper": "sweep"}).to_string();
    match function.invoke_as(&new_request_id(), sweep, Duration::from_mins(5)) {
        Outcome::Answered(_) => {}
        failed => panic!("{failed:?}"),
    }
}

/// Whether somebody was told of an event: by itself or in a summary.
fn is_told(watched: &Watched, id: &String) -> bool {
    watched.notices.contains_key(id) || watched.summed_up.contains(id)
}

fn check(fleet: &Mutex<Fleet>, ids: &[String]) {
    let fleet = fleet.lock().unwrap();
    let watched = fleet.watched.as_ref().unwrap();
    let untold: Vec<&String> = ids.iter().filter(|id| !is_told(watched, id)).collect();
    assert!(untold.is_empty(), "{} untold: {untold:?}", untold.len());
    assert_eq!(fleet.healed(), fleet.drifted.len(), "trails as declared");
    assert!(
        watched.dark.is_empty(),
        "{:?} are dark",
        watched.dark.keys()
    );
}

#[expect(clippy::too_many_arguments, reason = "each is a figure")]
#[expect(clippy::cast_precision_loss, reason = "figures are rounded")]
fn figures(
    fleet: &Mutex<Fleet>,
    events: usize,
    copies: usize,
    took: Duration,
    ids: &[String],
    memory: &[u64],
    files: usize,
    peak: [u64; 2],
) -> String {
    let fleet = fleet.lock().unwrap();
    let watched = fleet.watched.as_ref().unwrap();
    let mut times = watched.restorations.clone();
    times.sort_unstable();
    let mut outcomes: HashMap<&str, usize> = HashMap::new();
    for outcome in watched.notices.values().flatten() {
        *outcomes.entry(outcome).or_default() += 1;
    }
    let mut outcomes: Vec<_> = outcomes.into_iter().collect();
    outcomes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let outcomes: Vec<String> = outcomes.iter().map(|(o, n)| format!("{o} {n}")).collect();
    let twice = ids
        .iter()
        .filter(|id| watched.notices.get(*id).is_some_and(|told| told.len() > 1))
        .count();
    let sum = |part: fn(&(usize, usize)) -> usize| fleet.calls.values().map(part).sum::<usize>();
    let growing: Vec<String> = memory.iter().map(ToString::to_string).collect();
    [
        ("events through one process", format!("{events}, of which {copies} are copies of another")),
        ("member accounts", format!("{}, attacked in turn; every {BETWEEN_BURSTS} events, {BURST} in a row on one of them", fleet.drifted.len())),
        ("time", format!("{:.0} s: {:.0} events a second", took.as_secs_f64(), events as f64 / took.as_secs_f64())),
        ("incidents, untold", format!("{}, {}", ids.len(), ids.iter().filter(|id| !is_told(watched, id)).count())),
        ("told by themselves, by a summary alone", {
            let alone = ids.iter().filter(|id| watched.notices.contains_key(*id)).count();
            format!("{alone}, {}", ids.len() - alone)
        }),
        ("told more than once by themselves", twice.to_string()),
        ("notices", outcomes.join(", ")),
        ("calls, throttled of them", format!("{}, {}", sum(|c| c.0 + c.1), sum(|c| c.1))),
        ("stop to start, ms: median, 99 %, worst", format!("{:.1}, {:.1}, {:.1}", percentile(&times, 50), percentile(&times, 99), percentile(&times, 100))),
        ("resident memory after each tenth, KiB", growing.join(", ")),
        ("peak memory, KiB; with the sweep that sums up", format!("{}; {}", peak[0], peak[1])),
        ("files and connections open, at most", files.to_string()),
    ]
    .iter()
    .fold("| | |\n| --- | --- |\n".to_owned(), |table, (what, figure)| {
        format!("{table}| {what} | {figure} |\n")
    })
}
