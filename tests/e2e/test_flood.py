"""Fifty stops in quick succession."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e.guarded import UNDONE, Guarded

STOPS = 50


@pytest.mark.parametrize("another_trail_logs", [False, True], ids=["the-only-trail", "beside-another-trail"])
def test_fifty_stops_end_with_a_logging_trail(guarded: Guarded, another_trail_logs: bool) -> None:
    """With one trail, most stops meet a trail that is off and make no event; beside another, all fifty do."""
    guarded.switch(requires_logging_trail=not another_trail_logs)
    cloudtrail = guarded.lab.attacker.client("cloudtrail")
    since = time.time()
    with ThreadPoolExecutor(max_workers=10) as pool:
        list(pool.map(lambda _: cloudtrail.stop_logging(Name=guarded.trail_name), range(STOPS)))
    stops = guarded.control.requests(operation="StopLogging", since=since, account=guarded.lab.account)
    assert len([stop for stop in stops if stop["status"] == 200]) == STOPS

    guarded.wait("a logging trail", guarded.is_logging)
    if another_trail_logs:
        guarded.wait("all deliveries", lambda: len(guarded.deliveries(since)) == STOPS)
    delivered = {delivery["record_id"] for delivery in guarded.deliveries(since)}
    assert delivered

    guarded.settle()
    guarded.let_ten_minutes_pass()
    guarded.sweep()

    def told() -> bool:
        notices = guarded.notices(since)
        summed_up = {event for notice in notices for event in notice.get("storm", {}).get("event_ids", [])}
        return delivered <= summed_up | {notice["event"]["id"] for notice in notices}

    guarded.wait(f"a notice of each of {len(delivered)} events, or a summary", told, 60)
    assert guarded.stays(guarded.is_logging, 3), "a late event or retry left the trail stopped"
    # A stop that is answered a minute after a later one is hidden by that: unconfirmed.
    assert {notice["outcome"] for notice in guarded.notices(since)} <= UNDONE | {"storm_summary"}
    assert guarded.dead_letters() == []
    print(f"{len(delivered)} delivered, {len(guarded.calls('StartLogging', since))} starts")
