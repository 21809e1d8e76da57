//! All calls to Systems Manager: reading baselines.

use std::{collections::HashMap, sync::Mutex};

use serde_json::{Value, json};

use crate::{
    arn::TrailArn,
    aws::{Aws, Service},
    baseline::{Baseline, BaselineRefused, sha256},
    budget::Budget,
    call::patiently,
    config::Parameter,
    failure::CallError,
    json_api::{JSON_1_1, Json, JsonApi},
    members::in_account,
    reconcile::BaselineProblem,
};

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
