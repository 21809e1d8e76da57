//! All calls to DynamoDB: remembering which incidents were told, what is left alone for
//! break-glass, and which findings are open.
//!
//! Nothing else in AWS remembers it. The trail looks the same to the copy of an
//! event as to an event that a person was faster than; so without this memory a
//! copy would be told twice, or a stop that somebody else undid not at all.

use std::{
    collections::BTreeMap,
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    failure::CallError,
    json_api::{JSON_1_0, Json, JsonApi},
};

const DYNAMODB: Json = Json {
    content_type: JSON_1_0,
    target: "DynamoDB_20120810",
};
/// How long an incident is remembered: as long as its event can lie in the
/// dead-letter queue.
pub(crate) const KEPT: Duration = Duration::from_hours(14 * 24);
/// After this a claim whose notice was never sent is taken over at once: Lambda's
/// own retries are over by then. A younger one is waited for.
const LEASE: Duration = Duration::from_mins(15);
/// The memory must not hold up a notice for long.
const PATIENCE: Duration = Duration::from_secs(3);

const OPERATION: &str = "dynamodb:PutItem";
/// DynamoDB's error code for a condition that does not hold.
const REFUSED: &str = "ConditionalCheckFailedException";

/// The table of told incidents.
pub struct Incidents {
    api: JsonApi,
    table: String,
}

/// Whether an incident is this invocation's to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody else told it or is about to.
    Granted,
    /// Somebody did or is.
    Taken,
}

