"""Forwards signed requests untouched and hands each exchange to the recorder.

Nothing that a signature covers may change: method, path and query as they were on
the wire, every header including Host, and the body byte for byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from . import lookup
from .decoding import Answer, read_answer, read_input
from .encrypted_topics import EncryptedTopics
from .history import History
from .identities import Identities, Principal
from .operations import Call, identify
from .recorder import Exchange, Recorder
from .signature import Scope, scope_of
from .trails import Trails

log = logging.getLogger("gateway.proxy")
# RFC 9110 7.6.1: these belong to one connection. Expect was answered by the server already.
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
}
_STREAM_FROM_BYTES = 1 << 20
_AUTO_HEADERS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _forwardable(raw_headers: tuple[tuple[bytes, bytes], ...]) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in raw_headers:
        if name.decode("latin-1").lower() not in _HOP_BY_HOP:
            headers.add(name.decode("latin-1"), _text(value))
    return headers


def _request_headers(request: web.Request) -> CIMultiDict[str]:
    """The client's headers, plus the note that TLS ended here.

    The lab speaks plain HTTP on loopback where AWS's endpoints speak TLS. Policies
    that deny insecure transport are to see what they would see on AWS. (No client
    signs this header.)
    """
    headers = _forwardable(request.raw_headers)
    headers.setdefault("X-Forwarded-Proto", "https")
    return headers


class Proxy:
    """The AWS side of the gateway."""

    def __init__(
        self,
        upstream: str,
        http: aiohttp.ClientSession,
        identities: Identities,
        trails: Trails,
        recorder: Recorder,
        history: History,
        encrypted_topics: EncryptedTopics,
    ) -> None:
        self._encrypted_topics = encrypted_topics
        self._upstream = upstream.rstrip("/")
        self._http = http
        self._identities = identities
        self._trails = trails
        self._recorder = recorder
        self._history = history
        # Changes of trails pass one by one, so that their order here is the emulator's.
        self._trail_changes = asyncio.Lock()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request of any client."""
        path, _, query = request.raw_path.partition("?")
        scope = scope_of(request.headers, query)
        large = (request.content_length or 0) > _STREAM_FROM_BYTES or request.content_length is None
        if scope and scope.service == "s3" and request.body_exists and large:
            return await self._stream(request, request.content.iter_any())
        body = await request.read()
        call = identify(scope, request.method, path, query, request.headers, body) if scope else None
        if scope is None or call is None:
            if scope:
                log.warning("no operation found in %s %s (%s): not recorded", request.method, path, scope.service)
            return await self._stream(request, body)
        if call.event_source == "s3.amazonaws.com" and call.operation in ("GetObject", "PutObject", "UploadPart"):
            return await self._stream(request, body)
        return await self._recorded(request, scope, call, query, body)

    async def _recorded(
        self, request: web.Request, scope: Scope, call: Call, query: str, body: bytes
    ) -> web.StreamResponse:
        # Asked beside the call, not before it: the look-up must not slow the caller down.
        asked = asyncio.create_task(self._identities.of(scope.access_key_id, scope.region))
        given = read_input(call, query, request.headers, body)
        gate = self._trail_changes if Trails.changed_by(call) else contextlib.nullcontext()
        async with gate:
            received_at = time.time()
            try:
                refusal = await self._encrypted_topics.refusal(call, given, asked)
                if refusal:
                    status, headers, content = refusal
                else:
                    async with self._send(request, body) as answer:
                        content = await answer.read()
                        status, headers = answer.status, _forwardable(answer.raw_headers)
            except aiohttp.ClientError as error:
                asked.cancel()
                return _unreachable(error)
            answered_at, principal = time.time(), await self._known(asked, call)
            exchange = Exchange(
                call,
                principal,
                given,
                read_answer(call, status, headers, content),
                received_at,
                answered_at,
                request.remote or "",
                request.headers.get("User-Agent", ""),
                body,
                content,
            )
            await self._follow(exchange)
        if principal and _is_lookup(call, exchange.answer):
            asked_for = given if isinstance(given, dict) else {}
            # In whole seconds, as the events' times are.
            records = self._history.records.newest_first(float(asked_for.get("StartTime") or 0) // 1)
            content = json.dumps(lookup.lookup(records, asked_for, principal.account, scope.region)).encode()
            headers.popall("x-amz-crc32", None)
        if request.method != "HEAD":
            headers["Content-Length"] = str(len(content))
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        if request.method != "HEAD":
            await response.write(content)
        await response.write_eof()
        return response

    async def _known(self, asked: asyncio.Task[Principal | None], call: Call) -> Principal | None:
        """The caller, as far as the look-up goes: its failure is not the caller's."""
        try:
            return await asked
        except Exception as error:
            log.exception("the caller of %s was not looked up", call.operation)
            self._history.add_failure(f"the caller of {call.operation} was not looked up: {error!r}")
            return None

    async def _follow(self, exchange: Exchange) -> None:
        """The call has happened: whatever goes wrong with its record, the caller gets the answer."""
        try:
            await self._recorder.follow(exchange)
        except Exception as error:
            log.exception("%s was not recorded", exchange.call.operation)
            self._history.add_failure(f"{exchange.call.operation} was not recorded: {error!r}")

    async def _stream(self, request: web.Request, body: bytes | AsyncIterator[bytes]) -> web.StreamResponse:
        """Pass a request through without looking at it: large objects, unsigned requests."""
        try:
            async with self._send(request, body) as answer:
                response = web.StreamResponse(status=answer.status, headers=_forwardable(answer.raw_headers))
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response
        except aiohttp.ClientError as error:
            return _unreachable(error)

    def _send(self, request: web.Request, body: bytes | AsyncIterator[bytes]) -> aiohttp.client._RequestContextManager:
        return self._http.request(
            request.method,
            URL(self._upstream + request.raw_path, encoded=True),
            headers=_request_headers(request),
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=_AUTO_HEADERS,
        )


def _is_lookup(call: Call, answer: Answer) -> bool:
    return call.event_source == "cloudtrail.amazonaws.com" and call.operation == "LookupEvents" and answer.ok


def _unreachable(error: Exception) -> web.Response:
    log.error("the emulator does not answer: %s", error)
    return web.json_response(
        {"__type": "ServiceUnavailable", "message": f"the emulator behind the gateway does not answer: {error}"},
        status=503,
    )
