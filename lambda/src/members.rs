//! The other accounts of an organisation, as the hub is told of them: which
//! trails each one has, and how to reach it. Pure.

use crate::{
    arn::TrailArn,
    config::{InvalidConfig, Parameter, entry, required},
    text::excerpt,
};

/// Stands for the 12 digits of an account.
const ACCOUNT: &str = "{account}";

/// The variable that names the trails of members and the parameters of their baselines.
pub const MEMBER_TRAILS: &str = "TRAILKEEPER_MEMBER_TRAILS";
/// The variable that names the role that heals a member.
pub const MEMBER_ROLE: &str = "TRAILKEEPER_MEMBER_ROLE";
/// The variable that holds the external id that the role asks for.
pub const EXTERNAL_ID: &str = "TRAILKEEPER_EXTERNAL_ID";
/// The variable that names the accounts that are left alone.
pub const EXCLUDED_ACCOUNTS: &str = "TRAILKEEPER_EXCLUDED_ACCOUNTS";
/// The variable that names the queue for the accounts of a sweep.
pub const SWEEP_QUEUE_URL: &str = "TRAILKEEPER_SWEEP_QUEUE_URL";

const TRAILS: &str = "ARN=PARAMETER for each trail of the members, separated by commas; the ARN's account is {account} or 12 digits, and the parameter's name ends in / and the SHA-256 of its value, 64 lower-case hexadecimal digits";
const ROLE: &str = "the name of the role to assume in a member account";
const EXCLUDED: &str = "account ids of 12 digits, separated by commas";

/// `text` with the placeholder of the account filled in.
#[must_use]
pub fn in_account(text: &str, account: &str) -> String {
    text.replace(ACCOUNT, account)
}

/// Whether `text` is an account id.
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The members and how the hub reaches them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// ARNs, with the placeholder or concrete, and their baselines.
    trails: Vec<(String, Parameter)>,
    role: String,
    /// What the role wants to hear beside the hub's name.
    pub external_id: String,
    excluded: Vec<String>,
    /// Where a sweep sends the accounts, so that many functions share them.
    pub sweep_queue_url: Option<String>,
}

