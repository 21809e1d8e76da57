//! The kinds of things that are under guard beside the trails: the log bucket and the key
//! of one, and the parts of the responder itself. Each kind is a file that says which calls
//! concern it, how it is observed, how it differs from what is declared, and which calls
//! heal it: [`crate::bucket`], [`crate::key`]; [`crate::rule`], [`crate::schedule`],
//! [`crate::function`] and what else [`crate::guard`] names. Here is what each answers. Pure.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    alarm, bucket,
    declaration::{Declared, Mend},
    function, guard, key, log_group, queue, role, rule, schedule, table, topic,
    trail::{Drift, Part},
};

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The bucket of the logs.
    LogBucket,
    /// The KMS key that encrypts the logs.
    LogKey,
    /// A rule that wakes the responder, with its target.
    Rule,
    /// A schedule that runs its sweeps.
    Schedule,
    /// The function itself, or the one that guards it.
    Function,
    /// A role of the responder, or of the one that guards it.
    Role,
    /// The topic of the notices.
    Topic,
    /// The KMS key that encrypts them.
    TopicKey,
    /// The alarms.
    Alarms,
    /// The queue of what was given up.
    Queue,
    /// The log of the function.
    LogGroup,
    /// The table of told incidents.
    Table,
    /// The list of the parts of the responder.
    Guard,
}

/// What a kind answers, each in its file.
pub(crate) struct Profile {
    /// How it is called in a sentence.
    pub(crate) what: &'static str,
    /// The same with a capital letter.
    pub(crate) title: &'static str,
    /// `source` of an event about it, and `eventSource` of the record.
    pub(crate) source: (&'static str, &'static str),
    /// The type of its findings in Security Hub.
    /// Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/asff-resources.html>.
    pub(crate) resource: &'static str,
    /// What separates its name from what comes before in its ARN.
    pub(crate) separator: char,
    /// The parameters of calls that name it.
    pub(crate) parameters: &'static [&'static str],
    /// The parameter that names what its name is unique in, if its ARN tells that.
    pub(crate) scope: Option<&'static str>,
    /// Its fields.
    pub(crate) fields: &'static [&'static str],
    /// The fields that are objects and compared key by key, and whether keys that are not
    /// declared are none of its business.
    pub(crate) by_key: &'static [(&'static str, bool)],
    /// The calls that can weaken it, by their names in records.
    pub(crate) changes: &'static [Change],
    /// Those of them that the function makes too, to heal.
    pub(crate) own_calls: &'static [&'static str],
    /// A field as it is compared.
    pub(crate) normal: fn(&str, &Value) -> Value,
    /// What a call wanted fields to be, given what is declared and the ARN; `None` if the
    /// record does not tell.
    pub(crate) wanted: fn(&Change, &Map<String, Value>, &Declared, &str) -> Option<Wanted>,
    /// The calls that heal a field that differs, in order.
    pub(crate) mends: fn(&Drift, &Declared) -> Vec<Mend>,
}

/// Fields by what a call wanted them to be.
pub(crate) type Wanted = Vec<(&'static str, Value)>;

/// A call that can weaken a thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Its name in a record.
    pub(crate) name: &'static str,
    /// The part that it changes.
    pub(crate) part: Part,
    /// What who made it did, before the thing.
    pub(crate) did: &'static str,
    /// What who was denied it tried to do.
    pub(crate) to_do: &'static str,
}

