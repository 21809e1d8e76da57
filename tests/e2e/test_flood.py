"""Fifty stops in quick succession."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from e2e.guarded import Guarded

STOPS = 50


def test_fifty_stops_end_with_a_logging_trail(guarded: Guarded) -> None:
    cloudtrail = guarded.lab.attacker.client("cloudtrail")
    since = time.time()
    with ThreadPoolExecutor(max_workers=10) as pool:
        list(pool.map(lambda _: cloudtrail.stop_logging(Name=guarded.trail_name), range(STOPS)))
    stops = guarded.control.requests(operation="StopLogging", since=since)
    assert len([stop for stop in stops if stop["status"] == 200]) == STOPS

    guarded.wait("a logging trail", guarded.is_logging)
    assert guarded.stays(guarded.is_logging, 3), "a late event or retry left the trail stopped"
    _, notice = guarded.notice(since)
    assert notice["outcome"] in ("restored", "already_logging")
    # Stops of a trail that is off already make no event, so fewer than fifty arrive; none may be lost.
    delivered = {delivery["record_id"] for delivery in guarded.deliveries(since)}
    assert delivered
    guarded.wait(
        f"a notice for each of {len(delivered)} delivered events, or its dead letter",
        lambda: delivered <= {notice["event"]["id"] for notice in guarded.notices(since)},
    )
