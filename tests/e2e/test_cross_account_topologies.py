"""A member with a responder of its own, and the hub: both answer, and neither fights the other."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from e2e.guarded import UNDONE, WRITES
from e2e.organization_lab import NAME, Member

ATTACKS: dict[str, Callable[[Member], object]] = {
    "stop": lambda m: m.attacker().stop_logging(Name=m.trail_name),
    "settings": lambda m: m.attacker().update_trail(
        Name=m.trail_name, IsMultiRegionTrail=False, EnableLogFileValidation=False
    ),
    "selectors": lambda m: m.attacker().put_event_selectors(
        TrailName=m.trail_name, EventSelectors=[{"ReadWriteType": "ReadOnly"}]
    ),
    "tags": lambda m: m.attacker().add_tags(ResourceId=m.trail_arn, TagsList=[{"Key": "team", "Value": "nobody"}]),
    "deletion": lambda m: m.attacker().delete_trail(Name=m.trail_name),
}
# Each of the two heals what it finds wrong, and neither waits for the other: so at most
# twice what one alone would need.
MOST = {"stop": 2, "settings": 2, "selectors": 2, "tags": 4, "deletion": 8}


def _writes(member: Member, since: float) -> list[tuple[str, str]]:
    """All accepted calls that changed the trail, by either responder."""
    found = member.control.requests(since=since, account=member.lab.account)
    ours = (f":assumed-role/{NAME}-responder/", f":assumed-role/{NAME}-remediation/")
    return [
        (request["operation"], request["caller"])
        for request in found
        if request["operation"] in WRITES and request["status"] == 200 and any(o in request["caller"] for o in ours)
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_trail_is_as_declared_and_both_are_quiet(member_both: Member, attack: str) -> None:
    since = time.time()
    ATTACKS[attack](member_both)
    _, notice = member_both.notice(since)
    member_both.settle()
    writes = _writes(member_both, since)
    assert member_both.state() == member_both.declared
    assert notice["outcome"] in UNDONE
    assert notice["actor"]["arn"] == member_both.attacker_arn, "none takes the other for the attacker"
    assert 1 <= len(writes) <= MOST[attack], writes

    # One notice of the attacker's call, none of what the other responder did, and no end without end.
    actors = {notice["actor"]["arn"] for notice in member_both.notices(since)}
    assert actors == {member_both.attacker_arn}
    time.sleep(1.5)
    member_both.settle()
    assert _writes(member_both, since) == writes


def test_the_hub_stands_in_when_the_local_one_is_gone(member_both: Member) -> None:
    """The member's administrator takes the member's own responder out of the way."""
    functions = member_both.lab.admin.client("lambda")
    name = {"FunctionName": f"{NAME}-responder"}
    reserved = functions.get_function_concurrency(**name).get("ReservedConcurrentExecutions")
    events = member_both.lab.admin.client("events")
    rules = [rule["Name"] for rule in events.list_rules()["Rules"] if "forwarding" not in rule["Name"]]
    for rule in rules:
        events.disable_rule(Name=rule)
    functions.put_function_concurrency(**name, ReservedConcurrentExecutions=0)
    try:
        since = member_both.attack()
        _, notice = member_both.notice(since)
        assert notice["outcome"] == "restored"
        assert member_both.is_logging()
        assert {caller.split("/")[1] for _, caller in _writes(member_both, since)} == {f"{NAME}-remediation"}
    finally:
        for rule in rules:
            events.enable_rule(Name=rule)
        if reserved is None:
            functions.delete_function_concurrency(**name)
        else:
            functions.put_function_concurrency(**name, ReservedConcurrentExecutions=reserved)
