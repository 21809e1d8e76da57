"""What the person at the terminal sees while the lab works."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class LabError(Exception):
    """Something a person must act on; the text says what to do next."""


def colour(text: str, style: str, stream: TextIO = sys.stdout) -> str:
    """Coloured on a terminal only (and never with NO_COLOR, see no-color.org)."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_CODES[style]}m{text}\033[0m"


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """One line, shown at once."""
        seconds = f"{time.monotonic() - self._started:6.1f} s"
        print(f"{colour(seconds, 'dim', self._stream)}  {text}", file=self._stream, flush=True)
