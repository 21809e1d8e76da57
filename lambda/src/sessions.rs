//! All calls to the Security Token Service: the hub's way into a member account.

use aws_credential_types::Credentials;
use serde_json::json;

use crate::{
    arn::TrailArn,
    aws::{Aws, Service},
    budget::Budget,
    call::patiently,
    failure::CallError,
    members::Members,
    query_api::QueryApi,
};

const OPERATION: &str = "sts:AssumeRole";
/// The shortest that STS gives, in seconds.
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
const LASTS: &str = "900";
/// The version of the API.
const VERSION: &str = "2011-06-15";
/// The longest name of a session.
const LONGEST_NAME: usize = 64;

/// What a session may do with its trail, as far as the role may.
const OF_THE_TRAIL: [&str; 12] = [
    "cloudtrail:StartLogging",
    "cloudtrail:UpdateTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:PutInsightSelectors",
    "cloudtrail:AddTags",
    "cloudtrail:RemoveTags",
    "cloudtrail:CreateTrail",
    "cloudtrail:GetTrail",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetInsightSelectors",
    "cloudtrail:ListTags",
];
/// What knows no trail, or is asked for by CloudTrail on its behalf: the role's own
/// policy is the limit.
const BESIDE_IT: [&str; 7] = [
    "cloudtrail:LookupEvents",
    "iam:CreateServiceLinkedRole",
    "iam:GetRole",
    "iam:PassRole",
    "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
];

/// The client for sessions.
pub struct Sessions {
    api: QueryApi,
}

impl Sessions {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self {
            api: QueryApi::new(aws, Service::Sts, aws.region(), VERSION),
        }
    }

    /// Calls in the member that owns `trail`, through a session that can touch that
    /// trail alone and is named after `incident`. At most a third of `budget` is spent
    /// on it.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub async fn enter(
        &self,
        aws: &Aws,
        members: &Members,
        trail: &TrailArn,
        incident: &str,
        budget: Budget,
    ) -> Result<Aws, CallError> {
        let budget = Budget::lasting(budget.left() / 3);
        let assumed = patiently(budget, async || {
            self.assume(members, trail, incident, budget).await
        });
        Ok(aws.with_credentials(assumed.await?))
    }

    async fn assume(
        &self,
        members: &Members,
        trail: &TrailArn,
        incident: &str,
        budget: Budget,
    ) -> Result<Credentials, CallError> {
        let role = members.role_arn(trail.partition(), trail.account());
        let input = [
            ("RoleArn", role.as_str()),
            ("RoleSessionName", &session_name(incident)),
            ("ExternalId", &members.external_id),
            ("Policy", &session_policy(trail)),
            ("DurationSeconds", LASTS),
        ];
        let answer = self.api.call(OPERATION, &input, budget).await?;
        let credential = |name| {
            let path = [
                "AssumeRoleResponse",
                "AssumeRoleResult",
                "Credentials",
                name,
            ];
            let found = answer.text(&path).filter(|text| !text.is_empty());
            found.ok_or_else(|| CallError::new(OPERATION, "UnusableAnswer", "no credentials", true))
        };
        Ok(Credentials::new(
            credential("AccessKeyId")?,
            credential("SecretAccessKey")?,
            Some(credential("SessionToken")?),
            None,
            "member",
        ))
    }
}

/// The name by which the member's records show whose work it is. The incident's id
/// is the attacker's to choose, the characters of a name are not.
fn session_name(incident: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut name = format!("trailkeeper-{incident}");
    name.retain(|c| allowed(&c));
    name.truncate(LONGEST_NAME);
    name
}

fn session_policy(trail: &TrailArn) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": OF_THE_TRAIL, "Resource": trail.as_str()},
            {"Effect": "Allow", "Action": BESIDE_IT, "Resource": "*"},
        ],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_session_is_named_after_the_incident_whatever_that_is_called() {
        assert_eq!(
            session_name("0d6f1a52-7c9b-4f65-8c3e-000000000639"),
            "trailkeeper-0d6f1a52-7c9b-4f65-8c3e-000000000639"
        );
        assert_eq!(session_name("x\u{e9} /\n=y"), "trailkeeper-xy");
        assert_eq!(session_name(&"a".repeat(100)).len(), 64);
        assert_eq!(session_name(""), "trailkeeper-");
    }

    #[test]
    fn a_session_can_touch_one_trail_and_stays_within_the_size() {
        let longest = format!(
            "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/{}",
            "x".repeat(128)
        );
        let policy = longest.parse().map(|trail| session_policy(&trail));
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        assert!(policy.is_ok_and(|policy| policy.len() <= 2_048 && policy.contains(&longest)));
    }

    #[test]
    fn a_session_may_do_what_the_role_may_and_no_more() {
        let module = include_str!("../../infra/modules/healing-policy/main.tf");
        let is_action = |word: &&str| {
            let known = ["cloudtrail:", "iam:", "organizations:"];
            // A condition's key.
            known.iter().any(|service| word.starts_with(service)) && *word != "iam:PassedToService"
        };
        let role: BTreeSet<&str> = module.split('"').filter(is_action).collect();
        let session: BTreeSet<&str> = OF_THE_TRAIL.into_iter().chain(BESIDE_IT).collect();
        assert_eq!(session, role);
    }
}
