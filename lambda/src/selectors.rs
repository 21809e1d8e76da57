//! Event and insight selectors, in a form in which equal ones are equal: lists
//! whose order means nothing are sorted, defaults are filled in.

use serde::{Deserialize, Serialize};

/// The event selectors of a trail: basic or advanced, never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selectors {
    /// `EventSelectors`.
    Basic(Vec<EventSelector>),
    /// `AdvancedEventSelectors`.
    Advanced(Vec<AdvancedEventSelector>),
}

/// A basic event selector.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventSelector {
    /// `All`, `ReadOnly` or `WriteOnly`.
    #[serde(default = "all")]
    pub read_write_type: String,
    /// Whether management events are recorded.
    #[serde(default = "yes")]
    pub include_management_events: bool,
    /// Services whose management events are left out.
    #[serde(default)]
    pub exclude_management_event_sources: Vec<String>,
    /// Data events to record.
    #[serde(default)]
    pub data_resources: Vec<DataResource>,
}

/// Resources whose data events are recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataResource {
    /// Resource type, for example `AWS::S3::Object`.
    pub r#type: String,
    /// ARNs or beginnings of ARNs.
    #[serde(default)]
    pub values: Vec<String>,
}

/// An advanced event selector.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AdvancedEventSelector {
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// All must match.
    #[serde(default)]
    pub field_selectors: Vec<FieldSelector>,
}

/// A condition on one field of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldSelector {
    /// The field, for example `eventCategory`.
    pub field: String,
    /// It is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// It is none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<String>,
    /// It begins with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    /// It begins with none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<String>,
    /// It ends with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<String>,
    /// It ends with none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<String>,
}

/// A kind of insight that is watched for.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_InsightSelector.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InsightSelector {
    /// `ApiCallRateInsight` or `ApiErrorRateInsight`.
    pub insight_type: String,
    /// Of which events; `Management` if nothing is said.
    #[serde(default = "management", skip_serializing_if = "is_management")]
    pub event_categories: Vec<String>,
}

fn all() -> String {
    "All".to_owned()
}

fn yes() -> bool {
    true
}

fn management() -> Vec<String> {
    vec!["Management".to_owned()]
}

fn is_management(categories: &[String]) -> bool {
    matches!(categories, [only] if only == "Management")
}

impl Selectors {
    /// What a trail has before anybody sets any.
    /// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html>.
    #[must_use]
    pub fn of_a_new_trail() -> Self {
        Self::Basic(vec![EventSelector {
            read_write_type: all(),
            include_management_events: true,
            exclude_management_event_sources: Vec::new(),
            data_resources: Vec::new(),
        }])
    }

    /// The same with every list in order.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        match &mut self {
            Self::Basic(selectors) => {
                for selector in selectors.iter_mut() {
                    selector.exclude_management_event_sources.sort();
                    for resource in &mut selector.data_resources {
                        resource.values.sort();
                    }
                    selector.data_resources.sort();
                }
                selectors.sort();
            }
            Self::Advanced(selectors) => {
                for selector in selectors.iter_mut() {
                    for field in &mut selector.field_selectors {
                        field.sort();
                    }
                    selector.field_selectors.sort();
                }
                selectors.sort();
            }
        }
        self
    }
}

impl FieldSelector {
    fn sort(&mut self) {
        for values in [
            &mut self.equals,
            &mut self.not_equals,
            &mut self.starts_with,
            &mut self.not_starts_with,
            &mut self.ends_with,
            &mut self.not_ends_with,
        ] {
            values.sort();
        }
    }
}

/// Insight selectors with every list in order.
#[must_use]
pub fn sorted_insights(mut selectors: Vec<InsightSelector>) -> Vec<InsightSelector> {
    for selector in &mut selectors {
        if selector.event_categories.is_empty() {
            selector.event_categories = management();
        }
        selector.event_categories.sort();
    }
    selectors.sort();
    selectors
}
