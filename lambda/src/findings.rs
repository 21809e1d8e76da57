//! What the event history says about an incident, as a person reads it in an e-mail.

use crate::{
    deeds::{Deed, Reads},
    incident::Incident,
    investigation::{Address, Gap, Investigation, leave_out},
    moment::Moment,
    page::{Page, width},
    text::Clean,
};

/// The longest line that a page breaks nowhere, in columns.
const WIDTH: usize = 80;
/// The most lines of deeds; of anything else a few.
const DEEDS: usize = 25;
const FEW: usize = 8;
/// The longest that is shown of a name of somebody's choice, in characters.
const LONGEST: usize = 60;

/// Adds the sections about what was found out; none if nobody searched.
pub(crate) fn findings(page: &mut Page, incident: &Incident) {
    let Some(found) = &incident.investigation else {
        return;
    };
    if !found.regions.is_empty() {
        if found.searched_by.is_some() {
            deeds(page, found);
            entry(page, found);
        }
        if let Some(gap) = &found.gap {
            meaning(page, gap);
        }
        tampering(page, incident, found);
    }
    page.heading("NOT KNOWN");
    for unknown in &found.unknown {
        page.wrapped("- ", "  ", unknown);
    }
}

fn deeds(page: &mut Page, found: &Investigation) {
    page.heading("WHAT ELSE THIS ACTOR DID (UTC, from the event history)");
    let (since, until) = (minute(found.since), minute(found.until));
    let by = match found.searched_by {
        Some("user_name") => "user name",
        _ => "access key",
    };
    let regions = found.regions.join(", ");
    page.wrapped(
        "  ",
        "  ",
        &format!("Searched by {by} in {regions}, {since} to {until}."),
    );
    listed(page, &found.deeds, DEEDS, found.deeds_left_out, false);
    if found.deeds.is_empty() {
        page.line("  Nothing found that changes anything.");
    }
    if found.read_count > 0 {
        let mut kinds: Vec<String> = found.reads.iter().take(FEW).map(read).collect();
        if found.reads.len() > FEW {
            kinds.push("...".to_owned());
        }
        let last = kinds.len().saturating_sub(1);
        for (at, kind) in kinds.iter_mut().enumerate() {
            kind.push(if at < last { ',' } else { ')' });
            if at == 0 {
                kind.insert(0, '(');
            }
        }
        filled(page, format!("  Reads: {}", found.read_count), 8, 1, &kinds);
    }
}

fn read(reads: &Reads) -> String {
    let failed = match reads.failed {
        0 => String::new(),
        failed if failed == reads.count => " failed".to_owned(),
        failed => format!(" ({failed} failed)"),
    };
    format!(
        "{} x {}{failed}",
        call(reads.service.as_ref(), reads.name.as_ref()),
        reads.count
    )
}

/// Adds `parts` to `line`, `gap` blanks before each. What does not fit goes on the next
/// line, after `indent` blanks as well; no part is broken that fits on a line.
fn filled(page: &mut Page, mut line: String, indent: usize, gap: usize, parts: &[String]) {
    for part in parts {
        if width(&line) + gap + width(part) > WIDTH {
            page.line(&line);
            " ".repeat(indent).clone_into(&mut line);
        }
        line.push_str(&" ".repeat(gap));
        line.push_str(part);
    }
    page.line(&line);
}

/// The deeds that matter most by their time, under a line for each day.
fn listed(page: &mut Page, deeds: &[Deed], most: usize, left_out: usize, with_actor: bool) {
    let mut deeds = deeds.to_vec();
    let more = left_out + leave_out(&mut deeds, most);
    let mut day = String::new();
    for deed in &deeds {
        let at = deed.first.map(|at| at.to_string()).unwrap_or_default();
        let (date, time) = (at.get(..10), at.get(11..19));
        if let Some(date) = date
            && date != day
        {
            date.clone_into(&mut day);
            page.line(&format!("  {day}"));
        }
        let time = time.unwrap_or("??:??:??");
        let count = match deed.count {
            1 => String::new(),
            more => format!(" x {more}"),
        };
        let failed = deed.error_code.as_ref();
        let failed = failed.map_or_else(String::new, |code| format!(" FAILED ({})", word(code)));
        let call = call(deed.service.as_ref(), deed.name.as_ref());
        let mut line = format!("  {time}  {call}{count}{failed}");
        if deed.is_this {
            line.push_str("  <- THIS CALL");
        } else if deed.in_gap {
            line.push_str("  IN THE GAP");
        }
        let actor = deed.actor.iter().filter(|_| with_actor);
        let actor = actor.map(|actor| format!("by {}", quoted(actor)));
        let mut rest: Vec<String> = deed.targets.iter().map(quoted).collect();
        rest.extend(actor);
        filled(page, line, 10, 2, &rest);
    }
    if more > 0 {
        page.line(&format!(
            "  and {more} more: see the JSON document, or the command above"
        ));
    }
}

