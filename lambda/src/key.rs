//! A KMS key, that of the logs or that of the topic: which calls concern it, how it is
//! observed, how it differs from what is declared, and which calls heal it; and all calls to
//! KMS.
//! Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tokio::join;

use crate::{
    aws::{Aws, Service},
    budget::Budget,
    cloudtrail::asked,
    declaration::Mend,
    event::text,
    failure::CallError,
    json_api::{JSON_1_1, Json, JsonApi},
    kind::{Change, Profile},
    policy,
    thing::Thing,
    trail::{Drift, Observation, Part},
};

const KMS: Json = Json {
    content_type: JSON_1_1,
    target: "TrentService",
};

/// Whether it can be used: `KeyState`.
const STATE: &str = "state";
/// Its policy.
const POLICY: &str = "policy";
/// Whether its material is rotated every year.
const ROTATION: &str = "rotation";
/// The name under which people find it.
const ALIAS: &str = "alias";
/// The fields of a key.
const FIELDS: [&str; 4] = [STATE, POLICY, ROTATION, ALIAS];

/// The key of the logs.
pub(crate) const OF_LOGS: Profile = profile("log key", "Log key", &CHANGES, &["PutKeyPolicy"]);
/// The key of the topic: who disables it silences every notice. Its alias is not looked
/// at, and its policy not put back.
pub(crate) const OF_TOPIC: Profile =
    profile("topic key", "Topic key", CHANGES.split_at(OF_ITSELF).0, &[]);

const fn profile(
    what: &'static str,
    title: &'static str,
    changes: &'static [Change],
    own_calls: &'static [&'static str],
) -> Profile {
    Profile {
        what,
        title,
        source: ("aws.kms", "kms.amazonaws.com"),
        resource: "AwsKmsKey",
        separator: '/',
        parameters: &["keyId", "targetKeyId", "aliasName"],
        scope: None,
        fields: &FIELDS,
        by_key: &[],
        changes,
        own_calls,
        normal,
        wanted: |change, given, declared, key| {
            let Part::Of(field) = change.part else {
                return None;
            };
            let wanted = wanted(change, given, &declared.get(field)?.given, key);
            wanted.map(|wanted| vec![(field, wanted)])
        },
        mends: |drift, declared| {
            let field = declared.get(drift.field.as_str());
            field.map_or_else(Vec::new, |field| mends(drift, &field.given))
        },
    }
}

/// The state of a key that can be used.
const ENABLED: &str = "Enabled";
const DISABLED: &str = "Disabled";
const PENDING_DELETION: &str = "PendingDeletion";
/// What is found where an alias stands for a key that the role may not read.
const ANOTHER_KEY: &str = "stands for another key";

/// So many of the following are about the key itself, the others about its alias.
const OF_ITSELF: usize = 4;
/// The calls that can weaken a key.
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html>.
const CHANGES: [Change; 7] = [
    Change::new("DisableKey", Part::Of(STATE), ["disabled", "disable"]),
    Change::new(
        "ScheduleKeyDeletion",
        Part::Of(STATE),
        ["scheduled the deletion of", "schedule the deletion of"],
    ),
    Change::new(
        "PutKeyPolicy",
        Part::Of(POLICY),
        ["changed the policy of", "change the policy of"],
    ),
    Change::new(
        "DisableKeyRotation",
        Part::Of(ROTATION),
        ["switched off the rotation of", "switch off the rotation of"],
    ),
    Change::new(
        "CreateAlias",
        Part::Of(ALIAS),
        ["made an alias of", "make an alias of"],
    ),
    Change::new(
        "UpdateAlias",
        Part::Of(ALIAS),
        ["changed the alias of", "change the alias of"],
    ),
    Change::new(
        "DeleteAlias",
        Part::Of(ALIAS),
        ["deleted the alias of", "delete the alias of"],
    ),
];

/// What is looked after whatever the document says: that the key can be used.
pub(crate) fn least() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([(STATE, json!(ENABLED))])
}

/// A field as it is compared.
fn normal(field: &str, value: &Value) -> Value {
    match field {
        POLICY => policy::normal(value),
        _ => value.clone(),
    }
}

/// What a call wanted the field to be; `None` if the record does not tell.
fn wanted(
    change: &Change,
    given: &Map<String, Value>,
    declared: &Value,
    key: &str,
) -> Option<Value> {
    match change.name {
        "DisableKey" => Some(json!(DISABLED)),
        "ScheduleKeyDeletion" => Some(json!(PENDING_DELETION)),
        "PutKeyPolicy" => given.get("policy").cloned(),
        "DisableKeyRotation" => Some(json!(false)),
        // Other aliases may come and go. Where this one points to is read.
        _ if text(given, "aliasName")? != declared.as_str()? => Some(declared.clone()),
        "DeleteAlias" => Some(Value::Null),
        _ => {
            let target = text(given, "targetKeyId")?;
            // By its ARN or its id.
            let is_this = target == key || key.rsplit('/').next() == Some(target);
            Some(if is_this {
                declared.clone()
            } else {
                json!(target)
            })
        }
    }
}

