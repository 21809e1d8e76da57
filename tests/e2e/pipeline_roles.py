"""A pipeline with the roles of the module pipeline-roles deploys the root module."""

from __future__ import annotations

import base64
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from e2e.deployments import NEVER_SWEPT, Deployment
from e2e.drills import Running
from e2e.guarded import Guarded
from lab.aws import Aws, Credentials
from lab.inbox import Inbox
from lab.paths import INFRA
from lab.terraform import Terraform

REPO = "repo:example/infrastructure"
ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# AWS asks for these on the resource; MiniStack 1.5 asks on `*`, on a rule of the bus
# "default", on a schedule of the group "default". The drill's is a condition whose keys
# it does not know.
GAPS = {
    "plan": [
        "cloudwatch:ListTagsForResource",
        "dynamodb:GetResourcePolicy",
        "dynamodb:ListTagsOfResource",
        "events:DescribeRule",
        "events:ListTagsForResource",
        "events:ListTargetsByRule",
        "scheduler:GetSchedule",
        "scheduler:ListTagsForResource",
        "sns:ListTagsForResource",
    ],
    "apply": [
        "dynamodb:PutResourcePolicy",
        "events:PutRule",
        "events:PutTargets",
        "events:TagResource",
        "kms:CreateAlias",
        "lambda:CreateFunction",
        "scheduler:CreateSchedule",
    ],
    "drill": ["sns:Subscribe"],
}


@dataclass
class Rehearsal:
    """A drill by its role: how it ended, whether it heard the notice, what it left, what people were told."""

    code: int
    output: str
    heard: bool
    left: list[str]
    outcomes: list[str]


@dataclass
class Piped:
    """What the roles could do and what not."""

    trail_arn: str
    trusted: dict[str, str]
    replaced: list[str]
    refusals: dict[str, str]
    untrusted: dict[str, str]
    drill: Rehearsal
    bounded: dict[str, str]


def _token(subject: str, audience: str = AUDIENCE) -> str:
    """As a CI system issues it; the emulator believes it unsigned."""
    parts = [{"alg": "none"}, {"iss": ISSUER, "aud": audience, "sub": f"{REPO}:{subject}"}]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts), ""])


def _present(admin: Aws, role_arn: str, token: str) -> str:
    """Change a token for a session, as a pipeline does; the session's ARN."""
    answer = admin.client("sts").assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="run-1", WebIdentityToken=token
    )
    return answer["AssumedRoleUser"]["Arn"]