impl Change {
    /// `did` and `to_do` are words before the thing.
    pub(crate) const fn new(
        name: &'static str,
        part: Part,
        [did, to_do]: [&'static str; 2],
    ) -> Self {
        Self {
            name,
            part,
            did,
            to_do,
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::LogBucket,
        Self::LogKey,
        Self::Rule,
        Self::Schedule,
        Self::Function,
        Self::Role,
        Self::Topic,
        Self::TopicKey,
        Self::Alarms,
        Self::Queue,
        Self::LogGroup,
        Self::Table,
        Self::Guard,
    ];

    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::LogBucket => &bucket::PROFILE,
            Self::LogKey => &key::OF_LOGS,
            Self::Rule => &rule::PROFILE,
            Self::Schedule => &schedule::PROFILE,
            Self::Function => &function::PROFILE,
            Self::Role => &role::PROFILE,
            Self::Topic => &topic::PROFILE,
            Self::TopicKey => &key::OF_TOPIC,
            Self::Alarms => &alarm::PROFILE,
            Self::Queue => &queue::PROFILE,
            Self::LogGroup => &log_group::PROFILE,
            Self::Table => &table::PROFILE,
            Self::Guard => &guard::PROFILE,
        }
    }

    /// Whether it is a part of the responder.
    #[must_use]
    pub fn is_part(self) -> bool {
        !matches!(self, Self::LogBucket | Self::LogKey)
    }

    /// How it is called in a sentence.
    #[must_use]
    pub fn what(self) -> &'static str {
        self.profile().what
    }

    /// The same with a capital letter.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.profile().title
    }

    /// `source` of an event about it, and `eventSource` of the record.
    #[must_use]
    pub fn source(self) -> (&'static str, &'static str) {
        self.profile().source
    }

    /// The type of its findings in Security Hub.
    pub(crate) fn resource(self) -> &'static str {
        self.profile().resource
    }

    /// The kind that an ARN is of; a key is that of the logs.
    #[must_use]
    pub fn of(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "s3", "", "", bucket] => is_bucket(bucket).then_some(Self::LogBucket),
            ["arn", _, "kms", region, _, resource] => {
                let is_key = resource
                    .strip_prefix("key/")
                    .is_some_and(|id| !id.is_empty());
                (is_key && !region.is_empty()).then_some(Self::LogKey)
            }
            ["arn", _, "events", _, _, rule] if rule.starts_with("rule/") => Some(Self::Rule),
            ["arn", _, "scheduler", _, _, schedule] if schedule.starts_with("schedule/") => {
                Some(Self::Schedule)
            }
            ["arn", _, "lambda", _, _, function] if function.starts_with("function:") => {
                Some(Self::Function)
            }
            ["arn", _, "iam", "", _, role] if role.starts_with("role/") => Some(Self::Role),
            ["arn", _, "sns", _, _, topic] if !topic.contains(':') => Some(Self::Topic),
            ["arn", _, "cloudwatch", _, _, alarms] if alarms.starts_with("alarm:") => {
                Some(Self::Alarms)
            }
            ["arn", _, "sqs", _, _, _] => Some(Self::Queue),
            ["arn", _, "logs", _, _, group] if group.starts_with("log-group:") => {
                Some(Self::LogGroup)
            }
            ["arn", _, "dynamodb", _, _, table] if table.starts_with("table/") => Some(Self::Table),
            _ => None,
        }
    }

    /// The call of this name, if it can weaken such a thing.
    pub(crate) fn change(self, event_name: &str) -> Option<&'static Change> {
        let name = undated(event_name);
        let mut changes = self.profile().changes.iter();
        changes.find(|change| undated(change.name) == name)
    }

    /// Whether the function makes this call of [`Self::change`] to heal.
    pub(crate) fn is_own_call(self, event_name: &str) -> bool {
        let mut own = self.profile().own_calls.iter();
        own.any(|own| *own == undated(event_name))
    }
}

/// The name of a call without the date of its version, which Lambda's have.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html>.
fn undated(name: &str) -> &str {
    let digits =
        |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let base = match name.rsplit_once('v') {
        Some((base, version)) if !version.is_empty() && digits(version) == version.len() => base,
        _ => name,
    };
    match digits(base) {
        8 => base.get(..base.len() - 8).unwrap_or(base),
        _ => name,
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
fn is_bucket(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    (3..=63).contains(&name.len()) && name.bytes().all(is_plain)
}
