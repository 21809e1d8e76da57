//! The parts of the responder itself that are under guard, by its own function or by
//! another one: the list of them, and all calls to the services that they belong to. What
//! is asked of each kind stands in its file: [`crate::rule`], [`crate::schedule`],
//! [`crate::function`].

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    arn::TrailArn,
    aws::{Aws, Service},
    baseline::BaselineRefused,
    budget::Budget,
    config::Parameter,
    failure::CallError,
    json_api::{Json, JsonApi},
    rest_api::RestApi,
    text::excerpt,
    thing::{Kind, Mend, Profile, Thing},
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

/// The list that `parameter` holds, as a thing of its own, of the function's partition,
/// region and account.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn list(
    parameter: &str,
    (partition, region, account): (&str, &str, &str),
) -> Result<Thing, String> {
    let named = Parameter::parse(parameter);
    let parameter =
        named.ok_or_else(|| format!("\"{}\" does not end in a hash", excerpt(parameter)))?;
    let name = &parameter.name;
    let slash = if name.starts_with('/') { "" } else { "/" };
    let arn = format!("arn:{partition}:ssm:{region}:{account}:parameter{slash}{name}");
    thing(Kind::Guard, &arn, parameter, None)
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
    if let Some(list) = list.filter(|list| list.account != account || list.region != region) {
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
        list: list.map(|list| list.parameter.name.clone()),
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
        let kind = Kind::of(&part.arn).filter(|kind| kind.is_part());
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
    /// The error code of its service for what does not exist.
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
}

/// One call of a part's service.
pub(crate) struct Request {
    /// Method, and path with query, if REST.
    pub(crate) to: (&'static str, String),
    /// The body; none if `null`.
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
    /// With what AWS JSON takes.
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
}

impl Client {
    /// Builds the client; `None` if there is nothing to ask of such a part.
    pub(crate) fn new(aws: &Aws, part: &Thing) -> Option<Self> {
        let handling = match part.kind {
            Kind::Rule => &crate::rule::HANDLING,
            Kind::Schedule => &crate::schedule::HANDLING,
            Kind::Function => &crate::function::HANDLING,
            Kind::LogBucket | Kind::LogKey | Kind::Guard => return None,
        };
        let line = match handling.service {
            (service, Speech::Json(json)) => {
                Line::Json(JsonApi::new(aws, service, &part.region, json))
            }
            (service, Speech::Rest) => Line::Rest(RestApi::new(aws, service, &part.region)),
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
                Err(error) if error.has_code(self.handling.missing) => seen.is_missing = true,
                Err(error) => seen.unread.push(error),
                Ok(answer) => {
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
        seen
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
        };
        Ok(answer.into())
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
