"""Starts helper processes that never outlive the lab."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 5.0


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Linux: ask for SIGTERM when the lab dies without having cleaned up (SIGKILL)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def start(
    command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path | None = None, pipe_stdout: bool = False
) -> subprocess.Popen[str]:
    """Start in a process group of its own: Ctrl-C reaches the lab, which then stops its helpers in order."""
    sink: IO[str] = log.open("a")
    with sink:
        return subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipe_stdout else sink,
            stderr=sink,
            text=True,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def stop(process: subprocess.Popen[str], sign: int = signal.SIGTERM) -> None:
    """Stop a helper and everything in its process group."""
    for number in (sign, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    if process.stdout:
        process.stdout.close()


def clean_environment(**extra: str) -> dict[str, str]:
    """The few variables that a helper needs of ours: no credentials, proxies or certificate stores."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"} | extra
