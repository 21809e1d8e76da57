"""How an extension gets around the emulator's CloudTrail: its dispatch table, stored trails and answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import cloudtrail

Body = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Body], Answer]


def wrap(operation: str, extension: Callable[[Body, Handler], Answer]) -> None:
    """Let an extension answer an operation; it may call the handler there was before."""
    before = cloudtrail._DISPATCH[operation]
    cloudtrail._DISPATCH[operation] = lambda body: extension(body, before)


def add(operation: str, handler: Handler) -> None:
    """Add an operation that the emulator does not have."""
    assert operation not in cloudtrail._DISPATCH, f"the emulator knows {operation} now; look whether this can go"
    cloudtrail._DISPATCH[operation] = handler


def ok(answer: Body) -> Answer:
    """A successful answer."""
    return cloudtrail._ok(answer)


def error(code: str, message: str) -> Answer:
    """An error of CloudTrail."""
    return cloudtrail._err(code, message)


def read(answer: Answer) -> Body:
    """The content of an answer."""
    return json.loads(answer[2])


def trail_to_change(name: str) -> tuple[Body | None, Answer | None]:
    """The stored trail that a call may change here, or the error that the emulator gives."""
    _, _, trail, refusal = cloudtrail._find_mutable_trail(name.strip())
    return trail, refusal


def trail_to_read(name: str) -> Body | None:
    """The stored trail that a call may read here."""
    try:
        return cloudtrail._find_visible_trail(name.strip())[2]
    except ValueError:
        return None
