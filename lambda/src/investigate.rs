//! The search for what is behind an incident: best effort, and bounded (law 7).

use std::{sync::Mutex, time::Duration};

use futures_util::future::join_all;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::{
    budget::Budget,
    cloudtrail::CloudTrail,
    failure::CallError,
    handler::Handler,
    incident::Incident,
    investigation::{Investigation, maker},
    moment::Moment,
    outcome::Outcome,
    searches::{End, Found, Plan, Search, plan},
    text::Clean,
};

/// Incidents that are looked into at a time. The rest is told at once and without: in a
/// sweep of many accounts the notices must not wait in line.
const AT_ONCE: usize = 8;
/// So much time may be spent in a row. After that the function looks into others for half
/// of the time at most: who makes many incidents must not hold up the next restoration.
const IN_A_ROW: Duration = Duration::from_secs(5);
/// The same for attempts that failed, which anybody can make: a fifth of the time.
const IN_A_ROW_FOR_ATTEMPTS: Duration = Duration::from_secs(2);
/// What is owed for a second spent on an incident, that second included.
const OWED: u32 = 2;
const OWED_FOR_ATTEMPTS: u32 = 5;
/// With less time no call is begun.
const LEAST: Duration = Duration::from_millis(50);

/// Whose turn it is to be looked into.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    now: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    running: usize,
    /// When what was spent on incidents is made up for.
    free: Option<Instant>,
    /// The same for attempts, which do not keep incidents from their turn.
    attempts_free: Option<Instant>,
}

/// The time while an incident is looked into.
struct Turn<'a> {
    turns: &'a Turns,
    is_attempt: bool,
    begun: Instant,
}

impl Turns {
    fn take(&self, is_attempt: bool) -> Option<Turn<'_>> {
        let begun = Instant::now();
        let mut taken = self.now.lock().ok()?;
        let owes = |free: Option<Instant>| {
            free.map_or(Duration::ZERO, |free| free.saturating_duration_since(begun))
        };
        let is_free = owes(taken.free) <= IN_A_ROW
            && (!is_attempt || owes(taken.attempts_free) <= IN_A_ROW_FOR_ATTEMPTS);
        if !is_free || taken.running == AT_ONCE {
            return None;
        }
        taken.running += 1;
        Some(Turn {
            turns: self,
            is_attempt,
            begun,
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let after = |free: Option<Instant>, owed| {
            Some(free.map_or(self.begun, |free| free.max(self.begun)) + took * owed)
        };
        if let Ok(mut taken) = self.turns.now.lock() {
            taken.running -= 1;
            if self.is_attempt {
                taken.attempts_free = after(taken.attempts_free, OWED_FOR_ATTEMPTS);
            } else {
                taken.free = after(taken.free, OWED);
            }
        }
    }
}

impl Handler {
    /// What the event history says about `incident`. Takes at most half of what is left
    /// of the `notice`'s budget. `None` if it is not worth a search.
    pub(crate) async fn investigate(
        &self,
        incident: &Incident,
        notice: Budget,
    ) -> Option<Investigation> {
        let now = Moment::now();
        let plan = plan(incident, now)?;
        let is_attempt = incident.outcome == Outcome::AttemptDenied;
        let Some(_turn) = self.turns.take(is_attempt) else {
            let why = "not looked into: too many incidents at once";
            return Some(Investigation::not_made(&plan, why, now));
        };
        let time = plan.time.min(notice.left() / 2);
        let found = self.search(incident, &plan, Budget::lasting(time)).await;
        let own_roles = self.config.responders(&plan.account);
        info!(
            searches = found.len(),
            records = found.iter().map(|found| found.records.len()).sum::<usize>(),
            took_ms = Moment::now().millis_since(now),
            "looked into"
        );
        Some(Investigation::of(incident, &plan, &found, &own_roles, now))
    }

    async fn search(&self, incident: &Incident, plan: &Plan, budget: Budget) -> Vec<Found> {
        let history = match self.history_of(incident, plan, budget).await {
            Ok(history) => history,
            Err(error) => {
                warn!(%error, "the account whose event history it is was not reached");
                let searches = plan.searches.iter().cloned();
                return searches
                    .map(|search| Found::failed(search, &error))
                    .collect();
            }
        };
        let (mut found, mut searches) = (Vec::new(), plan.searches.clone());
        for _ in 0..2 {
            let of_regions = plan.regions.iter().map(|region| {
                let here = searches.iter().filter(|search| search.region == *region);
                in_region(&history, &plan.account, here, budget)
            });
            found.extend(join_all(of_regions).await.into_iter().flatten());
            // One step further back: who made the key or the session, and what else he did.
            searches = maker(incident, plan, &found);
            if searches.is_empty() || budget.is_spent() {
                break;
            }
        }
        found
    }

