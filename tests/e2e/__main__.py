"""All end-to-end tests, in labs side by side: most of its time a test waits, for Terraform or for settings to settle.

Each line says which lab it comes from. Exits with 1 if the tests of any lab failed. Pytest's own
options come from PYTEST_ADDOPTS.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

HERE = Path(__file__).parent
# About as long each. A new file goes into the last lab, which has all that is not named here.
LABS: dict[str, tuple[str, ...]] = {
    "guard": ("evidence_chain", "guard_itself", "guard_support", "investigation", "understudy"),
    "beside": (
        "baseline",
        "break_glass",
        "containment",
        "deletion",
        "drill",
        "legitimate_change",
        "observe",
        "permissions",
        "pipeline_roles",
        "security_hub",
        "sequences",
        "sweep",
        "upgrade",
        "weakenings",
    ),
}
REST = "rest"


def files_of(lab: str) -> list[str]:
    """What pytest is given for a lab."""
    named = {name: [str(HERE / f"test_{file}.py") for file in files] for name, files in LABS.items()}
    if lab in named:
        return named[lab]
    return [str(HERE), *(f"--ignore={file}" for files in named.values() for file in files)]


def run(lab: str, codes: dict[str, int]) -> None:
    """Run the tests of one lab, and pass on what they say."""
    command = [sys.executable, "-m", "pytest", *files_of(lab)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            print(f"{lab:>{max(map(len, [*LABS, REST]))}} | {line}", end="", flush=True)
    codes[lab] = process.returncode


def main() -> int:
    """Run all labs and wait for the last."""
    began, codes = time.monotonic(), dict[str, int]()
    threads = [Thread(target=run, args=(lab, codes)) for lab in (*LABS, REST)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [lab for lab in (*LABS, REST) if codes.get(lab, 1)]
    print(f"End to end: {len(threads)} labs, {time.monotonic() - began:.0f} s; failed: {', '.join(failed) or 'none'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
