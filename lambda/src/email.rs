//! The notice as a person reads it in an e-mail: what is the case now, what to do,
//! and then what is known, in sections.

use serde_json::Value;

use crate::{
    advice::next_steps,
    containment::Report,
    containment_notice,
    findings::findings,
    incident::{Incident, Timing},
    moment::Moment,
    outcome::Outcome,
    page::Page,
    storm_notice,
    text::Clean,
    trail::Drift,
};

/// The sections below the first lines, in their order. One that has nothing to say
/// about an incident writes nothing.
const SECTIONS: [fn(&mut Page, &Incident); 11] = [
    steps,
    accounts,
    containment_notice::section,
    changes,
    break_glass,
    thing,
    trail,
    who,
    when,
    findings,
    call,
];

/// The same of an actor's many incidents.
const OF_STORM: [fn(&mut Page, &Incident); 3] = [steps, storm_notice::page, findings];

/// The text for `incident`, which `summary` sums up.
pub(crate) fn email(incident: &Incident, summary: &str) -> String {
    let mut page = Page::default();
    page.line(&status(incident));
    if let Some(contained) = incident.containment.as_ref().and_then(Report::headline) {
        page.line(&format!("ACTOR {}.", contained.to_uppercase()));
    }
    page.line(summary);
    if let Some(origin) = origin(incident) {
        page.line(&origin);
    }
    if let Some(problem) = &incident.problem {
        page.line(&format!("Problem: {problem}"));
    }
    let sections = match incident.storm {
        Some(_) => &OF_STORM[..],
        None => &SECTIONS[..],
    };
    for section in sections {
        section(&mut page, incident);
    }
    page.text
}

/// When the call was made, and from where.
fn origin(incident: &Incident) -> Option<String> {
    if incident.outcome.is_of_accounts() || incident.is_unexplained() || incident.storm.is_some() {
        return None;
    }
    let unknown = || "unknown".to_owned();
    let at = incident.timing.event_time.map(Moment::to_seconds);
    let from = |value: &Option<Clean>| {
        let quoted = value.as_ref().map(Clean::quoted_unlinked);
        quoted.unwrap_or_else(unknown)
    };
    Some(format!(
        "The call: {}, from {}, key {}.",
        at.unwrap_or_else(unknown),
        from(&incident.actor.source_ip),
        from(&incident.actor.access_key_id)
    ))
}

/// What to do now.
fn steps(page: &mut Page, incident: &Incident) {
    page.heading("WHAT TO DO NOW");
    for step in next_steps(incident) {
        page.wrapped("- ", "  ", &step.text);
        if !step.command.is_empty() {
            page.command(&step.command);
        }
        if let Some(link) = &step.link {
            page.link(link);
        }
    }
}

/// The log bucket, the key or the part of the responder.
fn thing(page: &mut Page, incident: &Incident) {
    if let Some(thing) = &incident.thing {
        page.heading(&thing.kind.what().to_uppercase());
        page.fact("ARN", Some(&thing.arn));
        if thing.kind.is_part() {
            page.fact("Account", incident.trail.account.as_ref());
            page.fact("Region", incident.trail.region.as_ref());
        }
    }
}

/// The trail.
fn trail(page: &mut Page, incident: &Incident) {
    let mut thing = incident.thing.iter();
    // A part of the responder belongs to no trail.
    if incident.outcome.is_of_accounts() || thing.any(|thing| thing.kind.is_part()) {
        return;
    }
    page.heading("TRAIL");
    let trail = &incident.trail;
    page.fact("ARN", trail.arn.as_ref());
    if trail.arn.is_some() {
        page.fact("Account", trail.account.as_ref());
        page.fact("Region", trail.region.as_ref());
    } else {
        page.field("Account", trail.account.as_ref());
        page.field("Region", trail.region.as_ref());
    }
}

