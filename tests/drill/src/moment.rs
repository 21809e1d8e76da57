//! Points in time as people and CloudTrail write them.

use time::{Date, OffsetDateTime, Time, UtcOffset, format_description::well_known::Rfc3339};

/// Reads an RFC 3339 text.
#[must_use]
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// In UTC with milliseconds, `2026-01-02T03:04:05.678Z`.
#[must_use]
pub fn shown(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(UtcOffset::UTC);
    let (date, time): (Date, Time) = (utc.date(), utc.time());
    let milliseconds = time.millisecond();
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// Milliseconds from `earlier` to `later`; negative the other way round.
#[must_use]
pub fn millis_between(earlier: OffsetDateTime, later: OffsetDateTime) -> i64 {
    i64::try_from((later - earlier).whole_milliseconds()).unwrap_or(i64::MAX)
}

/// Whether it falls on a full second, as times without fractions do.
#[must_use]
pub fn is_whole_second(moment: OffsetDateTime) -> bool {
    moment.millisecond() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let moment = parse("2026-01-02T04:04:05.678+01:00").unwrap();
        assert_eq!(shown(moment), "2026-01-02T03:04:05.678Z");
        let later = parse("2026-01-02T03:04:06Z").unwrap();
        assert_eq!(millis_between(moment, later), 322);
        assert!(is_whole_second(later) && !is_whole_second(moment));
        assert!(parse("yesterday").is_none());
    }
}
