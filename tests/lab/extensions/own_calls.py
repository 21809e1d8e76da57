"""Calls that the lab makes to the emulator's process: `/_lab/...`. Nothing in AWS answers them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import ministack.app

_PREFIX = "/_lab/"
_handlers: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {}


def install() -> None:
    """Answer them before the emulator looks at the path."""
    serve = ministack.app.app

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        name = scope["path"].removeprefix(_PREFIX) if scope["type"] == "http" else None
        if name in _handlers:
            await _send(send, _handlers[name](dict(parse_qsl(scope["query_string"].decode()))))
        else:
            await serve(scope, receive, send)

    ministack.app.app = app


def answer(name: str, handler: Callable[[dict[str, str]], dict[str, Any]]) -> None:
    """Let a handler answer `/_lab/NAME`; it gets the query."""
    _handlers[name] = handler


async def _send(send: Any, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
