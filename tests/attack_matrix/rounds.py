"""One round for each attack: a fresh account, the attack, a stop of the trail, a sweep, the alarms."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lab.inbox import Message
from lab.progress import LabError

from .account import Account
from .attacks import Attack

# The schedule runs when it is told to: see deployments.NEVER_SWEPT.
INTERVAL_SECONDS = 3600
# Events and runs that are not over by then are waiting for what does not come, a free place for instance.
# A sweep gives what is missing six seconds, for each trail and part at once.
_LIMIT_SECONDS = 14.0
_EVERY_SECONDS = 0.05
_TRIES = 5
_SECONDS_BETWEEN_TRIES = 0.5
# How the time is divided; what happens is told by when it happens.
ATTACK, STOP, SWEEP = "attack", "stop", "sweep"


@dataclass(frozen=True)
class Told:
    """Something that reached the responders and is about the attack."""

    way: str  # event, stop, sweep, alarm, heartbeat or finding
    what: str
    seconds: float


@dataclass
class Outcome:
    """What came of an attack. A phase is None for what did not come at all."""

    attack: Attack
    refused: str | None = None
    back: str | None = None
    back_seconds: float = 0.0
    logs: str | None = None
    logs_seconds: float = 0.0
    told: list[Told] = field(default_factory=list)
    # Whether the notice of the stop, which an attacker may leave out, names the attack.
    named_beside: bool = False

    @property
    def noticed(self) -> bool:
        """Whether anybody heard of it by itself: as of something critical, if it is not back."""
        is_loud = any(told.way in ("alarm", "heartbeat") or "critical" in told.what for told in self.told)
        return self.refused is not None or is_loud or bool(self.told and self.back)

    @property
    def in_order(self) -> bool:
        """Noticed, and the trail logs."""
        return self.noticed and self.logs is not None


class Rounds:
    """All rounds are played in one lab, which is put back before each."""

    def __init__(self, account: Account) -> None:
        self._account, self._guarded = account, account.guarded
        self._control, self._emulator = account.lab.gateway.control, account.lab.emulator
        self._where = {"account": account.lab.account, "region": account.lab.region}
        self._sweep()
        self._quiet(lambda: None)
        self._alarms()
        self._guarded.settle()
        self._emulator.ask("snapshot")
        self._control.keep()
        self._declared = account.read()

    def play(self, attack: Attack) -> Outcome:
        """One round; LabError if the attack has no effect."""
        self._put_back()
        outcome, began = Outcome(attack), time.time()
        with self._guarded.held_back():
            try:
                attack.call(self._account)
            except ClientError as error:
                outcome.refused = error.response["Error"]["Code"]
                if not outcome.refused.startswith(("AccessDenied", "AuthorizationError")):
                    raise
            if not outcome.refused and self._is_back(attack):
                raise LabError(f"{attack.name} changed nothing of the {attack.part}")
            ids = {record["eventID"] for record in self._guarded.records(began) if not record["readOnly"]}
        self._follow(outcome, ATTACK, time.time())

        stopped_at = time.time()
        try:
            self._account.intruder.client("cloudtrail").stop_logging(Name=self._account.names.trail)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TrailNotFoundException":
                raise
        self._follow(outcome, STOP, stopped_at)

        swept_at = time.time()
        self._sweep()
        self._follow(outcome, SWEEP, swept_at)

        self._count_failures(began)
        self._alarms()
        silent = self._silent_since(swept_at)
        if silent:
            self._alarms(later=3 * INTERVAL_SECONDS + 60)
        self._until(self._guarded.inbox.is_drained, 3)
        time.sleep(0.1)
        self._tell(outcome, ids, began, (stopped_at, swept_at), silent)
        return outcome

    def _put_back(self) -> None:
        """Once more, if a run that was ended by force still had a call under way."""
        for _ in range(_TRIES):
            self._emulator.ask("restore")
            self._control.put_back(self._account.lab.account)
            found = self._account.read()
            if found == self._declared:
                return
            time.sleep(_SECONDS_BETWEEN_TRIES)
        wrong = [part for part, value in found.items() if value != self._declared[part]]
        raise LabError(f"the account is not as it was: {', '.join(wrong)}")

    def _is_back(self, attack: Attack) -> bool:
        return self._account.read([attack.part])[attack.part] == self._declared[attack.part]

    def _follow(self, outcome: Outcome, phase: str, since: float) -> None:
        """Look until nothing is under way any more; whatever was right once and is not at the end does not count."""

        def look() -> None:
            if self._guarded_logs() and outcome.logs is None and phase != ATTACK:
                outcome.logs, outcome.logs_seconds = phase, time.time() - since
            if outcome.back is None and self._is_back(outcome.attack):
                outcome.back, outcome.back_seconds = phase, time.time() - since

        self._quiet(look)
        if outcome.logs and not self._guarded_logs():
            outcome.logs = None
        if outcome.back and not self._is_back(outcome.attack):
            outcome.back = None

    def _guarded_logs(self) -> bool:
        try:
            return self._guarded.is_logging()
        except ClientError:
            return False  # the trail is gone

    def _quiet(self, look: Callable[[], object]) -> None:
        """Until nothing has been under way for two looks, or for as long as can be waited for."""
        deadline, calm = time.monotonic() + _LIMIT_SECONDS, 0
        while calm < 3 and time.monotonic() < deadline:
            time.sleep(_EVERY_SECONDS)
            finished = self._control.is_finished(self._account.lab.account)
            look()
            calm = calm + 1 if finished else 0
        self._until(self._guarded.inbox.is_drained, 2)

    @staticmethod
    def _until(holds: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds() and time.monotonic() < deadline:
            time.sleep(_EVERY_SECONDS)

    def _sweep(self) -> None:
        self._emulator.ask("schedules", account=self._account.lab.account, elapsed=INTERVAL_SECONDS + 1)

    def _alarms(self, later: float = 0) -> None:
        self._emulator.ask("alarms", **self._where, later=later)

    def _silent_since(self, since: float) -> set[str]:
        """The alarms of those that have not swept: three silent intervals on, the others have gone on sweeping."""
        names = self._account.names
        heartbeats = {names.heartbeat: names.function, names.understudy_heartbeat: names.understudy}
        return {alarm for alarm, function in heartbeats.items() if not self._has_swept_since(since, function)}

    def _has_swept_since(self, since: float, function: str) -> bool:
        """Whether there is a heartbeat."""
        found = self._account.root("cloudwatch").get_metric_statistics(
            Namespace="Trailkeeper",
            MetricName="Sweeps",
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=datetime.fromtimestamp(since, UTC),
            EndTime=datetime.fromtimestamp(since + 600, UTC),
            Period=60,
            Statistics=["Sum"],
        )
        return bool(found["Datapoints"])

    def _count_failures(self, since: float) -> None:
        """What EventBridge counts, and the emulator does not.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        """
        for outcome, metrics in {
            "dead-lettered": ("FailedInvocations",),
            "lost": ("FailedInvocations", "InvocationsFailedToBeSentToDlq"),
        }.items():
            for delivery in self._control.deliveries(since=since, outcome=outcome):
                for metric in metrics:
                    self._account.root("cloudwatch").put_metric_data(
                        Namespace="AWS/Events",
                        MetricData=[
                            {
                                "MetricName": metric,
                                "Dimensions": [{"Name": "RuleName", "Value": delivery["rule"]}],
                                "Value": 1,
                                "Unit": "Count",
                            }
                        ],
                    )

    def _tell(
        self, outcome: Outcome, ids: set[str], began: float, marks: tuple[float, float], silent: set[str]
    ) -> None:
        """Sort what reached the responders."""
        stopped_at, swept_at = marks
        heartbeats = {self._account.names.heartbeat, self._account.names.understudy_heartbeat}
        for message in self._guarded.inbox.messages():
            if message.received_at < began:
                continue
            at = message.received_at
            start = swept_at if at >= swept_at else stopped_at if at >= stopped_at else began
            content = _content(message)
            if content.get("NewStateValue") == "ALARM":
                name = content["AlarmName"]
                if name in heartbeats - silent:
                    continue
                way = "heartbeat" if name in heartbeats else "alarm"
                outcome.told.append(Told(way, name, at - start))
            elif content.get("schema") == "trailkeeper.notice":
                if way := _way(content, ids, before_stop=at < stopped_at):
                    outcome.told.append(Told(way, f"{content['outcome']}, {content['severity']}", at - start))
                elif any(identifier in message.body for identifier in ids):
                    outcome.named_beside = True
        if not outcome.told:
            outcome.told.extend(self._findings(began))

    def _findings(self, since: float) -> list[Told]:
        """What Security Hub has instead, of anything but the trail."""
        found = self._account.root("securityhub").get_findings()["Findings"]
        told = []
        for finding in found:
            at = datetime.fromisoformat(finding["UpdatedAt"]).timestamp()
            if at >= since and finding["Resources"][0]["Type"] != "AwsCloudTrailTrail":
                severity = finding["FindingProviderFields"]["Severity"]["Label"].lower()
                came = finding["ProductFields"]["trailkeeper/outcome"]
                told.append(Told("finding", f"{came}, {severity}", at - since))
        return told


def _content(message: Message) -> dict[str, Any]:
    try:
        found = json.loads(message.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _way(notice: dict[str, Any], ids: set[str], *, before_stop: bool) -> str | None:
    """By what somebody learnt of the attack; None if the notice is about the stop after it alone."""
    event = notice.get("event") or {}
    if notice.get("source") == "sweep":
        way = "sweep"
    elif event.get("id") in ids or before_stop:
        return "event"
    else:
        way = "stop"
    fields = {entry["field"] for entry in notice.get("drift") or []}
    stays_off = notice["outcome"] in {"not_restored", "unverified", "would_restore"}
    about_more = stays_off or fields - {"is_logging"} or event.get("id") in ids
    return way if about_more else None
