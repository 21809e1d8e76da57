//! One invocation: parse, decide, reconcile, notify.

use std::{
    ops::Deref,
    sync::{Mutex, OnceLock},
    time::SystemTime,
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tracing::{Instrument, error, field::display, info, info_span, warn};

use crate::{
    actor::Actor,
    answer::Endings,
    arn::TrailArn,
    asked::asked_for,
    aws::Aws,
    baseline::{Baseline, Guards},
    budget::Budget,
    cloudtrail::CloudTrail,
    config::Config,
    decide::{Decision, Reason, decide, decide_of_things, is_of_part, named_trail},
    dynamodb::Incidents,
    event::Event,
    evidence,
    failure::{CallError, Failure},
    iam::Iam,
    incident::{Circumstances, Incident},
    investigate::Turns,
    log,
    look::Look,
    members::{Members, in_account},
    metrics,
    moment::Moment,
    reconcile::{BaselineProblem, Cause, Reconciliation, TrailApi, reconcile},
    request::Request,
    securityhub::SecurityHub,
    sessions::Sessions,
    sns::Topics,
    ssm::Baselines,
    text::Clean,
    thing::{Reference, Thing},
    trail::{Part, part_changed_by},
    untold::Untold,
};

/// CloudTrail as the function reaches it: its own account's, or a member's.
pub(crate) enum Access<'a> {
    Own(&'a CloudTrail),
    Member(CloudTrail),
}

impl Deref for Access<'_> {
    type Target = CloudTrail;

    fn deref(&self) -> &CloudTrail {
        match self {
            Self::Own(cloudtrail) => cloudtrail,
            Self::Member(cloudtrail) => cloudtrail,
        }
    }
}

/// What every invocation works with; built once at cold start.
pub struct Handler {
    pub(crate) config: Config,
    pub(crate) aws: Aws,
    pub(crate) cloudtrail: CloudTrail,
    /// These clients are built when they are first needed: they must not delay a
    /// restoration.
    baselines: OnceLock<Baselines>,
    sessions: OnceLock<Sessions>,
    pub(crate) incidents: OnceLock<Incidents>,
    pub(crate) iam: OnceLock<Iam>,
    pub(crate) topics: OnceLock<Topics>,
    pub(crate) security_hub: OnceLock<SecurityHub>,
    pub(crate) turns: Turns,
    pub(crate) untold: Untold,
    /// The first account that the last sweep had no time for.
    pub(crate) sweep_from: Mutex<Option<String>>,
    pub(crate) function_name: String,
    pub(crate) write_line: fn(&str),
}

impl Handler {
    /// Builds the handler. `write_line` puts a metric line on standard output.
    #[must_use]
    pub fn new(config: Config, aws: Aws, function_name: String, write_line: fn(&str)) -> Self {
        Self {
            cloudtrail: CloudTrail::new(&aws, &config.trails),
            config,
            aws,
            baselines: OnceLock::new(),
            sessions: OnceLock::new(),
            incidents: OnceLock::new(),
            iam: OnceLock::new(),
            topics: OnceLock::new(),
            security_hub: OnceLock::new(),
            turns: Turns::default(),
            untold: Untold::default(),
            sweep_from: Mutex::new(None),
            function_name,
            write_line,
        }
    }

