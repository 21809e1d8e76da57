//! Where the event history is searched for what is behind an incident. Pure.

use std::time::Duration;

use crate::{
    cloudtrail::Attribute,
    failure::CallError,
    incident::Incident,
    moment::Moment,
    outcome::{Outcome, Severity},
    text::Clean,
};

const HOUR_MS: i64 = 3_600_000;
/// How far back the actor's own calls are of interest, in milliseconds.
const DEEDS_MS: i64 = HOUR_MS;
/// The longest session of a role: so far back if it began earlier.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html>.
const SESSION_MS: i64 = 12 * HOUR_MS;
/// How far back tampering with the trail is of interest, in milliseconds.
const TAMPERING_MS: i64 = 24 * HOUR_MS;
/// The longest that temporary credentials live, in milliseconds.
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>.
const ISSUED_MS: i64 = 36 * HOUR_MS;

/// The most time that an incident's notice waits for the history.
const MOST: Duration = Duration::from_secs(5);
/// An attempt that failed is told sooner: anybody can make many of them.
const MOST_FOR_AN_ATTEMPT: Duration = Duration::from_secs(2);

/// What is searched for one incident, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The most time for all.
    pub time: Duration,
    /// The account whose history it is.
    pub account: String,
    /// From when on the actor's calls are of interest.
    pub since: Moment,
    /// The regions, the trail's own first.
    pub regions: Vec<String>,
    /// Within a region, the most valuable first.
    pub searches: Vec<Search>,
}

/// One question to the history of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The region.
    pub region: String,
    /// What it is for.
    pub aim: Aim,
    /// What the records have in common.
    pub by: Attribute,
    /// From when on; else from 90 days ago.
    pub since: Option<Moment>,
    /// The most pages that are read.
    pub pages: usize,
}

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aim {
    /// What the actor did.
    Deeds,
    /// What was done to the trail.
    Tampering,
    /// The call that made the actor's key or session.
    Issue,
    /// What the maker of that key or session did.
    Maker,
}

/// What came of a search.
#[derive(Clone, Debug)]
pub struct Found {
    /// The search.
    pub search: Search,
    /// Records, newest first, as JSON texts.
    pub records: Vec<String>,
    /// How it ended.
    pub end: End,
}

/// How a search ended.
#[derive(Clone, Debug)]
pub enum End {
    /// All records were read.
    All,
    /// There were more pages than are read.
    TooMany,
    /// Something stood in the way; what came before is there.
    Failed(CallError),
}

/// What to search for `incident`; `None` if it is not worth a search: nobody is
/// alarmed, or it is about no trail.
#[must_use]
pub fn plan(incident: &Incident, now: Moment) -> Option<Plan> {
    if incident.outcome.is_of_accounts() || incident.severity == Severity::Info {
        return None;
    }
    let plain = |text: &Option<Clean>| {
        let text = text.as_ref()?.as_str();
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        text.bytes().all(is_plain).then(|| text.to_owned())
    };
    let account = plain(&incident.trail.account)?;
    let home = plain(&incident.trail.region)?;
    let mut regions = vec![home.clone()];
    if let Some(global) = global_region(&home)
        && global != home
    {
        regions.push(global.to_owned());
    }
    let timing = &incident.timing;
    let at = timing.event_time.or(timing.stopped_at).unwrap_or(now);
    let at = at.min(now);
    let hour = at.before(DEEDS_MS);
    let session = incident.actor.session_started_at;
    let session = session.unwrap_or(hour).max(at.before(SESSION_MS));
    let since = hour.min(session);
    let is_attempt = incident.outcome == Outcome::AttemptDenied;

    let mut searches = Vec::new();
    for region in &regions {
        let mut add = |aim, by, since, pages| {
            searches.push(Search {
                region: region.clone(),
                aim,
                by,
                since,
                pages,
            });
        };
        let is_home = *region == home;
        if let Some(by) = whose(incident) {
            add(Aim::Deeds, by, Some(since), if is_attempt { 1 } else { 4 });
        }
        if is_home && !is_attempt {
            // A record has the trail's name or its ARN, as the caller wrote it.
            let trail = [(&incident.trail.name, 2), (&incident.trail.arn, 1)];
            for (name, pages) in trail {
                if let Some(name) = name {
                    let by = Attribute::ResourceName(name.to_string());
                    add(Aim::Tampering, by, Some(at.before(TAMPERING_MS)), pages);
                }
            }
        }
        if let Some(key) = key(incident) {
            let by = || Attribute::ResourceName(key.to_owned());
            if key.starts_with("ASIA") {
                // Recorded where STS was called.
                add(Aim::Issue, by(), Some(at.before(ISSUED_MS)), 1);
            } else if regions.last() == Some(region) {
                add(Aim::Issue, by(), None, 1);
            }
        }
    }
    Some(Plan {
        time: if is_attempt {
            MOST_FOR_AN_ATTEMPT
        } else {
            MOST
        },
        account,
        since,
        regions,
        searches,
    })
}

/// What the actor's calls have in common. An IAM user's is the name: it holds for all
/// of its keys and sessions.
fn whose(incident: &Incident) -> Option<Attribute> {
    let actor = &incident.actor;
    let arn = actor.arn.as_ref().map(Clean::as_str).unwrap_or_default();
    let name = arn.rsplit_once('/').map(|(_, name)| name);
    let name = name.or_else(|| arn.ends_with(":root").then_some("root"));
    let by_name = name.map(|name| Attribute::UserName(name.to_owned()));
    let is_user = actor.kind.as_ref().map(Clean::as_str) == Some("IAMUser");
    let by_key = key(incident).map(|key| Attribute::AccessKeyId(key.to_owned()));
    if is_user {
        by_name.or(by_key)
    } else {
        by_key.or(by_name)
    }
}

/// The actor's key id, if it is one.
fn key(incident: &Incident) -> Option<&str> {
    let key = incident.actor.access_key_id.as_ref()?.as_str();
    let is_key = key.len() >= 16 && key.bytes().all(|b| b.is_ascii_alphanumeric());
    is_key.then_some(key)
}

/// Where the calls of global services are recorded, IAM's above all; `None` where it
/// is not known.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html>
/// and IAM's endpoints, <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>.
#[must_use]
pub fn global_region(region: &str) -> Option<&'static str> {
    if region.starts_with("cn-") {
        Some("cn-north-1")
    } else if region.starts_with("us-gov-") {
        Some("us-gov-west-1")
    } else if region.contains("-iso") || region.starts_with("eusc-") {
        None
    } else {
        Some("us-east-1")
    }
}
