//! Containment: whether the actor of an incident is limited, how, and what is told of
//! it. Pure.
//!
//! It may only ever meet who did it: names come from what AWS vouches for, never from
//! what a caller chose, such as a session's name.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    actor::Actor,
    break_glass::fits,
    config::Config,
    console::key_id,
    incident::Incident,
    members::in_account,
    moment::Moment,
    outcome::{Outcome, Severity},
    text::Clean,
};

/// The name of the policy, by which a person finds it and takes it away.
pub const POLICY_NAME: &str = "TrailkeeperContainment";
/// From the actor's second incident within the window on: once may be a mistake.
pub const REPEATED: u64 = 2;

const VERSION: &str = "2012-10-17";
const SWITCH_ON: &str = "aws iam update-access-key";
/// Between two commands, of which the second is run only if the first succeeds.
const AND: &str = " && ";

/// Who may be contained in the function's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    principals: Vec<String>,
    exempt: Vec<String>,
}

impl Rules {
    /// Reads `{"principals": [..], "exempt": [..]}`, lists of `user/NAME` and
    /// `role/NAME` in which `*` stands for anything. `None` if it is not that.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let given: Value = serde_json::from_str(text).ok()?;
        let list = |name: &str| -> Option<Vec<String>> {
            let entries = given.get(name)?.as_array()?.iter();
            entries
                .map(|entry| entry.as_str().filter(|entry| is_pattern(entry)))
                .map(|entry| entry.map(str::to_owned))
                .collect()
        };
        Some(Self {
            principals: list("principals")?,
            exempt: list("exempt")?,
        })
    }
}

/// Who is to be contained, by names that IAM knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// ARN of the user, or of the role behind the session.
    pub arn: String,
    /// Its name, without the path.
    pub name: String,
    /// What of it is taken away.
    pub hold: Hold,
}

/// What containment takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// From a user: everything, and the key that signed the call. `None` if a session
    /// did, whose key cannot be switched off.
    Everything {
        /// Id of the access key.
        key: Option<String>,
    },
    /// From a role: the sessions that were issued until now.
    OlderSessions {
        /// When the actor's session was issued, if the record says so.
        issued: Option<Moment>,
    },
}

impl Target {
    /// Whether it is a user, and else a role.
    #[must_use]
    pub fn is_user(&self) -> bool {
        matches!(self.hold, Hold::Everything { .. })
    }

    /// The key to switch off.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match &self.hold {
            Hold::Everything { key } => key.as_deref(),
            Hold::OlderSessions { .. } => None,
        }
    }

    /// The policy that contains it from `now` on.
    #[must_use]
    pub fn policy(&self, now: Moment) -> Value {
        match self.hold {
            Hold::Everything { .. } => deny_all(),
            Hold::OlderSessions { issued } => {
                // Times of issue are whole seconds, and come from another clock.
                let ahead = now.before(-CLOCKS_MS);
                let latest = issued.map_or(now, |issued| issued.max(now).min(ahead));
                deny_older(latest.before(-1_000).cut_to_second())
            }
        }
    }

    /// Whether `found` contains it as much as `wanted`, or as its session needs.
    #[must_use]
    pub fn is_held_by(&self, found: &Value, wanted: Option<&Value>) -> bool {
        match self.hold {
            Hold::Everything { .. } => *found == deny_all(),
            Hold::OlderSessions { issued } => {
                let needed = match wanted {
                    Some(wanted) => revoked_before(wanted),
                    None => issued.map(|issued| issued.before(-1_000)),
                };
                let before = revoked_before(found);
                before
                    .zip(needed)
                    .is_some_and(|(before, needed)| before >= needed)
            }
        }
    }

    fn calls(&self) -> Vec<&'static str> {
        match &self.hold {
            Hold::Everything { key: Some(_) } => vec!["iam:PutUserPolicy", "iam:UpdateAccessKey"],
            Hold::Everything { key: None } => vec!["iam:PutUserPolicy"],
            Hold::OlderSessions { .. } => vec!["iam:PutRolePolicy"],
        }
    }

    /// The command that takes back the parts that are to be; `None` if none is. First
    /// the key: that is accepted of a key that is on already, while there may be no
    /// policy to take away. Nothing in it needs quoting.
    fn undo(&self, policy: &Part, key: Option<&Part>, region: &str) -> Option<String> {
        let kind = if self.is_user() { "user" } else { "role" };
        let name = named(kind, &self.name);
        let key = self.key().filter(|_| key.is_some_and(|key| key.is_left));
        let key = key.map(|key| {
            format!("{SWITCH_ON} {name} --access-key-id {key} --status Active --region {region}")
        });
        let policy = policy.is_left.then(|| {
            format!(
                "aws iam delete-{kind}-policy {name} --policy-name {POLICY_NAME} --region {region}"
            )
        });
        let commands: Vec<String> = key.into_iter().chain(policy).collect();
        (!commands.is_empty()).then(|| commands.join(AND))
    }
}

