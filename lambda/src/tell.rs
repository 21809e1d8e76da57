//! Telling of incidents: each once.

use std::{
    pin::pin,
    time::{Duration, SystemTime},
};

use futures_util::{
    future::OptionFuture,
    stream::{self, StreamExt},
};
use tokio::{
    join,
    sync::{
        OnceCell,
        mpsc::{UnboundedReceiver, UnboundedSender},
    },
};
use tracing::{error, info, warn};

use crate::{
    answer::Endings,
    arn::TrailArn,
    budget::Budget,
    containment::REPEATED,
    dynamodb::{Claim, Incidents},
    failure::CallError,
    group::Manner,
    handler::Handler,
    incident::Incident,
    moment::Moment,
    notice::Notice,
    sns::Topics,
    told::{Audience, Keys},
};

/// Notices that are on their way at a time.
const AT_ONCE: usize = 20;
/// A run that has claimed an incident is given so long to tell it: it may contain the
/// actor and look into the event history first.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(250);

/// What a look of a sweep finds.
pub(crate) enum Find {
    Incident(Box<Incident>),
    /// The trail was as declared, and when; for Security Hub.
    AsDeclared(TrailArn, Moment),
}

/// Whose an incident is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Another run told it.
    Anothers,
    Ours,
    /// The table does not say, or another run does not tell what it claimed.
    Unknown,
}

/// Where the looks of a sweep put what they find.
pub(crate) type Finds = UnboundedSender<Find>;

/// What came of telling beside the looks.
pub(crate) struct Told {
    /// How all that was found ended.
    pub(crate) endings: Endings,
    /// The first failure, unless all was sent in the end.
    pub(crate) sent: Result<(), CallError>,
}

impl Handler {
    /// Sends the notices, and those that could not be sent before. Returns the first
    /// failure.
    pub(crate) async fn notify(
        &self,
        incidents: &[Incident],
        owner: &str,
        deadline: SystemTime,
    ) -> Result<(), CallError> {
        let budget = Budget::for_notice(deadline);
        let left_over = self.untold.take();
        let all = incidents.iter().chain(&left_over);
        let told = all.map(|incident| self.tell_or_keep(incident, owner, budget));
        // One that hangs or fails must not hold up another.
        let told: Vec<_> = stream::iter(told).buffer_unordered(AT_ONCE).collect().await;
        told.into_iter().collect()
    }

    /// Writes log and metrics of what a look found, and hands it over to be told.
    pub(crate) fn find(&self, finds: &Finds, incident: Incident) {
        self.log_and_measure(std::slice::from_ref(&incident));
        // Whoever tells listens for as long as somebody looks.
        drop(finds.send(Find::Incident(Box::new(incident))));
    }

    /// Tells of what is found while it is still looked for: a topic that is slow delays
    /// no look, and a sweep that is ended by force has told what it found until then.
    /// What could not be sent before, or at first, is tried once more.
    pub(crate) async fn tell_beside(
        &self,
        mut found: UnboundedReceiver<Find>,
        owner: &str,
        deadline: SystemTime,
    ) -> Told {
        let whole = Budget::for_all_notices(deadline);
        let left_over = || {
            let taken = stream::once(async { stream::iter(self.untold.take()) });
            let finds = taken
                .flatten()
                .map(|incident| Find::Incident(Box::new(incident)));
            finds.map(|find| (find, false))
        };
        let found = stream::poll_fn(|context| found.poll_recv(context));
        let all = left_over()
            .chain(found.map(|find| (find, true)))
            .chain(left_over());
        let told = all.map(|(find, is_new)| async move {
            let budget = Budget::for_notice(deadline).within(whole);
            match find {
                Find::Incident(incident) => {
                    let sent = Box::pin(self.tell_or_keep(&incident, owner, budget)).await;
                    (is_new.then_some(incident), sent, Ok(()))
                }
                Find::AsDeclared(trail, at) => {
                    let settled = self.settle(&trail, at, budget).await;
                    if let Err(error) = &settled {
                        error!(%trail, %error, "its findings may be open though it is as declared");
                    }
                    (None, Ok(()), settled)
                }
            }
        });
        let mut told = pin!(told.buffer_unordered(AT_ONCE));
        let (mut endings, mut sent, mut settled) = (Endings::default(), Ok(()), Ok(()));
        while let Some((incident, now_sent, now_settled)) = told.next().await {
            if let Some(incident) = incident {
                endings.add(&incident);
            }
            sent = sent.and(now_sent);
            settled = settled.and(now_settled);
        }
        let sent = if self.untold.is_empty() { Ok(()) } else { sent };
        Told {
            endings,
            sent: sent.and(settled),
        }
    }

    /// Sends a notice. What no retry would find again is kept if that fails.
    async fn tell_or_keep(
        &self,
        incident: &Incident,
        owner: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let told = Box::pin(self.tell(incident, owner, budget)).await;
        if let Err(error) = &told {
            error!(%error, "a notice was not sent");
            if incident.source != "event" && !self.untold.keep(incident) {
                error!(
                    outcome = incident.outcome.as_str(),
                    "too many notices wait: this one is lost"
                );
            }
        }
        told
    }

