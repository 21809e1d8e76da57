//! The notice in a chat: a custom notification for Amazon Q Developer in chat
//! applications, which knows no other form of message.
//! Source: <https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>.
//!
//! Slack and Teams read different markdown, and both make something of characters that
//! a caller chose. So what is not ours stands in code, where neither reads markdown, and
//! without the few characters that mean something even there.

use serde_json::json;

use crate::{
    advice::{Step, next_steps},
    baseline::sha256,
    email::{gap, status},
    incident::Incident,
    moment::Moment,
    text::Clean,
};

/// Steps that a message names; the mail has them all.
const MOST_STEPS: usize = 5;
/// Characters of one value.
const LONGEST_VALUE: usize = 300;
/// Characters of a title. Source: as above.
const LONGEST_TITLE: usize = 250;

/// The message for `incident`, in JSON.
pub(crate) fn chat(incident: &Incident, headline: &str, summary: &str) -> String {
    let steps = next_steps(incident);
    let steps: Vec<String> = steps.iter().take(MOST_STEPS).map(step).collect();
    let title: String = marked(headline).chars().take(LONGEST_TITLE).collect();
    let thing = incident.thing.iter().map(|thing| thing.arn.to_string());
    let resources = thing.chain(incident.trail_arn().map(|arn| arn.to_string()));
    let mut keywords = vec![
        incident.severity.as_str().to_owned(),
        incident.outcome.as_str().to_owned(),
    ];
    let trail = incident.trail_arn();
    keywords.extend(trail.map(|trail| trail.account().to_owned()));
    json!({
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": description(incident, summary),
            "nextSteps": steps,
            "keywords": keywords,
        },
        "metadata": {
            "threadId": incident.thread(),
            "summary": headline,
            "eventType": format!("trailkeeper.{}", incident.outcome.as_str()),
            "relatedResources": resources.collect::<Vec<_>>(),
        },
    })
    .to_string()
}

fn description(incident: &Incident, summary: &str) -> String {
    let mut lines = vec![
        format!("*{}*", marked(&status(incident).replace("  ", " "))),
        marked(summary),
    ];
    let mut fact = |label: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("*{label}:* {value}")));
    };
    let value = |value: &Option<Clean>| value.as_ref().map(|value| code(value.as_str()));
    fact("Problem", incident.problem.as_deref().map(code));
    if let Some(storm) = &incident.storm {
        let some = |values: &[Clean]| {
            const MOST: usize = 5;
            let named: Vec<&str> = values.iter().map(Clean::as_str).take(MOST).collect();
            (!named.is_empty()).then(|| code(&named.join(" ")) + &and_more(values.len(), MOST))
        };
        fact("Trails", some(&storm.trails));
        fact("Calls", some(&storm.calls));
        fact("Who", incident.actor.best().map(|who| code(who.as_str())));
        fact("Keys", some(&storm.access_key_ids));
        fact("From", some(&storm.source_ips));
    } else if !incident.outcome.is_of_accounts() {
        fact("Trail", value(&incident.trail.arn));
        if let Some(thing) = &incident.thing {
            fact(thing.kind.title(), Some(code(thing.arn.as_str())));
        }
        if !incident.is_unexplained() {
            let actor = &incident.actor;
            fact("Who", actor.best().map(|who| code(who.as_str())));
            fact("Key", value(&actor.access_key_id));
            fact("From", value(&actor.source_ip));
            fact(
                "Call made",
                incident.timing.event_time.map(Moment::to_seconds),
            );
        }
        fact("Gap in the log", gap(incident));
        let containment = incident.containment.as_ref();
        fact("Containment", containment.map(|r| r.line().to_owned()));
    } else if !incident.accounts.is_empty() {
        const MOST: usize = 20;
        let accounts = &incident.accounts;
        let named: Vec<&str> = accounts.iter().map(String::as_str).take(MOST).collect();
        let more = and_more(accounts.len(), MOST);
        fact("Accounts", Some(code(&named.join(" ")) + &more));
    }
    lines.join("\n")
}

