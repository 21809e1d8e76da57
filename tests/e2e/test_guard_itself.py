"""The responder itself: what an attacker makes of its rules, schedule and function is put back, or told at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.guarded import SWEEP, Guarded

Client = Any
_PASSING = {"ResponseMetadata", "LastModificationDate", "LastModified", "RevisionId", "CreationDate", "CreatedBy"}
_PASSING |= {"LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode", "State", "StateReason"}
# The function's calls that change a part of it.
REPAIRS = {
    "PutRule",
    "PutTargets",
    "UpdateSchedule",
    "CreateSchedule",
    "CreateScheduleGroup",
    "PutFunctionConcurrency",
    "DeleteFunctionConcurrency",
}


@dataclass(frozen=True)
class Parts:
    """The parts of the responder, as the account's root sees and changes them."""

    guarded: Guarded
    events: Client
    scheduler: Client
    functions: Client
    rule: str
    schedule: dict[str, str]
    function: str

    def state(self) -> dict[str, Any]:
        """All that is declared of them, as the test's own reads show it."""
        name = {"FunctionName": self.function}
        schedule = _or_none(lambda: self.scheduler.get_schedule(**self.schedule))
        return {
            "rule": _or_none(lambda: self.events.describe_rule(Name=self.rule)),
            "targets": _or_none(lambda: self.events.list_targets_by_rule(Rule=self.rule)["Targets"]),
            "schedule": schedule and {**schedule, "on": schedule["State"]},
            "function": _or_none(lambda: self.functions.get_function_configuration(**name)),
            "concurrency": self.functions.get_function_concurrency(**name).get("ReservedConcurrentExecutions"),
            "policy": _or_none(lambda: _statements(json.loads(self.functions.get_policy(**name)["Policy"]))),
            "retries": _or_none(lambda: self.functions.get_function_event_invoke_config(**name)),
        }

    def repairs(self, since: float) -> set[str]:
        """The function's accepted calls that changed a part."""
        accepted = (request for request in self.guarded.requests(since) if request["status"] < 300)
        return {request["operation"] for request in accepted} & REPAIRS

    def update_schedule(self, **changes: Any) -> None:
        found = self.scheduler.get_schedule(**self.schedule)
        wanted = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State", "Description")
        self.scheduler.update_schedule(**({name: found[name] for name in wanted} | changes))


def _or_none(read: Callable[[], Any]) -> Any:
    try:
        return _settled(read())
    except Exception as error:
        assert "NotFound" in str(error), error
        return None


def _statements(policy: dict[str, Any]) -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def _settled(answer: Any) -> Any:
    """Without what tells of the call or of a moment; a rule's state is no such thing."""
    if not isinstance(answer, dict):
        return answer
    kept = _PASSING - {"State"} if "EventPattern" in answer or "ScheduleExpression" in answer else _PASSING
    return {name: value for name, value in answer.items() if name not in kept}


@pytest.fixture(scope="module", autouse=True)
def last_stop_told(guarded_account: Guarded) -> None:
    """Sweeps tell of the last stop if nobody was told of it, as other tests see to."""
    guarded_account.notice(guarded_account.attack())


@pytest.fixture
def parts(guarded: Guarded) -> Iterator[Parts]:
    """The parts, as declared before and after."""
    root, outputs = guarded.lab.root, guarded.lab.outputs
    scheduler = root.client("scheduler")
    schedules = scheduler.list_schedules()["Schedules"]
    schedule = next(found for found in schedules if found["Name"] == outputs["schedule_name"])
    made = Parts(
        guarded,
        root.client("events"),
        scheduler,
        root.client("lambda"),
        outputs["event_rule_name"],
        {"Name": schedule["Name"], "GroupName": schedule["GroupName"]},
        guarded.function_name,
    )
    declared = made.state()
    yield made
    guarded.settle()
    assert made.state() == declared


def _target(parts: Parts) -> dict[str, Any]:
    return parts.events.list_targets_by_rule(Rule=parts.rule)["Targets"][0]


def _delete_rule(parts: Parts) -> None:
    parts.events.remove_targets(Rule=parts.rule, Ids=["responder"])
    parts.events.delete_rule(Name=parts.rule)


