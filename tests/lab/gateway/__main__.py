"""Runs the gateway: `python -m lab.gateway --upstream URL`.

Prints one line of JSON with its two addresses when it listens. The emulator need
not answer yet. The root secret comes from the environment (GATEWAY_ROOT_SECRET).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal

import aiohttp
from aiohttp import web

from .buses import Buses
from .control import Control
from .delivery import Delivery
from .emulator_api import EmulatorApi
from .encrypted_topics import EncryptedTopics
from .history import History
from .identities import Identities
from .operations import service_model
from .proxy import Proxy
from .recorder import Recorder
from .rules import Rules
from .targets import Targets
from .trails import Trails

LOOPBACK = "127.0.0.1"
# Reading a service model takes tens of milliseconds; these are wanted in almost every lab.
_COMMON_SERVICES = (
    "cloudtrail",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "sts",
)
_LARGEST_HEADER = 64 * 1024


async def _listen(app: web.Application, port: int) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        # A compressed body must reach the emulator as it was signed.
        auto_decompress=False,
        max_line_size=_LARGEST_HEADER,
        max_field_size=_LARGEST_HEADER,
        shutdown_timeout=1.0,
    )
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, port, backlog=512)
    await site.start()
    return runner, runner.addresses[0][1]


async def serve(upstream: str, port: int, control_port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    for service in _COMMON_SERVICES:
        service_model(service)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    http = aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        max_line_size=_LARGEST_HEADER,
        max_field_size=_LARGEST_HEADER,
    )
    emulator = EmulatorApi(upstream, os.environ.get("GATEWAY_ROOT_SECRET", "test"), http)
    history, trails, rules, identities = History(), Trails(), Rules(emulator), Identities(emulator)
    delivery = Delivery(rules, Targets(emulator), Buses(emulator), history)
    topics = EncryptedTopics(emulator)
    recorder = Recorder(identities, trails, rules, delivery, history, topics)
    proxy = Proxy(upstream, http, identities, trails, recorder, history, topics)

    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runners = []
    try:
        runner, port = await _listen(app, port)
        runners.append(runner)
        control = Control(history, delivery, trails, emulator, (rules.forget, identities.forget, topics.forget))
        runner, control_port = await _listen(control.app(), control_port)
        runners.append(runner)
        print(
            json.dumps({"url": f"http://{LOOPBACK}:{port}", "control_url": f"http://{LOOPBACK}:{control_port}"}),
            flush=True,
        )
        await stop.wait()
    finally:
        await delivery.stop()
        for runner in runners:
            await runner.cleanup()
        await http.close()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m lab.gateway", description=__doc__)
    parser.add_argument("--upstream", required=True, help="URL of the emulator")
    parser.add_argument("--port", type=int, default=0, help="for AWS clients; 0 picks a free one")
    parser.add_argument("--control-port", type=int, default=0, help="for the control API; 0 picks a free one")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(arguments.upstream, arguments.port, arguments.control_port))


if __name__ == "__main__":
    main()
