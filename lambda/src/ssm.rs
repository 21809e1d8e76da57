//! All calls to Systems Manager: reading baselines.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use aws_sdk_ssm::{Client, config::Builder};

use crate::{
    arn::TrailArn,
    aws::{Aws, Service, retry_partition},
    baseline::{Baseline, BaselineRefused, sha256},
    budget::Budget,
    call::{WorthRepeating, bounded},
    config::Parameter,
    failure::CallError,
    reconcile::BaselineProblem,
};

/// Between two rounds of tries.
const PAUSE: Duration = Duration::from_millis(500);

/// The parameters that hold the baselines.
pub struct Baselines {
    client: Client,
    /// By the parameter's name, which holds the hash of the value: what was
    /// checked once stays true.
    known: Mutex<HashMap<String, Baseline>>,
}

impl Baselines {
    /// Builds the client.
    #[must_use]
    pub fn new(aws: &Aws, region: &str) -> Self {
        let settings = Builder::from(&aws.settings(Service::Ssm, region))
            .retry_partition(retry_partition("ssm"))
            .retry_classifier(WorthRepeating)
            .build();
        Self {
            client: Client::from_conf(settings),
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
        if let Some(known) = self.known(&parameter.name) {
            return Ok(known);
        }
        let problem = |why: &dyn std::fmt::Display, is_retryable| BaselineProblem {
            text: format!("the baseline, parameter {}: {why}", parameter.name),
            is_retryable,
        };
        let budget = Budget::lasting(budget.left() / 3);
        let mut reason: Option<CallError> = None;
        let document = loop {
            let error = match self.read(&parameter.name, budget).await {
                Ok(document) => break document,
                Err(error) => error,
            };
            // The last try is cut off by the budget, and its reason says nothing.
            let reason = match &mut reason {
                Some(reason) if error.has_code("Timeout") => reason,
                reason => reason.insert(error),
            };
            if !reason.is_retryable() || !budget.sleep(PAUSE).await {
                return Err(problem(reason, reason.is_retryable()));
            }
        };
        let baseline =
            checked(&document, trail, parameter).map_err(|error| problem(&error, false))?;
        if let Ok(mut known) = self.known.lock() {
            known.insert(parameter.name.clone(), baseline.clone());
        }
        Ok(baseline)
    }

    fn known(&self, name: &str) -> Option<Baseline> {
        self.known.lock().ok()?.get(name).cloned()
    }

    async fn read(&self, name: &str, budget: Budget) -> Result<String, CallError> {
        const OPERATION: &str = "ssm:GetParameter";
        let call = self.client.get_parameter().name(name);
        let answer = bounded(OPERATION, budget, call.send()).await?;
        answer
            .parameter
            .and_then(|parameter| parameter.value)
            .ok_or_else(|| CallError::new(OPERATION, "UnusableAnswer", "it lacks a value", true))
    }
}

fn checked(
    document: &str,
    trail: &TrailArn,
    parameter: &Parameter,
) -> Result<Baseline, BaselineRefused> {
    let found = sha256(document);
    if found != parameter.sha256 {
        return Err(BaselineRefused::Tampered { found });
    }
    Baseline::parse(document, trail)
}
