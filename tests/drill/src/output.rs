//! What a drill leaves: words on the terminal, and files.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

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

/// The commands that put the trail back. It is there as long as they may be needed.
const SCRIPT: &str = "restore.sh";
const REPORTS: [&str; 3] = ["report.json", "report.html", "timeline.svg"];

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

/// restore.sh: what a person, or another machine, can run if this one is gone. One that
/// is there is the only way back that an earlier drill left, so it is not overwritten;
/// that drill's reports are no longer true, and go.
pub(crate) fn save(folder: &Path, trail: &str, commands: &[String]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let now = moment::shown(OffsetDateTime::now_utc());
    let text = format!(
        "#!/bin/sh\n# Puts {trail} back as it was before the drill of {now}.\n{}\n",
        commands.join("\n")
    );
    let mut file = File::create_new(folder.join(SCRIPT))?;
    file.write_all(text.as_bytes())?;
    // It has to outlive the machine's death.
    file.sync_all()?;
    for name in REPORTS {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The trail is as before: nobody needs restore.sh.
pub(crate) fn forget(folder: &Path) {
    let script = folder.join(SCRIPT);
    if let Err(error) = fs::remove_file(&script) {
        complain(&format!("error: {}: {error}", script.display()));
    }
}

/// The command that runs restore.sh.
pub(crate) fn script(arguments: &Arguments) -> String {
    format!(
        "sh {}",
        quoted(&arguments.out.join(SCRIPT).to_string_lossy())
    )
}

/// The report, as data, as a page and as a picture.
pub(crate) fn write(folder: &Path, report: &Report) -> io::Result<()> {
    let [data, page, drawing] = REPORTS.map(|name| folder.join(name));
    fs::write(data, report::json(report)?)?;
    fs::write(page, html(report))?;
    fs::write(drawing, picture(report))
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
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_of_an_earlier_drill_is_not_lost() {
        let folder = std::env::temp_dir().join(format!("drill-{:08x}", fastrand::u32(..)));
        let read = || fs::read_to_string(folder.join(SCRIPT)).unwrap();
        save(&folder, "audit", &["first".to_owned()]).unwrap();
        fs::write(folder.join("report.json"), "of the first").unwrap();
        let error = save(&folder, "audit", &["second".to_owned()]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(read().contains("\nfirst\n"));

        forget(&folder);
        save(&folder, "audit", &["second".to_owned()]).unwrap();
        assert!(read().contains("\nsecond\n"));
        assert!(
            !folder.join("report.json").exists(),
            "nobody takes it for that of this drill"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