/// The option that names a user or role; a name may look like an option itself.
pub(crate) fn named(kind: &str, name: &str) -> String {
    let between = if name.starts_with('-') { '=' } else { ' ' };
    format!("--{kind}-name{between}{name}")
}

/// Until when the sessions are revoked that a containing policy denies; `None` if it
/// is not one of ours.
#[must_use]
pub fn revoked_before(policy: &Value) -> Option<Moment> {
    let before = policy.pointer("/Statement/0/Condition/DateLessThan/aws:TokenIssueTime")?;
    let before = Moment::parse(before.as_str()?)?;
    (*policy == deny_older(before)).then_some(before)
}

fn deny_all() -> Value {
    json!({
        "Version": VERSION,
        "Statement": [{"Sid": "DenyAll", "Effect": "Deny", "Action": "*", "Resource": "*"}],
    })
}

/// As AWS's own `AWSRevokeOlderSessions`.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>.
fn deny_older(before: Moment) -> Value {
    json!({
        "Version": VERSION,
        "Statement": [{
            "Sid": "RevokeOlderSessions",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": before.to_seconds()}},
        }],
    })
}

/// A record counts for so long, in milliseconds: events come within minutes.
const FRESH_MS: i64 = 15 * 60 * 1_000;
/// Clocks differ by so much at most, in milliseconds: no session is from later.
const CLOCKS_MS: i64 = 5 * 60 * 1_000;

/// What is to be done about the actor of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, and nothing is told: containment is off, or the incident is not one of
    /// a series of an actor's.
    NotMeant,
    /// Nothing, and it is told why.
    Refused(&'static str),
    /// This.
    Contain(Target),
}

/// What is to be done about the actor of `incident`, the one with number `count` of
/// that actor's within the window, at `now`.
#[must_use]
pub fn plan(incident: &Incident, count: u64, config: &Config, now: Moment) -> Verdict {
    let Some(rules) = &config.containment else {
        return Verdict::NotMeant;
    };
    // Of the others, nobody has weakened anything, or nobody is known to.
    let is_tampering = matches!(
        incident.outcome,
        Outcome::Restored
            | Outcome::AlreadyLogging
            | Outcome::AlreadyRestored
            | Outcome::WouldRestore
            | Outcome::Reported
    );
    if count < REPEATED
        || !is_tampering
        || incident.source != "event"
        || incident.severity == Severity::Info
    {
        return Verdict::NotMeant;
    }
    let event_time = incident.timing.event_time;
    let is_fresh = event_time.is_some_and(|at| now.millis_since(at).abs() <= FRESH_MS);
    match target(&incident.actor, rules, config, now) {
        // A stop of long ago bears out any record that has its time.
        Ok(_) if !is_fresh => Verdict::Refused(
            "the record is not of the last 15 minutes: who may invoke the function can make one of an old stop",
        ),
        Ok(_) if !incident.is_proven() => Verdict::Refused(
            "nothing that was read from the trail shows that this call took effect: the record alone says so",
        ),
        Ok(target) => Verdict::Contain(target),
        Err(why) => Verdict::Refused(why),
    }
}