/// The calls that heal a field that differs. To cancel a deletion leaves the key
/// disabled. Nothing heals an alias: that would need a permission for whatever key it
/// stands for.
fn mends(drift: &Drift, declared: &Value) -> Vec<Mend> {
    let mend = |call, field| Mend::new(call, field, Value::Null);
    match drift.part {
        Part::Of(STATE) if drift.found() == PENDING_DELETION => vec![
            mend("kms:CancelKeyDeletion", STATE),
            mend("kms:EnableKey", STATE),
        ],
        Part::Of(STATE) => vec![mend("kms:EnableKey", STATE)],
        Part::Of(POLICY) => vec![Mend::new("kms:PutKeyPolicy", POLICY, declared.clone())],
        Part::Of(ROTATION) if *declared == json!(true) => {
            vec![mend("kms:EnableKeyRotation", ROTATION)]
        }
        _ => Vec::new(),
    }
}

/// A client for KMS in one region.
pub(crate) struct Kms {
    api: JsonApi,
}

impl Kms {
    /// Builds the client.
    pub(crate) fn new(aws: &Aws, region: &str) -> Self {
        Self {
            api: JsonApi::new(aws, Service::Kms, region, KMS),
        }
    }

    /// Reads `fields` of `key`.
    pub(crate) async fn observe(
        &self,
        key: &Thing,
        fields: &[&'static str],
        budget: Budget,
    ) -> Observation {
        let wants = |field| fields.contains(&field);
        let alias = key.alias.as_deref().filter(|_| wants(ALIAS));
        let (state, policy, rotation, alias) = join!(
            // Whether the key is there tells what the other answers mean.
            self.described(&key.arn, "KeyState", budget),
            asked(wants(POLICY), self.policy(key, budget)),
            asked(wants(ROTATION), self.rotation(key, budget)),
            asked(
                alias.is_some(),
                self.described(alias.unwrap_or_default(), "Arn", budget)
            ),
        );
        let is_enabled = state.as_ref().is_ok_and(|state| state == ENABLED);
        let mut seen = Observation::default();
        // The role may read this key: what it may not read is another one.
        let alias = alias.map(|found| match found {
            Ok(arn) if arn == key.arn.as_str() => Ok(json!(key.alias)),
            Ok(arn) => Ok(arn),
            Err(error) if error.is_missing() => Ok(Value::Null),
            Err(error) if state.is_ok() && error.is_denial() => Ok(json!(ANOTHER_KEY)),
            Err(error) => Err(error),
        });
        // While a key waits for its deletion it is not rotated, whatever is set.
        let rotation = rotation.filter(|_| is_enabled);
        let all = [
            (STATE, Some(state)),
            (POLICY, policy),
            (ROTATION, rotation),
            (ALIAS, alias),
        ];
        for (field, read) in all {
            if let Some(value) = seen.took(read) {
                seen.fields.insert(field, value);
            }
        }
        seen
    }

    async fn described(
        &self,
        key: &str,
        what: &'static str,
        budget: Budget,
    ) -> Result<Value, CallError> {
        const OPERATION: &str = "kms:DescribeKey";
        let answer = self.call(OPERATION, json!({"KeyId": key}), budget).await?;
        let found = answer.get("KeyMetadata").and_then(|key| key.get(what));
        found.cloned().ok_or_else(|| unusable(OPERATION, what))
    }

    async fn policy(&self, key: &Thing, budget: Budget) -> Result<Value, CallError> {
        const OPERATION: &str = "kms:GetKeyPolicy";
        let input = json!({"KeyId": key.arn, "PolicyName": "default"});
        let answer = self.call(OPERATION, input, budget).await?;
        let found = answer.get("Policy");
        found.cloned().ok_or_else(|| unusable(OPERATION, "Policy"))
    }

    async fn rotation(&self, key: &Thing, budget: Budget) -> Result<Value, CallError> {
        const OPERATION: &str = "kms:GetKeyRotationStatus";
        const WHAT: &str = "KeyRotationEnabled";
        let answer = self
            .call(OPERATION, json!({"KeyId": key.arn}), budget)
            .await?;
        let found = answer.get(WHAT);
        found.cloned().ok_or_else(|| unusable(OPERATION, WHAT))
    }

    /// Makes the call that heals.
    pub(crate) async fn heal(
        &self,
        key: &Thing,
        mend: &Mend,
        budget: Budget,
    ) -> Result<(), CallError> {
        let input = if mend.field == POLICY {
            let policy = mend.value.to_string();
            json!({"KeyId": key.arn, "PolicyName": "default", "Policy": policy})
        } else {
            json!({"KeyId": key.arn})
        };
        self.call(mend.call, input, budget).await.map(drop)
    }

    async fn call(
        &self,
        operation: &'static str,
        input: Value,
        budget: Budget,
    ) -> Result<Map<String, Value>, CallError> {
        self.api.call(operation, &input, budget).await
    }
}

fn unusable(operation: &'static str, what: &str) -> CallError {
    CallError::new(
        operation,
        "UnusableAnswer",
        &format!("it lacks {what}"),
        true,
    )
}
