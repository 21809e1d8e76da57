//! The parts of the responder itself that are under guard, by its own function or by
//! another one: the list of them, and all calls to the services that they belong to. What
//! is asked of each kind stands in its file: [`crate::rule`], [`crate::schedule`],
//! [`crate::function`], [`crate::role`], [`crate::topic`], [`crate::key`],
//! [`crate::alarm`], [`crate::queue`], [`crate::log_group`], [`crate::table`].

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    arn::TrailArn,
    aws::{Aws, Service},
    baseline::BaselineRefused,
    budget::Budget,
    config::Parameter,
    declaration::Mend,
    endpoint::iam_region,
    failure::CallError,
    json_api::{Json, JsonApi},
    kind::{Kind, Profile},
    log_group,
    query_api::QueryApi,
    rest_api::RestApi,
    text::excerpt,
    thing::{List as Listed, Thing},
    topic,
    trail::Observation,
};

/// Name of the schema of the list.
pub const SCHEMA: &str = "trailkeeper.guard";
/// The version that this function reads.
pub const VERSION: u32 = 1;

/// The list itself: it is only ever read, and told of if it cannot be.
pub(crate) const PROFILE: Profile = Profile {
    what: "list of the responder's parts",
    title: "List of the responder's parts",
    source: ("aws.ssm", "ssm.amazonaws.com"),
    resource: "Other",
    separator: ':',
    parameters: &["name"],
    scope: None,
    fields: &[],
    by_key: &[],
    changes: &[],
    own_calls: &[],
    normal: |_, value| value.clone(),
    wanted: |_, _, _, _| None,
    mends: |_, _| Vec::new(),
};

/// The list, as Terraform writes it: the environment has no room for it.
#[derive(Deserialize)]
struct List {
    schema: String,
    version: u32,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    arn: String,
    /// Its name ends in the hash of what is declared.
    parameter: String,
}

/// The list that `parameter` holds, as a thing of its own, of the partition, region and
/// account of the function called `reader`.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn list(
    parameter: &str,
    (partition, region, account): (&str, &str, &str),
    reader: &str,
) -> Result<Thing, String> {
    let named = Parameter::parse(parameter);
    let parameter =
        named.ok_or_else(|| format!("\"{}\" does not end in a hash", excerpt(parameter)))?;
    let name = &parameter.name;
    let slash = if name.starts_with('/') { "" } else { "/" };
    let arn = format!("arn:{partition}:ssm:{region}:{account}:parameter{slash}{name}");
    let list = Listed {
        name: name.clone(),
        reader: reader.to_owned(),
    };
    let mut itself = thing(Kind::Guard, &arn, parameter, None)?;
    itself.list = Some(list);
    Ok(itself)
}

fn thing(
    kind: Kind,
    arn: &str,
    parameter: Parameter,
    list: Option<&Thing>,
) -> Result<Thing, String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, _, region, account, _] = parts[..] else {
        return Err(format!("\"{}\" is no ARN", excerpt(arn)));
    };
    // A role is in no region; calls about it are recorded in one.
    let region = match (kind, list) {
        (Kind::Role, Some(list)) if region.is_empty() => iam_region(&list.region),
        _ => region,
    };
    let is_here = |list: &&Thing| kind == Kind::Role || list.region == region;
    if let Some(list) = list.filter(|list| list.account != account || !is_here(list)) {
        let (account, region) = (&list.account, &list.region);
        return Err(format!(
            "\"{}\" is not of {account}, {region}",
            excerpt(arn)
        ));
    }
    // It belongs to all trails: this only says where it is.
    let place = format!("arn:{partition}:cloudtrail:{region}:{account}:trail/responder");
    let place: TrailArn = place.parse().map_err(|error| format!("{error}"))?;
    Ok(Thing {
        kind,
        arn: arn.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
        trail: place,
        alias: None,
        parameter,
        list: list.and_then(|list| list.list.clone()),
    })
}

