//! Whatever sequence of calls an attacker makes, before and while the trail is
//! healed, it ends as declared: random sequences against a trail in memory.
//! `TRAILKEEPER_SEED` repeats one sequence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod memory;

use std::{env, time::Duration};

use fastrand::Rng;
use trailkeeper::{
    baseline::Baseline,
    budget::Budget,
    reconcile::{Cause, LeftAlone, Mode, Occasion, Reconciliation, reconcile},
    trail::{Drift, Observation, Part, drift},
};

use memory::{Attack, Memory, Trail, baselines, trail};

const SEQUENCES: u64 = 400;

/// Whether looks are believed, and the fields that are left alone.
struct Asked {
    shows: bool,
    leaves: Vec<String>,
}

impl Occasion for Asked {
    fn shows(&self, _: &Baseline, _: &Observation) -> bool {
        self.shows
    }

    async fn leaves(&self, _: &Baseline, _: &[Drift], _: &Observation) -> LeftAlone {
        LeftAlone {
            fields: self.leaves.clone(),
            is_exempt: false,
        }
    }
}

async fn answer(memory: &Memory, cause: Cause, mode: Mode) -> Reconciliation {
    answer_but(memory, cause, mode, &[]).await
}

/// Answers, and leaves `fields` alone.
async fn answer_but(
    memory: &Memory,
    cause: Cause,
    mode: Mode,
    fields: &[String],
) -> Reconciliation {
    let asked = Asked {
        shows: memory.is_believed(),
        leaves: fields.to_vec(),
    };
    let baseline = memory.baseline.clone();
    reconcile(
        memory,
        &trail(),
        async { Ok(baseline) },
        cause,
        mode,
        &asked,
        Budget::lasting(Duration::from_secs(35)),
    )
    .await
}

fn is_as_declared(memory: &Memory) -> bool {
    drift(&memory.baseline, &memory.observed()).is_empty()
}

/// A sequence of attacks, some delivered as events at once, some late, some
/// twice, some never; then a sweep.
async fn sequence(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let all = baselines();
    let memory = Memory::new(all[rng.usize(..all.len())].clone(), &mut rng);
    let mut events = Vec::new();
    for _ in 0..rng.usize(1..8) {
        let attack = Attack::random(&mut rng);
        if memory.attack(&attack) {
            events.push(attack.cause());
        }
        // More of them come while the function is at work.
        let during = (0..rng.usize(0..3)).map(|_| Attack::random(&mut rng));
        memory.plan_attacks(during.collect());
        if rng.bool() && !events.is_empty() {
            let cause = events[rng.usize(..events.len())];
            let done = answer(&memory, cause, Mode::Enforce).await;
            let claims = done.verified_at.is_some();
            assert!(
                !claims || memory.was_as_declared_when_read(),
                "seed {seed}: a wrong claim"
            );
        }
    }
    // The last attack is read as it is by the time of the sweep, which heals all.
    memory.end_attacks();
    answer(&memory, Cause::Sweep, Mode::Enforce).await;
    assert!(
        is_as_declared(&memory),
        "seed {seed}: not as declared after the sweep: {:?}",
        memory.observed()
    );
    let calls = memory.calls();
    let quiet = answer(&memory, Cause::Sweep, Mode::Enforce).await;
    assert!(
        quiet.found.is_empty() && quiet.verified_at.is_some(),
        "seed {seed}"
    );
    assert_eq!(memory.calls(), calls, "seed {seed}: a call without need");
}

