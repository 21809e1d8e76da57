//! One cell: a call that fails in one way, first for a moment, then for as long as
//! Lambda tries; and what the laws say to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    aws::{Call, Disturbance, PARAMETER, PUBLISH, STATUS, form, is_write, refused_by_sns},
    iam::{
        GET_ROLE_POLICY, GET_USER_POLICY, LIST_ACCESS_KEYS, PUT_ROLE_POLICY, PUT_USER_POLICY,
        UPDATE_ACCESS_KEY,
    },
    lambda::{Outcome, new_request_id},
    parts, support,
    things::is_repair,
};

use super::{
    columns::Fault,
    rows::{Purpose, ROWS, Row, Stage, kind},
};

/// What the function is told to have. Deployed it has a minute, and five as a hub.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// Lambda tries an event three times.
const TRIES: usize = 3;

/// These say that the trail is as declared.
const CLAIMS: [&str; 5] = [
    "restored",
    "already_logging",
    "already_restored",
    "unconfirmed",
    "conforming_change",
];

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Two calls are hit; one if it hangs, which shows as much.
    Passing,
    /// All tries that Lambda makes are over before it ends.
    Lasting,
}

/// What came of one cell.
#[derive(Clone, Debug)]
pub struct Cell {
    pub row: Row,
    pub fault: Fault,
    pub length: Length,
    /// At the end of the first try.
    pub first: Seen,
    /// How often the call was made in the first try.
    pub calls: usize,
    /// How many tries Lambda made.
    pub tries: usize,
    /// Set if none of them succeeded.
    pub dead_lettered: bool,
    /// What is against the laws.
    pub wrong: Vec<String>,
}

/// What is to be seen from outside after a try.
#[derive(Clone, Debug)]
pub struct Seen {
    pub took: Duration,
    pub as_declared: bool,
    pub logging: bool,
    /// The outcomes of the notices that arrived.
    pub told: Vec<String>,
    /// What Lambda was told, if the invocation failed.
    pub error_type: Option<String>,
    /// Whether nobody was told because a summary will.
    pub silent: bool,
}

/// Runs one cell.
pub fn run(row: Row, fault: Fault, length: Length) -> Cell {
    let course = row.set();
    let left = Arc::new(AtomicUsize::new(match length {
        Length::Passing if fault.hangs() => 1,
        Length::Passing => 2,
        Length::Lasting => usize::MAX,
    }));
    disturb(&course, row, fault, Arc::clone(&left));

    let request_id = new_request_id();
    let first = attempt(&course, &request_id);
    let made = {
        let state = course.aws.state();
        let is_it = |call: &&Call| kind(&call.operation, &call.body) == row.operation;
        state.calls[course.before..].iter().filter(is_it).count()
    };
    let mut wrong = Vec::new();
    check_first_try(&course, row, length, &first, &mut wrong);

    let mut tries = 1;
    let mut last = first.clone();
    while last.error_type.is_some() && tries < TRIES {
        tries += 1;
        last = attempt(&course, &request_id);
        check_try(&last, &mut wrong);
    }
    let dead_lettered = last.error_type.is_some();
    if dead_lettered && length == Length::Passing {
        wrong.push("a fault that passed used up all tries".to_owned());
    }

    // The fault is over. What was dead-lettered is sent again, and the next sweep comes.
    left.store(0, Ordering::Relaxed);
    course.aws.state().disturb = None;
    let mut again = 0;
    while last.error_type.is_some() && again < TRIES {
        again += 1;
        last = attempt(&course, &new_request_id());
        check_try(&last, &mut wrong);
    }
    if let Some(error) = &last.error_type {
        wrong.push(format!("it fails when the fault is over: {error}"));
    }
    if !last.as_declared {
        wrong.push("the trail is not as declared when the fault is over".to_owned());
    }
    // A summary that could not be sent, or noted, comes with the next sweep; an empty
    // answer reads as if nothing were to be summed up.
    let is_sweep = course.event["trailkeeper"] == "sweep";
    if is_sweep && course.untold_groups() > 0 {
        attempt(&course, &new_request_id());
    }
    if is_sweep && course.untold_groups() > 0 {
        wrong.push("a group was not summed up".to_owned());
    }
    for trail in &course.attacked {
        if !is_told(&course, trail) {
            wrong.push(format!("nobody was told how it ended: {trail}"));
        }
    }
    if let Some(who) = course.untold() {
        wrong.push(format!("{who} was not told how it ended"));
    }
    check_claims(&course, &mut wrong);
    check_containment(&course, &mut wrong);
    wrong.dedup();
    Cell {
        row,
        fault,
        length,
        first,
        calls: made,
        tries,
        dead_lettered,
        wrong,
    }
}

