"""Hands an event to a rule's target, as events.amazonaws.com would: only if the target's policy lets it."""

from __future__ import annotations

from typing import Any

from . import resource_policy
from .emulator_api import EmulatorApi, EmulatorError

SERVICE = "events.amazonaws.com"


class NotPermitted(Exception):
    """The target is missing or its policy does not name EventBridge: never retried."""


class Unsupported(Exception):
    """A kind of target that this lab does not deliver to."""


class Targets:
    """Delivery to Lambda functions, SQS queues and SNS topics."""

    def __init__(self, emulator: EmulatorApi) -> None:
        self._emulator = emulator

    async def send(self, rule_arn: str, target: dict[str, Any], payload: str) -> None:
        """Deliver once. Raises NotPermitted, Unsupported, or EmulatorError (worth a retry)."""
        arn = target["Arn"]
        service, region, account = arn.split(":")[2:5]
        if service == "lambda":
            await self._invoke(rule_arn, arn, account, region, payload)
        elif service == "sqs":
            group = (target.get("SqsParameters") or {}).get("MessageGroupId")
            await self.send_message(rule_arn, arn, payload, group=group)
        elif service == "sns":
            await self._publish(rule_arn, arn, account, region, payload)
        else:
            raise Unsupported(f"{service} targets are not delivered by this lab: {arn}")

    async def _invoke(self, rule_arn: str, arn: str, account: str, region: str, payload: str) -> None:
        name = arn.split(":function:", 1)[1]
        where = {"account": account, "region": region}
        params = {"FunctionName": name.split(":")[0]} | ({"Qualifier": name.split(":")[1]} if ":" in name else {})
        try:
            policy = (await self._emulator.call("lambda", "GetPolicy", params, **where))["Policy"]
        except EmulatorError as error:
            if error.code == "ResourceNotFoundException":
                raise NotPermitted(f"{arn} does not exist or has no resource policy") from error
            raise
        self._check(policy, "lambda:InvokeFunction", arn, rule_arn)
        await self._emulator.call(
            "lambda", "Invoke", params | {"InvocationType": "Event", "Payload": payload.encode()}, **where
        )

    async def send_message(
        self, rule_arn: str, arn: str, body: str, *, attributes: dict[str, str] | None = None, group: str | None = None
    ) -> None:
        """To a queue: a target, or a target's dead-letter queue."""
        region, account, name = arn.split(":")[3:6]
        where = {"account": account, "region": region}
        try:
            url = (
                await self._emulator.call(
                    "sqs", "GetQueueUrl", {"QueueName": name, "QueueOwnerAWSAccountId": account}, **where
                )
            )["QueueUrl"]
            found = await self._emulator.call(
                "sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["Policy"]}, **where
            )
        except EmulatorError as error:
            if "NonExistentQueue" in error.code or "QueueDoesNotExist" in error.code:
                raise NotPermitted(f"{arn} does not exist") from error
            raise
        self._check((found.get("Attributes") or {}).get("Policy"), "sqs:SendMessage", arn, rule_arn)
        params: dict[str, Any] = {"QueueUrl": url, "MessageBody": body}
        if attributes:
            params["MessageAttributes"] = {
                key: {"DataType": "String", "StringValue": value or "-"} for key, value in attributes.items()
            }
        if group:
            params["MessageGroupId"] = group
        await self._emulator.call("sqs", "SendMessage", params, **where)

    async def _publish(self, rule_arn: str, arn: str, account: str, region: str, payload: str) -> None:
        where = {"account": account, "region": region}
        try:
            found = await self._emulator.call("sns", "GetTopicAttributes", {"TopicArn": arn}, **where)
        except EmulatorError as error:
            if error.code in ("NotFound", "NotFoundException"):
                raise NotPermitted(f"{arn} does not exist") from error
            raise
        self._check((found.get("Attributes") or {}).get("Policy"), "sns:Publish", arn, rule_arn)
        await self._emulator.call("sns", "Publish", {"TopicArn": arn, "Message": payload}, **where)

    @staticmethod
    def _check(policy: str | None, action: str, arn: str, rule_arn: str) -> None:
        keys = {"aws:SourceArn": rule_arn, "aws:SourceAccount": rule_arn.split(":")[4]}
        if not resource_policy.allows(policy, SERVICE, action, arn, keys):
            raise NotPermitted(f"the resource policy of {arn} does not allow {SERVICE} {action} for {rule_arn}")