fn entry(page: &mut Page, found: &Investigation) {
    let entry = &found.entry;
    page.heading("HOW THEY GOT IN");
    let means = match entry.means {
        Some("console") => "a sign-in to the console",
        Some("access_key") => "an access key of an IAM user",
        Some("role_session") => "a session of a role",
        Some("user_session") => "temporary credentials of an IAM user",
        Some("federation") => "federated credentials",
        Some("root") => "the root user's credentials",
        Some("service") => "an AWS service, on somebody's behalf",
        _ => "unknown",
    };
    page.fact("Credentials", Some(means));
    if let Some(age) = entry.session_age_ms {
        page.fact("Session's age", Some(age_text(age)));
    }
    match (&entry.issued_by, entry.is_key_in_history) {
        (Some(issue), _) => {
            page.fact(
                "Made by",
                Some(call(issue.service.as_ref(), issue.name.as_ref())),
            );
            page.fact("  at", issue.first.map(second));
            page.field("  by", issue.actor.as_ref());
            page.field("  with key", issue.access_key_ids.first());
            page.field("  from", issue.source_ips.first());
        }
        (None, Some(false)) => {
            let when = "over 90 days or a few minutes ago: not in the history";
            page.fact("Key made", Some(when));
        }
        (None, Some(true) | None) => page.fact("Made by", None::<&str>),
    }
    let mut addresses = entry.source_ips.iter().take(FEW).map(address);
    page.fact("First seen from", addresses.next());
    for address in addresses {
        page.fact("  then from", Some(address));
    }
    let more = entry.source_ip_count.saturating_sub(FEW);
    if more > 0 {
        page.line(&format!("  and from {more} more addresses"));
    }
    if !entry.makers_deeds.is_empty() {
        page.line("  Who made that key or session also did:");
        listed(page, &entry.makers_deeds, FEW, 0, false);
    }
}

fn address(address: &Address) -> String {
    let first = address.first.map_or_else(|| "unknown".to_owned(), second);
    let calls = if address.count == 1 { "call" } else { "calls" };
    let source = quoted(&address.source_ip);
    format!("{source} ({first}, {} {calls})", address.count)
}

/// What the gap means for whoever relies on the log.
fn meaning(page: &mut Page, gap: &Gap) {
    page.heading("WHAT THE GAP MEANS");
    let calls = match (gap.calls, gap.is_complete) {
        (calls, true) => format!("The actor's calls in it: {calls}, which are all."),
        (calls, false) => format!("The actor's calls in it that are known: {calls}. INCOMPLETE."),
    };
    let trail = "The trail's files lack what was done in it; data events in it are lost.";
    let digests = gap.breaks_digest_chain.filter(|breaks| *breaks);
    let digests = digests.map(|_| "The chain of digest files is broken there.");
    let insights = gap.insights_restored.map(|restored| {
        if restored {
            "Insights: the selectors are as declared again."
        } else {
            "Insights: the selectors are NOT as declared."
        }
    });
    let lines = [Some(calls.as_str()), Some(trail), digests, insights];
    for line in lines.into_iter().flatten() {
        page.wrapped("  ", "  ", line);
    }
}

fn tampering(page: &mut Page, incident: &Incident, found: &Investigation) {
    if incident.trail.arn.is_none() && found.tampering.is_empty() {
        return;
    }
    page.heading("OTHER TAMPERING WITH TRAILS (24 hours, UTC)");
    if found.tampering.is_empty() {
        page.line(if found.tampering_is_complete {
            "  None found."
        } else {
            "  None found so far: not all was read."
        });
        return;
    }
    let is_same = |deed: &&Deed| {
        let actor = incident.actor.best().map(|actor| actor.cut(128));
        deed.actor.is_some() && deed.actor == actor
    };
    let count = |deeds: Vec<&Deed>| deeds.iter().map(|deed| deed.count).sum::<usize>();
    let same = count(found.tampering.iter().filter(is_same).collect());
    let all = count(found.tampering.iter().collect());
    let others = all - same;
    page.line(&format!(
        "  By the same actor: {same}. By others: {others}."
    ));
    listed(page, &found.tampering, FEW, found.tampering_left_out, true);
}

fn call(service: Option<&Clean>, name: Option<&Clean>) -> String {
    let part = |part: Option<&Clean>| part.map_or_else(|| "?".to_owned(), word);
    format!("{} {}", part(service), part(name))
}

/// A name that AWS gives, plain if it is one.
fn word(text: &Clean) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.as_str().chars().all(is_plain) && text.as_str().len() <= LONGEST {
        text.to_string()
    } else {
        quoted(text)
    }
}

/// What somebody chose, in quotes, and no link.
fn quoted(text: &Clean) -> String {
    text.cut(LONGEST).quoted_unlinked()
}

fn age_text(milliseconds: i64) -> String {
    let minutes = milliseconds / 60_000;
    match minutes {
        0 => format!("{} s at the call", milliseconds / 1_000),
        1..=119 => format!("{minutes} min at the call"),
        _ => format!("{} h {} min at the call", minutes / 60, minutes % 60),
    }
}

fn second(moment: Moment) -> String {
    let text = moment.to_string();
    format!("{}Z", text.get(..19).unwrap_or_default())
}

fn minute(moment: Moment) -> String {
    let text = moment.to_string();
    format!("{}Z", text.get(..16).unwrap_or_default())
}
