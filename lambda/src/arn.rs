//! The name of a trail: its ARN, and the ways a record may refer to it.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::text::excerpt;

/// A trail's ARN, `arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME`.
/// REGION is the trail's home region.
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrailArn {
    text: String,
    partition: String,
    region: String,
    account: String,
    name: String,
}

/// Why a text is no trail ARN.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("\"{found}\" is no trail ARN: {reason}")]
pub struct InvalidTrailArn {
    found: String,
    reason: &'static str,
}

impl TrailArn {
    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition, `aws` for instance.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The trail's home region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The 12-digit account that owns the trail.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The trail's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `reference` is this trail's ARN or name, letter by letter.
    #[must_use]
    pub fn is_exactly(&self, reference: &str) -> bool {
        self.text == reference || self.name == reference
    }

    /// Whether `reference`, a plain name or an ARN as a caller in `region` of
    /// `account` wrote it, means this trail. Case and surrounding blanks are
    /// overlooked: a protected trail taken for named too often costs a harmless
    /// call, too seldom a gap.
    #[must_use]
    pub fn is_meant_by(&self, reference: &str, region: &str, account: &str) -> bool {
        let reference = reference.trim();
        if reference.starts_with("arn:") {
            self.text.eq_ignore_ascii_case(reference)
        } else {
            self.name.eq_ignore_ascii_case(reference)
                && self.region == region
                && self.account == account
        }
    }
}

impl FromStr for TrailArn {
    type Err = InvalidTrailArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason| InvalidTrailArn {
            found: excerpt(text),
            reason,
        };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "cloudtrail", region, account, resource] = parts[..] else {
            return Err(invalid(
                "expected arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME",
            ));
        };
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !word(partition) || !word(region) {
            return Err(invalid("partition or region is empty or malformed"));
        }
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid("the account is not 12 digits"));
        }
        let name = resource
            .strip_prefix("trail/")
            .ok_or_else(|| invalid("the resource does not begin with trail/"))?;
        if !is_trail_name(name) {
            return Err(invalid(
                "a trail's name has 3 to 128 letters, digits, '.', '_' or '-'",
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// Whether `name` can be a trail's name.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>.
#[must_use]
pub fn is_trail_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (3..=128).contains(&name.len()) && name.bytes().all(allowed)
}

impl fmt::Display for TrailArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/audit";

    #[test]
    fn parts_are_read() -> Result<(), InvalidTrailArn> {
        let arn: TrailArn = ARN.parse()?;
        assert_eq!(arn.region(), "us-gov-west-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.name(), "audit");
        assert_eq!(arn.as_str(), ARN);
        Ok(())
    }

    #[test]
    fn what_is_no_trail_arn_is_refused() {
        for wrong in [
            "",
            "audit",
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/",
            "arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/abc",
            "arn:aws:cloudtrail::111122223333:trail/audit",
            "arn::cloudtrail:eu-west-1:111122223333:trail/audit",
            "arn:aws:s3:eu-west-1:111122223333:trail/audit",
            "arn:aws:cloudtrail:eu-west-1:11112222333:trail/audit",
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/au dit",
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/*",
        ] {
            let refused = wrong.parse::<TrailArn>();
            assert!(refused.is_err(), "{wrong} was taken for a trail ARN");
        }
    }

    #[test]
    fn a_name_means_the_trail_of_its_region_and_account_only() -> Result<(), InvalidTrailArn> {
        let arn: TrailArn = ARN.parse()?;
        assert!(arn.is_meant_by("audit", "us-gov-west-1", "111122223333"));
        assert!(arn.is_meant_by(" Audit ", "us-gov-west-1", "111122223333"));
        assert!(!arn.is_meant_by("audit", "us-gov-east-1", "111122223333"));
        assert!(!arn.is_meant_by("audit", "us-gov-west-1", "999988887777"));
        assert!(!arn.is_meant_by("audit2", "us-gov-west-1", "111122223333"));
        assert!(arn.is_meant_by(ARN, "eu-west-1", "999988887777"));
        assert!(!arn.is_meant_by(
            &ARN.replace("1111", "9999"),
            "us-gov-west-1",
            "111122223333"
        ));
        Ok(())
    }
}
