//! All calls to Organizations: listing the accounts.

use aws_sdk_organizations::{
    Client,
    config::Builder,
    types::{self, AccountState, AccountStatus},
};

use crate::{
    aws::{Aws, Service, retry_partition},
    budget::Budget,
    call::{WorthRepeating, bounded, patiently},
    failure::CallError,
    members::is_account,
};

/// The most accounts that one page can hold.
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>.
const PAGE: i32 = 20;

/// The states in which nobody can work in an account. A word that is not known yet is
/// no reason to leave one unguarded.
const INACTIVE: [&str; 4] = [
    "SUSPENDED",
    "PENDING_CLOSURE",
    "CLOSED",
    "PENDING_ACTIVATION",
];

/// An account of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its twelve digits.
    pub id: String,
    /// Set if nobody can work in it now: why, in Organizations' word.
    pub inactive: Option<&'static str>,
}

/// The organisation that the function's account belongs to.
pub struct Organization {
    client: Client,
}

impl Organization {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, region: &str) -> Self {
        let settings = Builder::from(&aws.settings(Service::Organizations, region))
            .retry_partition(retry_partition("organizations"))
            .retry_classifier(WorthRepeating)
            .build();
        Self {
            client: Client::from_conf(settings),
        }
    }

    /// All accounts, page by page, for as long as `budget` lasts.
    #[must_use]
    pub fn accounts(&self, budget: Budget) -> Pages<'_> {
        Pages {
            client: &self.client,
            budget,
            next: Next::First,
        }
    }
}

enum Next {
    First,
    Token(String),
    Nothing,
}

/// The pages of a list of accounts: work on one can begin before the next is read.
pub struct Pages<'a> {
    client: &'a Client,
    budget: Budget,
    next: Next,
}

impl Pages<'_> {
    /// The next page, which may be empty; `None` after the last one and after an
    /// error, which says that the list is not complete.
    pub async fn next(&mut self) -> Option<Result<Vec<Account>, CallError>> {
        let token = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::First => None,
            Next::Token(token) => Some(token),
            Next::Nothing => return None,
        };
        Some(self.read(token).await)
    }

    async fn read(&mut self, token: Option<String>) -> Result<Vec<Account>, CallError> {
        const OPERATION: &str = "organizations:ListAccounts";
        let call = self.client.list_accounts().max_results(PAGE);
        let is_first = token.is_none();
        let call = call.set_next_token(token);
        let page = patiently(self.budget, async || {
            let answer = bounded(OPERATION, self.budget, call.clone().send()).await?;
            // An organisation has at least the account that manages it.
            if is_first && answer.next_token().is_none() && answer.accounts().is_empty() {
                let why = "it names no account at all";
                return Err(CallError::new(OPERATION, "UnusableAnswer", why, true));
            }
            Ok(answer)
        });
        let answer = page.await?;
        let accounts = answer.accounts.unwrap_or_default();
        let accounts = accounts.iter().map(known).collect::<Option<Vec<_>>>();
        let accounts = accounts.ok_or_else(|| {
            CallError::new(OPERATION, "UnusableAnswer", "an account lacks its id", true)
        })?;
        if let Some(token) = answer.next_token.filter(|token| !token.is_empty()) {
            self.next = Next::Token(token);
        }
        Ok(accounts)
    }
}

/// `None` without a usable id.
fn known(account: &types::Account) -> Option<Account> {
    let id = account.id.clone().filter(|id| is_account(id))?;
    // `State` says more and replaces `Status`, which some partitions have alone.
    let state = account.state.as_ref().map(AccountState::as_str);
    let word = state.or_else(|| account.status.as_ref().map(AccountStatus::as_str));
    let inactive = INACTIVE.into_iter().find(|known| word == Some(known));
    Some(Account { id, inactive })
}

#[cfg(test)]
mod tests {
    use super::{AccountState, AccountStatus, known, types};

    #[test]
    fn the_newer_word_wins_and_an_unknown_one_means_active() {
        let account = |state: Option<&str>, status: Option<&str>| {
            let account = types::Account::builder()
                .id("111122223333")
                .set_state(state.map(AccountState::from))
                .set_status(status.map(AccountStatus::from));
            known(&account.build()).and_then(|account| account.inactive)
        };
        assert_eq!(account(Some("ACTIVE"), Some("SUSPENDED")), None);
        assert_eq!(account(Some("CLOSED"), Some("SUSPENDED")), Some("CLOSED"));
        assert_eq!(account(None, Some("SUSPENDED")), Some("SUSPENDED"));
        assert_eq!(
            account(Some("PENDING_CLOSURE"), None),
            Some("PENDING_CLOSURE")
        );
        assert_eq!(account(Some("HIBERNATING"), None), None);
        assert_eq!(account(None, None), None);
        let nameless = types::Account::builder().id("11112222333").build();
        assert_eq!(known(&nameless), None);
    }
}
