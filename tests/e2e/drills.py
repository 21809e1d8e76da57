"""The drill as a process beside the tests: run to its end, or disturbed on the way."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import drill
from lab.aws import Aws

_LONGEST_SECONDS = 120


@dataclass
class Drilled:
    """What a drill left."""

    code: int
    output: str
    out: Path

    @property
    def report(self) -> dict[str, Any]:
        """The document."""
        return json.loads((self.out / "report.json").read_text())


class Running:
    """A drill that is under way."""

    def __init__(self, aws: Aws, out: Path, *arguments: str, with_terminal: bool = False) -> None:
        self._out = out
        self._terminal, terminal = pty.openpty() if with_terminal else (None, None)
        self._text = ""
        self._process = subprocess.Popen(
            [drill.find_drill(), *arguments, "--out", out],
            env=drill.environment(aws),
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if terminal is not None:
            os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        # By the character: a question ends without a line.
        for character in iter(lambda: self._process.stdout.read(1), ""):
            self._text += character

    def until(self, words: str) -> None:
        """Wait until it says so."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while words not in self._text:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the drill never said {words!r}:\n{self._text}")
            time.sleep(0.02)

    def type(self, line: str) -> None:
        """Type a line."""
        assert self._terminal is not None
        os.write(self._terminal, f"{line}\n".encode())

    def signal(self, number: signal.Signals) -> None:
        """Send one."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Never to outlive its test."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def end(self) -> Drilled:
        """Wait for its end."""
        try:
            code = self._process.wait(_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._reader.join(5)
        if self._terminal is not None:
            os.close(self._terminal)
        return Drilled(code, self._text, self._out)


class Relay:
    """A way to the gateway that can be cut."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._target = (target.hostname, target.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def cut(self) -> None:
        """From here on, nobody answers."""
        for end in [self._listener, *self._open]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def relay(url: str) -> Iterator[Relay]:
    """A relay for one test."""
    way = Relay(url)
    try:
        yield way
    finally:
        way.cut()
