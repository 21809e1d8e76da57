"""The attacker may do everything in CloudTrail; the guard is out of reach."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from e2e.guarded import Guarded
from lab.aws import Aws

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}

REACHES: dict[str, Callable[[Aws, Guarded], object]] = {
    "invoke the function": lambda a, g: a.client("lambda").invoke(FunctionName=g.function_name),
    "read the function": lambda a, g: a.client("lambda").get_function(FunctionName=g.function_name),
    "change its code": lambda a, g: a.client("lambda").update_function_code(
        FunctionName=g.function_name, ZipFile=b"PK"
    ),
    "change its configuration": lambda a, g: a.client("lambda").update_function_configuration(
        FunctionName=g.function_name, Timeout=1
    ),
    "take its concurrency": lambda a, g: a.client("lambda").put_function_concurrency(
        FunctionName=g.function_name, ReservedConcurrentExecutions=0
    ),
    "delete it": lambda a, g: a.client("lambda").delete_function(FunctionName=g.function_name),
    "take its permission": lambda a, g: a.client("lambda").remove_permission(
        FunctionName=g.function_name, StatementId="x"
    ),
    "assume its role": lambda a, g: a.client("sts").assume_role(RoleArn=g.role_arn, RoleSessionName="mallory"),
    "read its role's policy": lambda a, g: a.client("iam").list_role_policies(RoleName=g.role_name),
    "change its role's policy": lambda a, g: a.client("iam").put_role_policy(
        RoleName=g.role_name, PolicyName="x", PolicyDocument='{"Version":"2012-10-17","Statement":[]}'
    ),
    "change its role's trust": lambda a, g: a.client("iam").update_assume_role_policy(
        RoleName=g.role_name, PolicyDocument='{"Version":"2012-10-17","Statement":[]}'
    ),
    "disable the rule": lambda a, g: a.client("events").disable_rule(Name=g.rule_name),
    "change the rule": lambda a, g: a.client("events").put_rule(Name=g.rule_name, EventPattern='{"source":["x"]}'),
    "remove its targets": lambda a, g: a.client("events").remove_targets(Rule=g.rule_name, Ids=["x"]),
    "forge an event": lambda a, g: a.client("events").put_events(
        Entries=[{"Source": "aws.cloudtrail", "DetailType": "AWS API Call via CloudTrail", "Detail": "{}"}]
    ),
    "publish to the topic": lambda a, g: a.client("sns").publish(TopicArn=g.topic_arn, Message="all is well"),
    "change the topic's policy": lambda a, g: a.client("sns").set_topic_attributes(
        TopicArn=g.topic_arn, AttributeName="Policy", AttributeValue="{}"
    ),
    "delete the topic": lambda a, g: a.client("sns").delete_topic(TopicArn=g.topic_arn),
    "read the dead letters": lambda a, g: a.client("sqs").receive_message(QueueUrl=g.dead_letter_url),
    "purge the dead letters": lambda a, g: a.client("sqs").purge_queue(QueueUrl=g.dead_letter_url),
    "delete the alarms": lambda a, g: a.client("cloudwatch").delete_alarms(
        AlarmNames=list(g.lab.outputs["alarm_names"].values())
    ),
    "rewrite the baseline": lambda a, g: a.client("ssm").put_parameter(
        Name=g.parameter_name(), Value="{}", Type="String", Overwrite=True
    ),
    "read the baseline": lambda a, g: a.client("ssm").get_parameter(Name=g.parameter_name()),
    "delete the baseline": lambda a, g: a.client("ssm").delete_parameter(Name=g.parameter_name()),
    "note an incident as told": lambda a, g: a.client("dynamodb").put_item(
        TableName=g.incidents_table(), Item={"id": {"S": "x"}}
    ),
    "delete the memory of incidents": lambda a, g: a.client("dynamodb").delete_table(TableName=g.incidents_table()),
    "list the schedules": lambda a, g: a.client("scheduler").list_schedules(),
    "stop the schedule": lambda a, g: a.client("scheduler").delete_schedule(Name="sweep", GroupName="trailkeeper"),
    "change the log bucket's policy": lambda a, g: a.client("s3").delete_bucket_policy(
        Bucket=g.lab.outputs["trail_bucket_name"]
    ),
}


@pytest.mark.parametrize("reach", REACHES, ids=lambda text: text.replace(" ", "-"))
def test_the_attacker_cannot(guarded: Guarded, reach: str) -> None:
    with pytest.raises(ClientError) as refused:
        REACHES[reach](guarded.lab.attacker, guarded)
    assert refused.value.response["Error"]["Code"] in DENIED


def test_the_attacker_can_stop_the_trail(guarded: Guarded) -> None:
    """So that the refusals above mean something."""
    since = guarded.attack()
    assert guarded.notice(since)[1]["outcome"] == "restored"


def test_nobody_can_put_an_event_in_aws_s_name(guarded: Guarded) -> None:
    answer = guarded.lab.admin.client("events").put_events(
        Entries=[
            {
                "Source": "aws.cloudtrail",
                "DetailType": "AWS API Call via CloudTrail",
                "Detail": json.dumps({"eventName": "StopLogging"}),
            }
        ]
    )
    assert answer["FailedEntryCount"] == 1


def _stopped_in_the_dark(guarded: Guarded) -> tuple[float, dict]:
    """The trail is off and its event was lost; returns the record."""
    guarded.lose_next_event()
    since = guarded.attack()
    guarded.wait("the lost event", lambda: guarded.deliveries(since, outcome="dropped"))
    return since, guarded.records(since, event_name="StopLogging")[0]


@pytest.mark.parametrize(
    ("envelope", "record", "reason"),
    [
        ({"account": "444455556666"}, {}, "envelope_and_record_contradict"),
        ({"account": "444455556666"}, {"recipientAccountId": "444455556666"}, "foreign_account"),
        ({"region": "us-west-2"}, {"awsRegion": "us-west-2"}, "foreign_region"),
        ({"source": "evil.cloudtrail"}, {}, "not_from_cloudtrail"),
        ({"detail_type": "AWS Service Event via CloudTrail"}, {}, "not_from_cloudtrail"),
        ({}, {"recipientAccountId": "444455556666"}, "envelope_and_record_contradict"),
        ({}, {"awsRegion": "us-west-2"}, "envelope_and_record_contradict"),
        ({}, {"eventSource": "ec2.amazonaws.com"}, "not_from_cloudtrail"),
    ],
    ids=[
        "envelope-account",
        "account",
        "region",
        "source",
        "detail-type",
        "record-account",
        "record-region",
        "event-source",
    ],
)
def test_a_forged_invocation_moves_nothing(guarded: Guarded, envelope: dict, record: dict, reason: str) -> None:
    """Whoever may invoke the function directly can hand it any envelope."""
    _, true_record = _stopped_in_the_dark(guarded)
    since = time.time()
    answer = guarded.invoke(true_record | record, **envelope)
    assert "FunctionError" not in answer
    assert answer["Payload"] == {"ignored": reason}
    assert guarded.calls("StartLogging", since) == []
    assert guarded.calls("Publish", since) == []
    assert not guarded.is_logging()


def test_a_replayed_event_heals(guarded: Guarded) -> None:
    """The same envelope, unforged: a dead letter that is sent again does its work."""
    since, record = _stopped_in_the_dark(guarded)
    guarded.invoke(record)
    assert guarded.is_logging()
    assert guarded.notice(since)[1]["outcome"] == "restored"
