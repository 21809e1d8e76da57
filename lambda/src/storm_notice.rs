//! How repeated incidents and their summary are worded.

use crate::{
    containment::State, incident::Incident, outcome::Outcome, page::Page, storm_summary::Storm,
    text::Clean,
};

/// A list in the e-mail has so many entries at most; the document has more.
const LISTED: usize = 10;

/// `1st`, `2nd` and so on.
pub(crate) fn ordinal(number: u64) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// What an incident that is one of several says of the others.
pub(crate) fn again(incident: &Incident) -> Option<String> {
    let repetition = incident.repetition?;
    let what = match incident.outcome {
        Outcome::AttemptDenied => "denied attempt",
        _ => "incident",
    };
    let untold = match repetition.untold {
        0 => String::new(),
        1 => " One of them was not told by itself: it comes in a summary.".to_owned(),
        more => format!(" {more} of them were not told one by one: they come in a summary."),
    };
    Some(format!(
        "It is the {} {what} by this actor since {}.{untold}",
        ordinal(repetition.count),
        repetition.since.to_seconds()
    ))
}

/// In the subject of a summary.
pub(crate) fn headline(incident: &Incident) -> Option<String> {
    let storm = incident.storm.as_ref()?;
    let now = if storm.is_over { "over" } else { "going on" };
    Some(format!(
        "{} {} by one actor, {now}",
        storm.count,
        what(storm)
    ))
}

/// The most important line of a summary.
pub(crate) fn status(storm: &Storm) -> String {
    let (count, what) = (storm.count, what(storm));
    if storm.is_over {
        format!(
            "SUMMARY: {count} {what} by one actor, and no further one like them for ten minutes."
        )
    } else {
        format!("SUMMARY: {count} {what} by one actor, and it GOES ON. Act now.")
    }
}

/// The summary in two sentences.
pub(crate) fn sentence(incident: &Incident, storm: &Storm) -> String {
    let untold = match storm.untold {
        1 => "One of them was not told by itself until now.".to_owned(),
        more => format!("{more} of them were not told one by one until now."),
    };
    let trails = match &storm.trails[..] {
        [] => "no trail that the records name".to_owned(),
        [_] => incident.trail.title(),
        more => format!("{} trails", more.len()),
    };
    let with = match storm.access_key_ids.len() {
        0 | 1 => String::new(),
        keys => format!(", with {keys} access keys,"),
    };
    let contained = match storm.containment {
        Some(state) if state.is_contained() => " The actor was CONTAINED, as last read.",
        Some(State::Refused) => " The actor is NOT CONTAINED: the single notices say why.",
        Some(State::Failed) => " The actor is NOT CONTAINED, or not as a whole: it failed.",
        _ => "",
    };
    format!(
        "{}{with} made {} {} on {trails}, from {} to {}. {untold}{contained}",
        incident.actor.quoted(),
        storm.count,
        if storm.is_denied() {
            "attempts that were denied,"
        } else {
            "calls"
        },
        storm.first_at.to_seconds(),
        storm.last_at.to_seconds(),
    )
}

/// What a summary's text says below the steps.
pub(crate) fn page(page: &mut Page, incident: &Incident) {
    let Some(storm) = &incident.storm else {
        return;
    };
    page.heading("WHAT IT WAS");
    page.fact("Incidents", Some(storm.count));
    page.fact("Told only here", Some(storm.untold));
    page.fact("First (UTC)", Some(storm.first_at.to_seconds()));
    page.fact("Last (UTC)", Some(storm.last_at.to_seconds()));
    let outcomes: Vec<String> = storm
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{} {count}", Clean::from(outcome.as_str())))
        .collect();
    page.fact("How they ended", Some(outcomes.join(", ")));
    page.fact("Account", incident.trail.account.as_ref());
    list(page, "Trail", &storm.trails);
    list(page, "Call", &storm.calls);
    if !storm.fields.is_empty() {
        list(page, "Field", &storm.fields);
    }

    page.heading("WHO (in quotes: as recorded, partly the caller's own choice)");
    let actor = &incident.actor;
    page.field("Identity type", actor.kind.as_ref());
    page.field("ARN", actor.arn.as_ref());
    page.field("Session issuer", actor.session_issuer_arn.as_ref());
    list(page, "Access key id", &storm.access_key_ids);
    list(page, "Source IP", &storm.source_ips);

    page.heading("EVENT IDS");
    list(page, "Event id", &storm.event_ids);
    if storm.event_ids_omitted > 0 {
        page.line(&format!(
            "  {} more are in the function's log, not in this notice.",
            storm.event_ids_omitted
        ));
    }
}

fn list(page: &mut Page, label: &str, values: &[Clean]) {
    if values.is_empty() {
        page.field(label, None);
    }
    for value in values.iter().take(LISTED) {
        page.field(label, Some(value));
    }
    let more = values.len().saturating_sub(LISTED);
    if more > 0 {
        page.line(&format!("  and {more} more: the JSON document names them"));
    }
}

fn what(storm: &Storm) -> &'static str {
    if storm.is_denied() {
        "denied attempts"
    } else {
        "incidents"
    }
}
