//! What an event asks for. Pure: no clock, no network, no AWS types.

use crate::{
    arn::{TrailArn, is_trail_name},
    event::{Event, Record, text},
    kind::Kind,
    reconcile::Cause,
    thing::{Reference, Thing},
    trail::{Part, part_changed_by},
};

/// `source` of the envelope and `eventSource` of the record.
const CLOUDTRAIL: (Option<&str>, Option<&str>) =
    (Some("aws.cloudtrail"), Some("cloudtrail.amazonaws.com"));
const ORGANIZATIONS: (Option<&str>, Option<&str>) = (
    Some("aws.organizations"),
    Some("organizations.amazonaws.com"),
);

const DEREGISTERED: &str = "DeregisterOrganizationDelegatedAdmin";
/// Calls of CloudTrail's that weaken a trail in ways no baseline holds.
const REPORTED: [&str; 2] = [DEREGISTERED, "PutEventConfiguration"];

/// What to do about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: the event is not about a protected trail, or not to be believed.
    Ignore(Reason),
    /// Somebody tried and the call failed: report only. `None` when the record
    /// does not say which trail.
    Report(Option<TrailArn>),
    /// It happened, and only somebody else can undo it: report only. `None`
    /// when it is about no single trail.
    Notify(Option<TrailArn>),
    /// These trails may not be as declared any more. More than one when the
    /// record does not say which.
    Reconcile(Vec<TrailArn>, Cause),
    /// Somebody tried to weaken this thing and the call failed: report only.
    Attempted(Thing),
    /// These things may not be as declared any more; more than one when the record
    /// does not say which.
    Examine(Vec<Thing>, Cause),
}

/// Why an event is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Envelope or record does not come from CloudTrail.
    NotFromCloudTrail,
    /// Envelope and record name different accounts or regions.
    Contradictory,
    /// No protected trail lives in the event's account.
    ForeignAccount,
    /// No protected trail lives in the event's region.
    ForeignRegion,
    /// Not an API call, for example a VPC endpoint event.
    NotAnApiCall,
    /// A call this function does not answer.
    OtherCall,
    /// An organisation's setting for another service.
    OtherService,
    /// The trail is not protected.
    TrailNotProtected,
    /// The bucket, the key or the part is not under guard.
    ThingNotGuarded,
}

impl Reason {
    /// Whether the rule's pattern keeps such events out, so that somebody must
    /// have invoked the function with it.
    #[must_use]
    pub fn is_suspicious(self) -> bool {
        matches!(
            self,
            Self::NotFromCloudTrail
                | Self::Contradictory
                | Self::ForeignAccount
                | Self::ForeignRegion
                | Self::OtherCall
        )
    }

    /// Stable name for logs and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFromCloudTrail => "not_from_cloudtrail",
            Self::Contradictory => "envelope_and_record_contradict",
            Self::ForeignAccount => "foreign_account",
            Self::ForeignRegion => "foreign_region",
            Self::NotAnApiCall => "not_an_api_call",
            Self::OtherCall => "other_call",
            Self::OtherService => "other_service",
            Self::TrailNotProtected => "trail_not_protected",
            Self::ThingNotGuarded => "thing_not_guarded",
        }
    }
}

/// Whether `event` comes from a service that a part of the responder belongs to. What else
/// belongs to that service may be changed by calls that no part knows.
#[must_use]
pub fn is_of_part(event: &Event) -> bool {
    let source = event.source.as_deref();
    let name = event.record.event_name.as_deref().unwrap_or_default();
    let kinds = Kind::ALL.into_iter();
    let of_source: Vec<Kind> = kinds
        .filter(|kind| source == Some(kind.source().0))
        .collect();
    let is_shared = of_source.iter().any(|kind| !kind.is_part());
    let mut parts = of_source.iter().filter(|kind| kind.is_part());
    parts.any(|kind| !is_shared || kind.change(name).is_some())
}

impl Decision {
    /// What is to be done if `first` was decided of some things, and `second` of others.
    #[must_use]
    pub fn of_both(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(Self::Examine(mut things, cause)), Some(Self::Examine(more, _))) => {
                things.extend(more);
                Some(Self::Examine(things, cause))
            }
            (Some(first), None | Some(Self::Ignore(_))) => Some(first),
            (_, second) => second,
        }
    }
}

