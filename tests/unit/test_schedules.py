"""Whether the emulated EventBridge Scheduler asks the schedule's role before it invokes a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ministack.services import iam

from lab.extensions.schedules import refusal

ACCOUNT, REGION = "111122223333", "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:responder"
GROUP = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/guard"
SCHEDULE = {"Arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/guard/sweep", "GroupName": "guard"}


def _role(trust: dict[str, Any], *, service: str = "scheduler.amazonaws.com", resource: str = FUNCTION) -> str:
    """Make the role of the schedule in the emulator's own store."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": trust},
    }
    allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": resource}
    role = {
        "AssumeRolePolicyDocument": json.dumps({"Statement": [trusted]}),
        "InlinePolicies": {"invoke": json.dumps({"Version": "2012-10-17", "Statement": [allowed]})},
    }
    iam._roles.set_scoped(ACCOUNT, None, "sweep", role)
    return f"arn:aws:iam::{ACCOUNT}:role/sweep"


EXACT = {"aws:SourceArn": GROUP, "aws:SourceAccount": ACCOUNT}


@pytest.mark.parametrize(
    ("role", "refused_because"),
    [
        (lambda: _role(EXACT), None),
        (lambda: _role({"aws:SourceArn": GROUP + "s"}), "does not trust"),
        (lambda: _role({"aws:SourceAccount": "444455556666"}), "does not trust"),
        (lambda: _role(EXACT, service="lambda.amazonaws.com"), "does not trust"),
        (lambda: _role(EXACT, resource=FUNCTION + "2"), "may not invoke"),
        (lambda: f"arn:aws:iam::{ACCOUNT}:role/nobody", "no role"),
    ],
    ids=["allowed", "another-group", "another-account", "another-service", "another-function", "no-role"],
)
def test_the_role_decides(role: Callable[[], str], refused_because: str | None) -> None:
    said = refusal({"Arn": FUNCTION, "RoleArn": role()}, SCHEDULE)
    assert said is None if refused_because is None else refused_because in (said or "")