    /// Answers one payload; `request_id` is Lambda's, `deadline` is when Lambda
    /// ends the invocation.
    ///
    /// # Errors
    /// [`Failure`], when a trail is not known to be as declared, a notice is not
    /// sent, or the payload cannot be used (law 4).
    pub async fn handle(
        &self,
        payload: &str,
        request_id: &str,
        deadline: SystemTime,
    ) -> Result<Value, Failure> {
        if let Some(request) = Request::parse(payload) {
            let span = info_span!("request", request_id);
            let answer = async {
                match request {
                    Request::Sweep => self.sweep(request_id, deadline).await,
                    Request::SweepAccounts(batches) => {
                        self.sweep_batches(&batches, request_id, deadline).await
                    }
                    Request::Capture(trail) => self.capture(&trail, deadline).await,
                    Request::Unusable(why) => Err(Failure::Request(why)),
                }
            };
            return told_if_failed(Box::pin(answer.instrument(span.clone())).await, &span);
        }
        let event = Event::parse(payload);
        let id = event
            .as_ref()
            .ok()
            .and_then(|event| event.record.event_id.as_deref().or(event.id.as_deref()));
        let span =
            info_span!("event", event_id = %Clean::from(id.unwrap_or("unknown")), request_id);
        let answer = async {
            match &event {
                Ok(event) => self.answer(event, request_id, deadline).await,
                Err(malformed) => {
                    self.suspect(payload, request_id, deadline).await;
                    Err(Failure::MalformedEvent(malformed.clone()))
                }
            }
        };
        // Boxed, to spare the compiler the depth of the type.
        told_if_failed(Box::pin(answer.instrument(span.clone())).await, &span)
    }

    /// What cannot be read may still be the record of a stop: the trails are
    /// started before the invocation fails.
    async fn suspect(&self, payload: &str, owner: &str, deadline: SystemTime) {
        if payload.contains("StopLogging") {
            let event = Event::default();
            let incidents = self
                .heal(&event, &self.config.trails, Cause::Stop, deadline)
                .await;
            // The invocation fails all the same, and the failure is logged there.
            if self.notify(&incidents, owner, deadline).await.is_err() {
                warn!("the notice of an unreadable event was not sent");
            }
        }
    }

