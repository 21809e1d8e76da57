"""Rules, targets, retries, dead letters: what EventBridge would do, with a scripted emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.gateway.buses import Buses
from lab.gateway.delivery import Delivery, envelope
from lab.gateway.emulator_api import EmulatorError
from lab.gateway.history import History
from lab.gateway.inputs import payload_for
from lab.gateway.resource_policy import allows, identity_allows
from lab.gateway.rules import ALL_EVENTS, Rule, Rules
from lab.gateway.targets import Targets
from unit.calls import record

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:q"
RULE = "arn:aws:events:eu-west-1:111122223333:rule/r"


def _policy(service: str, action: str, resource: str, source: str = RULE) -> str:
    return json.dumps(
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": action,
                    "Resource": resource,
                    "Condition": {"ArnLike": {"AWS:SourceArn": source}},
                }
            ]
        }
    )


class Emulator:
    """Answers the calls that delivery makes."""

    def __init__(self, target: dict[str, Any], state: str = "ENABLED", source: str = RULE, fail: int = 0) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._target, self._state, self._source, self._fail = target, state, source, fail

    async def call(self, _service: str, operation: str, params: Any = None, **_where: str) -> dict[str, Any]:
        if operation in ("Invoke", "SendMessage"):
            if operation == "Invoke" and self._fail:
                self._fail -= 1
                raise EmulatorError(operation, "ServiceException", "try again")
            self.sent.append((operation, params))
            return {}
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "ListRules": lambda: {
                "Rules": [
                    {"Name": "r", "Arn": RULE, "State": self._state, "EventPattern": "{}"},
                    {"Name": "schedule", "Arn": RULE + "2", "State": "ENABLED", "ScheduleExpression": "rate(1 hour)"},
                ]
            },
            "ListTargetsByRule": lambda: {"Targets": [self._target]},
            "TestEventPattern": lambda: {"Result": True},
            "GetPolicy": lambda: {
                "Policy": _policy("events.amazonaws.com", "lambda:InvokeFunction", FUNCTION, self._source)
            },
            "GetQueueUrl": lambda: {"QueueUrl": "u"},
            "GetQueueAttributes": lambda: {
                "Attributes": {"Policy": _policy("events.amazonaws.com", "sqs:SendMessage", QUEUE)}
            },
        }
        return answers[operation]()


def deliver(
    emulator: Emulator, *, logged: bool = True, switches: dict[str, Any] | None = None, operation: str = "StopLogging"
) -> History:
    """Deliver one record and wait for the end of it."""

    async def run() -> History:
        history = History()
        rules = Rules(emulator)  # type: ignore[arg-type]
        delivery = Delivery(rules, Targets(emulator), Buses(emulator), history)  # type: ignore[arg-type]
        await delivery.switch("111122223333", switches or {})
        delivery.offer(record("cloudtrail", operation, {"Name": "n"}), logged)
        for _ in range(200):
            await asyncio.sleep(0.01)
            if not delivery._tasks:
                break
        await delivery.stop()
        return history

    return asyncio.run(run())


def _outcomes(history: History) -> list[str]:
    return [entry["outcome"] for _, entry in history.deliveries.newest_first()][::-1]


def test_a_matching_record_invokes_the_function_asynchronously() -> None:
    emulator = Emulator({"Id": "1", "Arn": FUNCTION})
    assert _outcomes(deliver(emulator)) == ["accepted"]
    ((operation, params),) = emulator.sent
    assert (operation, params["InvocationType"]) == ("Invoke", "Event")
    event = json.loads(params["Payload"])
    assert event["source"] == "aws.cloudtrail"
    assert event["detail-type"] == "AWS API Call via CloudTrail"
    assert event["detail"]["eventName"] == "StopLogging"


def test_nothing_is_delivered_while_no_trail_logs() -> None:
    emulator = Emulator({"Id": "1", "Arn": FUNCTION})
    assert _outcomes(deliver(emulator, logged=False)) == []
    assert _outcomes(deliver(emulator, logged=False, switches={"requires_logging_trail": False})) == ["accepted"]


@pytest.mark.parametrize(
    ("state", "operation", "delivered"),
    [
        ("ENABLED", "StopLogging", True),
        ("DISABLED", "StopLogging", False),
        ("ENABLED", "GetTrailStatus", False),
        (ALL_EVENTS, "GetTrailStatus", True),
    ],
)
def test_read_only_events_need_a_rule_for_all(state: str, operation: str, delivered: bool) -> None:
    history = deliver(Emulator({"Id": "1", "Arn": FUNCTION}, state=state), operation=operation)
    assert bool(_outcomes(history)) is delivered


def test_copies_and_loss() -> None:
    emulator = Emulator({"Id": "1", "Arn": FUNCTION})
    assert _outcomes(deliver(emulator, switches={"copies": 3})) == ["accepted"] * 3
    assert _outcomes(deliver(emulator, switches={"drop_next": 1})) == ["dropped"]
    assert _outcomes(deliver(emulator, switches={"muted": True})) == []


def test_a_failure_is_retried() -> None:
    emulator = Emulator({"Id": "1", "Arn": FUNCTION}, fail=1)
    assert _outcomes(deliver(emulator)) == ["failed", "accepted"]


def test_after_the_last_retry_the_event_goes_to_the_dead_letter_queue() -> None:
    target = {
        "Id": "1",
        "Arn": FUNCTION,
        "RetryPolicy": {"MaximumRetryAttempts": 0},
        "DeadLetterConfig": {"Arn": QUEUE},
    }
    emulator = Emulator(target, fail=5)
    assert _outcomes(deliver(emulator)) == ["failed", "dead-lettered"]
    attributes = emulator.sent[0][1]["MessageAttributes"]
    assert attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"


def test_a_missing_permission_is_not_retried() -> None:
    foreign = RULE.replace("rule/r", "rule/other")
    lost = deliver(Emulator({"Id": "1", "Arn": FUNCTION}, source=foreign))
    assert _outcomes(lost) == ["lost"]
    kept = Emulator({"Id": "1", "Arn": FUNCTION, "DeadLetterConfig": {"Arn": QUEUE}}, source=foreign)
    assert _outcomes(deliver(kept)) == ["dead-lettered"]
    assert kept.sent[0][1]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_unsupported_targets_are_said() -> None:
    history = deliver(Emulator({"Id": "1", "Arn": "arn:aws:states:eu-west-1:111122223333:stateMachine:x"}))
    assert _outcomes(history) == ["unsupported"]


def test_an_account_s_switches_are_its_own() -> None:
    async def run() -> list[int]:
        delivery = Delivery(Rules(None), Targets(None), Buses(None), History())  # type: ignore[arg-type]
        await delivery.switch("111122223333", {"copies": 3})
        with pytest.raises(ValueError, match="no_such_switch"):
            await delivery.switch("111122223333", {"no_such_switch": 1})
        return [delivery.switches(account).copies for account in ("111122223333", "444455556666")]

    assert asyncio.run(run()) == [3, 1]


def test_a_paused_delivery_waits() -> None:
    async def run() -> list[str]:
        emulator, history = Emulator({"Id": "1", "Arn": FUNCTION}), History()
        delivery = Delivery(Rules(emulator), Targets(emulator), Buses(emulator), history)  # type: ignore[arg-type]
        await delivery.switch("111122223333", {"paused": True})
        delivery.offer(record("cloudtrail", "StopLogging", {"Name": "n"}), True)
        await asyncio.sleep(0.1)
        before = [*_outcomes(history), str(delivery.under_way("111122223333")[0])]
        await delivery.switch("111122223333", {"paused": False})
        await asyncio.sleep(0.1)
        after = [*_outcomes(history), str(delivery.under_way("111122223333")[0])]
        await delivery.stop()
        return [*before, *after]

    assert asyncio.run(run()) == ["1", "accepted", "0"]


def test_an_organizations_event_comes_to_us_east_1() -> None:
    """Whatever the caller's region; the source is the service's own."""
    call = ("organizations", "DisableAWSServiceAccess", {"ServicePrincipal": "cloudtrail.amazonaws.com"})
    event = envelope(record(*call, region="eu-west-1"))
    assert (event["source"], event["region"]) == ("aws.organizations", "us-east-1")
    assert event["detail"]["eventSource"] == "organizations.amazonaws.com"
    assert event["detail"]["requestParameters"] == {"servicePrincipal": "cloudtrail.amazonaws.com"}


def test_inputs() -> None:
    event = envelope(record("cloudtrail", "StopLogging", {"Name": 'a"b'}))
    assert json.loads(payload_for(event, {})) == event
    assert payload_for(event, {"InputPath": "$.detail.eventName"}) == '"StopLogging"'
    assert payload_for(event, {"Input": '{"a":1}'}) == '{"a":1}'
    transformer = {
        "InputPathsMap": {"name": "$.detail.requestParameters.name", "no": "$.nothing"},
        "InputTemplate": '{"trail": <name>, "text": "stop of <name><no>"}',
    }
    assert json.loads(payload_for(event, {"InputTransformer": transformer})) == {"trail": 'a"b', "text": 'stop of a"b'}


def test_policies_deny_what_they_do_not_name() -> None:
    policy = _policy("events.amazonaws.com", "sqs:SendMessage", QUEUE)
    args = ("events.amazonaws.com", "sqs:SendMessage", QUEUE)
    assert allows(policy, *args, {"aws:SourceArn": RULE})
    assert not allows(policy, *args, {"aws:SourceArn": RULE + "x"})
    assert not allows(policy, "sns.amazonaws.com", *args[1:], {"aws:SourceArn": RULE})
    assert not allows(None, *args, {})
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE}
    both = json.dumps({"Statement": [*json.loads(policy)["Statement"], deny]})
    assert not allows(both, *args, {"aws:SourceArn": RULE})
    insecure = deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    tls_only = json.dumps({"Statement": [*json.loads(policy)["Statement"], insecure]})
    assert allows(tls_only, *args, {"aws:SourceArn": RULE})


def test_identity_policies_with_conditions() -> None:
    policies = [
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt"],
                    "Resource": "k",
                    "Condition": {"StringEquals": {"kms:ViaService": "sns.eu-west-1.amazonaws.com"}},
                }
            ]
        }
    ]
    assert identity_allows(policies, "kms:Decrypt", "k", {"kms:ViaService": "sns.eu-west-1.amazonaws.com"})
    assert not identity_allows(policies, "kms:Decrypt", "k", {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"})
    assert not identity_allows(policies, "kms:GenerateDataKey", "k", {"kms:ViaService": "sns.eu-west-1.amazonaws.com"})


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ({}, False),
        ({"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging"]}}, False),
        ({"source": ["aws.s3"]}, True),
        ({"detail": {"eventSource": ["s3.amazonaws.com"]}}, True),
        ({"detail": {"eventName": ["DeleteTrail"]}}, True),
        ({"detail": {"eventName": ["DeleteTrail", {"prefix": "Stop"}]}}, False),
        ({"detail": {"eventName": [{"anything-but": ["StopLogging"]}]}}, False),
        ({"detail": {"$or": [{"eventName": ["DeleteTrail"]}, {"eventName": ["StopLogging"]}]}}, False),
        ({"detail": "unreadable"}, False),
    ],
)
def test_names_that_a_pattern_does_not_list_need_no_test(pattern: dict[str, Any], excluded: bool) -> None:
    rule = Rule("r", RULE, "ENABLED", json.dumps(pattern))
    assert rule.excludes(envelope(record("cloudtrail", "StopLogging", {"Name": "n"}))) is excluded
