//! The event that everybody gets: a recorded stop, each time another one.

use std::time::SystemTime;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::Result;

/// The event of stop number `number`, made now.
///
/// # Errors
/// If the recording is no longer what it was.
pub fn stop(number: u64) -> Result<String> {
    let recorded = include_str!("../../events/identity-role-full.json");
    let recorded: Value = serde_json::from_str(recorded)?;
    let mut event = recorded
        .get("event")
        .cloned()
        .ok_or("no event in the recording")?;
    let now = OffsetDateTime::from(SystemTime::now()).replace_nanosecond(0)?;
    let now = now.format(&Rfc3339)?;
    let detail = event.get_mut("detail").ok_or("no record in the event")?;
    set(
        detail,
        "eventID",
        format!("0d6f1a52-7c9b-4f65-8c3e-{number:012x}"),
    );
    set(detail, "eventTime", now.clone());
    set(&mut event, "time", now);
    set(
        &mut event,
        "id",
        format!("7f1d3c58-21a4-4d0e-b6c5-{number:012x}"),
    );
    Ok(event.to_string())
}

fn set(object: &mut Value, name: &str, value: String) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}
