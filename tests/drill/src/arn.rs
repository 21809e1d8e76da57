//! The names of the trail and the topic.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Why a text is not the ARN that is wanted.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not of the form {0}")]
pub struct InvalidArn(&'static str);

/// The parts of an ARN. Nothing in them means anything to a shell.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arn {
    text: String,
    partition: String,
    region: String,
    account: String,
    name: String,
}

impl Arn {
    fn parse(text: &str, service: &str, resource: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (arn, partition, found) = (next()?, next()?, next()?);
        let (region, account, name) = (next()?, next()?, next()?.strip_prefix(resource)?);
        let all =
            |text: &str, allowed: fn(char) -> bool| !text.is_empty() && text.chars().all(allowed);
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_valid = arn == "arn"
            && found == service
            && all(partition, word)
            && partition.starts_with("aws")
            && all(region, word)
            && account.len() == 12
            && all(account, |c| c.is_ascii_digit())
            && name.len() <= 256
            && all(name, |c| c.is_ascii_alphanumeric() || "._-".contains(c));
        is_valid.then(|| Self {
            text: text.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

macro_rules! arn {
    ($(#[$meta:meta])* $type:ident, $service:literal, $resource:literal, $form:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(Arn);

        impl $type {
            /// The whole ARN.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.text
            }

            /// The partition, `aws` for instance.
            #[must_use]
            pub fn partition(&self) -> &str {
                &self.0.partition
            }

            /// The region.
            #[must_use]
            pub fn region(&self) -> &str {
                &self.0.region
            }

            /// The 12-digit account.
            #[must_use]
            pub fn account(&self) -> &str {
                &self.0.account
            }

            /// The name.
            #[must_use]
            pub fn name(&self) -> &str {
                &self.0.name
            }
        }

        impl FromStr for $type {
            type Err = InvalidArn;

            fn from_str(text: &str) -> Result<Self, InvalidArn> {
                Arn::parse(text, $service, $resource).map(Self).ok_or(InvalidArn($form))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

arn!(
    /// A trail's ARN; its region is the trail's home region.
    TrailArn,
    "cloudtrail",
    "trail/",
    "arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME"
);
arn!(
    /// A topic's ARN.
    TopicArn,
    "sns",
    "",
    "arn:aws:sns:REGION:ACCOUNT:NAME"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_trail() {
        let arn: TrailArn = "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/a.b_c-d"
            .parse()
            .unwrap();
        assert_eq!(arn.region(), "us-gov-west-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.name(), "a.b_c-d");
        assert_eq!(arn.partition(), "aws-us-gov");
    }

    #[test]
    fn what_is_no_trail() {
        for text in [
            "",
            "audit",
            "arn:aws:sns:eu-west-1:111122223333:alerts",
            "arn:aws:cloudtrail:eu-west-1:1111:trail/audit",
            "arn:aws:cloudtrail::111122223333:trail/audit",
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/",
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/a; rm -rf $HOME",
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/a/b",
            "arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/a",
        ] {
            assert!(text.parse::<TrailArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_parts_of_a_topic() {
        let arn: TopicArn = "arn:aws:sns:eu-west-1:111122223333:alerts".parse().unwrap();
        assert_eq!((arn.name(), arn.region()), ("alerts", "eu-west-1"));
        assert!(
            "arn:aws:sns:eu-west-1:111122223333:alerts:0d6f"
                .parse::<TopicArn>()
                .is_err()
        );
    }
}
