//! What an invocation answers to Lambda (law 4): a few words, however many incidents it
//! was about.

use serde_json::{Value, json};

use crate::{
    failure::{CallError, Failure},
    incident::Incident,
};

/// So many of the trails and things that are not as declared are named, with what stood in the way.
const NAMED: usize = 20;

/// How incidents ended.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    outcomes: Vec<&'static str>,
    trails: Vec<String>,
    causes: Vec<String>,
    failed: usize,
    retryable: bool,
}

impl Endings {
    /// Takes note of one.
    pub(crate) fn add(&mut self, incident: &Incident) {
        self.outcomes.push(incident.outcome.as_str());
        if !incident.fails() {
            return;
        }
        self.failed += 1;
        self.retryable |= incident.retryable;
        if self.failed <= NAMED {
            let thing = incident.thing.as_ref().map(|thing| &thing.arn);
            let arn = thing.or(incident.trail.arn.as_ref());
            let accounts = || format!("{} accounts", incident.accounts.len());
            self.trails
                .push(arn.map_or_else(accounts, ToString::to_string));
            self.causes.extend(incident.problem.clone());
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.outcomes.len()
    }

    /// The answer.
    pub(crate) fn conclude(mut self, sent: Result<(), CallError>) -> Result<Value, Failure> {
        if self.failed > 0 {
            if self.failed > NAMED {
                let more = format!("and {} more", self.failed - NAMED);
                self.trails.push(more);
            }
            return Err(Failure::Unrestored {
                trails: self.trails.join(", "),
                cause: self.causes.join(", "),
                retryable: self.retryable,
                notice: sent.err(),
            });
        }
        sent.map_err(Failure::NoticeUnsent)?;
        Ok(json!({"outcomes": self.outcomes}))
    }
}

impl<'a> FromIterator<&'a Incident> for Endings {
    fn from_iter<T: IntoIterator<Item = &'a Incident>>(incidents: T) -> Self {
        let mut endings = Self::default();
        incidents
            .into_iter()
            .for_each(|incident| endings.add(incident));
        endings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    #[test]
    fn ten_thousand_failures_are_told_in_a_few_words() {
        let problem = "a problem that takes some words to tell".to_owned();
        let failed = Incident::of_accounts(Outcome::NotRestored, Vec::new(), problem, true);
        let endings: Endings = std::iter::repeat_n(&failed, 10_000).collect();
        assert_eq!(endings.count(), 10_000);
        let failure = endings
            .conclude(Ok(()))
            .map_err(|failure| failure.to_string());
        let text = failure.err().unwrap_or_default();
        assert!(
            text.contains("0 accounts, and 9980 more: a problem"),
            "{text}"
        );
        assert!(text.len() < 2_000, "{}", text.len());
    }
}
