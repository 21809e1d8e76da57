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
    failure::CallError,
    guard,
    json_api::{JSON_1_1, Json, JsonApi},
    members::in_account,
    reconcile::BaselineProblem,
    thing::{Declaration, Kind, Thing},
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
        if thing.may_come_first() {
            declared = declared.as_agreed(&self.others(thing, budget).await);
        }
        Ok(Baseline::of_thing(&thing.trail, declared))
    }

    /// What else is declared of `thing` while it is being deployed: what Terraform does not
    /// change after the function was told of it may be as it is to be, or still as it was.
    /// Both documents are there meanwhile, one of them new. Who puts one there gains an
    /// hour in which the sweeps are silent. Best effort: without it a change that is being
    /// made is told as drift.
    async fn others(&self, thing: &Thing, budget: Budget) -> Vec<Declaration> {
        const OPERATION: &str = "ssm:GetParametersByPath";
        let Some((path, _)) = thing.parameter.name.rsplit_once('/') else {
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
        let found = answer.get("Parameters").and_then(Value::as_array);
        let found = found.into_iter().flatten();
        let written = |found: &Value| found.get("LastModifiedDate")?.as_f64();
        let newest = found.clone().filter_map(written).fold(0.0, f64::max);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        if now.map_or(f64::MAX, |now| now.as_secs_f64()) - newest > DEPLOYMENT_SECONDS {
            return Vec::new();
        }
        let others = found.filter_map(|found| {
            let name = Parameter::parse(found.get("Name")?.as_str()?)?;
            let document = found.get("Value")?.as_str()?;
            let is_other = name != thing.parameter && sha256(document) == name.sha256;
            Declaration::parse(document, thing)
                .ok()
                .filter(|_| is_other)
        });
        others.collect()
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
