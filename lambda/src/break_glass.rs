//! Break-glass: whose change of a trail is left alone, why, and until when. Entries
//! last seven days at most, so there is no permanent one. Pure.

use serde_json::{Map, Value, json};

use crate::{
    arn::TrailArn,
    baseline::sha256,
    decide::names,
    event::{Event, Record, object, text},
    members::in_account,
    moment::Moment,
    text::{Clean, excerpt},
};

/// The longest that an entry is in force, in milliseconds.
const LONGEST_MS: i64 = 7 * 24 * 3_600_000;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;
/// Characters of a name that must come before its first `*`.
const LEAST_LITERAL: usize = 3;

const PRINCIPAL: &str = "the ARN of a role or user, arn:PARTITION:iam::ACCOUNT:role/NAME; ACCOUNT is 12 digits or {account}, and NAME has three characters or more before its first *";
const REASON: &str = "1 to 200 characters, none of them a control character";
const EXPIRES_AT: &str = "a time of RFC 3339, such as 2026-11-30T18:00:00Z";

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// ARN of a role or user; `*` in its name stands for anything, the placeholder of
    /// the account for the trail's.
    pub principal: String,
    /// Why.
    pub reason: String,
    /// When it ends.
    pub expires_at: Moment,
}

/// All entries, and what is wrong with those that cannot be used. A wrong one is
/// inert: it must not switch the responder off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreakGlass {
    entries: Vec<Exemption>,
    refused: Vec<String>,
}

impl Exemption {
    /// Whether it lasts at `now`. One that ends later than seven days from now does
    /// not yet.
    #[must_use]
    pub fn is_in_force(&self, now: Moment) -> bool {
        now < self.expires_at && !self.is_too_long(now)
    }

    fn is_too_long(&self, now: Moment) -> bool {
        self.expires_at.millis_since(now) > LONGEST_MS
    }

    /// Tells it from every other entry, earlier and later ones too.
    #[must_use]
    pub fn mark(&self) -> String {
        let all = json!([self.principal, self.reason, self.expires_at]);
        sha256(&all.to_string())
    }

    /// Whether `principal`, an ARN, is meant, and one of `account`.
    pub(crate) fn means(&self, principal: &str, account: &str) -> bool {
        let is_of_account = principal.split(':').nth(4) == Some(account);
        is_of_account
            && is_principal(principal)
            && fits(&in_account(&self.principal, account), principal)
    }

    fn read(entry: &Value) -> Result<Self, String> {
        let nothing = Map::new();
        let fields = entry.as_object().unwrap_or(&nothing);
        let given = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or("");
        let wrong = |field: &str, expected: &str| {
            let found = excerpt(given(field));
            Err(format!("{field} is \"{found}\": expected {expected}"))
        };
        let (principal, reason) = (given("principal"), given("reason"));
        if !is_pattern(principal) {
            return wrong("principal", PRINCIPAL);
        }
        let is_short = reason.chars().count() <= LONGEST_REASON;
        if !is_short || reason.chars().any(char::is_control) || Clean::visible(reason).is_none() {
            return wrong("reason", REASON);
        }
        match Moment::parse(given("expires_at")) {
            Some(expires_at) => Ok(Self {
                principal: principal.to_owned(),
                reason: reason.to_owned(),
                expires_at,
            }),
            None => wrong("expires_at", EXPIRES_AT),
        }
    }
}

impl BreakGlass {
    /// Reads the JSON list of entries; an empty text is none.
    #[must_use]
    pub fn read(list: &str) -> Self {
        let mut all = Self::default();
        if list.trim().is_empty() {
            return all;
        }
        let Ok(Value::Array(entries)) = serde_json::from_str(list) else {
            all.refused
                .push(format!("it is \"{}\": expected a JSON list", excerpt(list)));
            return all;
        };
        for (number, entry) in entries.iter().enumerate() {
            match Exemption::read(entry) {
                Ok(exemption) => all.entries.push(exemption),
                Err(why) => all.refused.push(format!("entry {number}: {why}")),
            }
        }
        all
    }