/// Decides about `event` if it comes from the service of one of `things`.
///
/// Buckets and keys are changed in their own account and region. A record that does not
/// say which was changed may be about any.
#[must_use]
pub fn decide_of_things(event: &Event, things: &[Thing]) -> Option<Decision> {
    let record = &event.record;
    let source = (event.source.as_deref(), record.event_source.as_deref());
    let is_its = |kind: &Kind| {
        let (envelope, recorded) = kind.source();
        source == (Some(envelope), Some(recorded))
    };
    if let [list] = things
        && list.kind == Kind::Guard
    {
        // It cannot be used, and so nobody knows what the event is about.
        let list = vec![list.clone()];
        return Some(Decision::Examine(list, Cause::Change(Part::Existence)));
    }
    let mut guarded = things.iter().filter(|thing| is_its(&thing.kind)).peekable();
    let kind = guarded.peek()?.kind;
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    let (account, region) = (told(&event.account), told(&event.region));
    let is_here = |thing: &&Thing| thing.account == account && thing.region == region;
    let name = record.event_name.as_deref().unwrap_or_default();
    let change = kind.change(name);
    let ignored = |reason| Some(Decision::Ignore(reason));
    if event.detail_type.as_deref() != Some("AWS API Call via CloudTrail") {
        return ignored(Reason::NotFromCloudTrail);
    }
    if contradicts(record, &account, &region) {
        return ignored(Reason::Contradictory);
    }
    if !things.iter().any(|thing| thing.account == account) {
        return ignored(Reason::ForeignAccount);
    }
    if !things.iter().any(|thing| is_here(&thing)) {
        return ignored(Reason::ForeignRegion);
    }
    if is_no_api_call(record) {
        return ignored(Reason::NotAnApiCall);
    }
    let Some(change) = change else {
        return ignored(Reason::OtherCall);
    };
    let is_denied = record.error_code.is_some();
    let may_be_meant = |thing: &&Thing| match thing.reference(record) {
        Reference::This => true,
        Reference::Unknown => !is_denied,
        Reference::Another => false,
    };
    let meant: Vec<Thing> = guarded
        .filter(is_here)
        .filter(may_be_meant)
        .cloned()
        .collect();
    Some(match meant.first() {
        None => Decision::Ignore(Reason::ThingNotGuarded),
        Some(thing) if is_denied => Decision::Attempted(thing.clone()),
        Some(_) => Decision::Examine(meant, Cause::Change(change.part)),
    })
}

/// Whether envelope and record name different accounts or regions.
fn contradicts(record: &Record, account: &str, region: &str) -> bool {
    let differs = |recorded: &Option<String>, told: &str| {
        recorded.as_deref().is_some_and(|recorded| recorded != told)
    };
    differs(&record.recipient_account_id, account) || differs(&record.aws_region, region)
}

/// Whether it is an event of another type than that of a call.
fn is_no_api_call(record: &Record) -> bool {
    let kind = record.event_type.as_deref();
    kind.is_some_and(|kind| kind != "AwsApiCall")
}

/// Decides about `event`, given the protected trails and the function's account.
///
/// A trail is changed in its own account and home region. The exception is the
/// organisation's: its management account owns it, and a delegated administrator
/// changes it from another account, which is then the function's own.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html>.
///
/// The event is a hint and may be forged by whoever may invoke the function, so
/// what the rule's pattern checks is checked here again. A hint that is taken
/// wrongly costs one harmless call; the trail's own state is read afterwards.
#[must_use]
pub fn decide(event: &Event, protected: &[TrailArn], own_account: &str) -> Decision {
    let record = &event.record;
    let source = (event.source.as_deref(), record.event_source.as_deref());
    if event.detail_type.as_deref() != Some("AWS API Call via CloudTrail")
        || (source != CLOUDTRAIL && source != ORGANIZATIONS)
    {
        return Decision::Ignore(Reason::NotFromCloudTrail);
    }
    let account = event.account.as_deref().unwrap_or_default();
    let region = event.region.as_deref().unwrap_or_default();
    if contradicts(record, account, region) {
        return Decision::Ignore(Reason::Contradictory);
    }
    let is_owner = |trail: &TrailArn| trail.account() == account || account == own_account;
    if !protected.iter().any(is_owner) {
        return Decision::Ignore(Reason::ForeignAccount);
    }
    let at_home = |trail: &&TrailArn| is_owner(trail) && trail.region() == region;
    // What concerns the organisation arrives in one region, wherever its trails are.
    if source != ORGANIZATIONS && !protected.iter().any(|trail| at_home(&trail)) {
        return Decision::Ignore(Reason::ForeignRegion);
    }
    if is_no_api_call(record) {
        return Decision::Ignore(Reason::NotAnApiCall);
    }
    let name = record.event_name.as_deref().unwrap_or_default();
    let cause = match part_changed_by(name) {
        _ if source == ORGANIZATIONS => return of_organization(record, name),
        Some(Part::Logging) => Some(Cause::Stop),
        Some(part) => Some(Cause::Change(part)),
        None if REPORTED.contains(&name) => None,
        None => return Decision::Ignore(Reason::OtherCall),
    };
    if record.error_code.is_some() {
        return match attempted(record, protected, region, account) {
            Attempted::Unknown => Decision::Report(None),
            Attempted::Protected(trail) => Decision::Report(Some(trail.clone())),
            Attempted::Other => Decision::Ignore(Reason::TrailNotProtected),
        };
    }
    let all = || protected.iter().filter(at_home).cloned().collect();
    let meant = match named_trail(record) {
        // Oversized requests lose their parameters, and what cannot be a trail's
        // name may be one to CloudTrail: suspect every trail that it could be.
        None if is_of_other_resource(record) => Vec::new(),
        None => all(),
        Some(reference) => {
            let meant = meant_by(reference, protected, region, account);
            let is_readable = is_trail_name(reference) || reference.parse::<TrailArn>().is_ok();
            if !meant.is_empty() || is_readable || is_of_other_resource(record) {
                meant.into_iter().cloned().collect()
            } else {
                all()
            }
        }
    };
    match cause {
        None if named_trail(record).is_none() && name == DEREGISTERED => Decision::Notify(None),
        _ if meant.is_empty() => Decision::Ignore(Reason::TrailNotProtected),
        None => Decision::Notify(<[TrailArn; 1]>::try_from(meant).ok().map(|[trail]| trail)),
        Some(cause) => Decision::Reconcile(meant, cause),
    }
}