/// The parts in `document`, which is that of `list`.
///
/// # Errors
/// What is wrong with it.
pub fn parts(document: &str, list: &Thing) -> Result<Vec<Thing>, BaselineRefused> {
    let unusable = |reason: String| BaselineRefused::Unusable(reason);
    let document: List =
        serde_json::from_str(document).map_err(|error| unusable(error.to_string()))?;
    if document.schema != SCHEMA || document.version != VERSION {
        return Err(unusable(format!(
            "schema and version are \"{}\" {}, expected \"{SCHEMA}\" {VERSION}",
            excerpt(&document.schema),
            document.version,
        )));
    }
    let part = |part: Part| {
        let kind = match Kind::of(&part.arn) {
            // The only key that is a part.
            Some(Kind::LogKey) => Some(Kind::TopicKey),
            kind => kind.filter(|kind| kind.is_part()),
        };
        let kind = kind.ok_or_else(|| format!("\"{}\" is no part", excerpt(&part.arn)))?;
        let parameter = Parameter::parse(&part.parameter);
        let parameter = parameter
            .ok_or_else(|| format!("\"{}\" does not end in a hash", excerpt(&part.parameter)))?;
        thing(kind, &part.arn, parameter, Some(list))
    };
    let parts = document.parts.into_iter().map(part);
    parts.collect::<Result<_, _>>().map_err(unusable)
}

/// How a kind is read and healed.
pub(crate) struct Handling {
    /// Its service, and how that is spoken to.
    pub(crate) service: (Service, Speech),
    /// What is read of it.
    pub(crate) reads: &'static [Read],
    /// The error codes of its service for what does not exist, with blanks between them.
    pub(crate) missing: &'static str,
    /// The request of a call that heals.
    pub(crate) heal: fn(&Thing, &Mend) -> Request,
    /// The calls that an error code says were not needed.
    pub(crate) needless: Option<(&'static str, &'static str)>,
}

/// How a service is spoken to.
#[derive(Clone, Copy)]
pub(crate) enum Speech {
    /// In AWS JSON.
    Json(Json),
    /// In REST with JSON.
    Rest,
    /// In AWS query, of this version.
    Query(&'static str),
}

/// One call of a part's service.
pub(crate) struct Request {
    /// Method, and path with query, if REST.
    pub(crate) to: (&'static str, String),
    /// The body; none if `null`. Of AWS query, texts by the names of parameters.
    pub(crate) input: Value,
}

/// One call that reads, and the fields that it shows.
pub(crate) struct Read {
    /// The call, as in an IAM policy.
    pub(crate) call: &'static str,
    pub(crate) request: fn(&Thing) -> Request,
    /// The error code that says that there is none of these fields.
    pub(crate) absent: Option<&'static str>,
    /// The fields, each with how the answer shows it; `None` if that cannot be used.
    pub(crate) fields: &'static [(&'static str, Show)],
}

/// How an answer shows a field.
type Show = fn(&Value) -> Option<Value>;

impl Request {
    /// With what AWS JSON or AWS query takes.
    pub(crate) fn json(input: Value) -> Self {
        Self {
            to: ("POST", String::new()),
            input,
        }
    }

    /// Without a body.
    pub(crate) fn rest(method: &'static str, target: String) -> Self {
        Self {
            to: (method, target),
            input: Value::Null,
        }
    }
}

/// A client for the service of one part.
pub(crate) struct Client {
    handling: &'static Handling,
    line: Line,
}

enum Line {
    Json(JsonApi),
    Rest(RestApi),
    Query(QueryApi),
}

impl Client {
    /// Builds the client; `None` if there is nothing to ask of such a part.
    pub(crate) fn new(aws: &Aws, part: &Thing) -> Option<Self> {
        let handling = match part.kind {
            Kind::Rule => &crate::rule::HANDLING,
            Kind::Schedule => &crate::schedule::HANDLING,
            Kind::Function => &crate::function::HANDLING,
            Kind::Role => &crate::role::HANDLING,
            Kind::Topic => &topic::HANDLING,
            Kind::Alarms => &crate::alarm::HANDLING,
            Kind::Queue => &crate::queue::HANDLING,
            Kind::LogGroup => &log_group::HANDLING,
            Kind::Table => &crate::table::HANDLING,
            Kind::LogBucket | Kind::LogKey | Kind::TopicKey | Kind::Guard => return None,
        };
        let line = match handling.service {
            (service, Speech::Json(json)) => {
                Line::Json(JsonApi::new(aws, service, &part.region, json))
            }
            (service, Speech::Rest) => Line::Rest(RestApi::new(aws, service, &part.region)),
            (service, Speech::Query(version)) => {
                Line::Query(QueryApi::new(aws, service, &part.region, version))
            }
        };
        Some(Self { handling, line })
    }

