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


def accepted(control: Control, operation: str, since: float, caller: str) -> dict[str, Any] | None:
    """Somebody's call that the emulator accepted."""
    for request in control.requests(operation=operation, since=since):
        if request["status"] == 200 and request["caller"] == caller:
            return request
    return None


def delivered(control: Control, event_name: str, since: float, function_name: str) -> dict[str, Any] | None:
    """The event's hand-over to the function."""
    for entry in control.deliveries(event_name=event_name, since=since, outcome="accepted"):
        if (entry["target"] or "").endswith(f":function:{function_name}"):
            return entry
    return None


def by_role(control: Control, since: float, role_arn: str, **query: Any) -> list[dict[str, Any]]:
    """Accepted calls of a role's sessions, the oldest first."""
    marker = f":assumed-role/{role_arn.rsplit('/', 1)[-1]}/"
    found = control.requests(since=since, **query)
    mine = [request for request in found if request["status"] == 200 and marker in (request["caller"] or "")]
    return sorted(mine, key=lambda request: request["received_at"])


def verified(control: Control, healed_at: float, role_arn: str) -> dict[str, Any] | None:
    """The role's first GetTrailStatus after the healing whose answer says that the trail logs."""
    for request in by_role(control, healed_at, role_arn, operation="GetTrailStatus"):
        if json.loads(request["answer_body"] or "{}").get("IsLogging") is True:
            return request
    return None


def notice(inbox: Inbox, since: float) -> Any:
    """The first notice."""
    return next(iter(inbox.notices(since)), None)


def mail(control: Control, since: float, role_arn: str) -> tuple[str, str] | None:
    """Subject and text that SNS would mail, out of the role's own Publish request."""
    for request in by_role(control, since, role_arn, operation="Publish"):
        form = parse_qs(request["request_body"] or "")
        message = form.get("Message", [""])[0]
        if form.get("MessageStructure") == ["json"]:
            texts = json.loads(message)
            message = texts.get("email") or texts["default"]
        return form.get("Subject", [""])[0], message
    return None


def section(text: str, heading: str) -> str:
    """A part of a notice: its heading and the lines below, up to the next empty one."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(heading)), len(lines))
    end = next((number for number in range(start, len(lines)) if not lines[number].strip()), len(lines))
    return "\n".join(lines[start:end])


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
