//! The text of an e-mail, line by line: no line is wider than 80 columns, but for a
//! link on a line of its own, which would be none if it were broken.

use crate::text::Clean;

/// The width of a page.
const COLUMNS: usize = 80;
/// Where a value begins that stands beside its label.
const VALUES: usize = 21;

/// An e-mail in the making.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    /// A paragraph.
    pub(crate) fn line(&mut self, line: &str) {
        self.wrapped("", "", line);
    }

    pub(crate) fn heading(&mut self, heading: &str) {
        self.push("");
        self.line(heading);
    }

    /// A paragraph that begins with `first`; its other lines begin with `rest`.
    pub(crate) fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let room = COLUMNS.saturating_sub(first.len().max(rest.len()));
        let mut begin = first;
        for line in lines(text, room) {
            self.push(&format!("{begin}{line}"));
            begin = rest;
        }
    }

    /// A value from the record, in quotes so that it cannot pass for our words,
    /// and with addresses that no mail program makes a link of.
    pub(crate) fn field(&mut self, label: &str, value: Option<&Clean>) {
        self.fact(label, value.map(Clean::quoted_unlinked));
    }

    /// `Label  value`; a value that fits on a line of its own only stands there.
    pub(crate) fn fact(&mut self, label: &str, value: Option<impl ToString>) {
        const INDENT: &str = "      ";
        let value = value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        let fits = |room: usize| width(&value) <= room;
        if !fits(COLUMNS - VALUES) && fits(COLUMNS - INDENT.len()) && !value.contains(' ') {
            self.push(&format!("  {label}"));
            self.push(&format!("{INDENT}{value}"));
        } else {
            let beside = " ".repeat(VALUES);
            self.wrapped(&format!("  {label:<18} "), &beside, &value);
        }
    }

    /// A link, which is never broken.
    pub(crate) fn link(&mut self, link: &str) {
        self.push(&format!("    {link}"));
    }

    /// A command to paste, or several with `&&`: where it is broken, a shell puts it together again. Its
    /// words need no quoting.
    pub(crate) fn command(&mut self, words: &[String]) {
        const END: &str = " \\";
        let mut line = "   ".to_owned();
        let mut is_new = true;
        for (at, word) in words.iter().enumerate() {
            let end = if at + 1 < words.len() { END.len() } else { 0 };
            let room = COLUMNS.saturating_sub(line.len() + end);
            // An option stays with its value, if the two fit on a line.
            let value = words.get(at + 1).filter(|_| word.starts_with("--"));
            let both = 1 + word.len() + value.map_or(0, |value| 1 + value.len());
            let is_tight = both > room && both + 5 + END.len() <= COLUMNS;
            let is_next = at > 0 && words.get(at - 1).is_some_and(|before| before == "&&");
            if !is_new && (is_next || is_tight || 1 + word.len() > room) {
                self.push(&format!("{line}{END}"));
                line = " ".repeat(5);
            }
            line.push(' ');
            is_new = false;
            // Within a word the next line must begin at once.
            for character in word.chars() {
                if line.len() + end.max(1) >= COLUMNS {
                    self.push(&format!("{line}\\"));
                    line.clear();
                }
                line.push(character);
            }
        }
        self.push(&line);
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Columns that `text` takes at most: from Hangul on a character may be two wide.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    if character < '\u{1100}' { 1 } else { 2 }
}

/// `text` in lines of `room` columns at most. What is quoted is so on each line: none
/// of a caller's words may begin a line as ours do.
fn lines(text: &str, room: usize) -> Vec<String> {
    if width(text) <= room && text.matches('"').count().is_multiple_of(2) {
        return vec![text.to_owned()];
    }
    // For the quote, and the blank before it, that a break within quotes adds.
    let room = room.saturating_sub(2).max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut taken = 0;
    let mut is_quoted = false;
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            if taken + 1 + width(word) > room && taken > 0 {
                let end = if is_quoted { " \"" } else { "" };
                lines.push(std::mem::take(&mut line) + end);
                taken = begin(&mut line, is_quoted);
            } else {
                line.push(' ');
                taken += 1;
            }
        }
        for character in word.chars() {
            if taken + columns(character) > room {
                let end = if is_quoted { "\"" } else { "" };
                lines.push(std::mem::take(&mut line) + end);
                taken = begin(&mut line, is_quoted);
            }
            line.push(character);
            taken += columns(character);
            is_quoted ^= character == '"';
        }
    }
    if is_quoted {
        line.push('"');
    }
    lines.push(line);
    lines
}

/// Begins a line; the columns that it takes.
fn begin(line: &mut String, is_quoted: bool) -> usize {
    if is_quoted {
        line.push('"');
    }
    line.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_quoted_on_each_line() {
        let text = format!("said \"{} RESTORED: all is well\" then", "x".repeat(70));
        let made = lines(&text, 40);
        assert!(made.len() > 3, "{made:#?}");
        for line in &made {
            assert!(width(line) <= 40, "{line}");
            assert_eq!(line.matches('"').count() % 2, 0, "{line}");
            assert!(!line.starts_with("RESTORED"), "{line}");
        }
    }

    #[test]
    fn a_line_that_fits_is_left_alone() {
        assert_eq!(lines("a \"b c\" d", 40), ["a \"b c\" d"]);
        assert_eq!(lines("", 40), [""]);
    }

    #[test]
    fn a_stray_quote_is_closed() {
        assert_eq!(lines("a \"b", 40), ["a \"b\""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        for line in lines(&"\u{6f22}".repeat(100), 40) {
            assert!(line.chars().count() <= 20, "{line}");
        }
    }

    #[test]
    fn a_shell_puts_a_broken_command_together() {
        let words = [
            "aws",
            "cloudtrail",
            "--name",
            &"a".repeat(200),
            "--region",
            "x",
        ];
        let words = words.map(str::to_owned);
        let mut page = Page::default();
        page.command(&words);
        assert!(page.text.lines().all(|line| line.len() <= COLUMNS));
        let joined = page.text.replace("\\\n", "");
        let again: Vec<&str> = joined.split_whitespace().collect();
        assert_eq!(again, words);
    }
}
