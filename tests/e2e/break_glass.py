"""Break-glass for a role, by Terraform, for two minutes and a half: what is left alone in it, and what is not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from e2e.deployments import NEVER_SWEPT, Deployment
from e2e.guarded import Guarded
from e2e.pipeline import as_pipeline, create_pipeline_role
from e2e.trail_state import State
from lab.inbox import Inbox

REASON = "CHG-2041: the logs move to another bucket"
PATTERN = "arn:aws:iam::{account}:role/deploy-*"
# Long enough for an apply that changes the functions and their roles, and for what comes before the end.
LASTS_SECONDS = 240


@dataclass
class Broken:
    """What came of it, in the order of the fields."""

    statement: dict[str, Any]
    stopped: dict[str, Any]
    swept: list[str]
    swept_by_understudy: list[str]
    stayed_off: bool
    attacked: dict[str, Any]
    logging_after_attack: bool
    changed: dict[str, Any]
    beside: dict[str, Any]
    left: State
    ended: dict[str, Any]
    healed: State
    declared: State
    afterwards: dict[str, Any]
    dead_letters: list[dict[str, Any]]


def break_glass(deployment: Deployment, variables: dict[str, Any]) -> Broken:
    """The role changes a setting; an attacker changes and stops the trail; the role stops it; the time ends."""
    role = create_pipeline_role(deployment.root)
    deployment.make_trail()
    variables = variables | NEVER_SWEPT
    deployment.protect(variables, deployment.baseline)
    ends = time.time() + LASTS_SECONDS
    expires_at = datetime.fromtimestamp(ends, UTC).isoformat(timespec="seconds")
    entry = {"principal": PATTERN, "reason": REASON, "expires_at": expires_at}
    deployment.protect(variables | {"break_glass": [entry]}, deployment.baseline)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    declared = guarded.declared
    admin = as_pipeline(deployment.admin, role).client("cloudtrail")
    name = guarded.trail_name
    statement = next(s for s in guarded.role_policy()["Statement"] if s["Sid"] == "RememberIncidents")

    since = time.time()
    admin.update_trail(Name=name, IsMultiRegionTrail=False)
    _, changed = guarded.notice(since)
    since = time.time()
    guarded.attacker().update_trail(Name=name, EnableLogFileValidation=False)
    _, beside = guarded.notice(since)
    guarded.settle()
    left = guarded.state()

    since = guarded.attack()
    _, attacked = guarded.notice(since)
    logging_after_attack = guarded.is_logging()

    # Last: while no trail of the account logs what is written, no event comes.
    guarded.settle()
    since = time.time()
    admin.stop_logging(Name=name)
    _, stopped = guarded.notice(since)
    swept = guarded.sweep()
    swept_by_understudy = guarded.sweep(guarded.understudy_name)
    stayed_off = not guarded.is_logging()
    assert time.time() < ends, "too slow: all of the above was to happen before the end"

    time.sleep(max(0.0, ends - time.time()) + 1)
    since = time.time()
    guarded.sweep()

    def of_sweep(since: float = since) -> list[dict[str, Any]]:
        """By its source: it names the role's stop, which was made before."""
        told = [message.notice() for message in inbox.notices(since)]
        return [notice for notice in told if notice["source"] == "sweep"]

    ended = guarded.wait("the sweep's notice", of_sweep)[0]
    healed = guarded.state()
    since = time.time()
    admin.stop_logging(Name=name)
    _, afterwards = guarded.notice(since)
    dead_letters = guarded.dead_letters()
    inbox.close()
    return Broken(
        statement,
        stopped,
        swept,
        swept_by_understudy,
        stayed_off,
        attacked,
        logging_after_attack,
        changed,
        beside,
        left,
        ended,
        healed,
        declared,
        afterwards,
        dead_letters,
    )
