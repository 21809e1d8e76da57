use serde_json::{Value, json};

use super::*;
use crate::{
    notice::Notice,
    report::{Attack, Figures, Measured, NoticeSeen, Tool, Trail},
    timeline::{Mood, Step},
};

const EVIL: &str =
    "</pre><script>alert(1)</script>\"'&\u{0}\u{1b}[31m\u{202e}]]>--><img src=x onerror=y>";

fn report(text: &str) -> Report {
    let notice = Notice {
        subject: text.to_owned(),
        outcome: text.to_owned(),
        severity: text.to_owned(),
        actor: Some(text.to_owned()),
        started_at: None,
        verified_at: None,
        calls: vec![text.to_owned()],
        document: json!({ text: text }),
    };
    let step = |at_ms, clock, mood| Step {
        at_ms,
        what: text.to_owned(),
        seen: text.to_owned(),
        clock,
        mood,
    };
    Report {
        schema: report::SCHEMA,
        version: report::VERSION,
        tool: Tool {
            version: "1",
            commit: Some("abc"),
        },
        verdict: Verdict::MaybeWeakened,
        exit_code: 3,
        reasons: vec![text.to_owned()],
        trail: Trail {
            arn: text.to_owned(),
            name: text.to_owned(),
            account: text.to_owned(),
            region: text.to_owned(),
        },
        caller: text.to_owned(),
        attack: Attack {
            name: "stop",
            operation: "StopLogging",
            effect: "logging is off",
        },
        attacked_at: text.to_owned(),
        figures: Figures {
            budget_ms: 30_000,
            attack_call_ms: 4,
            gap_ms: Some(41),
            gap_is_exact: Some(true),
            last_seen_weakened_ms: None,
            restored_seen_ms: Some(250),
            verified_ms: Some(250),
            notice_received_ms: Some(110),
        },
        restored_by: "others",
        notice: Some(NoticeSeen {
            notice,
            names_caller: Some(true),
        }),
        measured: Measured {
            poll_interval_ms: 250,
            reads: 1,
            failed_reads: 0,
            notice_followed: true,
            notes: vec![text.to_owned()],
        },
        timeline: vec![
            step(0, Clock::Drill, Mood::Bad),
            step(41, Clock::Aws, Mood::Neutral),
            step(250, Clock::Drill, Mood::Good),
        ],
        restore_commands: vec![text.to_owned()],
        left_over: vec![text.to_owned()],
    }
}

fn tags(page: &str) -> usize {
    page.matches('<').count()
}

#[test]
fn hostile_words_make_no_markup() {
    let (good, evil) = (html(&report("word")), html(&report(EVIL)));
    assert_eq!(tags(&good), tags(&evil));
    assert!(!evil.contains("<script") && !evil.contains("<img"));
    assert!(!evil.contains(['\u{0}', '\u{1b}', '\u{202e}']));
    assert_eq!(good.matches('"').count(), evil.matches('"').count());
    let (good, evil) = (picture(&report("word")), picture(&report(EVIL)));
    assert_eq!(tags(&good), tags(&evil));
}

#[test]
fn the_page_needs_nothing_else() {
    let page = html(&report("word"));
    assert!(page.contains("<svg") && page.contains("default-src 'none'"));
    assert!(page.contains("prefers-color-scheme:dark"));
    for outside in ["<script", "<link", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(
        page.matches("http").count() - page.matches("http-equiv").count(),
        1,
        "xmlns alone"
    );
}

#[test]
fn the_document_says_what_it_is() {
    let document: Value = serde_json::from_str(&report::json(&report(EVIL)).unwrap()).unwrap();
    assert_eq!(
        (&document["schema"], &document["version"]),
        (&json!("trailkeeper.drill"), &json!(1))
    );
    assert_eq!(document["verdict"], "maybe_weakened");
    assert_eq!(document["figures"]["gap_ms"], 41);
    assert_eq!(document["timeline"][1]["clock"], "aws");
    assert_eq!(document["notice"]["names_caller"], true);
    assert_eq!(document["trail"]["name"], EVIL);
}
