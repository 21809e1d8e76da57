"""Every example of infra/ applies, works where it can be attacked, and goes away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from e2e.examples import HUB, HUB_ACCOUNT, KEPT, NAMES, SECOND_REGION, Example, Examples
from e2e.trail_state import difference, read_state
from lab.actors import EVERYTHING, create_user
from lab.gateway_process import wait_for
from lab.inbox import create_inbox
from lab.session import Lab


@pytest.fixture
def example(request: pytest.FixtureRequest, examples: Examples) -> Example:
    return examples.get(request.param)


def _cloudtrail(example: Example, trail_arn: str) -> Any:
    """A client of the trail's home region."""
    return example.aws.client("cloudtrail", region=trail_arn.split(":")[3])


def _stop(example: Example, trail_arn: str) -> float:
    since = time.time()
    _cloudtrail(example, trail_arn).stop_logging(Name=trail_arn)
    return since


def _logs(example: Example, trail_arn: str) -> bool:
    return _cloudtrail(example, trail_arn).get_trail_status(Name=trail_arn)["IsLogging"]


@pytest.mark.parametrize("name", NAMES)
def test_applies(examples: Examples, name: str) -> None:
    assert examples.get(name).terraform.state()


@pytest.mark.parametrize("example", [KEPT], indirect=True)
def test_a_new_trail_is_guarded(example: Example) -> None:
    arn = example.outputs["trail_arn"]
    assert arn.split(":")[4] == example.account
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)


@pytest.mark.parametrize("example", ["existing-trail"], indirect=True)
def test_an_existing_trail_is_guarded_and_the_queue_gets_the_notice(example: Example) -> None:
    arn = example.prepared["trail_arn"]
    assert set(example.outputs["protected_trail_arns"]) == {
        example.prepared[name] for name in ("trail_arn", "declared_arn", "captured_arn")
    }
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)
    sqs = example.aws.client("sqs")
    messages = wait_for(
        "the notice in the queue",
        lambda: sqs.receive_message(QueueUrl=example.outputs["notices_queue_url"], WaitTimeSeconds=1).get("Messages"),
        20,
    )
    notice = json.loads(json.loads(messages[0]["Body"])["Message"])
    assert notice["outcome"] == "restored"
    assert notice["trail"]["arn"] == arn


@pytest.mark.parametrize("example", ["existing-trail"], indirect=True)
def test_three_ways_to_declare_an_existing_trail(example: Example, lab: Lab) -> None:
    """Weakened alike, the three trails are put back as far as each baseline goes."""
    cloudtrail = example.aws.client("cloudtrail")
    arns = [example.prepared[name] for name in ("trail_arn", "declared_arn", "captured_arn")]
    declared = {arn: read_state(cloudtrail, arn) for arn in arns}
    since = time.time()
    for arn in arns:
        cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}])
        cloudtrail.update_trail(Name=arn, EnableLogFileValidation=False)

    def left(arn: str) -> set[str]:
        return {entry["field"] for entry in difference(declared[arn], read_state(cloudtrail, arn))}

    alone, in_words, captured = arns
    wait_for("the declared settings", lambda: left(in_words) == {"tags"}, 30)
    wait_for("the captured trail", lambda: left(captured) == set(), 30)
    wait_for(
        "all deliveries",
        lambda: len(lab.gateway.control.deliveries(since=since, account=example.account, event_name="RemoveTags")) >= 3,
        20,
    )
    assert left(alone) == {"tags", "enable_log_file_validation"}


@pytest.mark.parametrize("example", ["responder-only"], indirect=True)
def test_a_responder_by_itself_guards(example: Example) -> None:
    arn = example.prepared["trail_arn"]
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)


@pytest.mark.parametrize("example", ["multi-region"], indirect=True)
def test_each_home_region_has_its_responder(example: Example) -> None:
    arns = example.outputs["protected_trail_arns"]
    assert [arn.split(":")[3] for arn in arns] == [example.aws.region, SECOND_REGION]
    for arn in arns:
        _stop(example, arn)
    for arn in arns:
        wait_for("a logging trail", lambda arn=arn: _logs(example, arn), 20)


