"""An organisation in the emulator for the tests of what happens between accounts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from botocore.exceptions import ClientError

from lab.actors import EVERYTHING, create_user
from lab.aws import Aws, Credentials
from lab.emulator import Emulator
from lab.gateway.emulator_api import EmulatorApi
from unit.accounts import REGION

MANAGEMENT, OUTSIDE = "555500000001", "555500000009"
EXTERNAL_ID = "an-external-id-of-this-test"


@dataclass
class Organization:
    """Accounts, and an administrator of each."""

    emulator: Emulator
    id: str
    hub: str
    member: str
    admins: dict[str, Aws]

    def admin(self, account: str, service: str) -> Any:
        return self.admins[account].client(service, retries=1)

    def ask(self, question: Callable[[EmulatorApi], Any]) -> Any:
        """Answer a question with calls as the gateway makes them."""

        async def asked() -> Any:
            async with aiohttp.ClientSession(auto_decompress=False) as http:
                return await question(EmulatorApi(self.emulator.url, self.emulator.root_secret, http))

        return asyncio.run(asked())


def make_organization(emulator: Emulator) -> Organization:
    """A management account, a hub that may list the accounts, a member, and an account outside."""

    def root(account: str) -> Aws:
        return Aws(emulator.url, REGION, Credentials(account, account, emulator.root_secret))

    organizations = root(MANAGEMENT).client("organizations")
    identifier = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    hub, member = (
        organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
        for name in ("hub", "member")
    )
    organizations.register_delegated_administrator(
        AccountId=hub, ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
    )
    admins = {}
    for account in (MANAGEMENT, hub, member, OUTSIDE):
        admins[account] = root(account).as_(create_user(root(account), "administrator", EVERYTHING))
    return Organization(emulator, identifier, hub, member, admins)


def policy(*statements: dict[str, Any]) -> str:
    """A policy document; statements allow unless they say otherwise."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | s for s in statements]})


def make_role(iam: Any, name: str, trust: dict[str, Any], *allowed: dict[str, Any]) -> str:
    """A role with one inline policy; made anew if it is there."""
    try:
        iam.delete_role_policy(RoleName=name, PolicyName=name)
        iam.delete_role(RoleName=name)
    except ClientError:
        pass  # the first of its name
    document = policy({"Action": "sts:AssumeRole"} | trust)
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy(*allowed))
    return arn


def code_of(call: Callable[[], Any]) -> str:
    """The error code of a call that is to be refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]
