"""What a member's CloudFormation stack is: free of findings, complete, able to heal, and gone when it is deleted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cfnlint.api import ManualArgs, lint

from e2e.member_stacks import EXTERNAL_ID, NAME, TRAIL, Stacks, make_stacks, parameter_name
from lab.aws import Aws, Credentials
from lab.inbox import Inbox
from lab.session import Lab

# One of each partition.
REGIONS = ["eu-central-1", "us-gov-west-1", "cn-north-1"]


@pytest.fixture(scope="module")
def stacks(lab: Lab) -> Stacks:
    return make_stacks(lab)


@pytest.fixture(scope="module")
def inbox(stacks: Stacks) -> Iterator[Inbox]:
    inbox = Inbox(stacks.hub.admin, stacks.inbox_url)
    yield inbox
    inbox.close()


def _wait(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("brings", ["hub", "forwarding", "responder"])
def test_cfn_lint_finds_nothing(stacks: Stacks, brings: str) -> None:
    # Informational rules too: those tell of data that a deletion would lose, for instance.
    arguments = ManualArgs(regions=REGIONS, include_checks=["I"])
    assert [str(finding) for finding in lint(stacks.templates[brings], config=arguments)] == []


def test_everything_of_the_template_is_made(stacks: Stacks) -> None:
    declared = json.loads(stacks.templates["responder"])["Resources"]
    assert stacks.member.resources() == {name: each["Type"] for name, each in declared.items()}
    assert f"RemediationPolicy{stacks.member.account}" in declared, "a trail of this account alone"


def test_the_hubs_own_account_and_excluded_ones_stay_empty(stacks: Stacks) -> None:
    for account in (stacks.hub, stacks.excluded):
        assert account.resources() == {}
        assert account.admin.client("iam").list_roles()["Roles"] == []


def test_the_function_is_the_hubs_package(stacks: Stacks) -> None:
    function = stacks.member.admin.client("lambda").get_function_configuration(FunctionName=f"{NAME}-responder")
    assert function["CodeSize"] == stacks.lab.package.stat().st_size
    parameter = parameter_name(stacks.document())
    trail = stacks.trail_arn.replace("{account}", stacks.member.account)
    assert function["Environment"]["Variables"]["TRAILKEEPER_TRAILS"] == f"{trail}={parameter}"
    kept = stacks.member.admin.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
    assert kept == stacks.document()


@pytest.fixture
def hub_role(stacks: Stacks) -> Iterator[Aws]:
    """The hub's role, which the template only names."""
    iam, sts = stacks.hub.admin.client("iam"), stacks.hub.admin.client("sts")
    role = f"{NAME}-responder"
    trust = {"Principal": {"AWS": sts.get_caller_identity()["Arn"]}, "Action": "sts:AssumeRole"}
    allowed = {"Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::*:role/{NAME}-remediation"}
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=_document(allowed))
    yield _session(stacks.hub.admin, sts.assume_role(RoleArn=arn, RoleSessionName="hub"))
    iam.delete_role_policy(RoleName=role, PolicyName=role)
    iam.delete_role(RoleName=role)


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


def _session(caller: Aws, answer: dict[str, Any]) -> Aws:
    made = answer["Credentials"]
    return caller.as_(Credentials("session", made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))


def _enter(stacks: Stacks, caller: Aws, external_id: str = EXTERNAL_ID) -> Aws:
    role = f"arn:aws:iam::{stacks.member.account}:role/{NAME}-remediation"
    asked = {"RoleArn": role, "RoleSessionName": "trailkeeper-test", "ExternalId": external_id}
    return _session(caller, caller.client("sts", retries=1).assume_role(**asked))


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_only_the_hubs_role_enters_and_only_to_heal(stacks: Stacks, hub_role: Aws, trail: str) -> None:
    assert _code(lambda: _enter(stacks, hub_role, "another-external-id")) == "AccessDenied"
    assert _code(lambda: _enter(stacks, stacks.hub.admin)) == "AccessDenied", "no other role or user of that account"
    assert _code(lambda: _enter(stacks, stacks.member.admin)) == "AccessDenied"

    entered = _enter(stacks, hub_role).client("cloudtrail", retries=1)
    entered.start_logging(Name=trail)
    assert entered.get_trail_status(Name=trail)["IsLogging"]
    assert "AccessDenied" in _code(lambda: entered.stop_logging(Name=trail))


