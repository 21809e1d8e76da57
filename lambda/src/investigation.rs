//! What the event history says about an incident: what the actor did, how he got in,
//! who else touched the trail, and what is not known. Pure.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::{
    cloudtrail::Attribute,
    deeds::{Act, Deed, Reads, acts, grouped, reads},
    incident::Incident,
    moment::Moment,
    outcome::Outcome,
    searches::{Aim, End, Found, Plan, Search},
    text::Clean,
    trail::{Part, part_changed_by},
};

/// How long a record may take to appear in the history, in milliseconds.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html>.
pub(crate) const RECORDED_MS: i64 = 15 * 60_000;
/// The most deeds that the document lists.
const DEEDS: usize = 60;
/// The most kinds of reads, of tampering, and of the maker's deeds.
const OTHERS: usize = 20;
/// The most source addresses.
const ADDRESSES: usize = 10;
/// The most that the document may take as JSON, in bytes. It is escaped once more in
/// the message, and a notice holds other things.
const SIZE: usize = 40_000;

/// What was found out. In the notice's document: `investigation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Investigation {
    /// The regions that were searched.
    pub regions: Vec<String>,
    /// From when on the actor's calls were searched.
    pub since: Moment,
    /// When the search began.
    pub until: Moment,
    /// What the actor's calls were searched by: `user_name` or `access_key_id`.
    pub searched_by: Option<&'static str>,
    /// The actor's calls that changed something or gave credentials, by their time.
    pub deeds: Vec<Deed>,
    /// Kinds of deeds that the list above leaves out.
    pub deeds_left_out: usize,
    /// The actor's other calls, the most frequent first.
    pub reads: Vec<Reads>,
    /// How many those were.
    pub read_count: usize,
    /// How the actor got in.
    pub entry: Entry,
    /// Calls that can weaken the trail, other than this one, of the last 24 hours.
    pub tampering: Vec<Deed>,
    /// Kinds of these that the list above leaves out.
    pub tampering_left_out: usize,
    /// Whether all records of the trail were read.
    pub tampering_is_complete: bool,
    /// The time without logging; `None` if there was none.
    pub gap: Option<Gap>,
    /// What could not be learnt, in words.
    pub unknown: Vec<String>,
}

/// How an actor got in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `console`, `access_key`, `role_session`, `user_session`, `federation`, `root` or
    /// `service`; `None` if the record does not tell.
    pub means: Option<&'static str>,
    /// How long before the call the session began, in milliseconds.
    pub session_age_ms: Option<i64>,
    /// The call that made the key or the session.
    pub issued_by: Option<Deed>,
    /// Whether the history, which begins 90 days ago and ends some minutes ago, has the
    /// making of a user's key; `None` if that is not known, or it is no such key.
    pub is_key_in_history: Option<bool>,
    /// What the maker of the key or session did, if that is somebody else.
    pub makers_deeds: Vec<Deed>,
    /// Where the actor's calls came from, the first seen at the beginning.
    pub source_ips: Vec<Address>,
    /// How many addresses that were.
    pub source_ip_count: usize,
}

/// A source address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// As recorded.
    pub source_ip: Clean,
    /// When it was first seen.
    pub first: Option<Moment>,
    /// How many calls came from it.
    pub count: usize,
}

/// The time without logging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Its beginning.
    pub from: Moment,
    /// Its end; `None` if it is open.
    pub until: Option<Moment>,
    /// Calls of the actor's in it that are known.
    pub calls: usize,
    /// Whether all of the actor's management events in it are known, in the regions
    /// that were searched.
    pub is_complete: bool,
    /// Whether the chain of digest files is broken; `None` if it is not declared
    /// whether there is one.
    pub breaks_digest_chain: Option<bool>,
    /// Whether the insight selectors are as declared again; `None` if none are
    /// declared, or it is not known.
    pub insights_restored: Option<bool>,
}

