//! Who did what a sweep found: the likely call among the records of the event
//! history. Pure.

use crate::{
    actor::Actor,
    arn::TrailArn,
    asked::{Asked, asked_for},
    decide::names,
    event::{Event, Record},
    incident::stop_confirmed,
    reconcile::Reconciliation,
    thing::{Reference, Thing},
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
                Some(_) => asked_for_it(record, done),
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

/// The same of a thing under guard.
pub(crate) fn suspects_of_thing(
    records: &[String],
    thing: &Thing,
    done: &Reconciliation,
    own_roles: &[String],
) -> Vec<Event> {
    let (_, source) = thing.kind.source();
    let fits = |event: &Event| {
        let record = &event.record;
        let actor = Actor::of(record);
        asked_for_it(record, done)
            && record.event_source.as_deref() == Some(source)
            && record.error_code.is_none()
            && thing.reference(record) == Reference::This
            && !own_roles.iter().any(|role| actor.is(role))
    };
    let events = records.iter().filter_map(|r| Event::of_record(r).ok());
    events.filter(fits).collect()
}

/// Whether a call asked for one of the fields that differ, as far as its record tells.
fn asked_for_it(record: &Record, done: &Reconciliation) -> bool {
    match asked_for(record, &done.baseline) {
        Asked::Unknown => true,
        Asked::Unguarded => false,
        Asked::Fields(asked) => done.found.iter().any(|drift| asked.contains(&drift.field)),
    }
}
