"""A thousand stops by twenty attackers on five trails: all trails log at the end, and nobody is left untold."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from e2e.guarded import Guarded
from lab.actors import CLOUDTRAIL_ONLY, create_user
from lab.progress import Progress

from .conftest import MORE_TRAILS, arn_of

STOPS = int(os.environ.get("STORM_STOPS", "1000"))
ATTACKERS = 20
SECONDS = 900
# What may truly be said of a stop: it was undone, by this run or another, or cannot be told from one before it.
OUTCOMES = {"restored", "already_logging", "unconfirmed"}


class Watch:
    """Asks again and again how much is unfinished, and for the latest calls: the gateway keeps only the last ones."""

    def __init__(self, guarded: Guarded, progress: Progress, since: float) -> None:
        self._guarded, self._progress, self._since = guarded, progress, since
        self.calls: dict[str, dict[str, Any]] = {}
        self.most_unfinished = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.wait(2):
            self.look()
            notices = len(self._guarded.inbox.notices(self._since))
            self._progress.say(f"{self._unfinished} events and runs under way, {notices} notices")

    def look(self) -> None:
        """Take what there is now."""
        found = self._guarded.control._get("/unfinished", {"account": self._guarded.lab.account})
        self._unfinished = found["deliveries"] + found["runs"]
        self.most_unfinished = max(self.most_unfinished, self._unfinished)
        for operation in ("StopLogging", "StartLogging"):
            for call in self._guarded.control.requests(operation=operation, since=self._since):
                self.calls[f"{call['received_at']}{call['caller']}{operation}"] = call

    def end(self) -> None:
        """No more."""
        self._end.set()
        self._thread.join()
        self.look()


def _dark_times(calls: list[dict[str, Any]]) -> dict[str, list[float]]:
    """By trail, the seconds from each accepted stop of a trail that logs to the next accepted start."""
    dark: dict[str, list[float]] = defaultdict(list)
    stopped: dict[str, float] = {}
    accepted = [call for call in calls if call["status"] == 200]
    for call in sorted(accepted, key=lambda call: call["answered_at"]):
        name = json.loads(call["request_body"])["Name"].rsplit("/", 1)[-1]
        if call["operation"] == "StopLogging":
            stopped.setdefault(name, call["answered_at"])
        elif name in stopped:
            dark[name].append(call["answered_at"] - stopped.pop(name))
    assert not stopped, f"stopped and never started: {stopped}"
    return dark


def test_a_storm_of_stops_ends_with_all_trails_logging(guarded: Guarded, progress: Progress) -> None:
    lab = guarded.lab
    # As in an account with another trail: every stop makes an event, whatever the trails do.
    guarded.switch(requires_logging_trail=False)
    guarded.settle()
    trails = [guarded.trail_name, *MORE_TRAILS]
    users = [create_user(lab.root, f"attacker-{number}", CLOUDTRAIL_ONLY) for number in range(ATTACKERS)]
    clients = [lab.root.as_(user).client("cloudtrail", retries=10) for user in users]

    since = time.time()
    watch = Watch(guarded, progress, since)

    def attack(number: int) -> None:
        chosen = random.Random(number)
        for _ in range(STOPS // ATTACKERS):
            clients[number].stop_logging(Name=chosen.choice(trails))

    with ThreadPoolExecutor(ATTACKERS) as pool:
        list(pool.map(attack, range(ATTACKERS)))
    attacked = time.time() - since
    progress.say(f"{STOPS} stops made in {attacked:.0f} s")

    guarded.wait("the end of all deliveries and runs", lambda: guarded.control.is_finished(lab.account), SECONDS)
    settled = time.time() - since
    guarded.wait("an empty inbox", guarded.inbox.is_drained, 60)
    watch.end()
    stops = {record["eventID"] for record in guarded.records(since, event_name="StopLogging")}
    assert len(stops) == STOPS
    logging = {name: guarded.cloudtrail.get_trail_status(Name=arn_of(name))["IsLogging"] for name in trails}
    assert all(logging.values()), logging
    singly = [message.notice() for message in guarded.inbox.notices(since)]
    guarded.let_ten_minutes_pass()
    guarded.sweep()
    guarded.wait("an empty inbox", guarded.inbox.is_drained, 60)
    every = [message.notice() for message in guarded.inbox.notices(since)]
    notices = [notice for notice in every if notice["outcome"] != "storm_summary"]
    summed_up = {event for notice in every for event in notice.get("storm", {}).get("event_ids", [])}
    alone = {notice["event"]["id"] for notice in notices}
    told = alone | summed_up
    assert stops <= told, f"{len(stops - told)} of {STOPS} incidents untold"
    assert guarded.dead_letters() == []
    outcomes = {notice["outcome"] for notice in notices}
    assert outcomes <= OUTCOMES, outcomes
    assert guarded.stays(guarded.is_logging, 3), "a late event or retry left the trail stopped"
    assert lab.gateway.control.failures() == []

    dark = sorted(seconds for each in _dark_times(list(watch.calls.values())).values() for seconds in each)
    rows = [
        ("stops", f"{STOPS} by {ATTACKERS} attackers on {len(trails)} trails, in {attacked:.0f} s"),
        ("all answered and told after", f"{settled:.0f} s: {STOPS / settled:.0f} incidents a second"),
        ("incidents, untold", f"{len(stops)}, {len(stops - told)}"),
        ("notices, summaries of them", f"{len(every)}, {len(every) - len(notices)}"),
        ("told more than once by themselves", str(len(singly) - len(alone & stops))),
        ("times that a trail was dark", str(len(dark))),
        ("dark, ms: median, worst", f"{1000 * dark[len(dark) // 2]:.0f}, {1000 * dark[-1]:.0f}"),
        ("events and runs under way at once, at most; at the end", f"{watch.most_unfinished}; 0"),
        ("dead letters", "0"),
    ]
    table = "| | |\n| --- | --- |\n" + "".join(f"| {what} | {figure} |\n" for what, figure in rows)
    progress.say("\n" + table)
    if path := os.environ.get("STORM_LAB_TABLE"):
        Path(path).write_text(table)
