//! Containment in words: what was done, whether it was read back, how to undo it.

use crate::{
    advice::{Step, switch_off},
    arn::TrailArn,
    console::Console,
    containment::{POLICY_NAME, Report, State, named},
    incident::Incident,
    moment::Moment,
    page::Page,
};

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html>.
const SOON: &str = " IAM may need a minute to apply it everywhere.";

impl Report {
    /// For the summary.
    pub(crate) fn sentence(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("no reason is known");
        match (self.state, self.is_user) {
            (State::Contained, true) => {
                format!("CONTAINED: a policy denies the user everything, read back.{SOON}")
            }
            (State::Contained, false) => format!(
                "CONTAINED: a policy denies everything to the role's sessions issued before {}, read back.{SOON}",
                self.before()
            ),
            (State::AlreadyContained, true) => {
                "CONTAINED before: a policy denies the user everything, as read.".to_owned()
            }
            (State::AlreadyContained, false) => format!(
                "CONTAINED before: a policy denies everything to the role's sessions issued before {}, as read.",
                self.before()
            ),
            (State::WouldContain, _) => {
                "NOT CONTAINED: Trailkeeper only observes here; enforce would contain the actor."
                    .to_owned()
            }
            (State::Refused, _) => format!("NOT CONTAINED: {reason}."),
            (State::Failed, _) if self.is_in_part() => {
                "CONTAINED IN PART only, see below. Act now.".to_owned()
            }
            (State::Failed, _) => "NOT CONTAINED: it was tried and failed. Act now.".to_owned(),
        }
    }

    /// For the subject and the first lines; `None` if nothing was to be done.
    pub(crate) fn headline(&self) -> Option<&'static str> {
        match self.state {
            State::Contained | State::AlreadyContained => Some("contained"),
            State::Failed if self.is_in_part() => Some("HALF CONTAINED"),
            State::Failed | State::Refused => Some("NOT CONTAINED"),
            State::WouldContain => None,
        }
    }

    /// For one line.
    pub(crate) fn line(&self) -> &'static str {
        match self.state {
            State::Contained => "yes, read back",
            State::AlreadyContained => "yes, before; as read",
            State::WouldContain => "no: only observed",
            State::Refused => "no: see above",
            State::Failed if self.is_in_part() => "IN PART only: contain the actor by hand",
            State::Failed => "FAILED: contain the actor by hand",
        }
    }

    fn before(&self) -> String {
        let before = self.sessions_revoked_before.map(Moment::to_seconds);
        before.unwrap_or_else(|| "an unknown time".to_owned())
    }

    fn is_in_part(&self) -> bool {
        self.policy_in_place == Some(true) || self.key_inactive == Some(true)
    }

    /// The name alone of the user or role.
    fn name(&self) -> Option<&str> {
        self.principal.as_ref()?.as_str().rsplit('/').next()
    }
}

/// What was done about the actor.
pub(crate) fn section(page: &mut Page, incident: &Incident) {
    let Some(report) = &incident.containment else {
        return;
    };
    page.heading("CONTAINMENT");
    if report.state == State::Refused {
        page.fact("Contained", Some("no"));
        page.fact("Why not", report.reason.as_ref());
        return;
    }
    let read = |is_in_place: Option<bool>, what: &str| match is_in_place {
        Some(true) => format!("{what}, as read"),
        Some(false) => format!("NOT {what}, as read"),
        None => format!("not known whether {what}"),
    };
    page.fact("Contained", Some(report.line()));
    page.fact(
        if report.is_user { "User" } else { "Role" },
        report.principal.as_ref(),
    );
    if report.state == State::WouldContain {
        page.fact("Would have called", Some(names(&report.would_call)));
        return;
    }
    let policy = read(report.policy_in_place, "in place");
    page.fact("Policy", Some(format!("{POLICY_NAME}: {policy}")));
    if let Some(key) = &report.access_key_id {
        let key_is = if report.key_gone {
            "gone, IAM says".to_owned()
        } else {
            read(report.key_inactive, "inactive")
        };
        page.fact("Access key", Some(format!("{key}: {key_is}")));
    }
    if report.sessions_revoked_before.is_some() {
        page.fact("Revoked before", Some(report.before()));
    }
    page.fact("Done with", Some(names(&report.calls)));
    if let Some(reason) = &report.reason {
        page.fact("Problem", Some(reason));
    }
}

