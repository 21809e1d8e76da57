"""Roles of other accounts: who may assume them, and what the session may do."""

from __future__ import annotations

from typing import Any

import pytest

from lab.aws import Aws, Credentials
from unit.accounts import REGION
from unit.cross_account import EXTERNAL_ID, OUTSIDE, Organization, code_of, make_role, policy

TRAILS = ("audit", "other")


@pytest.fixture(scope="module")
def hub_role(organization: Organization) -> Aws:
    """A session of the hub's role, which may assume roles of its organisation."""
    iam = organization.admin(organization.hub, "iam")
    assume = {
        "Action": "sts:AssumeRole",
        "Resource": "arn:aws:iam::*:role/remediation",
        "Condition": {"StringEquals": {"aws:ResourceOrgID": organization.id}},
    }
    arn = make_role(iam, "hub", {"Principal": {"AWS": f"arn:aws:iam::{organization.hub}:root"}}, assume)
    return _session(organization.admins[organization.hub], RoleArn=arn, RoleSessionName="function")


@pytest.fixture(scope="module", autouse=True)
def trails(organization: Organization) -> None:
    cloudtrail = organization.admin(organization.member, "cloudtrail")
    for name in TRAILS:
        cloudtrail.create_trail(Name=name, S3BucketName="b")


def _session(caller: Aws, **given: Any) -> Aws:
    keys = caller.client("sts", retries=1).assume_role(**given)["Credentials"]
    return caller.as_(
        Credentials("session", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]),
    )


def _remediation(organization: Organization, account: str, **conditions: str) -> str:
    """The member's role, with the trust policy that the module `member` makes."""
    wanted = {"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": organization.id} | conditions
    trust = {
        "Principal": {"AWS": f"arn:aws:iam::{organization.hub}:role/hub"},
        "Condition": {"StringEquals": wanted},
    }
    iam = organization.admin(account, "iam")
    return make_role(iam, "remediation", trust, {"Action": "cloudtrail:*", "Resource": "*"})


def _given(arn: str, **more: Any) -> dict[str, Any]:
    return {"RoleArn": arn, "RoleSessionName": "trailkeeper-1", "ExternalId": EXTERNAL_ID} | more


def test_the_hub_s_role_and_nobody_else(organization: Organization, hub_role: Aws) -> None:
    arn = _remediation(organization, organization.member)
    session = _session(hub_role, **_given(arn))
    identity = session.client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{organization.member}:assumed-role/remediation/trailkeeper-1"
    assert identity["Account"] == organization.member

    sts = hub_role.client("sts", retries=1)
    for wrong in (_given(arn, ExternalId="another-external-id"), {"RoleArn": arn, "RoleSessionName": "trailkeeper-1"}):
        assert code_of(lambda given=wrong: sts.assume_role(**given)) == "AccessDenied"
    for account in (organization.hub, organization.member, OUTSIDE):
        other = organization.admin(account, "sts")
        assert code_of(lambda sts=other: sts.assume_role(**_given(arn))) == "AccessDenied"


def test_a_hub_of_another_organisation_is_not_trusted(organization: Organization, hub_role: Aws) -> None:
    arn = _remediation(organization, organization.member, **{"aws:PrincipalOrgID": "o-another000000"})
    assert code_of(lambda: hub_role.client("sts").assume_role(**_given(arn))) == "AccessDenied"


def test_the_hub_s_own_policy_ends_at_its_organisation(organization: Organization, hub_role: Aws) -> None:
    """The role outside trusts the hub, and the hub may not assume it."""
    arn = _remediation(organization, OUTSIDE)
    assert code_of(lambda: hub_role.client("sts").assume_role(**_given(arn))) == "AccessDenied"


def test_a_trust_policy_sees_the_role_behind_a_session(organization: Organization, hub_role: Aws) -> None:
    role = f"arn:aws:iam::{organization.hub}:role/hub"
    arn = _remediation(organization, organization.member, **{"aws:PrincipalArn": role})
    assert _session(hub_role, **_given(arn))


def test_a_session_policy_limits_the_session_to_one_trail(organization: Organization, hub_role: Aws) -> None:
    arn = _remediation(organization, organization.member)
    audit, other = (f"arn:aws:cloudtrail:{REGION}:{organization.member}:trail/{name}" for name in TRAILS)
    limit = policy({"Action": "cloudtrail:StartLogging", "Resource": audit})
    cloudtrail = _session(hub_role, **_given(arn, Policy=limit)).client("cloudtrail", retries=1)
    cloudtrail.start_logging(Name=audit)
    assert code_of(lambda: cloudtrail.start_logging(Name=other)) == "AccessDeniedException"
    assert code_of(lambda: cloudtrail.stop_logging(Name=audit)) == "AccessDeniedException"
    # It cannot allow more than the role does.
    iam = _session(hub_role, **_given(arn, Policy=policy({"Action": "*", "Resource": "*"}))).client("iam", retries=1)
    assert code_of(iam.list_roles) == "AccessDenied"


def test_sessions_do_not_last_longer_than_the_role_allows(organization: Organization, hub_role: Aws) -> None:
    arn, sts = _remediation(organization, organization.member), hub_role.client("sts")
    for seconds in (3601, 43_201):
        given = _given(arn, DurationSeconds=seconds)
        assert code_of(lambda given=given: sts.assume_role(**given)) == "ValidationError", seconds
    assert sts.assume_role(**_given(arn, DurationSeconds=900))


def test_a_root_user_assumes_no_role(organization: Organization) -> None:
    account = organization.hub
    arn = f"arn:aws:iam::{account}:role/hub"
    root = organization.admins[account].as_(Credentials(account, account, organization.emulator.root_secret))
    assert code_of(lambda: root.client("sts").assume_role(RoleArn=arn, RoleSessionName="me")) == "AccessDenied"
