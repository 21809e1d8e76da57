//! The log line of an incident.

use tracing::{error, field::display, info, warn};

use crate::{
    incident::Incident,
    outcome::{Outcome, Severity},
};

/// Accounts that a line names: it has to stay readable, and the notice has all.
const NAMED: usize = 20;

/// Writes what became of a trail, or of accounts.
pub(crate) fn incident(incident: &Incident) {
    let timing = &incident.timing;
    let trail = incident.trail.arn.as_ref().map(display);
    let thing = incident.thing.as_ref().map(|thing| display(&thing.arn));
    let actor = incident.actor.best().map(display);
    let problem = incident.problem.as_deref();
    let outcome = incident.outcome.as_str();
    let fields: Vec<&str> = incident.drift.iter().map(|d| d.field.as_str()).collect();
    let drift = (!fields.is_empty()).then(|| fields.join(","));
    let calls = incident.remediation.calls.join(",");
    if incident.outcome.is_of_accounts() {
        let accounts = incident.accounts.len();
        let first: Vec<&str> = incident
            .accounts
            .iter()
            .map(String::as_str)
            .take(NAMED)
            .collect();
        let first = first.join(",");
        warn!(outcome, accounts, first, problem, "accounts were not swept");
    } else if incident.outcome.is_failure() {
        error!(
            outcome,
            trail, thing, actor, problem, drift, calls, "not verified as declared"
        );
    } else if incident.outcome == Outcome::AttemptDenied {
        let error_code = incident.event.error_code.as_ref().map(display);
        warn!(
            outcome,
            trail, thing, actor, error_code, "an attempt to weaken a trail failed"
        );
    } else if incident.severity == Severity::Info {
        info!(
            outcome,
            trail, thing, actor, drift, calls, "an expected change"
        );
    } else {
        warn!(
            outcome,
            trail,
            thing,
            actor,
            problem,
            drift,
            calls,
            event_to_verified_ms = timing.event_to_verified_ms,
            gap_ms = timing.gap_ms,
            "an incident was answered"
        );
    }
}
