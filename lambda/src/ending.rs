//! How an incident ended, from what was found and done. Pure.

use crate::{
    asked::Asked,
    incident::Circumstances,
    moment::Moment,
    outcome::Outcome,
    reconcile::{Cause, Mode, Reconciliation},
    trail::Part,
};

/// How far before our first call the trail's start may seem to lie and still be
/// ours, in milliseconds: start times may be cut to the second.
const START_RESOLUTION_MS: i64 = 1_000;

/// `None` if there is nothing to tell.
pub(crate) fn outcome(
    asked: &Asked,
    done: &Reconciliation,
    about: Circumstances,
    stop_confirmed: Option<bool>,
) -> Option<Outcome> {
    // Whatever else the look found is told apart.
    if about.saw_stop {
        return Some(Outcome::AlreadyLogging);
    }
    let found = !done.found.is_empty();
    if about.mode == Mode::Observe && found && done.baseline_problem.is_none() {
        return Some(Outcome::WouldRestore);
    }
    if is_left_to_people(done) {
        return Some(Outcome::Reported);
    }
    if done.verified_at.is_none() || done.baseline_problem.is_some() {
        return Some(if done.left.is_empty() {
            Outcome::Unverified
        } else {
            Outcome::NotRestored
        });
    }
    // The start that answers a stop is made whatever the trail looks like.
    let first_start =
        |call: &&str| about.cause == Cause::Stop && *call == "cloudtrail:StartLogging";
    if found && done.calls.iter().any(|call| !first_start(call)) {
        return Some(Outcome::Restored);
    }
    let is_left_alone = !done.left_alone.is_empty();
    if done.is_exempt || (is_left_alone && about.cause == Cause::Sweep) {
        return Some(Outcome::LeftAlone);
    }
    let outcome = match about.cause {
        Cause::Sweep => None,
        // A responder sets what is declared: whoever sets anything else is none.
        Cause::Echo => {
            let weakened = matches!(asked, Asked::Fields(_)) && !asked.conforms();
            weakened.then_some(Outcome::AlreadyRestored)
        }
        Cause::Change(Part::Logging) => Some(outcome_of_exempt_stop(done, stop_confirmed)),
        Cause::Change(_) => Some(match asked {
            Asked::Unknown | Asked::Unguarded => Outcome::Unconfirmed,
            asked if asked.conforms() => Outcome::ConformingChange,
            Asked::Fields(_) => Outcome::AlreadyRestored,
        }),
        Cause::Stop => Some(outcome_of_stop(done, about.mode, stop_confirmed)),
    };
    // As declared it is not, whatever this call asked for.
    outcome.map(|outcome| match outcome {
        Outcome::ConformingChange if is_left_alone => Outcome::LeftAlone,
        outcome => outcome,
    })
}

/// Whether all that is still wrong is what the baseline has people restore.
fn is_left_to_people(done: &Reconciliation) -> bool {
    let thing = done.baseline.thing.as_ref();
    done.verified_at.is_none()
        && done.baseline_problem.is_none()
        && done.refused.is_empty()
        && (done.unread.is_empty() || done.is_missing)
        && thing.is_some_and(|thing| thing.leaves_to_people(&done.left))
}

/// How a stop ended that was to be left alone, and that was undone before the look;
/// or the look is older than it.
fn outcome_of_exempt_stop(done: &Reconciliation, stop_confirmed: Option<bool>) -> Outcome {
    match (stop_confirmed, start_after_stop(done)) {
        (Some(true), Some(_)) => Outcome::AlreadyLogging,
        _ => Outcome::Unconfirmed,
    }
}

/// How a stop ended of which nothing was left to see but the trail's own times.
fn outcome_of_stop(done: &Reconciliation, mode: Mode, stop_confirmed: Option<bool>) -> Outcome {
    let start_after_stop = start_after_stop(done);
    if done.start_accepted_at.is_none() {
        // Nothing of ours started it, and a read that is older than the stop
        // looks the same: the trail must show this stop and a start after it.
        return match (stop_confirmed, start_after_stop) {
            (Some(true), Some(_)) => Outcome::AlreadyLogging,
            _ if mode == Mode::Observe => Outcome::Unconfirmed,
            _ => Outcome::Unverified,
        };
    }
    let was_started_before = start_after_stop
        .is_some_and(|start| done.begun_at.millis_since(start) > START_RESOLUTION_MS);
    if stop_confirmed != Some(true) {
        Outcome::Unconfirmed
    } else if was_started_before {
        Outcome::AlreadyLogging
    } else {
        Outcome::Restored
    }
}

fn start_after_stop(done: &Reconciliation) -> Option<Moment> {
    let state = done.logging?;
    let (start, stop) = state.started_at.zip(state.stopped_at)?;
    (start >= stop).then_some(start)
}
