"""The drill against a guarded account: it passes, it fails, and it never leaves a trail stopped in silence."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.drills import Drilled, Running, relay
from e2e.guarded import Guarded
from lab.actors import CLOUDTRAIL_ONLY, create_user, listener
from lab.aws import Aws

ATTACKS = ["stop", "selectors", "update", "tags", "delete", "insights"]


@pytest.fixture(scope="module")
def driller(guarded_account: Guarded) -> Aws:
    """Somebody with the permissions of docs/drill.md."""
    root = guarded_account.lab.root
    statements = CLOUDTRAIL_ONLY + listener(guarded_account.topic_arn)
    return root.as_(create_user(root, "driller", statements))


@pytest.fixture
def drill(guarded: Guarded, driller: Aws, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a drill; it does not outlive the test."""
    started: list[Running] = []

    def start(*arguments: str, trail: str = guarded.trail_arn, by: Aws = driller, **how: bool) -> Running:
        started.append(Running(by, tmp_path, "--trail", trail, *arguments, **how))
        return started[-1]

    yield start
    for running in started:
        running.kill()


@contextmanager
def without_events(guarded: Guarded) -> Iterator[None]:
    """Nobody hears of an attack. The rule itself is put back if somebody disables it."""
    guarded.switch(muted=True)
    try:
        yield
    finally:
        guarded.switch(muted=False)


def start_command(guarded: Guarded) -> str:
    """What a person has to type."""
    return f"aws cloudtrail start-logging --name {guarded.trail_arn} --region {guarded.lab.region}"


def leftovers(guarded: Guarded) -> list[str]:
    """Queues and subscriptions of drills."""
    admin = guarded.lab.admin
    queues = admin.client("sqs").list_queues(QueueNamePrefix="trailkeeper-drill-").get("QueueUrls", [])
    sns: Any = admin.client("sns")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=guarded.topic_arn)["Subscriptions"]
    return queues + [s["Endpoint"] for s in subscriptions if ":trailkeeper-drill-" in s["Endpoint"]]


def test_a_guarded_trail_passes(guarded: Guarded, drill: Callable[..., Running], driller: Aws) -> None:
    since = time.time()
    with guarded.held_back():
        running = drill("--yes", "--topic", guarded.topic_arn, "--budget", "30")
        running.until("StopLogging accepted")
        assert len(leftovers(guarded)) == 2, "a queue and its subscription while it runs"
    ended = running.end()
    assert ended.code == 0, ended.output
    report = ended.report
    assert (report["verdict"], report["restored_by"], report["reasons"]) == ("passed", "others", [])
    assert (report["notice"]["outcome"], report["notice"]["names_caller"]) == ("restored", True)
    figures = report["figures"]
    assert 0 <= figures["notice_received_ms"] < 30_000 and 0 <= figures["verified_ms"] < 30_000
    assert report["timeline"][0]["what"] == "StopLogging accepted"
    page = (ended.out / "report.html").read_text()
    assert "<svg" in page and "PASSED" in page and driller.credentials.name in page
    assert "PASSED" in ended.output and leftovers(guarded) == []
    assert not (ended.out / "restore.sh").exists(), "nobody needs it any more"
    assert [notice["outcome"] for notice in guarded.notices(since)] == ["restored"]


def test_the_name_of_the_trail_is_asked_for(guarded: Guarded, drill: Callable[..., Running]) -> None:
    since = time.time()
    for answer in ("yes", None):
        asked = drill(with_terminal=True)
        asked.until(f"account {guarded.lab.account}")
        asked.until(f"Type the trail's name, {guarded.trail_name}")
        asked.type(answer) if answer else asked.signal(signal.SIGINT)
        ended = asked.end()
        assert (ended.code, "Nothing was attacked" in ended.output) == (2, True), ended.output
    assert guarded.records(since, event_name="StopLogging") == []
    meant = drill(with_terminal=True)
    meant.until("Type the trail's name")
    meant.type(guarded.trail_name)
    assert meant.end().code == 0
    guarded.settle()


def test_nobody_answers(guarded: Guarded, drill: Callable[..., Running]) -> None:
    with without_events(guarded):
        ended = drill("--yes", "--topic", guarded.topic_arn, "--budget", "5").end()
    assert ended.code == 1, ended.output
    assert ended.report["restored_by"] == "drill"
    assert "nobody put the trail back within 5 s" in ended.output and "no notice came" in ended.output
    assert guarded.is_logging() and leftovers(guarded) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_on_the_way(guarded: Guarded, drill: Callable[..., Running], number: signal.Signals) -> None:
    with without_events(guarded):
        running = drill("--yes", "--topic", guarded.topic_arn, "--budget", "60")
        running.until("StopLogging accepted")
        assert not guarded.is_logging()
        running.signal(number)
        ended = running.end()
    assert ended.code == 2, ended.output
    assert f"interrupted by {number.name}" in ended.output
    assert guarded.is_logging() and leftovers(guarded) == []


def test_a_drill_that_was_killed_leaves_the_way_back(guarded: Guarded, drill: Callable[..., Running]) -> None:
    with without_events(guarded):
        killed = drill("--yes", "--budget", "60")
        killed.until("StopLogging accepted")
        killed.kill()
        out = killed.end().out
    assert not guarded.is_logging()
    assert start_command(guarded) in (out / "restore.sh").read_text()
    guarded.start_logging()
    since = time.time()
    ended = drill("--yes").end()
    assert (ended.code, "remove that file" in ended.output) == (2, True), ended.output
    assert start_command(guarded) in (out / "restore.sh").read_text()
    assert guarded.records(since, event_name="StopLogging") == []