@pytest.mark.parametrize("example", ["control-tower"], indirect=True)
def test_control_towers_trail_logs_and_stays_the_organisations(example: Example) -> None:
    arn = example.prepared["trail_arn"]
    assert example.outputs["protected_trail_arns"] == [arn]
    cloudtrail = _cloudtrail(example, arn)
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)
    cloudtrail.update_trail(Name=arn, IsOrganizationTrail=False)
    wait_for("the organisation's trail", lambda: cloudtrail.get_trail(Name=arn)["Trail"]["IsOrganizationTrail"], 20)


@pytest.mark.parametrize("example", ["member"], indirect=True)
def test_a_member_forwards_from_both_regions_and_trusts_the_hub_only(example: Example) -> None:
    """How it is healed from outside is in test_cross_account.py."""
    assert example.outputs["trail_arns"] == [f"arn:aws:cloudtrail:{example.aws.region}:{example.account}:trail/audit"]
    for region in (example.aws.region, "us-east-1"):
        events = example.aws.client("events", region=region)
        (target,) = events.list_targets_by_rule(Rule="trailkeeper-forwarding")["Targets"]
        assert target["Arn"] == HUB["bus_arn"]
    role = example.aws.client("iam").get_role(RoleName="trailkeeper-remediation")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": f"arn:aws:iam::{HUB_ACCOUNT}:root"}
    assert trust["Condition"]["ArnEquals"] == {"aws:PrincipalArn": HUB["role_arn"]}


@pytest.mark.parametrize("example", ["member"], indirect=True)
def test_a_member_s_own_responder_heals_and_tells_the_security_account(example: Example, lab: Lab) -> None:
    arn = example.prepared["trail_arn"]
    cloudtrail = _cloudtrail(example, arn)
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)
    cloudtrail.update_trail(Name=arn, EnableLogFileValidation=False)
    wait_for("validation", lambda: cloudtrail.get_trail(Name=arn)["Trail"]["LogFileValidationEnabled"], 20)

    sqs = lab.as_account(HUB_ACCOUNT).client("sqs")
    told: list[Any] = []

    def both() -> bool:
        received = sqs.receive_message(QueueUrl=example.prepared["inbox_url"], WaitTimeSeconds=1)
        for message in received.get("Messages", []):
            notice = json.loads(json.loads(message["Body"])["Message"])
            # What Terraform does to the responder's own parts is told too.
            told.extend([notice] if notice["trail"]["arn"] else [])
        return len(told) >= 2

    wait_for("the notices in the security account", both, 20)
    assert {(n["trail"]["arn"], n["event"]["name"], n["outcome"]) for n in told} == {
        (arn, "StopLogging", "restored"),
        (arn, "UpdateTrail", "restored"),
    }
    alarms = example.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {action for alarm in alarms for action in alarm["AlarmActions"]} == {example.prepared["topic_arn"]}


@pytest.mark.parametrize("example", ["member"], indirect=True)
def test_a_member_s_own_responder_knows_the_hub_and_this_account_s_trails_only(example: Example) -> None:
    function = example.aws.client("lambda").get_function_configuration(FunctionName="trailkeeper-responder")
    given = function["Environment"]["Variables"]
    assert [entry.split("=")[0] for entry in given["TRAILKEEPER_TRAILS"].split(",")] == [example.prepared["trail_arn"]]
    assert given["TRAILKEEPER_PEER_ROLES"] == example.outputs["remediation_role_arn"]
    assert given["TRAILKEEPER_CHANGE_PRINCIPALS"] == f"arn:aws:iam::{example.account}:role/deploy"


@pytest.mark.parametrize("example", ["organization-trail"], indirect=True)
def test_the_organisation_s_trail_is_made_and_stays_the_organisation_s(example: Example) -> None:
    """In the management account. A delegated administrator's is applied in test_organization_moto.py."""
    arn = example.outputs["trail_arn"]
    assert example.outputs["protected_trail_arns"] == [arn]
    cloudtrail = _cloudtrail(example, arn)
    assert cloudtrail.get_trail(Name=arn)["Trail"]["IsOrganizationTrail"]
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)
    cloudtrail.update_trail(Name=arn, IsOrganizationTrail=False)
    wait_for("the organisation's trail", lambda: cloudtrail.get_trail(Name=arn)["Trail"]["IsOrganizationTrail"], 20)


