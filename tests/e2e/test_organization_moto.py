"""The roll-out to an organisation, in the order of docs/organization.md: applied, looked at, planned again, destroyed.

moto serves Organizations, policies and service-managed stack sets. What it cannot do, and what therefore
is not tested here:

- It enforces no policy. What the service control policy denies is computed from the document that moto
  gives back (service_control.py); the trust of the roles is read, not tried.
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
    """Both accounts' Terraform, applied."""

    organization: MotoOrganization
    management: Terraform
    security: Terraform
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
        """The service control policies that are ours."""
        organizations = self.organization.management_aws.client("organizations")
        found = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
        return [organizations.describe_policy(PolicyId=p["Id"])["Policy"] for p in found if not p["AwsManaged"]]


def _delegated(organization: MotoOrganization) -> set[str]:
    organizations = organization.management_aws.client("organizations")
    if organizations.list_delegated_administrators()["DelegatedAdministrators"] == []:
        return set()
    services = organizations.list_delegated_services_for_account(AccountId=organization.accounts["security"])
    return {service["ServicePrincipal"] for service in services["DelegatedServices"]}


@pytest.fixture(scope="module")
def rolled_out(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RollOut]:
    """Management account, security account, management account again: the last one with what the second tells."""
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
            }
        )
        security.init()
        for_members = security.apply()["for_members"]

        management.set_variables(
            management.variables
            | for_members
            | {"service_control_policy_targets": [organization.root], "exempt_principals": [OPERATOR]}
        )
        management.apply()
        yield RollOut(organization, management, security, delegated, for_members)


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