/// The accounts that a finding is about.
fn accounts(page: &mut Page, incident: &Incident) {
    const MOST: usize = 200;
    if !incident.outcome.is_of_accounts() {
        return;
    }
    page.heading("ACCOUNTS");
    for account in incident.accounts.iter().take(MOST) {
        page.line(&format!("  {account}"));
    }
    let more = incident.accounts.len().saturating_sub(MOST);
    if more > 0 {
        page.line(&format!("  and {more} more: the JSON document names all"));
    }
    if incident.accounts.is_empty() {
        page.line("  not known which");
    }
}

/// The call behind it.
fn call(page: &mut Page, incident: &Incident) {
    if incident.outcome.is_of_accounts() || incident.is_unexplained() {
        return;
    }
    page.heading("THE CALL");
    page.field("Event", incident.event.name.as_ref());
    page.field("Event id", incident.id.as_ref());
    page.field("Request id", incident.event.request_id.as_ref());
    if incident.outcome == Outcome::AttemptDenied {
        page.field("Error code", incident.event.error_code.as_ref());
        page.field("Error message", incident.event.error_message.as_ref());
    }
}

/// Who made the call.
fn who(page: &mut Page, incident: &Incident) {
    let actor = &incident.actor;
    if incident.outcome.is_of_accounts() {
        return;
    }
    if incident.is_unexplained() {
        page.heading("WHO");
        page.line(match incident.outcome {
            Outcome::LeftAlone => "  The notices of the calls named them.",
            _ => "  Nobody is named: no event came, and no recorded call explains it yet.",
        });
        return;
    }
    page.heading("WHO (in quotes: as recorded, partly the caller's own choice)");
    page.field("Identity type", actor.kind.as_ref());
    page.field("ARN", actor.arn.as_ref());
    page.field("Name", actor.name.as_ref());
    page.field("Account", actor.account.as_ref());
    page.field("Session issuer", actor.session_issuer_arn.as_ref());
    if actor.source_identity.is_some() {
        page.field("Source identity", actor.source_identity.as_ref());
    }
    if actor.invoked_by.is_some() {
        page.field("Invoked by", actor.invoked_by.as_ref());
    }
    page.fact("MFA", actor.mfa.map(yes_or_no));
    page.field("Access key id", actor.access_key_id.as_ref());
    page.field("Source IP", actor.source_ip.as_ref());
    page.field("User agent", actor.user_agent.as_ref());
}

/// Whether the trail, or the thing, was looked at.
fn was_answered(incident: &Incident) -> bool {
    match incident.outcome {
        Outcome::AttemptDenied => false,
        // A thing is looked at, whatever is left to people.
        Outcome::Reported => incident.thing.is_some() && incident.verification.reads > 0,
        _ => true,
    }
}

/// What differed, field by field; a plain stop is told by the first line.
fn changes(page: &mut Page, incident: &Incident) {
    const INDENT: &str = "      ";
    if incident.drift.is_empty() || incident.is_plain_stop() {
        return;
    }
    page.heading("WHAT WAS NOT AS DECLARED (found -> declared)");
    for Drift {
        field,
        before,
        after,
        ..
    } in &incident.drift
    {
        let is_wrong =
            incident.outcome.is_failure() && incident.verification.still_differs.contains(field);
        let mut left_alone = incident.break_glass.iter().flat_map(|g| &g.left_alone);
        let still = if is_wrong {
            "   STILL SO"
        } else if left_alone.any(|left| left == field) {
            "   LEFT ALONE"
        } else {
            ""
        };
        // What was found may be the attacker's words.
        let found = match before {
            Value::Bool(_) | Value::Null => value_text(before).to_string(),
            words if words == "" => value_text(before).to_string(),
            words => value_text(words).quoted_unlinked(),
        };
        page.line(&format!("  {field}{still}"));
        page.wrapped(INDENT, INDENT, &found);
        page.wrapped("   -> ", INDENT, value_text(after).as_str());
    }
    let asked = &incident.event.asked_for;
    if !asked.is_empty() && asked.len() < incident.drift.len() {
        let which = format!("Of these, the call below set: {}", asked.join(", "));
        page.wrapped("  ", "  ", &which);
    }
}

