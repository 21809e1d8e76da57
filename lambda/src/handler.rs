//! One invocation: parse, decide, heal and verify, notify.

use std::{sync::OnceLock, time::SystemTime};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tracing::{Instrument, error, field::display, info, info_span, warn};

use crate::{
    actor::Actor,
    arn::TrailArn,
    aws::Aws,
    budget::Budget,
    cloudtrail::CloudTrail,
    config::Config,
    decide::{Decision, decide, named_trail},
    event::Event,
    failure::{CallError, Failure},
    incident::{Incident, Outcome, stop_confirmed},
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
    #[must_use]
    pub fn new(config: Config, aws: Aws, function_name: String, write_line: fn(&str)) -> Self {
        Self {
            cloudtrail: CloudTrail::new(&aws, &config.trails),
            config,
            aws,
            topic: OnceLock::new(),
            function_name,
            write_line,
        }
    }

    /// Answers one event; `request_id` is Lambda's, `deadline` is when Lambda
    /// ends the invocation.
    ///
    /// # Errors
    /// [`Failure`], when a trail is not known to log, a notice is not sent, or
    /// the payload is no event (law 4).
    pub async fn handle(
        &self,
        payload: &str,
        request_id: &str,
        deadline: SystemTime,
    ) -> Result<Value, Failure> {
        let event = Event::parse(payload);
        let id = event
            .as_ref()
            .ok()
            .and_then(|event| event.record.event_id.as_deref().or(event.id.as_deref()));
        let span =
            info_span!("event", event_id = %Clean::from(id.unwrap_or("unknown")), request_id);
        let answer = async {
            match &event {
                Ok(event) => self.answer(event, deadline).await,
                Err(malformed) => {
                    self.suspect(payload, deadline).await;
                    Err(Failure::MalformedEvent(malformed.clone()))
                }
            }
        };
        // Boxed, to spare the compiler the depth of the type.
        let answer = Box::pin(answer.instrument(span.clone())).await;
        if let Err(failure) = &answer {
            let error_type = failure.error_type();
            span.in_scope(|| error!(error_type, error = %failure, "the invocation fails"));
        }
        answer
    }

    /// What cannot be read may still be the record of a stop: the trails are
    /// started before the invocation fails.
    async fn suspect(&self, payload: &str, deadline: SystemTime) {
        if payload.contains("StopLogging") {
            let incidents = self
                .heal(&Event::default(), &self.config.trails, deadline)
                .await;
            // The invocation fails all the same, and the failure is logged there.
            if self
                .notify(&incidents, Budget::for_notice(deadline))
                .await
                .is_err()
            {
                warn!("the notice of an unreadable event was not sent");
            }
        }
    }

    async fn answer(&self, event: &Event, deadline: SystemTime) -> Result<Value, Failure> {
        let incidents = match decide(event, &self.config.trails) {
            Decision::Ignore(reason) => {
                let told = |field: &Option<String>| field.as_deref().map(Clean::from).map(display);
                let named = named_trail(&event.record).map(Clean::from).map(display);
                let actor = Actor::of(&event.record);
                info!(
                    reason = reason.as_str(),
                    trail = named,
                    actor = actor.best().map(display),
                    event_name = told(&event.record.event_name),
                    event_source = told(&event.record.event_source),
                    account = told(&event.account),
                    region = told(&event.region),
                    "event ignored"
                );
                if reason.is_suspicious() {
                    warn!("the rule lets no such event through: who invoked the function?");
                }
                return Ok(json!({"ignored": reason.as_str()}));
            }
            Decision::Report(trail) => {
                let incident = Incident::denied(event, trail.as_ref());
                log(&incident);
                vec![incident]
            }
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

    /// Sends the notices side by side: one that hangs or fails must not hold up
    /// another. Returns the first failure.
    async fn notify(&self, incidents: &[Incident], budget: Budget) -> Result<(), CallError> {
        let sent = join_all(incidents.iter().map(|incident| self.send(incident, budget))).await;
        for error in sent.iter().filter_map(|sent| sent.as_ref().err()) {
            error!(%error, "a notice was not sent");
        }
        sent.into_iter().collect()
    }

    async fn send(&self, incident: &Incident, budget: Budget) -> Result<(), CallError> {
        let notice = Notice::of(incident)
            .map_err(|e| CallError::new("sns:Publish", "NotSent", &e.to_string(), false))?;
        let topic = self
            .topic
            .get_or_init(|| Topic::new(&self.aws, &self.config));
        topic.publish(&notice, budget).await?;
        info!(outcome = incident.outcome.as_str(), "notice sent");
        Ok(())
    }
}

fn log(incident: &Incident) {
    let timing = &incident.timing;
    let trail = incident.trail.arn.as_ref().map(display);
    let actor = incident.actor.best().map(display);
    let problem = incident.problem.as_deref();
    let outcome = incident.outcome.as_str();
    if incident.outcome.is_failure() {
        error!(
            outcome,
            trail, actor, problem, "the trail is not verified as logging"
        );
    } else if incident.outcome == Outcome::AttemptDenied {
        let error_code = incident.event.error_code.as_ref().map(display);
        warn!(
            outcome,
            trail, actor, error_code, "an attempt to stop logging failed"
        );
    } else {
        warn!(
            outcome,
            trail,
            actor,
            problem,
            event_to_verified_ms = timing.event_to_verified_ms,
            gap_ms = timing.gap_ms,
            "a stop was answered, and the trail is logging"
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