RESTORED: dict[str, tuple[Callable[[Parts], object], str, str]] = {
    "rule disabled": (lambda p: p.events.disable_rule(Name=p.rule), "rule", "state"),
    "rule deleted": (_delete_rule, "rule", "exists"),
    "pattern that matches nothing": (
        lambda p: p.events.put_rule(Name=p.rule, EventPattern=json.dumps({"source": ["aws.nothing"]})),
        "rule",
        "pattern",
    ),
    "target removed": (lambda p: p.events.remove_targets(Rule=p.rule, Ids=["responder"]), "rule", "targets"),
    "target with a constant input": (
        lambda p: p.events.put_targets(Rule=p.rule, Targets=[_target(p) | {"Input": "{}"}]),
        "rule",
        "targets",
    ),
    "schedule disabled": (lambda p: p.update_schedule(State="DISABLED"), "schedule", "state"),
    "schedule once a year": (
        lambda p: p.update_schedule(ScheduleExpression="rate(365 days)"),
        "schedule",
        "expression",
    ),
    "schedule deleted": (lambda p: p.scheduler.delete_schedule(**p.schedule), "schedule", "exists"),
    "schedule group deleted": (
        lambda p: p.scheduler.delete_schedule_group(Name=p.schedule["GroupName"]),
        "schedule",
        "exists",
    ),
    "concurrency of one": (
        lambda p: p.functions.put_function_concurrency(FunctionName=p.function, ReservedConcurrentExecutions=1),
        "function",
        "concurrency",
    ),
}


@pytest.mark.parametrize("name", RESTORED, ids=lambda name: name.replace(" ", "-"))
def test_it_is_put_back_and_told_as_critical(parts: Parts, name: str) -> None:
    attack, kind, field = RESTORED[name]
    declared = parts.state()
    with parts.guarded.held_back():
        since = time.time()
        attack(parts)
        assert parts.state() != declared, "the attack did not do what it was meant to"
    found = parts.guarded.wait("a notice", lambda: parts.guarded.notices_of_parts(since))[0]
    assert found["severity"] == "critical"
    assert found["thing"]["kind"] == kind
    parts.guarded.settle()
    assert parts.state() == declared
    told = parts.guarded.notices_of_parts(since)
    restored = [notice for notice in told if notice["outcome"] == "restored"]
    assert [[drift["field"] for drift in notice["drift"]] for notice in restored] == [[field]]
    # The function's own calls come back as events, and are no news; each call of the attack is told once.
    calls = [notice["event"]["name"] for notice in told]
    assert len(calls) == len(set(calls)) <= 2
    assert parts.guarded.writes(since) == []


@pytest.mark.parametrize("sweeper", ["function_name", "understudy_name"])
def test_a_sweep_finds_what_no_event_told_of(parts: Parts, sweeper: str) -> None:
    """Either of the two, with no event and without the other."""
    declared = parts.state()
    parts.guarded.switch(muted=True)
    since = time.time()
    parts.events.disable_rule(Name=parts.rule)
    parts.update_schedule(State="DISABLED")
    parts.functions.put_function_concurrency(FunctionName=parts.function, ReservedConcurrentExecutions=2)
    assert parts.guarded.sweep(getattr(parts.guarded, sweeper)) == ["restored"] * 3
    assert parts.state() == declared
    parts.guarded.switch(muted=False)
    parts.guarded.settle()
    told = {notice["thing"]["kind"]: notice["severity"] for notice in parts.guarded.notices_of_parts(since)}
    assert told == {"rule": "critical", "schedule": "critical", "function": "critical"}
    assert parts.guarded.sweep() == []


def _of_function(parts: Parts, since: float) -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        return [n for n in parts.guarded.notices_of_parts(since) if n["outcome"] == "reported"]

    return parts.guarded.wait("a notice", found)[0]


def test_a_changed_configuration_is_told_at_once(parts: Parts) -> None:
    name = {"FunctionName": parts.function}
    before = parts.functions.get_function_configuration(**name)
    since = time.time()
    parts.functions.update_function_configuration(
        **name, MemorySize=512, Environment={"Variables": before["Environment"]["Variables"] | {"RUST_LOG": "off"}}
    )
    notice = _of_function(parts, since)
    assert (notice["severity"], notice["thing"]["kind"]) == ("critical", "function")
    assert notice["drift"] == [
        {
            "field": "configuration",
            "before": {"RUST_LOG": "off", "memory": 512},
            "after": {"RUST_LOG": None, "memory": before["MemorySize"]},
        }
    ]
    parts.functions.update_function_configuration(
        **name, MemorySize=before["MemorySize"], Environment={"Variables": before["Environment"]["Variables"]}
    )
    parts.guarded.settle()
    assert parts.guarded.sweep() == []


