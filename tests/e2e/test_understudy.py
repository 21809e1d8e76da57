"""The understudy: whatever is taken of the responder, the next sweep starts the trail again, and tells it once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from e2e.guarded import Guarded
from lab.session import Lab

Taken = Callable[[Guarded], AbstractContextManager[None]]


def _client(guarded: Guarded, service: str) -> Any:
    return guarded.lab.admin.client(service)


@contextmanager
def _no_concurrency(guarded: Guarded) -> Iterator[None]:
    client, name = _client(guarded, "lambda"), guarded.function_name
    before = client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)


@contextmanager
def _no_policy(guarded: Guarded) -> Iterator[None]:
    client, name = _client(guarded, "iam"), guarded.lab.outputs["responder_role_policy_name"]
    policy = guarded.role_policy()
    client.delete_role_policy(RoleName=guarded.role_name, PolicyName=name)
    try:
        yield
    finally:
        guarded.put_role_policy(policy, name)


def _environment(change: Callable[[dict[str, str]], dict[str, str]]) -> Taken:
    @contextmanager
    def taken(guarded: Guarded) -> Iterator[None]:
        client, name = _client(guarded, "lambda"), guarded.function_name
        before = guarded.environment()
        client.update_function_configuration(FunctionName=name, Environment={"Variables": change(before)})
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Environment={"Variables": before})

    return taken


@contextmanager
def _no_function(guarded: Guarded) -> Iterator[None]:
    _client(guarded, "lambda").delete_function(FunctionName=guarded.function_name)
    try:
        yield
    finally:
        guarded.lab.terraform.apply()  # as an operator puts it back


# With the kind of part and what comes of it.
TAKEN: dict[str, tuple[Taken, str, str]] = {
    "its concurrency": (_no_concurrency, "function", "restored"),
    "the policy of its role": (_no_policy, "role", "reported"),
    "its trails": (_environment(lambda _: {}), "function", "reported"),
    "its mode": (
        _environment(lambda variables: variables | {"TRAILKEEPER_MODE": "observe"}),
        "function",
        "reported",
    ),
    "the function itself": (_no_function, "function", "reported"),
}


def _run_schedules(lab: Lab) -> None:
    """The time of both has come."""
    lab.emulator.ask("schedules", account=lab.account, elapsed=3601)


def _by(guarded: Guarded, role: str | None, operation: str, since: float) -> int:
    """How many calls a role made."""
    return sum(f":assumed-role/{role}/" in call["caller"] for call in guarded.calls(operation, since))


@pytest.mark.parametrize("part", TAKEN)
def test_whatever_is_taken_the_next_sweep_starts_the_trail(lab: Lab, guarded: Guarded, part: str) -> None:
    taken, kind, outcome = TAKEN[part]
    guarded.forget_findings()
    began = time.time()
    with taken(guarded):
        since = guarded.attack()
        assert guarded.stays(lambda: not guarded.is_logging(), 2), "nobody is there to answer the event"
        _run_schedules(lab)
        guarded.wait("a trail that logs", guarded.is_logging, 10)

        def told() -> list[dict[str, Any]]:
            return [notice for notice in guarded.notices(since) if notice["outcome"] == "restored"]

        guarded.wait("a notice of it", told)

        def told_of_part() -> list[dict[str, Any]]:
            told = guarded.notices_of_parts(began)
            return [n for n in told if (n["source"], n["thing"]["kind"], n["outcome"]) == ("sweep", kind, outcome)]

        found = guarded.wait("a notice of what was taken", told_of_part)
        assert {notice["severity"] for notice in found} == {"critical"}
    guarded.settle()
    (notice,) = told()
    assert notice["source"] == "sweep"
    assert notice["verification"]["is_logging"] is True
    assert _by(guarded, guarded.understudy_role_name, "StartLogging", since) == 1
    assert guarded.state() == guarded.declared


def _change_understudys_schedule(lab: Lab, **changes: Any) -> None:
    scheduler, name = lab.root.client("scheduler"), lab.outputs["understudy_schedule_name"]
    group = next(found["GroupName"] for found in scheduler.list_schedules()["Schedules"] if found["Name"] == name)
    found = scheduler.get_schedule(Name=name, GroupName=group)
    wanted = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State", "Description")
    scheduler.update_schedule(**({name: found[name] for name in wanted} | changes))


@pytest.mark.parametrize("way", ["event", "sweep"])
def test_its_schedule_is_looked_after_by_the_responder(lab: Lab, guarded: Guarded, way: str) -> None:
    """Told, and left to people."""
    guarded.forget_findings()
    guarded.switch(muted=way == "sweep")
    since = time.time()
    _change_understudys_schedule(lab, State="DISABLED")
    try:
        if way == "sweep":
            assert guarded.sweep() == ["reported"]
        (notice,) = guarded.wait("a notice of it", lambda: guarded.notices_of_parts(since))
        assert (notice["outcome"], notice["severity"]) == ("reported", "critical")
        assert notice["thing"]["name"] == lab.outputs["understudy_schedule_name"]
        assert [drift["field"] for drift in notice["drift"]] == ["state"]
    finally:
        _change_understudys_schedule(lab, State="ENABLED")
        guarded.settle()
        guarded.switch(muted=False)
    assert guarded.sweep() == []


def test_all_was_put_back(lab: Lab, guarded: Guarded) -> None:
    """The tests above left no trace, so the responder answers again."""
    taken = ("lambda_function.responder", "lambda_function_event_invoke_config.responder", "iam_role_policy.responder")
    assert not lab.terraform.differs(*(f"-target=module.responder.aws_{address}" for address in taken))
    since = guarded.attack()
    assert guarded.notice(since)[1]["outcome"] == "restored"
    assert _by(guarded, guarded.role_name, "StartLogging", since) >= 1


@pytest.mark.parametrize("time_of", range(3))
def test_two_sweeps_at_the_same_moment_tell_a_stop_once(lab: Lab, guarded: Guarded, time_of: int) -> None:
    guarded.lose_next_event()
    since = guarded.attack()
    guarded.wait("the lost event", lambda: guarded.deliveries(since, outcome="dropped"))
    _run_schedules(lab)
    guarded.wait("a trail that logs", guarded.is_logging, 10)
    guarded.settle()
    for role in (guarded.role_name, guarded.understudy_role_name):
        assert _by(guarded, role, "GetTrailStatus", since) > 0, f"{role} was to look"
    (notice,) = guarded.notices(since)
    assert (notice["source"], notice["outcome"], notice["event"]["name"]) == ("sweep", "restored", "StopLogging")
    assert notice["actor"]["arn"] == guarded.attacker_arn
    assert guarded.dead_letters() == []


def test_a_sweep_beside_the_event_has_nothing_to_tell(lab: Lab, guarded: Guarded) -> None:
    since = guarded.attack()
    _run_schedules(lab)
    guarded.notice(since)
    guarded.settle()
    assert [notice["outcome"] for notice in guarded.notices(since)] == ["restored"]
    assert guarded.state() == guarded.declared


def test_it_puts_a_weakened_trail_back_as_a_whole(guarded: Guarded) -> None:
    """With its own role's permissions, not the responder's."""
    guarded.lose_next_event()
    since = time.time()
    guarded.attacker().delete_trail(Name=guarded.trail_name)
    guarded.wait("the lost event", lambda: guarded.deliveries(since, "DeleteTrail", outcome="dropped"))
    assert guarded.sweep(guarded.understudy_name) == ["restored"]
    assert guarded.state() == guarded.declared
    assert _by(guarded, guarded.understudy_role_name, "CreateTrail", since) == 1


def test_its_calls_are_no_attack_to_the_responder(guarded: Guarded) -> None:
    """They come back as events; a new weakening that such a one meets is not put down to the understudy."""
    guarded.lose_next_event()
    since = time.time()
    guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False)
    guarded.wait("the lost event", lambda: guarded.deliveries(since, "UpdateTrail", outcome="dropped"))
    guarded.sweep(guarded.understudy_name)
    guarded.wait("the echo", lambda: guarded.deliveries(since, "UpdateTrail"))
    guarded.settle()
    (notice,) = guarded.notices(since)
    assert (notice["source"], notice["outcome"], notice["actor"]["arn"]) == ("sweep", "restored", guarded.attacker_arn)
    assert guarded.writes(since) == ["cloudtrail:UpdateTrail"]


def test_both_know_a_change_by_terraform_before_the_trail_has_it(lab: Lab, guarded: Guarded) -> None:
    since = time.time()
    try:
        lab.write_terraform(s3_key_prefix="audit")
        lab.terraform.apply()
        changed = [
            record["requestParameters"].get("functionName", "the trail").rsplit(":", 1)[-1]
            for name in ("UpdateFunctionConfiguration20150331v2", "UpdateTrail")
            for record in guarded.records(since, event_name=name)
        ]
        assert sorted(changed[:2]) == [guarded.function_name, guarded.understudy_name]
        known = [r["eventTime"] for r in guarded.records(since, event_name="UpdateFunctionConfiguration20150331v2")]
        made = [r["eventTime"] for r in guarded.records(since, event_name="UpdateTrail")]
        assert max(known) <= min(made)
        _run_schedules(lab)
        guarded.settle()
        assert guarded.state()["s3_key_prefix"] == "audit"
        assert guarded.writes(since) == []
        told = guarded.notices(since)
        assert {notice["outcome"] for notice in told} == {"conforming_change"}, told
    finally:
        lab.write_terraform()
        lab.terraform.apply()
    guarded.settle()
    assert guarded.writes(since) == []
    assert guarded.state() == guarded.declared
