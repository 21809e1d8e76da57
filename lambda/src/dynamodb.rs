//! All calls to DynamoDB: remembering which incidents were told, and of which groups,
//! what is left alone for break-glass, and which findings are open.
//!
//! Nothing else in AWS remembers it. The trail looks the same to the copy of an
//! event as to an event that a person was faster than; so without this memory a
//! copy would be told twice, or a stop that somebody else undid not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    failure::CallError,
    json_api::{JSON_1_0, Json, JsonApi},
};

pub(crate) const DYNAMODB: Json = Json {
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

/// An attribute of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// A set of texts, which the table does not keep if it is empty.
    Texts(BTreeSet<String>),
}

/// An entry of the table, by its attributes; those of other types are left out.
pub type Entry = BTreeMap<String, Field>;

/// What is to be changed of an entry, that comes into being if there is none.
#[derive(Clone, Debug, Default)]
pub struct Change {
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    condition: Option<&'static str>,
    names: Vec<String>,
    values: Vec<(String, Field)>,
    returns_old: bool,
}

impl Change {
    /// Sets an attribute.
    #[must_use]
    pub fn set(mut self, name: &str, value: Field) -> Self {
        let at = self.attribute(name, value);
        self.sets.push(format!("#n{at} = :n{at}"));
        self
    }

    /// Sets an attribute that is not there yet.
    #[must_use]
    pub fn set_once(mut self, name: &str, value: Field) -> Self {
        let at = self.attribute(name, value);
        self.sets
            .push(format!("#n{at} = if_not_exists(#n{at}, :n{at})"));
        self
    }

    /// Adds to a number or a set.
    #[must_use]
    pub fn add(mut self, name: &str, value: Field) -> Self {
        let at = self.attribute(name, value);
        self.adds.push(format!("#n{at} :n{at}"));
        self
    }