    /// Tells of an incident, unless it was told already, or is left to a summary; the
    /// chats and Security Hub last, so that neither holds up what everybody gets.
    pub(crate) async fn tell(
        &self,
        incident: &Incident,
        owner: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let has_chats = self.config.chat_topic_arn.is_some();
        let has_findings = self.config.security_hub;
        let mut keys = Keys::of(incident, Moment::now());
        if has_chats || has_findings {
            // A retry for the one's sake must not tell the other again.
            keys = keys.or_of_content(incident);
        }
        // Only whoever tells of it counts and searches, and once for all.
        let as_told = OnceCell::new();
        // On the heap: three of them make a large future.
        let tell = |to: Audience| {
            Box::pin(self.tell_audience(incident, &as_told, &keys, to, owner, budget))
        };
        let told = tell(Audience::Subscribers).await;
        if !has_chats && !has_findings {
            return told;
        }
        let tell_if = |is_there: bool, to| {
            let telling = is_there.then(|| tell(to));
            async move { OptionFuture::from(telling).await.unwrap_or(Ok(())) }
        };
        // Side by side: one that hangs must not use up the other's time.
        let (chats, findings) = join!(
            tell_if(has_chats, Audience::Chats),
            tell_if(has_findings, Audience::SecurityHub)
        );
        told.and(chats).and(findings)
    }

    async fn tell_audience(
        &self,
        incident: &Incident,
        as_told: &OnceCell<Option<Incident>>,
        keys: &Keys,
        to: Audience,
        owner: &str,
        budget: Budget,
    ) -> Result<(), CallError> {
        let keys = keys.clone().of_audience(to);
        // What an event's answer failed at is told with each try, all else once.
        let again = incident.outcome.is_failure() && incident.source == "event";
        // What may be told twice is not counted: it could be the same incident.
        let mut is_counted = !keys.claimed.is_empty();
        for key in &keys.claimed {
            match self.claim(key, owner, again, budget).await {
                Whose::Anothers => {
                    info!(
                        outcome = incident.outcome.as_str(),
                        audience = ?to,
                        "this incident was told already"
                    );
                    return Ok(());
                }
                Whose::Ours => {}
                Whose::Unknown => is_counted = false,
            }
        }
        let incident = as_told
            .get_or_init(|| self.as_told(incident, is_counted, budget))
            .await;
        let Some(incident) = incident else {
            info!(audience = ?to, "left to a summary");
            self.remember(&keys, owner, budget).await;
            return Ok(());
        };
        if let Err(error) = self.send(incident, to, budget).await {
            for key in &keys.claimed {
                if let Err(error) = self.incidents().release(key, owner, budget).await {
                    warn!(%error, "a claim was not given back");
                }
            }
            return Err(error);
        }
        let count = incident.repetition.map(|repetition| repetition.count);
        info!(outcome = incident.outcome.as_str(), count, audience = ?to, "notice sent");
        self.remember(&keys, owner, budget).await;
        Ok(())
    }

    /// An incident as it is told: as one of several, if it is, and looked into. `None`
    /// if it is left to a summary.
    async fn as_told(
        &self,
        incident: &Incident,
        is_counted: bool,
        budget: Budget,
    ) -> Option<Incident> {
        let manner = if is_counted {
            self.manner(incident, budget).await
        } else {
            Manner::Alone
        };
        let (incident, count) = match manner {
            Manner::Alone => (incident.clone(), 1),
            Manner::Repeated(repetition) => {
                (incident.clone().repeated(repetition), repetition.count)
            }
            Manner::Silent => (incident.clone(), REPEATED),
        };
        let incident = self.contained(incident, count, budget).await;
        // Of what is told anyway too: it is not to be told once more for that.
        let is_news = self.is_contained_anew(&incident, budget).await;
        if manner == Manner::Silent && !is_news {
            return None;
        }
        self.note_containment(&incident, budget).await;
        let investigation = self.investigate(&incident, budget).await;
        Some(Incident {
            investigation,
            ..incident
        })
    }

    async fn remember(&self, keys: &Keys, owner: &str, budget: Budget) {
        for key in keys.claimed.iter().chain(&keys.noted) {
            if let Err(error) = self.incidents().told(key, owner, budget).await {
                warn!(%error, "not remembered: a copy of this event may be told again");
            }
        }
    }

    async fn send(
        &self,
        incident: &Incident,
        to: Audience,
        budget: Budget,
    ) -> Result<(), CallError> {
        let (notice, arn) = match to {
            Audience::Subscribers => {
                let notice = Notice::of(incident).map_err(|error| {
                    CallError::new("sns:Publish", "NotSent", &error.to_string(), false)
                })?;
                (notice, &self.config.topic_arn)
            }
            Audience::Chats => match &self.config.chat_topic_arn {
                Some(arn) => (Notice::for_chat(incident), arn),
                None => return Ok(()),
            },
            // A Security Hub that throttles must not hold up other restorations.
            Audience::SecurityHub => {
                let budget = Budget::lasting(budget.left() / 4);
                return self.report(incident, budget).await;
            }
        };
        let topics = self
            .topics
            .get_or_init(|| Topics::new(&self.aws, &self.config));
        topics.publish(&notice, arn, budget).await
    }

    /// Claims an incident. A run that has claimed it is
    /// waited for. If it does not tell, it may have died, or could not give its claim
    /// back: to be told twice is better than not at all.
    async fn claim(&self, key: &str, owner: &str, again: bool, budget: Budget) -> Whose {
        let patience = Budget::lasting(PATIENCE.min(budget.left() / 2));
        loop {
            match self.incidents().claim(key, owner, again, budget).await {
                Ok(Claim::Granted) => return Whose::Ours,
                Ok(Claim::Taken) => {}
                Err(error) => {
                    warn!(%error, "whether this incident was told is not known");
                    return Whose::Unknown;
                }
            }
            if self.was_told(key, owner, budget).await {
                return Whose::Anothers;
            }
            if !patience.sleep(PAUSE).await {
                warn!("another run has claimed this incident and does not tell it");
                return Whose::Unknown;
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

    pub(crate) fn incidents(&self) -> &Incidents {
        self.incidents.get_or_init(|| {
            Incidents::new(&self.aws, self.aws.region(), &self.config.incidents_table)
        })
    }
}
