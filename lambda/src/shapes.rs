//! CloudTrail's types made ours, and ours made CloudTrail's.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::{
    error::BuildError,
    types::{
        AdvancedEventSelector as SdkAdvanced, AdvancedFieldSelector as SdkField,
        DataResource as SdkResource, EventSelector as SdkBasic, InsightSelector as SdkInsight,
        InsightType, ReadWriteType, SourceEventCategory, Tag, Trail,
    },
};

use crate::{
    baseline::Settings,
    selectors::{
        AdvancedEventSelector, DataResource, EventSelector, FieldSelector, InsightSelector,
        Selectors, sorted_insights,
    },
};

/// The settings of a trail; what it does not have is there as nothing.
pub(crate) fn settings(trail: &Trail) -> Settings {
    let text = |value: Option<&str>| Some(value.unwrap_or_default().to_owned());
    let flag = |value: Option<bool>| Some(value.unwrap_or_default());
    Settings {
        s3_bucket_name: text(trail.s3_bucket_name()),
        s3_key_prefix: text(trail.s3_key_prefix()),
        sns_topic_name: text(trail.sns_topic_arn()),
        kms_key_id: text(trail.kms_key_id()),
        is_multi_region_trail: flag(trail.is_multi_region_trail()),
        include_global_service_events: flag(trail.include_global_service_events()),
        enable_log_file_validation: flag(trail.log_file_validation_enabled()),
        cloud_watch_logs_group_arn: text(trail.cloud_watch_logs_log_group_arn()),
        cloud_watch_logs_role_arn: text(trail.cloud_watch_logs_role_arn()),
        is_organization_trail: flag(trail.is_organization_trail()),
    }
}

/// The event selectors of an answer, which holds one kind of them.
pub(crate) fn selectors(basic: &[SdkBasic], advanced: &[SdkAdvanced]) -> Selectors {
    if advanced.is_empty() {
        Selectors::Basic(basic.iter().map(basic_selector).collect())
    } else {
        Selectors::Advanced(advanced.iter().map(advanced_selector).collect())
    }
}

fn basic_selector(selector: &SdkBasic) -> EventSelector {
    let kind = selector.read_write_type().unwrap_or(&ReadWriteType::All);
    EventSelector {
        read_write_type: kind.as_str().to_owned(),
        include_management_events: selector.include_management_events().unwrap_or(true),
        exclude_management_event_sources: selector.exclude_management_event_sources().to_vec(),
        data_resources: selector
            .data_resources()
            .iter()
            .map(|resource| DataResource {
                r#type: resource.r#type().unwrap_or_default().to_owned(),
                values: resource.values().to_vec(),
            })
            .collect(),
    }
}

fn advanced_selector(selector: &SdkAdvanced) -> AdvancedEventSelector {
    AdvancedEventSelector {
        name: selector.name().unwrap_or_default().to_owned(),
        field_selectors: selector
            .field_selectors()
            .iter()
            .map(|field| FieldSelector {
                field: field.field().to_owned(),
                equals: field.equals().to_vec(),
                not_equals: field.not_equals().to_vec(),
                starts_with: field.starts_with().to_vec(),
                not_starts_with: field.not_starts_with().to_vec(),
                ends_with: field.ends_with().to_vec(),
                not_ends_with: field.not_ends_with().to_vec(),
            })
            .collect(),
    }
}

/// The insight selectors of an answer. Of which events is management events where
/// nothing is said.
pub(crate) fn insights(selectors: &[SdkInsight]) -> Vec<InsightSelector> {
    let all = selectors.iter().map(|selector| InsightSelector {
        insight_type: selector
            .insight_type()
            .map_or_else(String::new, |kind| kind.as_str().to_owned()),
        event_categories: selector
            .event_categories()
            .iter()
            .map(|category| category.as_str().to_owned())
            .collect(),
    });
    sorted_insights(all.collect())
}

/// The tags of an answer, without those that AWS itself sets and nobody can change.
pub(crate) fn tags<'a>(tags: impl Iterator<Item = &'a Tag>) -> BTreeMap<String, String> {
    tags.filter(|tag| !tag.key().starts_with("aws:"))
        .map(|tag| {
            (
                tag.key().to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// Selectors as PutEventSelectors takes them: basic or advanced.
type SdkSelectors = (Option<Vec<SdkBasic>>, Option<Vec<SdkAdvanced>>);

/// Selectors made CloudTrail's.
pub(crate) fn sdk_selectors(selectors: &Selectors) -> Result<SdkSelectors, BuildError> {
    match selectors {
        Selectors::Basic(basic) => Ok((Some(basic.iter().map(sdk_basic).collect()), None)),
        Selectors::Advanced(advanced) => {
            let advanced = advanced
                .iter()
                .map(sdk_advanced)
                .collect::<Result<_, _>>()?;
            Ok((None, Some(advanced)))
        }
    }
}

fn sdk_basic(selector: &EventSelector) -> SdkBasic {
    let resources = selector.data_resources.iter().map(|resource| {
        SdkResource::builder()
            .r#type(&resource.r#type)
            .set_values(Some(resource.values.clone()))
            .build()
    });
    SdkBasic::builder()
        .read_write_type(ReadWriteType::from(selector.read_write_type.as_str()))
        .include_management_events(selector.include_management_events)
        .set_exclude_management_event_sources(Some(
            selector.exclude_management_event_sources.clone(),
        ))
        .set_data_resources(Some(resources.collect()))
        .build()
}

fn sdk_advanced(selector: &AdvancedEventSelector) -> Result<SdkAdvanced, BuildError> {
    let some = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
    let fields = selector
        .field_selectors
        .iter()
        .map(|field| {
            SdkField::builder()
                .field(&field.field)
                .set_equals(some(&field.equals))
                .set_not_equals(some(&field.not_equals))
                .set_starts_with(some(&field.starts_with))
                .set_not_starts_with(some(&field.not_starts_with))
                .set_ends_with(some(&field.ends_with))
                .set_not_ends_with(some(&field.not_ends_with))
                .build()
        })
        .collect::<Result<Vec<_>, _>>()?;
    SdkAdvanced::builder()
        .set_name((!selector.name.is_empty()).then(|| selector.name.clone()))
        .set_field_selectors(Some(fields))
        .build()
}

/// Insight selectors as PutInsightSelectors takes them. Management events are
/// the default and are not sent, for the sake of partitions that know no other.
pub(crate) fn sdk_insights(selectors: &[InsightSelector]) -> Vec<SdkInsight> {
    selectors
        .iter()
        .map(|selector| {
            let categories = selector
                .event_categories
                .iter()
                .map(|category| SourceEventCategory::from(category.as_str()))
                .collect::<Vec<_>>();
            let is_default = categories == [SourceEventCategory::Management];
            SdkInsight::builder()
                .insight_type(InsightType::from(selector.insight_type.as_str()))
                .set_event_categories((!is_default).then_some(categories))
                .build()
        })
        .collect()
}
