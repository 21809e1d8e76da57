"""What no event told of is found by the sweep, healed, and put down to whoever did it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from e2e.deployments import Deployments
from e2e.guarded import Guarded
from e2e.recipes import Scheduled


def _lost_attack(guarded: Guarded) -> tuple[float, dict[str, Any]]:
    """A weakening whose event is lost; the moment before it, and its record."""
    guarded.lose_next_event()
    since = time.time()
    guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False, KmsKeyId="")
    guarded.wait("the lost event", lambda: guarded.deliveries(since, "UpdateTrail", outcome="dropped"))
    assert guarded.state() != guarded.declared
    return since, guarded.records(since, event_name="UpdateTrail")[0]


def test_a_lost_event_is_made_up_for(complete: Guarded) -> None:
    since, record = _lost_attack(complete)
    complete.sweep()
    assert complete.state() == complete.declared
    assert complete.writes(since) == ["cloudtrail:UpdateTrail"]
    _, notice = complete.notice(since)
    assert notice["source"] == "sweep"
    assert notice["outcome"] == "restored"
    assert notice["severity"] == "high"
    assert {entry["field"] for entry in notice["drift"]} == {"enable_log_file_validation", "kms_key_id"}
    assert notice["event"]["id"] == record["eventID"], "found in the event history"
    assert notice["event"]["name"] == "UpdateTrail"
    assert notice["actor"]["arn"] == complete.attacker_arn


def test_no_drift_is_silence(complete: Guarded) -> None:
    since = time.time()
    complete.sweep()
    assert complete.writes(since) == []
    assert complete.calls("Publish", since) == []
    assert complete.notices(since) == []


def test_a_second_sweep_has_nothing_to_tell(complete: Guarded) -> None:
    since, _ = _lost_attack(complete)
    complete.sweep()
    complete.notice(since)
    again = time.time()
    complete.sweep()
    complete.settle()
    assert complete.calls("Publish", again) == []
    assert len(complete.notices(since)) == 1


def test_a_late_event_after_the_sweep_is_the_same_incident(complete: Guarded) -> None:
    with complete.held_back():
        since = time.time()
        complete.attacker().update_trail(Name=complete.trail_name, EnableLogFileValidation=False)
        complete.sweep()
        assert complete.state() == complete.declared
        _, notice = complete.notice(since)
        assert notice["source"] == "sweep"
    complete.wait("the late event", lambda: complete.deliveries(since, "UpdateTrail"))
    complete.settle()
    assert len(complete.notices(since)) == 1
    assert complete.writes(since) == ["cloudtrail:UpdateTrail"]
    assert complete.dead_letters() == []


def test_in_the_dark_nothing_but_the_sweep_sees(complete: Guarded) -> None:
    """The only trail is off, so no later call has an event."""
    complete.lose_next_event()
    client, since = complete.attacker(), time.time()
    client.stop_logging(Name=complete.trail_name)
    client.update_trail(Name=complete.trail_name, IsMultiRegionTrail=False, IncludeGlobalServiceEvents=False)
    client.put_insight_selectors(TrailName=complete.trail_name, InsightSelectors=[])
    complete.settle()
    assert not complete.is_logging()
    complete.sweep()
    assert complete.state() == complete.declared
    _, notice = complete.notice(since)
    fields = {"is_logging", "is_multi_region_trail", "include_global_service_events", "insight_selectors"}
    assert {entry["field"] for entry in notice["drift"]} == fields
    assert notice["actor"]["arn"] == complete.attacker_arn
    assert notice["remediation"]["calls"][0] == "cloudtrail:StartLogging"


def test_a_stop_that_a_person_undid_before_anybody_heard(complete: Guarded) -> None:
    """Nothing differs any more, but the trail's own times and the event history tell of it."""
    complete.lose_next_event()
    since = complete.attack()
    time.sleep(1.1)  # the trail's times have whole seconds
    complete.start_logging()
    complete.sweep()
    _, notice = complete.notice(since)
    assert (notice["source"], notice["outcome"]) == ("sweep", "already_logging")
    assert (notice["event"]["name"], notice["actor"]["arn"]) == ("StopLogging", complete.attacker_arn)
    assert notice["drift"] == []
    assert complete.writes(since) == []
    complete.sweep()
    complete.settle()
    assert len(complete.notices(since)) == 1


def test_a_deleted_trail_whose_event_was_lost(complete: Guarded) -> None:
    complete.lose_next_event()
    since = time.time()
    complete.attacker().delete_trail(Name=complete.trail_name)
    complete.wait("the lost event", lambda: complete.deliveries(since, "DeleteTrail", outcome="dropped"))
    complete.sweep()
    assert complete.state() == complete.declared
    _, notice = complete.notice(since)
    assert (notice["source"], notice["outcome"], notice["event"]["name"]) == ("sweep", "restored", "DeleteTrail")


def test_every_sweep_leaves_a_heartbeat(complete: Guarded) -> None:
    """The metric whose absence the alarm watches, as CloudWatch reads it from the log."""
    logs, group = complete.lab.admin.client("logs"), complete.lab.outputs["responder_log_group_name"]
    since = int(time.time() * 1000)
    complete.sweep()

    def lines() -> list[dict[str, Any]]:
        events = logs.filter_log_events(logGroupName=group, startTime=since)["events"]
        return [found for event in events if "Sweeps" in (found := _json(event["message"]))]

    found = complete.wait("the metric line", lines)[-1]
    metrics = found["_aws"]["CloudWatchMetrics"][0]
    assert metrics["Namespace"] == "Trailkeeper"
    assert {"Sweeps", "SweepDrift"} <= {metric["Name"] for metric in metrics["Metrics"]}
    assert (found["Sweeps"], found["SweepDrift"]) == (1, 0)
    assert found["FunctionName"] == complete.function_name


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@pytest.fixture(scope="module")
def on_schedule(deployments: Deployments) -> Scheduled:
    """What came of a lost event where the real schedule runs every minute."""
    return deployments.get("scheduled")[1]


def test_the_schedule_itself_heals(on_schedule: Scheduled) -> None:
    assert on_schedule.notice["source"] == "sweep"
    assert on_schedule.notice["outcome"] == "restored"
    assert on_schedule.healed
    assert on_schedule.writes == ["cloudtrail:UpdateTrail"]
    print(f"found and healed after {on_schedule.seconds:.0f} s")
