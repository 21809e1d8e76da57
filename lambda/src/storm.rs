//! Storms: many incidents by one actor become few notices, and none is lost.

use std::time::SystemTime;

use futures_util::stream::{self, StreamExt};
use tracing::{info, warn};

use crate::{
    budget::Budget,
    dynamodb::{Change, Entry, Field, Incidents},
    failure::CallError,
    group::{GRACE, GROUP, Group, KEPT_IDS, Manner, Member, OPEN, SILENT, WINDOW},
    handler::Handler,
    incident::Incident,
    moment::Moment,
};

/// How often a group is looked at again that others change at the same time.
const TRIES: usize = 4;
/// Summaries that are made at a time: each holds a thousand event ids in several forms.
const SUMMARIES: usize = 4;

impl Handler {
    /// How an incident is to be told that nobody told yet. Whatever goes wrong: by
    /// itself.
    pub(crate) async fn manner(&self, incident: &Incident, budget: Budget) -> Manner {
        let Some(member) = Member::of(incident) else {
            return Manner::Alone;
        };
        match manner(self.incidents(), &member, now(), budget).await {
            // Whoever was told that it failed is told that it is over.
            Ok(Manner::Silent) if self.failed_before(incident, budget).await => Manner::Alone,
            Ok(manner) => manner,
            Err(error) => {
                warn!(%error, "what else this actor did lately is not known");
                Manner::Alone
            }
        }
    }

    async fn failed_before(&self, incident: &Incident, budget: Budget) -> bool {
        match incident.failed_key() {
            Some(key) => self.was_told(&key, "", budget).await,
            None => false,
        }
    }

    /// Sends the summaries that are due. What fails is tried again by the next sweep.
    ///
    /// # Errors
    /// The first failure: incidents that were not told one by one wait for it.
    pub(crate) async fn sum_up(&self, owner: &str, deadline: SystemTime) -> Result<(), CallError> {
        let whole = Budget::for_all_notices(deadline);
        let for_one = || Budget::for_notice(deadline).within(whole);
        let open = self.incidents().read(OPEN, for_one()).await?;
        let names = open.into_keys().filter(|name| name.starts_with(GROUP));
        let summaries = names.map(async |name| self.sum_up_group(&name, owner, for_one()).await);
        let done = stream::iter(summaries).buffer_unordered(SUMMARIES);
        done.fold(Ok(()), async |all: Result<(), CallError>, one| all.and(one))
            .await
    }

    /// The summary goes out first, and is noted afterwards: who is killed in between
    /// tells it twice.
    async fn sum_up_group(&self, name: &str, owner: &str, budget: Budget) -> Result<(), CallError> {
        let table = self.incidents();
        let key = name.split('@').next().unwrap_or_default();
        let group = Group::read(&table.read(key, budget).await?);
        let now = now();
        let group = match group.filter(|group| group.has_name(key, name)) {
            Some(group) if group.silent == 0 && group.is_quiet(now) => None,
            group => group,
        };
        let Some(group) = group else {
            return strike_out(table, name, budget).await;
        };
        // One that is empty was opened a moment ago, and its incident is being left to it.
        if group.silent == 0 || !group.is_due(now) {
            return Ok(());
        }
        let summary = group.summary(key, now);
        Box::pin(self.tell(&summary, owner, budget)).await?;
        info!(
            incidents = group.count,
            untold = group.silent,
            "an actor's incidents were summed up"
        );
        let Some(since) = summed(table, key, group, budget).await? else {
            return Ok(());
        };
        if since.silent > 0 {
            open(table, &since.name(key), budget).await?;
        }
        strike_out(table, name, budget).await
    }
}

/// Counts `member` in its group; how it is to be told.
async fn manner(
    table: &Incidents,
    member: &Member,
    now: i64,
    budget: Budget,
) -> Result<Manner, CallError> {
    let (mut after, mut with_id) = (now - WINDOW, true);
    for _ in 0..TRIES {
        let counted = count(table, member, after, with_id, now, budget).await?;
        if let Some(before) = counted {
            let before = Group::read(&before);
            return match member.manner(before.as_ref()) {
                Manner::Silent => Ok(silence(table, member, before, budget).await),
                told => Ok(told),
            };
        }
        let Some(group) = Group::read(&table.read(&member.group, budget).await?) else {
            continue;
        };
        if group.events.contains(&member.id) {
            // An earlier try counted it, and did not tell.
            return Ok(Manner::Repeated(group.repetition()));
        }
        if group.first_at <= after {
            if group.silent == 0 {
                if begin_again(table, member, group.first_at, now, budget).await? {
                    return Ok(Manner::Alone);
                }
            } else if group.first_at > now - WINDOW - GRACE {
                after = now - WINDOW - GRACE;
            } else {
                warn!("no sweep summed up what this actor did: it is told one by one");
                return Ok(Manner::Alone);
            }
        }
        with_id = group.count < KEPT_IDS;
    }
    warn!("others change what is known of this actor at the same time");
    Ok(Manner::Alone)
}

