//! All calls to Organizations: listing the accounts.

use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    call::patiently,
    failure::CallError,
    json_api::{JSON_1_1, Json, JsonApi},
    members::is_account,
};

/// The most accounts that one page can hold.
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>.
const PAGE: u8 = 20;
const OPERATION: &str = "organizations:ListAccounts";
const ORGANIZATIONS: Json = Json {
    content_type: JSON_1_1,
    target: "AWSOrganizationsV20161128",
};

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
    api: JsonApi,
}

impl Organization {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, region: &str) -> Self {
        Self {
            api: JsonApi::new(aws, Service::Organizations, region, ORGANIZATIONS),
        }
    }

    /// All accounts, page by page, for as long as `budget` lasts.
    #[must_use]
    pub fn accounts(&self, budget: Budget) -> Pages<'_> {
        Pages {
            api: &self.api,
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
    api: &'a JsonApi,
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
        let is_first = token.is_none();
        let input = match token {
            None => json!({"MaxResults": PAGE}),
            Some(token) => json!({"MaxResults": PAGE, "NextToken": token}),
        };
        let page = patiently(self.budget, async || {
            let answer = self.api.call(OPERATION, &input, self.budget).await?;
            let page = Page::read(&answer).map_err(unusable)?;
            // An organisation has at least the account that manages it.
            if is_first && page.next.is_none() && page.accounts.is_empty() {
                return Err(unusable("it names no account at all"));
            }
            Ok(page)
        });
        let page = page.await?;
        if let Some(token) = page.next {
            self.next = Next::Token(token);
        }
        Ok(page.accounts)
    }
}

struct Page {
    accounts: Vec<Account>,
    next: Option<String>,
}

impl Page {
    fn read(answer: &Map<String, Value>) -> Result<Self, &'static str> {
        let accounts = match answer.get("Accounts") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(accounts)) => accounts
                .iter()
                .map(known)
                .collect::<Option<Vec<_>>>()
                .ok_or("an account lacks its id")?,
            Some(_) => return Err("its accounts are no list"),
        };
        let next = match answer.get("NextToken") {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) => Some(token.clone()).filter(|token| !token.is_empty()),
            Some(_) => return Err("its token is no text"),
        };
        Ok(Self { accounts, next })
    }
}

fn unusable(why: &'static str) -> CallError {
    CallError::new(OPERATION, "UnusableAnswer", why, true)
}

/// `None` without a usable id.
fn known(account: &Value) -> Option<Account> {
    let text = |name| account.get(name).and_then(Value::as_str);
    let id = text("Id").filter(|id| is_account(id))?.to_owned();
    // `State` says more and replaces `Status`, which some partitions have alone.
    let word = text("State").or_else(|| text("Status"));
    let inactive = INACTIVE.into_iter().find(|known| word == Some(known));
    Some(Account { id, inactive })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_word_wins_and_an_unknown_one_means_active() {
        let account = |state: Option<&str>, status: Option<&str>| {
            let account = json!({"Id": "111122223333", "State": state, "Status": status});
            known(&account).and_then(|account| account.inactive)
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
        assert_eq!(known(&json!({"Id": "11112222333"})), None);
    }

    #[test]
    fn a_page_is_taken_as_it_is_meant_or_not_at_all() {
        let read = |answer: Value| {
            let page = Page::read(answer.as_object()?).ok()?;
            Some((page.accounts.len(), page.next))
        };
        let account = json!({"Id": "111122223333", "State": "ACTIVE"});
        let more = json!({"Accounts": [account], "NextToken": "a"});
        assert_eq!(read(more), Some((1, Some("a".to_owned()))));
        let last = json!({"Accounts": [account, account], "NextToken": null});
        assert_eq!(read(last), Some((2, None)));
        assert_eq!(read(json!({"NextToken": ""})), Some((0, None)));
        for odd in [
            json!({"Accounts": {"Id": "111122223333"}}),
            json!({"Accounts": [account, {"Id": 111_122_223_333_u64}]}),
            json!({"Accounts": [account], "NextToken": 1}),
        ] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
    }
}
