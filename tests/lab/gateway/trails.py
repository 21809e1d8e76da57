"""Which trails log, kept from the CloudTrail calls that pass through.

EventBridge gets "AWS API Call via CloudTrail" events only while some trail of the
account logs. Whether a trail counts whose event selectors leave the event out, AWS
does not say. Here it does not count: the worse case for whoever waits for events.

Every client talks to the gateway, so what it sees is complete. (Trails made behind
its back, by CloudFormation inside the emulator, are not.)
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from .decoding import Answer
from .operations import Call

CHANGES = {"CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors"}
_ONLY = {"true": "ReadOnly", "false": "WriteOnly"}


@dataclass
class Trail:
    """What decides whether a trail covers a region."""

    arn: str
    account: str
    region: str
    multi_region: bool
    logging: bool = False
    # Of which management events: All, ReadOnly, WriteOnly. Several selectors add up, none logs nothing.
    management: tuple[str, ...] = ("All",)

    def covers(self, region: str, read_only: bool) -> bool:
        """Whether it records a management event of a region."""
        kind = "ReadOnly" if read_only else "WriteOnly"
        selected = "All" in self.management or kind in self.management
        return self.logging and selected and (self.multi_region or self.region == region)


def _management(given: Any) -> tuple[str, ...]:
    """What PutEventSelectors says about management events."""
    kinds = []
    for selector in given.get("EventSelectors") or []:
        if selector.get("IncludeManagementEvents", True):
            kinds.append(selector.get("ReadWriteType", "All"))
    for selector in given.get("AdvancedEventSelectors") or []:
        fields = {field.get("Field"): field.get("Equals") or [] for field in selector.get("FieldSelectors") or []}
        if "Management" in fields.get("eventCategory", []):
            kinds += [_ONLY.get(text, "All") for text in fields.get("readOnly") or ["any"]]
    return tuple(kinds)


class Trails:
    """All trails of all accounts."""

    def __init__(self) -> None:
        self._trails: dict[str, Trail] = {}
        self._kept: dict[str, Trail] = {}

    @staticmethod
    def changed_by(call: Call | None) -> bool:
        """Whether a call may change a trail; such calls must be let through one at a time."""
        return call is not None and call.event_source == "cloudtrail.amazonaws.com" and call.operation in CHANGES

    def logs(self, account: str, region: str, *, read_only: bool = False) -> bool:
        """Whether any trail of the account records such calls made in a region."""
        return any(trail.account == account and trail.covers(region, read_only) for trail in self._trails.values())

    def observe(self, call: Call, given: Any, answer: Answer, account: str) -> None:
        """Follow a successful change."""
        if not self.changed_by(call) or not answer.ok or not isinstance(given, dict):
            return
        name = str(given.get("Name") or given.get("TrailName") or "")
        region = call.scope.region
        arn = name if name.startswith("arn:") else f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"
        if call.operation == "CreateTrail":
            self._trails[arn] = Trail(arn, account, region, bool(given.get("IsMultiRegionTrail")))
        elif call.operation == "DeleteTrail":
            self._trails.pop(arn, None)
        elif (trail := self._trails.get(arn)) is None:
            return
        elif call.operation == "PutEventSelectors":
            trail.management = _management(given)
        elif call.operation == "UpdateTrail":
            trail.multi_region = bool(given.get("IsMultiRegionTrail", trail.multi_region))
        else:
            trail.logging = call.operation == "StartLogging"

    def keep(self) -> None:
        """Remember what is known now."""
        self._kept = copy.deepcopy(self._trails)

    def put_back(self) -> None:
        """Know again what was kept, and nothing else."""
        self._trails = copy.deepcopy(self._kept)

    def as_json(self) -> list[dict[str, Any]]:
        """For the control API."""
        return [vars(trail) for trail in self._trails.values()]
