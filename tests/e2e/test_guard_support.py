"""What the responder leans on: topic and its key are put back, and what is done to all else is told as critical."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.guarded import SWEEP, Guarded

_DENY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Out", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}],
}


@dataclass(frozen=True)
class Attack:
    """One field of one kind; what is done, and what undoes it if the function does not."""

    kind: str
    field: str
    attack: Callable[[Guarded], object]
    undo: Callable[[Guarded], object] | None = None


def _client(guarded: Guarded, service: str) -> Any:
    return guarded.lab.root.client(service)


def _topic(guarded: Guarded) -> str:
    return guarded.environment()["TRAILKEEPER_TOPIC_ARN"]


def _set_topic(guarded: Guarded, name: str, value: str) -> None:
    _client(guarded, "sns").set_topic_attributes(TopicArn=_topic(guarded), AttributeName=name, AttributeValue=value)


def _alarms(guarded: Guarded, call: str) -> None:
    getattr(_client(guarded, "cloudwatch"), call)(AlarmNames=[f"{guarded.function_name}-heartbeat"])


def _retention(guarded: Guarded, days: int) -> None:
    name = f"/aws/lambda/{guarded.function_name}"
    _client(guarded, "logs").put_retention_policy(logGroupName=name, retentionInDays=days)


def _days(guarded: Guarded) -> int:
    name = f"/aws/lambda/{guarded.function_name}"
    return _client(guarded, "logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["retentionInDays"]


def _expiry(guarded: Guarded, enabled: bool) -> None:
    _client(guarded, "dynamodb").update_time_to_live(
        TableName=guarded.incidents_table(),
        TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expires_at"},
    )


def _queue_retention(guarded: Guarded, seconds: str) -> None:
    _client(guarded, "sqs").set_queue_attributes(
        QueueUrl=guarded.dead_letter_url, Attributes={"MessageRetentionPeriod": seconds}
    )


def _topic_key(guarded: Guarded) -> str:
    found = _client(guarded, "sns").get_topic_attributes(TopicArn=_topic(guarded))
    return found["Attributes"]["KmsMasterKeyId"]


def _disable_topic_key(guarded: Guarded) -> None:
    _client(guarded, "kms").disable_key(KeyId=_topic_key(guarded))


def _enable_topic_key(guarded: Guarded) -> None:
    _client(guarded, "kms").enable_key(KeyId=_topic_key(guarded))


_LOCKED = {"Sid": "Out", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:Encrypt", "Resource": "*"}


def _set_topic_key_policy(guarded: Guarded, more: list[dict[str, Any]]) -> None:
    kms, key = _client(guarded, "kms"), _topic_key(guarded)
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != _LOCKED["Sid"]] + more
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))


_OPEN: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "In", "Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe", "Resource": "*"}],
}
OPENED = Attack("topic", "policy", lambda g: _set_topic(g, "Policy", json.dumps(_OPEN)))
RESTORED = {
    "key disabled": Attack("topic_key", "state", _disable_topic_key, _enable_topic_key),
    "anybody may listen": OPENED,
    "publishing denied": Attack("topic", "policy", lambda g: _set_topic(g, "Policy", json.dumps(_DENY))),
}
REPORTED = {
    "alarm actions disabled": Attack(
        "alarms",
        "alarms",
        lambda g: _alarms(g, "disable_alarm_actions"),
        lambda g: _alarms(g, "enable_alarm_actions"),
    ),
    "a log of one day": Attack("log_group", "retention", lambda g: _retention(g, 1), lambda g: _retention(g, 365)),
    "another policy of the key": Attack(
        "topic_key",
        "policy",
        lambda g: _set_topic_key_policy(g, [_LOCKED]),
        lambda g: _set_topic_key_policy(g, []),
    ),
    "entries that stay": Attack("table", "expiry", lambda g: _expiry(g, False), lambda g: _expiry(g, True)),
    "a queue of an hour": Attack(
        "queue", "retention", lambda g: _queue_retention(g, "3600"), lambda g: _queue_retention(g, "1209600")
    ),
}


_MORE = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:*:another"}


def _add_policy(guarded: Guarded) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [_MORE]})
    _client(guarded, "iam").put_role_policy(RoleName=guarded.role_name, PolicyName="more", PolicyDocument=document)


def _remove_policy(guarded: Guarded) -> None:
    _client(guarded, "iam").delete_role_policy(RoleName=guarded.role_name, PolicyName="more")


# IAM's calls are recorded in us-east-1, which is not where the lab's responder is.
ROLE = Attack("role", "policies", _add_policy, _remove_policy)


def _told(guarded: Guarded, since: float, attack: Attack, outcome: str) -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        told = guarded.notices_of_parts(since)
        return [n for n in told if n["thing"]["kind"] == attack.kind and n["outcome"] == outcome]

    return guarded.wait("a notice", found)[0]


@pytest.fixture(scope="module", autouse=True)
def last_stop_told(guarded_account: Guarded) -> None:
    """Sweeps tell of the last stop if nobody was told of it, as other tests see to."""
    guarded_account.notice(guarded_account.attack())


# Each by itself: the others are switched off.
def _by_its_event(_: Guarded) -> None:
    """The rule sends the call to the function."""


def _by_the_sweep(guarded: Guarded) -> None:
    assert guarded.sweep() != []


def _by_the_understudy(guarded: Guarded) -> None:
    assert guarded.sweep(guarded.understudy_name) != []


WAYS = {"event": _by_its_event, "sweep": _by_the_sweep, "understudy": _by_the_understudy}


@contextmanager
def _attacked(guarded: Guarded, attack: Attack, way: str) -> Iterator[float]:
    """Somebody does it, and it is noticed in one way; undone at the end, if there is what undoes it."""
    guarded.forget_findings()
    guarded.switch(muted=way != "event")
    since = time.time()
    attack.attack(guarded)
    try:
        WAYS[way](guarded)
        yield since
    finally:
        if attack.undo:
            attack.undo(guarded)
        guarded.settle()
        guarded.switch(muted=False)
    assert guarded.sweep() == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RESTORED, ids=lambda name: name.replace(" ", "-"))
def test_the_topic_is_put_back_and_told_through_it(guarded: Guarded, name: str, way: str) -> None:
    attack = RESTORED[name]
    with _attacked(guarded, attack, way) as since:
        notice = _told(guarded, since, attack, "restored")
    assert notice["severity"] == "critical"
    assert attack.field in [drift["field"] for drift in notice["drift"]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REPORTED, ids=lambda name: name.replace(" ", "-"))
def test_it_is_told_as_critical_and_left_to_people(guarded: Guarded, name: str, way: str) -> None:
    attack = REPORTED[name]
    with _attacked(guarded, attack, way) as since:
        notice = _told(guarded, since, attack, "reported")
    assert notice["severity"] == "critical"
    assert [drift["field"] for drift in notice["drift"]] == [attack.field]


@pytest.mark.parametrize("way", ["sweep", "understudy"])
def test_a_role_is_looked_at_by_both_sweeps(guarded: Guarded, way: str) -> None:
    with _attacked(guarded, ROLE, way) as since:
        notice = _told(guarded, since, ROLE, "reported")
    assert notice["severity"] == "critical"
    assert [drift["field"] for drift in notice["drift"]] == ["policies"]


# Statements of the role, each with an attack that is not seen or not undone without it.
NEEDED: dict[str, Attack] = {
    "VerifyRoles": ROLE,
    "VerifyAlarms": REPORTED["alarm actions disabled"],
    "VerifyQueue": REPORTED["a queue of an hour"],
    "VerifyLogGroup": REPORTED["a log of one day"],
    "VerifyTable": REPORTED["entries that stay"],
    "VerifyTopic": OPENED,
    "VerifySubscriptions": OPENED,
    "GuardTopicKey": REPORTED["another policy of the key"],
    "RestoreTopic": OPENED,
    "FindParts": REPORTED["a log of one day"],
}


@pytest.mark.parametrize("sid", sorted(NEEDED.keys() - {"FindParts"}))
def test_without_a_statement_everybody_hears(guarded: Guarded, sid: str) -> None:
    attack = NEEDED[sid]
    guarded.forget_findings()
    guarded.switch(muted=True)
    since = time.time()
    with guarded.without_statement(sid):
        attack.attack(guarded)
        answer = guarded.call_function(SWEEP)
    assert answer["Payload"]["errorType"].endswith("NotRestored")

    def told() -> list[dict[str, Any]]:
        return [n for n in guarded.notices_of_parts(since) if n["thing"]["kind"] == attack.kind]

    found = guarded.wait("a notice", told)
    assert {notice["severity"] for notice in found} == {"critical"}
    assert {notice["outcome"] for notice in found} <= {"not_restored", "unverified"}
    if attack.undo:
        attack.undo(guarded)
    guarded.sweep()
    assert guarded.sweep() == []
    guarded.switch(muted=False)


def test_what_is_declared_anew_is_left_alone_if_it_can_be_found(guarded: Guarded) -> None:
    """As while Terraform deploys: both documents are there. Without the permission it is told as what it may be."""
    attack, ssm = NEEDED["FindParts"], _client(guarded, "ssm")
    path = f"{guarded.guard_path()}/log_group"
    (found,) = ssm.get_parameters_by_path(Path=path)["Parameters"]
    document = json.loads(found["Value"])
    document["declared"]["retention"] = 1
    text = json.dumps(document)
    name = f"{path}/{hashlib.sha256(text.encode()).hexdigest()}"
    guarded.forget_findings()
    guarded.switch(muted=True)
    ssm.put_parameter(Name=name, Value=text, Type="String")
    attack.attack(guarded)
    try:
        assert guarded.sweep() == []
        with guarded.without_statement("FindParts"):
            # Its role lacks a statement: that is the other one.
            assert guarded.sweep() == ["reported"] * 2
    finally:
        ssm.delete_parameter(Name=name)
        attack.undo(guarded)
        guarded.switch(muted=False)
    assert guarded.sweep() == []


def test_terraform_is_not_fought_and_told_as_information(guarded: Guarded) -> None:
    """Another retention and another subscriber: both change before the function is told."""
    lab = guarded.lab
    who = f"arn:aws:iam::{lab.account}:user/{lab.admin.credentials.name}"
    assert _days(guarded) == 365
    try:
        lab.write_terraform(change_principals=[who])
        lab.terraform.apply()
        guarded.settle()
        # Until then nobody was expected to change anything.
        guarded.forget_actors()
        since = time.time()
        lab.write_terraform(change_principals=[who], notification_emails=["ops@example.com"])
        lab.terraform.apply()
        lab.write_terraform(change_principals=[who])
        lab.terraform.apply()
        guarded.settle()
        told = guarded.notices_of_parts(since)
        assert {notice["severity"] for notice in told} <= {"info"}, told
        assert {r["operation"] for r in guarded.requests(since)} & {"SetTopicAttributes", "Subscribe"} == set()
        assert guarded.sweep() == []
        # The emulator's alarms always differ.
        assert [address for address in lab.terraform.plan().changes if "metric_alarm" not in address] == []
    finally:
        lab.write_terraform()
        lab.terraform.apply()
        guarded.settle()
