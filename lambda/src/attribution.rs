//! Who did what a sweep found: the likely call among the records of the event
//! history. Pure.

use crate::{
    actor::Actor,
    arn::TrailArn,
    decide::names,
    event::Event,
    incident::stop_confirmed,
    trail::{LoggingState, Part, part_changed_by},
};

/// The records, given newest first, that can be the call behind a drift of
/// `trail`: accepted, about this trail, and not the function's own. A stop must
/// also fit the trail's own stop time.
#[must_use]
pub fn suspects(
    records: &[String],
    trail: &TrailArn,
    logging: Option<LoggingState>,
    own_role: &str,
) -> Vec<Event> {
    records
        .iter()
        .filter_map(|record| Event::of_record(record).ok())
        .filter(|event| {
            let record = &event.record;
            let part = record.event_name.as_deref().and_then(part_changed_by);
            let fits = match part {
                Some(Part::Logging) => {
                    logging.is_some_and(|state| stop_confirmed(event, &state) == Some(true))
                }
                part => part.is_some(),
            };
            fits && record.error_code.is_none()
                && names(record, trail)
                && !Actor::of(record).is(own_role)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::moment::Moment;

    #[test]
    fn only_accepted_calls_of_others_about_this_trail_are_suspect() {
        let record = |name: &str, trail: &str, who: &str, error: Option<&str>, time: &str| {
            json!({
                "eventName": name, "eventTime": time, "awsRegion": "eu-central-1",
                "recipientAccountId": "111122223333", "errorCode": error,
                "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:{who}")},
                "requestParameters": {"name": trail},
            })
            .to_string()
        };
        let noon = "2026-11-24T12:00:00Z";
        let records = [
            record("UpdateTrail", "audit", "role/own", None, noon),
            record("UpdateTrail", "other", "user/eve", None, noon),
            record(
                "UpdateTrail",
                "audit",
                "user/eve",
                Some("AccessDenied"),
                noon,
            ),
            "no record".to_owned(),
            record(
                "StopLogging",
                "audit",
                "user/early",
                None,
                "2026-11-24T11:00:00Z",
            ),
            record("StopLogging", "audit", "user/mallory", None, noon),
            record("UpdateTrail", "audit", "user/mallory", None, noon),
        ];
        let logging = LoggingState {
            stopped_at: Moment::parse(noon),
            ..LoggingState::default()
        };
        let Ok(trail) = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit".parse() else {
            return;
        };
        let own = "arn:aws:iam::111122223333:role/own";
        let found: Vec<String> = suspects(&records, &trail, Some(logging), own)
            .iter()
            .map(|event| Actor::of(&event.record).quoted())
            .collect();
        let mallory = "\"arn:aws:iam::111122223333:user/mallory\"";
        assert_eq!(found, [mallory, mallory]);
    }
}
