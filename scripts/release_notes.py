"""Cuts the notes of one version out of the changelog, and fails if it has none.

release_notes.py VERSION [CHANGELOG]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


class NotesError(Exception):
    """There are no notes to be had; the text says what to do."""


def notes_of(version: str, changelog: str) -> str:
    """What stands below `## [VERSION] - DATE`, up to the next version."""
    found = re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}\n(.*?)(?=^## \[|^\[[^\]]+\]: |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if not found:
        raise NotesError(f'the changelog has no section "## [{version}] - YEAR-MONTH-DAY"')
    text = found.group(1).strip()
    if not text:
        raise NotesError(f"the changelog says nothing of {version}")
    return text + "\n"


def main(arguments: list[str]) -> int:
    """Print the notes."""
    version = arguments[0].removeprefix("v")
    path = Path(arguments[1] if len(arguments) > 1 else "CHANGELOG.md")
    try:
        sys.stdout.write(notes_of(version, path.read_text(encoding="utf-8")))
    except NotesError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
