//! Containment as it is done: bounded, read back, and never in the way of the notice.

use std::time::Duration;

use futures_util::future::{OptionFuture, join};
use serde_json::{Value, json};
use tracing::{info, warn};

use crate::{
    baseline::sha256,
    budget::Budget,
    containment::{Part, Report, State, Target, Verdict, plan, revoked_before},
    dynamodb::{Change, Claim, Field},
    failure::CallError,
    group::{CONTAINMENT, Member},
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

    /// Whether an incident that is left to a summary must be told for its containment's
    /// sake: who came back with a new session was contained again, or was not, though
    /// it was tried. That is told once of each session.
    pub(crate) async fn is_contained_anew(&self, incident: &Incident, budget: Budget) -> bool {
        let Some(report) = &incident.containment else {
            return false;
        };
        match report.state {
            State::Contained => true,
            State::Failed => self.is_first_failure(incident, report, budget).await,
            State::AlreadyContained | State::WouldContain | State::Refused => false,
        }
    }

    /// Notes it in the actor's group, so that the summary says it.
    pub(crate) async fn note_containment(&self, incident: &Incident, budget: Budget) {
        let Some((report, member)) = incident.containment.as_ref().zip(Member::of(incident)) else {
            return;
        };
        let state = Field::Text(report.state.as_str().to_owned());
        let change = Change::default().set(CONTAINMENT, state);
        if let Err(error) = self.incidents().change(&member.group, change, budget).await {
            warn!(%error, "the summary will not say what came of containment");
        }
    }

    /// In doubt, it is.
    async fn is_first_failure(&self, incident: &Incident, report: &Report, budget: Budget) -> bool {
        let session = json!([report.principal, incident.actor.access_key_id]);
        let key = format!("containment#{}", sha256(&session.to_string()));
        // A retry of the event that was the first is the first again.
        let owner = incident.event_key().unwrap_or_default();
        let table = self.incidents();
        match table.claim(&key, &owner, true, budget).await {
            Ok(Claim::Taken) => return false,
            Ok(Claim::Granted) => {}
            Err(error) => {
                warn!(%error, "whether this failure to contain was told is not known");
                return true;
            }
        }
        if let Err(error) = table.told(&key, &owner, budget).await {
            warn!(%error, "not remembered: this failure to contain may be told again");
        }
        true
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
    let was_there = match iam.policy(target, half(budget)).await {
        Ok(Some(found)) if target.is_held_by(&found, None) => {
            return (in_place(None), Some(found));
        }
        Ok(found) => Some(found.is_some()),
        // What cannot be read before may be written all the same.
        Err(_) => None,
    };
    let wanted = target.policy(Moment::now());
    let call = match iam.put_policy(target, &wanted, half(budget)).await {
        Ok(call) => call,
        Err(error) => {
            let part = Part {
                is_gone: error.has_code(MISSING),
                ..not_done(&error, was_there)
            };
            return (part, None);
        }
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
    let was_off = match iam.is_active(&target.name, key, half(budget)).await {
        Ok(Some(false)) => return in_place(None),
        Ok(Some(true)) => Some(false),
        Ok(None) | Err(_) => None,
    };
    let call = match iam.switch_off(&target.name, key, half(budget)).await {
        Ok(call) => call,
        // A key that is gone signs nothing. A new one may not be listed yet.
        Err(error) if error.has_code(MISSING) => {
            return Part {
                is_gone: true,
                ..Part::default()
            };
        }
        Err(error) => return not_done(&error, was_off),
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
        is_left: true,
        ..Part::default()
    }
}

/// It was not accepted. What `was` read before, if anything could be, still stands after
/// a refusal; after a failure of another kind it may be done all the same.
fn not_done(error: &CallError, was: Option<bool>) -> Part {
    let is_refused = !error.is_retryable();
    Part {
        is_in_place: was.filter(|_| is_refused).map(|_| false),
        is_left: !is_refused || was == Some(true),
        problem: Some(error.to_string()),
        ..Part::default()
    }
}

/// It was accepted, and no read shows it.
fn unseen(call: &'static str, problem: Option<CallError>) -> Part {
    Part {
        call: Some(call),
        is_in_place: problem.is_none().then_some(false),
        is_left: true,
        problem: Some(match problem {
            Some(error) => error.to_string(),
            None => format!("{call} was accepted, and no read shows it yet"),
        }),
        ..Part::default()
    }
}
