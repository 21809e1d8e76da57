"""Which events come from one bus to another: the target's role, the bus's policy, one hop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from lab.gateway.buses import Buses
from lab.gateway.delivery import Delivery, envelope
from lab.gateway.emulator_api import EmulatorApi
from lab.gateway.history import History
from lab.gateway.rules import Rules
from lab.gateway.targets import NotPermitted, Targets
from unit.accounts import REGION
from unit.calls import record
from unit.cross_account import OUTSIDE, Organization, code_of, make_role, policy

NAME = "hub-bus"
ROLE = "forwarding-eu-west-1"
TRUST = {"Principal": {"Service": "events.amazonaws.com"}}


def _bus(organization: Organization) -> str:
    return f"arn:aws:events:{REGION}:{organization.hub}:event-bus/{NAME}"


def _rule(account: str) -> str:
    return f"arn:aws:events:{REGION}:{account}:rule/forwarding"


def _put_policy(organization: Organization, *statements: dict[str, Any]) -> None:
    whole = {"Sid": "s", "Principal": "*", "Action": "events:PutEvents", "Resource": _bus(organization)}
    events = organization.admin(organization.hub, "events")
    events.put_permission(EventBusName=NAME, Policy=policy(*(whole | statement for statement in statements)))


@pytest.fixture
def bus(organization: Organization) -> Iterator[str]:
    """The hub's bus, open to its organisation's forwarding roles."""
    events = organization.admin(organization.hub, "events")
    events.create_event_bus(Name=NAME)
    _put_policy(
        organization,
        {
            "Condition": {
                "StringEquals": {"aws:PrincipalOrgID": organization.id},
                "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/forwarding-*"},
            }
        },
    )
    yield _bus(organization)
    events.delete_event_bus(Name=NAME)


def _role(organization: Organization, account: str, *, trust: dict[str, Any] = TRUST, resource: str = "") -> str:
    allowed = {"Action": "events:PutEvents", "Resource": resource or _bus(organization)}
    return make_role(organization.admin(account, "iam"), ROLE, trust, allowed)


def _problem(organization: Organization, account: str, target: dict[str, Any]) -> str | None:
    """Why a rule of an account may not send to a target, if so."""
    event = envelope(record("cloudtrail", "StopLogging", {"Name": "n"}))

    async def ask(emulator: EmulatorApi) -> str | None:
        try:
            await Buses(emulator).admit(_rule(account), target, event)
        except NotPermitted as refusal:
            return str(refusal)
        return None

    return organization.ask(ask)


def test_a_member_s_rule_with_a_role(organization: Organization, bus: str) -> None:
    role = _role(organization, organization.member)
    assert _problem(organization, organization.member, {"Arn": bus, "RoleArn": role}) is None


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"trust": {"Principal": {"Service": "lambda.amazonaws.com"}}}, "does not trust"),
        ({"trust": TRUST | {"Condition": {"ArnEquals": {"aws:SourceArn": _rule("111122223333")}}}}, "does not trust"),
        ({"resource": "arn:aws:events:eu-west-1:111122223333:event-bus/default"}, "does not allow events:PutEvents"),
    ],
    ids=["another-service", "another-rule", "another-bus"],
)
def test_the_target_s_role_must_allow_it(
    organization: Organization, bus: str, changed: dict[str, Any], because: str
) -> None:
    role = _role(organization, organization.member, **changed)
    assert because in (_problem(organization, organization.member, {"Arn": bus, "RoleArn": role}) or "")


def test_the_target_s_role_must_be_there_and_of_the_rule_s_account(organization: Organization, bus: str) -> None:
    gone = f"arn:aws:iam::{organization.member}:role/gone"
    assert "no role" in (_problem(organization, organization.member, {"Arn": bus, "RoleArn": gone}) or "")
    role = _role(organization, organization.member)
    assert "not of the account" in (_problem(organization, OUTSIDE, {"Arn": bus, "RoleArn": role}) or "")


def test_the_bus_s_policy_must_let_it_in(organization: Organization, bus: str) -> None:
    """From outside the organisation; without a role; with a role of another name; by an explicit denial."""
    outside = _role(organization, OUTSIDE)
    assert "does not allow" in (_problem(organization, OUTSIDE, {"Arn": bus, "RoleArn": outside}) or "")
    assert "does not allow" in (_problem(organization, organization.member, {"Arn": bus}) or "")
    trust, allowed = TRUST, {"Action": "events:PutEvents", "Resource": bus}
    other = make_role(organization.admin(organization.member, "iam"), "another-role", trust, allowed)
    assert "does not allow" in (_problem(organization, organization.member, {"Arn": bus, "RoleArn": other}) or "")
    role = _role(organization, organization.member)
    foreign = {"StringNotEquals": {"aws:PrincipalOrgID": organization.id}}
    _put_policy(organization, {}, {"Sid": "d", "Effect": "Deny", "Condition": foreign})
    assert _problem(organization, organization.member, {"Arn": bus, "RoleArn": role}) is None
    assert "does not allow" in (_problem(organization, OUTSIDE, {"Arn": bus, "RoleArn": outside}) or "")


def test_an_account_named_in_the_policy_needs_no_role(organization: Organization, bus: str) -> None:
    events = organization.admin(organization.hub, "events")
    events.put_permission(EventBusName=NAME, StatementId="o", Action="events:PutEvents", Principal=OUTSIDE)
    assert _problem(organization, OUTSIDE, {"Arn": bus}) is None
    assert _problem(organization, organization.hub, {"Arn": bus}) is None
    missing = bus.replace(NAME, "no-bus")
    assert "does not exist" in (_problem(organization, organization.hub, {"Arn": missing}) or "")


def test_nobody_puts_events_from_elsewhere(organization: Organization, bus: str) -> None:
    """The policy lets forwarding roles in, and no source of AWS's own is anybody's to use."""
    entry = {"EventBusName": bus, "Source": "aws.cloudtrail", "DetailType": "d", "Detail": "{}"}
    outside = organization.admin(OUTSIDE, "events")
    assert code_of(lambda: outside.put_events(Entries=[entry])) == "AccessDeniedException"
    assert code_of(lambda: outside.put_events(Entries=[entry | {"Source": "mine"}])) == "AccessDeniedException"
    _put_policy(organization, {"Condition": {"StringEquals": {"aws:PrincipalOrgID": organization.id}}})
    answer = organization.admin(organization.member, "events").put_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_an_event_is_forwarded_once_as_it_is(organization: Organization, bus: str) -> None:
    """From a member in another region to the hub's queue; what the hub's rule sends to a third bus goes nowhere."""
    member, elsewhere = organization.member, "us-east-1"
    hub, hub_sqs = organization.admin(organization.hub, "events"), organization.admin(organization.hub, "sqs")
    url = hub_sqs.create_queue(QueueName="arrived")["QueueUrl"]
    queue = f"arn:aws:sqs:{REGION}:{organization.hub}:arrived"
    letter = policy({"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue})
    hub_sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": letter})
    pattern = '{"source": ["aws.cloudtrail"]}'
    hub.put_rule(Name="arrival", EventBusName=NAME, EventPattern=pattern)
    third = bus.replace(NAME, "default")
    hub.put_targets(Rule="arrival", EventBusName=NAME, Targets=[{"Id": "1", "Arn": queue}, {"Id": "2", "Arn": third}])
    events = organization.admins[member].client("events", region=elsewhere)
    events.put_rule(Name="forwarding", EventPattern=pattern)
    events.put_targets(Rule="forwarding", Targets=[{"Id": "1", "Arn": bus, "RoleArn": _role(organization, member)}])
    given = record("cloudtrail", "StopLogging", {"Name": "n"}, region=elsewhere) | {"recipientAccountId": member}

    async def deliver(emulator: EmulatorApi) -> History:
        history = History()
        delivery = Delivery(Rules(emulator), Targets(emulator), Buses(emulator), history)
        delivery.offer(given, True)
        while delivery._tasks:
            await asyncio.sleep(0.01)
        return history

    try:
        history = organization.ask(deliver)
    finally:
        events.remove_targets(Rule="forwarding", Ids=["1"])
        events.delete_rule(Name="forwarding")
    deliveries = [entry for _, entry in history.deliveries.newest_first()]
    outcomes = sorted((entry["outcome"], entry["target"]) for entry in deliveries)
    assert outcomes == [("accepted", bus), ("accepted", queue), ("unsupported", third)]
    assert len({entry["event_id"] for entry in deliveries}) == 1
    (message,) = hub_sqs.receive_message(QueueUrl=url)["Messages"]
    assert f'"account": "{member}"' in message["Body"] and f'"region": "{elsewhere}"' in message["Body"]