/// Who is to be contained, or why nobody is.
fn target(
    actor: &Actor,
    rules: &Rules,
    config: &Config,
    now: Moment,
) -> Result<Target, &'static str> {
    if actor.is_kind("Root") {
        return Err("no policy of the account limits its root user");
    }
    let arn = if actor.is_kind("IAMUser") {
        actor.arn.as_ref()
    } else if actor.is_kind("AssumedRole") {
        actor.session_issuer_arn.as_ref()
    } else {
        return Err("only IAM users and sessions of roles are contained");
    };
    let account = config.account();
    let is_elsewhere = |of: &Clean| of.as_str() != account;
    if actor.account.as_ref().is_some_and(is_elsewhere) {
        return Err("the actor is of another account, and only this function's own is in reach");
    }
    let unusable = "the record names no user or role of this account as IAM does";
    let arn = arn.map(Clean::as_str).ok_or(unusable)?;
    let (resource, name) = parts(arn, config).ok_or(unusable)?;
    let is_user = actor.is_kind("IAMUser");
    let is_named_otherwise = actor.name.as_ref().map(Clean::as_str) != Some(name);
    if resource.starts_with("user/") != is_user || (is_user && is_named_otherwise) {
        return Err(unusable);
    }
    if resource.starts_with("role/aws-service-role/") {
        return Err("nobody can edit a service-linked role");
    }
    if resource.starts_with("role/aws-reserved/") || name.starts_with("AWSReservedSSO_") {
        return Err("nobody can edit a role of IAM Identity Center's: end the session there");
    }
    let is_this = |other: &String| in_account(other, account) == arn;
    if config.responders(account).iter().any(is_this) {
        return Err("it is a responder's role, and without it no trail would be put back");
    }
    if config.change_principals.iter().any(is_this) {
        return Err("it is one of change_principals");
    }
    let mut in_force = config.break_glass.in_force(now);
    if in_force.any(|entry| entry.means(arn, account)) {
        return Err("a break-glass entry for it is in force");
    }
    let is_among = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, resource));
    if is_among(&rules.exempt) {
        return Err("it is one of containment.exempt");
    }
    if !is_among(&rules.principals) {
        return Err("it is none of containment.principals");
    }
    let hold = if is_user {
        // Keys of sessions begin with ASIA, and cannot be switched off.
        let key = key_id(actor).filter(|key| key.starts_with("AKIA"));
        Hold::Everything {
            key: key.map(str::to_owned),
        }
    } else {
        Hold::OlderSessions {
            issued: actor.session_started_at,
        }
    };
    Ok(Target {
        arn: arn.to_owned(),
        name: name.to_owned(),
        hold,
    })
}

/// Path and name of a user or role of the function's own account, and its name alone:
/// the API takes no path.
fn parts<'a>(arn: &'a str, config: &Config) -> Option<(&'a str, &'a str)> {
    let partition = config.role_arn.split(':').nth(1)?;
    let own = format!("arn:{partition}:iam::{}:", config.account());
    let resource = arn.strip_prefix(&own)?;
    let name = resource.rsplit('/').next()?;
    let is_valid =
        is_pattern(resource) && !resource.contains('*') && (1..=64).contains(&name.len());
    is_valid.then_some((resource, name))
}

