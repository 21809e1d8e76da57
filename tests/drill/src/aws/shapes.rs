//! CloudTrail's types made ours, and ours made CloudTrail's.

use aws_sdk_cloudtrail::{
    error::BuildError,
    types::{self as sdk, InsightType, ReadWriteType, SourceEventCategory},
};
use time::OffsetDateTime;

use crate::state::{
    AdvancedEventSelector, DataResource, EventSelector, EventSelectors, FieldSelector,
    InsightSelector, Settings, Tag,
};

pub(super) fn moment(at: &aws_sdk_cloudtrail::primitives::DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(at.as_nanos()).ok()
}

pub(super) fn settings(trail: &sdk::Trail) -> Settings {
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    Settings {
        s3_bucket_name: text(trail.s3_bucket_name()),
        s3_key_prefix: text(trail.s3_key_prefix()),
        // UpdateTrail takes the ARN for the name.
        sns_topic_name: text(trail.sns_topic_arn()),
        include_global_service_events: trail.include_global_service_events(),
        is_multi_region_trail: trail.is_multi_region_trail(),
        enable_log_file_validation: trail.log_file_validation_enabled(),
        cloud_watch_logs_log_group_arn: text(trail.cloud_watch_logs_log_group_arn()),
        cloud_watch_logs_role_arn: text(trail.cloud_watch_logs_role_arn()),
        kms_key_id: text(trail.kms_key_id()),
        // Only for organisation trails, so that an account of no organisation may ask.
        is_organization_trail: trail.is_organization_trail().filter(|is| *is),
    }
}

pub(super) fn event_selectors(
    basic: &[sdk::EventSelector],
    advanced: &[sdk::AdvancedEventSelector],
) -> EventSelectors {
    if advanced.is_empty() {
        EventSelectors::Basic(basic.iter().map(basic_selector).collect())
    } else {
        EventSelectors::Advanced(advanced.iter().map(advanced_selector).collect())
    }
}

fn basic_selector(selector: &sdk::EventSelector) -> EventSelector {
    EventSelector {
        read_write_type: selector
            .read_write_type()
            .map_or("All", ReadWriteType::as_str)
            .to_owned(),
        include_management_events: selector.include_management_events().unwrap_or(true),
        data_resources: selector
            .data_resources()
            .iter()
            .map(|resource| DataResource {
                r#type: resource.r#type().unwrap_or_default().to_owned(),
                values: resource.values().to_vec(),
            })
            .collect(),
        exclude_management_event_sources: selector.exclude_management_event_sources().to_vec(),
    }
}

fn advanced_selector(selector: &sdk::AdvancedEventSelector) -> AdvancedEventSelector {
    AdvancedEventSelector {
        name: selector
            .name()
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        field_selectors: selector
            .field_selectors()
            .iter()
            .map(|field| FieldSelector {
                field: field.field().to_owned(),
                equals: field.equals().to_vec(),
                starts_with: field.starts_with().to_vec(),
                ends_with: field.ends_with().to_vec(),
                not_equals: field.not_equals().to_vec(),
                not_starts_with: field.not_starts_with().to_vec(),
                not_ends_with: field.not_ends_with().to_vec(),
            })
            .collect(),
    }
}

pub(super) fn insight_selectors(selectors: &[sdk::InsightSelector]) -> Vec<InsightSelector> {
    let mut all: Vec<InsightSelector> = selectors
        .iter()
        .map(|selector| {
            let mut categories: Vec<String> = selector
                .event_categories()
                .iter()
                .map(|one| one.as_str().to_owned())
                .collect();
            categories.sort();
            // Management events are the default: said or not, it is the same.
            if categories == ["Management"] {
                categories.clear();
            }
            InsightSelector {
                insight_type: selector
                    .insight_type()
                    .map_or("", InsightType::as_str)
                    .to_owned(),
                event_categories: categories,
            }
        })
        .collect();
    all.sort();
    all
}

/// Without those that AWS sets and nobody else can.
pub(super) fn tags<'a>(tags: impl Iterator<Item = &'a sdk::Tag>) -> Vec<Tag> {
    let mut all: Vec<Tag> = tags
        .filter(|tag| !tag.key().starts_with("aws:"))
        .map(|tag| Tag {
            key: tag.key().to_owned(),
            value: tag.value().map(str::to_owned),
        })
        .collect();
    all.sort();
    all
}

type SdkSelectors = (
    Option<Vec<sdk::EventSelector>>,
    Option<Vec<sdk::AdvancedEventSelector>>,
);

pub(super) fn sdk_event_selectors(selectors: &EventSelectors) -> Result<SdkSelectors, BuildError> {
    match selectors {
        EventSelectors::Basic(all) => Ok((Some(all.iter().map(sdk_basic).collect()), None)),
        EventSelectors::Advanced(all) => Ok((
            None,
            Some(all.iter().map(sdk_advanced).collect::<Result<_, _>>()?),
        )),
    }
}

fn sdk_basic(selector: &EventSelector) -> sdk::EventSelector {
    let resources = selector.data_resources.iter().map(|resource| {
        sdk::DataResource::builder()
            .r#type(&resource.r#type)
            .set_values(Some(resource.values.clone()))
            .build()
    });
    sdk::EventSelector::builder()
        .read_write_type(ReadWriteType::from(selector.read_write_type.as_str()))
        .include_management_events(selector.include_management_events)
        .set_data_resources(Some(resources.collect()))
        .set_exclude_management_event_sources(Some(
            selector.exclude_management_event_sources.clone(),
        ))
        .build()
}

fn sdk_advanced(
    selector: &AdvancedEventSelector,
) -> Result<sdk::AdvancedEventSelector, BuildError> {
    let some = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
    let fields = selector.field_selectors.iter().map(|field| {
        sdk::AdvancedFieldSelector::builder()
            .field(&field.field)
            .set_equals(some(&field.equals))
            .set_starts_with(some(&field.starts_with))
            .set_ends_with(some(&field.ends_with))
            .set_not_equals(some(&field.not_equals))
            .set_not_starts_with(some(&field.not_starts_with))
            .set_not_ends_with(some(&field.not_ends_with))
            .build()
    });
    sdk::AdvancedEventSelector::builder()
        .set_name(selector.name.clone())
        .set_field_selectors(Some(fields.collect::<Result<_, _>>()?))
        .build()
}

pub(super) fn sdk_insight_selectors(selectors: &[InsightSelector]) -> Vec<sdk::InsightSelector> {
    selectors
        .iter()
        .map(|selector| {
            let categories = selector.event_categories.iter();
            let categories: Vec<_> = categories
                .map(|one| SourceEventCategory::from(one.as_str()))
                .collect();
            sdk::InsightSelector::builder()
                .insight_type(InsightType::from(selector.insight_type.as_str()))
                .set_event_categories((!categories.is_empty()).then_some(categories))
                .build()
        })
        .collect()
}

pub(super) fn sdk_tags(tags: &[Tag]) -> Result<Option<Vec<sdk::Tag>>, BuildError> {
    let all = tags.iter().map(|tag| {
        sdk::Tag::builder()
            .key(&tag.key)
            .set_value(tag.value.clone())
            .build()
    });
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok((!all.is_empty()).then_some(all))
}
