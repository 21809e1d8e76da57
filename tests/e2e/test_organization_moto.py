"""The roll-out to an organisation, in the order of docs/organization.md: applied, looked at, planned again, destroyed.

moto serves Organizations, policies and service-managed stack sets. What it cannot do, and what therefore
is not tested here:

- It enforces no policy. What the service control policy denies is computed from the document that moto
  gives back (service_control.py, test_service_control.py); the trust of the roles is read, not tried.
- It has no automatic deployment: an account that joins a unit later gets no stack. Only the setting is tested.
- Stacks have no queue policies (AWS::SQS::QueuePolicy), and their operations end at once and never fail.
- It delivers no events and runs no function here: tests across accounts are in test_cross_account*.py.
- Of a delegated administrator it only keeps the register: it would let any account make stack sets.
- Trusted access and policy types need not be switched on first.

What it answers wrongly or not at all, and Terraform needs, is filled in: moto_gaps.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.organization_moto import MANAGEMENT, REGION, MotoOrganization, moto_organization, stack_instances
from e2e.service_control import denies
from lab.environment import isolate
from lab.paths import INFRA, host_architecture
from lab.terraform import Terraform

GLOBAL = "us-east-1"
EXTERNAL_ID = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
OPERATOR = "arn:aws:iam::*:role/deploy"
STACK_SETS = ("trailkeeper-member", "trailkeeper-member-global-events")


@dataclass
class RollOut:
    """Terraform of the management account, the security account and a member without stack sets, applied."""

    organization: MotoOrganization
    management: Terraform
    security: Terraform
    member: Terraform
    delegated_first: set[str]
    for_members: dict[str, Any]

    @property
    def members(self) -> set[str]:
        """The accounts of the units that are rolled out to, those further down the tree too."""
        return {self.organization.accounts[name] for name in ("shop", "bank", "playground")}

    def delegated(self) -> set[str]:
        """What the security account is a delegated administrator for."""
        return _delegated(self.organization)

    def policies(self) -> list[dict[str, Any]]:
        """The service control policies that are ours, by name."""
        organizations = self.organization.management_aws.client("organizations")
        found = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
        ours = sorted((policy for policy in found if not policy["AwsManaged"]), key=lambda policy: policy["Name"])
        return [organizations.describe_policy(PolicyId=policy["Id"])["Policy"] for policy in ours]


def _delegated(organization: MotoOrganization) -> set[str]:
    organizations = organization.management_aws.client("organizations")
    if organizations.list_delegated_administrators()["DelegatedAdministrators"] == []:
        return set()
    services = organizations.list_delegated_services_for_account(AccountId=organization.accounts["security"])
    return {service["ServicePrincipal"] for service in services["DelegatedServices"]}


@pytest.fixture(scope="module")
def rolled_out(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RollOut]:
    """Management account, security account, management account again and a member: those with what the second tells."""
    isolate()
    infra = tmp_path_factory.mktemp("organization") / "infra"
    shutil.copytree(INFRA, infra, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", ".terraform.lock.hcl"))
    with moto_organization() as organization:
        management = organization.terraform(infra, "organization-management", MANAGEMENT)
        management.set_variables({"security_account_id": organization.accounts["security"]})
        management.init()
        management.apply()
        delegated = _delegated(organization)

        security = organization.terraform(infra, "organization", organization.accounts["security"])
        security.set_variables(
            {
                "package": str(package),
                "architecture": host_architecture(),
                "organization_id": organization.id,
                "external_id": EXTERNAL_ID,
                "organizational_unit_ids": [organization.workloads, organization.sandbox],
                "log_bucket_name": "audit-logs-{account}",
                "organization_trail": {"management_account_id": MANAGEMENT},
            }
        )
        security.init()
        for_members = security.apply()["for_members"]

        management.set_variables(
            management.variables
            | for_members
            | {
                "service_control_policy_targets": [organization.root],
                "evidence_arns": ["arn:aws:s3:::audit-logs-*"],
                "exempt_principals": [OPERATOR],
            }
        )
        management.apply()

        member = organization.terraform(infra, "member", organization.accounts["archive"])
        member.set_variables(for_members)
        member.init()
        member.apply()
        yield RollOut(organization, management, security, member, delegated, for_members)


def _statements(aws: Any, role: str) -> list[dict[str, Any]]:
    iam = aws.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    return [statement for document in documents for statement in document["Statement"]]


def test_the_security_account_is_a_delegated_administrator(rolled_out: RollOut) -> None:
    """Before the hub is there, and still with it."""
    wanted = {"member.org.stacksets.cloudformation.amazonaws.com", "cloudtrail.amazonaws.com"}
    assert rolled_out.delegated_first == rolled_out.delegated() == wanted


def test_every_account_of_the_units_has_its_stacks(rolled_out: RollOut) -> None:
    aws = rolled_out.security.aws
    for stack_set, region in zip(STACK_SETS, (REGION, GLOBAL), strict=True):
        expected = {(account, region, "CURRENT") for account in rolled_out.members}
        assert stack_instances(aws, stack_set) == expected


@pytest.mark.parametrize("stack_set", STACK_SETS)
def test_accounts_that_join_will_have_theirs(rolled_out: RollOut, stack_set: str) -> None:
    made = rolled_out.security.aws.client("cloudformation").describe_stack_set(
        StackSetName=stack_set, CallAs="DELEGATED_ADMIN"
    )["StackSet"]
    assert made["PermissionModel"] == "SERVICE_MANAGED"
    assert made["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}


@pytest.mark.parametrize("name", ["shop", "bank", "playground", "archive", "management"])
def test_the_hub_may_come_in_and_touch_this_accounts_trail_only(rolled_out: RollOut, name: str) -> None:
    """Stack sets bring the role to the members, Terraform to the archive and the management account: it is the same."""
    account = rolled_out.organization.accounts.get(name, MANAGEMENT)
    aws = rolled_out.organization.aws(account)
    role = aws.client("iam").get_role(RoleName="trailkeeper-remediation")["Role"]
    assert role["MaxSessionDuration"] == 3600
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    hub = rolled_out.for_members["hub"]
    security = rolled_out.organization.accounts["security"]
    assert trust["Principal"] == {"AWS": f"arn:aws:iam::{security}:root"}
    assert trust["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": hub["role_arn"]},
        "StringEquals": {"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": rolled_out.organization.id},
    }
    statements = _statements(aws, "trailkeeper-remediation")
    assert {"RestoreTrails", "ReconcileSettings", "VerifyTrails"} <= {statement["Sid"] for statement in statements}
    resources = {
        resource
        for statement in statements
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    }
    assert resources == {f"arn:aws:cloudtrail:{REGION}:{account}:trail/audit", "*"}
    assert [s["Sid"] for s in statements if s["Resource"] in ("*", ["*"])] == ["AttributeChanges"]


@pytest.mark.parametrize("name", ["shop", "bank", "playground", "archive", "management"])
@pytest.mark.parametrize("region", [REGION, GLOBAL])
def test_events_of_both_regions_go_to_the_hub(rolled_out: RollOut, name: str, region: str) -> None:
    account = rolled_out.organization.accounts.get(name, MANAGEMENT)
    events = rolled_out.organization.aws(account).client("events", region=region)
    (target,) = events.list_targets_by_rule(Rule="trailkeeper-forwarding")["Targets"]
    assert target["Arn"] == rolled_out.for_members["hub"]["bus_arn"]
    assert target["RoleArn"] == f"arn:aws:iam::{account}:role/trailkeeper-forwarding-{region}"
    pattern = json.loads(events.describe_rule(Name="trailkeeper-forwarding")["EventPattern"])
    assert (pattern["account"], pattern["region"]) == ([account], [region])


def test_the_bus_takes_events_of_the_organisation_only(rolled_out: RollOut) -> None:
    bus = rolled_out.security.aws.client("events").describe_event_bus(Name="trailkeeper")
    (statement,) = json.loads(bus["Policy"])["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": rolled_out.organization.id},
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/trailkeeper-forwarding-*"},
    }


def test_the_hub_guards_the_organisation_s_trail(rolled_out: RollOut) -> None:
    """Made by the delegated administrator. The management account owns it; moto takes the maker for the owner."""
    security = rolled_out.organization.accounts["security"]
    aws = rolled_out.security.aws
    trails = {trail["Name"]: trail for trail in aws.client("cloudtrail").describe_trails()["trailList"]}
    assert trails["organization-trail"]["IsOrganizationTrail"]
    assert trails["organization-trail"]["S3BucketName"] == f"organization-trail-logs-{security}-{REGION}"
    function = aws.client("lambda").get_function_configuration(FunctionName="trailkeeper-responder")
    guarded = function["Environment"]["Variables"]["TRAILKEEPER_TRAILS"].split(",")
    assert [entry.split("=")[0] for entry in guarded] == [
        f"arn:aws:cloudtrail:{REGION}:{security}:trail/audit",
        f"arn:aws:cloudtrail:{REGION}:{MANAGEMENT}:trail/organization-trail",
    ]
    statements = {s["Sid"]: s for s in _statements(aws, "trailkeeper-responder")}
    assert (
        f"arn:aws:cloudtrail:{REGION}:{MANAGEMENT}:trail/organization-trail" in statements["RestoreTrails"]["Resource"]
    )
    assert "HealOrganizationTrails" in statements


def test_the_policies_are_attached_and_short_enough(rolled_out: RollOut) -> None:
    policies = rolled_out.policies()
    assert [policy["PolicySummary"]["Name"] for policy in policies] == [
        "trailkeeper-guard",
        "trailkeeper-guard-surroundings",
    ]
    for policy in policies:
        assert len(policy["Content"]) <= 5120
        targets = rolled_out.organization.management_aws.client("organizations").list_targets_for_policy(
            PolicyId=policy["PolicySummary"]["Id"]
        )["Targets"]
        assert [target["TargetId"] for target in targets] == [rolled_out.organization.root]


def test_the_policy_keeps_administrators_off_and_lets_the_operator_in(rolled_out: RollOut) -> None:
    """The example's inputs arrive; what else the policy denies: test_service_control.py."""
    policy = json.loads(rolled_out.policies()[0]["Content"])
    account = rolled_out.organization.accounts["shop"]
    trail = f"arn:aws:cloudtrail:{REGION}:{account}:trail/audit"
    administrator, responder, operator = (
        f"arn:aws:iam::{account}:role/{name}" for name in ("Administrator", "trailkeeper-responder", "deploy")
    )
    assert denies(policy, administrator, "cloudtrail:StopLogging", trail)
    assert denies(policy, responder, "cloudtrail:UpdateTrail", trail), "these members have no responder"
    assert not denies(policy, operator, "cloudtrail:StopLogging", trail)
    assert denies(policy, administrator, "s3:DeleteObject", f"arn:aws:s3:::audit-logs-{account}/AWSLogs/log.json.gz")
    security = rolled_out.organization.accounts["security"]
    hub, own = rolled_out.for_members["hub"]["role_arn"], f"arn:aws:cloudtrail:{REGION}:{security}:trail/audit"
    assert not denies(policy, hub, "cloudtrail:UpdateTrail", own), "the hub heals its own account's trail"


@pytest.mark.parametrize("account", ["management", "security", "member"])
def test_a_second_plan_changes_nothing(rolled_out: RollOut, account: str) -> None:
    assert not getattr(rolled_out, account).differs()


def test_destroys_in_the_order_of_the_documentation(rolled_out: RollOut) -> None:
    """The policy, a member, the security account, the rest of the management account; nothing is left anywhere."""
    organization, management, security = rolled_out.organization, rolled_out.management, rolled_out.security
    management.set_variables(management.variables | {"service_control_policy_targets": []})
    management.apply()
    assert rolled_out.policies() == []

    rolled_out.member.destroy()
    assert rolled_out.member.state() == []
    security.destroy()
    assert security.state() == []
    for account in (*rolled_out.members, organization.accounts["archive"]):
        aws = organization.aws(account)
        assert [r["RoleName"] for r in aws.client("iam").list_roles()["Roles"] if "trailkeeper" in r["RoleName"]] == []
        for region in (REGION, GLOBAL):
            assert aws.client("events", region=region).list_rules()["Rules"] == []

    management.destroy()
    assert management.state() == []
    assert rolled_out.delegated() == set()
