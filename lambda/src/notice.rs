//! How an incident is worded: one SNS message that has a text for people and the JSON
//! document for machines, and another for chats.

use serde_json::json;

use crate::{
    chat::chat, document::document, email::email, headline::headline, incident::Incident,
    summary::summary, text::Clean,
};

/// An SNS message, ready to publish.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Subject: ASCII, fewer than 100 characters.
    pub subject: String,
    /// The message. Per protocol, for `MessageStructure=json`, it is the text for
    /// `email`, the headline for `sms`, the document for every other protocol.
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
    pub message: String,
    /// Whether the message is one per protocol.
    pub is_per_protocol: bool,
    /// Message attributes, for SNS filter policies; no value is empty.
    pub attributes: [(&'static str, String); 4],
}

impl Notice {
    /// Words `incident`.
    ///
    /// # Errors
    /// If the document cannot be written as JSON.
    pub fn of(incident: &Incident) -> Result<Self, serde_json::Error> {
        let summary = summary(incident);
        let headline = headline(incident);
        let message = json!({
            "default": document(incident, &summary)?,
            "email": email(incident, &summary),
            "sms": headline,
        });
        Ok(Self {
            subject: headline,
            message: message.to_string(),
            is_per_protocol: true,
            attributes: attributes(incident),
        })
    }

    /// Words `incident` for the chats' topic. A chat reads the body alone, and takes
    /// nothing else than its own schema.
    #[must_use]
    pub fn for_chat(incident: &Incident) -> Self {
        let headline = headline(incident);
        Self {
            message: chat(incident, &headline, &summary(incident)),
            is_per_protocol: false,
            attributes: attributes(incident),
            subject: headline,
        }
    }
}

/// What subscriptions filter by.
pub(crate) fn attributes(incident: &Incident) -> [(&'static str, String); 4] {
    let attribute =
        |value: &Option<Clean>| value.as_ref().map_or("unknown", Clean::as_str).to_owned();
    [
        ("outcome", incident.outcome.as_str().to_owned()),
        ("severity", incident.severity.as_str().to_owned()),
        ("event_name", attribute(&incident.event.name)),
        ("account", attribute(&incident.trail.account)),
    ]
}
