"""The emulated AWS: MiniStack, extended, with signature and IAM checks on, on a free loopback port."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .paths import REPOSITORY
from .processes import clean_environment, start, stop
from .progress import LabError

_START_SECONDS = 60.0


@dataclass
class Emulator:
    """A running MiniStack."""

    url: str
    root_secret: str
    process: subprocess.Popen[str]
    log: Path
    env: dict[str, str]

    def halt(self) -> None:
        """Stop it and the functions it runs; started with `keeps_state`, it writes its state."""
        stop(self.process)

    def resume(self) -> None:
        """Start it again where it was."""
        self.process = _launch(self.env, self.log)
        _wait(self)

    def ask(self, name: str, **query: Any) -> dict[str, Any]:
        """One of the lab's own calls: snapshot, restore, schedules, alarms. See lab/extensions."""
        text = urllib.parse.urlencode(query)
        with urllib.request.urlopen(f"{self.url}/_lab/{name}?{text}", timeout=30) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """Stop it and the functions it runs; all its state is gone."""
        stop(self.process)


def _launch(env: dict[str, str], log: Path) -> subprocess.Popen[str]:
    return start([sys.executable, "-m", "lab.emulator_main"], env=env, log=log, cwd=Path(env["TMPDIR"]))


def start_emulator(
    *, port: int, gateway_url: str, account: str, region: str, directory: Path, keeps_state: bool = False
) -> Emulator:
    """Start MiniStack with our extensions. With `keeps_state` it can be halted and resumed.

    Its functions inherit its environment, so that holds nothing but what they need
    (PYTHONPATH goes before the first function starts, see emulator_main.py).
    """
    temporary = directory / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    log = directory / "emulator.log"
    secret = secrets.token_hex(20)
    env = clean_environment(
        PYTHONPATH=str(REPOSITORY / "tests"),
        HOME=str(temporary),
        TMPDIR=str(temporary),
        S3_DATA_DIR=str(temporary / "s3"),
        STATE_DIR=str(temporary / "state"),
        AUTH="true",
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        # Passed on to the functions: they talk to the gateway like every other client.
        AWS_ENDPOINT_URL=gateway_url,
        AWS_ACCESS_KEY_ID=account,
        AWS_SECRET_ACCESS_KEY=secret,
        MINISTACK_ACCOUNT_ID=account,
        MINISTACK_REGION=region,
        # A function that SNS or EventBridge starts is retried after 1 and 2 seconds, not after minutes.
        LAMBDA_ASYNC_RETRY_BASE_SECONDS="1",
    )
    if keeps_state:
        env |= {"PERSIST_STATE": "1", "S3_PERSIST": "1"}
    emulator = Emulator(f"http://127.0.0.1:{port}", secret, _launch(env, log), log, env)
    try:
        _wait(emulator)
    except BaseException:
        emulator.stop()
        raise
    return emulator


def _wait(emulator: Emulator) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if emulator.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{emulator.url}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise LabError(f"the emulator did not start within {_START_SECONDS:.0f} s; read {emulator.log}")
