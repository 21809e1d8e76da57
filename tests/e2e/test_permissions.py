"""Every statement of the function's role is needed: without it something is lost, and loudly.

What the emulator enforces is attacked for real. What it does not is skipped by name,
with the reason: such a statement is held by the Terraform tests and the
documentation only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from e2e.guarded import Guarded
from e2e.test_guard_itself import NEEDED as OF_PARTS
from e2e.test_guard_support import NEEDED as OF_SUPPORT
from e2e.trail_state import difference

# Statements that MiniStack 1.5 does not check, because the service acts inside it.
NOT_ENFORCED = {
    "WriteLogs": "the emulator writes a function's log without asking its role",
    "PassSweepRole": "the emulator's scheduler asks nobody whether a role may be passed to it",
    "SendDeadLetters": "the emulator sends failed events to the destination without asking the function's role",
}


# Statements without which one kind of weakening cannot be undone: the attack, and the fields that stay as they are.
HEALING: dict[str, tuple[Callable[[Any, Guarded], object], set[str]]] = {
    "ReconcileSettings": (
        lambda client, g: client.update_trail(Name=g.trail_name, EnableLogFileValidation=False),
        {"enable_log_file_validation"},
    ),
    "ReconcileEventSelectors": (
        lambda client, g: client.put_event_selectors(TrailName=g.trail_name, EventSelectors=[{}]),
        {"event_selectors", "advanced_event_selectors"},
    ),
    "ReconcileInsightSelectors": (
        lambda client, g: client.put_insight_selectors(TrailName=g.trail_name, InsightSelectors=[]),
        {"insight_selectors"},
    ),
    "ReconcileTags": (
        lambda client, g: client.remove_tags(ResourceId=g.trail_arn, TagsList=[{"Key": "owner"}]),
        {"tags"},
    ),
    "RecreateTrails": (lambda client, g: client.delete_trail(Name=g.trail_name), {"exists"}),
    "PassLogsRole": (
        lambda client, g: client.update_trail(
            Name=g.trail_name, CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn=""
        ),
        {"cloud_watch_logs_group_arn", "cloud_watch_logs_role_arn"},
    ),
}
OTHERS = {
    "RestoreTrails",
    "VerifyTrails",
    "ReadBaselines",
    "AttributeChanges",
    "RememberIncidents",
    "PublishNotices",
    "EncryptNotices",
}


def test_every_deployed_statement_has_a_test(complete: Guarded) -> None:
    """A new statement must come with a test here, or with the reason why there is none."""
    deployed = {statement["Sid"] for statement in complete.role_policy()["Statement"]}
    assert deployed == {*HEALING, *OTHERS, *OF_PARTS, *OF_SUPPORT, *NOT_ENFORCED}


def _handed_over(guarded: Guarded, attack: Callable[[Any, Guarded], object]) -> tuple[float, dict[str, Any]]:
    """An attack whose event is handed over directly, so that it is tried once only; the answer."""
    guarded.lose_next_event()
    since = time.time()
    attack(guarded.attacker(), guarded)
    return since, guarded.invoke(guarded.records(since)[0])


@pytest.mark.parametrize("sid", HEALING)
def test_without_a_healing_statement_it_stays_and_everybody_hears(complete: Guarded, sid: str) -> None:
    attack, fields = HEALING[sid]
    with complete.without_statement(sid):
        since, answer = _handed_over(complete, attack)
        assert {entry["field"] for entry in difference(complete.declared, complete.state())} == fields
    assert answer["Payload"]["errorType"] == "Terminal.TrailNotRestored"
    notice = complete.notice_of(complete.records(since)[0])
    assert (notice["outcome"], notice["severity"]) == ("not_restored", "critical")
    assert set(notice["verification"]["still_differs"]) == fields
    assert notice["problem"]


def test_what_can_be_healed_is_healed_beside_what_cannot(complete: Guarded) -> None:
    """One missing permission does not keep the rest from being put back."""

    complete.settle()
    complete.switch(muted=True)
    client, since = complete.attacker(), time.time()
    client.update_trail(
        Name=complete.trail_name,
        KmsKeyId="",
        EnableLogFileValidation=False,
        CloudWatchLogsLogGroupArn="",
        CloudWatchLogsRoleArn="",
    )
    client.put_insight_selectors(TrailName=complete.trail_name, InsightSelectors=[])
    with complete.without_statement("PassLogsRole"):
        answer = complete.invoke(complete.records(since)[0])
    left = {entry["field"] for entry in difference(complete.declared, complete.state())}
    assert "FunctionError" in answer
    assert left == HEALING["PassLogsRole"][1]


def test_without_read_baselines_the_trail_is_started_and_nothing_claimed(guarded: Guarded) -> None:
    with guarded.without_statement("ReadBaselines"), guarded.fresh_function():
        since, answer = _handed_over(guarded, lambda client, g: client.stop_logging(Name=g.trail_name))
        assert guarded.is_logging()
    assert answer["Payload"]["errorType"].endswith(".TrailNotRestored")
    _, notice = guarded.notice(since)
    assert (notice["outcome"], notice["severity"]) == ("unverified", "critical")


def test_without_attribute_changes_a_sweep_heals_and_names_nobody(complete: Guarded) -> None:
    """Law 7: what could not be learnt is unknown, and holds up nothing."""
    with complete.without_statement("AttributeChanges"):
        complete.lose_next_event()
        since = time.time()
        complete.attacker().update_trail(Name=complete.trail_name, EnableLogFileValidation=False)
        complete.sweep()
    assert complete.state() == complete.declared
    assert complete.refused("LookupEvents", since)
    _, notice = complete.notice(since)
    assert (notice["source"], notice["outcome"]) == ("sweep", "restored"), notice
    assert notice["actor"]["arn"] is None
    assert notice["event"]["id"] is None


def test_without_memory_it_is_told_twice_rather_than_not(guarded: Guarded) -> None:
    with guarded.without_statement("RememberIncidents"):
        guarded.switch(copies=2)
        since = guarded.attack()
        guarded.wait("both notices", lambda: len(guarded.notices(since)) == 2)
    assert guarded.is_logging()
    assert guarded.refused("PutItem", since)


def _dead_letter(guarded: Guarded, seconds: float = 60) -> dict:
    letters = guarded.wait("a message in the dead-letter queue", guarded.dead_letters, seconds)
    assert len(letters) == 1
    return letters[0]


def test_without_restore_trails_the_trail_stays_off_and_everybody_hears(guarded: Guarded) -> None:
    """Permission removed: three tries, then the dead-letter queue, and a notice that claims nothing."""
    with guarded.without_statement("RestoreTrails"):
        since = guarded.attack()
        letter = _dead_letter(guarded)
        assert not guarded.is_logging()
    assert guarded.calls("StartLogging", since) == []
    assert len(guarded.refused("StartLogging", since)) >= 3, "the event was not retried twice"
    record = guarded.records(since, event_name="StopLogging")[0]
    assert letter["requestPayload"]["detail"]["eventID"] == record["eventID"]
    assert letter["responsePayload"]["errorType"] == "Terminal.TrailNotRestored"
    outcomes = {notice["outcome"] for notice in guarded.notices(since)}
    assert outcomes == {"not_restored"}


def test_a_failing_function_raises_the_alarm(guarded: Guarded) -> None:
    """A real failure of the function -> AWS/Lambda Errors -> the deployed alarm -> the topic.

    Two things differ from AWS. The emulator counts errors of synchronous invocations
    only, so the event is handed over by a direct Invoke. And it looks at alarms when
    metric data arrive, not every minute, so some unrelated data are sent.
    """
    alarm_name = guarded.lab.outputs["alarm_names"]["errors"]
    cloudwatch = guarded.lab.admin.client("cloudwatch")
    # Other tests made the function fail: an alarm that is on already says nothing.
    cloudwatch.set_alarm_state(AlarmName=alarm_name, StateValue="OK", StateReason="before the test")
    with guarded.without_statement("RestoreTrails"):
        guarded.lose_next_event()
        since = guarded.attack()
        records = guarded.records(since, event_name="StopLogging")
        assert "FunctionError" in guarded.invoke(records[0])
    cloudwatch.put_metric_data(Namespace="Lab", MetricData=[{"MetricName": "Tick", "Value": 1}])
    alarm = cloudwatch.describe_alarms(AlarmNames=[alarm_name])["MetricAlarms"][0]
    assert alarm["StateValue"] == "ALARM"
    guarded.wait(
        "the alarm's own message in the inbox",
        lambda: any(alarm_name in message.body for message in guarded.inbox.messages() if message.received_at > since),
    )


def test_without_verify_trails_nothing_is_claimed(guarded: Guarded) -> None:
    """Law 3: the trail was started, but nobody may say so without having read it back."""
    with guarded.without_statement("VerifyTrails"):
        since = guarded.attack()
        _dead_letter(guarded)
        assert guarded.is_logging(), "StartLogging needs no permission to read"
    outcomes = [notice["outcome"] for notice in guarded.notices(since)]
    assert outcomes and "restored" not in outcomes and "already_logging" not in outcomes
    for notice in guarded.notices(since):
        assert notice["verification"]["is_logging"] is None


@pytest.mark.parametrize("sid", ["PublishNotices", "EncryptNotices"])
def test_without_publishing_rights_the_trail_is_restored_but_the_run_fails(guarded: Guarded, sid: str) -> None:
    """Law 4: a failed notice never undoes or delays the restoration, and is never swallowed."""
    with guarded.without_statement(sid):
        since = guarded.attack()
        letter = _dead_letter(guarded)
        assert guarded.is_logging()
    assert guarded.calls("StartLogging", since)
    assert guarded.notices(since) == []
    assert letter["responsePayload"]["errorType"].endswith(".NoticeNotSent")


@pytest.mark.parametrize("sid", sorted(NOT_ENFORCED))
def test_statements_the_emulator_does_not_enforce(guarded: Guarded, sid: str) -> None:
    pytest.skip(f"{sid}: {NOT_ENFORCED[sid]}")
