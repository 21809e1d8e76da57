"""Packs the function's binary: the same bytes in always give the same zip out.

zip.py BINARY ZIP
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def pack(binary: Path, target: Path) -> None:
    """No time, no owner, no extra field; only the name and the mode that Lambda wants."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, so that the mode counts
    entry.external_attr = 0o100755 << 16
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
