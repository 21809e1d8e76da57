"""The rules of an event bus and their targets, read from the emulator and kept until one changes."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from .emulator_api import EmulatorApi, EmulatorError
from .operations import Call

_CHANGES = ("Put", "Delete", "Remove", "Enable", "Disable", "Create", "Update")
_MAX_AGE_SECONDS = 30.0
ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
# Fields that most patterns list the values of.
_TOLD_APART_BY = (("source",), ("detail", "eventSource"), ("detail", "eventName"))
log = logging.getLogger("gateway.rules")


@dataclass
class Rule:
    """A rule with its targets."""

    name: str
    arn: str
    state: str
    pattern: str
    targets: list[dict[str, Any]] = field(default_factory=list)

    def excludes(self, event: dict[str, Any]) -> bool:
        """Whether one of the event's names is none that the pattern lists: most are, and need not be tested."""
        try:
            pattern = json.loads(self.pattern)
        except ValueError:
            return False
        return any(_misses(_at(pattern, path), _at(event, path)) for path in _TOLD_APART_BY)


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _misses(listed: Any, value: Any) -> bool:
    """Of a list, one of the values would have to be listed: that is not decided here."""
    is_plain = isinstance(listed, list) and all(isinstance(each, str) for each in listed)
    return is_plain and (value is None or isinstance(value, str)) and value not in listed


@dataclass
class _Kept:
    rules: list[Rule]
    read_at: float
    generation: int


class Rules:
    """Rules by account, region and bus."""

    def __init__(self, emulator: EmulatorApi) -> None:
        self._emulator = emulator
        self._kept: dict[tuple[str, str, str], _Kept] = {}
        self._generation = 0

    def observe(self, call: Call) -> None:
        """Forget everything when a call changes rules or targets."""
        if call.event_source == "events.amazonaws.com" and call.operation.startswith(_CHANGES):
            self._generation += 1

    def forget(self) -> None:
        """Read all rules anew."""
        self._generation += 1

    async def of(self, account: str, region: str, bus: str = "default") -> list[Rule]:
        """The rules of a bus that have a pattern."""
        key = (account, region, bus)
        kept = self._kept.get(key)
        if kept and kept.generation == self._generation and time.monotonic() - kept.read_at < _MAX_AGE_SECONDS:
            return kept.rules
        generation = self._generation
        rules = await self._read(account, region, bus)
        self._kept[key] = _Kept(rules, time.monotonic(), generation)
        return rules

    async def _read(self, account: str, region: str, bus: str) -> list[Rule]:
        rules: list[Rule] = []
        token: str | None = None
        while True:
            params: dict[str, Any] = {"EventBusName": bus} | ({"NextToken": token} if token else {})
            page = await self._emulator.call("events", "ListRules", params, account=account, region=region)
            for item in page.get("Rules", []):
                if not item.get("EventPattern"):
                    continue  # a schedule
                rule = Rule(item["Name"], item["Arn"], item.get("State", "ENABLED"), item["EventPattern"])
                found = await self._emulator.call(
                    "events",
                    "ListTargetsByRule",
                    {"Rule": rule.name, "EventBusName": bus},
                    account=account,
                    region=region,
                )
                rule.targets = found.get("Targets", [])
                rules.append(rule)
            token = page.get("NextToken")
            if not token:
                return rules

    async def matching(self, event: dict[str, Any], account: str, region: str, bus: str = "default") -> list[Rule]:
        """The enabled rules whose pattern matches, by the emulator's own TestEventPattern if names do not decide."""
        read_only = bool(event["detail"].get("readOnly"))
        found = []
        for rule in await self.of(account, region, bus):
            if rule.state == "DISABLED" or (read_only and rule.state != ALL_EVENTS) or rule.excludes(event):
                continue
            try:
                answer = await self._emulator.call(
                    "events",
                    "TestEventPattern",
                    {"EventPattern": rule.pattern, "Event": json.dumps(event)},
                    account=account,
                    region=region,
                )
            except EmulatorError as error:
                log.error("rule %s: pattern not tested: %s", rule.name, error)
                continue
            if answer.get("Result"):
                found.append(rule)
        return found