impl Incidents {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, region: &str, table: &str) -> Self {
        Self {
            api: JsonApi::new(aws, Service::DynamoDb, region, DYNAMODB),
            table: table.to_owned(),
        }
    }

    /// Claims `incident` for `owner`, who gets it again until it is told, or, with
    /// `again`, as often as it asks.
    ///
    /// # Errors
    /// If the table does not tell. Then telling twice is better than not at all.
    pub async fn claim(
        &self,
        incident: &str,
        owner: &str,
        again: bool,
        budget: Budget,
    ) -> Result<Claim, CallError> {
        let stale = seconds(SystemTime::now()).saturating_sub(LEASE.as_secs());
        let call = json!({
            "TableName": self.table,
            "Item": item(incident, owner, false, SystemTime::now()),
            "ConditionExpression": if again {
                "attribute_not_exists(id) OR #owner = :owner OR (told = :told AND claimed_at < :stale)"
            } else {
                "attribute_not_exists(id) OR (#owner = :owner AND told = :told) OR (told = :told AND claimed_at < :stale)"
            },
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {
                ":owner": text(owner),
                ":told": {"BOOL": false},
                ":stale": number(stale),
            },
        });
        let granted = self.written(&call, budget).await?;
        Ok(if granted {
            Claim::Granted
        } else {
            Claim::Taken
        })
    }

    /// Whether `incident` was told. Nothing is claimed by asking: the write takes
    /// place only over what was told, and a claim stays its owner's.
    ///
    /// # Errors
    /// If the table does not tell.
    pub async fn was_told(
        &self,
        incident: &str,
        owner: &str,
        budget: Budget,
    ) -> Result<bool, CallError> {
        let call = json!({
            "TableName": self.table,
            "Item": item(incident, owner, true, SystemTime::now()),
            "ConditionExpression": "told = :told",
            "ExpressionAttributeValues": {":told": {"BOOL": true}},
        });
        self.written(&call, budget).await
    }

    /// Notes that the notice of a claimed incident was sent.
    ///
    /// # Errors
    /// The refusal. A copy of the event may then be told again after the lease.
    pub async fn told(&self, incident: &str, owner: &str, budget: Budget) -> Result<(), CallError> {
        let item = item(incident, owner, true, SystemTime::now());
        let call = json!({"TableName": self.table, "Item": item});
        self.written(&call, budget).await.map(drop)
    }

    /// Gives a claim back: its notice could not be sent. Another run may have become
    /// tired of waiting, and have told it: then there is nothing to give back.
    ///
    /// # Errors
    /// The refusal. Others then wait for its owner in vain, and tell it themselves.
    pub async fn release(
        &self,
        incident: &str,
        owner: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let call = json!({
            "TableName": self.table,
            "Item": item(incident, owner, false, UNIX_EPOCH),
            "ConditionExpression": "#owner = :owner AND told = :told",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": text(owner), ":told": {"BOOL": false}},
        });
        self.written(&call, budget).await.map(drop)
    }

    /// Notes what is left alone of `trail`: by field, what tells this difference and
    /// the entry under which.
    ///
    /// # Errors
    /// The refusal. The next sweep then heals it.
    pub async fn leave(
        &self,
        trail: &str,
        left: &[(String, String)],
        budget: Budget,
    ) -> Result<(), CallError> {
        let left = left
            .iter()
            .map(|(field, mark)| (field.as_str(), mark.as_str()));
        let left: Vec<_> = left.collect();
        self.note(&left_key(trail), &left, None, budget).await
    }

    /// What was left alone of `trail`, as it was noted.
    ///
    /// # Errors
    /// If the table does not tell. Then nothing is left alone.
    pub async fn left(
        &self,
        trail: &str,
        budget: Budget,
    ) -> Result<BTreeMap<String, String>, CallError> {
        self.noted(&left_key(trail), budget).await
    }

    /// Notes that a finding about `trail` is open: as what, and the finding.
    ///
    /// # Errors
    /// The refusal. Nobody then resolves it.
    pub async fn keep_finding(
        &self,
        trail: &str,
        kind: &str,
        finding: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let key = finding_key(trail);
        self.note(&key, &[(kind, finding)], None, budget).await
    }

    /// Notes that it is resolved, unless it is another one by now than it `was`.
    ///
    /// # Errors
    /// The refusal. The next sweep then resolves it again.
    pub async fn close_finding(
        &self,
        trail: &str,
        kind: &str,
        was: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let key = finding_key(trail);
        match self.note(&key, &[(kind, "")], Some(was), budget).await {
            Err(error) if error.has_code(REFUSED) => Ok(()),
            noted => noted,
        }
    }

    /// The open findings about `trail`, by what they are open as.
    ///
    /// # Errors
    /// If the table does not tell.
    pub async fn findings(
        &self,
        trail: &str,
        budget: Budget,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let mut noted = self.noted(&finding_key(trail), budget).await?;
        noted.retain(|name, text| name != "id" && !text.is_empty());
        Ok(noted)
    }

    /// Sets fields of an item, all of them or, if the first `was` something else, none.
    async fn note(
        &self,
        key: &str,
        fields: &[(&str, &str)],
        was: Option<&str>,
        budget: Budget,
    ) -> Result<(), CallError> {
        let expires_at = number(seconds(SystemTime::now() + KEPT));
        let (mut names, mut values) = (Map::new(), Map::new());
        values.insert(":expires_at".to_owned(), expires_at);
        let mut expression = "SET expires_at = :expires_at".to_owned();
        // One by one, so that two calls of the same actor do not undo each other's.
        for (number, (field, value)) in fields.iter().enumerate() {
            names.insert(format!("#f{number}"), (*field).into());
            values.insert(format!(":f{number}"), text(value));
            let _ = write!(expression, ", #f{number} = :f{number}");
        }
        let mut call = json!({
            "TableName": self.table,
            "Key": {"id": text(key)},
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
        });
        if let Some(call) = call.as_object_mut() {
            if let Some(was) = was {
                call.insert("ConditionExpression".to_owned(), json!("#f0 = :was"));
                values.insert(":was".to_owned(), text(was));
            }
            call.insert("ExpressionAttributeValues".to_owned(), values.into());
        }
        let budget = Budget::lasting(PATIENCE.min(budget.left()));
        self.api
            .call("dynamodb:UpdateItem", &call, budget)
            .await
            .map(drop)
    }

    /// The fields of an item that are text.
    async fn noted(
        &self,
        key: &str,
        budget: Budget,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let call = json!({
            "TableName": self.table,
            "Key": {"id": text(key)},
            "ConsistentRead": true,
        });
        let budget = Budget::lasting(PATIENCE.min(budget.left()));
        let answer = self.api.call("dynamodb:GetItem", &call, budget).await?;
        let noted = answer
            .get("Item")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        Ok(noted
            .filter_map(|(field, mark)| Some((field.clone(), mark.get("S")?.as_str()?.to_owned())))
            .collect())
    }

    /// Whether the entry was written; `false` if its condition does not hold.
    async fn written(&self, call: &Value, budget: Budget) -> Result<bool, CallError> {
        let budget = Budget::lasting(PATIENCE.min(budget.left()));
        match self.api.call(OPERATION, call, budget).await {
            Ok(_) => Ok(true),
            Err(error) if error.has_code(REFUSED) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The entry of an incident that was claimed at `claimed`.
fn item(incident: &str, owner: &str, told: bool, claimed: SystemTime) -> Value {
    json!({
        "id": text(incident),
        "owner": text(owner),
        "told": {"BOOL": told},
        "claimed_at": number(seconds(claimed)),
        "expires_at": number(seconds(SystemTime::now() + KEPT)),
    })
}

fn left_key(trail: &str) -> String {
    format!("left#{trail}")
}

fn finding_key(trail: &str) -> String {
    format!("finding#{trail}")
}

fn text(value: &str) -> Value {
    json!({"S": value})
}

fn number(value: u64) -> Value {
    json!({"N": value.to_string()})
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
