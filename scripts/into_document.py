"""Puts a table that a command made into a document, between its two markers.

into_document.py DOCUMENT NAME FILE

The markers are <!-- NAME: begin --> and <!-- NAME: end -->, each alone on a line. The
commit that the table was made at is said above it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path


def insert(text: str, name: str, table: str, origin: str) -> str:
    """The document with the table in its place."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"the document has not one {begin} and one {end}")
    before, rest = text.split(begin)
    return f"{before}{begin}\n{origin}\n\n{table.strip()}\n{end}{rest.split(end)[1]}"


def origin() -> str:
    """Which code, when, where."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "lambda", "tests", "infra", "Cargo.lock")
    commit = git("rev-parse", "--short", "HEAD") + (" with uncommitted changes" if changed else "")
    return f"Commit {commit} of {git('log', '-1', '--format=%cs')}, {platform.machine()}, {os.cpu_count()} cores."


if __name__ == "__main__":
    document, name, table = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    document.write_text(insert(document.read_text(), name, table.read_text(), origin()))
    print(f"{document}: {name}")
