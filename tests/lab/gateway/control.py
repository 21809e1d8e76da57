"""The gateway's own API, on a port of its own: what happened, and switches to disturb the delivery.

GET  /health      also the gateway's own failures: records it could not write, events it could not hand over
GET  /records     ?event_name= &event_source= &account= &region= &since=EPOCH
GET  /deliveries  ?event_name= &record_id= &outcome= &since=EPOCH
GET  /requests    ?operation= &event_source= &since=EPOCH     the latest calls, with bodies free of secrets
GET  /trails
GET  /unfinished  ?account=      events under way to a target, and asynchronous runs of functions
GET  /delivery    ?account=      the switches of an account
POST /delivery    ?account=      {"paused": true, "delay_ms": 0, "copies": 1, "drop_next": 0,
                                  "muted": false, "requires_logging_trail": true}
POST /snapshot
POST /restore     ?account=      what was at the snapshot; the emulator is put back beside (extensions/snapshots.py)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from .delivery import Delivery
from .emulator_api import EmulatorApi
from .history import History, Log
from .trails import Trails


def _selected(
    log: Log,
    request: web.Request,
    fields: tuple[str, ...],
    show: Callable[[float, dict[str, Any]], dict[str, Any]] = lambda _, entry: entry,
) -> list[dict[str, Any]]:
    wanted = {name: request.query[name] for name in fields if name in request.query}
    since = float(request.query.get("since", "0"))
    entries = (show(epoch, entry) for epoch, entry in log.newest_first(since))
    found = [entry for entry in entries if all(str(entry.get(name)) == value for name, value in wanted.items())]
    return found[::-1]


def _shown(epoch: float, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": epoch,
        "event_name": record["eventName"],
        "event_source": record["eventSource"],
        "account": record["recipientAccountId"],
        "region": record["awsRegion"],
        "record": record,
    }


class Control:
    """Handlers of the control API."""

    def __init__(
        self,
        history: History,
        delivery: Delivery,
        trails: Trails,
        emulator: EmulatorApi,
        caches: Iterable[Callable[[], None]],
    ) -> None:
        """`caches` forget what they have read."""
        self._caches = list(caches)
        self._kept_at = 0.0
        self._history = history
        self._emulator = emulator
        self._delivery = delivery
        self._trails = trails

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/records", self._records)
        app.router.add_get("/deliveries", self._deliveries)
        app.router.add_get("/requests", self._requests)
        app.router.add_get("/trails", self._all_trails)
        app.router.add_get("/unfinished", self._unfinished)
        app.router.add_get("/delivery", self._switches)
        app.router.add_post("/delivery", self._switch)
        app.router.add_post("/snapshot", self._keep)
        app.router.add_post("/restore", self._put_back)
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        failures = self._history.failures
        return web.json_response(
            {"status": "failing" if failures else "ok", "records": len(self._history.records), "failures": failures}
        )

    async def _records(self, request: web.Request) -> web.Response:
        fields = ("event_name", "event_source", "account", "region")
        return web.json_response(_selected(self._history.records, request, fields, _shown))

    async def _deliveries(self, request: web.Request) -> web.Response:
        fields = ("event_name", "record_id", "outcome", "account", "region")
        return web.json_response(_selected(self._history.deliveries, request, fields))

    async def _requests(self, request: web.Request) -> web.Response:
        fields = ("operation", "event_source", "account", "region")
        return web.json_response(_selected(self._history.requests, request, fields))

    async def _all_trails(self, _request: web.Request) -> web.Response:
        return web.json_response(self._trails.as_json())

    async def _unfinished(self, request: web.Request) -> web.Response:
        account = request.query.get("account", "")
        deliveries, begun = self._delivery.under_way(account)
        runs = await self._emulator.unfinished(account)
        # What a run has set off while it was asked for is none of the answers.
        deliveries += self._delivery.under_way(account)[1] - begun
        return web.json_response({"deliveries": deliveries, "runs": runs})

    async def _switches(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self._delivery.switches(request.query.get("account", ""))))

    async def _switch(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(await self._delivery.switch(request.query["account"], await request.json()))
        except (KeyError, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _keep(self, _request: web.Request) -> web.Response:
        self._kept_at = time.time()
        self._trails.keep()
        return web.json_response({})

    async def _put_back(self, request: web.Request) -> web.Response:
        self._delivery.abandon(request.query.get("account", ""))
        self._trails.put_back()
        for forget in self._caches:
            forget()
        self._history.forget_since(self._kept_at)
        return web.json_response({})