    async fn answer(
        &self,
        event: &Event,
        owner: &str,
        deadline: SystemTime,
    ) -> Result<Value, Failure> {
        let protected = self.config.protected(account_of(event));
        let mut of_things = decide_of_things(event, &self.config.things);
        // A key may be that of the logs, or one of the parts.
        let is_known = match &of_things {
            None | Some(Decision::Ignore(Reason::ThingNotGuarded)) => false,
            Some(Decision::Examine(things, _)) => things
                .iter()
                .any(|thing| thing.reference(&event.record) == Reference::This),
            Some(_) => true,
        };
        if !is_known && is_of_part(event) {
            let of_parts = decide_of_things(event, &self.parts(deadline).await);
            of_things = Decision::of_both(of_things, of_parts);
        }
        let own_account = self.config.account();
        let decision = of_things.unwrap_or_else(|| decide(event, &protected, own_account));
        let incidents = match decision {
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
                // The rule on a hub's bus lets in whatever the members send.
                if reason.is_suspicious() && self.config.members.is_none() {
                    warn!("the rule lets no such event through: who invoked the function?");
                }
                return Ok(json!({"ignored": reason.as_str()}));
            }
            Decision::Report(_) if self.is_own_attempt(event, None) => {
                info!("a refused call of the function itself");
                Vec::new()
            }
            Decision::Report(trail) => {
                let incident = Incident::denied(event, trail.as_ref());
                log::incident(&incident);
                vec![incident]
            }
            Decision::Notify(trail) => {
                let incident = Incident::reported(event, trail.as_ref());
                log::incident(&incident);
                vec![incident]
            }
            Decision::Attempted(thing) if self.is_own_attempt(event, Some(&thing)) => {
                info!("a refused call of the function itself");
                Vec::new()
            }
            Decision::Attempted(thing) => {
                let incident = Incident::denied(event, Some(&thing.trail)).of(&thing);
                log::incident(&incident);
                vec![incident]
            }
            Decision::Reconcile(trails, cause) => {
                let cause = self.or_echo(cause, event);
                self.heal(event, &trails, cause, deadline).await
            }
            Decision::Examine(things, cause) => {
                let about = self.circumstances(self.or_echo(cause, event), event);
                self.examine(event, &things, about, deadline).await
            }
        };
        let sent = self.notify(&incidents, owner, deadline).await;
        incidents.iter().collect::<Endings>().conclude(sent)
    }

    /// The cause of a look, or that a call of a responder's own came back.
    fn or_echo(&self, cause: Cause, event: &Event) -> Cause {
        match cause {
            Cause::Change(_) if self.is_own(event) => Cause::Echo,
            cause => cause,
        }
    }

    fn circumstances(&self, cause: Cause, event: &Event) -> Circumstances {
        Circumstances {
            cause,
            mode: self.config.mode,
            is_expected: cause != Cause::Echo && self.is_expected(event),
            saw_stop: false,
        }
    }

    /// Whether it is a call of this function that failed: the invocation that made
    /// it tells of that. It was `of` a thing, or else of a trail. Calls that this function
    /// never makes are somebody else's, whoever's role they come with.
    fn is_own_attempt(&self, event: &Event, of: Option<&Thing>) -> bool {
        let name = event.record.event_name.as_deref().unwrap_or_default();
        let heals = match of {
            Some(thing) => thing.kind.is_own_call(name),
            None => {
                part_changed_by(name).is_some() && !matches!(name, "StopLogging" | "DeleteTrail")
            }
        };
        heals && self.is_own(event)
    }

    /// Whether the call was made with the function's role, or by another responder
    /// for the same trails.
    fn is_own(&self, event: &Event) -> bool {
        let actor = Actor::of(&event.record);
        let mut roles = self.config.responders(account_of(event)).into_iter();
        roles.any(|role| actor.is(&role))
    }

    /// Reconciles the trails side by side: one that hangs must not hold up
    /// another. Returns what there is to tell.
    ///
    /// An echo is no reason to believe that all is well: whoever holds the role is
    /// not believed, the trail is (law 2). But what the echo of a call that conforms
    /// to the baseline finds is somebody else's work, and not told as its.
    async fn heal(
        &self,
        event: &Event,
        trails: &[TrailArn],
        cause: Cause,
        deadline: SystemTime,
    ) -> Vec<Incident> {
        let is_member = |trail: &TrailArn| self.config.members_of(trail).is_some();
        let is_heavy = matches!(cause, Cause::Stop | Cause::Change(Part::Existence));
        let budget = if !is_heavy && trails.iter().any(is_member) {
            Budget::for_member_change(deadline)
        } else {
            Budget::for_restoration(deadline)
        };
        let about = self.circumstances(cause, event);
        let unnamed = &Event::default();
        let id = event.record.event_id.as_deref().or(event.id.as_deref());
        let id = id.unwrap_or("unknown");
        let healings = trails.iter().map(|trail| async move {
            let look = Look::new(self, trail, event, cause, budget);
            let done = match self.reach(trail, id, budget).await {
                Ok(access) => self.reconcile(&access, &look).await,
                Err(error) => Reconciliation::unreached(trail, error),
            };
            let about = Circumstances {
                cause: look.cause,
                ..about
            };
            let conforms = || asked_for(&event.record, &done.baseline).conforms();
            let event = if cause == Cause::Echo && conforms() {
                unnamed
            } else {
                event
            };
            let mut incident = Incident::reconciled(event, trail, &done, about)?;
            incident.add_problem(look.problem());
            Some(incident)
        });
        let incidents: Vec<Incident> = join_all(healings).await.into_iter().flatten().collect();
        self.log_and_measure(&incidents);
        incidents
    }

    /// CloudTrail of the account that owns `trail`. A member's is reached through a
    /// session that bears the name of `incident`.
    ///
    /// # Errors
    /// Why the member cannot be reached.
    pub(crate) async fn reach(
        &self,
        trail: &TrailArn,
        incident: &str,
        budget: Budget,
    ) -> Result<Access<'_>, CallError> {
        let Some(members) = self.config.members_of(trail) else {
            return Ok(Access::Own(&self.cloudtrail));
        };
        let aws = self.enter(members, trail, incident, budget).await?;
        let cloudtrail = CloudTrail::new(&aws, std::slice::from_ref(trail));
        Ok(Access::Member(cloudtrail))
    }

    /// Calls in the member that owns `trail`.
    ///
    /// # Errors
    /// Why the member cannot be reached.
    pub(crate) async fn enter(
        &self,
        members: &Members,
        trail: &TrailArn,
        incident: &str,
        budget: Budget,
    ) -> Result<Aws, CallError> {
        let sessions = self.sessions.get_or_init(|| Sessions::new(&self.aws));
        sessions
            .enter(&self.aws, members, trail, incident, budget)
            .await
    }

    /// Makes one trail as declared.
    pub(crate) async fn reconcile(
        &self,
        cloudtrail: &CloudTrail,
        look: &Look<'_>,
    ) -> Reconciliation {
        let (trail, budget) = (look.trail, look.budget);
        let baseline = self.baseline(trail, budget);
        let (cause, mode) = (look.cause, self.config.mode);
        let api = evidence::Access::Trail(cloudtrail);
        let mut done = reconcile(&api, trail, baseline, cause, mode, look, budget).await;
        done.break_glass = look.break_glass();
        done
    }

    async fn baseline(
        &self,
        trail: &TrailArn,
        budget: Budget,
    ) -> Result<Baseline, BaselineProblem> {
        let Some(parameter) = self.config.parameter(trail) else {
            return Err(BaselineProblem {
                text: format!("no baseline is configured for {trail}"),
                cause: "NoBaseline".to_owned(),
                is_retryable: false,
            });
        };
        self.baselines().of(trail, parameter, budget).await
    }

    pub(crate) fn baselines(&self) -> &Baselines {
        self.baselines
            .get_or_init(|| Baselines::new(&self.aws, self.aws.region()))
    }

    /// Whether the actor is one whose changes are expected.
    fn is_expected(&self, event: &Event) -> bool {
        let actor = Actor::of(&event.record);
        let mut expected = self.config.change_principals.iter();
        expected.any(|principal| actor.is(&in_account(principal, account_of(event))))
    }

    /// Writes log and metrics of what was reconciled.
    pub(crate) fn log_and_measure(&self, incidents: &[Incident]) {
        for incident in incidents {
            log::incident(incident);
            let line = metrics::incident(incident, &self.function_name, Moment::now());
            (self.write_line)(&line);
        }
    }

    /// What `trail` is now, as the document of a baseline.
    async fn capture(&self, trail: &TrailArn, deadline: SystemTime) -> Result<Value, Failure> {
        if !self.config.protected(trail.account()).contains(trail) {
            return Err(Failure::Request(format!(
                "trail_arn: {trail} is not protected by this function; protect its logging state first"
            )));
        }
        let budget = Budget::for_restoration(deadline);
        let reached = self.reach(trail, "baseline", budget).await;
        let cloudtrail = reached.map_err(|error| Failure::Request(error.to_string()))?;
        let seen = cloudtrail.observe(trail, Guards::ALL, budget).await;
        let problems: Vec<String> = seen.unread.iter().map(CallError::to_string).collect();
        if !problems.is_empty() {
            return Err(Failure::Request(problems.join("; ")));
        }
        let settings = seen.settings.unwrap_or_default();
        let (selectors, insights) = (seen.selectors, seen.insight_selectors);
        let baseline = Baseline::declaring(trail, settings, selectors, insights, seen.tags);
        serde_json::to_value(baseline).map_err(|e| Failure::Request(e.to_string()))
    }
}

/// The account that an event came from, as EventBridge says.
fn account_of(event: &Event) -> &str {
    event.account.as_deref().unwrap_or_default()
}

fn told_if_failed(answer: Result<Value, Failure>, span: &tracing::Span) -> Result<Value, Failure> {
    if let Err(failure) = &answer {
        let error_type = failure.error_type();
        span.in_scope(|| error!(error_type, error = %failure, "the invocation fails"));
    }
    answer
}
