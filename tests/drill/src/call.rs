//! The calls that change a trail, for the SDK and, in the same words, for a
//! person with the AWS CLI.

use serde_json::{Map, Value, json};

use crate::{
    arn::TrailArn,
    state::{EventSelectors, InsightSelector, Settings, Tag},
};

/// A call that changes a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// StopLogging.
    Stop,
    /// StartLogging.
    Start,
    /// DeleteTrail.
    Delete,
    /// CreateTrail, with its tags.
    Create(Settings, Vec<Tag>),
    /// UpdateTrail.
    Update(Settings),
    /// PutEventSelectors.
    PutEventSelectors(EventSelectors),
    /// PutInsightSelectors.
    PutInsightSelectors(Vec<InsightSelector>),
    /// AddTags.
    AddTags(Vec<Tag>),
    /// RemoveTags.
    RemoveTags(Vec<Tag>),
}

impl Call {
    /// CloudTrail's name of it, as in a record's `eventName`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Stop => "StopLogging",
            Self::Start => "StartLogging",
            Self::Delete => "DeleteTrail",
            Self::Create(..) => "CreateTrail",
            Self::Update(_) => "UpdateTrail",
            Self::PutEventSelectors(_) => "PutEventSelectors",
            Self::PutInsightSelectors(_) => "PutInsightSelectors",
            Self::AddTags(_) => "AddTags",
            Self::RemoveTags(_) => "RemoveTags",
        }
    }

    /// The permission that it needs.
    #[must_use]
    pub fn permission(&self) -> String {
        format!("cloudtrail:{}", self.operation())
    }

    /// The command that makes it with the AWS CLI. Whatever a value holds, a shell
    /// takes it as it is.
    #[must_use]
    pub fn command(&self, trail: &TrailArn) -> String {
        let region = trail.region();
        let (verb, input) = match self {
            Self::Stop => {
                return format!("aws cloudtrail stop-logging --name {trail} --region {region}");
            }
            Self::Start => {
                return format!("aws cloudtrail start-logging --name {trail} --region {region}");
            }
            Self::Delete => {
                return format!("aws cloudtrail delete-trail --name {trail} --region {region}");
            }
            Self::Create(settings, tags) => {
                let mut input = with(settings, "Name", trail.name());
                if !tags.is_empty() {
                    input.insert("TagsList".to_owned(), json!(tags));
                }
                ("create-trail", input)
            }
            Self::Update(settings) => ("update-trail", with(settings, "Name", trail.as_str())),
            Self::PutEventSelectors(selectors) => {
                let selectors = match selectors {
                    EventSelectors::Basic(basic) => json!({ "EventSelectors": basic }),
                    EventSelectors::Advanced(all) => json!({ "AdvancedEventSelectors": all }),
                };
                let input = with(&selectors, "TrailName", trail.as_str());
                ("put-event-selectors", input)
            }
            Self::PutInsightSelectors(selectors) => {
                let selectors = json!({ "InsightSelectors": selectors });
                let input = with(&selectors, "TrailName", trail.as_str());
                ("put-insight-selectors", input)
            }
            Self::AddTags(tags) => ("add-tags", tagged(trail, tags)),
            Self::RemoveTags(tags) => ("remove-tags", tagged(trail, tags)),
        };
        let input = Value::Object(input).to_string();
        format!(
            "aws cloudtrail {verb} --region {region} --cli-input-json {}",
            quoted(&input)
        )
    }
}

fn with(value: &impl serde::Serialize, key: &str, name: &str) -> Map<String, Value> {
    let mut input = Map::from_iter([(key.to_owned(), json!(name))]);
    if let Ok(Value::Object(fields)) = serde_json::to_value(value) {
        input.extend(fields);
    }
    input
}

fn tagged(trail: &TrailArn, tags: &[Tag]) -> Map<String, Value> {
    with(&json!({ "TagsList": tags }), "ResourceId", trail.as_str())
}

/// `text` as one word of a POSIX shell.
/// Source: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> TrailArn {
        "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit"
            .parse()
            .unwrap()
    }

    #[test]
    fn the_command_that_starts_a_trail() {
        assert_eq!(
            Call::Start.command(&trail()),
            "aws cloudtrail start-logging --name arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit --region eu-west-1"
        );
    }

    #[test]
    fn a_shell_takes_hostile_values_as_they_are() {
        let tag = Tag {
            key: "it's $(reboot) `x`".to_owned(),
            value: None,
        };
        let command = Call::RemoveTags(vec![tag]).command(&trail());
        let shown = std::process::Command::new("sh")
            .args([
                "-c",
                &format!("printf '%s\\n' {}", command.trim_start_matches("aws ")),
            ])
            .output()
            .unwrap();
        let words = String::from_utf8(shown.stdout).unwrap();
        let input: Value = serde_json::from_str(words.lines().last().unwrap()).unwrap();
        assert_eq!(input["TagsList"][0]["Key"], "it's $(reboot) `x`");
    }

    #[test]
    fn the_cli_gets_the_names_of_the_api() {
        let settings = Settings {
            s3_bucket_name: Some("logs".to_owned()),
            is_multi_region_trail: Some(true),
            cloud_watch_logs_log_group_arn: Some("arn".to_owned()),
            ..Settings::default()
        };
        let input = with(&settings, "Name", "audit");
        let names: Vec<&str> = input.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "CloudWatchLogsLogGroupArn",
                "IsMultiRegionTrail",
                "Name",
                "S3BucketName"
            ]
        );
    }
}
