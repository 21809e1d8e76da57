"""Whose access key it is: the `userIdentity` of a record.

Keys are learnt from the answers that hand them out (CreateAccessKey, AssumeRole)
and, for any other, asked of the emulator as root. The sessions of Lambda
functions are made inside the emulator and never pass through here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

from .decoding import Answer
from .emulator_api import EmulatorApi, EmulatorError
from .operations import Call
from .timestamps import time_text

_ACCOUNT = re.compile(r"^\d{12}$")
_SESSION_CALLS = {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


@dataclass(frozen=True)
class Principal:
    """The caller behind an access key."""

    kind: str  # Root, IAMUser, AssumedRole or FederatedUser
    account: str
    access_key_id: str
    principal_id: str = ""
    arn: str = ""
    user_name: str = ""
    issuer: dict[str, str] = field(default_factory=dict)
    created: str = ""
    function_arn: str = ""

    def user_identity(self) -> dict[str, Any]:
        """As CloudTrail writes it."""
        identity: dict[str, Any] = {
            "type": self.kind,
            "principalId": self.principal_id,
            "arn": self.arn,
            "accountId": self.account,
            "accessKeyId": self.access_key_id,
        }
        if self.kind == "IAMUser":
            identity["userName"] = self.user_name
        if self.kind != "AssumedRole" and self.created:
            identity["sessionContext"] = {
                "attributes": {"creationDate": self.created, "mfaAuthenticated": "false"},
            }
            if self.issuer:
                identity["sessionContext"]["sessionIssuer"] = self.issuer
        if self.kind == "AssumedRole":
            identity["sessionContext"] = {
                "sessionIssuer": self.issuer,
                "attributes": {"creationDate": self.created, "mfaAuthenticated": "false"},
            }
            if self.function_arn:
                identity["inScopeOf"] = {
                    "issuerType": "AWS::Lambda::Function",
                    "credentialsIssuedTo": self.function_arn,
                }
        return identity

    @property
    def name(self) -> str:
        """LookupEvents' Username."""
        return self.user_name or (self.arn.rsplit("/", 1)[-1] if "/" in self.arn else self.kind.lower())


class Identities:
    """Access key id -> principal."""

    def __init__(self, emulator: EmulatorApi) -> None:
        self._emulator = emulator
        self._known: dict[str, Principal] = {}

    def forget(self) -> None:
        """Ask for every key anew."""
        self._known.clear()

    async def of(self, access_key_id: str, region: str) -> Principal | None:
        """The principal of a key; None for a key that the emulator does not know."""
        if _ACCOUNT.match(access_key_id):
            return Principal("Root", access_key_id, access_key_id, access_key_id, f"arn:aws:iam::{access_key_id}:root")
        if access_key_id not in self._known:
            found = await self._ask(access_key_id, region)
            if found is None:
                return None
            self._known[access_key_id] = found
        return self._known[access_key_id]

    async def learn(self, call: Call, answer: Answer, caller: Principal, epoch: float) -> None:
        """Remember the session that an answer handed out."""
        if call.event_source != "sts.amazonaws.com" or not answer.ok:
            return
        if call.operation in ("GetSessionToken", "GetFederationToken"):
            self._learn_token(call, answer, caller, epoch)
        if call.operation not in _SESSION_CALLS:
            return
        user = answer.output.get("AssumedRoleUser") or {}
        key = (answer.output.get("Credentials") or {}).get("AccessKeyId")
        if key and user.get("Arn"):
            account = user["Arn"].split(":")[4]
            role = user["Arn"].split("/")[-2]
            self._known[key] = await self._session(key, account, role, user["Arn"], epoch, call.scope.region)

    def _learn_token(self, call: Call, answer: Answer, caller: Principal, epoch: float) -> None:
        """A user's own session, or that of a federated user."""
        key = (answer.output.get("Credentials") or {}).get("AccessKeyId")
        if not key:
            return
        session = replace(caller, access_key_id=key, created=time_text(epoch))
        user = answer.output.get("FederatedUser") or {}
        if call.operation == "GetFederationToken":
            issuer = {
                "type": caller.kind,
                "principalId": caller.principal_id,
                "arn": caller.arn,
                "accountId": caller.account,
                "userName": caller.user_name,
            }
            session = replace(
                session,
                kind="FederatedUser",
                principal_id=user.get("FederatedUserId", ""),
                arn=user.get("Arn", ""),
                user_name="",
                issuer=issuer,
            )
        self._known[key] = session

    async def _ask(self, key: str, region: str) -> Principal | None:
        try:
            answer = await self._emulator.call(
                "sts", "GetAccessKeyInfo", {"AccessKeyId": key}, account="000000000000", region=region
            )
            account = answer["Account"]
            used = await self._emulator.call(
                "iam", "GetAccessKeyLastUsed", {"AccessKeyId": key}, account=account, region="us-east-1"
            )
            user = (
                await self._emulator.call(
                    "iam", "GetUser", {"UserName": used["UserName"]}, account=account, region="us-east-1"
                )
            )["User"]
            return Principal("IAMUser", account, key, user["UserId"], user["Arn"], user["UserName"])
        except EmulatorError as error:
            if error.code == "NoSuchEntity":
                return await self._function_session(key, account, region)
            return None

    async def _function_session(self, key: str, account: str, region: str) -> Principal | None:
        """The function whose session a key is.

        MiniStack 1.5 derives the key from the ARNs of the function and of its role,
        and offers no call that names a session's principal.
        """
        functions = (await self._emulator.call("lambda", "ListFunctions", account=account, region=region))["Functions"]
        for function in functions:
            arn, role_arn = function["FunctionArn"], function["Role"]
            digest = hashlib.sha256(f"{arn}:{role_arn}".encode()).hexdigest()
            if key == f"ASIA{digest[:16].upper()}":
                role = role_arn.rsplit("/", 1)[-1]
                session = function["FunctionName"][:64]
                session_arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
                return await self._session(key, account, role, session_arn, None, region, arn)
        return None

    async def _session(
        self,
        key: str,
        account: str,
        role: str,
        session_arn: str,
        epoch: float | None,
        region: str,
        function_arn: str = "",
    ) -> Principal:
        try:
            answer = await self._emulator.call(
                "iam", "GetRole", {"RoleName": role}, account=account, region="us-east-1"
            )
            found = answer["Role"]
        except EmulatorError:
            found = {}  # deleted meanwhile: the session goes on without its role's id
        role_id = found.get("RoleId", "")
        issuer = {
            "type": "Role",
            "principalId": role_id,
            "arn": found.get("Arn", f"arn:aws:iam::{account}:role/{role}"),
            "accountId": account,
            "userName": role,
        }
        session_name = session_arn.rsplit("/", 1)[-1]
        return Principal(
            "AssumedRole",
            account,
            key,
            f"{role_id}:{session_name}",
            session_arn,
            "",
            issuer,
            time_text(epoch),
            function_arn,
        )
