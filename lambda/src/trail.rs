//! The guarded trail: how its logging state is put back and proven to be back.

use std::{future::Future, time::Duration};

use crate::{arn::TrailArn, budget::Budget, failure::CallError, moment::Moment};

/// What GetTrailStatus says about logging.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggingState {
    /// `IsLogging`; `None` if the answer lacked it.
    pub is_logging: Option<bool>,
    /// `StartLoggingTime`, the latest start.
    pub started_at: Option<Moment>,
    /// `StopLoggingTime`, the latest stop.
    pub stopped_at: Option<Moment>,
}

/// The two calls that a stopped trail needs.
pub trait TrailApi {
    /// StartLogging for `trail`, in its home region.
    fn start_logging(
        &self,
        trail: &TrailArn,
        budget: Budget,
    ) -> impl Future<Output = Result<(), CallError>>;

    /// GetTrailStatus for `trail`.
    fn logging_state(
        &self,
        trail: &TrailArn,
        budget: Budget,
    ) -> impl Future<Output = Result<LoggingState, CallError>>;
}

/// What was done about a trail and what was seen afterwards.
#[derive(Debug)]
pub struct Healing {
    /// When the first StartLogging was sent.
    pub begun_at: Moment,
    /// When a StartLogging was first accepted.
    pub accepted_at: Option<Moment>,
    /// Rounds of StartLogging; each may hold a few tries on the wire.
    pub starts: usize,
    /// Rounds of GetTrailStatus.
    pub reads: u32,
    /// The last state read.
    pub state: Option<LoggingState>,
    /// When the last read showed the trail logging; `None` if it did not.
    pub verified_at: Option<Moment>,
    /// The last StartLogging that failed.
    pub start_error: Option<CallError>,
    /// The last read that failed.
    pub read_error: Option<CallError>,
}

/// Waits before each read after a start. CloudTrail is eventually consistent:
/// the first read comes at once, the later ones leave it time.
const WAITS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(150),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Before the next start.
const PAUSE: Duration = Duration::from_millis(250);

/// After so many reads a trail that is seen not to log is started again; one
/// that is seen to log but not to have been stopped is read to the end.
const READS_PER_START: usize = 4;

/// Starts logging and reads until the trail is seen to log or `budget` is spent.
/// A read that shows it logging but not yet the stop (`stop_shows` is false) may
/// be older than the stop, and is read again before it is believed.
///
/// StartLogging is the first call whatever the state (law 1) and is harmless on
/// a trail that logs. If reads keep showing a stopped trail, somebody stopped
/// it again, and it is started again.
pub async fn restore(
    api: &impl TrailApi,
    trail: &TrailArn,
    budget: Budget,
    stop_shows: impl Fn(&LoggingState) -> bool,
) -> Healing {
    let mut healing = Healing {
        begun_at: Moment::now(),
        accepted_at: None,
        starts: 0,
        reads: 0,
        state: None,
        verified_at: None,
        start_error: None,
        read_error: None,
    };
    loop {
        healing.starts += 1;
        let started = api.start_logging(trail, budget).await;
        let start_is_final = started.as_ref().is_err_and(|error| !error.is_retryable());
        match started {
            Ok(()) => {
                healing.accepted_at.get_or_insert_with(Moment::now);
                healing.start_error = None;
            }
            Err(error) => healing.start_error = Some(error),
        }
        for (n, wait) in WAITS.into_iter().enumerate() {
            if n == READS_PER_START && healing.verified_at.is_none() {
                break;
            }
            if !wait.is_zero() && !budget.sleep(wait).await {
                return healing;
            }
            if budget.is_spent() {
                return healing;
            }
            healing.reads += 1;
            match api.logging_state(trail, budget).await {
                Ok(state) => {
                    healing.state = Some(state);
                    healing.read_error = None;
                    healing.verified_at = (state.is_logging == Some(true)).then(Moment::now);
                    if healing.verified_at.is_some() && stop_shows(&state) {
                        return healing;
                    }
                }
                Err(error) => {
                    // A refused read says nothing about the next start.
                    let reading_is_over = !error.is_retryable();
                    healing.verified_at = None;
                    healing.read_error = Some(error);
                    if reading_is_over {
                        break;
                    }
                }
            }
        }
        let read_is_final = healing
            .read_error
            .as_ref()
            .is_some_and(|e| !e.is_retryable());
        let done = healing.verified_at.is_some()
            || start_is_final
            || (healing.start_error.is_none() && read_is_final);
        if done || !budget.sleep(PAUSE).await {
            return healing;
        }
    }
}
