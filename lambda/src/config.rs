//! The function's configuration: read from the environment, checked once at start.

use thiserror::Error;

use crate::{
    arn::{InvalidTrailArn, TrailArn},
    text::excerpt,
};

/// The variable that names the protected trails.
pub const TRAIL_ARNS: &str = "TRAILKEEPER_TRAIL_ARNS";
/// The variable that names the topic for notices.
pub const TOPIC_ARN: &str = "TRAILKEEPER_TOPIC_ARN";

const TOPIC: &str = "the ARN of an SNS topic, arn:PARTITION:sns:REGION:ACCOUNT:NAME";

/// What the function protects and where it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The protected trails; at least one.
    pub trails: Vec<TrailArn>,
    /// ARN of the SNS topic for notices.
    pub topic_arn: String,
    /// Region of that topic.
    pub topic_region: String,
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
        let trails = required(
            &variable,
            TRAIL_ARNS,
            "the ARNs of the protected trails, separated by commas",
        )?
        .split(',')
        .map(|entry| {
            entry.trim().parse().map_err(|source| InvalidConfig::Trail {
                variable: TRAIL_ARNS,
                source,
            })
        })
        .collect::<Result<Vec<TrailArn>, _>>()?;

        let topic_arn = required(&variable, TOPIC_ARN, TOPIC)?;
        let parts: Vec<&str> = topic_arn.split(':').collect();
        let topic_region = match parts[..] {
            ["arn", partition, "sns", region, account, name]
                if !partition.is_empty()
                    && !region.is_empty()
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && !name.is_empty() =>
            {
                region.to_owned()
            }
            _ => {
                return Err(InvalidConfig::Unusable {
                    variable: TOPIC_ARN,
                    found: excerpt(&topic_arn),
                    expected: TOPIC,
                });
            }
        };
        Ok(Self {
            trails,
            topic_arn,
            topic_region,
        })
    }
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
    const TOPIC_VALUE: &str = "arn:aws:sns:eu-west-1:111122223333:alerts";

    fn read(trails: &str, topic: &str) -> Result<Config, InvalidConfig> {
        Config::read(|name| match name {
            TRAIL_ARNS => Some(trails.to_owned()),
            TOPIC_ARN => Some(topic.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn several_trails_are_read() -> Result<(), InvalidConfig> {
        let other = TRAIL.replace("audit", "second");
        let config = read(&format!("{TRAIL}, {other}"), TOPIC_VALUE)?;
        assert_eq!(config.trails.len(), 2);
        assert_eq!(config.topic_region, "eu-west-1");
        Ok(())
    }

    #[test]
    fn a_bad_value_names_the_variable_the_value_and_what_is_expected() {
        for (trails, topic, variable, shown) in [
            ("", TOPIC_VALUE, TRAIL_ARNS, "separated by commas"),
            (
                "audit\n",
                TOPIC_VALUE,
                TRAIL_ARNS,
                "\"audit\" is no trail ARN",
            ),
            (TRAIL, " ", TOPIC_ARN, "arn:PARTITION:sns"),
            (TRAIL, "alerts\u{7}", TOPIC_ARN, "alerts\\u{7}"),
            (
                TRAIL,
                "arn:aws:sns:eu-west-1:1:alerts",
                TOPIC_ARN,
                "expected the ARN of an SNS topic",
            ),
        ] {
            let told = read(trails, topic)
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default();
            assert!(told.contains(variable) && told.contains(shown), "{told}");
        }
    }
}
