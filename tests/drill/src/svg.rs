//! The timeline as a picture that needs nothing else: light or dark as the reader
//! has it, and readable without colours. Pure.

use std::fmt::Write;

use crate::timeline::{Clock, Mood, Step, duration, places};

const WIDTH: i64 = 960;
const LEFT: i64 = 300;
const BAR: i64 = 600;
const TOP: i64 = 64;
const ROW: i64 = 46;

const STYLE: &str = "\
.tl{font:14px system-ui,-apple-system,'Segoe UI',sans-serif}\
.tl .bg{fill:#fff}.tl text{fill:#1f2328}.tl .dim{fill:#59636e;font-size:12px}\
.tl .title{font-size:17px;font-weight:600}.tl .time{font-variant-numeric:tabular-nums;font-weight:600}\
.tl .line{stroke:#d1d9e0}.tl .bad{fill:#cf222e}.tl .neutral{fill:#0969da}.tl .good{fill:#1a7f37}\
.tl .aws{fill-opacity:.25;stroke-width:2}.tl .bad.aws{stroke:#cf222e}.tl .good.aws{stroke:#1a7f37}\
@media(prefers-color-scheme:dark){.tl .bg{fill:#0d1117}.tl text{fill:#f0f6fc}.tl .dim{fill:#9198a1}\
.tl .line{stroke:#3d444d}.tl .bad{fill:#f85149}.tl .neutral{fill:#4493f8}.tl .good{fill:#3fb950}\
.tl .bad.aws{stroke:#f85149}.tl .good.aws{stroke:#3fb950}}";

/// Draws `steps` below `title`.
#[must_use]
pub fn svg(title: &str, steps: &[Step]) -> String {
    let rows = i64::try_from(steps.len()).unwrap_or(0);
    let bottom = TOP + rows * ROW;
    let height = bottom + 46;
    let title = escaped(title);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tl\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n\
         <rect class=\"bg\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"24\" y=\"36\">{title}</text>\n"
    );
    let mut previous = 0;
    for ((step, place), row) in steps.iter().zip(places(steps, BAR)).zip(0_i64..) {
        let y = TOP + row * ROW + ROW / 2;
        let (x, from) = (LEFT + place, LEFT + previous.min(place));
        let mood = match step.mood {
            Mood::Bad => "bad",
            Mood::Neutral => "neutral",
            Mood::Good => "good",
        };
        let (kind, about) = match step.clock {
            Clock::Drill => ("", ""),
            Clock::Aws => (" aws", "~ "),
        };
        // On the left half the words stand right of the mark, else left of it.
        let (words, anchor) = if place < BAR / 2 {
            (x + 16, "start")
        } else {
            (x - 16, "end")
        };
        let (what, seen) = (escaped(&step.what), escaped(&step.seen));
        let time = duration(step.at_ms);
        let _ = write!(
            picture,
            "<line class=\"line\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>\n\
             <rect class=\"{mood}\" x=\"{from}\" y=\"{}\" width=\"{}\" height=\"6\" rx=\"3\" fill-opacity=\".45\"/>\n\
             <circle class=\"{mood}{kind}\" cx=\"{x}\" cy=\"{y}\" r=\"7\"/>\n\
             <text x=\"24\" y=\"{}\">{what}</text>\n\
             <text class=\"time\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{about}{time}</text>\n\
             <text class=\"dim\" x=\"{words}\" y=\"{}\" text-anchor=\"{anchor}\">{seen}</text>\n",
            LEFT + BAR,
            y - 3,
            x - from,
            y + 5,
            LEFT - 16,
            y + 5,
            y - 9,
        );
        previous = place;
    }
    let legend = "Time since the attacking call was accepted. ~ and a ring: by AWS's clock.";
    let _ = write!(
        picture,
        "<text class=\"dim\" x=\"24\" y=\"{}\">{legend}</text>\n</svg>\n",
        bottom + 24
    );
    picture
}

/// `text` for HTML and XML, in text and in quoted attributes. Control characters,
/// which XML does not know, are shown as such.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            // What turns the direction of what follows.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
