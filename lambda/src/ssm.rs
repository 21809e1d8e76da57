//! All calls to Systems Manager: reading baselines.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tracing::warn;

use crate::{
    arn::TrailArn,
    aws::{Aws, Service},
    baseline::{Baseline, BaselineRefused, sha256},
    budget::Budget,
    call::patiently,
    config::Parameter,
    declaration::Declaration,
    failure::CallError,
    guard,
    json_api::{JSON_1_1, Json, JsonApi},
    kind::Kind,
    members::in_account,
    reconcile::BaselineProblem,
    thing::Thing,
};

/// How long a deployment may take, in seconds.
const DEPLOYMENT_SECONDS: f64 = 3_600.0;

const SSM: Json = Json {
    content_type: JSON_1_1,
    target: "AmazonSSM",
};

/// The parameters that hold the baselines.
pub struct Baselines {
    api: JsonApi,
    /// Documents by the parameter's name, which holds the hash of the value: what
    /// was checked once stays true.
    known: Mutex<HashMap<String, String>>,
}

impl Baselines {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, region: &str) -> Self {
        Self {
            api: JsonApi::new(aws, Service::Ssm, region, SSM),
            known: Mutex::new(HashMap::new()),
        }
    }

    /// The baseline of `trail`. At most a third of `budget` is spent on it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn of(
        &self,
        trail: &TrailArn,
        parameter: &Parameter,
        budget: Budget,
    ) -> Result<Baseline, BaselineProblem> {
        let document = self.document(parameter, budget).await?;
        // One baseline may be that of a trail in every account.
        let document = in_account(&document, trail.account());
        Baseline::parse(&document, trail).map_err(|error| refused(parameter, &error))
    }

    /// What is declared of `thing`. At most a third of `budget` is spent on it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn of_thing(
        &self,
        thing: &Thing,
        budget: Budget,
    ) -> Result<Baseline, BaselineProblem> {
        if thing.kind == Kind::Guard {
            // It has nothing that could differ: it can be used, or cannot.
            self.parts(thing, budget).await?;
            let nothing = Declaration::of_nothing(thing);
            return Ok(Baseline::of_thing(&thing.trail, nothing));
        }
        let document = self.document(&thing.parameter, budget).await?;
        let declared = Declaration::parse(&document, thing);
        let mut declared = declared.map_err(|error| refused(&thing.parameter, &error))?;
        if declared.may_come_first(thing) {
            let others = self.fresh(&thing.parameter, budget).await;
            let others = others.into_iter().filter_map(|(_, document)| {
                let other = Declaration::parse(&document, thing);
                other.ok()
            });
            let others = others.collect();
            let list = thing.list.as_ref().filter(|_| thing.is_another_function());
            let list = list.and_then(|list| Parameter::parse(&list.name));
            let lists = match list {
                Some(list) => self.fresh(&list, budget).await,
                None => Vec::new(),
            };
            let lists = lists.into_iter().map(|(name, _)| name);
            declared = declared.or_as(others, lists.collect());
        }
        Ok(Baseline::of_thing(&thing.trail, declared))
    }

    /// What else is declared beside `parameter` while it is being deployed, name and text:
    /// what Terraform does not change after the function was told of it may be as it is to
    /// be, or still as it was. Both documents are there meanwhile, one of them new, and a
    /// document is never changed. Best effort: without it a change that is being made is
    /// told as drift.
    async fn fresh(&self, parameter: &Parameter, budget: Budget) -> Vec<(String, String)> {
        const OPERATION: &str = "ssm:GetParametersByPath";
        let Some((path, _)) = parameter.name.rsplit_once('/') else {
            return Vec::new();
        };
        let budget = Budget::lasting(budget.left() / 3);
        let input = json!({"Path": path});
        let answer = match self.api.call(OPERATION, &input, budget).await {
            Ok(answer) => answer,
            Err(error) => {
                warn!(%error, "what else is declared was not read");
                return Vec::new();
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(f64::MAX, |now| now.as_secs_f64());
        let mut all = Vec::new();
        for found in answer
            .get("Parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let text = |name| found.get(name).and_then(Value::as_str);
            let (Some(name), Some(document)) = (text("Name"), text("Value")) else {
                continue;
            };
            let named = Parameter::parse(name);
            let is_other =
                named.is_some_and(|named| named != *parameter && named.sha256 == sha256(document));
            let written = found.get("LastModifiedDate").and_then(Value::as_f64);
            let is_new = found.get("Version").and_then(Value::as_u64) == Some(1)
                && written.is_some_and(|written| now - written < DEPLOYMENT_SECONDS);
            all.push((is_other, is_new, name.to_owned(), document.to_owned()));
        }
        // The newer of two makes a deployment: that may be the one that is known here.
        let is_deployed = all.iter().any(|(_, is_new, ..)| *is_new);
        all.retain(|(is_other, ..)| *is_other && is_deployed);
        all.into_iter()
            .map(|(.., name, document)| (name, document))
            .collect()
    }

    /// The parts of the responder that `list` holds. At most a third of `budget` is spent
    /// on it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn parts(&self, list: &Thing, budget: Budget) -> Result<Vec<Thing>, BaselineProblem> {
        let document = self.document(&list.parameter, budget).await?;
        guard::parts(&document, list).map_err(|error| refused(&list.parameter, &error))
    }

    /// The text of a baseline, as Terraform wrote it. At most a third of `budget` is
    /// spent on it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn document(
        &self,
        parameter: &Parameter,
        budget: Budget,
    ) -> Result<String, BaselineProblem> {
        if let Some(known) = self.known(&parameter.name) {
            return Ok(known);
        }
        let budget = Budget::lasting(budget.left() / 3);
        let read = patiently(budget, async || self.read(&parameter.name, budget).await);
        let document = read
            .await
            .map_err(|error| problem(parameter, &error, error.cause(), error.is_retryable()))?;
        let found = sha256(&document);
        if found != parameter.sha256 {
            return Err(refused(parameter, &BaselineRefused::Tampered { found }));
        }
        if let Ok(mut known) = self.known.lock() {
            known.insert(parameter.name.clone(), document.clone());
        }
        Ok(document)
    }

    fn known(&self, name: &str) -> Option<String> {
        self.known.lock().ok()?.get(name).cloned()
    }

    async fn read(&self, name: &str, budget: Budget) -> Result<String, CallError> {
        const OPERATION: &str = "ssm:GetParameter";
        let input = json!({"Name": name});
        let answer = self.api.call(OPERATION, &input, budget).await?;
        let value = answer.get("Parameter").and_then(|found| found.get("Value"));
        value
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| CallError::new(OPERATION, "UnusableAnswer", "it lacks a value", true))
    }
}

fn refused(parameter: &Parameter, why: &BaselineRefused) -> BaselineProblem {
    let cause = match why {
        BaselineRefused::Tampered { .. } => "Tampered",
        BaselineRefused::Unusable(_) => "Unusable",
    };
    problem(parameter, why, cause.to_owned(), false)
}

fn problem(
    parameter: &Parameter,
    why: &dyn std::fmt::Display,
    cause: String,
    is_retryable: bool,
) -> BaselineProblem {
    BaselineProblem {
        text: format!("the baseline, parameter {}: {why}", parameter.name),
        cause,
        is_retryable,
    }
}
