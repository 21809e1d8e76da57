//! The matrix for people: as codes, and in words.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use super::{
    cell::{Cell, DEADLINE, Length},
    columns::Fault,
    rows::{ROWS, Row},
};

const WIDTH: usize = 9;

/// Rows of codes, as fixed-width text.
pub fn matrix(cells: &[Cell]) -> String {
    let mut text = String::new();
    for (title, length) in [
        ("The fault passes", Length::Passing),
        ("The fault lasts for all three tries", Length::Lasting),
    ] {
        writeln!(text, "\n{title}\n").unwrap();
        write!(text, "{:30}", "").unwrap();
        for fault in Fault::ALL {
            write!(text, "{:WIDTH$}", fault.short()).unwrap();
        }
        let kept = text.trim_end().len();
        text.truncate(kept);
        text.push('\n');
        for row in ROWS {
            write!(text, "{:30}", row.name).unwrap();
            for fault in Fault::ALL {
                let meant = |cell: &&Cell| {
                    cell.row.name == row.name && cell.fault == fault && cell.length == length
                };
                let code = cells.iter().find(meant).map(code).unwrap_or_default();
                write!(text, "{code:WIDTH$}").unwrap();
            }
            let kept = text.trim_end().len();
            text.truncate(kept);
            text.push('\n');
        }
    }
    text
}

/// What a code means.
pub const LEGEND: &str = "\
- First letter, the trail after the first try: R as declared; L logs, and another part is not as declared; - does not log. For ListAccounts and SendMessageBatch: the member's trail, or the accounts not handed out.
- Second: N a notice arrived in the first try, n none.
- Third: o the first try succeeds; 2, 3 that retry of Lambda's does; D none does, and the event is dead-lettered.
- Then the seconds that the first try took.";

fn code(cell: &Cell) -> String {
    let trail = match (cell.first.as_declared, cell.first.logging) {
        (true, _) => 'R',
        (false, true) => 'L',
        (false, false) => '-',
    };
    let notice = if cell.first.told.is_empty() { 'n' } else { 'N' };
    let end = match (cell.dead_lettered, cell.tries) {
        (true, _) => 'D',
        (false, 2) => '2',
        (false, 3) => '3',
        (false, _) => 'o',
    };
    let mark = if cell.wrong.is_empty() { ' ' } else { '!' };
    format!(
        "{trail}{notice}{end}{mark}{:.1}",
        cell.first.took.as_secs_f64()
    )
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Words {
    trail: &'static str,
    notice: String,
    invocation: String,
    after: String,
}

fn words(cell: &Cell) -> Words {
    let first = &cell.first;
    let mut told = first.told.clone();
    told.sort_unstable();
    told.dedup();
    Words {
        trail: match (first.as_declared, first.logging) {
            (true, _) => "as declared",
            (false, true) => "logs, not as declared",
            (false, false) => "not restored",
        },
        notice: if told.is_empty() {
            "none".to_owned()
        } else {
            told.join(", ")
        },
        invocation: match &first.error_type {
            None => "succeeds".to_owned(),
            Some(kind) => format!("fails, {kind}"),
        },
        after: match (cell.dead_lettered, cell.tries) {
            (true, _) => "three tries fail, dead-lettered; whole when sent again".to_owned(),
            (false, 1) => "-".to_owned(),
            (false, tries) => format!("try {tries} succeeds"),
        },
    }
}

/// Cells with the same end together, as a table in Markdown: the fault lasts.
pub fn groups(cells: &[Cell]) -> String {
    let mut text = "| Call | Fault that lasts | Trail | Notice | Invocation | Then | Calls | Time |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for row in ROWS {
        for (words, group) in grouped(cells, row) {
            let faults: Vec<&str> = group.iter().map(|cell| cell.fault.name()).collect();
            let made = range(group.iter().map(|cell| cell.calls.to_string()).collect());
            let times = group.iter().map(|cell| seconds(cell.first.took)).collect();
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {made} | {} s |",
                row.name,
                faults.join(", "),
                words.trail,
                words.notice,
                words.invocation,
                words.after,
                range(times),
            )
            .unwrap();
        }
    }
    text
}

fn grouped(cells: &[Cell], row: Row) -> Vec<(Words, Vec<&Cell>)> {
    let mut groups: BTreeMap<Words, Vec<&Cell>> = BTreeMap::new();
    for fault in Fault::ALL {
        let meant = |cell: &&Cell| {
            cell.row.name == row.name && cell.fault == fault && cell.length == Length::Lasting
        };
        for cell in cells.iter().filter(meant) {
            groups.entry(words(cell)).or_default().push(cell);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    groups
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

/// From the least to the most.
fn range(mut numbers: Vec<String>) -> String {
    let value = |text: &String| text.parse::<f64>().unwrap_or_default();
    numbers.sort_by(|a, b| value(a).total_cmp(&value(b)));
    match (numbers.first(), numbers.last()) {
        (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
        (Some(only), _) => only.clone(),
        _ => String::new(),
    }
}

/// What goes into the document.
pub fn document(cells: &[Cell]) -> String {
    let mut text = format!(
        "{} cells. The function was told to have {} s; deployed it has 60, and 300 as a hub.\n\n| Fault | In the matrix | What it is |\n| --- | --- | --- |\n",
        cells.len(),
        DEADLINE.as_secs(),
    );
    for fault in Fault::ALL {
        let (name, short, meaning) = (fault.name(), fault.short(), fault.meaning());
        writeln!(text, "| {name} | {short} | {meaning} |").unwrap();
    }
    let matrix = matrix(cells);
    write!(
        text,
        "\n{LEGEND}\n\n```text{matrix}```\n\n{}",
        groups(cells)
    )
    .unwrap();
    text
}
