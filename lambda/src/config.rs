//! The function's configuration: read from the environment, checked once at start.

use thiserror::Error;

use crate::{
    arn::{InvalidTrailArn, TrailArn},
    break_glass::BreakGlass,
    containment::Rules,
    guard,
    members::{Members, in_account},
    reconcile::Mode,
    text::excerpt,
    thing::{self, Thing},
};

/// The variable that names the protected trails and the parameters of their baselines.
pub const TRAILS: &str = "TRAILKEEPER_TRAILS";
/// The variable that names the topic for notices.
pub const TOPIC_ARN: &str = "TRAILKEEPER_TOPIC_ARN";
/// The variable that names the topic for chats, if there are any.
pub const CHAT_TOPIC_ARN: &str = "TRAILKEEPER_CHAT_TOPIC_ARN";
/// The variable that says whether Security Hub gets findings.
pub const SECURITY_HUB: &str = "TRAILKEEPER_SECURITY_HUB";
/// The variable that says whether to heal or to observe.
pub const MODE: &str = "TRAILKEEPER_MODE";
/// The variable that names the function's role.
pub const ROLE_ARN: &str = "TRAILKEEPER_ROLE_ARN";
/// The variable that names the table of told incidents.
pub const INCIDENTS_TABLE: &str = "TRAILKEEPER_INCIDENTS_TABLE";
/// The variable that names the principals whose changes are expected.
pub const CHANGE_PRINCIPALS: &str = "TRAILKEEPER_CHANGE_PRINCIPALS";
/// The variable that names the roles of other responders for the same trails.
pub const PEER_ROLES: &str = "TRAILKEEPER_PEER_ROLES";
/// The variable that names the log buckets and keys under guard.
pub const EVIDENCE: &str = "TRAILKEEPER_EVIDENCE";
/// The function's name, set by Lambda.
pub const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// The variable that names the list of the responder's parts under guard.
pub const GUARD: &str = "TRAILKEEPER_GUARD";
/// The variable that holds the break-glass entries.
pub const BREAK_GLASS: &str = "TRAILKEEPER_BREAK_GLASS";
/// The variable that says who may be contained.
pub const CONTAINMENT: &str = "TRAILKEEPER_CONTAINMENT";

const PARAMETER: &str = "ARN=PARAMETER for each protected trail, separated by commas; a parameter's name ends in / and the SHA-256 of its value, 64 lower-case hexadecimal digits";
const TOPIC: &str = "the ARN of an SNS topic, arn:PARTITION:sns:REGION:ACCOUNT:NAME";
const CHAT_TOPIC: &str =
    "the ARN of an SNS topic in the region of TRAILKEEPER_TOPIC_ARN, or nothing";
const CONTAINED: &str = "nothing, or {\"principals\": [...], \"exempt\": [...]} with entries such as user/NAME or role/PATH/*";

/// What the function protects and where it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The protected trails that the function heals with its own role; at least
    /// one, if there are no members.
    pub trails: Vec<TrailArn>,
    /// The parameters of their baselines, in the same order.
    pub parameters: Vec<Parameter>,
    /// ARN of the SNS topic for notices.
    pub topic_arn: String,
    /// Region of that topic.
    pub topic_region: String,
    /// ARN of the SNS topic for chats, in the same region.
    pub chat_topic_arn: Option<String>,
    /// Whether the Security Hub of the function's account and region gets findings.
    pub security_hub: bool,
    /// Whether to heal.
    pub mode: Mode,
    /// ARN of the function's role: its own calls come back as events.
    pub role_arn: String,
    /// Name of the table of told incidents.
    pub incidents_table: String,
    /// ARNs of the roles and users whose changes are expected; they may hold the
    /// placeholder of the account.
    pub change_principals: Vec<String>,
    /// ARNs of the roles of other responders for the same trails, likewise.
    pub peer_roles: Vec<String>,
    /// Whose changes are left alone for a time.
    pub break_glass: BreakGlass,
    /// Who may be contained; `None` if containment is off.
    pub containment: Option<Rules>,
    /// The other accounts, if this is an organisation's hub.
    pub members: Option<Members>,
    /// The log buckets and keys under guard.
    pub things: Vec<Thing>,
    /// The list of the responder's parts under guard, if they are.
    pub guard: Option<Thing>,
}

