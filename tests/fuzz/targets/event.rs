//! Whatever comes as a payload: it is parsed or refused, and no trail is touched but
//! those that are protected, in their own account and region.

#![no_main]

mod protected;

use libfuzzer_sys::fuzz_target;
use trailkeeper::{
    actor::Actor,
    asked::asked_for,
    baseline::Baseline,
    decide::{Decision, decide},
    event::Event,
    request::Request,
};

/// The function's account.
const ACCOUNT: &str = "111122223333";

fuzz_target!(|data: &[u8]| {
    let Ok(payload) = std::str::from_utf8(data) else {
        return;
    };
    let protected = protected::protected();
    let _ = Request::parse(payload);
    for trail in &protected {
        let _ = Baseline::parse(payload, trail);
    }
    let _ = Event::of_record(payload);
    let Ok(event) = Event::parse(payload) else {
        return;
    };
    let _ = Actor::of(&event.record).best();
    assert_eq!(event.fingerprint(), event.fingerprint());
    let decision = decide(&event, &protected, ACCOUNT);
    if let Decision::Reconcile(trails, _) = &decision {
        assert!(!trails.is_empty());
        for trail in trails {
            assert!(protected.contains(trail), "{trail}");
            assert_eq!(event.account.as_deref(), Some(trail.account()));
            assert_eq!(event.source.as_deref(), Some("aws.cloudtrail"));
            let _ = asked_for(&event.record, &Baseline::of_logging(trail)).conforms();
        }
    }
    // The same payload is always decided in the same way.
    let again = Event::parse(payload).map(|event| decide(&event, &protected, ACCOUNT));
    assert_eq!(again.ok(), Some(decision));
});
