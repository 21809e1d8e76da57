//! One invocation: parse, decide, heal and verify, notify.

use std::{sync::OnceLock, time::SystemTime};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tracing::{Instrument, error, field::display, info, info_span, warn};

use crate::{
    arn::TrailArn,
    aws::Aws,
    budget::Budget,
    cloudtrail::CloudTrail,
    config::{Config, InvalidConfig},
    decide::{Decision, decide},
    event::Event,
    failure::{CallError, Failure},
    incident::{Incident, stop_confirmed},
    metrics,
    moment::Moment,
    notice::Notice,
    sns::Topic,
    text::Clean,
    trail::restore,
};

/// What every invocation works with; built once at cold start.
pub struct Handler {
    config: Config,
    aws: Aws,
    cloudtrail: CloudTrail,
    /// Built with the first notice: it must not delay a restoration.
    topic: OnceLock<Topic>,
    function_name: String,
    write_line: fn(&str),
}

impl Handler {
    /// Builds the handler. `write_line` puts a metric line on standard output.
    ///
    /// # Errors
    /// An unusable endpoint variable.
    pub fn new(
        config: Config,
        aws: Aws,
        function_name: String,
        write_line: fn(&str),
    ) -> Result<Self, InvalidConfig> {
        Ok(Self {
            cloudtrail: CloudTrail::new(&aws, &config.trails)?,
            config,
            aws,
            topic: OnceLock::new(),
            function_name,
            write_line,
        })
    }

    /// Answers one event; `deadline` is when Lambda ends the invocation.
    ///
    /// # Errors
    /// [`Failure`], when a trail is not known to log, a notice is not sent, or
    /// the payload is no event (law 4).
    pub async fn handle(&self, payload: Value, deadline: SystemTime) -> Result<Value, Failure> {
        let event =
            Event::parse(payload).inspect_err(|e| error!(error = %e, "the payload is no event"))?;
        let id = event.record.event_id.as_deref().or(event.id.as_deref());
        let span = info_span!("event", event_id = %Clean::from(id.unwrap_or("unknown")));
        self.answer(&event, deadline).instrument(span).await
    }

    async fn answer(&self, event: &Event, deadline: SystemTime) -> Result<Value, Failure> {
        let incidents = match decide(event, &self.config.trails) {
            Decision::Ignore(reason) => {
                let told = |field: &Option<String>| field.as_deref().map(Clean::from).map(display);
                info!(
                    reason = reason.as_str(),
                    event_name = told(&event.record.event_name),
                    event_source = told(&event.record.event_source),
                    account = told(&event.account),
                    region = told(&event.region),
                    "event ignored"
                );
                return Ok(json!({"ignored": reason.as_str()}));
            }
            Decision::Report(trail) => vec![Incident::denied(event, trail.as_ref())],
            Decision::Restore(trails) => self.heal(event, &trails, deadline).await,
        };
        let sent = self.notify(&incidents, Budget::for_notice(deadline)).await;
        conclude(&incidents, sent)
    }

    /// Restores the trails side by side: one that hangs must not hold up another.
    async fn heal(
        &self,
        event: &Event,
        trails: &[TrailArn],
        deadline: SystemTime,
    ) -> Vec<Incident> {
        let budget = Budget::for_restoration(deadline);
        let healings = trails.iter().map(|trail| async move {
            let stop_shows = |state: &_| stop_confirmed(event, state) != Some(false);
            let healing = restore(&self.cloudtrail, trail, budget, stop_shows).await;
            Incident::answered(event, trail, &healing)
        });
        let incidents = join_all(healings).await;
        for incident in &incidents {
            log(incident);
            (self.write_line)(&metrics::line(incident, &self.function_name, Moment::now()));
        }
        incidents
    }

    /// Sends every notice, even if one fails; returns the first failure.
    async fn notify(&self, incidents: &[Incident], budget: Budget) -> Result<(), CallError> {
        let mut sent = Ok(());
        for incident in incidents {
            if let Err(error) = self.send(incident, budget).await {
                error!(error = %error, "the notice was not sent");
                sent = sent.and(Err(error));
            }
        }
        sent
    }

    async fn send(&self, incident: &Incident, budget: Budget) -> Result<(), CallError> {
        let unsendable = |cause: String| CallError::new("sns:Publish", "NotSent", &cause, false);
        let notice = Notice::of(incident).map_err(|e| unsendable(e.to_string()))?;
        let topic = if let Some(topic) = self.topic.get() {
            topic
        } else {
            let topic =
                Topic::new(&self.aws, &self.config).map_err(|e| unsendable(e.to_string()))?;
            self.topic.get_or_init(|| topic)
        };
        topic.publish(&notice, budget).await?;
        info!(outcome = incident.outcome.as_str(), "notice sent");
        Ok(())
    }
}

fn log(incident: &Incident) {
    let timing = &incident.timing;
    let trail = incident.trail.arn.as_ref().map(display);
    let problem = incident.problem.as_deref();
    let outcome = incident.outcome.as_str();
    if incident.outcome.is_failure() {
        error!(
            outcome,
            trail, problem, "the trail is not verified as logging"
        );
    } else if problem.is_some() {
        warn!(
            outcome,
            trail, problem, "the trail is logging, with a problem"
        );
    } else {
        info!(
            outcome,
            trail,
            event_to_verified_ms = timing.event_to_verified_ms,
            gap_ms = timing.gap_ms,
            "the trail is logging"
        );
    }
}

/// The answer to Lambda (law 4).
fn conclude(incidents: &[Incident], sent: Result<(), CallError>) -> Result<Value, Failure> {
    let failed: Vec<&Incident> = incidents
        .iter()
        .filter(|incident| incident.outcome.is_failure())
        .collect();
    if !failed.is_empty() {
        let list = |part: fn(&Incident) -> Option<String>| {
            let parts: Vec<String> = failed
                .iter()
                .filter_map(|incident| part(incident))
                .collect();
            parts.join(", ")
        };
        return Err(Failure::Unrestored {
            trails: list(|incident| incident.trail.arn.as_ref().map(ToString::to_string)),
            cause: list(|incident| incident.problem.clone()),
            retryable: failed.iter().any(|incident| incident.retryable),
            notice: sent.err(),
        });
    }
    sent.map_err(Failure::NoticeUnsent)?;
    let outcomes: Vec<&str> = incidents
        .iter()
        .map(|incident| incident.outcome.as_str())
        .collect();
    Ok(json!({"outcomes": outcomes}))
}
