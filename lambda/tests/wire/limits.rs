//! What AWS lets through per second, and what it costs. For the simulation of a
//! large organisation.

use std::{collections::HashMap, time::Instant};

/// Who is counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>:
    /// 600 a second for the calling account in a region.
    AssumeRole,
    /// Not documented (<https://github.com/awsdocs/aws-organizations-docs/issues/39>):
    /// an assumption.
    ListAccounts,
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>,
    /// each for an account in a region: reads.
    Read,
    /// Of the same page: `LookupEvents`.
    Lookup,
    /// Of the same page: all others.
    Write,
    /// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>: `GetParameter`.
    Parameter,
}

/// The calls that are counted together, and the calls a second of each group. It
/// is taken for granted that a burst of one second's calls is let through.
pub fn of(operation: &str, list_rate: f64) -> Option<(Group, f64)> {
    Some(match operation {
        "AssumeRole" => (Group::AssumeRole, 600.0),
        "ListAccounts" => (Group::ListAccounts, list_rate),
        "LookupEvents" => (Group::Lookup, 2.0),
        "GetParameter" => (Group::Parameter, 40.0),
        "Publish" | "PutItem" | "UpdateItem" | "GetItem" | "SendMessageBatch" => return None,
        read if read.starts_with("Get") || read.starts_with("List") => (Group::Read, 10.0),
        _ => (Group::Write, 1.0),
    })
}

/// The token buckets of all accounts in all regions.
#[derive(Default)]
pub struct Limits {
    buckets: HashMap<(Group, String), (f64, Option<Instant>)>,
}

impl Limits {
    /// Whether one more call is let through now.
    pub fn lets_through(&mut self, group: Group, place: &str, rate: f64) -> bool {
        let now = Instant::now();
        let bucket = self.buckets.entry((group, place.to_owned()));
        let (tokens, filled) = bucket.or_insert((rate, None));
        if let Some(filled) = *filled {
            *tokens = (*tokens + rate * (now - filled).as_secs_f64()).min(rate);
        }
        *filled = Some(now);
        let passes = *tokens >= 1.0;
        if passes {
            *tokens -= 1.0;
        }
        passes
    }
}

/// US dollars, list prices of us-east-1 without free tiers; STS, Organizations, CloudTrail's calls
/// and standard parameters cost nothing.
/// <https://aws.amazon.com/lambda/pricing/>, <https://aws.amazon.com/sqs/pricing/>,
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/>, <https://aws.amazon.com/sns/pricing/>,
/// <https://aws.amazon.com/cloudwatch/pricing/>.
pub const GB_SECOND: [(&str, f64); 2] = [("x86_64", 0.000_016_666_7), ("arm64", 0.000_013_333_4)];
pub const INVOCATION: f64 = 0.20 / 1e6;
pub const SQS_REQUEST: f64 = 0.40 / 1e6;
pub const TABLE_WRITE: f64 = 0.625 / 1e6;
pub const PUBLISH: f64 = 0.50 / 1e6;
pub const LOG_BYTE: f64 = 0.50 / 1e9;
