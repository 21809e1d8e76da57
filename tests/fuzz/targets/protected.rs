//! The protected trails.

use trailkeeper::arn::TrailArn;

/// As in `lambda/tests/recorded/events.rs`.
pub fn protected() -> Vec<TrailArn> {
    [
        "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit",
        "arn:aws:cloudtrail:us-east-1:111122223333:trail/global",
        "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/audit",
        "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit",
    ]
    .map(|arn| arn.parse().unwrap())
    .into()
}
