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

/// What came of the members' accounts.
pub(crate) struct Swept {
    /// What was found; log, metrics and notices tell of it already.
    pub(crate) incidents: Vec<Incident>,
    /// Whether the notices were sent.
    pub(crate) sent: Result<(), CallError>,
}

/// What came of one account.
struct Look {
    account: String,
    /// What was found; told already.
    found: Vec<Incident>,
    end: End,
}

/// How the look at an account ended.
enum End {
    Seen,
    Unreachable(CallError),
    /// There was no time left for all of its trails.
    Late,
}

impl Handler {
    /// Reconciles the trails of all members, or hands the accounts out to do so, while
    /// they are still being listed. `None` if there are no members.
    pub(crate) async fn sweep_members(&self, owner: &str, deadline: SystemTime) -> Option<Swept> {
        let members = self.config.members.as_ref()?;
        let budget = Budget::for_fleet(deadline);
        // Apart, so that a slow look holds up no page and a slow page no look.
        let (sender, mut receiver) = unbounded_channel();
        let accounts = stream::poll_fn(move |context| receiver.poll_recv(context));
        let sweep = async {
            match &members.sweep_queue_url {
                Some(url) => {
                    let sent = self.hand_out(accounts, url, budget).await;
                    let unfinished = sent.err().as_ref().map(Unfinished::because_of);
                    (Looks::default(), unfinished)
                }
                None => self.sweep_in_turn(accounts, owner, deadline, budget).await,
            }
        };
        let (listing, (mut looks, unfinished)) = join!(self.list(members, sender, budget), sweep);
        looks
            .of_accounts
            .extend(listing.inactive.into_iter().map(|(why, accounts)| {
                let problem = format!("Organizations says {why}: nobody can look at their trails");
                Incident::of_accounts(Outcome::AccountSuspended, accounts, problem, false)
            }));
        // One finding, whatever the reasons.
        let unlisted = listing.failed.as_ref().map(Unfinished::because_of);
        let both = unlisted.into_iter().chain(unfinished);
        let unfinished = both.reduce(Unfinished::and).map(Unfinished::told);
        looks.of_accounts.extend(unfinished);
        Some(self.tell_of_accounts(looks, owner, deadline).await)
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
    ) -> (Looks, Option<Unfinished>) {
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
        let mut looks = self.sweep_accounts(in_turn, owner, deadline, budget).await;
        with(&self.sweep_from, |from| *from = looks.late.first().cloned());
        let unfinished = looks.unfinished();
        (looks, unfinished)
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
        let mut looks = self
            .sweep_accounts(stream::iter(accounts.to_vec()), owner, deadline, budget)
            .await;
        let late = looks.unfinished().map(Unfinished::told);
        looks.of_accounts.extend(late);
        let Swept { incidents, sent } = self.tell_of_accounts(looks, owner, deadline).await;
        conclude(&incidents, sent)
    }

    async fn tell_of_accounts(&self, looks: Looks, owner: &str, deadline: SystemTime) -> Swept {
        self.log_and_measure(&looks.of_accounts);
        let sent = self.notify(&looks.of_accounts, owner, deadline).await;
        let mut incidents = looks.of_trails;
        incidents.extend(looks.of_accounts);
        Swept { incidents, sent }
    }

    /// Looks at `accounts`, and tells what it finds of each at once: a sweep that is
    /// ended by force leaves nothing healed and untold behind.
    async fn sweep_accounts(
        &self,
        accounts: impl Stream<Item = String>,
        owner: &str,
        deadline: SystemTime,
        budget: Budget,
    ) -> Looks {
        // Once, before many ask for it at the same time. If it fails, each says so.
        for parameter in self.config.members.iter().flat_map(Members::parameters) {
            if let Err(problem) = self.baselines().document(parameter, budget).await {
                error!(problem = problem.text, "a baseline was not read");
            }
        }
        let looks = accounts.map(|account| async move {
            let (found, end) = self.sweep_account(&account, owner, deadline, budget).await;
            self.log_and_measure(&found);
            // What could not be sent is kept, and tried again before the end.
            drop(self.tell_all(found.iter(), owner, deadline).await);
            Look {
                account,
                found,
                end,
            }
        });
        let mut looks = pin!(looks.buffer_unordered(SIDE_BY_SIDE));
        let (mut all, mut seen) = (Looks::default(), 0);
        let mut unreachable: BTreeMap<String, (Vec<String>, CallError)> = BTreeMap::new();
        while let Some(look) = looks.next().await {
            all.of_trails.extend(look.found);
            match look.end {
                End::Seen => seen += 1,
                End::Unreachable(error) => {
                    let cause = unreachable.entry(error.code().to_owned());
                    let (accounts, _) = cause.or_insert_with(|| (Vec::new(), error));
                    accounts.push(look.account);
                }
                End::Late => all.late.push(look.account),
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
            late = all.late.len(),
            "accounts swept"
        );
        all.of_accounts = unreachable
            .into_values()
            .map(|(accounts, error)| {
                let retryable = error.is_retryable();
                Incident::of_accounts(Outcome::Unreachable, accounts, error.to_string(), retryable)
            })
            .collect();
        all
    }

    /// What was found, also of an account that could not be seen to the end.
    async fn sweep_account(
        &self,
        account: &str,
        owner: &str,
        deadline: SystemTime,
        fleet: Budget,
    ) -> (Vec<Incident>, End) {
        let mut incidents = Vec::new();
        for trail in self.config.member_trails(account) {
            if fleet.is_spent() {
                return (incidents, End::Late);
            }
            let budget = Budget::for_restoration(deadline);
            let cloudtrail = match self.reach(&trail, "sweep", budget).await {
                Ok(cloudtrail) => cloudtrail,
                Err(error) => return (incidents, End::Unreachable(error)),
            };
            incidents.extend(self.look(&cloudtrail, &trail, owner, deadline).await);
        }
        (incidents, End::Seen)
    }
}

/// What came of many accounts.
#[derive(Default)]
struct Looks {
    /// Told already.
    of_trails: Vec<Incident>,
    /// Not yet told.
    of_accounts: Vec<Incident>,
    late: Vec<String>,
}

impl Looks {
    /// Takes what there was no time for.
    fn unfinished(&mut self) -> Option<Unfinished> {
        Unfinished::late(std::mem::take(&mut self.late))
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
