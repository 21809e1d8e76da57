//! What a drill leaves: words on the terminal, and files.

use std::{fs, io, path::Path};

use time::OffsetDateTime;

use crate::{
    arguments::Arguments,
    call::quoted,
    html::{html, picture},
    moment,
    report::{self, Report},
    screen::{Screen, printable},
    timeline,
    verdict::Verdict,
};

/// The verdict and why, on the terminal.
pub(crate) fn summary(screen: &Screen, report: &Report) {
    let mood = match report.verdict {
        Verdict::Passed => timeline::Mood::Good,
        _ => timeline::Mood::Bad,
    };
    let word = screen.mood(report.verdict.as_str(), mood);
    let figures = &report.figures;
    let mut parts = Vec::new();
    if let Some(gap) = report::gap(figures) {
        parts.push(format!("{gap} without logging by the trail's own times"));
    }
    if let Some(at) = figures.restored_seen_ms {
        parts.push(format!("seen as before after {}", timeline::duration(at)));
    }
    if let Some(at) = figures.notice_received_ms {
        parts.push(format!("notice after {}", timeline::duration(at)));
    }
    parts.push(format!("budget {} s", figures.budget_ms / 1_000));
    screen.line(&format!("{word}: {}", parts.join(", ")));
    for reason in &report.reasons {
        screen.line(&format!("  because {}", printable(reason)));
    }
    if report.verdict == Verdict::Failed {
        screen.line(
            "  Next: the alarms, the function's log and its dead-letter queue: docs/operations.md",
        );
    }
}

/// restore.sh: what a person, or another machine, can run if this one is gone.
pub(crate) fn save(folder: &Path, trail: &str, commands: &[String]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let now = moment::shown(OffsetDateTime::now_utc());
    let text = format!(
        "#!/bin/sh\n# Puts {trail} back as it was before the drill of {now}.\n{}\n",
        commands.join("\n")
    );
    fs::write(folder.join("restore.sh"), text)
}

/// The command that runs restore.sh.
pub(crate) fn script(arguments: &Arguments) -> String {
    format!(
        "sh {}",
        quoted(&arguments.out.join("restore.sh").to_string_lossy())
    )
}

/// The report, as data, as a page and as a picture.
pub(crate) fn write(folder: &Path, report: &Report) -> io::Result<()> {
    fs::write(folder.join("report.json"), report::json(report)?)?;
    fs::write(folder.join("report.html"), html(report))?;
    fs::write(folder.join("timeline.svg"), picture(report))
}

/// A fault of the drill's own must not be silent about the trail either.
pub(crate) fn arm(commands: &[String]) {
    let commands = commands.to_vec();
    std::panic::set_hook(Box::new(move |fault| {
        alarm(&commands, &[format!("the drill itself failed: {fault}")]);
        std::process::exit(i32::from(Verdict::MaybeWeakened.exit_code()));
    }));
}

/// What must not be overlooked.
pub(crate) fn alarm(commands: &[String], reasons: &[String]) {
    let (commands, reasons) = (commands.join("\n  "), reasons.join("; "));
    complain(&format!(
        "\n{}: {}\nPut it back now:\n  {commands}\n",
        Verdict::MaybeWeakened.as_str(),
        printable(&reasons)
    ));
}

/// What could not be removed.
pub(crate) fn tell_left_over(commands: &[String]) {
    if !commands.is_empty() {
        complain(&format!(
            "Left over; remove it:\n  {}",
            commands.join("\n  ")
        ));
    }
}

/// A line on standard error.
pub(crate) fn complain(text: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "{text}");
}
