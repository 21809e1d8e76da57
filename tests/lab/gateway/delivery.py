"""Delivers records as EventBridge does: rules, targets, retries, dead-letter queues.

When: management events that change something (read-only ones only to rules in the
state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS), and only while a trail of the
account logs in the region: just before the call, or just after it. So the stop of
the only trail is still delivered (AWS does that: it is what detection rules for
StopLogging live from), and so is the start that ends the darkness; whatever happens
in between is not. The switch `requires_logging_trail` turns that condition off.

Where: on the bus of the region that the record names. Services with one endpoint for
all regions (IAM, Organizations) record in us-east-1, so rules elsewhere never see them.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from .buses import Buses
from .emulator_api import EmulatorError
from .history import History
from .inputs import payload_for
from .rules import Rule, Rules
from .targets import NotPermitted, Targets, Unsupported

log = logging.getLogger("gateway.delivery")
_BACKOFF_SECONDS = (0.2, 0.5, 1, 2, 5, 10)


@dataclass
class Switches:
    """What a test can do to an account's delivery.

    `muted` is as if there were no EventBridge; the counters concern events that match a rule.
    """

    paused: bool = False
    delay_ms: int = 0
    copies: int = 1
    drop_next: int = 0
    muted: bool = False
    requires_logging_trail: bool = True


def envelope(record: dict[str, Any]) -> dict[str, Any]:
    """The EventBridge event around a record."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws." + record["eventSource"].removesuffix(".amazonaws.com"),
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    }


