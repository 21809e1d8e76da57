"""A member's trail is attacked, and healed from the security account."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.guarded import UNDONE
from e2e.organization_lab import EXTERNAL_ID, NAME, Member
from e2e.trail_state import in_order


def _assumed(member: Member, since: float) -> list[dict[str, Any]]:
    """The hub's calls of AssumeRole for this member, as its own event history has them."""
    return member.records(since, event_name="AssumeRole")


def test_a_stopped_trail_is_started_from_outside(member_a: Member) -> None:
    since = member_a.attack()
    message, notice = member_a.notice(since)

    assert member_a.is_logging()
    assert notice["outcome"] == "restored"
    assert notice["trail"]["arn"] == member_a.trail_arn
    assert notice["trail"]["account"] == member_a.lab.account
    assert notice["actor"]["arn"] == member_a.attacker_arn
    assert message.attributes["account"] == member_a.lab.account
    assert member_a.lab.account in message.subject
    assert EXTERNAL_ID not in message.body


def test_the_member_s_records_name_the_incident(member_a: Member) -> None:
    """Who started the trail, on whose behalf: the session bears the id of the attacker's call."""
    since = member_a.attack()
    member_a.notice(since)
    stop = member_a.records(since, event_name="StopLogging")[0]
    start = member_a.records(since, event_name="StartLogging")[0]
    account, session = member_a.lab.account, f"trailkeeper-{stop['eventID']}"
    identity = start["userIdentity"]
    assert identity["arn"] == f"arn:aws:sts::{account}:assumed-role/{NAME}-remediation/{session}"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == member_a.role_arn
    sessions = _assumed(member_a, since)
    assert sessions
    for assumed in sessions:
        assert assumed["userIdentity"]["type"] == "AWSAccount"
        assert assumed["userIdentity"]["accountId"] == member_a.hub.account
        assert assumed["requestParameters"]["roleSessionName"] == session
        assert assumed["requestParameters"]["durationSeconds"] == 900


def test_restoration_comes_first(member_a: Member) -> None:
    """Law 1 across accounts: the session, then StartLogging, and nothing before or beside them."""
    # What the test before set going would be beside them.
    member_a.settle()
    since = member_a.attack()
    member_a.notice(since)
    accounts = {member_a.hub.account, member_a.lab.account}
    found = [r for r in member_a.control.requests(since=since) if r["account"] in accounts]
    ours = [r for r in found if f":assumed-role/{NAME}-re" in (r["caller"] or "")]
    ours.sort(key=lambda request: request["received_at"])
    assert [(r["operation"], r["account"]) for r in ours[:2]] == [
        ("AssumeRole", member_a.hub.account),
        ("StartLogging", member_a.lab.account),
    ]
    assert ours[1]["answered_at"] <= ours[2]["received_at"]


def test_no_echo_and_no_loop(member_a: Member) -> None:
    """The hub's own calls come back to it as events of the member, and it knows them."""
    since = member_a.attack()
    member_a.notice(since)
    member_a.settle()
    assert member_a.writes(since) == ["cloudtrail:StartLogging"]
    assert len(member_a.notices(since)) == 1
    # One session to heal, and one to read the event history, if there was time for that.
    assert len(_assumed(member_a, since)) in (1, 2)


@pytest.mark.parametrize("what", ["selectors", "settings", "tags"])
def test_a_weakened_trail_is_put_back(member_a: Member, what: str) -> None:
    attacker = member_a.attacker()
    calls = {
        "selectors": lambda: attacker.put_event_selectors(
            TrailName=member_a.trail_name, EventSelectors=[{"ReadWriteType": "ReadOnly"}]
        ),
        "settings": lambda: attacker.update_trail(
            Name=member_a.trail_name, IsMultiRegionTrail=False, EnableLogFileValidation=False
        ),
        "tags": lambda: attacker.remove_tags(ResourceId=member_a.trail_arn, TagsList=[{"Key": "team"}]),
    }
    since = member_a.control_time()
    calls[what]()
    _, notice = member_a.notice(since)
    member_a.settle()
    assert member_a.state() == member_a.declared
    assert notice["outcome"] == "restored"
    assert notice["actor"]["arn"] == member_a.attacker_arn
    assert in_order(notice["drift"]), "what was changed is told"


def test_a_deleted_trail_is_made_again(member_a: Member) -> None:
    since = member_a.control_time()
    member_a.attacker().delete_trail(Name=member_a.trail_name)
    _, notice = member_a.notice(since)
    member_a.settle()
    assert member_a.state() == member_a.declared
    assert notice["outcome"] == "restored"
    assert notice["trail"]["arn"] == member_a.trail_arn
    made = member_a.records(since, event_name="CreateTrail")
    assert [f"assumed-role/{NAME}-remediation/" in record["userIdentity"]["arn"] for record in made] == [True]


def test_two_members_at_the_same_time(member_a: Member, member_b: Member) -> None:
    members = (member_a, member_b)
    with member_a.held_back(), member_b.held_back():
        times = [member.attack() for member in members]
        assert not any(member.is_logging() for member in members)
    for member, since in zip(members, times, strict=True):
        _, notice = member.notice(since)
        assert notice["outcome"] in UNDONE
        assert (notice["trail"]["arn"], notice["actor"]["arn"]) == (member.trail_arn, member.attacker_arn)
        assert member.is_logging()
        # Each with a session of its own account, for its own incident.
        stop = member.records(since, event_name="StopLogging")[0]
        prefix = f"arn:aws:sts::{member.lab.account}:assumed-role/{NAME}-remediation/"
        assert member.sessions(since) == {f"{prefix}trailkeeper-{stop['eventID']}"}