@pytest.mark.parametrize("name", ["shop", "bank", "playground", "management"])
def test_the_hub_may_come_in_and_touch_this_accounts_trail_only(rolled_out: RollOut, name: str) -> None:
    """Stack sets bring the role to the members, Terraform to the management account: it is the same."""
    account = rolled_out.organization.accounts.get(name, MANAGEMENT)
    aws = rolled_out.organization.aws(account)
    role = aws.client("iam").get_role(RoleName="trailkeeper-remediation")["Role"]
    assert role["MaxSessionDuration"] == 3600
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    hub = rolled_out.for_members["hub"]
    assert trust["Principal"] == {"AWS": hub["role_arn"]}
    assert trust["Condition"] == {
        "StringEquals": {"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": rolled_out.organization.id}
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


@pytest.mark.parametrize("name", ["shop", "bank", "playground", "management"])
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


def test_the_policy_is_attached_and_short_enough(rolled_out: RollOut) -> None:
    (policy,) = rolled_out.policies()
    assert len(policy["Content"]) <= 5120
    targets = rolled_out.organization.management_aws.client("organizations").list_targets_for_policy(
        PolicyId=policy["PolicySummary"]["Id"]
    )["Targets"]
    assert [target["TargetId"] for target in targets] == [rolled_out.organization.root]


ADMINISTRATOR, ROOT = "arn:aws:iam::111122223333:role/Administrator", "arn:aws:iam::111122223333:root"
DEPLOY = "arn:aws:iam::111122223333:role/deploy"
STACKS = "arn:aws:iam::111122223333:role/stacksets-exec-0123456789abcdef"
REMEDIATION = "arn:aws:iam::111122223333:role/trailkeeper-remediation"
RESPONDER = "arn:aws:iam::111122223333:role/trailkeeper-responder"
SWEEP = "arn:aws:iam::111122223333:role/trailkeeper-sweep"
HERE = f"{REGION}:111122223333"
TRAIL = f"arn:aws:cloudtrail:{HERE}:trail/audit"
FUNCTION = f"arn:aws:lambda:{HERE}:function:trailkeeper-responder"
TABLE = f"arn:aws:dynamodb:{HERE}:table/trailkeeper-incidents"

DENIED = [
    ("cloudtrail:StopLogging", TRAIL),
    ("cloudtrail:DeleteTrail", TRAIL),
    ("cloudtrail:UpdateTrail", TRAIL),
    ("cloudtrail:PutEventSelectors", TRAIL),
    ("cloudtrail:PutInsightSelectors", TRAIL),
    ("cloudtrail:RemoveTags", TRAIL),
    ("iam:DeleteRole", REMEDIATION),
    ("iam:PutRolePolicy", REMEDIATION),
    ("iam:DeleteRolePolicy", REMEDIATION),
    ("iam:AttachRolePolicy", REMEDIATION),
    ("iam:UpdateAssumeRolePolicy", REMEDIATION),
    ("iam:PutRolePermissionsBoundary", REMEDIATION),
    ("iam:DeleteRole", f"arn:aws:iam::111122223333:role/trailkeeper-forwarding-{GLOBAL}"),
    ("iam:UpdateAssumeRolePolicy", RESPONDER),
    ("iam:PassRole", RESPONDER),
    ("iam:CreateRole", STACKS),
    ("iam:UpdateAssumeRolePolicy", STACKS),
    ("iam:CreateRole", DEPLOY),
    ("events:DisableRule", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
    ("events:PutRule", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
    ("events:RemoveTargets", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
    ("events:DeleteRule", f"arn:aws:events:{HERE}:rule/trailkeeper-trail-changes"),
    ("sqs:DeleteQueue", f"arn:aws:sqs:{HERE}:trailkeeper-forwarding-dead-letters"),
    ("sqs:PurgeQueue", f"arn:aws:sqs:{HERE}:trailkeeper-dead-letters"),
    ("lambda:UpdateFunctionCode", FUNCTION),
    ("lambda:UpdateFunctionConfiguration", FUNCTION),
    ("lambda:PutFunctionConcurrency", FUNCTION),
    ("lambda:DeleteFunction", FUNCTION),
    ("lambda:RemovePermission", FUNCTION),
    ("scheduler:UpdateSchedule", f"arn:aws:scheduler:{HERE}:schedule/trailkeeper/trailkeeper-sweep"),
    ("scheduler:DeleteScheduleGroup", f"arn:aws:scheduler:{HERE}:schedule-group/trailkeeper"),
    ("dynamodb:PutItem", TABLE),
    ("dynamodb:DeleteTable", TABLE),
    ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/trailkeeper/trailkeeper/audit/0123"),
    ("ssm:DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/trailkeeper/trailkeeper/audit/0123"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder"),
    ("logs:DeleteLogStream", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder:log-stream:1"),
    ("cloudwatch:DisableAlarmActions", f"arn:aws:cloudwatch:{HERE}:alarm:trailkeeper-responder-errors"),
    ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/StackSet-trailkeeper-member-0123/4567"),
    ("organizations:LeaveOrganization", "*"),
]
LEFT_ALONE = [
    (ADMINISTRATOR, "cloudtrail:StartLogging", TRAIL),
    (ADMINISTRATOR, "cloudtrail:GetTrailStatus", TRAIL),
    (ADMINISTRATOR, "cloudtrail:LookupEvents", "*"),
    (ADMINISTRATOR, "cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HERE}:trail/a-trail-of-the-team"),
    (ADMINISTRATOR, "iam:DeleteRole", ADMINISTRATOR),
    (ADMINISTRATOR, "iam:GetRole", REMEDIATION),
    (ADMINISTRATOR, "lambda:GetFunction", FUNCTION),
    (ADMINISTRATOR, "events:DisableRule", f"arn:aws:events:{HERE}:rule/another"),
    (REMEDIATION, "cloudtrail:UpdateTrail", TRAIL),
    (REMEDIATION, "cloudtrail:AddTags", TRAIL),
    (RESPONDER, "cloudtrail:PutEventSelectors", TRAIL),
    (RESPONDER, "dynamodb:PutItem", TABLE),
    (RESPONDER, "logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder:log-stream:1"),
    (SWEEP, "lambda:InvokeFunction", FUNCTION),
    (STACKS, "iam:CreateRole", REMEDIATION),
    (STACKS, "lambda:UpdateFunctionCode", FUNCTION),
    (DEPLOY, "cloudtrail:UpdateTrail", TRAIL),
    (DEPLOY, "events:PutRule", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
]


@pytest.fixture(scope="module")
def policy(rolled_out: RollOut) -> dict[str, Any]:
    """As moto gives it back."""
    return json.loads(rolled_out.policies()[0]["Content"])


@pytest.mark.parametrize(("action", "resource"), DENIED)
@pytest.mark.parametrize("principal", [ADMINISTRATOR, ROOT])
def test_administrators_are_kept_off(policy: dict[str, Any], principal: str, action: str, resource: str) -> None:
    assert denies(policy, principal, action, resource)


@pytest.mark.parametrize(("principal", "action", "resource"), LEFT_ALONE)
def test_nobody_else_is_hindered(policy: dict[str, Any], principal: str, action: str, resource: str) -> None:
    assert not denies(policy, principal, action, resource)


@pytest.mark.parametrize("principal", [REMEDIATION, RESPONDER, SWEEP])
def test_not_even_trailkeeper_changes_itself(policy: dict[str, Any], principal: str) -> None:
    assert denies(policy, principal, "iam:PutRolePolicy", REMEDIATION)
    assert denies(policy, principal, "lambda:UpdateFunctionCode", FUNCTION)


@pytest.mark.parametrize("account", ["management", "security"])
def test_a_second_plan_changes_nothing(rolled_out: RollOut, account: str) -> None:
    assert not getattr(rolled_out, account).differs()


def test_destroys_in_the_order_of_the_documentation(rolled_out: RollOut) -> None:
    """The policy, the security account, the rest of the management account; nothing of it is left anywhere."""
    organization, management, security = rolled_out.organization, rolled_out.management, rolled_out.security
    management.set_variables(management.variables | {"service_control_policy_targets": []})
    management.apply()
    assert rolled_out.policies() == []

    security.destroy()
    assert security.state() == []
    for account in rolled_out.members:
        aws = organization.aws(account)
        assert [r["RoleName"] for r in aws.client("iam").list_roles()["Roles"] if "trailkeeper" in r["RoleName"]] == []
        for region in (REGION, GLOBAL):
            assert aws.client("events", region=region).list_rules()["Rules"] == []

    management.destroy()
    assert management.state() == []
    assert rolled_out.delegated() == set()