def _prepare(admin: Aws, role_arn: str, topic_arn: str) -> Aws:
    """A session of a role that the lab's gateway knows, and what the emulator asks for too much."""
    iam, name = admin.client("iam"), role_arn.rsplit("/", 1)[-1]
    account = role_arn.split(":")[4]
    trusted = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=_document(trusted))
    if name.endswith("-drill"):
        gaps = {"Effect": "Allow", "Action": GAPS["drill"], "Resource": topic_arn}
    else:
        actions = GAPS["plan"] + (GAPS["apply"] if name.endswith("-apply") else [])
        gaps = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="gaps-of-the-emulator", PolicyDocument=_document(gaps))
    given = admin.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="run-1")["Credentials"]
    return admin.as_(Credentials(name, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _refusal(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"


def pipe(deployment: Deployment, variables: dict[str, Any]) -> Piped:
    """Roles by the administrator, everything else by the roles."""
    admin, mine = deployment.admin, deployment.terraform
    here = f"{deployment.region}:{deployment.account}"
    trail_arn = f"arn:aws:cloudtrail:{here}:trail/trailkeeper"
    # By its name: the roles are there before the topic is.
    topic_arn = f"arn:aws:sns:{here}:trailkeeper-alerts"
    setup: Terraform = deployment.trail_terraform
    setup.write(
        INFRA / "modules" / "pipeline-roles",
        {
            "plan_subjects": [f"{REPO}:pull_request"],
            "apply_subjects": [f"{REPO}:environment:production"],
            "drill": {
                "subjects": [f"{REPO}:environment:drill"],
                "trail_arns": [trail_arn],
                "topic_arn": topic_arn,
            },
            "require_workload_boundary": False,
        },
    )
    setup.init()
    outputs = setup.apply()["outputs"]
    arns, boundary = outputs["role_arns"], outputs["workload_boundary_arn"]
    trusted = {
        name: _present(admin, arns[name], _token(subject))
        for name, subject in {
            "plan": "pull_request",
            "apply": "environment:production",
            "drill": "environment:drill",
        }.items()
    }
    untrusted = {
        what: _refusal(lambda token=token: _present(admin, arns["apply"], token))
        for what, token in {
            "pull_request": _token("pull_request"),
            "ref:refs/heads/main": _token("ref:refs/heads/main"),
            "environment:other": _token("environment:other"),
            "another audience": _token("environment:production", "https://example.com"),
        }.items()
    }
    roles = {name: _prepare(admin, arn, topic_arn) for name, arn in arns.items()}

    mine.aws = roles["apply"]
    given = {"change_principals": [arns["apply"]], "permissions_boundary": boundary, "tags": {"owner": "security"}}
    deployment.deploy(variables | NEVER_SWEPT | given)
    mine.aws = roles["plan"]
    planned = mine.planned_json().get("resource_changes", [])
    mine.aws = admin

    inbox = Inbox(admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    drilled = _drill(guarded, roles["drill"], trail_arn, topic_arn)
    inbox.close()
    return Piped(
        trail_arn,
        trusted,
        [c["address"] for c in planned if "delete" in c["change"]["actions"] or "create" in c["change"]["actions"]],
        {
            what: _refusal(call)
            for attempts in (
                _attempts(deployment, roles, arns),
                _drills_attempts(deployment, roles["drill"], topic_arn),
            )
            for what, call in attempts.items()
        },
        untrusted,
        drilled,
        {what: _refusal(call) for what, call in _bounded_calls(deployment, boundary).items()},
    )


def _drill(guarded: Guarded, role: Aws, trail_arn: str, topic_arn: str) -> Rehearsal:
    """The real drill, as the role."""
    since = time.time()
    with tempfile.TemporaryDirectory() as out:
        arguments = ("--trail", trail_arn, "--topic", topic_arn, "--yes", "--budget", "30")
        ended = Running(role, Path(out), *arguments).end()
        report = ended.report if ended.code in {0, 1, 3} else {}
    guarded.notice(since)
    guarded.settle()
    admin = guarded.lab.admin
    queues = admin.client("sqs").list_queues(QueueNamePrefix="trailkeeper-drill-").get("QueueUrls", [])
    subscribed = admin.client("sns").list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
    return Rehearsal(
        ended.code,
        ended.output,
        report.get("figures", {}).get("notice_received_ms") is not None,
        queues + [each["Endpoint"] for each in subscribed if ":trailkeeper-drill-" in each["Endpoint"]],
        [notice["outcome"] for notice in guarded.notices(since)],
    )


def _drills_attempts(deployment: Deployment, drill: Aws, topic_arn: str) -> dict[str, Callable[[], Any]]:
    """What the drill's role must not be able to do beside its drill."""
    admin = deployment.admin
    other_trail = admin.client("cloudtrail").create_trail(
        Name="of-another-team", S3BucketName=deployment.outputs["trail_bucket_name"]
    )["TrailARN"]
    other_topic = admin.client("sns").create_topic(Name="of-another-team")["TopicArn"]
    other_queue = admin.client("sqs").create_queue(QueueName="of-another-team")["QueueUrl"]
    dead_letters = admin.client("sqs").get_queue_url(QueueName="trailkeeper-dead-letters")["QueueUrl"]
    own_queue = f"arn:aws:sqs:{deployment.region}:{deployment.account}:trailkeeper-drill-0123"
    cloudtrail, sns, sqs = drill.client("cloudtrail"), drill.client("sns"), drill.client("sqs")
    return {
        "drill deletes the trail": lambda: cloudtrail.delete_trail(Name="trailkeeper"),
        "drill weakens the trail": lambda: cloudtrail.update_trail(Name="trailkeeper", IsMultiRegionTrail=False),
        "drill stops another trail": lambda: cloudtrail.stop_logging(Name=other_trail),
        "drill hears another topic": lambda: sns.subscribe(TopicArn=other_topic, Protocol="sqs", Endpoint=own_queue),
        "drill lists who is told": lambda: sns.list_subscriptions_by_topic(TopicArn=topic_arn),
        "drill makes another queue": lambda: sqs.create_queue(QueueName="trailkeeper-dead-letters-2"),
        "drill reads another queue": lambda: sqs.receive_message(QueueUrl=other_queue),
        "drill reads the dead letters": lambda: sqs.receive_message(QueueUrl=dead_letters),
        "drill deletes the dead letters": lambda: sqs.delete_queue(QueueUrl=dead_letters),
    }


def _attempts(deployment: Deployment, roles: dict[str, Aws], arns: dict[str, str]) -> dict[str, Callable[[], Any]]:
    """What each role must not be able to do."""
    plan, apply = roles["plan"], roles["apply"]
    outputs = deployment.outputs
    bucket, key = outputs["trail_bucket_name"], "AWSLogs/log.json.gz"
    deployment.admin.client("s3").put_object(Bucket=bucket, Key=key, Body=b"log")
    trail = deployment.admin.client("cloudtrail").get_trail(Name="trailkeeper")["Trail"]
    iam, cloudtrail = apply.client("iam"), apply.client("cloudtrail")
    own_role = arns["apply"].rsplit("/", 1)[-1]
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    return {
        "apply stops the trail": lambda: cloudtrail.stop_logging(Name="trailkeeper"),
        "apply deletes the trail": lambda: cloudtrail.delete_trail(Name="trailkeeper"),
        "apply deletes the log bucket": lambda: apply.client("s3").delete_bucket(Bucket=bucket),
        "apply deletes the trail's key": lambda: apply.client("kms").schedule_key_deletion(KeyId=trail["KmsKeyId"]),
        "apply reads a log": lambda: apply.client("s3").get_object(Bucket=bucket, Key=key),
        "apply changes its own role": lambda: iam.put_role_policy(
            RoleName=own_role, PolicyName="more", PolicyDocument=trust
        ),
        "apply opens the responder's role": lambda: iam.update_assume_role_policy(
            RoleName="trailkeeper-responder", PolicyDocument=trust
        ),
        "apply opens its own role": lambda: iam.update_assume_role_policy(RoleName=own_role, PolicyDocument=trust),
        "apply rewrites its boundary": lambda: iam.create_policy_version(
            PolicyArn=boundary_of(arns["apply"]), PolicyDocument=trust, SetAsDefault=True
        ),
        "apply gives itself another boundary": lambda: iam.put_role_permissions_boundary(
            RoleName=own_role, PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "apply makes a role beyond the prefix": lambda: iam.create_role(
            RoleName="backdoor", AssumeRolePolicyDocument=trust
        ),
        "apply makes a user": lambda: iam.create_user(UserName="trailkeeper-backdoor"),
        "apply takes off its boundary": lambda: iam.delete_role_permissions_boundary(RoleName=own_role),
        "plan changes the trail": lambda: plan.client("cloudtrail").update_trail(
            Name="trailkeeper", EnableLogFileValidation=False
        ),
        "plan changes the function": lambda: plan.client("lambda").update_function_configuration(
            FunctionName=outputs["responder_function_name"], Timeout=1
        ),
        "plan reads a log": lambda: plan.client("s3").get_object(Bucket=bucket, Key=key),
    }


def boundary_of(role_arn: str) -> str:
    """The policy that bounds the apply role, from its name."""
    return role_arn.replace(":role/", ":policy/") + "-boundary"


def _bounded_calls(deployment: Deployment, boundary: str) -> dict[str, Callable[[], Any]]:
    """A role that may do anything, but for the workloads' boundary: what is left of that."""
    admin, name = deployment.admin, "trailkeeper-anything"
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{deployment.account}:root"}}
    iam = admin.client("iam")
    arn = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=_document(trust | {"Action": "sts:AssumeRole"}),
        PermissionsBoundary=boundary,
    )["Role"]["Arn"]
    anything = _document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    iam.put_role_policy(RoleName=name, PolicyName="anything", PolicyDocument=anything)
    given = admin.client("sts").assume_role(RoleArn=arn, RoleSessionName="run-1")["Credentials"]
    bounded = admin.as_(Credentials(name, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))

    bucket = deployment.outputs["trail_bucket_name"]
    admin.client("cloudtrail").create_trail(Name="of-the-team", S3BucketName=bucket)
    topic = admin.client("sns").create_topic(Name="of-the-team")["TopicArn"]
    cloudtrail, sns = bounded.client("cloudtrail"), bounded.client("sns")
    return {
        "starts the trail": lambda: cloudtrail.start_logging(Name="trailkeeper"),
        "tells the topic": lambda: sns.publish(TopicArn=deployment.outputs["alerts_topic_arn"], Message="bounded"),
        "stops the trail": lambda: cloudtrail.stop_logging(Name="trailkeeper"),
        "changes another trail": lambda: cloudtrail.update_trail(Name="of-the-team", S3KeyPrefix="elsewhere"),
        "tells another topic": lambda: sns.publish(TopicArn=topic, Message="bounded"),
        "opens its role": lambda: bounded.client("iam").update_assume_role_policy(
            RoleName=name, PolicyDocument=anything
        ),
    }
