"""Containment on: a user and a role's session weaken the trail twice each, and the notice's command is run."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from e2e.deployments import NEVER_SWEPT, TRAIL_ALONE, Deployment
from e2e.guarded import Guarded
from e2e.pipeline import as_pipeline, create_pipeline_role
from lab.aws import Aws
from lab.inbox import Inbox
from lab.notice_text import mail

POLICY = "TrailkeeperContainment"


@dataclass
class Story:
    """What became of one actor; of calls, the error code, None if they were accepted."""

    notices: list[dict[str, Any]]
    text: str
    before: str | None
    next_call: str | None
    # Of a user: with the key switched on again. Of a role: with a new session.
    then: str | None
    policy: dict[str, Any]
    undone: str | None


@dataclass
class Contained:
    """Both stories, and what the function may do."""

    user: Story
    role: Story
    statements: dict[str, dict[str, Any]]
    refused: list[Any]
    dead_letters: list[dict[str, Any]]


def run_command(aws: Aws, commands: str) -> None:
    """As the shell would run a notice's commands, each only after the one before."""
    for command in commands.split(" && "):
        program, service, operation, *options = shlex.split(command)
        assert (program, service) == ("aws", "iam"), command
        given = dict(zip((option.removeprefix("--") for option in options[::2]), options[1::2], strict=True))
        region = given.pop("region")
        names = {"".join(part.capitalize() for part in name.split("-")): value for name, value in given.items()}
        getattr(aws.client("iam", region=region), operation.replace("-", "_"))(**names)


def outcome(call: Callable[[], Any]) -> str | None:
    """The error code of a call."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def contain(deployment: Deployment, variables: dict[str, Any]) -> Contained:
    """The user first, then the role."""
    role_arn = create_pipeline_role(deployment.root)
    deployment.make_trail()
    deployment.protect(variables | NEVER_SWEPT | TRAIL_ALONE | {"containment": {}}, deployment.baseline)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    begun = time.time()
    iam = deployment.admin.client("iam")

    def strike_twice(actor: Aws) -> tuple[list[dict[str, Any]], str]:
        notices = []
        for _ in range(2):
            guarded.settle()
            since = time.time()
            actor.client("cloudtrail").stop_logging(Name=guarded.trail_name)
            notices.append(guarded.notice(since)[1])
        found = mail(guarded.control, since, guarded.role_arn, notices[-1]["event"]["id"])
        assert found is not None
        return notices, found[1]

    def look(actor: Aws) -> str | None:
        return outcome(lambda: actor.client("cloudtrail").describe_trails())

    thief = deployment.attacker
    before = look(thief)
    notices, text = strike_twice(thief)
    next_call = look(thief)
    name, key = thief.credentials.name, thief.credentials.access_key_id
    iam.update_access_key(UserName=name, AccessKeyId=key, Status="Active")
    then = look(thief)
    iam.update_access_key(UserName=name, AccessKeyId=key, Status="Inactive")
    policy = iam.get_user_policy(UserName=name, PolicyName=POLICY)["PolicyDocument"]
    run_command(deployment.admin, notices[1]["containment"]["undo"])
    user = Story(notices, text, before, next_call, then, policy, look(thief))

    session = as_pipeline(deployment.admin, role_arn)
    before = look(session)
    notices, text = strike_twice(session)
    next_call = look(session)
    role_name = role_arn.rsplit("/", 1)[-1]
    policy = iam.get_role_policy(RoleName=role_name, PolicyName=POLICY)["PolicyDocument"]
    time.sleep(2)  # sessions issued in the second of the revocation are revoked too
    then = look(as_pipeline(deployment.admin, role_arn))
    run_command(deployment.admin, notices[1]["containment"]["undo"])
    role = Story(notices, text, before, next_call, then, policy, look(session))

    statements = {s["Sid"]: s for s in guarded.role_policy()["Statement"] if "Contain" in s["Sid"]}
    refused = [r for r in guarded.requests(begun) if r["error_code"] == "AccessDenied"]
    dead_letters = guarded.dead_letters()
    inbox.close()
    return Contained(user, role, statements, refused, dead_letters)
