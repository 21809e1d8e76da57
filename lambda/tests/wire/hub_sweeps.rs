//! The sweep of an organisation: directly, and handed out through a queue. With an
//! unoptimised binary on a busy machine the tests that give little time can fail.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{Aws, PUBLISH, STATUS, refused, refused_by_sns},
    failure,
    http::Reply,
    organization::{
        ASSUME_ROLE, HUB, LIST_ACCOUNTS, QUEUE, SEND, declared_in, delivered, member, sweep_of,
        trail_of,
    },
};

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

/// The only notice with this outcome.
fn told(aws: &Aws, outcome: &str) -> Value {
    let mut found = aws.documents();
    found.retain(|notice| notice["outcome"] == outcome);
    assert_eq!(found.len(), 1, "{outcome}: {found:#?}");
    found.remove(0)
}

/// The accounts for which a session was asked for.
fn entered(aws: &Aws) -> Vec<String> {
    let forms = aws.forms(ASSUME_ROLE);
    let account = |arn: &String| arn.split(':').nth(4).unwrap().to_owned();
    // What is found is looked into through another session.
    let sweeps = forms
        .iter()
        .filter(|form| form["RoleSessionName"] == "trailkeeper-sweep");
    let mut accounts: Vec<String> = sweeps.map(|form| account(&form["RoleArn"])).collect();
    accounts.sort_unstable();
    accounts
}

fn members(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(member).collect()
}

#[test]
fn a_healthy_organisation_is_swept_page_by_page_in_silence() {
    let aws = Aws::hub(45, Box::new(|_, _| None));
    let function = aws.start_hub(&[]);
    assert_eq!(answered(function.invoke(&sweep())), json!({"outcomes": []}));
    assert_eq!(aws.count(LIST_ACCOUNTS), 3);
    assert_eq!(entered(&aws), members(0..45), "each once, the hub not");
    assert_eq!(aws.count("GetParameter"), 5, "one baseline for all members");
    assert_eq!(aws.count(PUBLISH), 0);
    assert_eq!(aws.writes(), [""; 0]);
    for form in aws.forms(ASSUME_ROLE) {
        assert!(form["RoleSessionName"].starts_with("trailkeeper-sweep"));
    }
}

#[test]
fn what_a_sweep_finds_is_healed_or_told() {
    let aws = Aws::hub(45, Box::new(|_, _| None));
    let [stopped, weakened, lost, suspended, closing, excluded] =
        [3, 21, 30, 41, 42, 44].map(member);
    aws.state().world.stop(&trail_of(&stopped), 60.0);
    aws.attack_in(
        &weakened,
        "UpdateTrail",
        &json!({"Name": "audit", "IsMultiRegionTrail": false}),
    );
    aws.state().world.stop(&trail_of(&excluded), 60.0);
    {
        let organization = &mut aws.state().organization;
        organization.without_role.push(lost.clone());
        organization.accounts.insert(suspended.clone(), "SUSPENDED");
        organization
            .accounts
            .insert(closing.clone(), "PENDING_CLOSURE");
    }
    let function = aws.start_hub(&[("TRAILKEEPER_EXCLUDED_ACCOUNTS", &excluded)]);
    // What only a person can mend is told, and hides no failure behind its own.
    answered(function.invoke(&sweep()));

    for healed in [&stopped, &weakened] {
        let mut after = aws.state().world.trails()[&trail_of(healed)].state();
        after["is_logging"] = json!(true);
        assert_eq!(after, declared_in(healed).state());
    }
    let restored = aws.documents();
    let mut restored: Vec<&Value> = restored
        .iter()
        .filter(|notice| notice["outcome"] == "restored")
        .map(|notice| &notice["trail"]["account"])
        .collect();
    restored.sort_by_key(ToString::to_string);
    assert_eq!(restored, [&json!(stopped), &json!(weakened)]);

    let unreachable = told(&aws, "unreachable");
    assert_eq!(unreachable["severity"], "critical");
    assert_eq!(unreachable["accounts"], json!([lost]));
    assert!(unreachable["problem"].to_string().contains("AssumeRole"));
    let mut inactive = aws.documents();
    inactive.retain(|notice| notice["outcome"] == "account_suspended");
    let mut inactive: Vec<String> = inactive
        .iter()
        .map(|notice| {
            assert_eq!(notice["severity"], "medium");
            notice["accounts"].to_string()
        })
        .collect();
    inactive.sort_unstable();
    assert_eq!(
        inactive,
        [json!([suspended]).to_string(), json!([closing]).to_string()]
    );
    for untouched in [&suspended, &closing, &excluded] {
        assert!(!entered(&aws).contains(untouched));
    }
    let trails = aws.state().world.trails().clone();
    assert!(!trails[&trail_of(&excluded)].is_logging);

    let log = function.log_with("\"AccountsUnreachable\":1");
    assert!(
        log.iter()
            .all(|line| !line.contains("\"RestorationFailures\":1")),
        "{log:#?}"
    );

    // The next sweep tells nothing again within the hour.
    let before = aws.count(PUBLISH);
    answered(function.invoke(&sweep()));
    let news = &aws.documents()[before..];
    // Unless an hour begins just now.
    assert!(
        news.iter().all(|notice| notice["outcome"] == "unreachable"),
        "{news:#?}"
    );
}