#[tokio::test(start_paused = true)]
async fn every_sequence_of_attacks_ends_as_declared() {
    if let Ok(seed) = env::var("TRAILKEEPER_SEED") {
        return sequence(seed.parse().unwrap()).await;
    }
    for seed in 0..SEQUENCES {
        sequence(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stable_trail_is_healed_by_one_sweep_with_the_fewest_calls() {
    for seed in 0..SEQUENCES {
        let mut rng = Rng::with_seed(seed);
        let all = baselines();
        let memory = Memory::calm(all[rng.usize(..all.len())].clone());
        for _ in 0..rng.usize(1..6) {
            memory.attack(&Attack::random(&mut rng));
        }
        let needed = memory.parts_that_differ();
        let was_gone = memory.observed().is_missing;
        let done = answer(&memory, Cause::Sweep, Mode::Enforce).await;
        assert!(is_as_declared(&memory), "seed {seed}");
        assert!(done.verified_at.is_some(), "seed {seed}");
        if !was_gone {
            // One call for each part, two for tags that were added and lost.
            assert!(
                done.calls.len() <= needed.len() + 1,
                "seed {seed}: {:?} for {needed:?}",
                done.calls
            );
            let mut unique = done.calls.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(
                unique.len(),
                done.calls.len(),
                "seed {seed}: {:?}",
                done.calls
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn observing_changes_nothing_and_says_what_enforcing_does() {
    for seed in 0..SEQUENCES {
        let mut rng = Rng::with_seed(seed);
        let all = baselines();
        let memory = Memory::calm(all[rng.usize(..all.len())].clone());
        for _ in 0..rng.usize(1..6) {
            memory.attack(&Attack::random(&mut rng));
        }
        let before = memory.observed();
        let seen = answer(&memory, Cause::Sweep, Mode::Observe).await;
        assert_eq!(memory.calls(), 0, "seed {seed}");
        assert_eq!(
            format!("{before:?}"),
            format!("{:?}", memory.observed()),
            "seed {seed}"
        );
        let healed = answer(&memory, Cause::Sweep, Mode::Enforce).await;
        assert_eq!(seen.found, healed.found, "seed {seed}");
        if !before.is_missing {
            assert_eq!(seen.would_call, healed.calls, "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn work_in_progress_is_given_time_and_then_healed() {
    let all = baselines();
    let memory = Memory::calm(all[0].clone());
    memory.attack(&Attack::Selectors(0));
    // The settings were changed and are as declared; the selectors are not yet.
    let done = answer(&memory, Cause::Change(Part::Settings), Mode::Enforce).await;
    assert!(done.reads > 5, "{} looks", done.reads);
    assert_eq!(done.calls, ["cloudtrail:PutEventSelectors"]);
    assert!(is_as_declared(&memory));

    let memory = Memory::calm(all[0].clone());
    memory.attack(&Attack::Selectors(0));
    let done = answer(&memory, Cause::Change(Part::EventSelectors), Mode::Enforce).await;
    assert_eq!(
        done.reads, 2,
        "an attack on the part itself is healed at once"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_trail_is_made_again_without_what_is_refused() {
    let all = baselines();
    let memory = Memory::calm(all[0].clone());
    memory.attack(&Attack::Delete);
    memory.refuse("kms_key_id");
    let done = answer(&memory, Cause::Change(Part::Existence), Mode::Enforce).await;
    let left: Vec<&str> = done.left.iter().map(|drift| drift.field.as_str()).collect();
    assert_eq!(left, ["kms_key_id"]);
    assert_eq!(memory.observed().logging.unwrap().is_logging, Some(true));
}

#[tokio::test(start_paused = true)]
async fn without_a_declared_bucket_a_deleted_trail_stays_gone_and_that_is_told() {
    let memory = Memory::calm(Baseline::of_logging(&trail()));
    memory.attack(&Attack::Delete);
    let done = answer(&memory, Cause::Change(Part::Existence), Mode::Enforce).await;
    assert!(done.is_missing && done.verified_at.is_none() && memory.calls() == 0);
}

#[tokio::test(start_paused = true)]
async fn one_refused_setting_does_not_keep_the_others_from_being_healed() {
    let all = baselines();
    let memory = Memory::calm(all[0].clone());
    memory.attack(&Attack::Settings(Trail::weak_settings()));
    memory.attack(&Attack::Stop);
    memory.refuse("kms_key_id");
    let done = answer(&memory, Cause::Stop, Mode::Enforce).await;
    let left: Vec<&str> = done.left.iter().map(|drift| drift.field.as_str()).collect();
    assert_eq!(left, ["kms_key_id"]);
    assert!(done.verified_at.is_none());
    assert!(
        done.refused
            .iter()
            .any(|error| error.to_string().contains("KmsKeyDisabled"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_left_alone_stays_and_everything_else_is_healed() {
    let mut left_something = 0;
    for seed in 0..SEQUENCES {
        let mut rng = Rng::with_seed(seed);
        let all = baselines();
        let memory = Memory::new(all[rng.usize(..all.len())].clone(), &mut rng);
        for _ in 0..rng.usize(1..6) {
            memory.attack(&Attack::random(&mut rng));
        }
        memory.end_attacks();
        let before = drift(&memory.baseline, &memory.observed());
        let fields: Vec<String> = before
            .iter()
            .filter(|_| rng.bool())
            .map(|drift| drift.field.clone())
            .collect();
        let left_alone: Vec<&Drift> = before
            .iter()
            .filter(|drift| fields.contains(&drift.field))
            .collect();
        let done = answer_but(&memory, Cause::Sweep, Mode::Enforce, &fields).await;
        let after = drift(&memory.baseline, &memory.observed());
        // Log group and its role go together, as do basic and advanced selectors.
        let goes_along = |drift: &&Drift| {
            drift.field.starts_with("cloud_watch_logs_") || drift.field.ends_with("event_selectors")
        };
        for drift in &left_alone {
            let stays = after.iter().any(|now| now.is_same(drift));
            assert!(
                stays || goes_along(drift),
                "seed {seed}: {} was healed",
                drift.field
            );
        }
        for drift in &after {
            assert!(
                fields.contains(&drift.field),
                "seed {seed}: {} stays",
                drift.field
            );
        }
        assert!(
            done.verified_at.is_some() && done.left.is_empty(),
            "seed {seed}"
        );
        let of_done = |all: &[Drift]| all.iter().map(|d| d.field.clone()).collect::<Vec<_>>();
        assert_eq!(of_done(&done.left_alone), of_done(&after), "seed {seed}");
        left_something += usize::from(!after.is_empty());
        // When it has ended, the next sweep heals it.
        answer(&memory, Cause::Sweep, Mode::Enforce).await;
        assert!(is_as_declared(&memory), "seed {seed}");
    }
    assert!(
        left_something > 50,
        "{left_something} sequences left something"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_left_alone_is_not_started_and_any_other_stop_is() {
    let all = baselines();
    let logging = ["is_logging".to_owned()];
    for mode in [Mode::Enforce, Mode::Observe] {
        let memory = Memory::calm(all[0].clone());
        memory.attack(&Attack::Stop);
        let cause = Cause::Change(Part::Logging);
        let done = answer_but(&memory, cause, mode, &logging).await;
        assert_eq!(memory.calls(), 0);
        assert!(done.verified_at.is_some() && done.found.is_empty());
        assert_eq!(done.left_alone.len(), 1);
        assert!(done.would_call.is_empty());
    }
    // The start comes first, whatever is left alone.
    let memory = Memory::calm(all[0].clone());
    memory.attack(&Attack::Stop);
    let done = answer_but(&memory, Cause::Stop, Mode::Enforce, &logging).await;
    assert_eq!(done.calls, ["cloudtrail:StartLogging"]);
    assert!(is_as_declared(&memory));
}
