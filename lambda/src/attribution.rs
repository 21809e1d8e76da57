//! Who did what a sweep found: the likely call among the records of the event
//! history. Pure.

use crate::{
    actor::Actor,
    arn::TrailArn,
    asked::{Asked, asked_for},
    decide::names,
    event::Event,
    incident::stop_confirmed,
    reconcile::Reconciliation,
    trail::{Part, part_changed_by},
};

/// The records, given newest first, that can be the call behind what was found of
/// `trail`: accepted, about this trail, not the function's own or a peer's, and asking for one
/// of the fields that differ, as far as the record tells. A stop must fit the
/// trail's own stop time.
#[must_use]
pub fn suspects(
    records: &[String],
    trail: &TrailArn,
    done: &Reconciliation,
    own_roles: &[String],
) -> Vec<Event> {
    records
        .iter()
        .filter_map(|record| Event::of_record(record).ok())
        .filter(|event| {
            let record = &event.record;
            let part = record.event_name.as_deref().and_then(part_changed_by);
            let fits = match part {
                Some(Part::Logging) => {
                    let fits = |state| stop_confirmed(event, &state) == Some(true);
                    done.logging.is_some_and(fits)
                }
                Some(_) => match asked_for(record, &done.baseline) {
                    Asked::Unknown => true,
                    Asked::Unguarded => false,
                    Asked::Fields(asked) => {
                        done.found.iter().any(|drift| asked.contains(&drift.field))
                    }
                },
                None => false,
            };
            let source = record.event_source.as_deref();
            fits && source.is_none_or(|source| source == "cloudtrail.amazonaws.com")
                && record.error_code.is_none()
                && names(record, trail)
                // No responder stops a trail: whoever does it with such a role is not one.
                && (part == Some(Part::Logging)
                    || !own_roles.iter().any(|role| Actor::of(record).is(role)))
        })
        .collect()
}
