"""Whether the lab's alarms ring as CloudWatch's do, and reach who is subscribed; whether the lab can be put back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from lab.aws import Aws
from lab.emulator import Emulator
from lab.inbox import create_inbox, delete_inbox
from unit.accounts import ACCOUNT, REGION

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarmed"
DIMENSIONS = [{"Name": "FunctionName", "Value": "responder"}]


def _policy(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": TOPIC}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def inbox(root: Aws) -> Iterator[str]:
    """A queue behind the topic that the alarms tell."""
    root.client("sns").create_topic(Name="alarmed", Attributes={"Policy": _policy("cloudwatch.amazonaws.com")})
    url = create_inbox(root, TOPIC)
    yield url
    delete_inbox(root, url)
    root.client("sns").delete_topic(TopicArn=TOPIC)
    cloudwatch = root.client("cloudwatch")
    names = [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]]
    cloudwatch.delete_alarms(AlarmNames=names)


def _alarm(root: Aws, name: str, **changes: Any) -> None:
    given = {
        "AlarmName": name,
        "AlarmActions": [TOPIC],
        "Namespace": "Test",
        "MetricName": name,
        "Dimensions": DIMENSIONS,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    root.client("cloudwatch").put_metric_alarm(**given | changes)


def _put(root: Aws, name: str, function: str = "responder") -> None:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    data = [{"MetricName": name, "Dimensions": dimensions, "Value": 1, "Unit": "Count"}]
    root.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=data)


def _on(emulator: Emulator, later: float = 0) -> list[str]:
    return emulator.ask("alarms", account=ACCOUNT, region=REGION, later=later)["on"]


def _told(root: Aws, url: str) -> set[str]:
    found = root.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    messages = [json.loads(json.loads(message["Body"])["Message"]) for message in found]
    return {message["AlarmName"] for message in messages if message["NewStateValue"] == "ALARM"}


def test_silence_is_bad_where_it_is_said_to_be(emulator: Emulator, root: Aws, inbox: str) -> None:
    heartbeat = {"ComparisonOperator": "LessThanThreshold", "Threshold": 1, "TreatMissingData": "breaching"}
    _alarm(root, "heartbeat", **heartbeat, EvaluationPeriods=3)
    _alarm(root, "failures")
    _put(root, "heartbeat")
    assert _on(emulator) == []
    assert _on(emulator, later=120) == [], "one of three periods is enough"
    assert _on(emulator, later=200) == ["heartbeat"]
    assert _told(root, inbox) == {"heartbeat"}


def test_a_point_of_other_dimensions_is_another_metric(emulator: Emulator, root: Aws, inbox: str) -> None:
    _alarm(root, "dimensions", TreatMissingData="notBreaching", AlarmActions=[])
    _put(root, "dimensions", function="another")
    assert "dimensions" not in _on(emulator)


def test_a_message_that_waits_in_a_queue_is_counted(emulator: Emulator, root: Aws, inbox: str) -> None:
    sqs = root.client("sqs")
    url = sqs.create_queue(QueueName="waiting")["QueueUrl"]
    _alarm(
        root,
        "waiting",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "waiting"}],
        Statistic="Maximum",
    )
    assert _on(emulator) == []
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert _on(emulator) == ["waiting"]
    sqs.delete_queue(QueueUrl=url)


def test_a_topic_that_does_not_let_cloudwatch_in_is_told_nothing(emulator: Emulator, root: Aws, inbox: str) -> None:
    root.client("sns").set_topic_attributes(
        TopicArn=TOPIC, AttributeName="Policy", AttributeValue=_policy("events.amazonaws.com")
    )
    _alarm(root, "unheard", ComparisonOperator="LessThanThreshold", Threshold=1, TreatMissingData="breaching")
    assert _on(emulator) == ["unheard"]
    assert _told(root, inbox) == set()


def test_a_key_that_is_disabled_silences_the_topic(emulator: Emulator, root: Aws, inbox: str) -> None:
    kms = root.client("kms")
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    root.client("sns").set_topic_attributes(TopicArn=TOPIC, AttributeName="KmsMasterKeyId", AttributeValue=key)
    silence = {"ComparisonOperator": "LessThanThreshold", "Threshold": 1, "TreatMissingData": "breaching"}
    _alarm(root, "first", **silence)
    assert _on(emulator) == ["first"]
    assert _told(root, inbox) == {"first"}
    kms.disable_key(KeyId=key)
    _alarm(root, "second", **silence)
    assert _on(emulator) == ["first", "second"]
    assert _told(root, inbox) == set()


METRICS = """
import json

def handler(event, context):
    declared = {"Namespace": "Test", "Dimensions": [["FunctionName"]], "Metrics": [{"Name": "Swept"}]}
    written = {"FunctionName": context.function_name, "Swept": 1}
    line = {"_aws": {"Timestamp": 0, "CloudWatchMetrics": [declared]}, **written}
    print(json.dumps(line))
"""


@pytest.mark.parametrize("may_write", [True, False])
def test_metrics_come_out_of_the_log_if_the_role_may_write_it(
    emulator: Emulator, root: Aws, inbox: str, may_write: bool
) -> None:
    archive, name = io.BytesIO(), f"writer-{may_write}"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("main.py", METRICS)
    iam, functions = root.client("iam"), root.client("lambda")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    writes = {"Effect": "Allow", "Action": "logs:*" if may_write else "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [writes]})
    iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=policy)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="main.handler",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
    )
    dimensions = [{"Name": "FunctionName", "Value": name}]
    _alarm(root, name, MetricName="Swept", Dimensions=dimensions)
    functions.invoke(FunctionName=name, Payload=b"{}")
    assert (name in _on(emulator)) is may_write
    groups = root.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert bool(groups) is may_write
    functions.delete_function(FunctionName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="write")
    iam.delete_role(RoleName=name)
    if groups:
        root.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")


def test_all_that_was_kept_is_put_back(emulator: Emulator, root: Aws) -> None:
    """And nothing else is there afterwards."""
    sqs, iam, events = root.client("sqs"), root.client("iam"), root.client("events")
    url = sqs.create_queue(QueueName="kept")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="before")
    events.put_rule(Name="kept", EventPattern='{"source": ["a"]}')
    emulator.ask("snapshot")
    sqs.delete_queue(QueueUrl=url)
    events.put_rule(Name="kept", EventPattern='{"source": ["b"]}')
    iam.create_user(UserName="made-later")
    for _ in range(2):
        emulator.ask("restore")
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "before"
        assert events.describe_rule(Name="kept")["EventPattern"] == '{"source": ["a"]}'
        assert "made-later" not in {user["UserName"] for user in iam.list_users()["Users"]}
    sqs.delete_queue(QueueUrl=url)
    events.delete_rule(Name="kept")
