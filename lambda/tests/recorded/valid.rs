//! What holds of every notice, whatever the record says. The fuzzer checks it too.

use serde_json::Value;
use trailkeeper::{incident::Incident, notice::Notice};

/// Panics, naming `name`, if the notice of `incident` is not well-formed, or has more
/// than `most` bytes.
pub fn check(name: &str, incident: &Incident, most: usize) {
    let notice = Notice::of(incident).unwrap();
    let subject = &notice.subject;
    assert!(subject.len() < 100, "{name}: {subject}");
    assert!(
        subject.bytes().all(|b| (0x20..0x7f).contains(&b)),
        "{name}: {subject}"
    );
    assert!(
        subject.starts_with(|c: char| c.is_ascii_alphanumeric()),
        "{name}: {subject}"
    );
    let size = notice.message.len();
    assert!(size <= most, "{name}: {size} bytes");
    assert!(
        notice.attributes.iter().all(|(_, value)| !value.is_empty()),
        "{name}"
    );

    let message: Value = serde_json::from_str(&notice.message).unwrap();
    let document: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
    assert_eq!(document["schema"], "trailkeeper.notice", "{name}");
    assert_eq!(document["outcome"], incident.outcome.as_str(), "{name}");

    let text = message["email"].as_str().unwrap();
    let deceptive = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
    };
    assert!(!text.chars().any(deceptive), "{name}: {text}");
    let lines = text.lines().count();
    let most = if incident.investigation.is_some() {
        190
    } else {
        75
    };
    assert!(lines < most, "{name}: {lines} lines");
    // What the hostile events say must not stand outside quotes.
    for line in text.lines() {
        let unquoted: String = line.split('"').step_by(2).collect();
        assert!(!unquoted.contains("all is well"), "{name}: {line}");
        assert_eq!(line.matches('"').count() % 2, 0, "{name}: {line}");
    }
}
