//! Every recorded event in `tests/events`: what is decided, and who is named.

use serde_json::json;
use trailkeeper::{
    actor::Actor,
    arn::TrailArn,
    decide::{Decision, decide, decide_of_things},
    event::Event,
    reconcile::Cause,
    thing::Thing,
};

use crate::events::{named, protected, recorded, things};

#[test]
fn each_event_is_decided_as_written_beside_it() {
    let mut wrong = Vec::new();
    for recorded in recorded() {
        let event = Event::parse(&recorded.event.to_string()).unwrap();
        let of_things = decide_of_things(&event, &things());
        let decision = of_things.unwrap_or_else(|| decide(&event, &protected(), "111122223333"));
        let named = |things: &[Thing]| -> Vec<String> {
            things.iter().map(|thing| thing.arn.clone()).collect()
        };
        let decided = match decision {
            Decision::Ignore(reason) => json!({"decision": reason.as_str()}),
            Decision::Report(trail) => json!({
                "decision": "report",
                "trails": trail.iter().map(TrailArn::as_str).collect::<Vec<_>>(),
            }),
            Decision::Notify(trail) => json!({
                "decision": "notify",
                "trails": trail.iter().map(TrailArn::as_str).collect::<Vec<_>>(),
            }),
            Decision::Reconcile(trails, cause) => json!({
                "decision": if cause == Cause::Stop { "restore" } else { "reconcile" },
                "trails": trails.iter().map(TrailArn::as_str).collect::<Vec<_>>(),
            }),
            Decision::Attempted(thing) => {
                json!({"decision": "attempted", "things": named(&[thing])})
            }
            Decision::Examine(things, _) => {
                json!({"decision": "examine", "things": named(&things)})
            }
        };
        let mut expected = recorded.expect;
        expected.as_object_mut().unwrap().remove("actor");
        if decided != expected {
            wrong.push(format!(
                "{}: decided {decided}, expected {expected}",
                recorded.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_actor_is_named_as_well_as_the_record_allows() {
    let mut checked = 0;
    for recorded in recorded() {
        let Some(expected) = recorded.expect.get("actor") else {
            continue;
        };
        let event = Event::parse(&recorded.event.to_string()).unwrap();
        let actor = Actor::of(&event.record);
        let kind = actor.kind.as_ref().map(trailkeeper::text::Clean::as_str);
        assert_eq!(
            json!({"kind": kind, "best": actor.best().map(trailkeeper::text::Clean::as_str)}),
            *expected,
            "{}",
            recorded.name
        );
        checked += 1;
    }
    assert!(checked > 25, "only {checked} identities");
}

#[test]
fn mfa_is_read_from_words_and_booleans() {
    let mfa = |name: &str| Actor::of(&Event::parse(&named(name).to_string()).unwrap().record).mfa;
    assert_eq!(mfa("identity-root-with-session"), Some(true));
    assert_eq!(mfa("identity-assumed-root"), Some(false));
    assert_eq!(mfa("identity-role-full"), Some(false));
    assert_eq!(mfa("identity-role-mfa-boolean"), Some(true));
    assert_eq!(mfa("identity-root"), None);
}
