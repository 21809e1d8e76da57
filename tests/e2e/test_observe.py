"""Mode observe: everything is told as it would be undone, and nothing is touched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from e2e.guarded import WRITES, Guarded
from e2e.trail_state import difference, in_order

ATTACKS: dict[str, tuple[Callable[[Any, str], object], list[str]]] = {
    "StopLogging": (lambda client, name: client.stop_logging(Name=name), ["cloudtrail:StartLogging"]),
    "UpdateTrail": (
        lambda client, name: client.update_trail(Name=name, KmsKeyId="", IsMultiRegionTrail=False),
        ["cloudtrail:UpdateTrail"],
    ),
    "PutEventSelectors": (
        lambda client, name: client.put_event_selectors(TrailName=name, EventSelectors=[{"ReadWriteType": "ReadOnly"}]),
        ["cloudtrail:PutEventSelectors"],
    ),
    "PutInsightSelectors": (
        lambda client, name: client.put_insight_selectors(TrailName=name, InsightSelectors=[]),
        ["cloudtrail:PutInsightSelectors"],
    ),
}


@pytest.mark.parametrize("call", ATTACKS)
def test_it_tells_what_it_would_do(observed: Guarded, call: str) -> None:
    attack, would_call = ATTACKS[call]
    since = time.time()
    attack(observed.attacker(), observed.trail_name)
    weakened = observed.state()
    _, notice = observed.notice(since)
    assert notice["outcome"] == "would_restore"
    assert notice["severity"] == "high"
    assert in_order(notice["drift"]) == difference(observed.declared, weakened)
    assert notice["remediation"]["would_call"] == would_call
    assert notice["remediation"]["calls"] == []
    assert notice["actor"]["arn"] == observed.attacker_arn
    observed.settle()
    assert observed.state() == weakened
    assert observed.writes(since) == []
    assert observed.refused("StartLogging", since) == [], "it does not even try"
    assert observed.dead_letters() == [], "what it is meant to do is no failure"


def test_a_deletion_is_told_too(observed: Guarded) -> None:
    since = time.time()
    observed.attacker().delete_trail(Name=observed.trail_name)
    _, notice = observed.notice(since)
    assert notice["outcome"] == "would_restore"
    assert notice["drift"] == [{"field": "exists", "before": False, "after": True}]
    assert "cloudtrail:CreateTrail" in notice["remediation"]["would_call"]
    observed.settle()
    assert observed.state() == {"exists": False}


def test_a_sweep_tells_what_no_event_did(observed: Guarded) -> None:
    observed.lose_next_event()
    since = time.time()
    observed.attacker().update_trail(Name=observed.trail_name, EnableLogFileValidation=False)
    weakened = observed.state()
    observed.sweep()
    _, notice = observed.notice(since)
    assert (notice["source"], notice["outcome"]) == ("sweep", "would_restore")
    assert notice["actor"]["arn"] == observed.attacker_arn
    observed.sweep()
    observed.settle()
    assert len(observed.notices(since)) == 1, "every sweep finds it again, and it is the same incident"
    assert observed.state() == weakened


def test_its_role_could_not_if_it_would(observed: Guarded) -> None:
    """The deployed policy, and what IAM makes of it."""
    actions = {
        action
        for statement in observed.role_policy()["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert "cloudtrail:GetTrailStatus" in actions
    assert not {f"cloudtrail:{operation}" for operation in WRITES} & actions
    assert "iam:PassRole" not in actions
    assert not [action for action in actions if "*" in action]