def test_a_lost_permission_and_lost_retries_are_told_by_the_sweep(parts: Parts) -> None:
    name = {"FunctionName": parts.function}
    statement = json.loads(parts.functions.get_policy(**name)["Policy"])["Statement"][0]
    retries = parts.functions.get_function_event_invoke_config(**name)
    parts.guarded.switch(muted=True)
    since = time.time()
    parts.functions.remove_permission(**name, StatementId=statement["Sid"])
    parts.functions.delete_function_event_invoke_config(**name)
    assert parts.guarded.sweep() == ["reported"]
    notice = _of_function(parts, since)
    assert notice["severity"] == "critical"
    assert notice["verification"]["still_differs"] == ["permissions", "retries"]
    parts.functions.add_permission(
        **name,
        StatementId=statement["Sid"],
        Action=statement["Action"],
        Principal=statement["Principal"]["Service"],
        SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
    )
    wanted = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    parts.functions.put_function_event_invoke_config(**name, **{name: retries[name] for name in wanted})
    assert parts.guarded.sweep() == []


# Statements of the role, each with an attack that it is needed for.
NEEDED: dict[str, Callable[[Parts], object]] = {
    "ReadBaselines": lambda p: p.events.disable_rule(Name=p.rule),
    "VerifyRules": lambda p: p.events.disable_rule(Name=p.rule),
    "RestoreRules": lambda p: p.events.disable_rule(Name=p.rule),
    "RestoreTargets": lambda p: p.events.remove_targets(Rule=p.rule, Ids=["responder"]),
    "VerifySchedule": lambda p: p.update_schedule(State="DISABLED"),
    "RestoreSchedule": lambda p: p.update_schedule(State="DISABLED"),
    "RestoreScheduleGroup": lambda p: p.scheduler.delete_schedule_group(Name=p.schedule["GroupName"]),
    "VerifyFunction": lambda p: p.functions.put_function_concurrency(
        FunctionName=p.function, ReservedConcurrentExecutions=2
    ),
    "RestoreConcurrency": lambda p: p.functions.put_function_concurrency(
        FunctionName=p.function, ReservedConcurrentExecutions=2
    ),
}


@pytest.mark.parametrize("sid", NEEDED)
def test_without_a_statement_it_stays_and_everybody_hears(parts: Parts, sid: str) -> None:
    guarded, declared = parts.guarded, parts.state()
    guarded.switch(muted=True)
    # A function that has read what is declared of a part remembers it.
    with guarded.fresh_function(), guarded.without_statement(sid):
        since = time.time()
        NEEDED[sid](parts)
        answer = guarded.call_function(SWEEP)
        assert parts.state() != declared
    assert answer["Payload"]["errorType"].endswith("NotRestored")
    told = guarded.wait("a notice", lambda: guarded.notices_of_parts(since))
    assert {notice["severity"] for notice in told} == {"critical"}
    # Its role lacks a statement and its memory is another: both are left to people, and told.
    assert {notice["outcome"] for notice in told} <= {"not_restored", "unverified", "reported"}
    assert {notice["outcome"] for notice in told} & {"not_restored", "unverified"}
    guarded.sweep()
    assert parts.state() == declared
    guarded.switch(muted=False)


def test_terraform_is_not_fought_and_told_as_information(guarded: Guarded) -> None:
    """Another reservation, and with it another list: the function is told first, then what it guards is changed."""
    lab = guarded.lab
    who = f"arn:aws:iam::{lab.account}:user/{lab.admin.credentials.name}"
    try:
        lab.write_terraform(change_principals=[who])
        lab.terraform.apply()
        guarded.settle()
        since = time.time()
        lab.write_terraform(change_principals=[who], reserved_concurrency=7)
        lab.terraform.apply()
        guarded.settle()
        told = guarded.notices_of_parts(since)
        assert told, "what a pipeline does to the responder is told"
        assert {notice["severity"] for notice in told} == {"info"}, told
        requests = {request["operation"] for request in guarded.requests(since)}
        assert requests & REPAIRS == set()
        assert guarded.sweep() == []
        # The emulator's alarms do not read back as they were written.
        assert [address for address in lab.terraform.plan().changes if "metric_alarm" not in address] == []
    finally:
        lab.write_terraform()
        lab.terraform.apply()
        guarded.settle()
