//! The sweep of an organisation: the trails of every member account.

use std::{collections::BTreeMap, time::SystemTime};

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tracing::{error, info};

use crate::{
    budget::Budget,
    failure::{CallError, Failure},
    handler::{Handler, conclude},
    incident::Incident,
    members::Members,
    metrics,
    moment::Moment,
    organizations::Organization,
    outcome::Outcome,
    request::Message,
    sqs::SweepQueue,
};

/// Accounts that are looked at side by side. Within one, a trail follows the other:
/// CloudTrail's limits are per account.
const SIDE_BY_SIDE: usize = 50;

/// What came of one account.
enum Look {
    Done(Vec<Incident>),
    Unreachable(String, CallError),
    /// There was no time left to begin with it.
    Late(String),
}

impl Handler {
    /// Reconciles the trails of all members, or hands the accounts out to do so.
    /// Returns what there is to tell; nothing if there are no members.
    pub(crate) async fn sweep_members(&self, owner: &str, deadline: SystemTime) -> Vec<Incident> {
        let Some(members) = &self.config.members else {
            return Vec::new();
        };
        let budget = Budget::for_fleet(deadline);
        let (active, mut incidents) = match self.accounts(members, budget).await {
            Ok(accounts) => accounts,
            Err(error) => return vec![incomplete(&error)],
        };
        if let Some(url) = &members.sweep_queue_url {
            let queue = SweepQueue::new(&self.aws, self.aws.region(), url);
            match queue.send(&active, budget).await {
                Ok(messages) => info!(accounts = active.len(), messages, "accounts handed out"),
                Err(error) => incidents.push(incomplete(&error)),
            }
            return incidents;
        }
        let (found, late) = self
            .sweep_accounts(self.in_turn(active), owner, deadline, budget)
            .await;
        incidents.extend(found);
        if let Ok(mut from) = self.sweep_from.lock() {
            *from = late.first().cloned();
        }
        incidents.extend(out_of_time(late));
        incidents
    }

    /// Reconciles the trails of the accounts that messages of the queue name, and
    /// says which messages the queue is to give again.
    ///
    /// # Errors
    /// None: a failure is that of a message.
    pub(crate) async fn sweep_batches(
        &self,
        messages: &[Message],
        request_id: &str,
        deadline: SystemTime,
    ) -> Result<Value, Failure> {
        let owner = format!("{request_id}@{}", Moment::now().epoch_millis());
        let mut failed = Vec::new();
        for message in messages {
            let result = match &message.accounts {
                Ok(accounts) => self.sweep_message(accounts, &owner, deadline).await,
                Err(why) => Err(Failure::Request(why.clone())),
            };
            if let Err(failure) = result {
                let error_type = failure.error_type();
                error!(error_type, error = %failure, message_id = message.id, "a message fails");
                failed.push(json!({"itemIdentifier": message.id}));
            }
        }
        Ok(json!({"batchItemFailures": failed}))
    }

    async fn sweep_message(
        &self,
        accounts: &[String],
        owner: &str,
        deadline: SystemTime,
    ) -> Result<Value, Failure> {
        let budget = Budget::for_fleet(deadline);
        let (mut incidents, late) = self
            .sweep_accounts(accounts.to_vec(), owner, deadline, budget)
            .await;
        incidents.extend(out_of_time(late));
        self.log_and_measure(&incidents);
        let sent = self.notify(&incidents, owner, deadline).await;
        conclude(&incidents, sent)
    }

