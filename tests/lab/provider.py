"""Where Terraform takes the AWS provider from: the registry, or an unpacked mirror on this machine.

A filesystem mirror has the layout HOST/NAMESPACE/TYPE/VERSION/PLATFORM; the one that
`terraform providers mirror` makes. It is looked for below the usual prefix directories.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
# Terraform's own implied mirrors first, then whatever an administrator may have used.
_EXACT = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)
_SEARCHED = ("~", "/opt", "/usr/local", "/usr/share", "/var/lib")
_DEPTH = 3
_NEVER = {"proc", "sys", "node_modules", ".git", ".cargo", ".rustup", ".cache", "doc", "man", "locale"}


def find_mirror() -> Path | None:
    """The first directory that holds the provider, or None."""
    for text in _EXACT:
        root = Path(text).expanduser()
        if (root / _PROVIDER).is_dir():
            return root
    for text in _SEARCHED:
        for root in _walk(Path(text).expanduser(), _DEPTH):
            if (root / _PROVIDER).is_dir():
                return root
    return None


def _walk(root: Path, depth: int) -> Iterator[Path]:
    yield root
    if depth == 0:
        return
    try:
        children = sorted(
            entry.path for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False) and entry.name not in _NEVER
        )
    except OSError:
        return
    for child in children:
        yield from _walk(Path(child), depth - 1)


def cli_configuration(mirror: Path | None) -> str:
    """Terraform's CLI configuration: nothing for the registry, or the mirror alone."""
    if mirror is None:
        return ""
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{mirror}"\n'
        '    include = ["hashicorp/aws"]\n'
        "  }\n"
        "}\n"
    )
