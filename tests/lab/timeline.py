"""One attack, step by step, with the moment of each step; and how it is drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from .gateway_process import Control
from .inbox import Inbox
from .progress import colour

_BAR = 40


@dataclass(frozen=True)
class Step:
    """Something that happened, and when (seconds since the epoch)."""

    at: float
    what: str
    seen: str


def stop_accepted(control: Control, since: float, attacker_arn: str) -> dict[str, Any] | None:
    """The attacker's StopLogging that the emulator accepted."""
    for request in control.requests(operation="StopLogging", since=since):
        if request["status"] == 200 and request["caller"] == attacker_arn:
            return request
    return None


def delivered(control: Control, since: float, function_name: str) -> dict[str, Any] | None:
    """The event's hand-over to the function."""
    for entry in control.deliveries(event_name="StopLogging", since=since, outcome="accepted"):
        if (entry["target"] or "").endswith(f":function:{function_name}"):
            return entry
    return None


def by_role(control: Control, operation: str, since: float, role_arn: str) -> list[dict[str, Any]]:
    """Accepted calls of a role's sessions, the oldest first."""
    marker = f":assumed-role/{role_arn.rsplit('/', 1)[-1]}/"
    found = control.requests(operation=operation, since=since)
    return [request for request in found if request["status"] == 200 and marker in (request["caller"] or "")]


def verified(control: Control, since: float, role_arn: str) -> dict[str, Any] | None:
    """The role's first GetTrailStatus after its StartLogging whose answer says that the trail logs."""
    starts = by_role(control, "StartLogging", since, role_arn)
    for request in by_role(control, "GetTrailStatus", since, role_arn):
        after = starts and request["received_at"] >= starts[0]["answered_at"]
        if after and json.loads(request["answer_body"] or "{}").get("IsLogging") is True:
            return request
    return None


def notice(inbox: Inbox, since: float) -> Any:
    """The first notice."""
    return next(iter(inbox.notices(since)), None)


def mail(control: Control, since: float, role_arn: str) -> tuple[str, str] | None:
    """Subject and text that SNS would mail, out of the role's own Publish request."""
    for request in by_role(control, "Publish", since, role_arn):
        form = parse_qs(request["request_body"] or "")
        message = form.get("Message", [""])[0]
        if form.get("MessageStructure") == ["json"]:
            texts = json.loads(message)
            message = texts.get("email") or texts["default"]
        return form.get("Subject", [""])[0], message
    return None


def draw(steps: list[Step]) -> str:
    """Aligned columns: milliseconds since the first step, a bar on one common scale, what happened."""
    first = steps[0].at
    offsets = [(step.at - first) * 1000 for step in steps]
    scale = _BAR / max(max(offsets), 1.0)
    width = max(len(step.what) for step in steps)
    lines, previous = [], 0
    for step, offset in zip(steps, offsets, strict=True):
        end = min(_BAR, round(offset * scale))
        start = min(previous, end)
        bar = " " * start + "━" * (end - start) + "●"
        last = step is steps[-1]
        lines.append(
            f"  {offset:>8.1f} ms  {colour(f'{step.what:<{width}}', 'green' if last else 'bold')}  "
            f"{colour(f'{bar:<{_BAR + 1}}', 'cyan')}  {colour(step.seen, 'dim')}".rstrip()
        )
        previous = end
    return "\n".join(lines)
