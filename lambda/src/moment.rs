//! Points in time as CloudTrail writes and people read them: RFC 3339 in UTC.

use std::time::SystemTime;

use serde::{Serialize, Serializer};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time; shown in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(OffsetDateTime);

impl Moment {
    /// The present.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemTime::now().into())
    }

    /// Reads an RFC 3339 text; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(Self(parsed.checked_to_offset(UtcOffset::UTC)?))
    }

    /// The moment `milliseconds` after 1970; `None` outside the years 0 to 9999.
    #[must_use]
    pub fn from_epoch_millis(milliseconds: i64) -> Option<Self> {
        let since = Duration::milliseconds(milliseconds);
        OffsetDateTime::UNIX_EPOCH.checked_add(since).map(Self)
    }

    /// Milliseconds from `earlier` to here; negative if it is later.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i64 {
        i64::try_from((self.0 - earlier.0).whole_milliseconds()).unwrap_or(i64::MAX)
    }

    /// The moment `milliseconds` before this one; this one itself outside the years 0
    /// to 9999.
    #[must_use]
    pub fn before(self, milliseconds: i64) -> Self {
        let earlier = self.epoch_millis().saturating_sub(milliseconds);
        Self::from_epoch_millis(earlier).unwrap_or(self)
    }

    /// The full second that it falls into.
    #[must_use]
    pub fn cut_to_second(self) -> Self {
        self.before(self.epoch_millis().rem_euclid(1_000))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn epoch_millis(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// As a text without the fraction where there is none, so as not to claim to know
    /// it.
    #[must_use]
    pub fn to_seconds(self) -> String {
        self.to_string().replace(".000Z", "Z")
    }

    /// Whether it falls on a full second, as times without fractions do.
    #[must_use]
    pub fn is_whole_second(self) -> bool {
        self.0.millisecond() == 0
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let t = self.0;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_utc_with_milliseconds() {
        let shown = Moment::parse("2026-11-24T06:07:08+01:00").map(|m| m.to_string());
        assert_eq!(shown.as_deref(), Some("2026-11-24T05:07:08.000Z"));
    }

    #[test]
    fn nonsense_and_extremes_are_no_moment() {
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "9999-99-99T99:99:99Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
        assert_eq!(Moment::from_epoch_millis(i64::MAX), None);
        let edge = Moment::parse("0000-01-01T00:00:00+23:59");
        assert!(edge.is_none_or(|m| m.to_string().ends_with('Z')));
    }
}
