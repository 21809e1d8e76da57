//! All calls to CloudTrail.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_cloudtrail::{
    Client,
    config::Builder,
    primitives::DateTime,
    types::{LookupAttribute, LookupAttributeKey, ResourceTag, Tag},
};
use tokio::join;

use crate::{
    arn::TrailArn,
    aws::{Aws, Service, retry_partition},
    baseline::{Guards, Settings},
    budget::Budget,
    call::{WorthRepeating, bounded},
    evidence::of_another_kind,
    failure::CallError,
    moment::Moment,
    pace::Pace,
    reconcile::TrailApi,
    selectors::{InsightSelector, Selectors},
    shapes,
    trail::{LoggingState, Observation, Remedy},
};

/// CloudTrail's error code for a trail without insight selectors.
const NO_INSIGHTS: &str = "InsightNotEnabledException";

/// Clients for some regions: the home regions of the protected trails, nearly always
/// one, or those whose event history is searched.
pub struct CloudTrail {
    clients: Vec<(String, Client)>,
    lookups: Arc<Pace>,
}

/// What the event history is searched for. CloudTrail takes one attribute.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The name of a call.
    EventName(String),
    /// The key that signed a call.
    AccessKeyId(String),
    /// The name of a user, or of a session.
    UserName(String),
    /// What a call was about: the name or ARN of a trail, the id of a key.
    ResourceName(String),
}

/// Records of the event history, newest first, as JSON texts.
#[derive(Debug, Default)]
pub struct Page {
    /// The records.
    pub records: Vec<String>,
    /// What asks for the next page, if there is one.
    pub next: Option<String>,
}

impl CloudTrail {
    /// Builds the clients for `trails`.
    #[must_use]
    pub fn new(aws: &Aws, trails: &[TrailArn]) -> Self {
        Self::in_regions(aws, trails.iter().map(TrailArn::region))
    }