fn names(calls: &[&str]) -> String {
    if calls.is_empty() {
        return "no call".to_owned();
    }
    let names = calls.iter().map(|call| call.trim_start_matches("iam:"));
    names.collect::<Vec<_>>().join(", ")
}

/// What is left to do about the actor; `None` if nothing was to be done about it.
pub(crate) fn steps(incident: &Incident, trail: &TrailArn) -> Option<Vec<Step>> {
    let report = incident.containment.as_ref()?;
    let mut steps = match report.state {
        State::WouldContain | State::Refused => return None,
        State::Failed => by_hand(report, trail),
        State::Contained | State::AlreadyContained => Vec::new(),
    };
    if report.state.is_contained() {
        if !report.is_user {
            steps.push(Step::new(
                "Find out how the actor got into the role: whoever may assume it gets a new session.",
            ));
        } else if let Some(name) = report.name() {
            let (user, region) = (named("user", name), trail.region());
            steps.push(Step::new(
                "Find out what else the actor made: keys of other users, and sessions of roles that began before, are not ended by this.",
            ));
            steps.push(
                Step::new("Look at the user's own keys, which the policy denies everything too:")
                    .run(&format!(
                        "aws iam list-access-keys {user} --region {region}"
                    )),
            );
        }
    }
    Some(steps)
}

/// How to take it back; `None` if there is nothing to take back.
pub(crate) fn undo(incident: &Incident) -> Option<Step> {
    let report = incident.containment.as_ref()?;
    let step = Step::new(match (report.is_user, report.undoes()) {
        (true, (true, true)) => {
            "To give access back when you know that it was no attack (a stolen key stays off: run the second command alone, and make a new key):"
        }
        (true, (true, false)) => {
            "To switch the key on when you know that it was no attack (a stolen key stays off: make a new one):"
        }
        (true, (false, _)) => "To give access back when you know that it was no attack:",
        (false, _) => {
            "To take the policy away, when stolen sessions have expired (12 hours at most); new sessions need no undoing:"
        }
    });
    Some(step.run(report.undo.as_deref()?))
}

/// What contains the actor where Trailkeeper could not.
fn by_hand(report: &Report, trail: &TrailArn) -> Vec<Step> {
    let (Some(name), region) = (report.name(), trail.region()) else {
        return Vec::new();
    };
    if report.is_unknown && report.is_user {
        return vec![by_another_name(report, region)];
    }
    let mut steps = Vec::new();
    if report.policy_in_place != Some(true) {
        steps.push(if report.is_user {
            let (user, partition) = (named("user", name), trail.partition());
            Step::new("Contain the actor by hand, now:").run(&format!("aws iam attach-user-policy {user} --policy-arn arn:{partition}:iam::aws:policy/AWSDenyAll --region {region}"))
        } else {
            let page = Console::of(trail).map(|console| console.revoke_sessions(name));
            Step::new("Revoke the role's sessions by hand, now:").open(page)
        });
    }
    if let Some(key) = &report.access_key_id
        && report.key_inactive != Some(true)
        && !report.key_gone
    {
        let off = switch_off(name, key.as_str(), region);
        steps.push(Step::new("Switch the key off by hand, now:").run(&off));
    }
    steps
}

/// What finds the user whom IAM does not know by the record's name.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>.
fn by_another_name(report: &Report, region: &str) -> Step {
    const WHY: &str = "IAM knows no user of that name: it was renamed, or deleted. Find out who it is now, and contain that user by hand";
    match &report.access_key_id {
        Some(key) => Step::new(format!("{WHY}:")).run(&format!(
            "aws iam get-access-key-last-used --access-key-id {key} --region {region}"
        )),
        None => Step::new(format!("{WHY}.")),
    }
}