    /// CloudTrail of the account where it happened, in the regions of `plan`.
    async fn history_of(
        &self,
        incident: &Incident,
        plan: &Plan,
        budget: Budget,
    ) -> Result<CloudTrail, CallError> {
        let regions = || plan.regions.iter().map(String::as_str);
        let is_ours = plan.account == self.config.account();
        let trail = incident.trail_arn().or_else(|| {
            let trails = self.config.member_trails(&plan.account);
            trails.into_iter().next().filter(|_| !is_ours)
        });
        let member = trail.as_ref().and_then(|trail| {
            let members = self.config.members_of(trail)?;
            Some((trail, members))
        });
        let Some((trail, members)) = member else {
            return Ok(CloudTrail::in_regions(&self.aws, regions()));
        };
        let id = incident.id.as_ref().map_or("unknown", Clean::as_str);
        let aws = self.enter(members, trail, id, budget).await?;
        Ok(CloudTrail::in_regions(&aws, regions()))
    }
}

impl Found {
    fn failed(search: Search, error: &CallError) -> Self {
        Self {
            search,
            records: Vec::new(),
            end: End::Failed(error.clone()),
        }
    }
}

/// The first page of every search, then the second, and so on: what is most valuable
/// comes first.
async fn in_region(
    history: &CloudTrail,
    account: &str,
    searches: impl Iterator<Item = &Search>,
    budget: Budget,
) -> Vec<Found> {
    let begun = |search: &Search| Found {
        search: search.clone(),
        records: Vec::new(),
        end: End::TooMany,
    };
    let mut open: Vec<(Found, Option<String>)> = searches.map(|s| (begun(s), None)).collect();
    let mut closed = Vec::new();
    let mut page = 0;
    let mut refusal: Option<CallError> = None;
    while !open.is_empty() {
        let mut next_round = Vec::new();
        for (mut found, token) in open {
            let search = &found.search;
            if page == search.pages {
                closed.push(found);
                continue;
            }
            let (region, by, since) = (&search.region, &search.by, search.since);
            let answer = if let Some(error) = &refusal {
                Err(error.clone())
            } else {
                let lookup = history.lookup(account, region, by, (since, None), token, budget);
                lookup.await
            };
            match answer {
                Ok(answer) => {
                    found.records.extend(answer.records);
                    if answer.next.is_some() {
                        next_round.push((found, answer.next));
                    } else {
                        found.end = End::All;
                        closed.push(found);
                    }
                }
                Err(error) => {
                    if refusal.is_none() {
                        warn!(%error, region, "the event history was not read");
                    }
                    // What is not permitted once is not permitted at all.
                    if !error.is_retryable() || budget.left() < LEAST {
                        refusal = Some(error.clone());
                    }
                    found.end = End::Failed(error);
                    closed.push(found);
                }
            }
        }
        open = next_round;
        page += 1;
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_in_a_row_and_then_half_of_the_time() {
        let turns = Turns::default();
        for _ in 0..2 {
            let turn = turns.take(false);
            assert!(turn.is_some());
            seconds(3).await;
        }
        assert!(turns.take(false).is_none(), "six seconds are owed");
        seconds(1).await;
        for _ in 0..10 {
            let turn = turns.take(false);
            assert!(turn.is_some());
            seconds(3).await;
            drop(turn);
            seconds(2).await;
            assert!(turns.take(false).is_none());
            seconds(1).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_keep_no_incident_from_its_turn() {
        let turns = Turns::default();
        let attempt = turns.take(true);
        seconds(1).await;
        drop(attempt);
        seconds(1).await;
        assert!(turns.take(true).is_none());
        assert!(turns.take(false).is_some());
        seconds(1).await;
        assert!(turns.take(true).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_at_once() {
        let turns = Turns::default();
        let all: Vec<_> = (0..AT_ONCE).map(|_| turns.take(false)).collect();
        assert!(all.iter().all(Option::is_some));
        assert!(turns.take(false).is_none());
    }
}
