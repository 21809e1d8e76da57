"""The hub's sweep: it needs no event, and tells of accounts that it cannot look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from e2e.guarded import SWEEP
from e2e.organization_lab import NAME, Member, Organization

QUEUE = "TRAILKEEPER_SWEEP_QUEUE_URL"


@pytest.fixture
def direct(organization: Organization) -> Iterator[None]:
    """One run of the function looks at all accounts itself."""
    with organization.hub_environment(**{QUEUE: None}):
        yield


@contextmanager
def _without_events(member: Member) -> Iterator[None]:
    """As if the member's rule were gone."""
    member.settle()
    member.switch(muted=True)
    try:
        yield
    finally:
        member.switch(muted=False)


def _found(member: Member, since: float, **wanted: Any) -> list[dict[str, Any]]:
    """Notices of sweeps that say so."""
    notices = [message.notice() for message in member.inbox.notices(since)]
    return [n for n in notices if all(n.get(key) == value for key, value in wanted.items())]


def _notice_of_trail(member: Member, since: float) -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        swept = _found(member, since, source="sweep")
        return [notice for notice in swept if notice["trail"]["arn"] == member.trail_arn]

    return member.wait("the sweep's notice", found, 60)[0]


def test_many_runs_share_the_accounts(organization: Organization, member_a: Member, member_b: Member) -> None:
    """Through the queue: the sweep itself only hands the accounts out."""
    with _without_events(member_a), _without_events(member_b):
        since = member_a.attack()
        member_b.attacker().update_trail(Name=member_b.trail_name, EnableLogFileValidation=False)
        member_a.call_function(SWEEP)
        notices = [_notice_of_trail(member, since) for member in (member_a, member_b)]
        member_a.settle()
    assert [notice["outcome"] for notice in notices] == ["restored", "restored"]
    assert member_a.is_logging() and member_b.state() == member_b.declared
    sent = member_a.control.requests(since=since, account=organization.hub.account, operation="SendMessageBatch")
    assert len(sent) == 1
    swept = [entry["record"] for entry in member_a.control.records(since=since, event_name="AssumeRole")]
    visited = {r["requestParameters"]["roleArn"].split(":")[4] for r in swept if "errorCode" not in r}
    assert visited == {site.account for site in organization.members()}


@pytest.mark.usefixtures("direct")
def test_one_run_visits_all_accounts(member_a: Member, member_b: Member) -> None:
    with _without_events(member_a), _without_events(member_b):
        since = member_a.attack()
        member_b.attacker().stop_logging(Name=member_b.trail_name)
        member_a.call_function(SWEEP)
        assert member_a.is_logging() and member_b.is_logging()
        for member in (member_a, member_b):
            notice = _notice_of_trail(member, since)
            assert notice["outcome"] == "restored"
            assert notice["actor"]["arn"] == member.attacker_arn, "the member's event history knows who"


@pytest.mark.usefixtures("direct")
def test_a_closed_account_is_told_of_once(organization: Organization, member_a: Member) -> None:
    for _ in range(2):
        member_a.call_function(SWEEP)
    member_a.settle()
    found = _found(member_a, 0, outcome="account_suspended")
    assert [notice["accounts"] for notice in found] == [[organization.suspended]]
    assert found[0]["severity"] == "medium"


@pytest.mark.usefixtures("direct")
def test_the_healthy_ones_are_no_news(member_a: Member) -> None:
    """The management account is excluded, and the hub's own is none of its members."""
    member_a.call_function(SWEEP)
    member_a.settle()
    since = member_a.control_time()
    answer = member_a.call_function(SWEEP)
    member_a.settle()
    assert "FunctionError" not in answer, answer["Payload"]
    assert member_a.inbox.notices(since) == []
    assert member_a.writes(since) == []


@contextmanager
def _role_deleted(member: Member) -> Iterator[None]:
    """By the member's administrator, who makes it again at the end."""
    iam, name = member.lab.admin.client("iam"), f"{NAME}-remediation"
    role = iam.get_role(RoleName=name)["Role"]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    try:
        yield
    finally:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


@pytest.mark.usefixtures("direct")
def test_an_account_that_cannot_be_reached_is_a_finding(member_a: Member, member_b: Member) -> None:
    """It is told, and neither fails the sweep nor keeps it from the others: a person has to mend it."""
    with _role_deleted(member_b), _without_events(member_a):
        since = member_a.attack()
        answer = member_a.call_function(SWEEP)
        assert "FunctionError" not in answer, answer["Payload"]
        (notice,) = member_a.wait("the finding", lambda: _found(member_a, since, outcome="unreachable"))
        assert notice["accounts"] == [member_b.lab.account]
        assert notice["severity"] == "critical"
        assert "AccessDenied" in json.dumps(notice)
        assert member_a.is_logging()

        # Told hourly, not with every sweep.
        member_a.call_function(SWEEP)
        member_a.settle()
        assert len(_found(member_a, since, outcome="unreachable")) == 1


def test_a_stop_there_is_told_as_unverified(member_b: Member) -> None:
    """An event of such an account: nobody could look, and that is said."""
    with _role_deleted(member_b):
        since = member_b.attack()
        _, notice = member_b.notice(since)
        assert (notice["outcome"], notice["severity"]) == ("unverified", "critical")
        assert notice["trail"]["arn"] == member_b.trail_arn
        assert notice["actor"]["arn"] == member_b.attacker_arn
        member_b.settle()
        assert not member_b.is_logging()
        assert [letter["requestPayload"]["account"] for letter in member_b.dead_letters()] == [member_b.lab.account]
