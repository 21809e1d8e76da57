//! report.html: one file that needs no network and runs no script. Pure.

use std::fmt::Write;

use crate::{
    report::{self, Report},
    svg::{escaped, svg},
    timeline::{Clock, duration},
    verdict::Verdict,
};

const STYLE: &str = "\
:root{color-scheme:light dark;--text:#1f2328;--dim:#59636e;--back:#fff;--line:#d1d9e0;--bad:#cf222e;--good:#1a7f37}\
@media(prefers-color-scheme:dark){:root{--text:#f0f6fc;--dim:#9198a1;--back:#0d1117;--line:#3d444d;--bad:#f85149;--good:#3fb950}}\
body{font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;color:var(--text);background:var(--back);\
max-width:960px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}svg{width:100%;height:auto;border:1px solid var(--line);border-radius:8px}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;\
border-bottom:1px solid var(--line);overflow-wrap:anywhere}td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\
.verdict{font-weight:700}.good{color:var(--good)}.bad{color:var(--bad)}.dim{color:var(--dim)}\
pre{overflow-x:auto;border:1px solid var(--line);border-radius:8px;padding:.8rem;font-size:.85rem}";

/// The timeline alone, as a file of its own.
#[must_use]
pub fn picture(report: &Report) -> String {
    svg(&title(report), &report.timeline)
}

fn title(report: &Report) -> String {
    let trail = &report.trail;
    let operation = report.attack.operation;
    format!(
        "{operation} on trail {} ({}, {})",
        trail.name, trail.account, trail.region
    )
}

/// The page.
#[must_use]
pub fn html(report: &Report) -> String {
    let title = title(report);
    let good = if report.verdict == Verdict::Passed {
        "good"
    } else {
        "bad"
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Drill: {0}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>Trailkeeper drill: {0}</h1>\n\
         <p class=\"verdict {good}\">{1}</p>\n",
        escaped(&title),
        report.verdict.as_str()
    );
    if !report.reasons.is_empty() {
        list(&mut page, &report.reasons);
    }
    page.push_str(&svg(&title, &report.timeline));
    figures(&mut page, report);
    timeline(&mut page, report);
    notice(&mut page, report);
    page.push_str("<h2>How it was measured</h2>\n");
    list(&mut page, &report.measured.notes);
    if report.verdict == Verdict::MaybeWeakened {
        commands(
            &mut page,
            "Put the trail back now",
            &report.restore_commands,
        );
    }
    if !report.left_over.is_empty() {
        commands(&mut page, "Left over: remove it", &report.left_over);
    }
    let commit = report
        .tool
        .commit
        .map_or_else(String::new, |commit| format!(", commit {commit}"));
    let _ = write!(
        page,
        "<p class=\"dim\">trailkeeper-drill {}{}; the same as data: report.json</p>\n</body>\n</html>\n",
        escaped(report.tool.version),
        escaped(&commit)
    );
    page
}

fn list(page: &mut String, lines: &[String]) {
    page.push_str("<ul>\n");
    for line in lines {
        let _ = writeln!(page, "<li>{}</li>", escaped(line));
    }
    page.push_str("</ul>\n");
}

fn commands(page: &mut String, heading: &str, commands: &[String]) {
    let _ = write!(page, "<h2>{heading}</h2>\n<pre>");
    for command in commands {
        let _ = writeln!(page, "{}", escaped(command));
    }
    page.push_str("</pre>\n");
}

fn row(page: &mut String, name: &str, value: &str) {
    let _ = writeln!(page, "<tr><td>{name}</td><td>{}</td></tr>", escaped(value));
}

fn figures(page: &mut String, report: &Report) {
    let figures = &report.figures;
    let known = |value: Option<i64>| value.map_or_else(|| "not known".to_owned(), duration);
    page.push_str("<h2>Figures</h2>\n<table>\n");
    row(page, "Attacked at", &report.attacked_at);
    row(page, "By", &report.caller);
    row(page, "Budget", &duration(figures.budget_ms));
    if report.attack.name == "stop" {
        let gap = report::gap(figures).unwrap_or_else(|| "not known".to_owned());
        row(page, "Without logging, by the trail's own times", &gap);
    }
    let last = figures.last_seen_weakened_ms;
    row(
        page,
        "Last seen weakened",
        &last.map_or_else(|| "never".to_owned(), duration),
    );
    row(page, "Seen as before", &known(figures.restored_seen_ms));
    row(page, "Verified", &known(figures.verified_ms));
    let notice = match figures.notice_received_ms {
        Some(at) => duration(at),
        None if report.measured.notice_followed => "none came".to_owned(),
        None => "not followed: no topic was given".to_owned(),
    };
    row(page, "Notice received", &notice);
    row(page, "Put back by", report.restored_by);
    page.push_str("</table>\n");
}

fn timeline(page: &mut String, report: &Report) {
    page.push_str("<h2>Timeline</h2>\n<table>\n<tr><th>Since the attack</th><th>What</th><th>How it is known</th><th>Clock</th></tr>\n");
    for step in &report.timeline {
        let clock = match step.clock {
            Clock::Drill => "this machine",
            Clock::Aws => "AWS",
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"n\">{}</td><td>{}</td><td>{}</td><td>{clock}</td></tr>",
            duration(step.at_ms),
            escaped(&step.what),
            escaped(&step.seen)
        );
    }
    page.push_str("</table>\n");
}

fn notice(page: &mut String, report: &Report) {
    let Some(seen) = &report.notice else { return };
    let notice = &seen.notice;
    page.push_str("<h2>The notice</h2>\n<table>\n");
    row(page, "Subject", &notice.subject);
    row(page, "Outcome", &notice.outcome);
    row(page, "Severity", &notice.severity);
    row(page, "Names", notice.actor.as_deref().unwrap_or("nobody"));
    let whether = match seen.names_caller {
        Some(true) => "yes",
        Some(false) => "no, somebody else",
        None => "nobody is named",
    };
    row(page, "That is this drill's caller", whether);
    page.push_str("</table>\n");
    let document = serde_json::to_string_pretty(&notice.document).unwrap_or_default();
    let _ = writeln!(
        page,
        "<details><summary>The document</summary><pre>{}</pre></details>",
        escaped(&document)
    );
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
