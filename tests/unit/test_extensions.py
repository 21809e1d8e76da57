"""What the lab adds to the emulator, asked of a running emulator as any client would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.actors import create_user
from lab.aws import Aws
from unit.conftest import ACCOUNT, REGION

ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit:*"


@pytest.fixture
def cloudtrail(root: Aws) -> Iterator[Any]:
    """A client, and a trail named audit that nobody has touched yet."""
    client = root.client("cloudtrail")
    client.create_trail(Name="audit", S3BucketName="b", TagsList=[{"Key": "team", "Value": "security"}])
    yield client
    if client.describe_trails(trailNameList=["audit"])["trailList"]:
        client.delete_trail(Name="audit")


def _trail(client: Any) -> dict[str, Any]:
    return client.get_trail(Name="audit")["Trail"]


def _tags(client: Any) -> list[dict[str, str]]:
    return client.list_tags(ResourceIdList=[ARN])["ResourceTagList"][0]["TagsList"]


def _code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return refused.value.response["Error"]["Code"]


def test_insights_are_off_until_they_are_put(cloudtrail: Any) -> None:
    with pytest.raises(ClientError) as refused:
        cloudtrail.get_insight_selectors(TrailName="audit")
    assert _code(refused) == "InsightNotEnabledException"
    selectors = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
    put = cloudtrail.put_insight_selectors(TrailName=ARN, InsightSelectors=selectors)
    assert (put["TrailARN"], put["InsightSelectors"]) == (ARN, selectors)
    assert cloudtrail.get_insight_selectors(TrailName="audit")["InsightSelectors"] == selectors
    assert _trail(cloudtrail)["HasInsightSelectors"] is True
    assert not [name for name in _trail(cloudtrail) if name.startswith("_")]

    cloudtrail.put_insight_selectors(TrailName="audit", InsightSelectors=[])
    assert _trail(cloudtrail)["HasInsightSelectors"] is False
    with pytest.raises(ClientError) as refused:
        cloudtrail.get_insight_selectors(TrailName="audit")
    assert _code(refused) == "InsightNotEnabledException"


@pytest.mark.parametrize(
    ("given", "insight", "accepted"),
    [
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, "ApiCallRateInsight", False),
        ({"EventSelectors": [{"IncludeManagementEvents": False}]}, "ApiCallRateInsight", False),
        ({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}, "ApiCallRateInsight", True),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, "ApiErrorRateInsight", True),
        (
            {
                "AdvancedEventSelectors": [
                    {
                        "FieldSelectors": [
                            {"Field": "eventCategory", "Equals": ["Management"]},
                            {"Field": "readOnly", "Equals": ["true"]},
                        ]
                    }
                ]
            },
            "ApiCallRateInsight",
            False,
        ),
        ({}, "NoSuchInsight", False),
    ],
)
def test_the_call_rate_needs_write_events(cloudtrail: Any, given: dict, insight: str, accepted: bool) -> None:
    if given:
        cloudtrail.put_event_selectors(TrailName="audit", **given)
    try:
        cloudtrail.put_insight_selectors(TrailName="audit", InsightSelectors=[{"InsightType": insight}])
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidInsightSelectorsException"
        assert not accepted
    else:
        assert accepted


def test_a_trail_takes_tags_and_insights_with_it(cloudtrail: Any) -> None:
    assert _tags(cloudtrail) == [{"Key": "team", "Value": "security"}]
    cloudtrail.put_insight_selectors(TrailName="audit", InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}])
    cloudtrail.delete_trail(Name=ARN)
    cloudtrail.create_trail(Name="audit", S3BucketName="b")
    assert _tags(cloudtrail) == []
    assert _trail(cloudtrail)["HasInsightSelectors"] is False
    with pytest.raises(ClientError) as refused:
        cloudtrail.get_insight_selectors(TrailName="audit")
    assert _code(refused) == "InsightNotEnabledException"


@pytest.mark.parametrize("topic", ["digests", f"arn:aws:sns:{REGION}:{ACCOUNT}:digests"])
def test_a_topic_is_answered_by_its_arn(cloudtrail: Any, topic: str) -> None:
    answer = cloudtrail.update_trail(Name="audit", SnsTopicName=topic)
    for found in (answer, _trail(cloudtrail), cloudtrail.describe_trails()["trailList"][0]):
        assert found["SnsTopicARN"] == f"arn:aws:sns:{REGION}:{ACCOUNT}:digests"
        assert found["SnsTopicName"] == topic
    answer = cloudtrail.update_trail(Name="audit", SnsTopicName="")
    for found in (answer, _trail(cloudtrail)):
        assert "SnsTopicARN" not in found and "SnsTopicName" not in found


def test_create_trail_keeps_all_that_is_given(cloudtrail: Any) -> None:
    given = {
        "S3BucketName": "b",
        "S3KeyPrefix": "p",
        "SnsTopicName": "t",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "CloudWatchLogsLogGroupArn": GROUP,
        "CloudWatchLogsRoleArn": ROLE,
        "KmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        "IsOrganizationTrail": False,
    }
    cloudtrail.delete_trail(Name="audit")
    answer = cloudtrail.create_trail(Name="audit", EnableLogFileValidation=True, **given)
    for found in (answer, _trail(cloudtrail)):
        assert {name: found[name] for name in given} == given
        assert found["LogFileValidationEnabled"] is True


@pytest.mark.parametrize(
    "given",
    [
        {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE},
        {"S3KeyPrefix": "p"},
        {"KmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"},
    ],
)
def test_an_empty_text_removes(cloudtrail: Any, given: dict[str, str]) -> None:
    cloudtrail.update_trail(Name="audit", **given)
    assert {name: _trail(cloudtrail).get(name) for name in given} == given
    answer = cloudtrail.update_trail(Name="audit", **dict.fromkeys(given, ""))
    for found in (answer, _trail(cloudtrail)):
        assert not given.keys() & found.keys()


@pytest.mark.parametrize(
    ("before", "given", "code"),
    [
        ({}, {"IncludeGlobalServiceEvents": False}, None),
        ({}, {"IncludeGlobalServiceEvents": False, "IsMultiRegionTrail": True}, "InvalidParameterCombinationException"),
        ({"IsMultiRegionTrail": True}, {"IncludeGlobalServiceEvents": False}, "InvalidParameterCombinationException"),
        ({"IncludeGlobalServiceEvents": False}, {"IsMultiRegionTrail": True}, "InvalidParameterCombinationException"),
        ({"IsMultiRegionTrail": True}, {"IncludeGlobalServiceEvents": False, "IsMultiRegionTrail": False}, None),
        ({}, {"CloudWatchLogsLogGroupArn": GROUP}, "InvalidCloudWatchLogsRoleArnException"),
        ({}, {"CloudWatchLogsRoleArn": ROLE}, "InvalidCloudWatchLogsLogGroupArnException"),
    ],
)
def test_what_must_go_together(cloudtrail: Any, before: dict, given: dict, code: str | None) -> None:
    if before:
        cloudtrail.update_trail(Name="audit", **before)
    settings = _trail(cloudtrail)
    try:
        cloudtrail.update_trail(Name="audit", **given)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code
        assert _trail(cloudtrail) == settings, "a refused call changes nothing"
    else:
        assert code is None


def test_basic_and_advanced_selectors_replace_each_other(cloudtrail: Any) -> None:
    advanced = [{"Name": "n", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    cloudtrail.put_event_selectors(TrailName="audit", AdvancedEventSelectors=advanced)
    found = cloudtrail.get_event_selectors(TrailName="audit")
    assert found["AdvancedEventSelectors"] == advanced and "EventSelectors" not in found
    cloudtrail.put_event_selectors(TrailName=ARN, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    found = cloudtrail.get_event_selectors(TrailName="audit")
    assert "AdvancedEventSelectors" not in found
    assert found["EventSelectors"] == [
        {
            "ReadWriteType": "WriteOnly",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]


def test_a_start_that_starts_nothing_keeps_the_time(cloudtrail: Any) -> None:
    cloudtrail.start_logging(Name="audit")
    started = cloudtrail.get_trail_status(Name="audit")["StartLoggingTime"]
    time.sleep(1.05)  # the times have whole seconds
    cloudtrail.start_logging(Name="audit")
    assert cloudtrail.get_trail_status(Name="audit")["StartLoggingTime"] == started
    cloudtrail.stop_logging(Name="audit")
    cloudtrail.start_logging(Name="audit")
    assert cloudtrail.get_trail_status(Name="audit")["StartLoggingTime"] > started


def _user(root: Aws, name: str, *statements: tuple[list[str], str]) -> Any:
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in statements]
    return root.as_(create_user(root, name, allowed)).client("cloudtrail")


def test_tags_are_authorized_on_the_trail(root: Aws, cloudtrail: Any) -> None:
    actions = ["cloudtrail:AddTags", "cloudtrail:RemoveTags", "cloudtrail:ListTags"]
    mine, other = _user(root, "mine", (actions, ARN)), _user(root, "other", (actions, ARN + "2"))
    tags = [{"Key": "k", "Value": "v"}]
    mine.add_tags(ResourceId=ARN, TagsList=tags)
    assert tags[0] in mine.list_tags(ResourceIdList=[ARN])["ResourceTagList"][0]["TagsList"]
    mine.remove_tags(ResourceId=ARN, TagsList=[{"Key": "k"}])
    assert tags[0] not in _tags(cloudtrail)
    for call, given in (
        (other.add_tags, {"ResourceId": ARN, "TagsList": tags}),
        (other.remove_tags, {"ResourceId": ARN, "TagsList": tags}),
        (other.list_tags, {"ResourceIdList": [ARN]}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**given)
        assert _code(refused) == "AccessDeniedException"


def test_a_trail_with_tags_needs_the_right_to_tag(root: Aws, cloudtrail: Any) -> None:
    maker = _user(root, "maker", (["cloudtrail:CreateTrail"], "*"))
    tags = [{"Key": "k", "Value": "v"}]
    with pytest.raises(ClientError) as refused:
        maker.create_trail(Name="second", S3BucketName="b", TagsList=tags)
    assert _code(refused) == "AccessDeniedException"
    tagger = _user(root, "tagger", (["cloudtrail:CreateTrail", "cloudtrail:AddTags"], ARN.replace("audit", "second")))
    tagger.create_trail(Name="second", S3BucketName="b", TagsList=tags)
    cloudtrail.delete_trail(Name="second")


def test_a_log_group_needs_the_right_to_pass_its_role(root: Aws, cloudtrail: Any) -> None:
    logs = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE}
    updater = _user(root, "updater", (["cloudtrail:UpdateTrail"], ARN))
    with pytest.raises(ClientError) as refused:
        updater.update_trail(Name="audit", **logs)
    assert _code(refused) == "AccessDeniedException"
    assert "CloudWatchLogsRoleArn" not in _trail(cloudtrail)
    updater.update_trail(Name="audit", **dict.fromkeys(logs, ""))
    passer = _user(root, "passer", (["cloudtrail:UpdateTrail"], ARN), (["iam:PassRole"], ROLE))
    passer.update_trail(Name="audit", **logs)
    assert _trail(cloudtrail)["CloudWatchLogsRoleArn"] == ROLE
