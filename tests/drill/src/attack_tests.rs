use super::*;
use crate::state::InsightSelector;

fn saved() -> Reading {
    Reading {
        logging: Some(Logging {
            is_on: true,
            started_at: None,
            stopped_at: None,
        }),
        settings: Some(Settings {
            s3_bucket_name: Some("logs".to_owned()),
            is_multi_region_trail: Some(true),
            ..Settings::default()
        }),
        event_selectors: Some(EventSelectors::Advanced(Vec::new())),
        insight_selectors: Some(vec![InsightSelector {
            insight_type: "ApiCallRateInsight".to_owned(),
            event_categories: Vec::new(),
        }]),
        tags: Some(vec![Tag {
            key: "owner".to_owned(),
            value: Some("security".to_owned()),
        }]),
        ..Reading::default()
    }
}

#[test]
fn each_attack_weakens_what_it_watches_and_its_remedy_undoes_it() {
    for attack in Attack::value_variants() {
        let after = attack.aftermath(&saved());
        assert!(attack.call(&saved()).is_ok(), "{attack:?}");
        let differs = after.differs_from(&saved());
        assert!(!differs.is_empty(), "{attack:?}");
        assert!(
            attack.watched().iter().all(|part| differs.contains(part)),
            "{attack:?}"
        );
        assert!(
            attack
                .watched()
                .iter()
                .all(|part| attack.saved().contains(part))
        );
        let operations: Vec<&str> = remedy(&saved(), &after)
            .iter()
            .map(Call::operation)
            .collect();
        let expected: &[&str] = match attack {
            Attack::Stop => &["StartLogging"],
            Attack::Selectors => &["PutEventSelectors"],
            Attack::Insights => &["PutInsightSelectors"],
            Attack::Update => &["UpdateTrail"],
            Attack::Tags => &["RemoveTags"],
            Attack::Delete => &[
                "CreateTrail",
                "StartLogging",
                "PutEventSelectors",
                "PutInsightSelectors",
            ],
        };
        assert_eq!(operations, expected);
    }
}

#[test]
fn what_is_as_it_was_needs_no_call() {
    assert_eq!(remedy(&saved(), &saved()), []);
}

#[test]
fn an_attack_that_would_change_nothing_is_not_made() {
    for attack in [
        Attack::Selectors,
        Attack::Insights,
        Attack::Update,
        Attack::Tags,
    ] {
        let weak = attack.aftermath(&saved());
        assert!(attack.call(&weak).is_err(), "{attack:?}");
    }
    assert!(matches!(
        Attack::Insights.call(&Reading::default()),
        Err(NotPossible::NotRead(_))
    ));
}

#[test]
fn the_order_of_selectors_means_nothing() {
    let with = |sources: [&str; 2]| Reading {
        event_selectors: Some(EventSelectors::Basic(vec![EventSelector {
            read_write_type: "All".to_owned(),
            include_management_events: true,
            data_resources: Vec::new(),
            exclude_management_event_sources: sources.map(str::to_owned).to_vec(),
        }])),
        ..saved()
    };
    assert_eq!(remedy(&with(["a", "b"]), &with(["b", "a"])), []);
    assert_ne!(remedy(&with(["a", "b"]), &with(["a", "c"])), []);
}

#[test]
fn a_changed_tag_is_set_back_and_not_removed() {
    let mut now = saved();
    now.tags = Some(vec![Tag {
        key: "owner".to_owned(),
        value: Some("mallory".to_owned()),
    }]);
    assert_eq!(
        remedy(&saved(), &now),
        [Call::AddTags(saved().tags.unwrap())]
    );
}