fn disturb(course: &Stage, row: Row, fault: Fault, left: Arc<AtomicUsize>) {
    course.aws.state().disturb = Some(Box::new(move |operation, body| {
        if kind(operation, body) == row.operation {
            let one_less = |left: usize| match left {
                0 => None,
                usize::MAX => Some(usize::MAX),
                left => Some(left - 1),
            };
            let hit = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
            return hit.is_ok().then(|| fault.happens(row.service));
        }
        let lasts = left.load(Ordering::Relaxed) > 0;
        (row.is_without_topic() && operation == PUBLISH && lasts)
            .then(|| Disturbance::Instead(refused_by_sns(403, "AuthorizationError")))
    }));
}

fn attempt(course: &Stage, request_id: &str) -> Seen {
    let begun = Instant::now();
    let before = course.aws.state().calls.len();
    let outcome = course
        .function
        .invoke_as(request_id, course.event.to_string(), DEADLINE);
    let took = begun.elapsed();
    let state = course.aws.state();
    let arrived = state.calls[before..].iter();
    let arrived = arrived.filter(|call| is_notice(call) && call.accepted);
    let told = arrived
        .map(|call| document(call)["outcome"].as_str().unwrap().to_owned())
        .collect();
    drop(state);
    Seen {
        took,
        as_declared: course.is_as_declared(),
        logging: course.all_log(),
        silent: course.is_left_to_summary(),
        told,
        error_type: match outcome {
            Outcome::Answered(_) => None,
            Outcome::Failed(error) | Outcome::InitFailed(error) => {
                Some(error["errorType"].as_str().unwrap().to_owned())
            }
        },
    }
}

fn check_try(seen: &Seen, wrong: &mut Vec<String>) {
    if seen.took >= DEADLINE {
        wrong.push(format!("over the deadline: {:?}", seen.took));
    }
    if seen.error_type.is_none() && !seen.as_declared {
        wrong.push("the trail is not as declared, and the invocation succeeds".to_owned());
    }
}

fn check_first_try(
    course: &Stage,
    row: Row,
    length: Length,
    first: &Seen,
    wrong: &mut Vec<String>,
) {
    check_try(first, wrong);
    let called = course.aws.operations().split_off(course.before);
    if let Some(expected) = row.first_call()
        && called.first().map(String::as_str) != Some(expected)
    {
        wrong.push(format!("the first call is {:?}", called.first()));
    }
    let is_told = !first.told.is_empty() || first.silent;
    if !is_told && first.error_type.is_none() {
        wrong.push("no notice, and the invocation succeeds".to_owned());
    }
    let unharmed = first.as_declared && is_told && first.error_type.is_none();
    match row.purpose {
        Purpose::Helps if !unharmed => {
            wrong.push(format!("it stands in the way: {first:?}"));
        }
        Purpose::Tells if !first.as_declared => {
            wrong.push("the notice delays the restoration".to_owned());
        }
        Purpose::Proves if !first.logging => {
            wrong.push("a read keeps the trail from being started".to_owned());
        }
        _ => {}
    }
    if length == Length::Lasting
        && row.purpose == Purpose::Proves
        && first
            .told
            .iter()
            .any(|told| CLAIMS.contains(&told.as_str()))
    {
        wrong.push(format!("told without having been read: {:?}", first.told));
    }
}

/// Law 3: what says that a trail is as declared comes after answers, not disturbed,
/// to all reads since the last change and to that of the baseline.
fn check_claims(course: &Stage, wrong: &mut Vec<String>) {
    let state = course.aws.state();
    for (number, call) in state.calls.iter().enumerate() {
        if !is_notice(call) {
            continue;
        }
        let notice = document(call);
        if !CLAIMS.contains(&notice["outcome"].as_str().unwrap()) {
            continue;
        }
        if notice["thing"].is_object() {
            check_claim_of_thing(&notice, &state.calls[..number], wrong);
            continue;
        }
        let Some(trail) = notice["trail"]["arn"].as_str() else {
            continue;
        };
        let account = trail.split(':').nth(4).unwrap();
        let before = &state.calls[..number];
        let is_change =
            |call: &Call| call.account == account && call.accepted && is_write(&call.operation);
        let changed = before.iter().rposition(is_change).map_or(0, |at| at + 1);
        let good = |call: &&Call| call.accepted && call.undisturbed;
        let shown = |read: &str| {
            let mut since = before[changed..].iter().filter(good);
            since.any(|call| call.operation == read && call.body.contains(trail))
        };
        for read in [
            STATUS,
            "GetTrail",
            "GetEventSelectors",
            "GetInsightSelectors",
            "ListTags",
        ] {
            if !shown(read) {
                wrong.push(format!("{} without {read}", notice["outcome"]));
            }
        }
        let mut good = before.iter().filter(good);
        if !good.any(|call| call.operation == PARAMETER) {
            wrong.push(format!("{} without the baseline", notice["outcome"]));
        }
    }
}