def _lost(guarded: Guarded, ended: Drilled) -> None:
    """The trail is off, and it was said how to start it."""
    assert ended.code == 3, ended.output
    assert "THE TRAIL MAY BE LEFT WEAKENED" in ended.output
    assert f"\n  {start_command(guarded)}\n" in ended.output
    assert start_command(guarded) in (ended.out / "restore.sh").read_text()
    assert ended.report["verdict"] == "maybe_weakened"
    assert not guarded.is_logging()
    guarded.start_logging()


def test_a_network_that_is_lost_after_the_attack(guarded: Guarded, drill: Callable[..., Running], driller: Aws) -> None:
    with without_events(guarded), relay(driller.endpoint_url) as way:
        by = dataclasses.replace(driller, endpoint_url=way.url)
        running = drill("--yes", "--budget", "5", "--restore-limit", "5", by=by)
        running.until("StopLogging accepted")
        way.cut()
        _lost(guarded, running.end())


def test_credentials_that_end_after_the_attack(guarded: Guarded, drill: Callable[..., Running]) -> None:
    root = guarded.lab.root
    by = root.as_(create_user(root, "short-lived", CLOUDTRAIL_ONLY))
    with without_events(guarded):
        running = drill("--yes", "--budget", "100", "--restore-limit", "5", by=by)
        running.until("StopLogging accepted")
        root.client("iam").delete_access_key(UserName=by.credentials.name, AccessKeyId=by.credentials.access_key_id)
        started = time.monotonic()
        ended = running.end()
    assert time.monotonic() - started < 60, "it waits for nothing that cannot come"
    _lost(guarded, ended)


def test_what_cannot_be_cleaned_up_is_named(guarded: Guarded, drill: Callable[..., Running]) -> None:
    root = guarded.lab.root
    statements = [s for s in listener(guarded.topic_arn) if s["Action"] != "sns:Unsubscribe"]
    by = root.as_(create_user(root, "untidy", CLOUDTRAIL_ONLY + statements))
    ended = drill("--yes", "--topic", guarded.topic_arn, "--budget", "30", by=by).end()
    assert ended.code == 0, ended.output
    (command,) = ended.report["left_over"]
    assert command.startswith("aws sns unsubscribe") and "sns:Unsubscribe" in command
    assert command in ended.output
    sns = guarded.lab.admin.client("sns")
    sns.unsubscribe(SubscriptionArn=command.split(" ")[4])
    assert leftovers(guarded) == []


@pytest.mark.parametrize("missing", ["sns:Subscribe", "sqs:CreateQueue"])
def test_a_permission_that_is_missing_is_named(guarded: Guarded, drill: Callable[..., Running], missing: str) -> None:
    root, since = guarded.lab.root, time.time()
    statements = [s for s in listener(guarded.topic_arn) if missing not in s["Action"]]
    name = f"without-{missing.replace(':', '-')}"
    by = root.as_(create_user(root, name, CLOUDTRAIL_ONLY + statements))
    ended = drill("--yes", "--topic", guarded.topic_arn, by=by).end()
    assert ended.code == 2, ended.output
    assert f"Give the caller {missing}" in ended.output
    assert guarded.records(since, event_name="StopLogging") == []
    if missing == "sns:Subscribe":
        assert leftovers(guarded) == []


def test_what_is_no_drill(guarded: Guarded, drill: Callable[..., Running]) -> None:
    other = guarded.trail_arn.replace(guarded.lab.account, "999999999999")
    gone = guarded.trail_arn + "-gone"
    for arguments, trail, words in [
        (["--yes"], other, "Take credentials of account 999999999999"),
        (["--yes"], gone, "describe-trails"),
        ([], guarded.trail_arn, "say --yes"),
        (["--yes", "--attack", "insights"], guarded.trail_arn, "nothing to take away"),
        (["--yes", "--attack", "delete"], guarded.trail_arn, "--really-delete"),
    ]:
        ended = drill(*arguments, trail=trail).end()
        assert (ended.code, words in ended.output) == (2, True), ended.output
        assert "accepted:" not in ended.output
    assert guarded.state() == guarded.declared


def test_a_trail_that_is_off_is_not_drilled(guarded: Guarded, drill: Callable[..., Running]) -> None:
    with without_events(guarded):
        guarded.cloudtrail.stop_logging(Name=guarded.trail_arn)
        ended = drill("--yes").end()
    assert ended.code == 2 and "That is no drill" in ended.output
    assert not guarded.is_logging()
    guarded.start_logging()


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_answered(complete: Guarded, tmp_path: Path, attack: str) -> None:
    ended = _attacked(complete, tmp_path, attack, "30", "--topic", complete.topic_arn)
    assert ended.code == 0, ended.output
    assert ended.report["restored_by"] == "others"
    assert ended.report["notice"]["outcome"] == "restored"
    assert complete.state() == complete.declared


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_undone_by_the_drill_if_by_nobody_else(complete: Guarded, tmp_path: Path, attack: str) -> None:
    complete.settle()
    complete.switch(muted=True)
    ended = _attacked(complete, tmp_path, attack, "3")
    complete.switch(muted=False)
    assert ended.code == 1, ended.output
    assert ended.report["restored_by"] == "drill"
    assert complete.state() == complete.declared


def _attacked(account: Guarded, out: Path, attack: str, budget: str, *arguments: str) -> Drilled:
    """By the administrator: to make a trail anew takes more than CloudTrail's own permissions."""
    words = ["--trail", account.trail_arn, "--attack", attack, "--budget", budget, "--yes", "--really-delete"]
    return Running(account.lab.admin, out, *words, *arguments).end()
