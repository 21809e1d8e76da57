//! The pace of calls that AWS lets through only so often.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::budget::Budget;

/// Between two calls: two a second for an account in a region.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>.
const INTERVAL: Duration = Duration::from_millis(500);
/// After a pause, so many may come at once.
const AT_ONCE: u32 = 2;
/// So many accounts are kept before those that are at rest are forgotten.
const KEPT: usize = 64;

/// When whose next call is due, by account and region. Other processes are not known
/// here: what AWS throttles all the same is the client's to repeat.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    due: Mutex<HashMap<(String, String), Instant>>,
}

impl Pace {
    /// Waits for the turn of a call; `false`, at once, if it does not come within
    /// `budget`.
    pub(crate) async fn turn(&self, account: &str, region: &str, budget: Budget) -> bool {
        match self.take(account, region, budget) {
            Some(wait) => budget.sleep(wait).await,
            None => false,
        }
    }

    /// Takes the next turn; how long it is until then.
    fn take(&self, account: &str, region: &str, budget: Budget) -> Option<Duration> {
        let now = Instant::now();
        let mut all = self.due.lock().ok()?;
        if all.len() > KEPT {
            all.retain(|_, due| *due > now);
        }
        let whose = (account.to_owned(), region.to_owned());
        let due = all.get(&whose).copied().unwrap_or(now).max(now);
        let ahead = due.duration_since(now);
        let wait = ahead.saturating_sub(INTERVAL * (AT_ONCE - 1));
        if wait >= budget.left() {
            return None;
        }
        all.insert(whose, due + INTERVAL);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_at_once_then_two_a_second_each_account_for_itself() {
        let pace = Pace::default();
        let budget = Budget::lasting(Duration::from_secs(2));
        let begun = Instant::now();
        for expected in [0, 0, 500, 1_000, 1_500] {
            assert!(pace.turn("1", "eu-central-1", budget).await);
            assert_eq!(begun.elapsed().as_millis(), expected);
        }
        assert!(!pace.turn("1", "eu-central-1", budget).await, "too late");
        assert_eq!(begun.elapsed().as_millis(), 1_500, "known at once");
        assert!(pace.turn("2", "eu-central-1", budget).await);
        assert!(pace.turn("1", "us-east-1", budget).await);
        assert_eq!(begun.elapsed().as_millis(), 1_500);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let begun = Instant::now();
        let budget = Budget::lasting(Duration::from_secs(2));
        for expected in [0, 0, 500] {
            assert!(pace.turn("1", "eu-central-1", budget).await);
            assert_eq!(begun.elapsed().as_millis(), expected, "no more is saved up");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_at_rest_are_forgotten() {
        let pace = Pace::default();
        for account in 0..500 {
            let budget = Budget::lasting(Duration::from_secs(1));
            assert!(
                pace.turn(&account.to_string(), "eu-central-1", budget)
                    .await
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let kept = pace.due.lock().map(|all| all.len());
        assert!(kept.is_ok_and(|kept| kept <= KEPT + 1));
    }
}