/// The same of a bucket, a key or a part of the responder.
fn check_claim_of_thing(notice: &Value, before: &[Call], wrong: &mut Vec<String>) {
    let reads: &[&str] = match notice["thing"]["kind"].as_str() {
        Some("log_key") => &["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus"],
        Some("rule") => &["DescribeRule", "ListTargetsByRule"],
        Some("schedule") => &["GetSchedule"],
        Some("function") => &[
            "GetFunctionConfiguration",
            "GetFunctionConcurrency",
            "GetPolicy",
            "GetFunctionEventInvokeConfig",
        ],
        Some("role") => &[
            "GetRole",
            "GetRolePolicy",
            "ListRolePolicies",
            "ListAttachedRolePolicies",
        ],
        Some("topic") => &["GetTopicAttributes", "ListSubscriptionsByTopic"],
        Some("alarms") => &["DescribeAlarms"],
        Some("queue") => &["GetQueueAttributes"],
        Some("log_group") => &["DescribeLogGroups"],
        Some("table") => &["GetResourcePolicy", "DescribeTimeToLive"],
        _ => &["GET policy", "GET lifecycle", "GET versioning"],
    };
    let is_change = |call: &Call| {
        call.accepted
            && (is_repair(&call.operation)
                || parts::is_repair(&call.operation)
                || support::is_repair(&call.operation))
    };
    let changed = before.iter().rposition(is_change).map_or(0, |at| at + 1);
    for read in reads.iter().chain([&PARAMETER]) {
        let since = if *read == PARAMETER { 0 } else { changed };
        let is_good = |call: &Call| call.operation == *read && call.accepted && call.undisturbed;
        if !before[since..].iter().any(is_good) {
            wrong.push(format!("{} without {read}", notice["outcome"]));
        }
    }
}

/// Law 3 again: what says that the actor is contained comes after a read, not disturbed,
/// of what says so, and after the last call that changes it.
fn check_containment(course: &Stage, wrong: &mut Vec<String>) {
    let state = course.aws.state();
    for (number, call) in state.calls.iter().enumerate() {
        if !is_notice(call) {
            continue;
        }
        let told = &document(call)["containment"];
        let before = &state.calls[..number];
        let is_read = |read: &str, write: &str| {
            let is_change = |call: &Call| call.operation == write && call.accepted;
            let changed = before.iter().rposition(is_change).map_or(0, |at| at + 1);
            let mut since = before[changed..].iter();
            since.any(|call| call.operation == read && call.accepted && call.undisturbed)
        };
        for (field, read, write) in [
            ("policy_in_place", GET_USER_POLICY, PUT_USER_POLICY),
            ("policy_in_place", GET_ROLE_POLICY, PUT_ROLE_POLICY),
            ("key_inactive", LIST_ACCESS_KEYS, UPDATE_ACCESS_KEY),
        ] {
            let is_user = told["principal"]
                .as_str()
                .is_some_and(|arn| arn.contains(":user/"));
            let is_meant = is_user != (read == GET_ROLE_POLICY);
            if is_meant && told[field] == true && !is_read(read, write) {
                wrong.push(format!("{field} without {read}"));
            }
        }
    }
}

fn is_told(course: &Stage, trail: &str) -> bool {
    let state = course.aws.state();
    let mut arrived = state.calls[course.before..]
        .iter()
        .filter(|call| is_notice(call) && call.accepted);
    arrived.any(|call| {
        let notice = document(call);
        let about = notice["thing"]
            .get("arn")
            .unwrap_or(&notice["trail"]["arn"]);
        about == trail && CLAIMS.contains(&notice["outcome"].as_str().unwrap())
    }) || {
        drop(state);
        course.is_left_to_summary()
    }
}

/// Whether it is one for subscribers.
fn is_notice(call: &Call) -> bool {
    kind(&call.operation, &call.body) == PUBLISH
}

fn document(call: &Call) -> Value {
    let message: Value = serde_json::from_str(&form(&call.body)["Message"]).unwrap();
    serde_json::from_str(message["default"].as_str().unwrap()).unwrap()
}

/// All cells; those that take long come first, so that none is waited for at the end.
pub fn all() -> Vec<(Row, Fault, Length)> {
    let mut cells = Vec::new();
    for row in ROWS {
        for fault in Fault::ALL {
            cells.extend([Length::Lasting, Length::Passing].map(|length| (row, fault, length)));
        }
    }
    cells.sort_by_key(|(_, fault, length)| (*length == Length::Passing, !fault.hangs()));
    cells
}