/// The break-glass entry that it has to do with.
fn break_glass(page: &mut Page, incident: &Incident) {
    let Some(glass) = &incident.break_glass else {
        return;
    };
    page.heading("BREAK-GLASS");
    page.field("Reason", Some(&glass.reason));
    page.fact("Who may", Some(&glass.principal));
    let until = glass.expires_at.to_seconds();
    if glass.left_alone.is_empty() {
        page.fact("Ended", Some(until));
    } else {
        page.fact("Left alone", Some(glass.left_alone.join(", ")));
        page.fact("Until", Some(until));
    }
}

/// A value for people, cut to what fits on the page; the document has it whole.
fn value_text(value: &Value) -> Clean {
    const MOST: usize = 240;
    let text = match value {
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Clean::from(short.as_str())
}

/// When what happened.
fn when(page: &mut Page, incident: &Incident) {
    if incident.outcome.is_of_accounts() {
        return;
    }
    page.heading("WHEN (UTC)");
    if !incident.is_unexplained() {
        page.fact(
            "Call made",
            incident.timing.event_time.map(Moment::to_seconds),
        );
    }
    if was_answered(incident) {
        course(page, incident);
    }
}

/// How long nothing was recorded; `None` if the trail was not stopped.
pub(crate) fn gap(incident: &Incident) -> Option<String> {
    let timing = &incident.timing;
    if timing.stopped_at.is_none() && !(was_answered(incident) && incident.is_plain_stop()) {
        return None;
    }
    let is_logging = incident.verification.is_logging;
    let unknown = || "unknown".to_owned();
    let may_be_off = incident.outcome.is_failure() || incident.outcome == Outcome::LeftAlone;
    if !may_be_off || is_logging == Some(true) {
        return Some(
            timing
                .gap_ms
                .map_or_else(unknown, |gap| gap_text(gap, timing)),
        );
    }
    Some(match (is_logging, timing.stopped_at) {
        (Some(false), Some(stop)) => format!("open since {}", stop.to_seconds()),
        _ => "unknown, may be open".to_owned(),
    })
}

/// How it was answered.
fn course(page: &mut Page, incident: &Incident) {
    let timing = &incident.timing;
    let verification = &incident.verification;
    if let Some(gap) = gap(incident) {
        page.fact(
            "Trail's last stop",
            timing.stopped_at.map(Moment::to_seconds),
        );
        page.fact(
            "Trail's last start",
            timing.started_at.map(Moment::to_seconds),
        );
        page.fact("Gap in the log", Some(gap));
    }
    if !incident.outcome.is_failure() && timing.verified_at.is_some() {
        page.fact(
            "Seen as declared",
            timing.verified_at.map(Moment::to_seconds),
        );
        if incident.source == "event" {
            page.fact(
                "Call to seen",
                timing.event_to_verified_ms.map(seconds_of_event),
            );
        }
    }
    let calls = |calls: &[&str]| {
        if calls.is_empty() {
            return "no call".to_owned();
        }
        let names: Vec<&str> = calls
            .iter()
            .map(|call| call.trim_start_matches("cloudtrail:"))
            .collect();
        names.join(", ")
    };
    page.fact(
        "Answered with",
        Some(format!(
            "{}; looked at {} x",
            calls(&incident.remediation.calls),
            verification.reads
        )),
    );
    if incident.outcome == Outcome::WouldRestore {
        page.fact(
            "Would have called",
            Some(calls(&incident.remediation.would_call)),
        );
    }
}

/// The most important line.
pub(crate) fn status(incident: &Incident) -> String {
    let stop = incident.is_plain_stop();
    let off = incident.verification.is_logging != Some(true) && incident.thing.is_none();
    let state = match incident.outcome {
        Outcome::Restored if stop => "RESTORED: logging was stopped and is on again, read back.",
        Outcome::Restored if incident.was_deleted() => {
            "RESTORED: the trail was deleted, was made again and is as declared, read back."
        }
        Outcome::Restored if incident.is_left_in_part() => {
            "RESTORED, but for what break-glass leaves alone: that is NOT as declared."
        }
        Outcome::Restored => {
            "RESTORED: the trail was weakened and is as declared again, read back."
        }
        Outcome::AlreadyLogging => "LOGGING: it was stopped, and was on again before this answer.",
        Outcome::AlreadyRestored => {
            "AS DECLARED: it was weakened, and was as declared again before this answer."
        }
        Outcome::Unconfirmed if stop => {
            "LOGGING: a stop was reported that the trail does not confirm."
        }
        Outcome::Unconfirmed if !incident.event.is_guarded => {
            "NOT GUARDED: somebody changed what the baseline does not declare."
        }
        Outcome::Unconfirmed => {
            "AS DECLARED: somebody changed it, and the record does not say what."
        }
        Outcome::ConformingChange => "AS DECLARED: the trail was changed and matches its baseline.",
        Outcome::NotRestored if incident.verification.is_logging == Some(false) => {
            "NOT RESTORED: the trail is NOT logging. Act now."
        }
        Outcome::NotRestored if incident.is_gone() => {
            "NOT RESTORED: the trail was deleted and is GONE. Act now."
        }
        Outcome::NotRestored => "NOT RESTORED: the trail is NOT as declared. Act now.",
        Outcome::Unverified if off => "NOT VERIFIED: the trail may NOT be logging. Act now.",
        Outcome::Unverified if incident.thing.is_some() => {
            "NOT VERIFIED: the trail is perhaps NOT as declared. Act now."
        }
        Outcome::Unverified => "NOT VERIFIED: logging, but perhaps NOT as declared. Act now.",
        Outcome::WouldRestore => "NOT AS DECLARED: nothing was done, the mode is observe.",
        Outcome::LeftAlone if incident.verification.is_logging == Some(false) => {
            "BREAK-GLASS: NOT LOGGING, and left alone until the time below; then healed."
        }
        Outcome::LeftAlone => {
            "BREAK-GLASS: NOT as declared, and left alone until the time below; then healed."
        }
        Outcome::AttemptDenied => {
            "ATTEMPT DENIED: somebody tried to weaken a trail, and the call failed."
        }
        Outcome::Reported if incident.thing.is_some() => {
            "NOT RESTORED: the trail is NOT as declared, and that is left to you. Act now."
        }
        Outcome::Reported => "REPORTED: a call that Trailkeeper cannot undo.",
        Outcome::Unreachable => "UNREACHABLE: nobody knows whether the trails there log. Act now.",
        Outcome::AccountSuspended => "NOT SWEPT: accounts are suspended or being closed.",
        Outcome::SweepIncomplete => "NOT ALL SWEPT: trails may be off and nobody knows. Act now.",
        Outcome::StormSummary => "SUMMARY: many incidents by one actor.",
    };
    let state = incident
        .storm
        .as_ref()
        .map_or_else(|| state.to_owned(), storm_notice::status);
    let but = match incident.outcome {
        Outcome::LeftAlone | Outcome::Restored => "",
        _ if incident.is_left_in_part() => " But for what break-glass leaves alone.",
        _ => "",
    };
    let severity = incident.severity.as_str().to_uppercase();
    // The same is said of what belongs to a trail.
    let what = incident.what();
    let state = state.replace("the trail", &format!("the {what}"));
    let article = if what.starts_with('e') { "an" } else { "a" };
    let state = state.replace("a trail", &format!("{article} {what}"));
    format!("{severity}  {state}{but}")
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let milliseconds = milliseconds.unsigned_abs();
    format!(
        "{sign}{}.{:03} s",
        milliseconds / 1_000,
        milliseconds % 1_000
    )
}

fn seconds_of_event(milliseconds: i64) -> String {
    format!(
        "{}, at most (the call's time is cut to the second)",
        seconds(milliseconds)
    )
}

fn gap_text(gap: i64, timing: &Timing) -> String {
    let whole = |moment: Option<Moment>| moment.is_some_and(Moment::is_whole_second);
    if !whole(timing.stopped_at) || !whole(timing.started_at) {
        return seconds(gap);
    }
    let about = if gap == 0 {
        "under 1 s".to_owned()
    } else {
        format!("about {} s", gap / 1_000)
    };
    format!("{about} (the trail's times are in whole seconds)")
}
