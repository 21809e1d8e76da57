//! For any trail and any baseline: the plan, applied to what was observed, makes the
//! trail as declared, and then there is nothing left to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

#[allow(dead_code, reason = "this test needs a part of it")]
mod memory;

use std::{collections::BTreeMap, time::Duration};

use proptest::{collection, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use trailkeeper::{
    baseline::{Baseline, Settings},
    budget::Budget,
    reconcile::TrailApi,
    selectors::{InsightSelector, Selectors},
    trail::{calls_to_the_end, drift, remedies},
};

use memory::{Memory, Trail, trail};

const TEXTS: [&str; 4] = [
    "s3_key_prefix",
    "sns_topic_name",
    "kms_key_id",
    "cloud_watch_logs_group_arn",
];
const FLAGS: [&str; 4] = [
    "is_multi_region_trail",
    "include_global_service_events",
    "enable_log_file_validation",
    "is_organization_trail",
];

/// None, a usual word, or whatever an attacker may think of.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        select(vec!["logs", "audit", "Audit", "audit/"]).prop_map(str::to_owned),
        "\\PC{1,12}",
        any::<String>().prop_map(|text| text.chars().take(12).collect()),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let texts = collection::vec(text(), TEXTS.len() + 1);
    let flags = collection::vec(any::<bool>(), FLAGS.len());
    let bucket = select(vec!["logs", "evil", "logs2"]);
    (texts, flags, bucket).prop_map(|(texts, flags, bucket)| {
        let mut all = Map::new();
        all.insert("s3_bucket_name".to_owned(), json!(bucket));
        for (name, value) in TEXTS.iter().zip(&texts) {
            all.insert((*name).to_owned(), json!(value));
        }
        all.insert(
            "cloud_watch_logs_role_arn".to_owned(),
            json!(texts[TEXTS.len()]),
        );
        // CloudTrail shows the topic by its ARN.
        if !texts[1].is_empty() {
            let topic = format!("arn:aws:sns:eu-central-1:111122223333:{}", texts[1]);
            all.insert(TEXTS[1].to_owned(), json!(topic));
        }
        for (name, value) in FLAGS.iter().zip(&flags) {
            all.insert((*name).to_owned(), json!(value));
        }
        serde_json::from_value(Value::Object(all)).unwrap()
    })
}

/// Some of the settings; the bucket, without which no trail can be made, always.
fn some_settings() -> impl Strategy<Value = Settings> {
    (settings(), collection::vec(any::<bool>(), 10)).prop_map(|(all, kept)| {
        let all = json!(all);
        let some: Map<String, Value> = all
            .as_object()
            .unwrap()
            .iter()
            .zip(kept)
            .filter(|((name, _), kept)| *kept || *name == "s3_bucket_name")
            .map(|((name, value), _)| (name.clone(), value.clone()))
            .collect();
        serde_json::from_value(Value::Object(some)).unwrap()
    })
}

fn selectors() -> impl Strategy<Value = Selectors> {
    let resource = (
        select(vec!["AWS::S3::Object", "AWS::Lambda::Function"]),
        collection::vec(text(), 0..3),
    )
        .prop_map(|(kind, values)| json!({"type": kind, "values": values}));
    let basic = (
        select(vec!["All", "ReadOnly", "WriteOnly"]),
        any::<bool>(),
        collection::vec(
            select(vec!["kms.amazonaws.com", "rdsdata.amazonaws.com"]),
            0..3,
        ),
        collection::vec(resource, 0..3),
    )
        .prop_map(|(kind, management, excluded, resources)| {
            json!({
                "read_write_type": kind, "include_management_events": management,
                "exclude_management_event_sources": excluded, "data_resources": resources,
            })
        });
    let field = (
        select(vec!["eventCategory", "resources.ARN", "readOnly"]),
        select(vec!["equals", "not_equals", "starts_with", "ends_with"]),
        collection::vec(text(), 1..3),
    )
        .prop_map(|(field, operator, words)| json!({"field": field, operator: words}));
    let advanced = (text(), collection::vec(field, 0..3))
        .prop_map(|(name, fields)| json!({"name": name, "field_selectors": fields}));
    prop_oneof![
        collection::vec(basic, 1..4)
            .prop_map(|all| Selectors::Basic(serde_json::from_value(json!(all)).unwrap())),
        collection::vec(advanced, 1..4)
            .prop_map(|all| Selectors::Advanced(serde_json::from_value(json!(all)).unwrap())),
    ]
}