/// Adds an incident to its group, unless that is over, or has it already. What the
/// group was; `None` if nothing was added.
async fn count(
    table: &Incidents,
    member: &Member,
    after: i64,
    with_id: bool,
    now: i64,
    budget: Budget,
) -> Result<Option<Entry>, CallError> {
    let mut change = Change::default()
        .set_once("first_at", Field::Number(now))
        .set_once("actor_json", Field::Text(member.actor()))
        .set("last_at", Field::Number(now));
    for (name, value) in member.added(with_id) {
        change = change.add(&name, value);
    }
    let condition = if with_id {
        "attribute_not_exists(id) OR (first_at > :after AND incident_count < :kept AND NOT contains(event_ids, :id))"
    } else {
        "first_at > :after"
    };
    change = change
        .only_if(condition)
        .with(":after", Field::Number(after));
    if with_id {
        let kept = i64::try_from(KEPT_IDS).unwrap_or(i64::MAX);
        change = change
            .with(":kept", Field::Number(kept))
            .with(":id", Field::Text(member.id.clone()));
    }
    table
        .change(&member.group, change.returning_old(), budget)
        .await
}

/// Leaves an incident to the summary. It is silent only once the table is known to
/// have it, and the group is among the open ones.
async fn silence(
    table: &Incidents,
    member: &Member,
    before: Option<Group>,
    budget: Budget,
) -> Manner {
    let Some(before) = before else {
        return Manner::Alone;
    };
    let told = Manner::Repeated(crate::group::Repetition {
        count: before.count + 1,
        ..before.repetition()
    });
    let noted = async {
        open(table, &before.name(&member.group), budget).await?;
        let change = of_summary(&before).add(SILENT, Field::Number(1));
        table.change(&member.group, change, budget).await
    };
    match noted.await {
        // An empty answer proves nothing.
        Ok(Some(now)) if matches!(now.get(SILENT), Some(Field::Number(1..))) => Manner::Silent,
        // Or it was summed up at this moment, without this one.
        Ok(_) => told,
        Err(error) => {
            warn!(%error, "not left to a summary");
            told
        }
    }
}

/// A change of a group, if it was not summed up since it was read.
fn of_summary(group: &Group) -> Change {
    let change = Change::default().with(":first", Field::Number(group.first_at));
    match group.summed.and_then(|summed| i64::try_from(summed).ok()) {
        None => change.only_if("first_at = :first AND attribute_not_exists(summed_count)"),
        Some(summed) => change
            .only_if("first_at = :first AND summed_count = :summed")
            .with(":summed", Field::Number(summed)),
    }
}

/// Notes that `group` was summed up as it was read; what it is now.
async fn summed(
    table: &Incidents,
    key: &str,
    mut group: Group,
    budget: Budget,
) -> Result<Option<Group>, CallError> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let change = of_summary(&group)
        .set("summed_count", Field::Number(number(group.count)))
        .add(SILENT, Field::Number(-number(group.silent)));
    let now = table.change(key, change, budget).await?;
    let Some(Field::Number(left)) = now.as_ref().and_then(|now| now.get(SILENT)) else {
        // Another sweep did, or the answer is none.
        return Ok(None);
    };
    group.silent = u64::try_from(*left).unwrap_or_default();
    group.summed = Some(group.count);
    Ok(Some(group))
}

/// Replaces a group whose window is over and of which everything was told.
async fn begin_again(
    table: &Incidents,
    member: &Member,
    first_at: i64,
    now: i64,
    budget: Budget,
) -> Result<bool, CallError> {
    let mut entry: Entry = member.added(true).into_iter().collect();
    entry.insert("first_at".to_owned(), Field::Number(now));
    entry.insert("last_at".to_owned(), Field::Number(now));
    entry.insert("actor_json".to_owned(), Field::Text(member.actor()));
    table.replace(&member.group, entry, first_at, budget).await
}

async fn open(table: &Incidents, name: &str, budget: Budget) -> Result<(), CallError> {
    let change = Change::default().set(name, Field::Number(1));
    match table.change(OPEN, change, budget).await? {
        Some(now) if now.contains_key(name) => Ok(()),
        _ => Err(CallError::new(
            "dynamodb:UpdateItem",
            "UnusableAnswer",
            "the answer does not show what was added",
            true,
        )),
    }
}

async fn strike_out(table: &Incidents, name: &str, budget: Budget) -> Result<(), CallError> {
    let change = Change::default().remove(name);
    table.change(OPEN, change, budget).await.map(drop)
}

/// Seconds since 1970.
fn now() -> i64 {
    Moment::now().epoch_millis() / 1_000
}