impl Investigation {
    /// What `found` says about `incident`. `own_roles` are the responders.
    #[must_use]
    pub fn of(
        incident: &Incident,
        plan: &Plan,
        found: &[Found],
        own_roles: &[String],
        now: Moment,
    ) -> Self {
        let mut made = Self::empty(plan, now);
        let all = acts(found);
        let this = incident.event.id.as_ref().map(Clean::as_str);
        let mut gap = gap(incident);
        let in_gap = |at: Moment| gap.as_ref().is_some_and(|gap| gap.holds(at));
        let of = |aim| all.iter().filter(move |act| act.aim == aim);
        let own = || of(Aim::Deeds).filter(|act| is_by(act, incident));

        let deeds = own().filter(|act| !act.is_read());
        made.deeds = grouped(deeds.map(|act| act.deed(&in_gap, this)));
        made.reads = reads(own().filter(|act| act.is_read()));
        made.read_count = made.reads.iter().map(|reads| reads.count).sum();
        made.entry = entry(incident, &all, found, &in_gap);
        made.entry.source_ips = addresses(own());
        made.entry.source_ip_count = made.entry.source_ips.len();
        let others = all
            .iter()
            .filter(|act| matches!(act.aim, Aim::Tampering | Aim::Deeds))
            .filter(|act| is_tampering(act, own_roles) && act.record.event_id.as_deref() != this);
        let mut seen = HashSet::new();
        let others = others.filter(|act| {
            let id = act.record.event_id.as_deref();
            id.is_none_or(|id| seen.insert(id))
        });
        made.tampering = grouped(others.map(|act| act.deed(&in_gap, this)));
        made.tampering_is_complete = is_whole(found, Aim::Tampering);

        let calls_in_gap = own().filter(|act| {
            let is_other = act.record.event_id.as_deref() != this;
            is_other && act.at.is_some_and(&in_gap)
        });
        let calls_in_gap = calls_in_gap.count();
        made.searched_by = found.iter().find_map(|found| match &found.search.by {
            _ if found.search.aim != Aim::Deeds => None,
            Attribute::UserName(_) => Some("user_name"),
            Attribute::AccessKeyId(_) => Some("access_key_id"),
            _ => None,
        });
        let ended = gap
            .as_ref()
            .map_or(incident.timing.event_time, |gap| gap.until);
        let is_settled = ended.is_some_and(|ended| now.millis_since(ended) >= RECORDED_MS);
        if let Some(gap) = &mut gap {
            gap.calls = calls_in_gap;
            gap.is_complete = is_settled && is_whole(found, Aim::Deeds);
        }
        made.gap = gap;
        let issued = made.entry.issued_by.is_some();
        made.unknown = unknown(incident, plan, found, issued, is_settled, now);
        made.bounded()
    }

    /// That nothing was searched, and why.
    #[must_use]
    pub fn not_made(plan: &Plan, why: &str, now: Moment) -> Self {
        let mut made = Self::empty(plan, now);
        made.regions.clear();
        made.unknown.push(why.to_owned());
        made
    }

    fn empty(plan: &Plan, now: Moment) -> Self {
        Self {
            regions: plan.regions.clone(),
            since: plan.since,
            until: now,
            searched_by: None,
            deeds: Vec::new(),
            deeds_left_out: 0,
            reads: Vec::new(),
            read_count: 0,
            entry: Entry::default(),
            tampering: Vec::new(),
            tampering_left_out: 0,
            tampering_is_complete: false,
            gap: None,
            unknown: Vec::new(),
        }
    }

    /// Cuts the lists to what fits into a notice: an attacker may make many calls. What
    /// was done in the gap stays longest, then what was done last.
    fn bounded(mut self) -> Self {
        self.reads.truncate(OTHERS);
        self.entry.source_ips.truncate(ADDRESSES);
        leave_out(&mut self.entry.makers_deeds, OTHERS);
        self.tampering_left_out = leave_out(&mut self.tampering, OTHERS);
        self.deeds_left_out = leave_out(&mut self.deeds, DEEDS);
        let mut makers_left_out = 0;
        while self.size() > SIZE {
            let lists = [
                (&mut self.deeds, &mut self.deeds_left_out),
                (&mut self.tampering, &mut self.tampering_left_out),
                (&mut self.entry.makers_deeds, &mut makers_left_out),
            ];
            let longest = lists.into_iter().max_by_key(|(deeds, _)| deeds.len());
            match longest {
                Some((deeds, left_out)) if !deeds.is_empty() => {
                    *left_out += leave_out(deeds, deeds.len() - 1);
                }
                _ => break,
            }
        }
        self
    }

    fn size(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.len())
    }
}

/// Leaves the `most` deeds that matter most; how many that leaves out.
pub(crate) fn leave_out(deeds: &mut Vec<Deed>, most: usize) -> usize {
    let left_out = deeds.len().saturating_sub(most);
    for _ in 0..left_out {
        let all = deeds.iter().enumerate();
        let least = all.min_by_key(|(_, deed)| (deed.is_this, deed.in_gap, deed.last));
        if let Some((at, _)) = least {
            deeds.remove(at);
        }
    }
    left_out
}