fn insights() -> impl Strategy<Value = Vec<InsightSelector>> {
    let kinds = vec!["ApiCallRateInsight", "ApiErrorRateInsight"];
    collection::vec(select(kinds), 0..3).prop_map(|kinds| {
        let mut kinds = kinds;
        kinds.dedup();
        let all: Vec<Value> = kinds
            .iter()
            .map(|kind| json!({"insight_type": kind}))
            .collect();
        serde_json::from_value(json!(all)).unwrap()
    })
}

fn tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof![
        select(vec!["owner", "env", "Owner"]).prop_map(str::to_owned),
        "[a-zA-Z0-9 +=._:/@-]{1,10}",
    ];
    // What AWS itself sets is neither declared nor shown here.
    let key = key.prop_filter("AWS's own", |key| !key.starts_with("aws:"));
    collection::btree_map(key, text(), 0..5)
}

prop_compose! {
    fn any_baseline()(
        settings in some_settings(),
        selectors in option::of(selectors()),
        insights in option::of(insights()),
        tags in option::of(tags()),
    ) -> Baseline {
        Baseline::declaring(&trail(), settings, selectors, insights, tags)
    }
}

prop_compose! {
    fn any_trail()(
        is_logging in any::<bool>(),
        settings in settings(),
        selectors in selectors(),
        insights in insights(),
        tags in tags(),
    ) -> Trail {
        Trail { is_logging, settings, selectors, insights, tags }
    }
}

/// Applies plans until one is empty; the calls of each.
fn applied(memory: &Memory) -> Vec<Vec<&'static str>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let arn = trail();
    let mut plans = Vec::new();
    while plans.len() < 5 {
        let seen = memory.observed();
        let differs = drift(&memory.baseline, &seen);
        let plan = remedies(&differs, &memory.baseline, &seen);
        if plan.is_empty() {
            assert!(
                differs.is_empty(),
                "nothing to do, and it differs: {differs:#?}"
            );
            return plans;
        }
        for remedy in &plan {
            let heal = memory.heal(&arn, remedy, Budget::lasting(Duration::from_secs(9)));
            runtime.block_on(heal).unwrap();
        }
        plans.push(plan.iter().map(trailkeeper::trail::Remedy::call).collect());
    }
    panic!("no end: {plans:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_applied_once_makes_any_trail_as_declared(baseline in any_baseline(), trail in any_trail()) {
        let memory = Memory::with(baseline, Some(trail));
        let plans = applied(&memory);
        prop_assert!(plans.len() <= 1, "{plans:?}");
        let calls = plans.concat();
        let mut once = calls.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), calls.len(), "each call once");
    }

    #[test]
    fn a_trail_that_is_gone_is_made_and_then_made_as_declared(baseline in any_baseline()) {
        let memory = Memory::with(baseline, None);
        let seen = memory.observed();
        let foretold = calls_to_the_end(&drift(&memory.baseline, &seen), &memory.baseline, &seen);
        let plans = applied(&memory);
        prop_assert!(plans.len() <= 2, "{plans:?}");
        let mut foretold = foretold;
        let mut made = plans.concat();
        foretold.sort_unstable();
        made.sort_unstable();
        prop_assert_eq!(made, foretold, "what would be done is what is done");
    }

    #[test]
    fn what_is_captured_of_any_trail_is_its_baseline(trail in any_trail()) {
        let given = trail.clone();
        let declared = Baseline::declaring(
            &memory::trail(),
            given.settings,
            Some(given.selectors),
            Some(given.insights),
            Some(given.tags),
        );
        // As it is written down, and read again.
        let document = serde_json::to_string(&declared).unwrap();
        let read = Baseline::parse(&document, &memory::trail()).unwrap();
        let memory = Memory::with(read, Some(Trail { is_logging: true, ..trail }));
        prop_assert_eq!(drift(&memory.baseline, &memory.observed()), vec![]);
    }
}