#[test]
fn many_unreachable_accounts_make_one_notice_a_cause() {
    let aws = Aws::hub(45, Box::new(|_, _| None));
    aws.state().organization.without_role = members(5..40);
    let function = aws.start_hub(&[]);
    answered(function.invoke(&sweep()));
    assert_eq!(told(&aws, "unreachable")["accounts"], json!(members(5..40)));
    assert_eq!(aws.count(PUBLISH), 1);
}

#[test]
fn an_account_that_may_be_reached_later_is_tried_again() {
    let aws = Aws::hub(
        3,
        Box::new(|called, _| {
            (called == ASSUME_ROLE).then(|| refused_by_sns(503, "ServiceUnavailable"))
        }),
    );
    let function = aws.start_hub(&[("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)]);
    let deadline = Duration::from_secs(8);
    let batch = delivered(&[("later", sweep_of(&members(0..3)))]);
    let answer = answered(function.invoke_within(&batch, deadline));
    let later = json!([{"itemIdentifier": "later"}]);
    assert_eq!(answer["batchItemFailures"], later);
    assert_eq!(told(&aws, "unreachable")["severity"], "critical");

    let function = aws.start_hub(&[]);
    let (kind, message) = failure(function.invoke_within(&sweep(), deadline));
    assert_eq!(kind, "Retryable.TrailNotRestored", "{message}");
}

#[test]
fn what_is_found_in_an_account_is_told_before_the_others_are_done() {
    let aws = Aws::hub(150, Box::new(|_, _| None));
    aws.state()
        .latency
        .insert(STATUS, Duration::from_millis(2_500));
    aws.state().world.stop(&trail_of(&member(0)), 60.0);
    let function = aws.start_hub(&[]);
    answered(function.invoke(&sweep()));
    let calls = aws.operations();
    let told = calls.iter().position(|call| call == PUBLISH).unwrap();
    let last = calls.iter().rposition(|call| call == ASSUME_ROLE).unwrap();
    assert!(
        told < last,
        "a sweep that is cut off has told what it healed"
    );
}

#[test]
fn a_topic_that_hangs_holds_up_no_account_and_few_notices_are_on_their_way() {
    let aws = Aws::hub(
        130,
        Box::new(|called, _| (called == PUBLISH).then_some(Reply::Hang)),
    );
    for number in 0..70 {
        aws.state().world.stop(&trail_of(&member(number)), 60.0);
    }
    let function = aws.start_hub(&[]);
    let (kind, message) = failure(function.invoke_within(&sweep(), Duration::from_secs(25)));
    assert_eq!(kind, "Retryable.NoticeNotSent", "{message}");
    assert_eq!(entered(&aws), members(0..130));
    let state = aws.state();
    let at = |operation: &str| -> Vec<Instant> {
        let calls = state.calls.iter();
        let meant = calls.filter(|call| call.operation == operation);
        meant.map(|call| call.at).collect()
    };
    let (seen, told) = (at(STATUS), at(PUBLISH));
    let took = *seen.last().unwrap() - seen[0];
    assert!(took < Duration::from_secs(12), "{took:?}");
    // A try ends after three seconds; then comes the next, or another notice.
    let first = told
        .iter()
        .filter(|at| **at - told[0] < Duration::from_millis(2_900));
    let first = first.count();
    assert!((2..=20).contains(&first), "{first}");
}

#[test]
fn a_notice_that_fails_early_in_a_sweep_is_tried_again_at_its_end() {
    let aws = Aws::hub(
        200,
        Box::new(|called, earlier| {
            (called == PUBLISH && earlier == 0).then(|| refused_by_sns(403, "AuthorizationError"))
        }),
    );
    aws.state()
        .latency
        .insert(STATUS, Duration::from_millis(400));
    aws.state().world.stop(&trail_of(&member(0)), 60.0);
    let function = aws.start_hub(&[]);
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": ["restored"]}));
    assert_eq!((aws.count(PUBLISH), aws.accepted(PUBLISH)), (2, 1));
}

#[test]
fn a_list_that_is_throttled_is_waited_for() {
    let aws = Aws::hub(
        45,
        Box::new(|called, earlier| {
            (called == LIST_ACCOUNTS && (1..6).contains(&earlier))
                .then(|| refused(400, "TooManyRequestsException"))
        }),
    );
    let function = aws.start_hub(&[]);
    assert_eq!(answered(function.invoke(&sweep())), json!({"outcomes": []}));
    assert_eq!(aws.count(LIST_ACCOUNTS), 3 + 5);
    assert_eq!(entered(&aws).len(), 45);
}

#[test]
fn a_list_that_is_refused_is_critical_and_spoils_nothing_else() {
    let aws = Aws::hub(
        45,
        Box::new(|called, earlier| {
            (called == LIST_ACCOUNTS && earlier >= 1).then(|| refused(400, "AccessDeniedException"))
        }),
    );
    aws.stop_again();
    let function = aws.start_hub(&[]);
    let (kind, message) = failure(function.invoke(&sweep()));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert!(message.contains("organizations:ListAccounts"), "{message}");
    let notice = told(&aws, "sweep_incomplete");
    assert_eq!(notice["severity"], "critical");
    assert_eq!(told(&aws, "restored")["trail"]["account"], HUB);
}

#[test]
fn accounts_without_a_turn_are_told_and_come_first_the_next_time() {
    // With less, the least time of a look leaves none for the notices after it.
    const DEADLINE: Duration = Duration::from_secs(12);
    const ACCOUNTS: usize = 300;
    let aws = Aws::hub(ACCOUNTS, Box::new(|_, _| None));
    aws.state().latency.insert(STATUS, Duration::from_secs(2));
    let function = aws.start_hub(&[]);
    let (kind, message) = failure(function.invoke_within(&sweep(), DEADLINE));
    assert_eq!(kind, "Retryable.TrailNotRestored", "{message}");
    let late = told(&aws, "sweep_incomplete");
    assert_eq!(late["severity"], "critical");
    let problem = late["problem"].to_string();
    let late: Vec<String> = serde_json::from_value(late["accounts"].clone()).unwrap();
    assert!((1..ACCOUNTS).contains(&late.len()), "{}", late.len());
    let mut all = entered(&aws);
    all.extend(late.iter().cloned());
    all.sort_unstable();
    // On a machine that is too slow to list all, that is said too.
    let listed = all.len();
    assert!(
        listed == ACCOUNTS || problem.contains("ListAccounts"),
        "{problem}"
    );
    all.dedup();
    assert_eq!(all.len(), listed, "swept or told, each once");

    aws.state().calls.clear();
    let next = function.invoke_within(&sweep(), DEADLINE);
    drop(next);
    let entered = entered(&aws);
    let first = late
        .iter()
        .filter(|account| entered.contains(account))
        .count();
    assert_eq!(first, late.len().min(entered.len()), "those first");
}

#[test]
fn accounts_are_looked_at_or_handed_out_while_the_list_still_comes() {
    for queue in [None, Some(("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE))] {
        let aws = Aws::hub(200, Box::new(|_, _| None));
        aws.state()
            .latency
            .insert(LIST_ACCOUNTS, Duration::from_millis(800));
        aws.state().world.stop(&trail_of(&member(0)), 60.0);
        let settings: Vec<_> = queue.into_iter().collect();
        let function = aws.start_hub(&settings);
        let outcome = function.invoke_within(&sweep(), Duration::from_secs(8));
        let (kind, message) = failure(outcome);
        assert_eq!(kind, "Retryable.TrailNotRestored", "{message}");
        assert!(
            told(&aws, "sweep_incomplete")["problem"]
                .to_string()
                .contains("ListAccounts")
        );
        if queue.is_some() {
            let handed: Vec<String> = aws.state().organization.queue.concat();
            assert!(handed.contains(&member(0)), "what was listed is handed out");
        } else {
            assert_eq!(told(&aws, "restored")["trail"]["account"], member(0));
        }
    }
}

#[test]
fn with_a_queue_a_sweep_hands_the_accounts_out() {
    let aws = Aws::hub(1_150, Box::new(|_, _| None));
    {
        let organization = &mut aws.state().organization;
        organization.accounts.insert(member(7), "SUSPENDED");
        organization.refused_messages = 3;
    }
    let settings = [("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)];
    let function = aws.start_hub(&settings);
    let answer = answered(function.invoke(&sweep()));
    assert_eq!(answer, json!({"outcomes": ["account_suspended"]}));
    assert_eq!(aws.count(ASSUME_ROLE), 0);
    let queue = aws.state().organization.queue.clone();
    assert_eq!(queue.len(), 12);
    assert!(queue.iter().all(|accounts| accounts.len() <= 100));
    let mut sent: Vec<String> = queue.into_iter().flatten().collect();
    sent.sort_unstable();
    let mut expected = members(0..1_150);
    expected.retain(|account| *account != member(7));
    assert!(
        sent == expected,
        "each once, and not the hub: {}",
        sent.len()
    );
    assert_eq!(
        aws.count(SEND),
        3,
        "two batches, and what was refused again"
    );
}

#[test]
fn a_queue_that_takes_nothing_is_critical() {
    let aws = Aws::hub(
        3,
        Box::new(|called, _| (called == SEND).then(|| refused(400, "AccessDenied"))),
    );
    let function = aws.start_hub(&[("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)]);
    let (kind, message) = failure(function.invoke(&sweep()));
    assert_eq!(kind, "Terminal.TrailNotRestored");
    assert!(message.contains("sqs:SendMessageBatch"), "{message}");
    assert_eq!(told(&aws, "sweep_incomplete")["severity"], "critical");
}

#[test]
fn each_message_stands_for_itself() {
    let aws = Aws::hub(30, Box::new(|_, _| None));
    aws.state().world.stop(&trail_of(&member(2)), 60.0);
    aws.state().organization.without_role.push(member(12));
    let function = aws.start_hub(&[("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)]);
    let batch = delivered(&[
        ("healed", sweep_of(&members(0..10))),
        ("lost", sweep_of(&members(10..20))),
        ("no-account", sweep_of(&["12".to_owned()])),
        ("no-json", "{".to_owned()),
        ("whole", sweep_of(&members(20..30))),
        (
            "not-ours",
            sweep_of(&["999988887777".to_owned(), HUB.to_owned()]),
        ),
    ]);
    let answer = answered(function.invoke(&batch));
    let failed: Vec<&Value> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| &failure["itemIdentifier"])
        .collect();
    // An account that is lost for good is told, and needs no other try.
    assert_eq!(failed, ["no-account", "no-json"]);
    let mut lost = aws.documents();
    lost.retain(|notice| notice["outcome"] == "unreachable");
    let lost: Vec<&Value> = lost.iter().map(|notice| &notice["accounts"]).collect();
    assert_eq!(lost, [&json!([member(12)]), &json!(["999988887777"])]);
    assert_eq!(aws.count(LIST_ACCOUNTS), 0);
    assert_eq!(told(&aws, "restored")["trail"]["account"], member(2));
    for account in members(0..30) {
        let seen = aws
            .state()
            .calls
            .iter()
            .any(|c| c.operation == STATUS && c.account == account);
        assert_eq!(seen, account != member(12), "{account}");
    }
    assert!(!entered(&aws).contains(&HUB.to_owned()));

    let good = delivered(&[("again", sweep_of(&members(0..10)))]);
    let answer = answered(function.invoke(&good));
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

#[test]
fn a_message_that_is_out_of_time_goes_back() {
    let aws = Aws::hub(200, Box::new(|_, _| None));
    aws.state()
        .latency
        .insert(STATUS, Duration::from_millis(1_500));
    let function = aws.start_hub(&[("TRAILKEEPER_SWEEP_QUEUE_URL", QUEUE)]);
    let batch = delivered(&[
        ("first", sweep_of(&members(0..100))),
        ("second", sweep_of(&members(100..200))),
    ]);
    let answer = answered(function.invoke_within(&batch, Duration::from_secs(4)));
    let failed = answer["batchItemFailures"].as_array().unwrap();
    assert!(
        failed.contains(&json!({"itemIdentifier": "second"})),
        "{answer}"
    );
}