impl Gap {
    /// Whether a record's time, cut to the second, lies in it.
    fn holds(&self, at: Moment) -> bool {
        let is_after = at.millis_since(self.from) > -1_000;
        is_after && self.until.is_none_or(|until| at <= until)
    }
}

/// The time without logging, as far as the trail's own times tell.
fn gap(incident: &Incident) -> Option<Gap> {
    let is_none = matches!(
        incident.outcome,
        Outcome::AttemptDenied | Outcome::Reported | Outcome::Unconfirmed
    );
    let timing = &incident.timing;
    let deleted = incident.was_deleted().then_some(timing.event_time);
    let from = deleted.unwrap_or(timing.stopped_at).filter(|_| !is_none)?;
    let started = timing.started_at.filter(|start| *start >= from);
    let until = started.or(incident.remediation.start_logging_accepted_at);
    let is_logging = incident.verification.is_logging == Some(true);
    let differs = |field: &str| {
        let mut fields = incident.verification.still_differs.iter();
        fields.any(|differs| differs == field)
    };
    let seen = incident.verification.matches_baseline.is_some();
    Some(Gap {
        from,
        until: until.filter(|_| is_logging),
        calls: 0,
        is_complete: false,
        breaks_digest_chain: incident.declared.digests,
        insights_restored: incident
            .declared
            .insights
            .filter(|insights| *insights && seen)
            .map(|_| !differs("insight_selectors")),
    })
}

/// Whether the actor of `incident` made the call: his key, or his name.
fn is_by(act: &Act, incident: &Incident) -> bool {
    let actor = &incident.actor;
    let same =
        |a: &Option<Clean>, b: &Option<Clean>| a.as_ref().is_some_and(|a| Some(a) == b.as_ref());
    same(&actor.access_key_id, &act.actor.access_key_id) || same(&actor.arn, &act.actor.arn)
}

/// Whether it is a call that can weaken a trail, and not a responder's.
fn is_tampering(act: &Act, own_roles: &[String]) -> bool {
    let is_cloudtrail = act.record.event_source.as_deref() == Some("cloudtrail.amazonaws.com");
    let part = part_changed_by(act.name());
    // No responder stops or deletes a trail: whoever does it with such a role is not one.
    let is_attack = matches!(act.name(), "StopLogging" | "DeleteTrail");
    let is_own = own_roles.iter().any(|role| act.actor.is(role));
    // A new tag weakens nothing.
    is_cloudtrail && part.is_some_and(|part| part != Part::Tags) && (is_attack || !is_own)
}

fn of_aim(found: &[Found], aim: Aim) -> impl Iterator<Item = &Found> {
    found.iter().filter(move |found| found.search.aim == aim)
}

/// Whether something was searched for such an aim, and all of it was read.
fn is_whole(found: &[Found], aim: Aim) -> bool {
    let mut all = of_aim(found, aim).peekable();
    all.peek().is_some() && all.all(|found| matches!(found.end, End::All))
}

/// The call that made the actor's key or session: its answer has the key.
fn issue<'a>(incident: &Incident, all: &'a [Act]) -> Option<&'a Act> {
    let key = incident.actor.access_key_id.as_ref()?.as_str();
    let mut issues = all.iter().filter(|act| act.aim == Aim::Issue);
    issues.find(|act| act.made_key() == Some(key))
}

/// What to search for about the maker of the actor's key or session, if that is
/// somebody else and was not searched for yet.
#[must_use]
pub fn maker(incident: &Incident, plan: &Plan, found: &[Found]) -> Vec<Search> {
    let all = acts(found);
    let Some(issue) = issue(incident, &all) else {
        return Vec::new();
    };
    let is_done = all.iter().any(|act| act.aim == Aim::Maker) || is_by(issue, incident);
    let key = issue.actor.access_key_id.as_ref().map(Clean::as_str);
    let key = key.filter(|key| key.bytes().all(|b| b.is_ascii_alphanumeric()));
    let Some(key) = key.filter(|_| !is_done) else {
        return Vec::new();
    };
    let searches = plan.regions.iter().map(|region| Search {
        region: region.clone(),
        aim: Aim::Maker,
        by: Attribute::AccessKeyId(key.to_owned()),
        since: Some(
            issue
                .at
                .map_or(plan.since, |at| plan.since.min(at.before(3_600_000))),
        ),
        pages: 1,
    });
    searches.collect()
}

