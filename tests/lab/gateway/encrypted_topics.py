"""What publishing to an encrypted topic needs: SNS uses the key with the publisher's permissions.

The emulator stores a topic's KMS key and never uses it. So the gateway refuses the
publish that AWS would refuse: key disabled, or no kms:GenerateDataKey and kms:Decrypt
for the caller through SNS.
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from multidict import CIMultiDict

from .emulator_api import EmulatorApi, EmulatorError
from .identities import Principal
from .identity_policies import policies_of
from .operations import Call
from .resource_policy import identity_allows

_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
_CHANGERS = (
    "Put",
    "Delete",
    "Attach",
    "Detach",
    "Set",
    "Create",
    "Update",
    "Disable",
    "Enable",
    "Schedule",
    "Cancel",
    "Add",
    "Remove",
)
Refusal = tuple[int, CIMultiDict[str], bytes]


class EncryptedTopics:
    """Checks publishes; keeps keys and policies until a call of IAM, KMS or SNS may have changed them."""

    def __init__(self, emulator: EmulatorApi) -> None:
        self._emulator = emulator
        self._verdicts: dict[tuple[str, str], tuple[str, str] | None] = {}

    def observe(self, call: Call) -> None:
        """Forget all verdicts after a call that may change one."""
        if call.event_source.split(".")[0] in ("iam", "kms", "sns") and call.operation.startswith(_CHANGERS):
            self._verdicts.clear()

    def forget(self) -> None:
        """Check every publish anew."""
        self._verdicts.clear()

    async def refusal(self, call: Call, given: Any, asked: asyncio.Task[Principal | None]) -> Refusal | None:
        """The answer that AWS would give instead, or None: let the emulator decide."""
        if call.event_source != "sns.amazonaws.com" or not call.operation.startswith("Publish"):
            return None
        topic, principal = str(given.get("TopicArn", "")), await asked
        if principal is None or topic.count(":") != 5:
            return None
        seen = (principal.arn, topic)
        if seen not in self._verdicts:
            self._verdicts[seen] = await self._verdict(principal, topic)
        verdict = self._verdicts[seen]
        return _error(*verdict) if verdict else None

    async def _verdict(self, principal: Principal, topic: str) -> tuple[str, str] | None:
        region, account = topic.split(":")[3:5]
        where = {"account": account, "region": region}
        try:
            found = await self._emulator.call("sns", "GetTopicAttributes", {"TopicArn": topic}, **where)
            key_id = found["Attributes"].get("KmsMasterKeyId")
            if not key_id or key_id == "alias/aws/sns":
                return None
            key = (await self._emulator.call("kms", "DescribeKey", {"KeyId": key_id}, **where))["KeyMetadata"]
            if key["KeyState"] != "Enabled":
                return "KMSDisabled", f"{key['Arn']} is {key['KeyState']}"
            if principal.kind == "Root":
                return None
            kind = "Role" if principal.kind == "AssumedRole" else "User"
            name = principal.issuer.get("userName") if kind == "Role" else principal.user_name
            policies = await policies_of(self._emulator, kind, name, principal.account)
        except EmulatorError:
            return None  # no such topic or key: the emulator says so
        if not identity_allows(policies, "sns:Publish", topic, {}):
            return None  # SNS asks for this first; the emulator does so too
        keys = {"kms:ViaService": f"sns.{region}.amazonaws.com", "kms:CallerAccount": principal.account}
        for action in _ACTIONS:
            if not identity_allows(policies, action, key["Arn"], keys):
                return "KMSAccessDenied", f"{principal.arn} is not authorized to perform: {action} on {key['Arn']}"
        return None


def _error(code: str, message: str) -> Refusal:
    request_id = str(uuid.uuid4())
    escaped = message.replace("&", "&amp;").replace("<", "&lt;")
    body = (
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{escaped}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = CIMultiDict({"Content-Type": "text/xml", "x-amzn-RequestId": request_id})
    return 400, headers, body.encode()