@pytest.mark.parametrize("example", ["hardened"], indirect=True)
def test_what_is_done_to_the_roles_crosses_the_regions_and_is_told(example: Example, lab: Lab) -> None:
    """Of these roles only."""
    aws, iam = example.aws, example.aws.client("iam")
    role = next(r["RoleName"] for r in iam.list_roles()["Roles"] if r["RoleName"].endswith("-responder"))
    inbox = create_inbox(aws, example.outputs["roles_topic_arn"])
    since = time.time()
    trust = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    iam.create_role(RoleName="of-the-team", AssumeRolePolicyDocument=trust)
    iam.update_role(RoleName="of-the-team", MaxSessionDuration=7200)
    iam.update_role(RoleName=role, MaxSessionDuration=7200)
    told: list[dict[str, Any]] = []

    def heard() -> bool:
        received = aws.client("sqs").receive_message(QueueUrl=inbox, WaitTimeSeconds=1)
        told.extend(json.loads(json.loads(message["Body"])["Message"]) for message in received.get("Messages", []))
        return bool(told)

    wait_for("the event in the topic of the home region", heard, 20)
    assert {(event["detail"]["eventName"], event["detail"]["requestParameters"]["roleName"]) for event in told} == {
        ("UpdateRole", role)
    }
    assert {event["region"] for event in told} == {"us-east-1"}
    hops = lab.gateway.control.deliveries(since=since, account=example.account, outcome="accepted")
    assert [hop["rule"] for hop in hops if hop["event_name"] == "UpdateRole"] == [
        "trailkeeper-global-events",
        "trailkeeper-roles",
    ]


@pytest.mark.parametrize("example", ["hardened"], indirect=True)
def test_only_those_who_are_named_change_what_has_a_policy(example: Example) -> None:
    """By an administrator whom IAM allows everything. The root user, who deployed it, is not bound.

    Nor is the table tried: the emulator does not ask a table's policy.
    """
    administrator = example.aws.as_(create_user(example.aws, "administrator", EVERYTHING))
    trail = _cloudtrail(example, example.outputs["trail_arn"]).describe_trails()["trailList"][0]
    bucket, key, topic = {"Bucket": trail["S3BucketName"]}, trail["KmsKeyId"], example.outputs["alerts_topic_arn"]
    queue = example.outputs["dead_letter_queue_url"]
    s3, kms, sns, sqs = (administrator.client(name) for name in ("s3", "kms", "sns", "sqs"))
    day = {"ID": "day", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    attacks: dict[str, Callable[[], Any]] = {
        "DeleteBucketPolicy": lambda: s3.delete_bucket_policy(**bucket),
        "PutBucketVersioning": lambda: s3.put_bucket_versioning(
            **bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
        "PutBucketLifecycle": lambda: s3.put_bucket_lifecycle_configuration(
            **bucket, LifecycleConfiguration={"Rules": [day]}
        ),
        "DeletePublicAccessBlock": lambda: s3.delete_public_access_block(**bucket),
        "DeleteBucket": lambda: s3.delete_bucket(**bucket),
        "DisableKey": lambda: kms.disable_key(KeyId=key),
        "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=key),
        "PutKeyPolicy": lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy="{}"),
        "DeleteTopic": lambda: sns.delete_topic(TopicArn=topic),
        "SetTopicAttributes": lambda: sns.set_topic_attributes(
            TopicArn=topic, AttributeName="DisplayName", AttributeValue="x"
        ),
        "DeleteQueue": lambda: sqs.delete_queue(QueueUrl=queue),
        "PurgeQueue": lambda: sqs.purge_queue(QueueUrl=queue),
    }
    refused = {}
    for name, attack in attacks.items():
        try:
            attack()
            refused[name] = False
        except ClientError as error:
            refused[name] = error.response["Error"]["Code"].startswith(("AccessDenied", "AuthorizationError"))
    assert refused == dict.fromkeys(attacks, True)


@pytest.mark.parametrize("example", [KEPT], indirect=True)
def test_accounts_do_not_touch_each_other(example: Example, lab: Lab) -> None:
    since = _stop(example, example.outputs["trail_arn"])
    deliveries = wait_for(
        "the delivery",
        lambda: lab.gateway.control.deliveries(event_name="StopLogging", since=since, account=example.account),
        20,
    )
    assert {d["target"].split(":")[4] for d in deliveries} == {example.account}
    assert lab.gateway.control.deliveries(since=since, account=lab.account) == []


def test_the_end_begins(examples: Examples) -> None:
    """All examples but one are destroyed from here on, side by side; see test_terraform_examples.py."""
    examples.begin_to_destroy()