    /// Takes an attribute away.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Self {
        self.removes.push(format!("#n{}", self.names.len()));
        self.names.push(name.to_owned());
        self
    }

    /// Changes nothing unless `condition` holds, in which `#n0` is the attribute that
    /// was named first; another's name may stand for itself if DynamoDB reserves it not.
    #[must_use]
    pub fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// A value of the condition.
    #[must_use]
    pub fn with(mut self, placeholder: &str, value: Field) -> Self {
        self.values.push((placeholder.to_owned(), value));
        self
    }

    /// Asks for the whole entry as it was, not for what was changed.
    #[must_use]
    pub fn returning_old(mut self) -> Self {
        self.returns_old = true;
        self
    }

    /// The number by which the expression names an attribute and its value.
    fn attribute(&mut self, name: &str, value: Field) -> usize {
        let at = self.names.len();
        self.names.push(name.to_owned());
        self.values.push((format!(":n{at}"), value));
        at
    }

    fn expression(&self) -> String {
        [
            ("SET", self.sets.join(", ")),
            ("ADD", self.adds.join(", ")),
            ("REMOVE", self.removes.join(", ")),
        ]
        .into_iter()
        .filter(|(_, parts)| !parts.is_empty())
        .map(|(clause, parts)| format!("{clause} {parts}"))
        .collect::<Vec<_>>()
        .join(" ")
    }
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

    /// Changes an entry. What was changed, as it is now, or all that was; `None`, and no
    /// change, if the condition does not hold.
    ///
    /// # Errors
    /// The refusal.
    pub async fn change(
        &self,
        id: &str,
        change: Change,
        budget: Budget,
    ) -> Result<Option<Entry>, CallError> {
        let change = change.set("expires_at", expiry());
        let names = change.names.iter().enumerate();
        let names: Map<String, Value> = names
            .map(|(at, name)| (format!("#n{at}"), name.as_str().into()))
            .collect();
        let values = change.values.iter();
        let values: Map<String, Value> = values
            .map(|(name, value)| (name.clone(), written_field(value)))
            .collect();
        let mut call = json!({
            "TableName": self.table,
            "Key": {"id": text(id)},
            "UpdateExpression": change.expression(),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ReturnValues": if change.returns_old { "ALL_OLD" } else { "UPDATED_NEW" },
        });
        if let (Some(call), Some(condition)) = (call.as_object_mut(), change.condition) {
            call.insert("ConditionExpression".to_owned(), condition.into());
        }
        let budget = Budget::lasting(PATIENCE.min(budget.left()));
        match self.api.call("dynamodb:UpdateItem", &call, budget).await {
            Ok(answer) => Ok(Some(read_entry(answer.get("Attributes")))),
            Err(error) if error.has_code(REFUSED) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The entry; empty if there is none.
    ///
    /// # Errors
    /// The refusal.
    pub async fn read(&self, id: &str, budget: Budget) -> Result<Entry, CallError> {
        let call = json!({
            "TableName": self.table,
            "Key": {"id": text(id)},
            "ConsistentRead": true,
        });
        let budget = Budget::lasting(PATIENCE.min(budget.left()));
        let answer = self.api.call("dynamodb:GetItem", &call, budget).await?;
        Ok(read_entry(answer.get("Item")))
    }

    /// Puts `entry` in the place of a group that began at `first_at` and of which
    /// everything was told; whether it was so.
    ///
    /// # Errors
    /// The refusal.
    pub async fn replace(
        &self,
        id: &str,
        entry: Entry,
        first_at: i64,
        budget: Budget,
    ) -> Result<bool, CallError> {
        let mut item: Map<String, Value> = entry
            .iter()
            .map(|(name, value)| (name.clone(), written_field(value)))
            .collect();
        item.insert("id".to_owned(), text(id));
        item.insert("expires_at".to_owned(), written_field(&expiry()));
        let call = json!({
            "TableName": self.table,
            "Item": item,
            "ConditionExpression": "(first_at = :first AND attribute_not_exists(silent_count)) OR (first_at = :first AND silent_count = :none)",
            "ExpressionAttributeValues": {
                ":first": written_field(&Field::Number(first_at)),
                ":none": number(0),
            },
        });
        self.written(&call, budget).await
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
        // One by one, so that two calls of the same actor do not undo each other's.
        let change = left
            .iter()
            .fold(Change::default(), |change, (field, mark)| {
                change.set(field, Field::Text(mark.clone()))
            });
        let key = left_key(trail);
        self.change(&key, change, budget).await.map(drop)
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

    /// Notes the finding that is open about `trail` as `kind`, or, with an empty text,
    /// that none is; `false` if it is another one by now than it `was`.
    ///
    /// # Errors
    /// The refusal. Nobody then resolves what is open, or the next sweep does it again.
    pub async fn change_finding(
        &self,
        trail: &str,
        kind: &str,
        was: &str,
        finding: &str,
        budget: Budget,
    ) -> Result<bool, CallError> {
        let text = |text: &str| Field::Text(text.to_owned());
        let change = Change::default()
            .set(kind, text(finding))
            .only_if(match was {
                "" => "attribute_not_exists(#n0) OR #n0 = :was",
                _ => "#n0 = :was",
            })
            .with(":was", text(was));
        let changed = self.change(&finding_key(trail), change, budget).await?;
        Ok(changed.is_some())
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

    /// The fields of an item that are text.
    async fn noted(
        &self,
        key: &str,
        budget: Budget,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let noted = self.read(key, budget).await?.into_iter();
        let marks = noted.filter_map(|(field, mark)| match mark {
            Field::Text(mark) => Some((field, mark)),
            _ => None,
        });
        Ok(marks.collect())
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

fn expiry() -> Field {
    let at = seconds(SystemTime::now() + KEPT);
    Field::Number(i64::try_from(at).unwrap_or(i64::MAX))
}

fn written_field(field: &Field) -> Value {
    match field {
        Field::Text(value) => text(value),
        Field::Number(value) => json!({"N": value.to_string()}),
        Field::Texts(values) => json!({"SS": values}),
    }
}

fn read_entry(item: Option<&Value>) -> Entry {
    let attributes = item.and_then(Value::as_object).into_iter().flatten();
    attributes
        .filter_map(|(name, value)| Some((name.clone(), read_field(value)?)))
        .collect()
}

fn read_field(value: &Value) -> Option<Field> {
    if let Some(value) = value.get("S") {
        return Some(Field::Text(value.as_str()?.to_owned()));
    }
    if let Some(value) = value.get("N") {
        return Some(Field::Number(value.as_str()?.parse().ok()?));
    }
    let values = value.get("SS")?.as_array()?.iter();
    let values: Option<_> = values
        .map(|value| value.as_str().map(str::to_owned))
        .collect();
    Some(Field::Texts(values?))
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