/// What stands behind the first `most` of `all`.
fn and_more(all: usize, most: usize) -> String {
    match all.saturating_sub(most) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn step(step: &Step) -> String {
    let mut lines = vec![marked(&step.text)];
    let commands = step.command.join(" ");
    // A name with `@` could call people, and changed it would be another one.
    if commands.contains('@') {
        lines.push("The e-mail has the command.".to_owned());
    } else if !commands.is_empty() {
        lines.extend(commands.split(" && ").map(|command| format!("`{command}`")));
    }
    lines.extend(step.link.clone());
    lines.join("\n")
}

/// A sentence of ours in markdown: what is quoted in it is code, and so is a word of
/// which markdown would make something.
fn marked(sentence: &str) -> String {
    let mut marked = String::new();
    for (at, part) in sentence.split('"').enumerate() {
        if at % 2 == 1 {
            marked.push_str(&code(part));
            continue;
        }
        let words = part.split(' ').map(|word| {
            let bare = word.trim_end_matches(['.', ',', ':']);
            if !bare.contains(|c: char| "*_~`<>&@[]|".contains(c)) {
                return word.to_owned();
            }
            let end = word.strip_prefix(bare).unwrap_or_default();
            code(bare) + end
        });
        marked.push_str(&words.collect::<Vec<_>>().join(" "));
    }
    marked
}

/// A value as code. `@` and `<` call people together even there, `&` makes one of
/// these, and an address becomes a link.
fn code(value: &str) -> String {
    let mut inside = String::new();
    for (at, character) in value.chars().enumerate() {
        if at >= LONGEST_VALUE {
            inside.push('…');
            break;
        }
        inside.push(match character {
            '`' => '\'',
            '<' => '\u{2039}',
            '>' => '\u{203a}',
            '&' => '\u{ff06}',
            '@' => '\u{ff20}',
            other if other.is_control() => ' ',
            other => other,
        });
    }
    format!("`{}`", inside.replace("://", "[://]"))
}

impl Incident {
    /// What the notices of one incident have in common, whatever comes of it: letters,
    /// digits and hyphens, 64 at most.
    #[must_use]
    pub fn thread(&self) -> String {
        let is_plain = |id: &&Clean| {
            let id = id.as_str();
            id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if let Some(id) = self.id.as_ref().filter(is_plain) {
            return id.to_string();
        }
        if let Some(storm) = &self.storm {
            return sha256(&storm.key);
        }
        // What a sweep finds has no id: what stays wrong with one trail is one incident.
        let thing = self.thing.as_ref().map(|thing| &thing.arn);
        let trail = thing.or(self.trail.arn.as_ref()).map(Clean::as_str);
        let key = json!([
            self.id,
            trail,
            self.outcome.is_of_accounts().then_some(self.outcome)
        ]);
        sha256(&key.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_caller_calls_people_or_makes_a_link() {
        let hostile = "a`<!channel> @here <https://evil.example|x> &lt;!here&gt; *b* _c_ ~d~";
        for made in [code(hostile), marked(&format!("\"{hostile}\" stopped x"))] {
            assert!(made.starts_with('`'), "{made}");
            for wrong in ["<", "@", "&", "https://"] {
                assert!(!made.contains(wrong), "{made}");
            }
            assert_eq!(made.matches('`').count(), 2, "{made}");
        }
    }

    #[test]
    fn words_that_markdown_would_change_are_code() {
        assert_eq!(
            marked("Found not as declared: kms_key_id, tags, s3_bucket_name."),
            "Found not as declared: `kms_key_id`, tags, `s3_bucket_name`."
        );
        assert_eq!(marked("\"a\" stopped x"), "`a` stopped x");
    }

    #[test]
    fn a_long_value_is_cut() {
        assert!(code(&"x".repeat(5_000)).chars().count() < 310);
    }
}