fn entry(
    incident: &Incident,
    all: &[Act],
    found: &[Found],
    in_gap: &impl Fn(Moment) -> bool,
) -> Entry {
    let actor = &incident.actor;
    let kind = actor.kind.as_ref().map(Clean::as_str);
    let key = actor.access_key_id.as_ref().map(Clean::as_str);
    let is_session = key.is_some_and(|key| key.starts_with("ASIA"));
    let means = match kind {
        _ if actor.from_console == Some(true) => Some("console"),
        _ if actor.invoked_by.is_some() || kind == Some("AWSService") => Some("service"),
        Some("Root") => Some("root"),
        Some("AssumedRole" | "Role") => Some("role_session"),
        Some("FederatedUser" | "SAMLUser" | "WebIdentityUser" | "IdentityCenterUser") => {
            Some("federation")
        }
        Some("IAMUser") if is_session => Some("user_session"),
        Some("IAMUser") if key.is_some() => Some("access_key"),
        _ => None,
    };
    let issue = issue(incident, all);
    let was_read = is_whole(found, Aim::Issue);
    let makers = all.iter().filter(|act| {
        let is_issue = issue.is_some_and(|issue| issue.record.event_id == act.record.event_id);
        act.aim == Aim::Maker && !act.is_read() && !is_issue
    });
    Entry {
        means,
        session_age_ms: actor
            .session_started_at
            .zip(incident.timing.event_time)
            .map(|(began, call)| call.millis_since(began))
            .filter(|age| *age >= 0),
        issued_by: issue.map(|issue| issue.deed(in_gap, None)),
        is_key_in_history: match issue {
            _ if is_session || key.is_none() => None,
            Some(_) => Some(true),
            None => was_read.then_some(false),
        },
        makers_deeds: grouped(makers.map(|act| act.deed(in_gap, None))),
        source_ips: Vec::new(),
        source_ip_count: 0,
    }
}

fn addresses<'a>(acts: impl Iterator<Item = &'a Act>) -> Vec<Address> {
    let mut all: BTreeMap<String, Address> = BTreeMap::new();
    for act in acts {
        let Some(source_ip) = act.actor.source_ip.as_ref().map(|ip| ip.cut(64)) else {
            continue;
        };
        let address = all.entry(source_ip.to_string()).or_insert(Address {
            source_ip,
            first: act.at,
            count: 0,
        });
        address.first = [address.first, act.at].into_iter().flatten().min();
        address.count += 1;
    }
    let mut all: Vec<Address> = all.into_values().collect();
    all.sort_by_key(|address| address.first);
    all
}

fn unknown(
    incident: &Incident,
    plan: &Plan,
    found: &[Found],
    issued: bool,
    is_settled: bool,
    now: Moment,
) -> Vec<String> {
    let mut unknown = Vec::new();
    for Found {
        search,
        records,
        end,
    } in found
    {
        let (region, read) = (&search.region, records.len());
        let what = match search.aim {
            Aim::Deeds => "the actor's calls",
            Aim::Tampering => "what was done to the trail",
            Aim::Issue => "what made the key or session",
            Aim::Maker => "what the maker of the key or session did",
        };
        let line = match end {
            End::All => continue,
            End::TooMany => {
                format!("in {region}, {what}: only the newest {read} records were read")
            }
            End::Failed(error) if read > 0 => {
                format!("in {region}, {what}: only the newest {read} records were read; {error}")
            }
            End::Failed(error) => format!("in {region}, {what}: {error}"),
        };
        if !unknown.contains(&line) {
            unknown.push(line);
        }
    }
    let has = |aim| found.iter().any(|found| found.search.aim == aim);
    if !has(Aim::Deeds) {
        unknown.push(if incident.is_unexplained() {
            "what the actor did: nobody is named".to_owned()
        } else {
            "what else the actor did: the record names neither a key nor a user".to_owned()
        });
    }
    let is_session = incident.actor.access_key_id.as_ref();
    let is_session = is_session.is_some_and(|key| key.as_str().starts_with("ASIA"));
    if is_session && is_whole(found, Aim::Issue) && !issued {
        unknown.push("which call made the session: it is not in these regions' history".to_owned());
    }
    if !is_settled {
        let complete = now.before(-RECORDED_MS);
        let shown = complete.to_string();
        let minute = shown.get(11..16).unwrap_or_default();
        unknown.push(format!(
            "calls of the last 15 minutes may be missing: a record can take so long; complete from {minute} UTC on"
        ));
    }
    let regions = plan.regions.join(" and ");
    unknown.push(format!(
        "calls in other regions than {regions}, and data events: not in this history"
    ));
    unknown
}
