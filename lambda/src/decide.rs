//! What an event asks for. Pure: no clock, no network, no AWS types.

use crate::{
    arn::{TrailArn, is_trail_name},
    event::{Event, Record, text},
};

/// What to do about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: the event is not about a protected trail, or not to be believed.
    Ignore(Reason),
    /// Somebody tried and the call failed: report only. `None` when the record
    /// does not say which trail.
    Report(Option<TrailArn>),
    /// Logging may be off: put these trails back. More than one when the
    /// record does not say which.
    Restore(Vec<TrailArn>),
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
    /// The trail is not protected.
    TrailNotProtected,
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
            Self::TrailNotProtected => "trail_not_protected",
        }
    }
}

/// Decides about `event`, given the protected trails.
///
/// The event is a hint and may be forged by whoever may invoke the function, so
/// what the rule's pattern checks is checked here again. A hint that is taken
/// wrongly costs one harmless call; the trail's own state is read afterwards.
#[must_use]
pub fn decide(event: &Event, protected: &[TrailArn]) -> Decision {
    let record = &event.record;
    if event.source.as_deref() != Some("aws.cloudtrail")
        || event.detail_type.as_deref() != Some("AWS API Call via CloudTrail")
        || record.event_source.as_deref() != Some("cloudtrail.amazonaws.com")
    {
        return Decision::Ignore(Reason::NotFromCloudTrail);
    }
    let account = event.account.as_deref().unwrap_or_default();
    let region = event.region.as_deref().unwrap_or_default();
    let contradicts =
        |recorded: &Option<String>, told: &str| recorded.as_deref().is_some_and(|r| r != told);
    if contradicts(&record.recipient_account_id, account) || contradicts(&record.aws_region, region)
    {
        return Decision::Ignore(Reason::Contradictory);
    }
    if !protected.iter().any(|trail| trail.account() == account) {
        return Decision::Ignore(Reason::ForeignAccount);
    }
    let at_home = |trail: &&TrailArn| trail.account() == account && trail.region() == region;
    if !protected.iter().any(|trail| at_home(&trail)) {
        return Decision::Ignore(Reason::ForeignRegion);
    }
    if record
        .event_type
        .as_deref()
        .is_some_and(|kind| kind != "AwsApiCall")
    {
        return Decision::Ignore(Reason::NotAnApiCall);
    }
    if record.event_name.as_deref() != Some("StopLogging") {
        return Decision::Ignore(Reason::OtherCall);
    }

    if record.error_code.is_some() {
        return match attempted(record, protected, region, account) {
            Attempted::Unknown => Decision::Report(None),
            Attempted::Protected(trail) => Decision::Report(Some(trail.clone())),
            Attempted::Other => Decision::Ignore(Reason::TrailNotProtected),
        };
    }
    // Oversized requests lose their parameters, and what cannot be a trail's
    // name may be one to CloudTrail: suspect every trail that it could be.
    let Some(reference) = named_trail(record) else {
        return Decision::Restore(protected.iter().filter(at_home).cloned().collect());
    };
    let meant = meant_by(reference, protected, region, account);
    if !meant.is_empty() {
        return Decision::Restore(meant.into_iter().cloned().collect());
    }
    if is_trail_name(reference) || reference.parse::<TrailArn>().is_ok() {
        return Decision::Ignore(Reason::TrailNotProtected);
    }
    Decision::Restore(protected.iter().filter(at_home).cloned().collect())
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
    text(record.request_parameters.as_ref()?, "name")
}
