//! Links into the AWS console, and what of a record may go into a link or a command:
//! only what cannot be anything else than what it should be (law 8).

use crate::{actor::Actor, arn::TrailArn, text::Clean};

/// The console of an account and region.
pub(crate) struct Console<'a> {
    host: &'static str,
    region: &'a str,
}

impl<'a> Console<'a> {
    /// The console that shows `trail`; `None` where it is not known how it is called.
    /// Source: <https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/what-is.html>,
    /// and the guides of the partitions.
    pub(crate) fn of(trail: &'a TrailArn) -> Option<Self> {
        let host = match trail.partition() {
            "aws" => "console.aws.amazon.com",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            "aws-cn" => "console.amazonaws.cn",
            _ => return None,
        };
        Some(Self {
            host,
            region: trail.region(),
        })
    }

    /// A page of CloudTrail's.
    fn cloudtrail(&self, page: &str) -> String {
        let Self { host, region } = self;
        format!("https://{host}/cloudtrailv2/home?region={region}#/{page}")
    }

    /// The page of `trail`.
    pub(crate) fn trail(&self, trail: &TrailArn) -> String {
        self.cloudtrail(&format!("trails/{trail}"))
    }

    /// The event history, filtered as `by` says.
    pub(crate) fn events(&self, by: &Lookup) -> String {
        self.cloudtrail(&format!("events?{}={}", by.attribute, by.value))
    }

    /// Where the sessions of a role are revoked.
    pub(crate) fn revoke_sessions(&self, role: &str) -> String {
        let host = self.host;
        format!("https://{host}/iam/home#/roles/details/{role}?section=revoke_sessions")
    }
}

/// What events are looked up by.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html>.
pub(crate) struct Lookup {
    pub(crate) attribute: &'static str,
    pub(crate) value: String,
}

impl Lookup {
    /// By the access key that signed the call.
    pub(crate) fn by_key(key: Option<&Clean>) -> Option<Self> {
        plain_key(key).map(|key| Self {
            attribute: "AccessKeyId",
            value: key.to_owned(),
        })
    }

    /// By an IAM user's name, whatever key was used.
    pub(crate) fn by_user(actor: &Actor) -> Option<Self> {
        user_name(actor).map(|name| Self {
            attribute: "Username",
            value: name.to_owned(),
        })
    }

    /// By the name of what a call was about: a trail, a key's id, a bucket.
    pub(crate) fn by_name(name: &str) -> Self {
        Self {
            attribute: "ResourceName",
            value: name.to_owned(),
        }
    }
}

/// The access key id, if it can be nothing else.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>.
pub(crate) fn key_id(actor: &Actor) -> Option<&str> {
    plain_key(actor.access_key_id.as_ref())
}

fn plain_key(key: Option<&Clean>) -> Option<&str> {
    let key = key?.as_str();
    let is_key = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    ((16..=128).contains(&key.len()) && key.bytes().all(is_key)).then_some(key)
}

/// The name of an IAM user, if a shell, a link and the CLI take it for a word. IAM
/// also allows `+`, `=`, `,` and `@`, and those mean something to them.
pub(crate) fn user_name(actor: &Actor) -> Option<&str> {
    let name = actor.name.as_ref().map(Clean::as_str)?;
    (actor.is_kind("IAMUser") && is_plain(name)).then_some(name)
}

/// The name of the role behind a session, if it is a role that may be edited.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html>.
pub(crate) fn editable_role(actor: &Actor) -> Option<&str> {
    let arn = actor.session_issuer_arn.as_ref().map(Clean::as_str)?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", _, resource] = parts[..] else {
        return None;
    };
    let path = resource.strip_prefix("role/")?;
    let name = path.rsplit('/').next()?;
    let is_aws_own = path.starts_with("aws-service-role/")
        || path.starts_with("aws-reserved/")
        || name.starts_with("AWSReservedSSO_");
    (actor.is_kind("AssumedRole") && !is_aws_own && is_plain(name)).then_some(name)
}

/// Whether the session is of a role that IAM Identity Center made.
pub(crate) fn is_of_identity_center(actor: &Actor) -> bool {
    let arn = actor.session_issuer_arn.as_ref().map(Clean::as_str);
    let role = arn.and_then(|arn| arn.split_once(":role/"));
    actor.is_kind("AssumedRole")
        && role.is_some_and(|(_, path)| {
            path.starts_with("aws-reserved/sso.amazonaws.com/")
                || path.starts_with("AWSReservedSSO_")
        })
}

/// Whether `word` is a word to shells, links and the CLI's shorthand alike.
fn is_plain(word: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=64).contains(&word.len()) && word.bytes().all(allowed) && !word.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(kind: &str, name: &str, key: &str, issuer: &str) -> Actor {
        Actor {
            kind: Clean::visible(kind),
            name: Clean::visible(name),
            access_key_id: Clean::visible(key),
            session_issuer_arn: Clean::visible(issuer),
            ..Actor::default()
        }
    }

    #[test]
    fn what_could_be_a_command_or_a_link_is_left_out() {
        for wrong in [
            "eve;reboot",
            "$(id)",
            "eve&x=1",
            "--profile",
            "e ve",
            "a@b.example",
            "\u{435}ve",
            "",
        ] {
            assert_eq!(user_name(&actor("IAMUser", wrong, "", "")), None, "{wrong}");
            let issuer = format!("arn:aws:iam::111122223333:role/{wrong}");
            let role = actor("AssumedRole", "", "", &issuer);
            assert_eq!(editable_role(&role), None, "{wrong}");
        }
        for wrong in ["AKIA", "AKIAIOSFODNN7EXAMPL;", "akiaiosfodnn7example", ""] {
            assert_eq!(key_id(&actor("IAMUser", "eve", wrong, "")), None, "{wrong}");
        }
    }

    #[test]
    fn roles_that_aws_owns_are_not_to_be_edited() {
        let role = |path: &str| {
            let issuer = format!("arn:aws:iam::111122223333:role/{path}");
            editable_role(&actor("AssumedRole", "", "", &issuer)).map(str::to_owned)
        };
        assert_eq!(role("ci/deploy").as_deref(), Some("deploy"));
        assert_eq!(
            role("aws-service-role/x.amazonaws.com/AWSServiceRoleForX"),
            None
        );
        assert_eq!(
            role("aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_1"),
            None
        );
    }

    #[test]
    fn each_partition_has_its_console() -> Result<(), crate::arn::InvalidTrailArn> {
        for (partition, host) in [
            ("aws", Some("https://console.aws.amazon.com/")),
            ("aws-us-gov", Some("https://console.amazonaws-us-gov.com/")),
            ("aws-cn", Some("https://console.amazonaws.cn/")),
            ("aws-iso", None),
        ] {
            let trail: TrailArn =
                format!("arn:{partition}:cloudtrail:r-1:111122223333:trail/audit").parse()?;
            let link = Console::of(&trail).map(|console| console.trail(&trail));
            let wanted =
                host.map(|host| format!("{host}cloudtrailv2/home?region=r-1#/trails/{trail}"));
            assert_eq!(link, wanted);
        }
        Ok(())
    }
}