@pytest.fixture(scope="module")
def trail(stacks: Stacks) -> str:
    """The trail that the member has, made by its own people."""
    bucket = f"logs-{stacks.member.account}"
    configuration = {"LocationConstraint": stacks.lab.region}
    stacks.member.admin.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=configuration)
    cloudtrail = stacks.member.admin.client("cloudtrail")
    arn = cloudtrail.create_trail(Name=TRAIL, S3BucketName=bucket)["TrailARN"]
    cloudtrail.start_logging(Name=TRAIL)
    return arn


def test_the_members_own_responder_heals_and_tells_the_security_account(
    stacks: Stacks, inbox: Inbox, trail: str
) -> None:
    since = time.time()
    stacks.member.attacker.client("cloudtrail").stop_logging(Name=trail)
    status = stacks.member.admin.client("cloudtrail")
    _wait(lambda: status.get_trail_status(Name=trail)["IsLogging"])
    notice = _wait(lambda: [m.notice() for m in inbox.notices(since) if m.notice()["outcome"] == "restored"])[0]
    assert notice["trail"]["arn"] == trail
    assert notice["actor"]["arn"] == f"arn:aws:iam::{stacks.member.account}:user/mallory"


def test_the_event_reaches_the_hubs_bus(stacks: Stacks, trail: str) -> None:
    admin = stacks.hub.admin
    sqs, events = admin.client("sqs"), admin.client("events")
    url = sqs.create_queue(QueueName="arrivals")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _document(allowed)})
    events.put_rule(Name="arrivals", EventBusName=NAME, EventPattern=json.dumps({"source": ["aws.cloudtrail"]}))
    events.put_targets(Rule="arrivals", EventBusName=NAME, Targets=[{"Id": "queue", "Arn": queue}])

    stacks.member.attacker.client("cloudtrail").stop_logging(Name=trail)
    message = _wait(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))[0]
    event = json.loads(message["Body"])
    assert (event["account"], event["detail"]["eventName"]) == (stacks.member.account, "StopLogging")
    assert event["detail"]["requestParameters"]["name"] == trail


def test_another_baseline_and_package_come_with_an_update(stacks: Stacks) -> None:
    before, after = stacks.document(), stacks.document(s3_key_prefix="audit-{account}")
    stacks.hub.admin.client("s3").put_object(Bucket=stacks.bucket, Key="new.zip", Body=_other_package(stacks))
    stacks.member.deploy(stacks.render(after, "new.zip")["responder"])

    function = stacks.member.admin.client("lambda").get_function_configuration(FunctionName=f"{NAME}-responder")
    assert function["Environment"]["Variables"]["TRAILKEEPER_TRAILS"].endswith(parameter_name(after))
    assert function["CodeSize"] == len(_other_package(stacks))
    found = stacks.member.admin.client("ssm").describe_parameters()["Parameters"]
    assert [each["Name"] for each in found] == [parameter_name(after)], f"{parameter_name(before)} is needless now"


def _other_package(stacks: Stacks) -> bytes:
    return stacks.lab.package.read_bytes() + b"\0"


def test_deletion_leaves_nothing(stacks: Stacks, trail: str) -> None:
    # A run that is not over would write its log anew: it searches the event history for some seconds.
    _wait(lambda: stacks.lab.gateway.control.is_finished(stacks.member.account), 60)
    stacks.member.delete()
    admin = stacks.member.admin
    left = {
        "roles": admin.client("iam").list_roles()["Roles"],
        "functions": admin.client("lambda").list_functions()["Functions"],
        "rules": admin.client("events").list_rules()["Rules"],
        "queues": admin.client("sqs").list_queues().get("QueueUrls", []),
        "tables": admin.client("dynamodb").list_tables()["TableNames"],
        "parameters": admin.client("ssm").describe_parameters()["Parameters"],
        "schedules": admin.client("scheduler").list_schedules()["Schedules"],
        "log groups": admin.client("logs").describe_log_groups()["logGroups"],
        "alarms": admin.client("cloudwatch").describe_alarms()["MetricAlarms"],
    }
    assert left == {kind: [] for kind in left}
    assert admin.client("cloudtrail").get_trail_status(Name=trail)["IsLogging"], "the trail is its owner's"