    /// Reads `fields` of `part`.
    pub(crate) async fn observe(
        &self,
        part: &Thing,
        fields: &[&'static str],
        budget: Budget,
    ) -> Observation {
        let shows = |read: &&Read| read.fields.iter().any(|(field, _)| fields.contains(field));
        let reads = self.handling.reads.iter().filter(shows);
        let reads = reads.map(|read| async move {
            let answer = self.call(read.call, (read.request)(part), budget).await;
            (read, answer)
        });
        let mut seen = Observation::default();
        for (read, answer) in join_all(reads).await {
            match answer {
                Err(error) if read.absent.is_some_and(|code| error.has_code(code)) => {
                    let none = read.fields.iter().map(|(field, _)| (*field, Value::Null));
                    seen.fields.extend(none);
                }
                Err(error) if self.is_missing(&error) => seen.is_missing = true,
                Err(error) => seen.unread.push(error),
                Ok(answer) => {
                    let answer = match part.kind {
                        Kind::LogGroup => log_group::own(part, &answer),
                        _ => Some(answer),
                    };
                    let Some(answer) = answer else {
                        seen.is_missing = true;
                        continue;
                    };
                    for (field, of) in read.fields {
                        match of(&answer) {
                            Some(value) => _ = seen.fields.insert(field, value),
                            None => seen.unread.push(CallError::new(
                                read.call,
                                "UnusableAnswer",
                                &format!("it does not show its {field} yet"),
                                true,
                            )),
                        }
                    }
                }
            }
        }
        if fields.contains(&topic::FILTERS) {
            self.read_filters(&mut seen, budget).await;
        }
        seen
    }

    fn is_missing(&self, error: &CallError) -> bool {
        let mut codes = self.handling.missing.split(' ');
        codes.any(|code| error.has_code(code))
    }

    /// Reads the attributes of the subscriptions that were `seen`.
    async fn read_filters(&self, seen: &mut Observation, budget: Budget) {
        let found = seen.fields.get(topic::SUBSCRIPTIONS).cloned();
        let Some(Value::Object(found)) = found else {
            return;
        };
        let reads = found.into_iter().filter_map(|(who, arn)| {
            let request = topic::attributes_of(&arn)?;
            Some(async move { (who, self.call(topic::GET_ATTRIBUTES, request, budget).await) })
        });
        let mut filters = Map::new();
        for (who, answer) in join_all(reads).await {
            match answer {
                // It went in the meantime.
                Err(error) if self.is_missing(&error) => {}
                Err(error) => return seen.unread.push(error),
                Ok(answer) => _ = filters.insert(who, topic::filters(&answer).unwrap_or_default()),
            }
        }
        seen.fields.insert(topic::FILTERS, filters.into());
    }

    /// Makes the call that heals.
    pub(crate) async fn heal(
        &self,
        part: &Thing,
        mend: &Mend,
        budget: Budget,
    ) -> Result<(), CallError> {
        let request = (self.handling.heal)(part, mend);
        match self.call(mend.call, request, budget).await {
            Err(error)
                if self
                    .handling
                    .needless
                    .is_some_and(|(call, code)| call == mend.call && error.has_code(code)) =>
            {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    async fn call(
        &self,
        call: &'static str,
        request: Request,
        budget: Budget,
    ) -> Result<Value, CallError> {
        let Request {
            to: (method, target),
            input,
        } = request;
        let answer = match &self.line {
            Line::Json(api) => api.call(call, &input, budget).await?,
            Line::Rest(api) => api.call(call, (method, &target), &input, budget).await?,
            Line::Query(api) => {
                let given = input.as_object().into_iter().flatten();
                let given =
                    given.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
                let given: Vec<_> = given.collect();
                let answer = api.call(call, &given, budget).await?;
                let unusable = || CallError::new(call, "UnusableAnswer", "it is no XML", true);
                return answer.content().ok_or_else(unusable);
            }
        };
        Ok(answer.into())
    }
}

/// One or many, or none: XML does not tell a list of one.
pub(crate) fn members(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The value of `name`, or `null`.
pub(crate) fn or_null(answer: &Value, name: &str) -> Value {
    answer.get(name).cloned().unwrap_or_default()
}

/// Sets a field of what should be an object.
pub(crate) fn set(value: &mut Value, name: &str, field: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(name.to_owned(), field);
    }
}

/// `value` with the names of its fields as the service has them: a record has them with
/// small letters first.
pub(crate) fn capitalised(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                let name: String = first.into_iter().chain(letters).collect();
                (name, capitalised(value))
            });
            Value::Object(fields.collect())
        }
        Value::Array(all) => all.iter().map(capitalised).collect(),
        other => other.clone(),
    }
}