/// The organisation's settings that end the recording of its accounts.
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudtrail.html>.
fn of_organization(record: &Record, name: &str) -> Decision {
    if !matches!(
        name,
        "DisableAWSServiceAccess"
            | "DeregisterDelegatedAdministrator"
            | "LeaveOrganization"
            | "RemoveAccountFromOrganization"
            | "CloseAccount"
    ) {
        return Decision::Ignore(Reason::OtherCall);
    }
    let service = record
        .request_parameters
        .as_ref()
        .and_then(|parameters| text(parameters, "servicePrincipal"));
    if service.is_some_and(|service| !service.eq_ignore_ascii_case("cloudtrail.amazonaws.com")) {
        Decision::Ignore(Reason::OtherService)
    } else if record.error_code.is_some() {
        Decision::Report(None)
    } else {
        Decision::Notify(None)
    }
}

/// Whether the call is about something of CloudTrail's that is no trail.
fn is_of_other_resource(record: &Record) -> bool {
    let Some(parameters) = &record.request_parameters else {
        return false;
    };
    let resource = text(parameters, "resourceId").and_then(|arn| arn.splitn(6, ':').nth(5));
    text(parameters, "eventDataStore").is_some()
        || resource.is_some_and(|resource| !resource.starts_with("trail/"))
}

/// The protected trails that `reference` means: the one that is named letter by
/// letter, else all that differ in case only.
fn meant_by<'a>(
    reference: &str,
    protected: &'a [TrailArn],
    region: &str,
    account: &str,
) -> Vec<&'a TrailArn> {
    let mut meant: Vec<&TrailArn> = protected
        .iter()
        .filter(|trail| trail.is_meant_by(reference, region, account))
        .collect();
    if meant.iter().any(|trail| trail.is_exactly(reference)) {
        meant.retain(|trail| trail.is_exactly(reference));
    }
    meant
}

/// Whether `record` names `trail`.
#[must_use]
pub fn names(record: &Record, trail: &TrailArn) -> bool {
    let region = record.aws_region.as_deref().unwrap_or(trail.region());
    let account = record
        .recipient_account_id
        .as_deref()
        .unwrap_or(trail.account());
    named_trail(record).is_some_and(|name| trail.is_meant_by(name, region, account))
}

/// Which trail a failed call was about.
enum Attempted<'a> {
    Protected(&'a TrailArn),
    Other,
    Unknown,
}

/// Denied calls are recorded without parameters; the trail's ARN is then in the
/// text of `errorMessage` only, beside the caller's ARN, which may hold anything:
/// one protected trail among the ARNs found is enough.
fn attempted<'a>(
    record: &Record,
    protected: &'a [TrailArn],
    region: &str,
    account: &str,
) -> Attempted<'a> {
    let in_message = record
        .error_message
        .as_deref()
        .unwrap_or_default()
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')'))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.parse::<TrailArn>().is_ok());
    let mut references = named_trail(record).into_iter().chain(in_message).peekable();
    if references.peek().is_none() {
        return Attempted::Unknown;
    }
    references
        .find_map(|reference| {
            meant_by(reference, protected, region, account)
                .first()
                .copied()
        })
        .map_or(Attempted::Other, Attempted::Protected)
}

/// The trail as the caller named it.
#[must_use]
pub fn named_trail(record: &Record) -> Option<&str> {
    let parameter = match record.event_name.as_deref()? {
        "PutEventSelectors" | "PutInsightSelectors" | "PutEventConfiguration" => "trailName",
        "AddTags" | "RemoveTags" => "resourceId",
        _ => "name",
    };
    text(record.request_parameters.as_ref()?, parameter)
}
