//! What holds of every notice in every format, whatever the record says. The fuzzer
//! checks it too.

use serde_json::Value;
use trailkeeper::{
    asff::{Reporter, finding, resolved},
    incident::Incident,
    moment::Moment,
    notice::Notice,
};

/// Whose findings the tests make.
pub const REPORTER: Reporter<'_> = Reporter {
    partition: "aws",
    region: "eu-central-1",
    account: "111122223333",
};

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
    assert!(lines < 400, "{name}: {lines} lines");
    // What the hostile events say must not stand outside quotes.
    for line in text.lines() {
        let unquoted: String = line.split('"').step_by(2).collect();
        assert!(!unquoted.contains("all is well"), "{name}: {line}");
        assert_eq!(line.matches('"').count() % 2, 0, "{name}: {line}");
        assert!(columns(line) <= 80 || is_link(line), "{name}: {line}");
    }
    assert_eq!(message["sms"], notice.subject.as_str(), "{name}");
    check_chat(name, incident);
    check_finding(name, incident);
}

/// Columns that a line takes at most.
fn columns(line: &str) -> usize {
    line.chars()
        .map(|c| if c < '\u{1100}' { 1 } else { 2 })
        .sum()
}

/// Whether a line is a link of ours and nothing else.
fn is_link(line: &str) -> bool {
    let address = line.trim_start();
    let hosts = [
        "https://console.aws.amazon.com/",
        "https://console.amazonaws-us-gov.com/",
        "https://console.amazonaws.cn/",
    ];
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b":/?#=._-".contains(&b);
    hosts.iter().any(|host| address.starts_with(host)) && address.bytes().all(is_plain)
}

/// The limits of Amazon Q Developer in chat applications are 250 and 8,000 characters
/// for title and description; Slack's for one block of text is 3,000.
fn check_chat(name: &str, incident: &Incident) {
    let message: Value = serde_json::from_str(&Notice::for_chat(incident).message).unwrap();
    assert_eq!(message["version"], "1.0", "{name}");
    assert_eq!(message["source"], "custom", "{name}");
    let content = &message["content"];
    assert_eq!(content["textType"], "client-markdown", "{name}");
    let title = content["title"].as_str().unwrap();
    assert!(
        (1..=250).contains(&title.chars().count()),
        "{name}: {title}"
    );
    let description = content["description"].as_str().unwrap();
    assert!(
        (1..=3_000).contains(&description.chars().count()),
        "{name}: {description}"
    );
    let list = |value: &Value| -> Vec<String> {
        let items = value.as_array().unwrap().iter();
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    let steps = list(&content["nextSteps"]);
    for text in steps.iter().map(String::as_str).chain([title, description]) {
        for line in text.lines().filter(|line| !is_link(line)) {
            assert!(!line.contains(['<', '>', '@', '&']), "{name}: {line}");
            assert!(!line.replace("[://]", "").contains("://"), "{name}: {line}");
            assert_eq!(line.matches('`').count() % 2, 0, "{name}: {line}");
            let plain: String = line.split('`').step_by(2).collect();
            assert!(!plain.contains("all is well"), "{name}: {line}");
        }
    }
    let words = list(&content["keywords"]);
    let metadata = &message["metadata"];
    let resources = list(&metadata["relatedResources"]);
    let is_plain = |word: &String| word.bytes().all(|b| b.is_ascii_graphic());
    assert!(
        words.iter().chain(&resources).all(is_plain),
        "{name}: {metadata}"
    );
    let thread = metadata["threadId"].as_str().unwrap();
    assert!((1..=64).contains(&thread.len()), "{name}: {thread}");
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    assert!(thread.bytes().all(is_plain), "{name}: {thread}");
}

/// The limits of `BatchImportFindings`, for a finding and its end.
fn check_finding(name: &str, incident: &Incident) {
    let at = |seconds: i64| Moment::from_epoch_millis(1_795_000_000_000 + seconds * 1_000).unwrap();
    let finding = finding(incident, REPORTER, at(0));
    check_limits(name, &finding);
    let end = resolved(&finding, at(1), at(2)).unwrap();
    check_limits(name, &end);
    assert_eq!(end["Id"], finding["Id"], "{name}");
    assert_eq!(end["Compliance"]["Status"], "PASSED", "{name}");
}

fn check_limits(name: &str, finding: &Value) {
    let length = |field: &str| {
        let value = finding.pointer(field).and_then(Value::as_str);
        value
            .unwrap_or_else(|| panic!("{name}: {field}"))
            .chars()
            .count()
    };
    for (field, most) in [
        ("/Id", 512),
        ("/ProductArn", 2_048),
        ("/GeneratorId", 512),
        ("/Title", 256),
        ("/Description", 1_024),
        ("/Remediation/Recommendation/Text", 512),
    ] {
        assert!(
            (1..=most).contains(&length(field)),
            "{name}: {field}: {finding}"
        );
    }
    assert!(finding["Id"].as_str().unwrap().is_ascii(), "{name}");
    let resources = finding["Resources"].as_array().unwrap();
    assert!((1..=32).contains(&resources.len()), "{name}");
    let facts = finding["ProductFields"].as_object().unwrap();
    assert!(facts.len() <= 50, "{name}");
    for (fact, value) in facts {
        let value = value.as_str().unwrap().chars().count();
        assert!(fact.len() <= 128 && value <= 2_048, "{name}: {fact}");
    }
    assert!(finding.to_string().len() < 240 * 1024, "{name}");
}