/// Whether it is `user/` or `role/`, path and name, which may hold `*`.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
fn is_pattern(text: &str) -> bool {
    let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-/*".contains(&b);
    let name = text
        .strip_prefix("user/")
        .or_else(|| text.strip_prefix("role/"));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_of_name))
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Contained now, read back.
    Contained,
    /// It was before, read.
    AlreadyContained,
    /// The mode is observe.
    WouldContain,
    /// Not to be contained.
    Refused,
    /// Not read back as a whole.
    Failed,
}

impl State {
    /// Stable name, as in the JSON document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contained => "contained",
            Self::AlreadyContained => "already_contained",
            Self::WouldContain => "would_contain",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [
            Self::Contained,
            Self::AlreadyContained,
            Self::WouldContain,
            Self::Refused,
            Self::Failed,
        ];
        all.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it was read that the actor is contained.
    #[must_use]
    pub fn is_contained(self) -> bool {
        matches!(self, Self::Contained | Self::AlreadyContained)
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What is told of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How it went.
    pub state: State,
    /// ARN of the user or role; `None` if it was refused.
    pub principal: Option<Clean>,
    /// The calls that were accepted.
    pub calls: Vec<&'static str>,
    /// The calls that would contain, if the function only observes.
    pub would_call: Vec<&'static str>,
    /// Whether a read showed the policy; `None` if none could.
    pub policy_in_place: Option<bool>,
    /// For a role: sessions issued before are revoked, as read.
    pub sessions_revoked_before: Option<Moment>,
    /// For a user: the key that signed the call, if it is one that can be switched off.
    pub access_key_id: Option<Clean>,
    /// Whether a read showed that key switched off; `None` if none could.
    pub key_inactive: Option<bool>,
    /// Whether IAM refused to switch it off because it is gone.
    pub key_gone: bool,
    /// Why not, or what failed.
    pub reason: Option<String>,
    /// The command that takes back what was done, may have been, or was found.
    pub undo: Option<String>,
    /// Whether it is a user, and else a role.
    #[serde(skip)]
    pub is_user: bool,
    /// Whether IAM knows nobody of that name: whoever it is was renamed, or deleted.
    #[serde(skip)]
    pub is_unknown: bool,
}

/// What came of one part of it.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The call that was accepted, if one was made.
    pub call: Option<&'static str>,
    /// What was read; `None` if nothing could be.
    pub is_in_place: Option<bool>,
    /// Whether IAM says that there is no such key, or nobody to have the policy.
    pub is_gone: bool,
    /// Whether something is left that can be taken back, or may be.
    pub is_left: bool,
    /// What stood in the way.
    pub problem: Option<String>,
}

impl Report {
    /// That nothing is done.
    #[must_use]
    pub fn refused(why: &str) -> Self {
        Self {
            state: State::Refused,
            principal: None,
            calls: Vec::new(),
            would_call: Vec::new(),
            policy_in_place: None,
            sessions_revoked_before: None,
            access_key_id: None,
            key_inactive: None,
            key_gone: false,
            reason: Some(why.to_owned()),
            undo: None,
            is_user: false,
            is_unknown: false,
        }
    }

    /// What enforce would do.
    #[must_use]
    pub fn would(target: &Target) -> Self {
        Self {
            state: State::WouldContain,
            would_call: target.calls(),
            reason: None,
            ..Self::about(target)
        }
    }

    /// What was done in `region`'s partition: the policy, that revokes sessions as
    /// said, and the key, if there is one to switch off.
    #[must_use]
    pub fn done(
        target: &Target,
        policy: &Part,
        revoked_before: Option<Moment>,
        key: Option<&Part>,
        region: &str,
    ) -> Self {
        let key_inactive = key.and_then(|key| key.is_in_place);
        let parts: Vec<&Part> = std::iter::once(policy).chain(key).collect();
        let calls: Vec<&'static str> = parts.iter().filter_map(|part| part.call).collect();
        // A key of nobody that IAM knows is not gone: it may be somebody's now.
        let is_unknown = policy.is_gone;
        let key_gone = !is_unknown && key.is_some_and(|key| key.is_gone);
        let is_whole = policy.is_in_place == Some(true)
            && (key.is_none() || key_gone || key_inactive == Some(true));
        let problems: Vec<&str> = parts.iter().filter_map(|p| p.problem.as_deref()).collect();
        Self {
            state: match (is_whole, calls.is_empty()) {
                (true, true) => State::AlreadyContained,
                (true, false) => State::Contained,
                (false, _) => State::Failed,
            },
            calls,
            policy_in_place: policy.is_in_place,
            sessions_revoked_before: revoked_before.filter(|_| policy.is_in_place == Some(true)),
            key_inactive,
            key_gone,
            is_unknown,
            reason: (!problems.is_empty()).then(|| problems.join("; ")),
            undo: target.undo(policy, key, region),
            ..Self::about(target)
        }
    }

    /// Whether the command switches a key on, and whether it takes the policy away.
    pub(crate) fn undoes(&self) -> (bool, bool) {
        let undo = self.undo.as_deref().unwrap_or_default();
        let is_of_key = undo.starts_with(SWITCH_ON);
        (is_of_key, !is_of_key || undo.contains(AND))
    }

    fn about(target: &Target) -> Self {
        Self {
            principal: Some(Clean::from(target.arn.as_str())),
            access_key_id: target.key().map(Clean::from),
            is_user: target.is_user(),
            ..Self::refused("")
        }
    }
}