    /// What is wrong with entries that have no effect; nothing is with one that has
    /// expired.
    #[must_use]
    pub fn problems(&self, now: Moment) -> Vec<String> {
        let too_long = self.entries.iter().filter(|entry| entry.is_too_long(now));
        let too_long = too_long.map(|entry| {
            let until = entry.expires_at;
            format!("expires_at is {until}: expected a time at most seven days ahead")
        });
        self.refused.iter().cloned().chain(too_long).collect()
    }

    /// Whether there is no entry, not even one that has expired.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries that last at `now`.
    pub fn in_force(&self, now: Moment) -> impl Iterator<Item = &Exemption> {
        let entries = self.entries.iter();
        entries.filter(move |entry| entry.is_in_force(now))
    }

    /// The entries that have ended at `now`.
    pub fn ended(&self, now: Moment) -> impl Iterator<Item = &Exemption> {
        let entries = self.entries.iter();
        entries.filter(move |entry| entry.expires_at <= now)
    }

    /// The entry that covers what `event` tells of `trail`, if its actor is one of the
    /// trail's own account and no responder, and its record names the trail. The one
    /// that lasts longest, if there are more.
    ///
    /// The event is a hint: who may invoke the function can forge one.
    #[must_use]
    pub fn of_event(
        &self,
        event: &Event,
        trail: &TrailArn,
        responders: &[String],
        now: Moment,
    ) -> Option<&Exemption> {
        let account = trail.account();
        let principal = principal(&event.record, account)?;
        if event.account.as_deref() != Some(account)
            || responders.iter().any(|role| role == principal)
            || !names(&event.record, trail)
        {
            return None;
        }
        self.in_force(now)
            .filter(|entry| entry.means(principal, account))
            .max_by_key(|entry| entry.expires_at)
    }
}

/// ARN of the role or user of `account` behind `record`, by what AWS vouches for: of a
/// session the role that issued it. Root, services and federated users are neither.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
fn principal<'a>(record: &'a Record, account: &str) -> Option<&'a str> {
    let identity = record.user_identity.as_ref()?;
    let (principal, kind) = match text(identity, "type")? {
        "AssumedRole" => {
            let issuer = object(object(identity, "sessionContext")?, "sessionIssuer")?;
            let is_role = text(issuer, "type") == Some("Role");
            (text(issuer, "arn").filter(|_| is_role)?, "role/")
        }
        "IAMUser" => (text(identity, "arn")?, "user/"),
        _ => return None,
    };
    let is_of_kind = resource(principal).is_some_and(|name| name.starts_with(kind));
    (text(identity, "accountId") == Some(account) && is_of_kind).then_some(principal)
}

fn resource(arn: &str) -> Option<&str> {
    arn.splitn(6, ':').nth(5)
}

/// Whether `arn` is that of a role or user.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
fn is_principal(arn: &str) -> bool {
    is_arn(arn, is_of_name)
}

/// Whether `arn` is such an ARN whose name may hold `*`, but begins with a name.
fn is_pattern(arn: &str) -> bool {
    // Any account will do to check the form.
    let example = in_account(arn, "000000000000");
    let name = resource(&example).and_then(|name| name.split_once('/'));
    let literal = name.and_then(|(_, name)| name.split('*').next());
    let is_narrow = literal
        .is_some_and(|literal| !literal.starts_with('/') && literal.len() >= LEAST_LITERAL)
        || !example.contains('*');
    is_narrow && is_arn(&example, |byte| is_of_name(byte) || byte == b'*')
}

fn is_arn(arn: &str, is_of_name: impl Fn(u8) -> bool) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return false;
    };
    let name = resource
        .strip_prefix("role/")
        .or_else(|| resource.strip_prefix("user/"))
        .unwrap_or_default();
    let is_word = |b: u8| b.is_ascii_lowercase() || b == b'-';
    partition.starts_with("aws")
        && partition.bytes().all(is_word)
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(is_of_name)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'+' | b'=' | b',' | b'.' | b'@' | b'_' | b'-' | b'/')
}