impl Members {
    /// Reads what concerns members; `None` if there are none. The hub's own account
    /// is no member: its trails are healed with the hub's own role.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub(crate) fn read(
        variable: &impl Fn(&str) -> Option<String>,
        own_account: &str,
    ) -> Result<Option<Self>, InvalidConfig> {
        let given = |name| variable(name).filter(|value| !value.trim().is_empty());
        let Some(trails) = given(MEMBER_TRAILS) else {
            return Ok(None);
        };
        let trails = trails
            .split(',')
            .map(|text| {
                entry(text, MEMBER_TRAILS, TRAILS)
                    .map(|(arn, parameter)| (arn.to_owned(), parameter))
            })
            .collect::<Result<Vec<_>, InvalidConfig>>()?;
        let role = required(variable, MEMBER_ROLE, ROLE)?;
        let allowed = |b: u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'+' | b'=' | b'.' | b'@' | b'_' | b'-')
        };
        if role.len() > 64 || !role.bytes().all(allowed) {
            return Err(InvalidConfig::Unusable {
                variable: MEMBER_ROLE,
                found: excerpt(&role),
                expected: ROLE,
            });
        }
        let mut excluded: Vec<String> = given(EXCLUDED_ACCOUNTS)
            .unwrap_or_default()
            .split(',')
            .map(|account| account.trim().to_owned())
            .filter(|account| !account.is_empty())
            .collect();
        if let Some(wrong) = excluded.iter().find(|account| !is_account(account)) {
            return Err(InvalidConfig::Unusable {
                variable: EXCLUDED_ACCOUNTS,
                found: excerpt(wrong),
                expected: EXCLUDED,
            });
        }
        excluded.push(own_account.to_owned());
        Ok(Some(Self {
            trails,
            role,
            external_id: required(
                variable,
                EXTERNAL_ID,
                "the external id that the members' role asks for",
            )?,
            excluded,
            sweep_queue_url: given(SWEEP_QUEUE_URL),
        }))
    }

    /// Whether `account` is left alone.
    #[must_use]
    pub fn excludes(&self, account: &str) -> bool {
        self.excluded.iter().any(|excluded| excluded == account)
    }

    /// The trails that `account` has.
    #[must_use]
    pub fn trails_of(&self, account: &str) -> Vec<TrailArn> {
        if !is_account(account) || self.excludes(account) {
            return Vec::new();
        }
        self.trails
            .iter()
            .filter_map(|(arn, _)| in_account(arn, account).parse::<TrailArn>().ok())
            .filter(|trail| trail.account() == account)
            .collect()
    }

    /// The parameter of the baseline of a member's trail.
    #[must_use]
    pub fn parameter(&self, trail: &TrailArn) -> Option<&Parameter> {
        self.trails
            .iter()
            .find(|(arn, _)| in_account(arn, trail.account()) == trail.as_str())
            .map(|(_, parameter)| parameter)
    }

    /// The baselines of the members' trails.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.trails.iter().map(|(_, parameter)| parameter)
    }

    /// ARN of the role that heals the trails of `account`, in `partition`.
    #[must_use]
    pub fn role_arn(&self, partition: &str, account: &str) -> String {
        format!("arn:{partition}:iam::{account}:role/{}", self.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn read(replaced: &str, value: &str) -> Result<Option<Members>, InvalidConfig> {
        let variable = |name: &str| {
            let usual = match name {
                MEMBER_TRAILS => format!(
                    "arn:aws:cloudtrail:eu-west-1:{{account}}:trail/audit=/t/audit/{HASH}, arn:aws:cloudtrail:eu-west-1:999988887777:trail/org=/t/org/{HASH}"
                ),
                MEMBER_ROLE => "trailkeeper-remediation".to_owned(),
                EXTERNAL_ID => "external".to_owned(),
                EXCLUDED_ACCOUNTS => "444455556666".to_owned(),
                _ => String::new(),
            };
            Some(if name == replaced {
                value.to_owned()
            } else {
                usual
            })
        };
        Members::read(&variable, "222233334444")
    }

    #[test]
    fn each_account_has_its_own_trails() -> Result<(), InvalidConfig> {
        let members = read("", "")?;
        let names = |account: &str| -> Vec<String> {
            let trails = members.iter().flat_map(|m| m.trails_of(account));
            trails.map(|trail| trail.to_string()).collect()
        };
        let of = |account: &str, name: &str| {
            format!("arn:aws:cloudtrail:eu-west-1:{account}:trail/{name}")
        };
        assert_eq!(names("111122223333"), [of("111122223333", "audit")]);
        assert_eq!(
            names("999988887777"),
            [of("999988887777", "audit"), of("999988887777", "org")]
        );
        for none in [
            "222233334444",
            "444455556666",
            "",
            "{account}",
            "11112222333",
            "1111222233334",
        ] {
            assert_eq!(names(none), [""; 0], "{none}");
        }
        assert_eq!(read(MEMBER_TRAILS, "")?, None);
        Ok(())
    }

    #[test]
    fn a_bad_value_names_the_variable_the_value_and_what_is_expected() {
        for (variable, value, shown) in [
            (MEMBER_TRAILS, "audit\n=/a", "\"audit"),
            (
                MEMBER_TRAILS,
                "arn:aws:cloudtrail:eu-west-1:{account}:trail/audit=/a/0123",
                "SHA-256",
            ),
            (MEMBER_ROLE, "", "the name of the role"),
            (MEMBER_ROLE, "a/b", "\"a/b\""),
            (EXTERNAL_ID, " ", "external id"),
            (EXCLUDED_ACCOUNTS, "111122223333,12", "12 digits"),
        ] {
            let told = read(variable, value)
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default();
            assert!(told.contains(variable) && told.contains(shown), "{told}");
        }
    }
}
