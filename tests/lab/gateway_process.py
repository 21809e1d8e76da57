"""The gateway as a process of its own, and a client of its control API."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .paths import REPOSITORY
from .processes import clean_environment, start, stop
from .progress import LabError


class Control:
    """What happened, and switches to disturb the delivery. See gateway/control.py."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _get(self, path: str, query: dict[str, Any]) -> Any:
        text = urllib.parse.urlencode({key: value for key, value in query.items() if value is not None})
        with urllib.request.urlopen(f"{self.url}{path}?{text}", timeout=10) as answer:
            return json.load(answer)

    def records(self, **query: Any) -> list[dict[str, Any]]:
        """Each with `at` and `record`; filters: event_name, event_source, account, region, since."""
        return self._get("/records", query)

    def deliveries(self, **query: Any) -> list[dict[str, Any]]:
        """Filters: event_name, record_id, outcome, account, region, since."""
        return self._get("/deliveries", query)

    def requests(self, **query: Any) -> list[dict[str, Any]]:
        """Filters: operation, event_source, account, region, since."""
        return self._get("/requests", query)

    def failures(self) -> list[str]:
        """What the gateway itself could not do."""
        return self._get("/health", {})["failures"]

    def is_finished(self, account: str) -> bool:
        """Whether no event is on its way in an account, and no function runs because of one."""
        found = self._get("/unfinished", {"account": account})
        return not found["deliveries"] and not found["runs"]

    def _post(self, path: str, content: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}", data=json.dumps(content).encode(), headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def switch(self, account: str, **switches: Any) -> dict[str, Any]:
        """Set switches of an account's delivery."""
        return self._post(f"/delivery?account={account}", switches)

    def keep(self) -> None:
        """Remember what is now."""
        self._post("/snapshot", {})

    def put_back(self, account: str) -> None:
        """Know again what was kept, and give up what is under way in an account."""
        self._post(f"/restore?account={account}", {})


def wait_for(what: str, look: Callable[[], Any], seconds: float, every: float = 0.05) -> Any:
    """Ask until there is an answer that is not empty; LabError names what did not come."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not seen within {seconds:.0f} s")
        time.sleep(every)


@dataclass
class Gateway:
    """A running gateway."""

    url: str
    control: Control
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """Stop it."""
        stop(self.process)


def start_gateway(*, upstream: str, root_secret: str, port: int, directory: Path) -> Gateway:
    """Start the gateway in front of an emulator."""
    log = directory / "gateway.log"
    env = clean_environment(PYTHONPATH=str(REPOSITORY / "tests"), GATEWAY_ROOT_SECRET=root_secret, HOME=str(directory))
    command = [sys.executable, "-m", "lab.gateway", "--upstream", upstream, "--port", str(port)]
    process = start(command, env=env, log=log, pipe_stdout=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        stop(process)
        raise LabError(f"the gateway did not start; read {log}")
    addresses = json.loads(line)
    return Gateway(addresses["url"], Control(addresses["control_url"]), process)
