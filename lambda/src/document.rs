//! The notice for machines: the incident as JSON. Its schema is
//! `docs/schema/notice-1.json`.

use serde::Serialize;

use crate::incident::Incident;

/// Name of the document's schema.
pub const SCHEMA: &str = "trailkeeper.notice";
/// Its version; raised when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    summary: &'a str,
    #[serde(flatten)]
    incident: &'a Incident,
}

/// The document of `incident`, which `summary` sums up.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn document(incident: &Incident, summary: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Document {
        schema: SCHEMA,
        version: VERSION,
        summary,
        incident,
    })
}
