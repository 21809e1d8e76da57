//! Text from outside, made harmless before anybody reads it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Longest value kept of one field, in characters. An ARN fits; a flood does not.
const LONGEST: usize = 512;

/// A string from outside with everything taken out that could forge a line,
/// reorder text or hide: control characters, line and paragraph separators,
/// bidirectional and zero-width marks, noncharacters. They are shown as `\u{..}`;
/// a run of blanks is one; what is longer than 512 characters ends in `…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean(String);

impl Clean {
    /// Cleans `raw`; `None` if nothing visible is left of it.
    #[must_use]
    pub fn visible(raw: &str) -> Option<Self> {
        let clean = Self::from(raw.trim());
        (!clean.0.is_empty()).then_some(clean)
    }

    /// The text in double quotes, its own made single ones, so that it cannot
    /// pass for our words.
    #[must_use]
    pub fn quoted(&self) -> String {
        let inside = self
            .0
            .replace(['"', '\u{201c}', '\u{201d}', '\u{201e}'], "'");
        format!("\"{inside}\"")
    }

    /// The same, with addresses that no mail program makes a link of.
    #[must_use]
    pub(crate) fn quoted_unlinked(&self) -> String {
        self.quoted().replace("://", "[://]")
    }

    /// The first `most` characters; what is cut off is shown as `…`.
    #[must_use]
    pub fn cut(&self, most: usize) -> Self {
        let mut short: String = self.0.chars().take(most).collect();
        if short.len() < self.0.len() {
            short.push('…');
        }
        Self(short)
    }

    /// The cleaned text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Clean {
    fn from(raw: &str) -> Self {
        let mut clean = String::with_capacity(raw.len().min(LONGEST));
        let mut length = 0;
        let mut after_blank = false;
        for character in raw.chars() {
            let deceptive = is_deceptive(character);
            let blank = !deceptive && character.is_whitespace();
            if blank && after_blank {
                continue;
            }
            after_blank = blank;
            length += if deceptive {
                character.escape_unicode().count()
            } else {
                1
            };
            if length > LONGEST {
                clean.push('…');
                break;
            }
            if deceptive {
                clean.extend(character.escape_unicode());
            } else {
                clean.push(if blank { ' ' } else { character });
            }
        }
        Self(clean)
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Clean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// `value` with every string in it cleaned. What is longer than 3,000 characters
/// as JSON becomes a string of its beginning: a notice must stay below the size
/// that SNS takes, whatever somebody put into a trail.
#[must_use]
pub fn harmless(value: &Value) -> Value {
    const MOST: usize = 3_000;
    let clean = cleaned(value);
    let text = clean.to_string();
    if text.len() <= MOST {
        return clean;
    }
    let beginning: String = text.chars().take(LONGEST).collect();
    Value::from(format!(
        "{beginning}… ({} characters)",
        text.chars().count()
    ))
}

fn cleaned(value: &Value) -> Value {
    let clean = |text: &str| Clean::from(text).to_string();
    match value {
        Value::String(text) => Value::from(clean(text)),
        Value::Array(items) => items.iter().map(cleaned).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (clean(name), cleaned(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Cuts `raw` to what fits into an error message and escapes it.
#[must_use]
pub fn excerpt(raw: &str) -> String {
    const SHORT: usize = 80;
    let mut short: String = raw
        .chars()
        .take(SHORT)
        .flat_map(char::escape_debug)
        .collect();
    if raw.chars().nth(SHORT).is_some() {
        short.push('…');
    }
    short
}

/// Makes `raw` fit the rules for an SNS subject: printable ASCII, no line
/// breaks, fewer than 100 characters, beginning with a letter or digit.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
#[must_use]
pub fn subject(raw: &str) -> String {
    raw.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(99)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// Characters that change how their surroundings are read without being seen:
/// controls, the default-ignorable ones, and those that are no characters.
/// Source: <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>.
fn is_deceptive(character: char) -> bool {
    let is_noncharacter =
        matches!(character, '\u{fdd0}'..='\u{fdef}') || u32::from(character) & 0xfffe == 0xfffe;
    character.is_control()
        || is_noncharacter
        || matches!(
            character,
            '\u{00ad}'
                | '\u{034f}'
                | '\u{061c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_line_stays_one_line() {
        let clean = Clean::from("curl\r\n\r\nRESTORED: all is well\u{2028}\u{202e}evil");
        assert_eq!(
            clean.as_str(),
            "curl\\u{d}\\u{a}\\u{d}\\u{a}RESTORED: all is well\\u{2028}\\u{202e}evil"
        );
    }

    #[test]
    fn a_flood_is_cut_even_when_every_character_is_escaped() {
        for flood in ["x".repeat(300_000), "\u{7}".repeat(300_000)] {
            let clean = Clean::from(flood.as_str());
            assert!(clean.as_str().chars().count() <= LONGEST + 1);
            assert!(clean.as_str().ends_with('…'));
        }
    }

    #[test]
    fn blanks_cannot_push_text_away_and_noncharacters_are_shown() {
        assert_eq!(Clean::from("a \u{2003}\u{a0}   b").as_str(), "a b");
        assert_eq!(
            Clean::from("a\u{fffe}\u{1ffff}").as_str(),
            "a\\u{fffe}\\u{1ffff}"
        );
    }

    #[test]
    fn nothing_visible_is_nothing() {
        assert_eq!(Clean::visible(" \t\n"), None);
        assert_eq!(Clean::visible(""), None);
    }

    #[test]
    fn a_subject_is_ascii_short_and_begins_with_a_letter() {
        let made = subject(&format!("\u{1f525}\n-[x] {}", "é\r\n".repeat(200)));
        assert!(made.len() < 100 && made.is_ascii());
        assert!(made.starts_with('x'));
        assert!(made.chars().all(|c| !c.is_control()));
    }

    #[test]
    fn an_excerpt_is_short_and_escaped() {
        assert_eq!(excerpt("a\nb"), "a\\nb");
        assert!(excerpt(&"y".repeat(500)).chars().count() <= 81);
    }
}
