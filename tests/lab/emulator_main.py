"""Runs the emulator with this lab's extensions: `python -m lab.emulator_main`, with tests/ on PYTHONPATH."""

from __future__ import annotations

import os


def main() -> None:
    """Extend MiniStack in this process, then serve."""
    # The functions inherit this environment. Nothing in it is to be ours.
    os.environ.pop("PYTHONPATH", None)
    from ministack.app import main as serve

    from .extensions import install

    install()
    serve()


if __name__ == "__main__":
    main()
