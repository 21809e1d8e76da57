//! Whatever is declared of a bucket or a key, and whatever a service or a record says of
//! it: it is read or refused, is equal to itself in any order, and what is equal says the
//! same: another text anywhere is a difference. Two values, with a line of `---` between them.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use trailkeeper::{
    asked::asked_for,
    baseline::Baseline,
    decide::decide_of_things,
    declaration::{self, Declaration},
    event::Event,
    thing::{self, Thing},
    trail::{Observation, drift},
};

const TRAIL: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit";
const BUCKET: &str = "arn:aws:s3:::audit-logs";
const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/3c1f7a0e-52d9-4b86-9e17-a4c8d0f2b6e5";

/// One field of each way of comparing.
const FIELDS: [(&str, &str); 5] = [
    (BUCKET, "policy"),
    (BUCKET, "lifecycle"),
    (BUCKET, "notification"),
    (KEY, "policy"),
    (KEY, "state"),
];

/// Texts that are changed, one after the other.
const LEAVES: usize = 12;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (one, other) = text.split_once("\n---\n").unwrap_or((text, text));
    let things = things();
    for thing in &things {
        let _ = Declaration::parse(text, thing);
    }
    let (a, b) = (value(one), value(other));
    for (arn, field) in FIELDS {
        let Some(thing) = things.iter().find(|thing| thing.arn == arn) else {
            continue;
        };
        assert!(!differs(thing, field, &a, &a), "{field} {a}");
        let same = match field {
            "policy" => with_statements_reversed(&a),
            "state" => a.clone(),
            _ => reversed(&a),
        };
        assert!(!differs(thing, field, &a, &same), "{field} {a}");
        for at in 0..LEAVES {
            let Some(changed) = with_changed(&a, at) else {
                break;
            };
            assert!(differs(thing, field, &a, &changed), "{field} {a} {changed}");
        }
        let is_other = differs(thing, field, &a, &b);
        assert_eq!(is_other, differs(thing, field, &b, &a), "{field} {a} {b}");
        // Texts of XML are read by the function alone; objects come as they are.
        let is_read = field == "policy" || (a.is_object() && b.is_object());
        if !is_other && is_read {
            assert_eq!(said(&a), said(&b), "{field}");
        }
    }
    // What a call asked for is compared in the same way.
    if let Ok(event) = Event::parse(one) {
        let _ = decide_of_things(&event, &things);
        for thing in &things {
            let _ = thing.reference(&event.record);
            if let Some(baseline) = declaring(thing, "policy", &b) {
                let _ = asked_for(&event.record, &baseline).conforms();
            }
        }
    }
});

fn things() -> Vec<Thing> {
    let entry = |arn: &str| {
        let parameter = format!("/t/{}", "0123".repeat(16));
        json!({"arn": arn, "trail_arn": TRAIL, "parameter": parameter, "alias": "alias/audit-logs"})
    };
    let both = json!([entry(BUCKET), entry(KEY)]).to_string();
    thing::read(&both, "111122223333").unwrap_or_default()
}

/// As JSON, else as the text that it is: XML for instance. Long fractions are not written
/// as they were read, and none of a service's values has any.
fn value(text: &str) -> Value {
    let parsed = serde_json::from_str::<Value>(text).ok();
    let is_stable =
        |value: &Value| serde_json::from_str(&value.to_string()).ok().as_ref() == Some(value);
    parsed
        .filter(is_stable)
        .unwrap_or_else(|| Value::from(text))
}

fn declaring(thing: &Thing, field: &str, declared: &Value) -> Option<Baseline> {
    let document = json!({
        "schema": declaration::SCHEMA, "version": declaration::VERSION, "arn": thing.arn,
        "declared": {field: declared}, "restored": [field],
    });
    let declaration = Declaration::parse(&document.to_string(), thing).ok()?;
    Some(Baseline::of_thing(&thing.trail, declaration))
}

fn differs(thing: &Thing, field: &'static str, declared: &Value, seen: &Value) -> bool {
    let Some(baseline) = declaring(thing, field, declared) else {
        return true;
    };
    let mut observed = Observation::default();
    observed.fields.insert(field, seen.clone());
    !drift(&baseline, &observed).is_empty()
}

/// The same with every list the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().rev().map(reversed).collect(),
        Value::Object(all) => {
            let all = all.iter().map(|(name, one)| (name.clone(), reversed(one)));
            Value::Object(all.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// With another text in place of the one at `at`; `None` if there are no more.
fn with_changed(value: &Value, at: usize) -> Option<Value> {
    fn change(value: &mut Value, left: &mut usize) -> bool {
        match value {
            Value::String(text) if *left == 0 => {
                *text = format!("{text} changed");
                true
            }
            Value::String(_) => {
                *left -= 1;
                false
            }
            Value::Array(all) => all.iter_mut().any(|one| change(one, left)),
            Value::Object(all) => {
                let mut all = all.iter_mut();
                all.any(|(name, one)| !is_ignored(name) && change(one, left))
            }
            _ => false,
        }
    }
    let (mut changed, mut left) = (value.clone(), at);
    change(&mut changed, &mut left).then_some(changed)
}

/// What makes no difference of a bucket.
fn is_ignored(name: &str) -> bool {
    name.starts_with("xmlns") || ["BlockedEncryptionTypes", "MfaDelete"].contains(&name)
}

fn with_statements_reversed(policy: &Value) -> Value {
    let mut policy = policy.clone();
    if let Some(all) = policy.get_mut("Statement").and_then(Value::as_array_mut) {
        all.reverse();
    }
    policy
}

/// All texts in it, but for what is known to make no difference.
fn said(value: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    collect(value, &mut all);
    all
}

fn collect(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => _ = into.insert(value.to_string()),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(policy @ Value::Object(_)) => collect(&policy, into),
            // An account stands for its root.
            _ => {
                let account = text
                    .strip_suffix(":root")
                    .and_then(|arn| arn.rsplit(':').next());
                let account = account.filter(|id| id.len() == 12);
                into.insert(account.unwrap_or(text).to_owned());
            }
        },
        Value::Array(all) => all.iter().for_each(|one| collect(one, into)),
        Value::Object(all) => {
            for (name, one) in all {
                if !is_ignored(name) {
                    collect(one, into);
                }
            }
        }
    }
    into.remove("");
}
