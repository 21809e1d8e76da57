//! Containment as it is done: bounded, read back, and never in the way of the notice.

use std::time::Duration;

use futures_util::future::{OptionFuture, join};
use serde_json::Value;
use tracing::{info, warn};

use crate::{
    budget::Budget,
    containment::{Part, Report, Target, Verdict, plan, revoked_before},
    failure::CallError,
    handler::Handler,
    iam::{Iam, MISSING},
    incident::Incident,
    moment::Moment,
    outcome::Severity,
    reconcile::Mode,
};

/// The most that it may take; of the notice's time a quarter, if that is less.
const MOST: Duration = Duration::from_secs(8);
/// Between two looks at what was done: IAM is eventually consistent.
const PAUSE: Duration = Duration::from_millis(300);

impl Handler {
    /// The same incident with what was done about its actor, of whom it is the one with
    /// number `count` within the window. Such an incident is critical.
    pub(crate) async fn contained(
        &self,
        mut incident: Incident,
        count: u64,
        notice: Budget,
    ) -> Incident {
        let report = match plan(&incident, count, &self.config, Moment::now()) {
            Verdict::NotMeant => return incident,
            Verdict::Refused(why) => Report::refused(why),
            Verdict::Contain(target) if self.config.mode == Mode::Observe => Report::would(&target),
            Verdict::Contain(target) => {
                let budget = Budget::lasting(MOST.min(notice.left() / 4));
                let iam = self.iam.get_or_init(|| Iam::new(&self.aws));
                hold(iam, &target, self.aws.region(), budget).await
            }
        };
        let state = report.state.as_str();
        let reason = report.reason.as_deref();
        let principal = report.principal.as_ref().map(tracing::field::display);
        if report.state.is_contained() {
            info!(state, principal, "containment");
        } else {
            warn!(state, principal, reason, "containment");
        }
        incident.severity = Severity::Critical;
        incident.containment = Some(report);
        incident
    }
}

/// Policy and key side by side: one that fails does not hold up the other.
async fn hold(iam: &Iam, target: &Target, region: &str, budget: Budget) -> Report {
    let key = target.key().map(|key| hold_key(iam, target, key, budget));
    let policy = hold_policy(iam, target, budget);
    let ((policy, found), key) = join(policy, OptionFuture::from(key)).await;
    let before = found.as_ref().and_then(revoked_before);
    Report::done(target, &policy, before, key.as_ref(), region)
}

async fn hold_policy(iam: &Iam, target: &Target, budget: Budget) -> (Part, Option<Value>) {
    // What cannot be read before may be written all the same.
    if let Ok(Some(found)) = iam.policy(target, half(budget)).await
        && target.is_held_by(&found, None)
    {
        return (in_place(None), Some(found));
    }
    let wanted = target.policy(Moment::now());
    let call = match iam.put_policy(target, &wanted, half(budget)).await {
        Ok(call) => call,
        Err(error) => return (failed(None, &error), None),
    };
    let mut problem = None;
    loop {
        match iam.policy(target, budget).await {
            Ok(Some(found)) if target.is_held_by(&found, Some(&wanted)) => {
                return (in_place(Some(call)), Some(found));
            }
            Ok(_) => {}
            Err(error) => problem = Some(error),
        }
        if problem.is_some() || !budget.sleep(PAUSE).await {
            return (unseen(call, problem), None);
        }
    }
}

async fn hold_key(iam: &Iam, target: &Target, key: &str, budget: Budget) -> Part {
    if let Ok(Some(false)) = iam.is_active(&target.name, key, half(budget)).await {
        return in_place(None);
    }
    let call = match iam.switch_off(&target.name, key, half(budget)).await {
        Ok(call) => call,
        // A key that is gone signs nothing. A new one may not be listed yet.
        Err(error) if error.has_code(MISSING) => return in_place(None),
        Err(error) => return failed(None, &error),
    };
    let mut problem = None;
    loop {
        match iam.is_active(&target.name, key, budget).await {
            Ok(Some(false)) => return in_place(Some(call)),
            Ok(_) => {}
            Err(error) => problem = Some(error),
        }
        if problem.is_some() || !budget.sleep(PAUSE).await {
            return unseen(call, problem);
        }
    }
}

/// A first look must leave time for the call that it may spare.
fn half(budget: Budget) -> Budget {
    Budget::lasting(budget.left() / 2)
}

fn in_place(call: Option<&'static str>) -> Part {
    Part {
        call,
        is_in_place: Some(true),
        problem: None,
    }
}

fn failed(call: Option<&'static str>, error: &CallError) -> Part {
    Part {
        call,
        is_in_place: None,
        problem: Some(error.to_string()),
    }
}

/// It was accepted, and no read shows it.
fn unseen(call: &'static str, problem: Option<CallError>) -> Part {
    match problem {
        Some(error) => failed(Some(call), &error),
        None => Part {
            call: Some(call),
            is_in_place: Some(false),
            problem: Some(format!("{call} was accepted, and no read shows it yet")),
        },
    }
}
