//! How an incident can end, and how urgent that is.

use serde::{Serialize, Serializer};

/// How the incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The trail was not as declared, was healed by us, and was read back.
    Restored,
    /// The trail was stopped, and was started again before this answer: by
    /// somebody else, or by an earlier try of ours whose notice failed.
    AlreadyLogging,
    /// The call weakened the trail, and that was undone before this answer: by
    /// somebody else, or by another run of ours.
    AlreadyRestored,
    /// The trail logs, and its own times do not confirm the stop.
    Unconfirmed,
    /// The call left the trail as declared.
    ConformingChange,
    /// A read shows that the trail is not as declared.
    NotRestored,
    /// No read tells whether the trail is as declared.
    Unverified,
    /// The trail is not as declared, and the mode forbids to heal it.
    WouldRestore,
    /// The trail is not as declared, and that is left alone until break-glass ends.
    LeftAlone,
    /// The call failed.
    AttemptDenied,
    /// The call cannot be undone from here.
    Reported,
    /// Accounts of the organisation cannot be reached, so nobody knows what their
    /// trails are.
    Unreachable,
    /// Accounts of the organisation are suspended or being closed, and are not swept.
    AccountSuspended,
    /// A sweep of the organisation did not get to all accounts.
    SweepIncomplete,
    /// The sum of an actor's incidents that were not all told one by one.
    StormSummary,
}

/// How urgent the incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The trail is not as declared, or not known to be; or the same actor weakened it
    /// again.
    Critical,
    /// It was not, or may become so.
    High,
    /// An attempt, or an event that cannot be confirmed.
    Medium,
    /// A change that was to be expected.
    Info,
}

impl Outcome {
    /// Stable name, as in the JSON document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::AlreadyLogging => "already_logging",
            Self::AlreadyRestored => "already_restored",
            Self::Unconfirmed => "unconfirmed",
            Self::ConformingChange => "conforming_change",
            Self::NotRestored => "not_restored",
            Self::Unverified => "unverified",
            Self::WouldRestore => "would_restore",
            Self::LeftAlone => "left_alone",
            Self::AttemptDenied => "attempt_denied",
            Self::Reported => "reported",
            Self::Unreachable => "unreachable",
            Self::AccountSuspended => "account_suspended",
            Self::SweepIncomplete => "sweep_incomplete",
            Self::StormSummary => "storm_summary",
        }
    }

    /// The severity that goes with it, unless the same actor did it before, or was
    /// expected to; a summary has the highest of what it sums up.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::NotRestored | Self::Unverified | Self::Unreachable | Self::SweepIncomplete => {
                Severity::Critical
            }
            Self::Restored
            | Self::AlreadyLogging
            | Self::AlreadyRestored
            | Self::WouldRestore
            | Self::LeftAlone
            | Self::Reported
            | Self::StormSummary => Severity::High,
            Self::Unconfirmed | Self::AttemptDenied | Self::AccountSuspended => Severity::Medium,
            Self::ConformingChange => Severity::Info,
        }
    }

    /// Whether it is about accounts, not about a trail.
    #[must_use]
    pub fn is_of_accounts(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::AccountSuspended | Self::SweepIncomplete
        )
    }

    /// Whether a trail is left without proof that it is as declared.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::NotRestored | Self::Unverified | Self::Unreachable | Self::SweepIncomplete
        )
    }
}

impl Severity {
    /// Stable name, as in the JSON document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Info => "info",
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