    /// The ids of the accounts to look at, and what there is to tell of the others.
    async fn accounts(
        &self,
        members: &Members,
        budget: Budget,
    ) -> Result<(Vec<String>, Vec<Incident>), CallError> {
        let organization = Organization::new(&self.aws, self.aws.region());
        let mut pages = organization.accounts(budget);
        let mut active = Vec::new();
        let mut inactive: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for account in page? {
                if members.trails_of(&account.id).is_empty() {
                    continue;
                }
                match account.inactive {
                    None => active.push(account.id),
                    Some(why) => inactive.entry(why).or_default().push(account.id),
                }
            }
        }
        let findings = inactive.into_iter().map(|(why, accounts)| {
            let problem = format!("Organizations says {why}: nobody can look at their trails");
            Incident::of_accounts(Outcome::AccountSuspended, accounts, problem, false)
        });
        Ok((active, findings.collect()))
    }

    /// Begins with the account that the last sweep had no time for.
    fn in_turn(&self, mut accounts: Vec<String>) -> Vec<String> {
        let from = self.sweep_from.lock().ok().and_then(|from| from.clone());
        let first = accounts.iter().position(|a| Some(a) == from.as_ref());
        accounts.rotate_left(first.unwrap_or_default());
        accounts
    }

    /// What there is to tell of `accounts`, and those that `budget` was too short for.
    async fn sweep_accounts(
        &self,
        accounts: Vec<String>,
        owner: &str,
        deadline: SystemTime,
        budget: Budget,
    ) -> (Vec<Incident>, Vec<String>) {
        // Once, before many ask for it at the same time. If it fails, each says so.
        for parameter in self.config.members.iter().flat_map(Members::parameters) {
            if let Err(problem) = self.baselines().document(parameter, budget).await {
                error!(problem = problem.text, "a baseline was not read");
            }
        }
        let looks = accounts.into_iter().map(|account| async move {
            if budget.is_spent() {
                return Look::Late(account);
            }
            match self.sweep_account(&account, owner, deadline).await {
                Ok(incidents) => Look::Done(incidents),
                Err(error) => Look::Unreachable(account, error),
            }
        });
        let mut looks = stream::iter(looks).buffer_unordered(SIDE_BY_SIDE);
        let (mut incidents, mut late, mut swept) = (Vec::new(), Vec::new(), 0);
        let mut unreachable: BTreeMap<String, (Vec<String>, CallError)> = BTreeMap::new();
        while let Some(look) = looks.next().await {
            match look {
                Look::Done(found) => {
                    incidents.extend(found);
                    swept += 1;
                }
                Look::Unreachable(account, error) => {
                    let cause = unreachable.entry(error.code().to_owned());
                    let (accounts, _) = cause.or_insert_with(|| (Vec::new(), error));
                    accounts.push(account);
                }
                Look::Late(account) => late.push(account),
            }
        }
        let lost: usize = unreachable
            .values()
            .map(|(accounts, _)| accounts.len())
            .sum();
        let line = metrics::accounts(swept, lost, &self.function_name, Moment::now());
        (self.write_line)(&line);
        info!(
            swept,
            unreachable = lost,
            late = late.len(),
            "accounts swept"
        );
        incidents.extend(unreachable.into_values().map(|(accounts, error)| {
            let retryable = error.is_retryable();
            Incident::of_accounts(Outcome::Unreachable, accounts, error.to_string(), retryable)
        }));
        (incidents, late)
    }

    async fn sweep_account(
        &self,
        account: &str,
        owner: &str,
        deadline: SystemTime,
    ) -> Result<Vec<Incident>, CallError> {
        let members = self.config.members.iter();
        let trails = members.flat_map(|members| members.trails_of(account));
        let mut incidents = Vec::new();
        for trail in trails.filter(|trail| !self.config.trails.contains(trail)) {
            let budget = Budget::for_restoration(deadline);
            let cloudtrail = self.reach(&trail, "sweep", budget).await?;
            incidents.extend(self.look(&cloudtrail, &trail, owner, deadline).await);
        }
        Ok(incidents)
    }
}

/// The accounts could not all be listed or handed out.
fn incomplete(error: &CallError) -> Incident {
    let retryable = error.is_retryable();
    Incident::of_accounts(
        Outcome::SweepIncomplete,
        Vec::new(),
        error.to_string(),
        retryable,
    )
}

/// The time was over.
fn out_of_time(late: Vec<String>) -> Option<Incident> {
    let problem = "the time was over before these accounts; the next sweep begins with them. If this stays so, let many functions share the accounts: sweep_fan_out = true";
    (!late.is_empty())
        .then(|| Incident::of_accounts(Outcome::SweepIncomplete, late, problem.to_owned(), true))
}