/// The SSM parameter that holds a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, which ends in the hash.
    pub name: String,
    /// SHA-256 of its value, lower-case hexadecimal.
    pub sha256: String,
}

impl Parameter {
    /// Reads a name that ends in a slash and a hash.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let (path, hash) = name.rsplit_once('/')?;
        let is_hash = hash.len() == 64 && hash.bytes().all(is_digit);
        (!path.is_empty() && is_hash).then(|| Self {
            name: name.to_owned(),
            sha256: hash.to_owned(),
        })
    }
}

/// Why the configuration cannot be used. Each text names the variable, what was
/// found and what is expected.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidConfig {
    /// A variable is missing or empty.
    #[error("{variable} is not set: expected {expected}")]
    Missing {
        /// The variable's name.
        variable: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// An entry of the trail list is no trail ARN.
    #[error("{variable}: {source}")]
    Trail {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong with the entry.
        source: InvalidTrailArn,
    },
    /// The entry of a log bucket or key is malformed.
    #[error(
        "{variable}: {why}: expected a JSON list of objects with arn, trail_arn, parameter and perhaps alias"
    )]
    Things {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The list of the responder's parts cannot be named.
    #[error(
        "{variable}: {why}: expected the name of a parameter, which ends in / and the SHA-256 of its value"
    )]
    Guard {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A variable holds something else than expected.
    #[error("{variable} is \"{found}\": expected {expected}")]
    Unusable {
        /// The variable's name.
        variable: &'static str,
        /// Its value, shortened and escaped.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
}

impl Config {
    /// Reads the configuration through `variable`, which answers with the value
    /// of an environment variable.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let role_arn = required(&variable, ROLE_ARN, "the ARN of the function's role")?;
        let members = Members::read(&variable, account_of(&role_arn))?;
        let own = match required(&variable, TRAILS, PARAMETER) {
            Err(_) if members.is_some() => String::new(),
            own => own?,
        };
        let (trails, parameters) = own
            .split(',')
            .filter(|_| !own.is_empty())
            .map(protected)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .unzip();

        let topic_arn = required(&variable, TOPIC_ARN, TOPIC)?;
        let topic_region = match topic_region_of(&topic_arn) {
            Some(region) => region.to_owned(),
            None => {
                return Err(InvalidConfig::Unusable {
                    variable: TOPIC_ARN,
                    found: excerpt(&topic_arn),
                    expected: TOPIC,
                });
            }
        };
        let chat_topic_arn = variable(CHAT_TOPIC_ARN)
            .map(|arn| arn.trim().to_owned())
            .filter(|arn| !arn.is_empty());
        if let Some(chat) = &chat_topic_arn
            && topic_region_of(chat) != Some(&topic_region)
        {
            return Err(InvalidConfig::Unusable {
                variable: CHAT_TOPIC_ARN,
                found: excerpt(chat),
                expected: CHAT_TOPIC,
            });
        }
        let security_hub = match variable(SECURITY_HUB).as_deref().map(str::trim) {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(other) => {
                return Err(InvalidConfig::Unusable {
                    variable: SECURITY_HUB,
                    found: excerpt(other),
                    expected: "true or false",
                });
            }
        };
        let mode = match required(&variable, MODE, "enforce or observe")?.as_str() {
            "enforce" => Mode::Enforce,
            "observe" => Mode::Observe,
            other => {
                return Err(InvalidConfig::Unusable {
                    variable: MODE,
                    found: excerpt(other),
                    expected: "enforce or observe",
                });
            }
        };
        let evidence = variable(EVIDENCE).unwrap_or_default();
        let things =
            thing::read(&evidence, account_of(&role_arn)).map_err(|why| InvalidConfig::Things {
                variable: EVIDENCE,
                why,
            })?;
        let guard = parts(&variable, &role_arn, &topic_region)?;
        let listed = |name| -> Vec<String> {
            let list = variable(name).unwrap_or_default();
            let parts = list.split(',').map(str::trim);
            parts
                .filter(|arn| !arn.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Ok(Self {
            trails,
            parameters,
            topic_arn,
            topic_region,
            chat_topic_arn,
            security_hub,
            mode,
            role_arn,
            incidents_table: required(&variable, INCIDENTS_TABLE, "the name of a table")?,
            change_principals: listed(CHANGE_PRINCIPALS),
            peer_roles: listed(PEER_ROLES),
            break_glass: BreakGlass::read(&variable(BREAK_GLASS).unwrap_or_default()),
            containment: containment(&variable)?,
            members,
            things,
            guard,
        })
    }

    /// What a call in `account` can be about: the trails of that account and, in the
    /// function's own, what it heals as a delegated administrator.
    #[must_use]
    pub fn protected(&self, account: &str) -> Vec<TrailArn> {
        let is_reachable =
            |trail: &&TrailArn| trail.account() == account || account == self.account();
        let mut protected: Vec<TrailArn> =
            self.trails.iter().filter(is_reachable).cloned().collect();
        protected.extend(self.member_trails(account));
        protected
    }

    /// The trails of `account`, if it is a member; what the function heals with its
    /// own role is not among them.
    #[must_use]
    pub fn member_trails(&self, account: &str) -> Vec<TrailArn> {
        let members = self.members.iter().flat_map(|m| m.trails_of(account));
        members
            .filter(|trail| !self.trails.contains(trail))
            .collect()
    }

    /// The members, if `trail` is one of theirs.
    #[must_use]
    pub fn members_of(&self, trail: &TrailArn) -> Option<&Members> {
        let members = self.members.as_ref();
        members.filter(|_| !self.trails.contains(trail))
    }

    /// The parameter of a protected trail's baseline.
    #[must_use]
    pub fn parameter(&self, trail: &TrailArn) -> Option<&Parameter> {
        let mut both = self.trails.iter().zip(&self.parameters);
        both.find(|(own, _)| *own == trail)
            .map(|(_, parameter)| parameter)
            .or_else(|| self.members.as_ref()?.parameter(trail))
    }

    /// The account that the function runs in.
    #[must_use]
    pub fn account(&self) -> &str {
        account_of(&self.role_arn)
    }

    /// The partition that the function runs in.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.role_arn.split(':').nth(1).unwrap_or_default()
    }

    /// The roles whose calls in `account` are this function's or another
    /// responder's for the same trails.
    #[must_use]
    pub fn responders(&self, account: &str) -> Vec<String> {
        let partition = self.partition();
        let peers = self.peer_roles.iter().map(|role| in_account(role, account));
        let member = self.members.iter().map(|m| m.role_arn(partition, account));
        let own = std::iter::once(self.role_arn.clone());
        own.chain(member).chain(peers).collect()
    }
}

/// The list of the responder's parts; `None` if they are not under guard.
fn parts(
    variable: impl Fn(&str) -> Option<String>,
    role_arn: &str,
    region: &str,
) -> Result<Option<Thing>, InvalidConfig> {
    let name = variable(GUARD).filter(|name| !name.trim().is_empty());
    let partition = role_arn.split(':').nth(1).unwrap_or_default();
    let place = (partition, region, account_of(role_arn));
    let reader = variable(FUNCTION_NAME).unwrap_or_default();
    let list = name.map(|name| guard::list(name.trim(), place, &reader));
    list.transpose().map_err(|why| InvalidConfig::Guard {
        variable: GUARD,
        why,
    })
}

/// Who may be contained; `None` if nothing says so.
fn containment(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Rules>, InvalidConfig> {
    let Some(text) = variable(CONTAINMENT).filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let unusable = || InvalidConfig::Unusable {
        variable: CONTAINMENT,
        found: excerpt(&text),
        expected: CONTAINED,
    };
    Rules::read(&text).map(Some).ok_or_else(unusable)
}

/// The region of a topic; `None` if `arn` is no topic's.
fn topic_region_of(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let has_words = !partition.is_empty() && !region.is_empty() && !name.is_empty();
    (is_account && has_words).then_some(region)
}

/// The account in an ARN.
fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// Reads `ARN=PARAMETER`.
fn protected(text: &str) -> Result<(TrailArn, Parameter), InvalidConfig> {
    let (arn, parameter) = entry(text, TRAILS, PARAMETER)?;
    let arn = arn.parse().map_err(|source| InvalidConfig::Trail {
        variable: TRAILS,
        source,
    })?;
    Ok((arn, parameter))
}

/// Splits `ARN=PARAMETER`; the ARN's account may be the placeholder.
pub(crate) fn entry<'a>(
    text: &'a str,
    variable: &'static str,
    expected: &'static str,
) -> Result<(&'a str, Parameter), InvalidConfig> {
    let (arn, name) = text.trim().split_once('=').unwrap_or((text.trim(), ""));
    // Any account will do to check the form.
    let example: Result<TrailArn, _> = in_account(arn, "000000000000").parse();
    example.map_err(|source| InvalidConfig::Trail { variable, source })?;
    let parameter = Parameter::parse(name).ok_or_else(|| InvalidConfig::Unusable {
        variable,
        found: excerpt(text),
        expected,
    })?;
    Ok((arn, parameter))
}

/// The value of a variable that must be there.
///
/// # Errors
/// [`InvalidConfig::Missing`] if it is not set or blank.
pub fn required(
    variable: impl Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
) -> Result<String, InvalidConfig> {
    variable(name)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .ok_or(InvalidConfig::Missing {
            variable: name,
            expected,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";
    const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn read(replaced: &str, value: &str) -> Result<Config, InvalidConfig> {
        Config::read(|name| {
            let usual = match name {
                TRAILS => format!("{TRAIL}=/trailkeeper/t/audit/{HASH}"),
                TOPIC_ARN => "arn:aws:sns:eu-west-1:111122223333:alerts".to_owned(),
                MODE => "enforce".to_owned(),
                ROLE_ARN => "arn:aws:iam::111122223333:role/responder".to_owned(),
                INCIDENTS_TABLE => "incidents".to_owned(),
                _ => String::new(),
            };
            Some(if name == replaced {
                value.to_owned()
            } else {
                usual
            })
        })
    }

    #[test]
    fn several_trails_are_read() -> Result<(), InvalidConfig> {
        let other = TRAIL.replace("audit", "second");
        let config = read(TRAILS, &format!("{TRAIL}=/a/{HASH}, {other}=/b/{HASH}"))?;
        assert_eq!(config.trails.len(), 2);
        let second = config
            .trails
            .last()
            .and_then(|trail| config.parameter(trail));
        assert_eq!(
            second.map(|p| p.name.as_str()),
            Some(format!("/b/{HASH}").as_str())
        );
        assert_eq!(config.topic_region, "eu-west-1");
        assert_eq!(config.mode, Mode::Enforce);
        Ok(())
    }

    #[test]
    fn a_bad_value_names_the_variable_the_value_and_what_is_expected() {
        let short = format!("{TRAIL}=/a/0123");
        for (variable, value, shown) in [
            (TRAILS, "", "separated by commas"),
            (TRAILS, "audit\n", "\"audit\" is no trail ARN"),
            (TRAILS, TRAIL, "SHA-256"),
            (TRAILS, short.as_str(), "SHA-256"),
            (TOPIC_ARN, " ", "arn:PARTITION:sns"),
            (TOPIC_ARN, "alerts\u{7}", "alerts\\u{7}"),
            (
                TOPIC_ARN,
                "arn:aws:sns:eu-west-1:1:alerts",
                "expected the ARN of an SNS topic",
            ),
            (CHAT_TOPIC_ARN, "chat", "region of TRAILKEEPER_TOPIC_ARN"),
            (
                CHAT_TOPIC_ARN,
                "arn:aws:sns:eu-west-2:111122223333:chat",
                "region of TRAILKEEPER_TOPIC_ARN",
            ),
            (SECURITY_HUB, "yes", "true or false"),
            (MODE, "Observe", "enforce or observe"),
            (ROLE_ARN, "", "the ARN of the function's role"),
            (INCIDENTS_TABLE, "", "the name of a table"),
            (CONTAINMENT, "true", "user/NAME"),
            (
                CONTAINMENT,
                r#"{"principals": ["group/x"], "exempt": []}"#,
                "user/NAME",
            ),
        ] {
            let told = read(variable, value)
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default();
            assert!(told.contains(variable) && told.contains(shown), "{told}");
        }
    }
}
