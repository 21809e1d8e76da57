"""Every statement of the function's role is needed: without it something is lost, and loudly.

What the emulator enforces is attacked for real. What it does not is skipped by name,
with the reason: such a statement is held by the Terraform tests and the
documentation only.
"""

from __future__ import annotations

import pytest

from e2e.guarded import Guarded

# Statements that MiniStack 1.5 does not check, because the service acts inside it.
NOT_ENFORCED = {
    "WriteLogs": "the emulator writes a function's log without asking its role",
    "SendDeadLetters": "the emulator sends failed events to the destination without asking the function's role",
}


def test_every_deployed_statement_has_a_test(guarded: Guarded) -> None:
    """A new statement must come with a test here, or with the reason why there is none."""
    deployed = {statement["Sid"] for statement in guarded.role_policy()["Statement"]}
    assert deployed == {"RestoreTrails", "VerifyTrails", "PublishNotices", "EncryptNotices", *NOT_ENFORCED}


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
    record = guarded.control.records(event_name="StopLogging", since=since)[0]["record"]
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
    with guarded.without_statement("RestoreTrails"):
        guarded.control.switch(drop_next=1)
        since = guarded.attack()
        records = guarded.control.records(event_name="StopLogging", since=since)
        assert "FunctionError" in guarded.invoke(records[0]["record"])
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
