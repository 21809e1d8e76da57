"""The lab's commands: `python -m lab up`, `demo` and `terraform-check`, with tests/ on PYTHONPATH."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from pathlib import Path
from types import FrameType

from .demo import demo
from .environment import isolate
from .paths import DEFAULT_NAME, DRILL, PACKAGE
from .progress import LabError, colour
from .terraform_check import terraform_check
from .up import up


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", text) or text == "env":
        raise argparse.ArgumentTypeError("use lower-case letters, digits and hyphens")
    return text


def main() -> int:
    """Entry point; 0 is success, 1 a failure that was explained, 130 an interrupt."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("up", "start a guarded account and stay up"),
        ("demo", "apply, drill, show what came of it"),
        ("terraform-check", "validate infra/ and run its tests"),
    ):
        command = commands.add_parser(name, help=text)
        if name == "terraform-check":
            continue
        command.add_argument("--package", type=Path, default=PACKAGE, help="the function's zip (default: %(default)s)")
        if name == "demo":
            command.add_argument("--drill", type=Path, default=DRILL, help="the drill's binary (default: %(default)s)")
        if name == "up":
            command.add_argument(
                "--name", type=_name, default=DEFAULT_NAME, help="another name for a lab beside the default one"
            )
    arguments = parser.parse_args()
    isolate()
    # SIGINT too: a shell's background job is started with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        if arguments.command == "up":
            up(arguments.name, arguments.package)
        elif arguments.command == "demo":
            demo(arguments.package, arguments.drill)
        else:
            terraform_check()
    except LabError as error:
        print(f"{colour('error:', 'red', sys.stderr)} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
