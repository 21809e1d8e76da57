"""Every attack of the matrix by an administrator whom the policies bind: IAM, as the emulator has it, refuses.

The emulator enforces no service control policy. What such a policy denies, the same statements
deny as a policy of the user: so they are given to the attacker as that, and as a boundary what is
made for single accounts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from attack_matrix.account import INTRUDER, Account
from attack_matrix.attacks import Attack, all_attacks
from e2e.guarded import Guarded
from lab.actors import EVERYTHING, create_user
from lab.paths import INFRA

# The emulator has no kms:ResourceAliases, by which the policies know the keys. What is denied of
# such keys is computed in test_service_control.py.
BY_ALIAS = {"DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy: without CloudTrail", "DisableKeyRotation"}
BY_ALIAS |= {"DisableKey: the topic's"}


@pytest.fixture(scope="module")
def documents(guarded_account: Guarded) -> dict[str, Any]:
    """The module's outputs, for an account alone, and the boundary's ARN."""
    terraform = guarded_account.lab.terraform_in("prevention", guarded_account.lab.admin)
    given = {
        "targets": None,
        "trail_names": [guarded_account.trail_name],
        "exempt_principals": ["arn:aws:iam::*:role/deploy"],
        "member_responders": True,
        "freeze_subscriptions": True,
    }
    terraform.write(INFRA / "modules" / "service-control-policy", given)
    terraform.init()
    outputs = terraform.apply()["outputs"]
    boundary = guarded_account.lab.root.client("iam").create_policy(
        PolicyName="trailkeeper-administrators", PolicyDocument=outputs["boundary_json"]
    )
    return outputs | {"boundary_arn": boundary["Policy"]["Arn"]}


@pytest.fixture(scope="module")
def account(guarded_account: Guarded) -> Account:
    """The attacker, and what they have made before they were bound."""
    return Account(guarded_account.lab, guarded_account)


@pytest.fixture(scope="module", params=["policies", "boundary"])
def bound(request: pytest.FixtureRequest, account: Account, documents: dict[str, Any]) -> Iterator[Account]:
    """The attacker, bound in one of the two ways."""
    iam = account.lab.root.client("iam")
    if request.param == "boundary":
        iam.put_user_permissions_boundary(UserName=INTRUDER, PermissionsBoundary=documents["boundary_arn"])
        yield account
        iam.delete_user_permissions_boundary(UserName=INTRUDER)
        return
    for name in ("content", "surroundings_content"):
        iam.put_user_policy(UserName=INTRUDER, PolicyName=name, PolicyDocument=documents[name])
    yield account
    for name in ("content", "surroundings_content"):
        iam.delete_user_policy(UserName=INTRUDER, PolicyName=name)


@pytest.mark.parametrize(
    "attack", [attack for attack in all_attacks() if attack.name not in BY_ALIAS], ids=lambda attack: attack.name
)
def test_the_attack_is_refused(bound: Account, attack: Attack) -> None:
    before = bound.read([attack.part])
    with pytest.raises(ClientError) as refusal:
        attack.call(bound)
    assert refusal.value.response["Error"]["Code"].startswith(("AccessDenied", "AuthorizationError")), refusal.value
    assert bound.read([attack.part]) == before


def test_everything_else_is_left_alone(bound: Account) -> None:
    """The attacker stays an administrator of all else."""
    sns = bound.intruder.client("sns")
    sns.delete_topic(TopicArn=sns.create_topic(Name="of-the-team")["TopicArn"])
    rule = {"Name": "of-the-team", "EventPattern": json.dumps({"source": ["team"]})}
    events = bound.intruder.client("events")
    events.put_rule(**rule)
    events.delete_rule(Name="of-the-team")
    bound.intruder.client("cloudtrail").get_trail_status(Name=bound.names.trail_arn)


def test_nobody_unbound_is_made(account: Account, documents: dict[str, Any]) -> None:
    """Who has the boundary makes users and roles that have it too, and keeps it."""
    root, boundary, other = account.lab.root, documents["boundary_arn"], account.spares.policy_arn
    bounded = root.as_(create_user(root, "bounded", EVERYTHING)).client("iam")
    root.client("iam").put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)
    version = json.dumps({"Version": "2012-10-17", "Statement": []})
    for call in (
        lambda: bounded.create_user(UserName="unbound"),
        lambda: bounded.delete_user_permissions_boundary(UserName="bounded"),
        lambda: bounded.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=other),
        lambda: bounded.create_policy_version(PolicyArn=boundary, PolicyDocument=version, SetAsDefault=True),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    bounded.create_user(UserName="bound", PermissionsBoundary=boundary)
    bounded.delete_user(UserName="bound")
