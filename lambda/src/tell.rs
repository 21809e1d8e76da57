//! Telling of incidents: each once.

use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt};
use tracing::{error, info, warn};

use crate::{
    budget::Budget,
    dynamodb::{Claim, Incidents},
    failure::CallError,
    handler::Handler,
    incident::Incident,
    moment::Moment,
    notice::Notice,
    sns::Topic,
    told::Keys,
};

/// Notices that are on their way at a time.
const AT_ONCE: usize = 50;
/// A run that has claimed an incident is given so long to tell it.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(250);

impl Handler {
    /// Sends the notices, and those that could not be sent before. Returns the first
    /// failure.
    pub(crate) async fn notify(
        &self,
        incidents: &[Incident],
        owner: &str,
        deadline: SystemTime,
    ) -> Result<(), CallError> {
        let left_over = self
            .untold
            .lock()
            .map(|mut untold| std::mem::take(&mut *untold));
        let left_over = left_over.unwrap_or_default();
        self.tell_all(incidents.iter().chain(&left_over), owner, deadline)
            .await
    }

    /// Sends the notices side by side: one that hangs or fails must not hold up
    /// another. What no retry would find again is kept if it fails. Returns the first
    /// failure.
    pub(crate) async fn tell_all(
        &self,
        incidents: impl Iterator<Item = &Incident>,
        owner: &str,
        deadline: SystemTime,
    ) -> Result<(), CallError> {
        let budget = Budget::for_notice(deadline);
        let told = incidents.map(|incident| async move {
            let told = self.tell(incident, owner, budget).await;
            if let Err(error) = &told {
                error!(%error, "a notice was not sent");
                if let (true, Ok(mut untold)) = (incident.source != "event", self.untold.lock()) {
                    untold.push(incident.clone());
                }
            }
            told
        });
        let told: Vec<_> = stream::iter(told).buffer_unordered(AT_ONCE).collect().await;
        told.into_iter().collect()
    }

    /// Tells of an incident, unless it was told already.
    async fn tell(
        &self,
        incident: &Incident,
        owner: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let keys = Keys::of(incident, Moment::now());
        for key in &keys.claimed {
            if self.is_told_by_another(key, owner, budget).await {
                info!(
                    outcome = incident.outcome.as_str(),
                    "this incident was told already"
                );
                return Ok(());
            }
        }
        let looked_into = Incident {
            investigation: self.investigate(incident, budget).await,
            ..incident.clone()
        };
        let notice = Notice::of(&looked_into)
            .map_err(|e| CallError::new("sns:Publish", "NotSent", &e.to_string(), false))?;
        let topic = self
            .topic
            .get_or_init(|| Topic::new(&self.aws, &self.config));
        if let Err(error) = topic.publish(&notice, budget).await {
            for key in &keys.claimed {
                if let Err(error) = self.incidents().release(key, owner, budget).await {
                    warn!(%error, "a claim was not given back");
                }
            }
            return Err(error);
        }
        info!(outcome = incident.outcome.as_str(), "notice sent");
        for key in keys.claimed.iter().chain(&keys.noted) {
            if let Err(error) = self.incidents().told(key, owner, budget).await {
                warn!(%error, "not remembered: a copy of this event may be told again");
            }
        }
        Ok(())
    }

    /// Claims an incident; whether another run told it. A run that has claimed it is
    /// waited for. If it does not tell, it may have died, or could not give its claim
    /// back: to be told twice is better than not at all.
    async fn is_told_by_another(&self, key: &str, owner: &str, budget: Budget) -> bool {
        let patience = Budget::lasting(PATIENCE.min(budget.left() / 2));
        loop {
            match self.incidents().claim(key, owner, budget).await {
                Ok(Claim::Granted) => return false,
                Ok(Claim::Taken) => {}
                Err(error) => {
                    warn!(%error, "whether this incident was told is not known");
                    return false;
                }
            }
            if self.was_told(key, owner, budget).await {
                return true;
            }
            if !patience.sleep(PAUSE).await {
                warn!("another run has claimed this incident and does not tell it");
                return false;
            }
        }
    }

    /// Whether an incident was told; `false` if the table does not answer.
    pub(crate) async fn was_told(&self, key: &str, owner: &str, budget: Budget) -> bool {
        match self.incidents().was_told(key, owner, budget).await {
            Ok(was_told) => was_told,
            Err(error) => {
                warn!(%error, "whether this incident was told is not known");
                false
            }
        }
    }

    fn incidents(&self) -> &Incidents {
        self.incidents.get_or_init(|| {
            Incidents::new(&self.aws, self.aws.region(), &self.config.incidents_table)
        })
    }
}
