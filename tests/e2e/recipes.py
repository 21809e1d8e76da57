"""What is deployed beside the main account, and the experiments that are made there in the background."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from e2e.break_glass import break_glass
from e2e.changes import change_all
from e2e.containment import contain
from e2e.deployments import NEVER_SWEPT, TRAIL_ALONE, Deployment, Recipe
from e2e.guarded import Guarded
from e2e.pipeline_roles import pipe
from e2e.security_hub import security_hub
from e2e.sequences import Ran, run_all
from e2e.upgrade import upgrade
from lab.inbox import Inbox

# The emulator looks at schedules every ten seconds.
SCHEDULE_SECONDS = 60 + 10 + 30


@dataclass
class LoggingAlone:
    """What a responder did that protects the logging state alone."""

    operations: list[str]
    notice: dict[str, Any]
    change_notices: list[dict[str, Any]]
    writes_after_change: list[str]
    captured: dict[str, Any]


@dataclass
class Scheduled:
    """What came of a weakening that only the schedule could see."""

    notice: dict[str, Any]
    seconds: float
    writes: list[str]
    healed: bool


def complete(deployment: Deployment, variables: dict[str, Any]) -> LoggingAlone:
    """First the logging state alone; then the trail as a whole, from the document captured with that."""
    deployment.make_trail()
    deployment.protect(variables | NEVER_SWEPT, None)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    since = guarded.attack()
    _, notice = guarded.notice(since)
    guarded.settle()
    operations = [request["operation"] for request in guarded.requests(since)]

    since = time.time()
    guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False)
    guarded.wait("the delivery", lambda: guarded.deliveries(since, "UpdateTrail"))
    guarded.settle()
    change_notices, writes = guarded.notices(since), guarded.writes(since)
    guarded.reset()
    captured = guarded.call_function({"trailkeeper": "baseline", "trail_arn": guarded.trail_arn})["Payload"]
    inbox.close()

    deployment.protect(variables | NEVER_SWEPT, captured)
    return LoggingAlone(operations, notice, change_notices, writes, captured)


def sequences(deployment: Deployment, variables: dict[str, Any]) -> list[Ran]:
    """Random sequences of attacks, one after the other, on a trail declared by hand."""
    deployment.make_trail()
    deployment.protect(variables | NEVER_SWEPT | TRAIL_ALONE, deployment.baseline)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    try:
        return run_all(Guarded(deployment, inbox), deployment.trail_terraform)
    finally:
        inbox.close()


def observe(deployment: Deployment, variables: dict[str, Any]) -> None:
    """The same trail, and a responder that only looks."""
    deployment.make_trail()
    deployment.protect(variables | NEVER_SWEPT | {"mode": "observe"}, deployment.baseline)


def scheduled(deployment: Deployment, variables: dict[str, Any]) -> Scheduled:
    """A weakening whose event is lost, and the real schedule at its fastest."""
    deployment.make_trail()
    deployment.protect(variables | TRAIL_ALONE | {"sweep_interval_minutes": 1}, deployment.baseline)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    guarded.lose_next_event()
    since = time.time()
    guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False)
    _, notice = guarded.notice(since, SCHEDULE_SECONDS)
    seconds = time.time() - since
    inbox.close()
    return Scheduled(notice, seconds, guarded.writes(since), guarded.state() == guarded.declared)


RECIPES: dict[str, Recipe] = {
    "changed": change_all,
    "complete": complete,
    "sequences": sequences,
    "observe": observe,
    "scheduled": scheduled,
    "upgraded": upgrade,
    "piped": pipe,
    "break_glass": break_glass,
    "containment": contain,
    "security_hub": security_hub,
}
# Which test files need which.
WANTED = {
    "test_weakenings": {"complete"},
    "test_deletion": {"complete"},
    "test_sweep": {"complete", "scheduled"},
    "test_permissions": {"complete"},
    "test_baseline": {"complete"},
    "test_drill": {"complete"},
    "test_observe": {"observe"},
    "test_sequences": {"sequences"},
    "test_legitimate_change": {"changed"},
    "test_upgrade": {"upgraded"},
    "test_pipeline_roles": {"piped"},
    "test_break_glass": {"break_glass"},
    "test_containment": {"containment"},
    "test_security_hub": {"security_hub"},
}
