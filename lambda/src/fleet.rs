//! The sweep of an organisation: the trails of every member account.

use std::{collections::BTreeMap, future::ready, pin::pin, sync::Mutex, time::SystemTime};

use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::{
    join,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use tracing::{error, info};

use crate::{
    budget::Budget,
    failure::{CallError, Failure},
    handler::{Handler, conclude},
    incident::Incident,
    members::Members,
    metrics,
    moment::Moment,
    organizations::{Account, Organization},
    outcome::Outcome,
    request::Message,
    sqs::{PORTION, SweepQueue},
};

/// Accounts that are looked at side by side. Within one, a trail follows the other:
/// CloudTrail's limits are per account.
const SIDE_BY_SIDE: usize = 50;

/// What came of one account.
enum Look {
    /// What was found, and why it was not all.
    Done(String, Vec<Incident>, Option<CallError>),
    /// There was no time left to begin with it.
    Late(String),
}

impl Handler {
    /// Reconciles the trails of all members, or hands the accounts out to do so, while
    /// they are still being listed. Returns what there is to tell; nothing if there
    /// are no members.
    pub(crate) async fn sweep_members(&self, owner: &str, deadline: SystemTime) -> Vec<Incident> {
        let Some(members) = &self.config.members else {
            return Vec::new();
        };
        let budget = Budget::for_fleet(deadline);
        // Apart, so that a slow look holds up no page and a slow page no look.
        let (sender, mut receiver) = unbounded_channel();
        let accounts = stream::poll_fn(move |context| receiver.poll_recv(context));
        let sweep = async {
            match &members.sweep_queue_url {
                Some(url) => {
                    let sent = self.hand_out(accounts, url, budget).await;
                    (Vec::new(), sent.err().as_ref().map(Unfinished::because_of))
                }
                None => self.sweep_in_turn(accounts, owner, deadline, budget).await,
            }
        };
        let (listing, (mut incidents, unfinished)) =
            join!(self.list(members, sender, budget), sweep);
        incidents.extend(listing.inactive.into_iter().map(|(why, accounts)| {
            let problem = format!("Organizations says {why}: nobody can look at their trails");
            Incident::of_accounts(Outcome::AccountSuspended, accounts, problem, false)
        }));
        // One finding, whatever the reasons.
        let unlisted = listing.failed.as_ref().map(Unfinished::because_of);
        let both = unlisted.into_iter().chain(unfinished);
        incidents.extend(both.reduce(Unfinished::and).map(Unfinished::told));
        incidents
    }

    /// Sends the active accounts to whoever looks at them.
    async fn list(
        &self,
        members: &Members,
        active: UnboundedSender<String>,
        budget: Budget,
    ) -> Listing {
        let organization = Organization::new(&self.aws, self.aws.region());
        let mut pages = organization.accounts(budget);
        let mut listing = Listing::default();
        while let Some(page) = pages.next().await {
            let accounts = match page {
                Ok(accounts) => accounts,
                Err(error) => {
                    listing.failed = Some(error);
                    break;
                }
            };
            for Account { id, inactive } in accounts {
                if members.trails_of(&id).is_empty() {
                    continue;
                }
                match inactive {
                    // Nobody listens any more only if handing out failed, which is told.
                    None => drop(active.send(id)),
                    Some(why) => listing.inactive.entry(why).or_default().push(id),
                }
            }
        }
        listing
    }

    async fn hand_out(
        &self,
        accounts: impl Stream<Item = String>,
        url: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let queue = SweepQueue::new(&self.aws, self.aws.region(), url);
        let mut portions = pin!(accounts.chunks(PORTION));
        let mut sent = 0;
        while let Some(portion) = portions.next().await {
            queue.send(&portion, budget).await?;
            sent += portion.len();
        }
        info!(accounts = sent, "accounts handed out");
        Ok(())
    }

    /// Begins with the account that the last sweep had no time for.
    async fn sweep_in_turn(
        &self,
        accounts: impl Stream<Item = String>,
        owner: &str,
        deadline: SystemTime,
        budget: Budget,
    ) -> (Vec<Incident>, Option<Unfinished>) {
        let mut from = with(&self.sweep_from, Option::take).flatten();
        let skipped = Mutex::new(Vec::new());
        let first = accounts.filter(|account| {
            let is_before = from.as_ref().is_some_and(|from| from != account);
            if is_before {
                with(&skipped, |skipped| skipped.push(account.clone()));
            } else {
                from = None;
            }
            ready(!is_before)
        });
        let rest = stream::once(async {
            let skipped = with(&skipped, std::mem::take);
            stream::iter(skipped.unwrap_or_default())
        });
        let in_turn = first.chain(rest.flatten());
        let (incidents, late) = self.sweep_accounts(in_turn, owner, deadline, budget).await;
        with(&self.sweep_from, |from| *from = late.first().cloned());
        (incidents, Unfinished::late(late))
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
            .sweep_accounts(stream::iter(accounts.to_vec()), owner, deadline, budget)
            .await;
        incidents.extend(Unfinished::late(late).map(Unfinished::told));
        self.log_and_measure(&incidents);
        let sent = self.notify(&incidents, owner, deadline).await;
        conclude(&incidents, sent)
    }

    /// What there is to tell of `accounts`, and those that `budget` was too short for.
    async fn sweep_accounts(
        &self,
        accounts: impl Stream<Item = String>,
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
        let looks = accounts.map(|account| async move {
            if budget.is_spent() {
                return Look::Late(account);
            }
            let (found, unreachable) = self.sweep_account(&account, owner, deadline).await;
            Look::Done(account, found, unreachable)
        });
        let mut looks = pin!(looks.buffer_unordered(SIDE_BY_SIDE));
        let (mut incidents, mut late, mut swept) = (Vec::new(), Vec::new(), 0);
        let mut unreachable: BTreeMap<String, (Vec<String>, CallError)> = BTreeMap::new();
        while let Some(look) = looks.next().await {
            match look {
                Look::Done(account, found, unreached) => {
                    incidents.extend(found);
                    if let Some(error) = unreached {
                        let cause = unreachable.entry(error.code().to_owned());
                        let (accounts, _) = cause.or_insert_with(|| (Vec::new(), error));
                        accounts.push(account);
                    } else {
                        swept += 1;
                    }
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

    /// What was found, also of an account that could not be reached to the end.
    async fn sweep_account(
        &self,
        account: &str,
        owner: &str,
        deadline: SystemTime,
    ) -> (Vec<Incident>, Option<CallError>) {
        let mut incidents = Vec::new();
        for trail in self.config.member_trails(account) {
            let budget = Budget::for_restoration(deadline);
            let cloudtrail = match self.reach(&trail, "sweep", budget).await {
                Ok(cloudtrail) => cloudtrail,
                Err(error) => return (incidents, Some(error)),
            };
            incidents.extend(self.look(&cloudtrail, &trail, owner, deadline).await);
        }
        (incidents, None)
    }
}

/// What the list of accounts tells beside which ones are active.
#[derive(Default)]
struct Listing {
    /// By Organizations' word for why.
    inactive: BTreeMap<&'static str, Vec<String>>,
    failed: Option<CallError>,
}

/// Works on what is in `kept`; `None` if a panic left it in an unknown state.
fn with<T, R>(kept: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> Option<R> {
    kept.lock().ok().map(|mut kept| work(&mut kept))
}

/// Why a sweep did not get to all accounts.
struct Unfinished {
    accounts: Vec<String>,
    problem: String,
    retryable: bool,
}

impl Unfinished {
    /// The accounts could not all be listed or handed out.
    fn because_of(error: &CallError) -> Self {
        Self {
            accounts: Vec::new(),
            problem: error.to_string(),
            retryable: error.is_retryable(),
        }
    }

    /// The time was over.
    fn late(accounts: Vec<String>) -> Option<Self> {
        let problem = "the time was over before these accounts; the next sweep begins with them. If this stays so, let many functions share the accounts: sweep_fan_out = true";
        (!accounts.is_empty()).then(|| Self {
            accounts,
            problem: problem.to_owned(),
            retryable: true,
        })
    }

    fn and(mut self, other: Self) -> Self {
        self.accounts.extend(other.accounts);
        self.problem = format!("{}; {}", self.problem, other.problem);
        self.retryable |= other.retryable;
        self
    }

    fn told(self) -> Incident {
        Incident::of_accounts(
            Outcome::SweepIncomplete,
            self.accounts,
            self.problem,
            self.retryable,
        )
    }
}
