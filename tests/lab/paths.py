"""Where things are."""

from __future__ import annotations

import platform
from pathlib import Path


def host_architecture() -> str:
    """Lambda's name for this machine's processor: the emulator runs the binary right here."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


REPOSITORY = Path(__file__).resolve().parents[2]
INFRA = REPOSITORY / "infra"
LABS = REPOSITORY / "target" / "lab"
PROVIDER_CACHE = REPOSITORY / "target" / "terraform-providers"
PACKAGE = REPOSITORY / "target" / "package" / f"trailkeeper-{host_architecture()}.zip"
DRILL = REPOSITORY / "target" / "tool" / "trailkeeper-drill"
DEFAULT_NAME = "default"


def work_directory(name: str) -> Path:
    """Everything that one lab writes, apart from the default lab's environment file."""
    return LABS / name


def env_file(name: str) -> Path:
    """The file that clients source."""
    return LABS / "env" if name == DEFAULT_NAME else work_directory(name) / "env"
