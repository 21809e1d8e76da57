//! What an invocation asks for: an event of EventBridge, or a request of our own.

use serde::Deserialize;

use crate::{arn::TrailArn, text::excerpt};

/// A request that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Look at every protected trail: `{"trailkeeper": "sweep"}`, by schedule.
    Sweep,
    /// Say what this trail is now, as a baseline:
    /// `{"trailkeeper": "baseline", "trail_arn": "..."}`, by a person.
    Capture(TrailArn),
    /// Neither; why, and what to send.
    Unusable(String),
}

/// Ours are short; events are long, and must not be read twice.
const LONGEST: usize = 1_000;

#[derive(Deserialize)]
struct Payload {
    trailkeeper: String,
    trail_arn: Option<String>,
}

impl Request {
    /// Reads a request; `None` if the payload is none of ours.
    #[must_use]
    pub fn parse(payload: &str) -> Option<Self> {
        if payload.len() > LONGEST || !payload.contains("\"trailkeeper\"") {
            return None;
        }
        let payload: Payload = serde_json::from_str(payload).ok()?;
        Some(match payload.trailkeeper.as_str() {
            "sweep" => Self::Sweep,
            "baseline" => match payload.trail_arn.unwrap_or_default().parse() {
                Ok(trail) => Self::Capture(trail),
                Err(invalid) => Self::Unusable(format!("trail_arn: {invalid}")),
            },
            other => Self::Unusable(format!(
                "trailkeeper is \"{}\": expected \"sweep\" or \"baseline\"",
                excerpt(other)
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn requests_are_told_from_events_and_bad_ones_by_field() {
        assert_eq!(
            Request::parse("{\"trailkeeper\": \"sweep\"}"),
            Some(Request::Sweep)
        );
        assert_eq!(Request::parse("{\"source\": \"aws.cloudtrail\"}"), None);
        assert_eq!(Request::parse("{\"trailkeeper\": 1}"), None);
        let arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";
        let capture = format!("{{\"trailkeeper\": \"baseline\", \"trail_arn\": \"{arn}\"}}");
        assert!(
            matches!(Request::parse(&capture), Some(Request::Capture(trail)) if trail.as_str() == arn)
        );
        for (payload, told) in [
            (
                "{\"trailkeeper\": \"baseline\"}",
                "trail_arn: \"\" is no trail ARN",
            ),
            ("{\"trailkeeper\": \"sweeep\"}", "\"sweeep\""),
        ] {
            let parsed = Request::parse(payload);
            assert!(
                matches!(parsed, Some(Request::Unusable(why)) if why.contains(told)),
                "{told}"
            );
        }
    }
}
