"""A deleted trail is made again, exactly as it was: Terraform sees nothing to do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from e2e.deployments import Deployments
from e2e.guarded import UNDONE, Guarded
from lab.terraform import Terraform

MADE_AGAIN = [
    "cloudtrail:CreateTrail",
    "cloudtrail:StartLogging",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:PutInsightSelectors",
]


@pytest.fixture(scope="module")
def trail_terraform(deployments: Deployments) -> Terraform:
    """What made the complete trail."""
    return deployments.get("complete")[0].trail_terraform


def _exists_again(notice: dict[str, Any]) -> bool:
    return {"field": "exists", "before": False, "after": True} in notice["drift"]


@pytest.mark.parametrize("named_by", ["name", "arn"])
def test_a_deleted_trail_comes_back_whole(complete: Guarded, trail_terraform: Terraform, named_by: str) -> None:
    with complete.held_back():
        since = time.time()
        complete.attacker().delete_trail(Name=complete.trail_arn if named_by == "arn" else complete.trail_name)
        assert complete.state() == {"exists": False}
    _, notice = complete.notice(since)
    assert notice["outcome"] == "restored"
    assert notice["drift"] == [{"field": "exists", "before": False, "after": True}]
    assert notice["actor"]["arn"] == complete.attacker_arn
    assert sorted(notice["remediation"]["calls"]) == sorted(MADE_AGAIN)
    assert notice["remediation"]["calls"][:2] == MADE_AGAIN[:2], "logging first, once there is a trail"
    assert complete.writes(since) == notice["remediation"]["calls"]
    assert complete.state() == complete.declared
    assert not trail_terraform.differs("-target=aws_cloudtrail.this")
    complete.settle()
    assert len(complete.notices(since)) == 1, "one deletion, one incident"


def test_the_trail_that_the_root_module_made_comes_back_too(guarded: Guarded) -> None:
    since = time.time()
    guarded.attacker().delete_trail(Name=guarded.trail_name)
    assert _exists_again(guarded.notice(since)[1])
    assert guarded.state() == guarded.declared
    address = next(line for line in guarded.lab.terraform.state() if ".aws_cloudtrail." in line)
    assert not guarded.lab.terraform.differs(f"-target={address}")


@pytest.mark.parametrize("held_back", [True, False], ids=["both-events-late", "at-once"])
def test_stopped_and_deleted(complete: Guarded, held_back: bool) -> None:
    complete.switch(requires_logging_trail=False, paused=held_back)
    client, since = complete.attacker(), time.time()
    client.stop_logging(Name=complete.trail_name)
    client.delete_trail(Name=complete.trail_name)
    complete.switch(paused=False)
    complete.wait("the declared state", lambda: complete.state() == complete.declared)
    complete.settle()
    assert complete.state() == complete.declared
    notices = complete.notices(since)
    assert any(_exists_again(notice) for notice in notices)
    assert {notice["outcome"] for notice in notices} <= UNDONE
    assert complete.dead_letters() == []


@pytest.mark.parametrize("held_back", [True, False], ids=["before-the-responder-comes", "beside-the-responder"])
def test_a_weak_double_in_its_place(complete: Guarded, held_back: bool) -> None:
    """The attacker makes a trail of the same name that logs next to nothing into a bucket of theirs."""
    complete.switch(requires_logging_trail=False, paused=held_back)
    client, since = complete.attacker(), time.time()
    client.delete_trail(Name=complete.trail_name)
    try:
        client.create_trail(Name=complete.trail_name, S3BucketName=f"attackers-{complete.lab.account}")
        client.start_logging(Name=complete.trail_name)
    except client.exceptions.TrailAlreadyExistsException:
        assert not held_back, "the responder was faster"
    complete.switch(paused=False)
    complete.wait("the declared state", lambda: complete.state() == complete.declared)
    complete.settle()
    assert complete.state() == complete.declared
    notices = complete.notices(since)
    assert "restored" in {notice["outcome"] for notice in notices}
    assert complete.dead_letters() == []


def test_deleted_again_and_again(complete: Guarded) -> None:
    client, since = complete.attacker(), time.time()
    for _ in range(3):
        complete.wait("a trail to delete", lambda: complete.state()["exists"])
        client.delete_trail(Name=complete.trail_name)
    complete.settle()
    # With no trail, a deletion that fell into the first healing had no event.
    complete.sweep()
    assert complete.state() == complete.declared
    assert any(_exists_again(notice) for notice in complete.notices(since))
