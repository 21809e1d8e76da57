//! Who made the call, as far as a record tells.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    event::{Record, object, text},
    moment::Moment,
    text::Clean,
};

/// The principal behind a record. Unknown is `None`, never a guess.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// `userIdentity.type`, for example `IAMUser`.
    pub kind: Option<Clean>,
    /// ARN of the principal.
    pub arn: Option<Clean>,
    /// Best name there is: user name, role name, service, provider or principal id.
    pub name: Option<Clean>,
    /// Account of the principal.
    pub account: Option<Clean>,
    /// ARN of the role or user behind the session.
    pub session_issuer_arn: Option<Clean>,
    /// IAM's id of the user, or of the role or user behind the session: the same
    /// whatever its name.
    #[serde(skip)]
    pub iam_id: Option<Clean>,
    /// Whether the session was authenticated with MFA.
    pub mfa: Option<bool>,
    /// When the session began, for credentials of a session.
    pub session_started_at: Option<Moment>,
    /// Whether the credentials are those of a sign-in to the console; `None` if the
    /// record does not say so.
    pub from_console: Option<bool>,
    /// Access key id that signed the call.
    pub access_key_id: Option<Clean>,
    /// `sourceIdentity` set when the session was issued.
    pub source_identity: Option<Clean>,
    /// AWS service that made the call on the principal's behalf.
    pub invoked_by: Option<Clean>,
    /// Source address of the call.
    pub source_ip: Option<Clean>,
    /// User agent of the call, chosen by the caller.
    pub user_agent: Option<Clean>,
}

impl Actor {
    /// Reads the actor of `record`.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let nothing = Map::new();
        let identity = record.user_identity.as_ref().unwrap_or(&nothing);
        let session = object(identity, "sessionContext").unwrap_or(&nothing);
        let issuer = object(session, "sessionIssuer").unwrap_or(&nothing);
        let on_behalf_of = object(identity, "onBehalfOf").unwrap_or(&nothing);
        let clean = |fields: &Map<String, Value>, name| text(fields, name).and_then(Clean::visible);
        let whole = |value: &Option<String>| value.as_deref().and_then(Clean::visible);
        Self {
            kind: clean(identity, "type"),
            arn: clean(identity, "arn"),
            name: clean(identity, "userName")
                .or_else(|| clean(issuer, "userName"))
                .or_else(|| clean(identity, "invokedBy"))
                .or_else(|| clean(on_behalf_of, "userId"))
                .or_else(|| clean(identity, "identityProvider"))
                .or_else(|| clean(identity, "principalId")),
            account: clean(identity, "accountId").or_else(|| clean(issuer, "accountId")),
            session_issuer_arn: clean(issuer, "arn"),
            iam_id: text(issuer, "principalId")
                .or_else(|| text(identity, "principalId"))
                .and_then(iam_id)
                .and_then(Clean::visible),
            mfa: object(session, "attributes").and_then(mfa),
            session_started_at: object(session, "attributes")
                .and_then(|attributes| text(attributes, "creationDate"))
                .and_then(Moment::parse),
            from_console: record
                .unknown
                .get("sessionCredentialFromConsole")
                .and_then(flag),
            access_key_id: clean(identity, "accessKeyId"),
            source_identity: clean(session, "sourceIdentity"),
            invoked_by: clean(identity, "invokedBy"),
            source_ip: whole(&record.source_ip_address),
            user_agent: whole(&record.user_agent),
        }
    }

    /// The best single description there is.
    #[must_use]
    pub fn best(&self) -> Option<&Clean> {
        [
            &self.arn,
            &self.session_issuer_arn,
            &self.name,
            &self.access_key_id,
        ]
        .into_iter()
        .flatten()
        .next()
    }

    /// Whether the principal is of this kind, `userIdentity.type`.
    #[must_use]
    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind.as_ref().map(Clean::as_str) == Some(kind)
    }

    /// Whether the actor is this role or user, by what AWS vouches for.
    #[must_use]
    pub fn is(&self, principal: &str) -> bool {
        [&self.session_issuer_arn, &self.arn]
            .into_iter()
            .flatten()
            .any(|arn| arn.as_str() == principal)
    }
}

/// IAM's own id in a `principalId`, in front of the session's name, which its maker
/// chooses; of other principals it is no id, or one that many share.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
fn iam_id(principal_id: &str) -> Option<&str> {
    let id = principal_id.split(':').next()?;
    let is_of_iam = id.starts_with("AIDA") || id.starts_with("AROA");
    let is_id = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (is_of_iam && (16..=128).contains(&id.len()) && id.bytes().all(is_id)).then_some(id)
}

fn mfa(attributes: &Map<String, Value>) -> Option<bool> {
    flag(attributes.get("mfaAuthenticated")?)
}

/// A flag of a record is the string "true" or "false" in any case, or a boolean.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(flag) if flag.eq_ignore_ascii_case("true") => Some(true),
        Value::String(flag) if flag.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
