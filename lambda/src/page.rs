//! The text of an e-mail, line by line.

use crate::text::Clean;

/// Lines of `Label  value`.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(crate) fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    /// A value from the record, in quotes so that it cannot pass for our words,
    /// and with addresses that no mail program makes a link of.
    pub(crate) fn field(&mut self, label: &str, value: Option<&Clean>) {
        self.fact(
            label,
            value.map(|value| value.quoted().replace("://", "[://]")),
        );
    }

    pub(crate) fn fact(&mut self, label: &str, value: Option<impl ToString>) {
        let value = value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        self.line(&format!("  {label:<18} {value}"));
    }
}
