"""A notice as a person reads it: the emulator sends no mail, so it comes from the call that would have sent it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from .gateway_process import Control


def mail(control: Control, since: float, role_arn: str, about: str = "") -> tuple[str, str] | None:
    """Subject and text that SNS would mail, out of the role's own accepted Publish request; with this word."""
    marker = f":assumed-role/{role_arn.rsplit('/', 1)[-1]}/"
    for request in control.requests(since=since, operation="Publish"):
        if request["status"] != 200 or marker not in (request["caller"] or ""):
            continue
        form = parse_qs(request["request_body"] or "")
        message = form.get("Message", [""])[0]
        if form.get("MessageStructure") == ["json"]:
            texts = json.loads(message)
            message = texts.get("email") or texts["default"]
        if about not in message:
            continue
        return form.get("Subject", [""])[0], message
    return None


def section(text: str, heading: str) -> str:
    """A part of a notice: its heading and the lines below, up to the next empty one."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(heading)), len(lines))
    end = next((number for number in range(start, len(lines)) if not lines[number].strip()), len(lines))
    return "\n".join(lines[start:end])
