"""A trail as an administrator reads it, by the baseline's names, and how two such states differ.

Lists keep their order, for Terraform looks at it, except for those that are sets to Terraform too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_SETTINGS = {
    "s3_bucket_name": ("S3BucketName", ""),
    "s3_key_prefix": ("S3KeyPrefix", ""),
    "sns_topic_name": ("SnsTopicARN", ""),
    "kms_key_id": ("KmsKeyId", ""),
    "is_multi_region_trail": ("IsMultiRegionTrail", False),
    "include_global_service_events": ("IncludeGlobalServiceEvents", False),
    "enable_log_file_validation": ("LogFileValidationEnabled", False),
    "cloud_watch_logs_group_arn": ("CloudWatchLogsLogGroupArn", ""),
    "cloud_watch_logs_role_arn": ("CloudWatchLogsRoleArn", ""),
    "is_organization_trail": ("IsOrganizationTrail", False),
}
_OPERATORS = {
    "Equals": "equals",
    "NotEquals": "not_equals",
    "StartsWith": "starts_with",
    "NotStartsWith": "not_starts_with",
    "EndsWith": "ends_with",
    "NotEndsWith": "not_ends_with",
}
State = dict[str, Any]


def read_state(cloudtrail: Any, arn: str) -> State:
    """Everything that a baseline can declare; `exists` alone for a trail that is gone."""
    found = cloudtrail.describe_trails(trailNameList=[arn])["trailList"]
    if not found:
        return {"exists": False}
    state: State = {name: found[0].get(member, unset) for name, (member, unset) in _SETTINGS.items()}
    state["exists"] = True
    state["is_logging"] = cloudtrail.get_trail_status(Name=arn)["IsLogging"]
    state |= _event_selectors(cloudtrail.get_event_selectors(TrailName=arn))
    state["insight_selectors"] = _insights(cloudtrail, arn)
    tags = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]
    state["tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    return state


def _event_selectors(found: dict[str, Any]) -> State:
    """Under the one of the two names that applies."""
    if found.get("AdvancedEventSelectors"):
        return {"advanced_event_selectors": [_advanced(selector) for selector in found["AdvancedEventSelectors"]]}
    return {
        "event_selectors": [
            {
                "read_write_type": selector["ReadWriteType"],
                "include_management_events": selector["IncludeManagementEvents"],
                "exclude_management_event_sources": sorted(selector["ExcludeManagementEventSources"]),
                "data_resources": [
                    {"type": resource["Type"], "values": resource["Values"]} for resource in selector["DataResources"]
                ],
            }
            for selector in found["EventSelectors"]
        ]
    }


def _advanced(selector: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {"field": field["Field"]} | {name: field[member] for member, name in _OPERATORS.items() if member in field}
        for field in selector["FieldSelectors"]
    ]
    named = {"name": selector["Name"]} if selector.get("Name") else {}
    return named | {"field_selectors": sorted(fields, key=lambda field: field["field"])}


def _insights(cloudtrail: Any, arn: str) -> list[dict[str, str]]:
    try:
        found = cloudtrail.get_insight_selectors(TrailName=arn)["InsightSelectors"]
    except cloudtrail.exceptions.InsightNotEnabledException:
        return []
    return sorted(({"insight_type": selector["InsightType"]} for selector in found), key=lambda s: s["insight_type"])


def restore_state(cloudtrail: Any, arn: str, state: State) -> None:
    """Put everything back by hand, whatever has become of the trail."""
    name = arn.rsplit("/", 1)[-1]
    settings = {member: state[field] for field, (member, _) in _SETTINGS.items()}
    settings["EnableLogFileValidation"] = settings.pop("LogFileValidationEnabled")
    settings["SnsTopicName"] = settings.pop("SnsTopicARN")
    found = read_state(cloudtrail, arn)
    if not found["exists"]:
        cloudtrail.create_trail(Name=name, **{key: value for key, value in settings.items() if value != ""})
        found = read_state(cloudtrail, arn)
    cloudtrail.update_trail(Name=name, **settings)
    cloudtrail.put_event_selectors(TrailName=name, **_as_given(state))
    insights = [{"InsightType": selector["insight_type"]} for selector in state["insight_selectors"]]
    cloudtrail.put_insight_selectors(TrailName=name, InsightSelectors=insights)
    if found["tags"]:
        cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": key} for key in found["tags"]])
    if state["tags"]:
        tags = [{"Key": key, "Value": value} for key, value in state["tags"].items()]
        cloudtrail.add_tags(ResourceId=arn, TagsList=tags)
    (cloudtrail.start_logging if state["is_logging"] else cloudtrail.stop_logging)(Name=name)


def _as_given(state: State) -> dict[str, Any]:
    """The event selectors as PutEventSelectors takes them."""
    if "advanced_event_selectors" in state:
        members = {"field": "Field"} | {name: member for member, name in _OPERATORS.items()}
        return {
            "AdvancedEventSelectors": [
                {
                    "Name": selector.get("name", ""),
                    "FieldSelectors": [
                        {members[name]: value for name, value in field.items()} for field in selector["field_selectors"]
                    ],
                }
                for selector in state["advanced_event_selectors"]
            ]
        }
    return {
        "EventSelectors": [
            {
                "ReadWriteType": selector["read_write_type"],
                "IncludeManagementEvents": selector["include_management_events"],
                "ExcludeManagementEventSources": selector["exclude_management_event_sources"],
                "DataResources": [
                    {"Type": resource["type"], "Values": resource["values"]} for resource in selector["data_resources"]
                ],
            }
            for selector in state["event_selectors"]
        ]
    }


def difference(declared: State, found: State) -> list[dict[str, Any]]:
    """What a notice is to say: each field that differs, as found and as declared."""
    names = declared.keys() | found.keys() if found["exists"] else {"exists"}
    return in_order(
        {"field": name, "before": found.get(name), "after": declared.get(name)}
        for name in names
        if found.get(name) != declared.get(name)
    )


def in_order(drift: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A drift in a form in which equal ones are equal: told lists are sorted, and a topic may be told by its name."""
    return sorted((_told(entry) for entry in drift), key=lambda entry: entry["field"])


def _told(entry: dict[str, Any]) -> dict[str, Any]:
    values = {key: _sorted(entry[key]) for key in ("before", "after")}
    if entry["field"] == "sns_topic_name":
        values = {key: str(value).rsplit(":", 1)[-1] for key, value in values.items()}
    return entry | values


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=json.dumps)
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(value.items())}
    return value