class Delivery:
    """Takes records, delivers events."""

    def __init__(self, rules: Rules, targets: Targets, buses: Buses, history: History) -> None:
        self._rules = rules
        self._targets = targets
        self._buses = buses
        self._history = history
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._begun: Counter[str] = Counter()
        self._accounts: dict[str, Switches] = {}
        self._resumed = asyncio.Condition()

    def switches(self, account: str) -> Switches:
        """An account's own: what is disturbed in one does not touch another."""
        return self._accounts.setdefault(account, Switches())

    async def switch(self, account: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Set some switches of an account; unknown ones raise ValueError."""
        switches = self.switches(account)
        for name, value in changes.items():
            if name not in asdict(switches):
                raise ValueError(f"unknown switch {name!r}; there are {', '.join(asdict(switches))}")
            setattr(switches, name, type(getattr(switches, name))(value))
        async with self._resumed:
            self._resumed.notify_all()
        return asdict(switches)

    def offer(self, record: dict[str, Any], logged: bool) -> None:
        """Deliver a record in the background if AWS would."""
        switches = self.switches(record["recipientAccountId"])
        if switches.muted or (switches.requires_logging_trail and not logged):
            return
        # As they are at the moment of the call: a test may change them right after it.
        self._spawn(record, self._deliver(record, switches.copies, switches.delay_ms / 1000))

    def under_way(self, account: str) -> tuple[int, int]:
        """How many events or copies of an account are on their way, held back or not; how many ever were."""
        return sum(owner == account for owner in self._tasks.values()), self._begun[account]

    def abandon(self, account: str) -> None:
        """Give up what is under way in an account."""
        for task, owner in list(self._tasks.items()):
            if owner == account:
                task.cancel()

    def _spawn(self, record: dict[str, Any], work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = record["recipientAccountId"]
        self._begun[record["recipientAccountId"]] += 1
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and task.exception():
            log.error("delivery failed", exc_info=task.exception())
            self._history.add_failure(f"delivery failed: {task.exception()!r}")

    async def stop(self) -> None:
        """Give up what is still under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, record: dict[str, Any], copies: int, delay: float) -> None:
        event = envelope(record)
        rules = await self._rules.matching(event, event["account"], event["region"])
        if not rules:
            return
        switches = self.switches(event["account"])
        if switches.drop_next > 0:
            switches.drop_next -= 1
            self._note(record, event, outcome="dropped")
            return
        await asyncio.sleep(delay)
        async with self._resumed:
            await self._resumed.wait_for(lambda: not switches.paused)
        for rule in rules:
            for target in rule.targets:
                for _ in range(copies):
                    self._spawn(record, self._to_target(record, event, rule, target))

    async def _to_target(
        self, record: dict[str, Any], event: dict[str, Any], rule: Rule, target: dict[str, Any], hops: int = 0
    ) -> None:
        arn = target["Arn"]
        to_bus = arn.split(":")[2] == "events"
        if to_bus and hops:
            # What came from one bus by a rule is not routed to a third.
            log.error("NOT DELIVERED: a second hop, to %s", arn)
            self._note(record, event, rule, arn, outcome="unsupported", error="second hop")
            return
        policy = target.get("RetryPolicy") or {}
        attempts = int(policy.get("MaximumRetryAttempts", 185)) + 1
        give_up_at = time.monotonic() + float(policy.get("MaximumEventAgeInSeconds", 86_400))
        payload = payload_for(event, target)
        code, reason, condition, attempt = "", "", "", 0
        while True:
            attempt += 1
            try:
                sent_at = time.time()
                await (
                    self._buses.admit(rule.arn, target, event)
                    if to_bus
                    else self._targets.send(rule.arn, target, payload)
                )
                self._note(record, event, rule, arn, outcome="accepted", attempt=attempt, at=sent_at)
                if to_bus:
                    await self._on_bus(record, event, arn)
                return
            except Unsupported as error:
                log.error("NOT DELIVERED: %s", error)
                self._note(record, event, rule, arn, outcome="unsupported", error=str(error))
                return
            except NotPermitted as error:
                code, reason, condition = "NO_PERMISSIONS", str(error), "NotRetryable"
                break
            except (TimeoutError, EmulatorError, OSError) as error:
                code, reason = getattr(error, "code", "SDK_CLIENT_ERROR"), str(error)
                wait = _BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS)) - 1]
                condition = (
                    "MaximumRetryAttempts"
                    if attempt >= attempts
                    else ("MaximumEventAgeInSeconds" if time.monotonic() + wait > give_up_at else "")
                )
                self._note(record, event, rule, arn, outcome="failed", attempt=attempt, error=reason)
                if condition:
                    break
                await asyncio.sleep(wait)
        await self._to_dead_letters(record, event, rule, target, code, reason, condition, attempt)

    async def _to_dead_letters(
        self,
        record: dict[str, Any],
        event: dict[str, Any],
        rule: Rule,
        target: dict[str, Any],
        code: str,
        reason: str,
        condition: str,
        attempt: int,
    ) -> None:
        arn = target["Arn"]
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue:
            attributes = {
                "RULE_ARN": rule.arn,
                "TARGET_ARN": arn,
                "ERROR_CODE": code,
                "ERROR_MESSAGE": reason,
                "EXHAUSTED_RETRY_CONDITION": condition,
                "RETRY_ATTEMPTS": str(attempt - 1),
            }
            try:
                await self._targets.send_message(rule.arn, queue, payload_for(event, {}), attributes=attributes)
                self._note(record, event, rule, arn, outcome="dead-lettered", attempt=attempt, error=reason)
                return
            except (NotPermitted, EmulatorError) as error:
                reason = f"{reason}; dead-letter queue: {error}"
        log.error("LOST: %s to %s: %s", record["eventName"], arn, reason)
        self._note(record, event, rule, arn, outcome="lost", attempt=attempt, error=reason)

    async def _on_bus(self, record: dict[str, Any], event: dict[str, Any], arn: str) -> None:
        """On another bus, as it is: the envelope keeps its id, account and region.

        The emulator refuses events with an aws.* source, so they cannot be put there:
        the bus's rules are read and matched here too.
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
        """
        region, account, resource = arn.split(":", 5)[3:6]
        for rule in await self._rules.matching(event, account, region, resource.split("/", 1)[1]):
            for target in rule.targets:
                self._spawn(record, self._to_target(record, event, rule, target, hops=1))

    def _note(
        self,
        record: dict[str, Any],
        event: dict[str, Any],
        rule: Rule | None = None,
        arn: str | None = None,
        *,
        outcome: str,
        attempt: int = 0,
        error: str | None = None,
        at: float | None = None,
    ) -> None:
        self._history.add_delivery(
            at=at or time.time(),
            outcome=outcome,
            event_id=event["id"],
            record_id=record["eventID"],
            event_name=record["eventName"],
            event_source=record["eventSource"],
            account=event["account"],
            region=event["region"],
            rule=rule.name if rule else None,
            target=arn,
            attempt=attempt,
            error=error,
        )
