"""Whether a rule may send an event to another bus: of its own account, of another, in another region.

The rule's target has a role. EventBridge must be able to assume it, it must allow
events:PutEvents on the bus, and a bus of another account must have a policy that lets it in.
Without a role, the bus's policy must name the rule's account: a bus that is open to an
organisation asks for a role.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html (RoleArn)
"""

from __future__ import annotations

import json
from typing import Any

from . import resource_policy
from .emulator_api import EmulatorApi, EmulatorError
from .identity_policies import policies_of, read_document
from .targets import SERVICE, NotPermitted

_ACTION = "events:PutEvents"


class Buses:
    """The checks, with what the emulator knows."""

    def __init__(self, emulator: EmulatorApi) -> None:
        self._emulator = emulator

    async def admit(self, rule_arn: str, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Raises NotPermitted, or EmulatorError (worth a retry)."""
        bus_arn, role_arn = target["Arn"], target.get("RoleArn")
        sender, owner = rule_arn.split(":")[4], bus_arn.split(":")[4]
        policy = await self._policy_of(bus_arn)
        keys = {
            "aws:SourceArn": rule_arn,
            "aws:SourceAccount": sender,
            "aws:PrincipalAccount": sender,
            "events:source": event["source"],
            "events:detail-type": event["detail-type"],
        }
        if role_arn:
            await self._check_role(rule_arn, role_arn, bus_arn, keys)
            keys["aws:PrincipalArn"] = role_arn
            if organization := await self._organization_of(sender):
                keys["aws:PrincipalOrgID"] = organization
        principal = role_arn or f"arn:aws:iam::{sender}:root"
        decision = resource_policy.decide_for(policy, principal, _ACTION, bus_arn, keys)
        if decision == "Deny" or (sender != owner and decision != "Allow"):
            raise NotPermitted(f"the policy of {bus_arn} does not allow {principal} {_ACTION} for {rule_arn}")

    async def _policy_of(self, bus_arn: str) -> str | None:
        region, account, resource = bus_arn.split(":", 5)[3:6]
        try:
            name = {"Name": resource.split("/", 1)[1]}
            found = await self._emulator.call("events", "DescribeEventBus", name, account=account, region=region)
        except EmulatorError as error:
            if error.code == "ResourceNotFoundException":
                raise NotPermitted(f"{bus_arn} does not exist") from error
            raise
        return found.get("Policy")

    async def _check_role(self, rule_arn: str, role_arn: str, bus_arn: str, keys: dict[str, str]) -> None:
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        if account != rule_arn.split(":")[4]:
            raise NotPermitted(f"{role_arn} is not of the account of {rule_arn}")
        try:
            where = {"account": account, "region": "us-east-1"}
            role = (await self._emulator.call("iam", "GetRole", {"RoleName": name}, **where))["Role"]
            policies = await policies_of(self._emulator, "Role", name, account)
        except EmulatorError as error:
            if error.code.startswith("NoSuchEntity"):
                raise NotPermitted(f"there is no role {role_arn}") from error
            raise
        trust = json.dumps(read_document(role["AssumeRolePolicyDocument"]))
        if not resource_policy.allows(trust, SERVICE, "sts:AssumeRole", role_arn, keys):
            raise NotPermitted(f"{role_arn} does not trust {SERVICE} for {rule_arn}")
        if not resource_policy.identity_allows(policies, _ACTION, bus_arn, keys):
            raise NotPermitted(f"{role_arn} does not allow {_ACTION} on {bus_arn}")

    async def _organization_of(self, account: str) -> str | None:
        try:
            where = {"account": account, "region": "us-east-1"}
            found = await self._emulator.call("organizations", "DescribeOrganization", {}, **where)
        except EmulatorError as error:
            if error.code == "AWSOrganizationsNotInUseException":
                return None
            raise
        return found["Organization"]["Id"]
