"""Records of the calls that change a trail, in the words of CloudTrail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unit.calls import record

ARN = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit"
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "UpdateTrail",
        {
            "Name": "audit",
            "KmsKeyId": "",
            "EnableLogFileValidation": False,
            "IsMultiRegionTrail": False,
            "CloudWatchLogsLogGroupArn": "",
            "CloudWatchLogsRoleArn": "",
            "SnsTopicName": "",
        },
        {
            "name": "audit",
            "kmsKeyId": "",
            "enableLogFileValidation": False,
            "isMultiRegionTrail": False,
            "cloudWatchLogsLogGroupArn": "",
            "cloudWatchLogsRoleArn": "",
            "snsTopicName": "",
        },
    ),
    (
        "UpdateTrail",
        {"Name": ARN, "S3BucketName": "other", "S3KeyPrefix": "p"},
        {"name": ARN, "s3BucketName": "other", "s3KeyPrefix": "p"},
    ),
    (
        "PutEventSelectors",
        {
            "TrailName": "audit",
            "EventSelectors": [
                {
                    "ReadWriteType": "ReadOnly",
                    "IncludeManagementEvents": True,
                    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
                    "ExcludeManagementEventSources": ["kms.amazonaws.com"],
                }
            ],
        },
        {
            "trailName": "audit",
            "eventSelectors": [
                {
                    "readWriteType": "ReadOnly",
                    "includeManagementEvents": True,
                    "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}],
                    "excludeManagementEventSources": ["kms.amazonaws.com"],
                }
            ],
        },
    ),
    (
        "PutEventSelectors",
        {
            "TrailName": "audit",
            "AdvancedEventSelectors": [
                {"Name": "n", "FieldSelectors": [{"Field": "eventCategory", "NotEquals": ["Management"]}]}
            ],
        },
        {
            "trailName": "audit",
            "advancedEventSelectors": [
                {"name": "n", "fieldSelectors": [{"field": "eventCategory", "notEquals": ["Management"]}]}
            ],
        },
    ),
    (
        "PutInsightSelectors",
        {"TrailName": "audit", "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]},
        {"trailName": "audit", "insightSelectors": [{"insightType": "ApiCallRateInsight"}]},
    ),
    (
        "PutInsightSelectors",
        {"TrailName": "audit", "InsightSelectors": []},
        {"trailName": "audit", "insightSelectors": []},
    ),
    (
        "AddTags",
        {"ResourceId": ARN, "TagsList": [{"Key": "k", "Value": "v"}]},
        {"resourceId": ARN, "tagsList": [{"key": "k", "value": "v"}]},
    ),
    (
        "RemoveTags",
        {"ResourceId": ARN, "TagsList": [{"Key": "k"}]},
        {"resourceId": ARN, "tagsList": [{"key": "k"}]},
    ),
    ("DeleteTrail", {"Name": "audit"}, {"name": "audit"}),
    (
        "CreateTrail",
        {"Name": "audit", "S3BucketName": "b", "TagsList": [{"Key": "k", "Value": "v"}]},
        {"name": "audit", "s3BucketName": "b", "tagsList": [{"key": "k", "value": "v"}]},
    ),
]


@pytest.mark.parametrize(("operation", "params", "recorded"), CASES)
def test_the_parameters_in_cloudtrail_s_words(operation: str, params: dict, recorded: dict) -> None:
    found = record("cloudtrail", operation, params)
    assert (found["eventName"], found["readOnly"], found["managementEvent"]) == (operation, False, True)
    assert found["requestParameters"] == recorded


def test_the_response_holds_the_state_after_the_call() -> None:
    answer = {"Name": "audit", "TrailARN": ARN, "LogFileValidationEnabled": False, "SnsTopicARN": "t"}
    found = record("cloudtrail", "UpdateTrail", {"Name": "audit"}, answer=json.dumps(answer).encode())
    assert found["responseElements"] == {
        "name": "audit",
        "trailARN": ARN,
        "logFileValidationEnabled": False,
        "snsTopicARN": "t",
    }
