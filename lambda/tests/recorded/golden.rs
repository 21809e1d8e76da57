//! Each kind of incident reads, in each format, as in its golden files. So a change of
//! any wording shows in a diff.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use serde_json::Value;
use trailkeeper::{incident::Incident, notice::Notice};

use crate::notices::of_each_kind;

/// The kinds, in the order of [`of_each_kind`]: the outcome, and how it came about.
const KINDS: [&str; 22] = [
    "restored",
    "already_logging",
    "unconfirmed",
    "not_restored",
    "unverified",
    "attempt_denied",
    "restored_change",
    "not_restored_change",
    "already_restored",
    "conforming_change",
    "unconfirmed_change",
    "would_restore",
    "reported",
    "restored_by_sweep",
    "restored_by_sweep_named",
    "not_restored_deleted",
    "unverified_change",
    "restored_deleted",
    "already_logging_by_sweep",
    "unreachable",
    "account_suspended",
    "sweep_incomplete",
];

/// The files of one kind, by name.
fn rendered(incident: &Incident) -> [(&'static str, String); 2] {
    let notice = Notice::of(incident).unwrap();
    let message: Value = serde_json::from_str(&notice.message).unwrap();
    let text = |protocol: &str| message[protocol].as_str().unwrap();
    let document: Value = serde_json::from_str(text("default")).unwrap();
    let mail = format!("Subject: {}\n\n{}", notice.subject, text("email"));
    [("email.txt", mail), ("document.json", pretty(&document))]
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

#[test]
fn each_kind_reads_as_in_its_golden_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/notices");
    let is_blessing = env::var_os("TRAILKEEPER_BLESS").is_some();
    let incidents = of_each_kind();
    assert_eq!(incidents.len(), KINDS.len());
    let mut files = BTreeSet::new();
    for (kind, incident) in KINDS.iter().zip(&incidents) {
        assert!(kind.starts_with(incident.outcome.as_str()), "{kind}");
        for (name, rendered) in rendered(incident) {
            let file = folder.join(kind).join(name);
            if is_blessing {
                fs::create_dir_all(folder.join(kind)).unwrap();
                fs::write(&file, &rendered).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            let which = file.display();
            assert_eq!(rendered, expected, "{which}: see docs/development.md");
            files.insert(file);
        }
    }
    for entry in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(entry.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            assert!(
                files.contains(&file),
                "no notice is made of {}",
                file.display()
            );
        }
    }
}
