"""Where things are."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
INFRA = REPOSITORY / "infra"
LABS = REPOSITORY / "target" / "lab"
PROVIDER_CACHE = REPOSITORY / "target" / "terraform-providers"
PACKAGE = REPOSITORY / "target" / "lambda" / "trailkeeper" / "bootstrap.zip"
DEFAULT_NAME = "default"


def work_directory(name: str) -> Path:
    """Everything that one lab writes, apart from the default lab's environment file."""
    return LABS / name


def env_file(name: str) -> Path:
    """The file that clients source."""
    return LABS / "env" if name == DEFAULT_NAME else work_directory(name) / "env"
