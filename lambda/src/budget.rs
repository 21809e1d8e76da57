//! Time: how long an invocation may spend on what.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A point in time by which some work must have ended.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    until: Instant,
}

/// The least time given to a step, whatever the deadline says.
const LEAST: Duration = Duration::from_secs(2);
/// The most time given to a restoration: the retries of a failed invocation do the rest.
const MOST: Duration = Duration::from_secs(35);

impl Budget {
    /// For restoring and verifying: 60 % of the time left until `deadline`, at
    /// most 35 s, so that the notice still goes out if it fails.
    #[must_use]
    pub fn for_restoration(deadline: SystemTime) -> Self {
        Self::lasting((left(deadline).mul_f32(0.6)).clamp(LEAST, MOST))
    }

    /// For answering a change of a member's trail: 30 % of the time left until
    /// `deadline`, at most 15 s. A member's administrator can make such events, and
    /// each holds one of the function's runs.
    #[must_use]
    pub fn for_member_change(deadline: SystemTime) -> Self {
        let most = Duration::from_secs(15);
        Self::lasting((left(deadline).mul_f32(0.3)).clamp(LEAST, most))
    }

    /// For beginning with further accounts of an organisation: 70 % of the time left
    /// until `deadline`. What was begun, and the notices, have the rest.
    #[must_use]
    pub fn for_fleet(deadline: SystemTime) -> Self {
        Self::lasting(left(deadline).mul_f32(0.7))
    }

    /// For the notice: what is left until `deadline` less 10 % for the answer.
    #[must_use]
    pub fn for_notice(deadline: SystemTime) -> Self {
        Self::lasting((left(deadline).mul_f32(0.9)).clamp(LEAST, MOST))
    }

    /// For all the notices of a sweep, that go out while it still looks: 90 % of the
    /// time left until `deadline`.
    #[must_use]
    pub fn for_all_notices(deadline: SystemTime) -> Self {
        Self::lasting(left(deadline).mul_f32(0.9).max(LEAST))
    }

    /// For what is nice to know: 30 % of the time left until `deadline`, at most
    /// 10 s.
    #[must_use]
    pub fn for_enrichment(deadline: SystemTime) -> Self {
        Self::lasting(left(deadline).mul_f32(0.3).min(Duration::from_secs(10)))
    }

    /// A budget of `time` from now.
    #[must_use]
    pub fn lasting(time: Duration) -> Self {
        Self {
            until: Instant::now() + time,
        }
    }

    /// The same, but ended by the end of `whole`.
    #[must_use]
    pub fn within(self, whole: Self) -> Self {
        Self {
            until: self.until.min(whole.until),
        }
    }

    /// Whether no time is left.
    #[must_use]
    pub fn is_spent(self) -> bool {
        self.left().is_zero()
    }

    /// The time left.
    #[must_use]
    pub fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Sleeps for `time`; `false`, at once, if the budget ends before.
    pub async fn sleep(self, time: Duration) -> bool {
        let wake = Instant::now() + time;
        if wake >= self.until {
            return false;
        }
        tokio::time::sleep_until(wake).await;
        true
    }
}

fn left(deadline: SystemTime) -> Duration {
    deadline
        .duration_since(SystemTime::now())
        .unwrap_or_default()
}