    /// Builds the clients for `regions`.
    #[must_use]
    pub fn in_regions<'a>(aws: &Aws, regions: impl Iterator<Item = &'a str>) -> Self {
        let mut clients: Vec<(String, Client)> = Vec::new();
        for wanted in regions {
            if clients.iter().all(|(region, _)| region != wanted) {
                let config = Builder::from(&aws.settings(wanted))
                    .endpoint_resolver(aws.endpoint(Service::CloudTrail, wanted))
                    .retry_partition(retry_partition("cloudtrail"))
                    .retry_classifier(WorthRepeating)
                    .build();
                clients.push((wanted.to_owned(), Client::from_conf(config)));
            }
        }
        Self {
            clients,
            lookups: Arc::clone(&aws.lookups),
        }
    }

    fn client(&self, trail: &TrailArn, operation: &'static str) -> Result<&Client, CallError> {
        self.client_in(trail.region(), operation)
    }

    fn client_in(&self, wanted: &str, operation: &'static str) -> Result<&Client, CallError> {
        self.clients
            .iter()
            .find(|(region, _)| region == wanted)
            .map(|(_, client)| client)
            .ok_or_else(|| CallError::new(operation, "NoClient", "region not configured", false))
    }

    /// The latest records of a call in the trail's home region, made from `since` to
    /// `until`, newest first, as JSON texts; some hundreds at most, so that failed
    /// calls cannot hide others.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub async fn history(
        &self,
        trail: &TrailArn,
        event_name: &str,
        since: Moment,
        until: Moment,
        budget: Budget,
    ) -> Result<Vec<String>, CallError> {
        const PAGES: usize = 6;
        let by = Attribute::EventName(event_name.to_owned());
        let (account, region) = (trail.account(), trail.region());
        let mut records = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let page = self.lookup(
                account,
                region,
                &by,
                (Some(since), Some(until)),
                next,
                budget,
            );
            let page = page.await?;
            records.extend(page.records);
            next = page.next;
            if next.is_none() || budget.is_spent() {
                break;
            }
        }
        Ok(records)
    }

    /// A page of the records of `account` in `region` within that time, else of 90 days.
    /// Waits for its turn: CloudTrail lets two calls a second through.
    ///
    /// # Errors
    /// The refusal, or what stood in the way; `NoTime` if the turn does not come within
    /// `budget`.
    pub async fn lookup(
        &self,
        account: &str,
        region: &str,
        by: &Attribute,
        (since, until): (Option<Moment>, Option<Moment>),
        next: Option<String>,
        budget: Budget,
    ) -> Result<Page, CallError> {
        const OPERATION: &str = "cloudtrail:LookupEvents";
        let (key, value) = match by {
            Attribute::EventName(value) => (LookupAttributeKey::EventName, value),
            Attribute::AccessKeyId(value) => (LookupAttributeKey::AccessKeyId, value),
            Attribute::UserName(value) => (LookupAttributeKey::Username, value),
            Attribute::ResourceName(value) => (LookupAttributeKey::ResourceName, value),
        };
        let by = LookupAttribute::builder()
            .attribute_key(key)
            .attribute_value(value)
            .build()
            .map_err(|e| CallError::new(OPERATION, "NotSent", &e.to_string(), false))?;
        let call = self
            .client_in(region, OPERATION)?
            .lookup_events()
            .lookup_attributes(by)
            .set_start_time(since.map(|since| DateTime::from_millis(since.epoch_millis())))
            .set_end_time(until.map(|until| DateTime::from_millis(until.epoch_millis())))
            .set_next_token(next);
        if !self.lookups.turn(account, region, budget).await {
            let why = "the time was over before its turn came";
            return Err(CallError::new(OPERATION, "NoTime", why, true));
        }
        let page = bounded(OPERATION, budget, call.send()).await?;
        let found = page.events().iter();
        let records = found.filter_map(|event| event.cloud_trail_event().map(str::to_owned));
        Ok(Page {
            records: records.collect(),
            next: page.next_token().map(str::to_owned),
        })
    }

    async fn logging(&self, trail: &TrailArn, budget: Budget) -> Result<LoggingState, CallError> {
        const OPERATION: &str = "cloudtrail:GetTrailStatus";
        let call = self
            .client(trail, OPERATION)?
            .get_trail_status()
            .name(trail.as_str());
        let status = bounded(OPERATION, budget, call.send()).await?;
        if status.is_logging().is_none() {
            return Err(unusable(OPERATION, "it lacks IsLogging"));
        }
        Ok(LoggingState {
            is_logging: status.is_logging(),
            started_at: status.start_logging_time().and_then(moment),
            stopped_at: status.stop_logging_time().and_then(moment),
        })
    }

    async fn settings(&self, trail: &TrailArn, budget: Budget) -> Result<Settings, CallError> {
        const OPERATION: &str = "cloudtrail:GetTrail";
        let call = self
            .client(trail, OPERATION)?
            .get_trail()
            .name(trail.as_str());
        let answer = bounded(OPERATION, budget, call.send()).await?;
        answer
            .trail()
            .map(shapes::settings)
            .ok_or_else(|| unusable(OPERATION, "it lacks the trail"))
    }

    async fn selectors(&self, trail: &TrailArn, budget: Budget) -> Result<Selectors, CallError> {
        const OPERATION: &str = "cloudtrail:GetEventSelectors";
        let call = self
            .client(trail, OPERATION)?
            .get_event_selectors()
            .trail_name(trail.as_str());
        let answer = bounded(OPERATION, budget, call.send()).await?;
        Ok(shapes::selectors(
            answer.event_selectors(),
            answer.advanced_event_selectors(),
        ))
    }

    async fn insights(
        &self,
        trail: &TrailArn,
        budget: Budget,
    ) -> Result<Vec<InsightSelector>, CallError> {
        const OPERATION: &str = "cloudtrail:GetInsightSelectors";
        let call = self
            .client(trail, OPERATION)?
            .get_insight_selectors()
            .trail_name(trail.as_str());
        match bounded(OPERATION, budget, call.send()).await {
            Ok(answer) => Ok(shapes::insights(answer.insight_selectors())),
            Err(error) if error.has_code(NO_INSIGHTS) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Fifty tags are the most that a trail can have; one page holds them.
    async fn tags(
        &self,
        trail: &TrailArn,
        budget: Budget,
    ) -> Result<BTreeMap<String, String>, CallError> {
        const OPERATION: &str = "cloudtrail:ListTags";
        let call = self
            .client(trail, OPERATION)?
            .list_tags()
            .resource_id_list(trail.as_str());
        let answer = bounded(OPERATION, budget, call.send()).await?;
        let tags = answer
            .resource_tag_list()
            .iter()
            .flat_map(ResourceTag::tags_list);
        Ok(shapes::tags(tags))
    }
}

/// The settings of two calls that take the same and share no type.
macro_rules! with_settings {
    ($call:expr, $settings:expr) => {{
        let s = $settings.clone();
        $call
            .set_s3_bucket_name(s.s3_bucket_name)
            .set_s3_key_prefix(s.s3_key_prefix)
            .set_sns_topic_name(s.sns_topic_name)
            .set_kms_key_id(s.kms_key_id)
            .set_is_multi_region_trail(s.is_multi_region_trail)
            .set_include_global_service_events(s.include_global_service_events)
            .set_enable_log_file_validation(s.enable_log_file_validation)
            .set_cloud_watch_logs_log_group_arn(s.cloud_watch_logs_group_arn)
            .set_cloud_watch_logs_role_arn(s.cloud_watch_logs_role_arn)
            .set_is_organization_trail(s.is_organization_trail)
    }};
}

impl TrailApi for CloudTrail {
    async fn observe(&self, trail: &TrailArn, guards: Guards, budget: Budget) -> Observation {
        let (logging, settings, selectors, insight_selectors, tags) = join!(
            self.logging(trail, budget),
            asked(guards.settings, self.settings(trail, budget)),
            asked(guards.event_selectors, self.selectors(trail, budget)),
            asked(guards.insight_selectors, self.insights(trail, budget)),
            asked(guards.tags, self.tags(trail, budget)),
        );
        let mut observed = Observation::default();
        observed.logging = observed.took(Some(logging));
        observed.settings = observed.took(settings);
        observed.selectors = observed.took(selectors);
        observed.insight_selectors = observed.took(insight_selectors);
        observed.tags = observed.took(tags);
        observed
    }

    async fn heal(
        &self,
        trail: &TrailArn,
        remedy: &Remedy,
        budget: Budget,
    ) -> Result<(), CallError> {
        let operation = remedy.call();
        let client = self.client(trail, operation)?;
        let name = trail.as_str();
        match remedy {
            Remedy::Start => {
                let call = client.start_logging().name(name);
                bounded(operation, budget, call.send()).await.map(drop)
            }
            Remedy::Create(settings, tags) => {
                let create = client.create_trail().name(trail.name());
                let call =
                    with_settings!(create, settings).set_tags_list(sdk_tags(operation, tags)?);
                bounded(operation, budget, call.send()).await.map(drop)
            }
            Remedy::Update(settings) => {
                let call = with_settings!(client.update_trail().name(name), settings);
                bounded(operation, budget, call.send()).await.map(drop)
            }
            Remedy::PutEventSelectors(selectors) => {
                let (basic, advanced) = shapes::sdk_selectors(selectors)
                    .map_err(|e| CallError::new(operation, "NotSent", &e.to_string(), false))?;
                let call = client
                    .put_event_selectors()
                    .trail_name(name)
                    .set_event_selectors(basic)
                    .set_advanced_event_selectors(advanced);
                bounded(operation, budget, call.send()).await.map(drop)
            }
            Remedy::PutInsightSelectors(insights) => {
                let call = client
                    .put_insight_selectors()
                    .trail_name(name)
                    .set_insight_selectors(Some(shapes::sdk_insights(insights)));
                bounded(operation, budget, call.send()).await.map(drop)
            }
            Remedy::AddTags(tags) => {
                let call = client
                    .add_tags()
                    .resource_id(name)
                    .set_tags_list(sdk_tags(operation, tags)?);
                bounded(operation, budget, call.send()).await.map(drop)
            }
            Remedy::Mend(_) => Err(of_another_kind(remedy)),
            Remedy::RemoveTags(tags) => {
                let call = client
                    .remove_tags()
                    .resource_id(name)
                    .set_tags_list(sdk_tags(operation, tags)?);
                bounded(operation, budget, call.send()).await.map(drop)
            }
        }
    }
}

impl Observation {
    /// What an answer holds; its error is kept.
    pub(crate) fn took<T>(&mut self, answer: Option<Result<T, CallError>>) -> Option<T> {
        match answer? {
            Ok(value) => Some(value),
            Err(error) => {
                self.is_missing |= error.is_missing();
                self.unread.push(error);
                None
            }
        }
    }
}

/// Makes the call if it is wanted.
pub(crate) async fn asked<T>(
    wanted: bool,
    call: impl Future<Output = Result<T, CallError>>,
) -> Option<Result<T, CallError>> {
    if wanted { Some(call.await) } else { None }
}

fn sdk_tags(
    operation: &'static str,
    tags: &BTreeMap<String, String>,
) -> Result<Option<Vec<Tag>>, CallError> {
    let tags = tags
        .iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| CallError::new(operation, "NotSent", &e.to_string(), false))?;
    Ok((!tags.is_empty()).then_some(tags))
}

fn unusable(operation: &'static str, why: &str) -> CallError {
    CallError::new(operation, "UnusableAnswer", why, true)
}

fn moment(time: &DateTime) -> Option<Moment> {
    Moment::from_epoch_millis(time.to_millis().ok()?)
}
