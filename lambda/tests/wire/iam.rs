//! Users and roles of the guarded account: as much of IAM as containment needs.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

use crate::{aws::refused_by_sns, http::Reply};

pub const GET_USER_POLICY: &str = "GetUserPolicy";
pub const PUT_USER_POLICY: &str = "PutUserPolicy";
pub const LIST_ACCESS_KEYS: &str = "ListAccessKeys";
pub const UPDATE_ACCESS_KEY: &str = "UpdateAccessKey";
pub const GET_ROLE_POLICY: &str = "GetRolePolicy";
pub const PUT_ROLE_POLICY: &str = "PutRolePolicy";

/// What there is.
#[derive(Default)]
pub struct Iam {
    /// Inline policies by kind, holder and name.
    pub policies: BTreeMap<(&'static str, String, String), String>,
    /// Access keys by user and id; whether they are active.
    pub keys: BTreeMap<(String, String), bool>,
    /// So many reads do not show yet what was written.
    pub stale_reads: usize,
}

/// Whether a call is IAM's.
pub fn is_iam(operation: &str) -> bool {
    is_write(operation)
        || matches!(
            operation,
            GET_USER_POLICY | LIST_ACCESS_KEYS | GET_ROLE_POLICY
        )
}

/// Whether a call changes something.
pub fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        PUT_USER_POLICY | UPDATE_ACCESS_KEY | PUT_ROLE_POLICY
    )
}

/// The answer to a call, and whether it was accepted.
pub fn answer(iam: &mut Iam, operation: &str, asked: &HashMap<String, String>) -> (Reply, bool) {
    let missing = || (refused_by_sns(404, "NoSuchEntity"), false);
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (kind, holder) = match asked.get("UserName") {
        Some(name) => ("user", name.clone()),
        None => ("role", text("RoleName")),
    };
    let is_stale = !is_write(operation) && iam.stale_reads > 0;
    let body = match operation {
        PUT_USER_POLICY | PUT_ROLE_POLICY => {
            let id = (kind, holder, text("PolicyName"));
            iam.policies.insert(id, text("PolicyDocument"));
            String::new()
        }
        GET_USER_POLICY | GET_ROLE_POLICY => {
            let id = (kind, holder, text("PolicyName"));
            if is_stale {
                iam.stale_reads -= 1;
                return missing();
            }
            match iam.policies.get(&id) {
                Some(document) => {
                    format!("<PolicyDocument>{}</PolicyDocument>", encoded(document))
                }
                None => return missing(),
            }
        }
        UPDATE_ACCESS_KEY => match iam.keys.get_mut(&(holder, text("AccessKeyId"))) {
            Some(is_active) => {
                *is_active = text("Status") == "Active";
                String::new()
            }
            None => return missing(),
        },
        _ => {
            iam.stale_reads = iam.stale_reads.saturating_sub(1);
            let mut members = String::new();
            for ((user, id), is_active) in &iam.keys {
                let status = if *is_active || is_stale {
                    "Active"
                } else {
                    "Inactive"
                };
                if *user == holder {
                    write!(members, "<member><UserName>{user}</UserName><AccessKeyId>{id}</AccessKeyId><Status>{status}</Status></member>").unwrap();
                }
            }
            format!("<AccessKeyMetadata>{members}</AccessKeyMetadata>")
        }
    };
    let answer = format!(
        "<{operation}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{operation}Result>{body}</{operation}Result></{operation}Response>"
    );
    (Reply::answer(200, answer), true)
}

/// As in an address: IAM writes documents so.
pub fn encoded(document: &str) -> String {
    let mut text = String::new();
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
    }
    text
}
