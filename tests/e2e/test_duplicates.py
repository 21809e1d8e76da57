"""Copies, late events and echoes: one incident is told once, and nothing wrong is claimed."""

from __future__ import annotations

import time

import pytest

from e2e.guarded import Guarded


def _weaken(guarded: Guarded) -> float:
    since = time.time()
    guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False)
    return since


@pytest.mark.parametrize("copies", [2, 5])
@pytest.mark.parametrize("call", ["StopLogging", "UpdateTrail"])
def test_copies_of_an_event_are_one_incident(guarded: Guarded, call: str, copies: int) -> None:
    guarded.switch(copies=copies)
    since = guarded.attack() if call == "StopLogging" else _weaken(guarded)
    guarded.wait("all deliveries", lambda: len(guarded.deliveries(since, call)) == copies)
    guarded.settle()
    notices = guarded.notices(since)
    assert [notice["outcome"] for notice in notices] == ["restored"]
    assert guarded.state() == guarded.declared
    assert guarded.dead_letters() == []


def test_a_copy_long_after(guarded: Guarded) -> None:
    """A dead letter that somebody sends again, an event that EventBridge repeats."""
    since = _weaken(guarded)
    guarded.notice(since)
    record = guarded.records(since, event_name="UpdateTrail")[0]
    again = time.time()
    answer = guarded.invoke(record)
    assert "FunctionError" not in answer
    guarded.settle()
    assert len(guarded.notices(since)) == 1
    assert guarded.writes(again) == []


def test_out_of_order(guarded: Guarded) -> None:
    """The first weakening's event comes after the second's."""
    guarded.switch(delay_ms=3000)
    since = time.time()
    guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False)
    guarded.switch(delay_ms=0)
    guarded.attacker().update_trail(Name=guarded.trail_name, KmsKeyId="")
    late = guarded.records(since, event_name="UpdateTrail")[0]["eventID"]
    guarded.wait("the late event", lambda: late in {d["record_id"] for d in guarded.deliveries(since, "UpdateTrail")})
    guarded.settle()
    assert guarded.state() == guarded.declared
    notices = guarded.notices(since)
    assert notices[0]["outcome"] == "restored"
    assert {entry["field"] for entry in notices[0]["drift"]} == {"enable_log_file_validation", "kms_key_id"}
    for notice in notices[1:]:
        assert notice["outcome"] != "restored", "the late event's weakening was undone before it came"
        assert notice["drift"] == []
        assert notice["remediation"]["calls"] == []


@pytest.mark.parametrize("call", ["StopLogging", "UpdateTrail"])
def test_a_person_was_faster_than_the_event(guarded: Guarded, call: str) -> None:
    guarded.switch(delay_ms=2500)
    since = guarded.attack() if call == "StopLogging" else _weaken(guarded)
    # Start times have whole seconds: a start in the next one is a start before ours.
    time.sleep(1.1)
    if call == "StopLogging":
        guarded.start_logging()
    else:
        guarded.cloudtrail.update_trail(Name=guarded.trail_name, EnableLogFileValidation=True)
    guarded.switch(delay_ms=0)
    event = guarded.records(since, event_name=call)[0]["eventID"]
    guarded.wait("the delivery", lambda: event in {d["record_id"] for d in guarded.deliveries(since, call)})
    guarded.settle()
    told = [notice for notice in guarded.notices(since) if notice["event"]["id"] == event]
    assert [notice["outcome"] for notice in told] != ["restored"], "it was not us"
    assert len(told) <= 1
    for notice in told:
        assert notice["drift"] == []
        assert notice["verification"]["is_logging"] is True
    if call == "StopLogging":
        assert [notice["outcome"] for notice in told] == ["already_logging"]
        assert [name for name in guarded.writes(since) if name != "cloudtrail:StartLogging"] == []
    else:
        assert guarded.writes(since) == []
    assert guarded.state() == guarded.declared


def test_its_own_calls_come_back_and_are_silent(guarded: Guarded) -> None:
    """What the function does is delivered to it, too."""
    since = _weaken(guarded)
    guarded.notice(since)
    echo = next(r["eventID"] for r in guarded.records(since, event_name="UpdateTrail") if _is_ours(guarded, r))
    guarded.wait("the echo", lambda: echo in {d["record_id"] for d in guarded.deliveries(since, "UpdateTrail")})
    guarded.settle()
    assert len(guarded.notices(since)) == 1
    assert guarded.writes(since) == ["cloudtrail:UpdateTrail"]


def test_its_own_refused_calls_are_no_attempts_of_somebody_s(guarded: Guarded) -> None:
    """They come back as events with an error code; nobody tried to weaken anything."""
    with guarded.without_statement("ReconcileSettings"):
        since = _weaken(guarded)
        guarded.wait("the echo of a refused call", lambda: len(guarded.deliveries(since, "UpdateTrail")) > 1)
        guarded.settle()
    assert guarded.refused("UpdateTrail", since)
    assert {notice["outcome"] for notice in guarded.notices(since)} == {"not_restored"}


def test_an_echo_that_meets_a_new_weakening_does_not_blame_itself(guarded: Guarded) -> None:
    """The second attack's event is lost; the event of the first one's healing comes upon it."""
    since = _weaken(guarded)
    guarded.switch(delay_ms=8000)  # from here on: the echo, later than the notice, which waits for a search
    guarded.notice(since)
    guarded.switch(delay_ms=0, muted=True)
    guarded.attacker().update_trail(Name=guarded.trail_name, KmsKeyId="")
    guarded.switch(muted=False)
    guarded.settle()
    assert guarded.state() == guarded.declared
    told = [n for n in guarded.notices(since) if "kms_key_id" in {entry["field"] for entry in n["drift"]}]
    assert [notice["outcome"] for notice in told] == ["restored"]
    assert told[0]["actor"]["arn"] in {guarded.attacker_arn, None}, "it was not the responder"


def _is_ours(guarded: Guarded, record: dict) -> bool:
    issuer = (record["userIdentity"].get("sessionContext") or {}).get("sessionIssuer") or {}
    return issuer.get("arn") == guarded.role_arn


def test_the_same_attack_twice_is_two_incidents(guarded: Guarded) -> None:
    since = _weaken(guarded)
    first = guarded.notice(since)[1]["event"]["id"]
    guarded.settle()
    again = _weaken(guarded)
    assert guarded.notice(again)[1]["event"]["id"] != first
    guarded.settle()
    assert [notice["outcome"] for notice in guarded.notices(since)] == ["restored", "restored"]
