"""`make demo`: apply, attack three times, and show what came of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import timeline
from .gateway_process import wait_for
from .inbox import Inbox
from .progress import LabError, Progress, colour
from .session import Lab
from .timeline import Step

# The emulator starts a cold function in well under a second; a loaded machine may need more.
_LIMIT_SECONDS = 30.0
_RULE = "─" * 78


@dataclass(frozen=True)
class _Attack:
    """A call of the attacker's, and what it does."""

    operation: str
    what: str
    call: Callable[[Any, str], object]


_STOP = _Attack("StopLogging", "logging is off", lambda client, name: client.stop_logging(Name=name))
_DELETION = _Attack("DeleteTrail", "the trail is gone", lambda client, name: client.delete_trail(Name=name))
_BLINDING = _Attack(
    "PutEventSelectors",
    "logging is on, and sees no change and no use of a key",
    lambda client, name: client.put_event_selectors(
        TrailName=name,
        EventSelectors=[{"ReadWriteType": "ReadOnly", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}],
    ),
)


@dataclass(frozen=True)
class _Course:
    """What followed an attack."""

    steps: list[Step]
    subject: str
    text: str


def demo(package: Path) -> None:
    """Run the demonstration; LabError if any step is missing."""
    progress = Progress()
    print(colour("Trailkeeper, shown on an emulated AWS account on this machine", "bold"), flush=True)
    with Lab(f"demo-{os.getpid()}", package, progress) as lab:
        inbox = Inbox(lab.admin, lab.inbox_url)
        lab.on_exit(inbox.close)
        _show_stop(_make(_STOP, lab, inbox, progress))
        for attack in (_DELETION, _BLINDING):
            _show_change(attack, _make(attack, lab, inbox, progress))
        if failures := lab.gateway.control.failures():
            raise LabError(f"the gateway failed, so nothing is proven: {failures}")
        progress.say("removing the lab")


def _make(attack: _Attack, lab: Lab, inbox: Inbox, progress: Progress) -> _Course:
    control, outputs = lab.gateway.control, lab.outputs
    role, function = outputs["responder_role_arn"], outputs["responder_function_name"]
    attacker_arn = f"arn:aws:iam::{lab.account}:user/{lab.attacker.credentials.name}"
    trail_name = outputs["trail_arn"].rsplit("/", 1)[-1]
    cloudtrail = lab.attacker.client("cloudtrail")
    declared = _configuration(cloudtrail, trail_name)
    if not declared["logging"]:
        raise LabError("the trail does not log before the attack; nothing can be shown")

    progress.say(f"attack: {attacker_arn} calls {attack.operation} on {trail_name}")
    since = time.time()
    attack.call(cloudtrail, trail_name)

    def seen(what: str, look: Callable[[], Any]) -> Any:
        return wait_for(what, look, _LIMIT_SECONDS)

    made = seen("the accepted call", lambda: timeline.accepted(control, attack.operation, since, attacker_arn))
    event = seen("the event's delivery", lambda: timeline.delivered(control, attack.operation, since, function))
    message = seen("the notice", lambda: timeline.notice(inbox, since))
    subject, text = seen("the notice's text", lambda: timeline.mail(control, since, role))
    notice = message.notice()
    if notice["outcome"] != "restored":
        raise LabError(f"the notice says {notice['outcome']!r} and not 'restored':\n{json.dumps(notice, indent=2)}")
    if _configuration(cloudtrail, trail_name) != declared:
        raise LabError("the notice says restored, but the trail is not as it was before the attack")
    calls = [name.removeprefix("cloudtrail:") for name in notice["remediation"]["calls"]]
    healing = [request for request in timeline.by_role(control, since, role) if request["operation"] in calls]
    status = seen("the function's read-back", lambda: timeline.verified(control, healing[-1]["answered_at"], role))
    return _Course(
        [
            Step(made["answered_at"], f"{attack.operation} accepted", attack.what),
            Step(event["at"], "event delivered", f"rule -> {function}"),
            *(Step(r["answered_at"], f"{r['operation']} accepted", f"by {role.rsplit('/', 1)[-1]}") for r in healing),
            Step(status["answered_at"], "verified", "read back"),
            Step(message.received_at, "notice received", "in a queue subscribed to the topic"),
        ],
        subject,
        text,
    )


def _configuration(cloudtrail: Any, name: str) -> dict[str, Any]:
    """What the attacker can see of the trail; `logging` alone if it is gone."""
    trails = cloudtrail.describe_trails(trailNameList=[name])["trailList"]
    if not trails:
        return {"logging": False}
    tags = cloudtrail.list_tags(ResourceIdList=[trails[0]["TrailARN"]])["ResourceTagList"][0]["TagsList"]
    return {
        "logging": cloudtrail.get_trail_status(Name=name)["IsLogging"],
        "settings": trails[0],
        "selectors": cloudtrail.get_event_selectors(TrailName=name)["EventSelectors"],
        "tags": sorted((tag["Key"], tag["Value"]) for tag in tags),
    }


def _show_stop(course: _Course) -> None:
    steps = course.steps
    gap = (steps[2].at - steps[0].at) * 1000
    print(f"\n{colour('Timeline', 'bold')} (milliseconds since the stop was accepted)\n\n{timeline.draw(steps)}\n")
    print(
        f"  The trail was off for {colour(f'{gap:.1f} ms', 'green')}. On AWS, CloudTrail takes seconds to minutes to "
        "deliver the event;\n  here the gateway does so at once.\n"
    )
    rule = colour(_RULE, "dim")
    print(
        f"{colour('The notice as a responder reads it', 'bold')} (the text that SNS would mail, taken from the "
        f"function's\nown Publish call: the emulator sends no mail)\n\n{rule}\nSubject: {course.subject}\n\n"
        f"{course.text.rstrip()}\n{rule}\n",
        flush=True,
    )


def _show_change(attack: _Attack, course: _Course) -> None:
    """Shorter: the timeline, and of the notice what no stop has."""
    drift = timeline.section(course.text, "WHAT WAS NOT AS DECLARED")
    if not drift:
        raise LabError(f"the notice of {attack.operation} does not say what was changed:\n{course.text}")
    print(f"\n{timeline.draw(course.steps)}\n")
    rule = colour(_RULE, "dim")
    print(f"{rule}\nSubject: {course.subject}\n\n{drift}\n{rule}\n", flush=True)
