"""`make demo`: apply, drill three times as an attacker would, and show the notices."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import drill, notice_text
from .actors import listener, permit
from .gateway_process import wait_for
from .paths import REPOSITORY
from .progress import LabError, Progress, colour
from .session import Lab

# The emulator starts a cold function in well under a second; a loaded machine may need more.
_LIMIT_SECONDS = 30
_REPORTS = REPOSITORY / "target" / "demo"
_RULE = "─" * 78


@dataclass(frozen=True)
class _Rehearsal:
    """What the drill does, and the part of the notice that shows it; the whole notice if none is named."""

    attack: str
    section: str | None = None
    flags: tuple[str, ...] = ()


_CHANGES = "WHAT WAS NOT AS DECLARED"
_REHEARSALS = (
    _Rehearsal("stop"),
    _Rehearsal("delete", _CHANGES, ("--really-delete",)),
    _Rehearsal("selectors", _CHANGES),
)


def demo(package: Path, binary: Path) -> None:
    """Run the demonstration; LabError if any step is missing."""
    progress = Progress()
    binary = drill.find_drill(binary)
    print(colour("Trailkeeper, shown on an emulated AWS account on this machine", "bold"), flush=True)
    with Lab(f"demo-{os.getpid()}", package, progress) as lab:
        permit(lab.admin, lab.attacker.credentials.name, "listen", listener(lab.outputs["alerts_topic_arn"]))
        for rehearsal in _REHEARSALS:
            _show(rehearsal, lab, binary)
        if failures := lab.gateway.control.failures():
            raise LabError(f"the gateway failed, so nothing is proven: {failures}")
        print()
        progress.say("removing the lab")


def _show(rehearsal: _Rehearsal, lab: Lab, binary: Path) -> None:
    """One drill, as it shows itself, and the notice as a responder reads it."""
    reports = _REPORTS / rehearsal.attack
    # Of a demo that was killed: its lab is gone, and the way back to it.
    shutil.rmtree(reports, ignore_errors=True)
    command = [str(binary), "--trail", lab.outputs["trail_arn"], "--topic", lab.outputs["alerts_topic_arn"]]
    command += ["--attack", rehearsal.attack, *rehearsal.flags, "--budget", str(_LIMIT_SECONDS), "--yes"]
    command += ["--out", os.path.relpath(reports)]
    print(f"\n{colour('$ ' + ' '.join(['trailkeeper-drill', *command[1:]]), 'bold')}\n", flush=True)
    since = time.time()
    code = subprocess.run(command, env=drill.environment(lab.attacker), check=False).returncode
    if code != 0:
        raise LabError(f"the drill ended with exit code {code}; what it saw is in {reports}")
    report: dict[str, Any] = json.loads((reports / "report.json").read_text())
    if not (report["restored_by"] == "others" and report["notice"]["names_caller"]):
        raise LabError(f"the drill passed, but not as it should have:\n{json.dumps(report, indent=2)}")
    if rehearsal.attack == "stop":
        print("\nOn AWS, CloudTrail takes seconds to minutes to deliver the event; here the gateway does so at once.")
    # Not the first one: that the drill listens to the topic is told too.
    role, about = lab.outputs["responder_role_arn"], report["notice"]["document"]["event"]["id"]
    subject, text = wait_for(
        "the notice's text", lambda: notice_text.mail(lab.gateway.control, since, role, about), _LIMIT_SECONDS
    )
    if rehearsal.section:
        text = notice_text.section(text, rehearsal.section)
        if not text:
            raise LabError(f"the notice of {rehearsal.attack} does not say what was changed")
    else:
        print(
            f"\n{colour('The notice as a responder reads it', 'bold')} (the text that SNS would mail, taken from the "
            f"function's\nown Publish call: the emulator sends no mail)"
        )
    rule = colour(_RULE, "dim")
    print(f"\n{rule}\nSubject: {subject}\n\n{text.rstrip()}\n{rule}", flush=True)
