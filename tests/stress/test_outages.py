"""What fails for a while, and comes back: the topic, and the whole of the emulated AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from e2e.guarded import Guarded
from lab.gateway_process import wait_for
from lab.progress import Progress

PUBLISH = "PublishNotices"


@pytest.fixture(autouse=True)
def put_right(guarded: Guarded) -> Iterator[None]:
    """Whatever a test leaves."""
    guarded.settle()
    yield
    guarded.reset()


def test_a_topic_that_is_back_before_the_last_try_gets_the_notice(guarded: Guarded) -> None:
    """Lambda's own retries bring it: nobody has to do anything."""
    with guarded.without_statement(PUBLISH):
        since = guarded.attack()
        guarded.wait("two refused notices", lambda: len(guarded.refused("Publish", since)) >= 2)
        assert guarded.is_logging(), "a failed notice must not delay the restoration"
        assert guarded.notices(since) == []
    _, notice = guarded.notice(since)
    assert notice["outcome"] in {"restored", "already_logging"}
    guarded.settle()
    assert len(guarded.notices(since)) == 1
    assert guarded.dead_letters() == []


def test_a_topic_that_was_down_for_all_tries_gets_the_notice_when_the_event_is_sent_again(guarded: Guarded) -> None:
    """The event lies in the dead-letter queue, and an alarm tells so. Sent again, it is told."""
    with guarded.without_statement(PUBLISH):
        since = guarded.attack()
        guarded.wait("three refused notices", lambda: len(guarded.refused("Publish", since)) >= 3)
        guarded.settle()
        assert guarded.is_logging()
        assert guarded.notices(since) == []
    letters = guarded.dead_letters()
    assert len(letters) == 1
    event = letters[0]["requestPayload"]
    answer = guarded.call_function(event)
    assert "FunctionError" not in answer, answer
    _, notice = guarded.notice(since)
    assert notice["event"]["id"] == event["detail"]["eventID"]
    assert notice["outcome"] in {"restored", "already_logging"}


def test_an_emulator_that_restarts_in_an_incident_changes_nothing_in_the_end(
    guarded: Guarded, progress: Progress
) -> None:
    """AWS is gone after the stop, and the function with it. EventBridge tries again until it is back."""
    emulator = guarded.lab.emulator
    with guarded.held_back():
        since = guarded.attack()
        assert not guarded.is_logging()
        emulator.halt()
        progress.say("the emulator is down")
    # The event is delivered now, to nobody.
    wait_for("a failed delivery", lambda: guarded.control.deliveries(since=since, outcome="failed"), 30)
    time.sleep(1)
    emulator.resume()
    progress.say("the emulator is up again")
    guarded.wait("a logging trail", guarded.is_logging, 60)
    _, notice = guarded.notice(since, 60)
    assert notice["outcome"] == "restored"
    assert guarded.state() == guarded.declared
    guarded.settle()
    assert len(guarded.notices(since)) == 1
    assert guarded.dead_letters() == []
