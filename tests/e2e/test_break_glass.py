"""Break-glass: what a named role changes is left alone until its time ends, and nothing else is."""

from __future__ import annotations

import pytest

from e2e.break_glass import PATTERN, REASON, Broken
from e2e.deployments import Deployments
from e2e.trail_state import difference


@pytest.fixture(scope="module")
def broken(deployments: Deployments) -> Broken:
    """What came of two minutes and a half of break-glass."""
    return deployments.get("break_glass")[1]


def test_its_stop_is_left_alone_and_told(broken: Broken) -> None:
    notice = broken.stopped
    assert (notice["outcome"], notice["severity"]) == ("left_alone", "high")
    assert notice["break_glass"]["principal"] == PATTERN
    assert notice["break_glass"]["reason"] == REASON
    assert {*notice["break_glass"]["left_alone"]} == {"is_logging", *broken.changed["break_glass"]["left_alone"]}
    assert ":assumed-role/deploy-pipeline/" in notice["actor"]["arn"]
    assert notice["remediation"]["calls"] == []
    assert notice["verification"]["is_logging"] is False


def test_both_sweeps_leave_it_alone_too(broken: Broken) -> None:
    assert broken.swept == broken.swept_by_understudy == ["left_alone"]
    assert broken.stayed_off


def test_a_stop_by_anybody_else_is_undone_at_once(broken: Broken) -> None:
    assert broken.attacked["outcome"] == "restored"
    assert broken.attacked["remediation"]["calls"][0] == "cloudtrail:StartLogging"
    assert broken.logging_after_attack


def test_its_change_stays_while_what_an_attacker_does_beside_is_healed(broken: Broken) -> None:
    assert broken.changed["outcome"] == "left_alone"
    assert broken.beside["outcome"] == "restored"
    assert broken.beside["remediation"]["calls"] == ["cloudtrail:UpdateTrail"]
    assert "BREAK-GLASS" in broken.beside["summary"]
    fields = {entry["field"] for entry in difference(broken.declared, broken.left)}
    assert fields == set(broken.changed["break_glass"]["left_alone"])


def test_after_the_end_the_sweep_heals_and_says_why(broken: Broken) -> None:
    assert (broken.ended["source"], broken.ended["outcome"]) == ("sweep", "restored")
    assert broken.ended["break_glass"]["left_alone"] == []
    assert broken.ended["break_glass"]["reason"] == REASON
    assert broken.healed == broken.declared
    assert broken.afterwards["outcome"] == "restored", "from then on the role is like anybody else"


def test_it_needs_two_permissions_and_fails_nowhere(broken: Broken) -> None:
    """The reads and writes were made by the deployed function with the deployed policy."""
    assert broken.statement["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    assert broken.dead_letters == []
