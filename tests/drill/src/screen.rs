//! What the person at the terminal sees. A terminal that went away must not keep
//! the drill from putting the trail back, so errors of writing are overlooked.

use std::{cell::RefCell, env, io::IsTerminal, io::Write};

use tokio::time::Instant;

use crate::timeline::Mood;

/// Progress, with the seconds since the start.
pub struct Screen {
    out: RefCell<Box<dyn Write>>,
    started: Instant,
    is_coloured: bool,
}

impl Screen {
    /// On standard output, coloured if that is a terminal. See <https://no-color.org>.
    #[must_use]
    pub fn of_terminal() -> Self {
        let out = std::io::stdout();
        let is_coloured =
            out.is_terminal() && env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self::new(Box::new(out), is_coloured)
    }

    /// Somewhere else.
    #[must_use]
    pub fn new(out: Box<dyn Write>, is_coloured: bool) -> Self {
        Self {
            out: RefCell::new(out),
            started: Instant::now(),
            is_coloured,
        }
    }

    /// One line of progress.
    pub fn say(&self, text: &str) {
        let seconds = format!("{:6.1} s", self.started.elapsed().as_secs_f64());
        self.line(&format!(
            "{}  {}",
            self.paint(&seconds, "2"),
            printable(text)
        ));
    }

    /// One line of progress that must not be overlooked.
    pub fn warn(&self, text: &str) {
        self.say(&format!("! {text}"));
    }

    /// A line as it is.
    pub fn line(&self, text: &str) {
        let mut out = self.out.borrow_mut();
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// Without a line's end.
    pub fn ask(&self, text: &str) {
        let mut out = self.out.borrow_mut();
        let _ = write!(out, "{text}");
        let _ = out.flush();
    }

    /// In bold type.
    #[must_use]
    pub fn bold(&self, text: &str) -> String {
        self.paint(text, "1")
    }

    /// In the colour of what it means.
    #[must_use]
    pub fn mood(&self, text: &str, mood: Mood) -> String {
        let code = match mood {
            Mood::Bad => "31",
            Mood::Neutral => "36",
            Mood::Good => "32",
        };
        self.paint(text, code)
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.is_coloured {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// `text` without what a terminal would obey.
#[must_use]
pub fn printable(text: &str) -> String {
    let is_hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if is_hidden(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nobody_else() {
        assert_eq!(
            printable("a\u{1b}[31mb\r\nc\u{202e}"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}"
        );
    }

    #[test]
    fn a_terminal_that_went_away_is_overlooked() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        Screen::new(Box::new(Gone), true).say("still here");
    }
}
