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
    handler::Handler,
    incident::Incident,
    members::Members,
    metrics,
    moment::Moment,
    organizations::{Account, Organization},
    outcome::Outcome,
    request::Message,
    sqs::{PORTION, SweepQueue},
    tell::Finds,
};

/// Accounts that are looked at side by side: as many as it takes to keep up with the list
/// of them. Each takes five connections. Within one, a trail follows the other:
/// CloudTrail's limits are per account.
const SIDE_BY_SIDE: usize = 25;

/// How the look at an account ended.
enum End {
    Seen,
    Unreachable(CallError),
    /// There was no time left for all of its trails.
    Late,
}

impl Handler {
    /// Reconciles the trails of all members, or hands the accounts out to do so, while
    /// they are still being listed.
    pub(crate) async fn sweep_members(&self, finds: &Finds, owner: &str, deadline: SystemTime) {
        let Some(members) = &self.config.members else {
            return;
        };
        let budget = Budget::for_fleet(deadline);
        // Apart, so that a slow look holds up no page and a slow page no look.
        let (sender, mut receiver) = unbounded_channel();
        let accounts = stream::poll_fn(move |context| receiver.poll_recv(context));
        let sweep = async {
            match &members.sweep_queue_url {
                Some(url) => {
                    let sent = self.hand_out(accounts, url, budget).await;
                    sent.err().as_ref().map(Unfinished::because_of)
                }
                None => {
                    self.sweep_in_turn(accounts, finds, owner, deadline, budget)
                        .await
                }
            }
        };
        let (listing, unfinished) = join!(self.list(members, sender, budget), sweep);
        for (why, accounts) in listing.inactive {
            let problem = format!("Organizations says {why}: nobody can look at their trails");
            let incident =
                Incident::of_accounts(Outcome::AccountSuspended, accounts, problem, false);
            self.find(finds, incident.caused_by([why.to_owned()]));
        }
        // One finding, whatever the reasons.
        let unlisted = listing.failed.as_ref().map(Unfinished::because_of);
        let both = unlisted.into_iter().chain(unfinished);
        if let Some(unfinished) = both.reduce(Unfinished::and) {
            self.find(finds, unfinished.told());
        }
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
        finds: &Finds,
        owner: &str,
        deadline: SystemTime,
        budget: Budget,
    ) -> Option<Unfinished> {
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
        let late = self
            .sweep_accounts(in_turn, finds, owner, deadline, budget)
            .await;
        with(&self.sweep_from, |from| *from = late.first().cloned());
        Unfinished::late(late)
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
        let accounts = stream::iter(accounts.to_vec());
        let (finds, found) = unbounded_channel();
        let looks = async {
            // Gone with the last look: then no more is to be told.
            let finds = finds;
            let late = self
                .sweep_accounts(accounts, &finds, owner, deadline, budget)
                .await;
            if let Some(unfinished) = Unfinished::late(late) {
                self.find(&finds, unfinished.told());
            }
        };
        let ((), told) = join!(looks, self.tell_beside(found, owner, deadline));
        told.endings.conclude(told.sent)
    }

    /// Looks at `accounts`. Returns those that it had no time for.
    async fn sweep_accounts(
        &self,
        accounts: impl Stream<Item = String>,
        finds: &Finds,
        owner: &str,
        deadline: SystemTime,
        budget: Budget,
    ) -> Vec<String> {
        // Once, before many ask for it at the same time. If it fails, each says so.
        for parameter in self.config.members.iter().flat_map(Members::parameters) {
            if let Err(problem) = self.baselines().document(parameter, budget).await {
                error!(problem = problem.text, "a baseline was not read");
            }
        }
        let looks = accounts.map(|account| async move {
            let end = self
                .sweep_account(&account, finds, owner, deadline, budget)
                .await;
            (account, end)
        });
        let mut looks = pin!(looks.buffer_unordered(SIDE_BY_SIDE));
        let (mut late, mut seen) = (Vec::new(), 0);
        let mut unreachable: BTreeMap<String, (Vec<String>, CallError)> = BTreeMap::new();
        while let Some((account, end)) = looks.next().await {
            match end {
                End::Seen => seen += 1,
                End::Unreachable(error) => {
                    let cause = unreachable.entry(error.code().to_owned());
                    let (accounts, _) = cause.or_insert_with(|| (Vec::new(), error));
                    accounts.push(account);
                }
                End::Late => late.push(account),
            }
        }
        let lost: usize = unreachable
            .values()
            .map(|(accounts, _)| accounts.len())
            .sum();
        let line = metrics::accounts(seen, lost, &self.function_name, Moment::now());
        (self.write_line)(&line);
        info!(
            swept = seen,
            unreachable = lost,
            late = late.len(),
            "accounts swept"
        );
        for (accounts, error) in unreachable.into_values() {
            let (problem, retryable) = (error.to_string(), error.is_retryable());
            let incident =
                Incident::of_accounts(Outcome::Unreachable, accounts, problem, retryable);
            self.find(finds, incident.caused_by([error.cause()]));
        }
        late
    }

    async fn sweep_account(
        &self,
        account: &str,
        finds: &Finds,
        owner: &str,
        deadline: SystemTime,
        fleet: Budget,
    ) -> End {
        for trail in self.config.member_trails(account) {
            if fleet.is_spent() {
                return End::Late;
            }
            let budget = Budget::for_restoration(deadline);
            let cloudtrail = match self.reach(&trail, "sweep", budget).await {
                Ok(cloudtrail) => cloudtrail,
                Err(error) => return End::Unreachable(error),
            };
            self.look(&cloudtrail, &trail, finds, owner, deadline).await;
        }
        End::Seen
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
    causes: Vec<String>,
    retryable: bool,
}

impl Unfinished {
    /// The accounts could not all be listed or handed out.
    fn because_of(error: &CallError) -> Self {
        Self {
            accounts: Vec::new(),
            problem: error.to_string(),
            causes: vec![error.cause()],
            retryable: error.is_retryable(),
        }
    }

    /// The time was over.
    fn late(accounts: Vec<String>) -> Option<Self> {
        let problem = "the time was over before these accounts; the next sweep begins with them. If this stays so, let many functions share the accounts: sweep_fan_out = true";
        (!accounts.is_empty()).then(|| Self {
            accounts,
            problem: problem.to_owned(),
            causes: vec!["Late".to_owned()],
            retryable: true,
        })
    }

    fn and(mut self, other: Self) -> Self {
        self.accounts.extend(other.accounts);
        self.problem = format!("{}; {}", self.problem, other.problem);
        self.causes.extend(other.causes);
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
        .caused_by(self.causes)
    }
}
