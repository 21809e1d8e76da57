"""`make demo`: apply, attack, and show what came of it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from . import timeline
from .gateway_process import wait_for
from .inbox import Inbox
from .progress import LabError, Progress, colour
from .session import Lab
from .timeline import Step

# The emulator starts a cold function in well under a second; a loaded machine may need more.
_LIMIT_SECONDS = 30.0


def demo(package: Path) -> None:
    """Run the demonstration; LabError if any step is missing."""
    progress = Progress()
    print(colour("Trailkeeper, shown on an emulated AWS account on this machine", "bold"), flush=True)
    with Lab(f"demo-{os.getpid()}", package, progress) as lab:
        inbox = Inbox(lab.admin, lab.inbox_url)
        lab.on_exit(inbox.close)
        steps, subject, text = _attack(lab, inbox, progress)
        _show(lab, steps, subject, text)
        progress.say("removing the lab")


def _attack(lab: Lab, inbox: Inbox, progress: Progress) -> tuple[list[Step], str, str]:
    control, outputs = lab.gateway.control, lab.outputs
    role, function = outputs["responder_role_arn"], outputs["responder_function_name"]
    attacker_arn = f"arn:aws:iam::{lab.account}:user/{lab.attacker.credentials.name}"
    trail_name = outputs["trail_arn"].rsplit("/", 1)[-1]
    cloudtrail = lab.attacker.client("cloudtrail")
    if not cloudtrail.get_trail_status(Name=trail_name)["IsLogging"]:
        raise LabError("the trail does not log before the attack; nothing can be shown")

    progress.say(f"attack: {attacker_arn} calls StopLogging on {trail_name}")
    since = time.time()
    cloudtrail.stop_logging(Name=trail_name)

    stop = wait_for("the accepted stop", lambda: timeline.stop_accepted(control, since, attacker_arn), _LIMIT_SECONDS)
    event = wait_for("the event's delivery", lambda: timeline.delivered(control, since, function), _LIMIT_SECONDS)
    start = wait_for(
        "the function's StartLogging", lambda: timeline.by_role(control, "StartLogging", since, role), _LIMIT_SECONDS
    )[0]
    status = wait_for("the function's read-back", lambda: timeline.verified(control, since, role), _LIMIT_SECONDS)
    message = wait_for("the notice", lambda: timeline.notice(inbox, since), _LIMIT_SECONDS)
    subject, text = wait_for("the notice's text", lambda: timeline.mail(control, since, role), _LIMIT_SECONDS)

    outcome = message.notice()["outcome"]
    if outcome != "restored":
        raise LabError(f"the notice says {outcome!r} and not 'restored':\n{json.dumps(message.notice(), indent=2)}")
    if not cloudtrail.get_trail_status(Name=trail_name)["IsLogging"]:
        raise LabError("the notice says restored, but the trail does not log")
    if failures := control.failures():
        raise LabError(f"the gateway failed, so nothing is proven: {failures}")
    return (
        [
            Step(stop["answered_at"], "stop accepted", "logging is off"),
            Step(event["at"], "event delivered", f"rule -> {function}"),
            Step(start["answered_at"], "StartLogging accepted", f"by {role.rsplit('/', 1)[-1]}"),
            Step(status["answered_at"], "verified", "GetTrailStatus: IsLogging true"),
            Step(message.received_at, "notice received", "in a queue subscribed to the topic"),
        ],
        subject,
        text,
    )


def _show(lab: Lab, steps: list[Step], subject: str, text: str) -> None:
    gap = (steps[2].at - steps[0].at) * 1000
    print(f"\n{colour('Timeline', 'bold')} (milliseconds since the stop was accepted)\n\n{timeline.draw(steps)}\n")
    print(
        f"  The trail was off for {colour(f'{gap:.1f} ms', 'green')}. On AWS, CloudTrail takes seconds to minutes to "
        "deliver the event;\n  here the gateway does so at once.\n"
    )
    rule = colour("─" * 78, "dim")
    print(
        f"{colour('The notice as a responder reads it', 'bold')} (the text that SNS would mail, taken from the "
        f"function's\nown Publish call: the emulator sends no mail)\n\n{rule}\nSubject: {subject}\n\n"
        f"{text.rstrip()}\n{rule}\n",
        flush=True,
    )
