"""`python -m attack_matrix`, with tests/ on PYTHONPATH: play every attack, print what came of it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from e2e.deployments import NEVER_SWEPT
from e2e.guarded import Guarded
from lab.environment import isolate
from lab.inbox import Inbox
from lab.paths import PACKAGE
from lab.progress import LabError, Progress, colour
from lab.session import Lab

from . import table
from .account import Account
from .attacks import all_attacks
from .rounds import Outcome, Rounds


def play(package: Path, only: str, progress: Progress) -> list[Outcome]:
    """All rounds, or those whose attack's name or group holds a text."""
    chosen = [attack for attack in all_attacks() if only.lower() in f"{attack.group} {attack.name}".lower()]
    if not chosen:
        raise LabError(f"no attack is called like {only!r}")
    outcomes = []
    variables = NEVER_SWEPT | {"security_hub": True}
    with Lab(f"attack-matrix-{os.getpid()}", package, progress, variables=variables) as lab:
        lab.root.client("securityhub").enable_security_hub()
        inbox = Inbox(lab.admin, lab.inbox_url)
        lab.on_exit(inbox.close)
        rounds = Rounds(Account(lab, Guarded(lab, inbox)))
        for number, attack in enumerate(chosen, 1):
            outcome = rounds.play(attack)
            outcomes.append(outcome)
            mark = "" if table.is_expected(outcome) else colour("  NOT EXPECTED", "red")
            progress.say(f"{number:>2} of {len(chosen)}  {table.line(outcome)}{mark}")
        if failures := lab.gateway.control.failures():
            raise LabError(f"the gateway failed, so nothing is proven: {failures}")
    return outcomes


def main() -> int:
    """0 if every attack was noticed and the trail logged again after it, but for what is known."""
    parser = argparse.ArgumentParser(prog="python -m attack_matrix", description=__doc__)
    parser.add_argument("--package", type=Path, default=PACKAGE, help="the function's zip (default: %(default)s)")
    parser.add_argument("--table", type=Path, help="a file for the table")
    parser.add_argument("--only", default="", help="attacks whose name or group holds this text")
    arguments = parser.parse_args()
    isolate()
    progress = Progress()
    try:
        outcomes = play(arguments.package, arguments.only, progress)
    except LabError as error:
        print(f"{colour('error:', 'red', sys.stderr)} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    text = table.table(outcomes)
    print(f"\n{text}")
    if arguments.table:
        arguments.table.write_text(text)
    for name in table.obsolete(outcomes):
        print(f"no limit any more, take it out of known.py: {name}")
    wrong = [outcome.attack.name for outcome in outcomes if not table.is_expected(outcome)]
    if wrong:
        print(f"{colour('not noticed, or the trail stays off, and not known:', 'red')} {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