/// Whether `text` is `pattern`, in which `*` stands for anything.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        match text.split_once(piece) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T05:06:07Z";
    const TRAIL: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";
    const ADMIN: &str = "arn:aws:iam::111122223333:role/ops/admin";
    const RESPONDER: &str = "arn:aws:iam::111122223333:role/ops/responder";

    fn now() -> Moment {
        Moment::parse(NOW).expect("a time")
    }

    fn entry(principal: &str, reason: &str, expires_at: &str) -> Value {
        json!({"principal": principal, "reason": reason, "expires_at": expires_at})
    }

    fn one(principal: &str) -> BreakGlass {
        let tomorrow = "2026-11-25T05:06:07Z";
        BreakGlass::read(&json!([entry(principal, "move the logs", tomorrow)]).to_string())
    }

    fn stop_by(identity: &Value) -> Event {
        let event = json!({
            "account": "111122223333", "region": "eu-central-1",
            "detail": {
                "eventName": "StopLogging", "awsRegion": "eu-central-1",
                "recipientAccountId": "111122223333", "userIdentity": identity,
                "requestParameters": {"name": "audit"},
            },
        });
        Event::parse(&event.to_string()).expect("an event")
    }

    fn session_of(role: &str) -> Value {
        json!({
            "type": "AssumedRole", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/admin/alice",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role}},
        })
    }

    fn covers(principal: &str, event: &Event) -> bool {
        let trail: TrailArn = TRAIL.parse().expect("a trail");
        let responders = [RESPONDER.to_owned()];
        let glass = one(principal);
        assert_eq!(glass.problems(now()), [""; 0], "{principal}");
        glass.of_event(event, &trail, &responders, now()).is_some()
    }

    #[test]
    fn a_session_is_known_by_its_role_and_a_user_by_its_arn() {
        let session = stop_by(&session_of(ADMIN));
        let user = json!({"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/alice"});
        let user = stop_by(&user);
        for (principal, by_session, by_user) in [
            (ADMIN, true, false),
            ("arn:aws:iam::{account}:role/ops/admin", true, false),
            ("arn:aws:iam::{account}:role/ops/*", true, false),
            ("arn:aws:iam::111122223333:role/ops*min", true, false),
            ("arn:aws:iam::111122223333:role/ops*/*n", true, false),
            ("arn:aws:iam::111122223333:role/ops*x*", false, false),
            ("arn:aws:iam::111122223333:role/ops", false, false),
            (
                "arn:aws:iam::111122223333:role/ops/admin*admin",
                false,
                false,
            ),
            ("arn:aws:iam::111122223333:role/admin", false, false),
            ("arn:aws:iam::999988887777:role/ops/*", false, false),
            ("arn:aws:iam::111122223333:user/alice", false, true),
            ("arn:aws:iam::{account}:user/ali*", false, true),
        ] {
            assert_eq!(covers(principal, &session), by_session, "{principal}");
            assert_eq!(covers(principal, &user), by_user, "{principal}");
        }
    }

    #[test]
    fn an_actor_that_is_not_clearly_the_one_meant_is_not_covered() {
        let everything = "arn:aws:iam::{account}:role/ops/*";
        assert!(covers(everything, &stop_by(&session_of(ADMIN))));
        let with = |change: &dyn Fn(&mut Value)| {
            let mut identity = session_of(ADMIN);
            change(&mut identity);
            stop_by(&identity)
        };
        let issuer = "/sessionContext/sessionIssuer";
        let set = |pointer: &'static str, value: Value| {
            with(&|identity: &mut Value| {
                if let Some(field) = identity.pointer_mut(pointer) {
                    *field = value.clone();
                }
            })
        };
        let other = ADMIN.replace("111122223333", "999988887777");
        let broken = format!("{ADMIN}\n arn");
        for (what, event) in [
            ("no identity", stop_by(&Value::Null)),
            ("a text", stop_by(&json!(ADMIN))),
            ("root", set("/type", json!("Root"))),
            ("a service", set("/type", json!("AWSService"))),
            ("a federated user", set("/type", json!("FederatedUser"))),
            ("the session's own name", set("/type", json!("IAMUser"))),
            ("no type", set("/type", Value::Null)),
            ("another account", set("/accountId", json!("999988887777"))),
            ("no account", set("/accountId", Value::Null)),
            ("no issuer", set(issuer, Value::Null)),
            (
                "an issuer that is a user",
                set("/sessionContext/sessionIssuer/type", json!("IAMUser")),
            ),
            (
                "a role elsewhere",
                set("/sessionContext/sessionIssuer/arn", json!(other)),
            ),
            (
                "odd characters",
                set("/sessionContext/sessionIssuer/arn", json!(broken)),
            ),
            (
                "a list",
                set("/sessionContext/sessionIssuer/arn", json!([ADMIN])),
            ),
            ("the responder", stop_by(&session_of(RESPONDER))),
        ] {
            assert!(!covers(everything, &event), "{what}");
        }
        let mut event = stop_by(&session_of(ADMIN));
        event.account = Some("999988887777".to_owned());
        assert!(!covers(everything, &event), "an event of another account");
        let mut event = stop_by(&session_of(ADMIN));
        event.record.request_parameters = None;
        assert!(!covers(everything, &event), "no trail is named");
    }

    #[test]
    fn an_entry_is_in_force_until_it_expires_and_for_seven_days_at_most() {
        for (expires_at, lasts, is_wrong) in [
            ("2026-11-24T05:06:06Z", false, false),
            ("2026-11-24T05:06:07Z", false, false),
            ("2026-11-24T05:06:08Z", true, false),
            ("2026-11-24T07:06:07+01:00", true, false),
            ("2026-12-01T05:06:07Z", true, false),
            ("2026-12-01T05:06:08Z", false, true),
            ("2126-12-01T05:06:08Z", false, true),
        ] {
            let list = json!([entry(ADMIN, "why", expires_at)]).to_string();
            let glass = BreakGlass::read(&list);
            assert_eq!(glass.in_force(now()).count() == 1, lasts, "{expires_at}");
            let problems = glass.problems(now());
            assert_eq!(!problems.is_empty(), is_wrong, "{problems:?}");
            assert!(
                problems.iter().all(|p| p.contains("expires_at")),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn a_wrong_entry_names_its_field_and_has_no_effect_and_the_others_have() {
        let later = "2026-11-25T00:00:00Z";
        let long = "x".repeat(201);
        for (wrong, field) in [
            (entry("*", "why", later), "principal"),
            (
                entry("arn:aws:iam::*:role/admin", "why", later),
                "principal",
            ),
            (
                entry("arn:aws:iam::111122223333:role/*", "why", later),
                "principal",
            ),
            (
                entry("arn:aws:iam::111122223333:role/ad*", "why", later),
                "principal",
            ),
            (
                entry("arn:aws:iam::111122223333:*", "why", later),
                "principal",
            ),
            (
                entry("arn:aws:iam::111122223333:root", "why", later),
                "principal",
            ),
            (
                entry("arn:aws:iam::111122223333:role/", "why", later),
                "principal",
            ),
            (
                entry("arn:aws:iam::111122223333:role/adm in", "why", later),
                "principal",
            ),
            (
                entry(
                    "arn:aws:sts::111122223333:assumed-role/admin/x",
                    "why",
                    later,
                ),
                "principal",
            ),
            (
                entry("arn:aws:iam::11112222333:role/admin", "why", later),
                "principal",
            ),
            (entry(ADMIN, "", later), "reason"),
            (entry(ADMIN, "  ", later), "reason"),
            (entry(ADMIN, "a\nb", later), "reason"),
            (entry(ADMIN, &long, later), "reason"),
            (entry(ADMIN, "why", "tomorrow"), "expires_at"),
            (entry(ADMIN, "why", ""), "expires_at"),
            (json!({"principal": ADMIN, "reason": "why"}), "expires_at"),
            (json!("x"), "principal"),
        ] {
            let glass = BreakGlass::read(&json!([wrong, entry(ADMIN, "why", later)]).to_string());
            let problems = glass.problems(now()).join("; ");
            assert!(
                problems.starts_with(&format!("entry 0: {field} is")),
                "{problems}"
            );
            assert_eq!(glass.in_force(now()).count(), 1, "{wrong}");
        }
        for text in ["{}", "[", "x", "{\"principal\": 1}"] {
            let glass = BreakGlass::read(text);
            assert!(
                glass.is_empty() && !glass.problems(now()).is_empty(),
                "{text}"
            );
        }
        for text in ["", " ", "[]"] {
            let glass = BreakGlass::read(text);
            assert!(
                glass.is_empty() && glass.problems(now()).is_empty(),
                "{text}"
            );
        }
    }
}
