"""What nobody may do across accounts: forge events, use the hub's way in, go beyond one trail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from e2e.organization_lab import EXTERNAL_ID, NAME, OUTSIDE, TRAIL, Account, Member, Organization
from lab.aws import Credentials
from lab.gateway_process import wait_for


def _envelope(record: dict[str, Any], account: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "source": "aws.cloudtrail",
        "detail-type": "AWS API Call via CloudTrail",
        "account": account,
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    }


def _code(call: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def outside(organization: Organization) -> Account:
    """An account outside: a trail, a role that trusts everybody, a rule that sends its events to the hub."""
    site = organization.outside
    bus = organization.hub_outputs["bus_arn"]
    cloudtrail, iam, events = (site.admin.client(name) for name in ("cloudtrail", "iam", "events"))
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    trusts = {"Effect": "Allow", "Principal": {"AWS": "*", "Service": "events.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [trusts | {"Action": "sts:AssumeRole"}]}
    for name in (f"{NAME}-remediation", f"{NAME}-forwarding-{site.region}"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(everything))
    cloudtrail.create_trail(Name=TRAIL, S3BucketName="outside")
    cloudtrail.start_logging(Name=TRAIL)
    events.put_rule(Name="forged", EventPattern='{"source": ["aws.cloudtrail"]}')
    role = f"arn:aws:iam::{OUTSIDE}:role/{NAME}-forwarding-{site.region}"
    events.put_targets(Rule="forged", Targets=[{"Id": "1", "Arn": bus, "RoleArn": role}])
    return site


@pytest.fixture
def stopped_outside(outside: Account, member_a: Member) -> Iterator[tuple[float, dict[str, Any]]]:
    """The trail out there is stopped; the time before, and the record."""
    since, cloudtrail = member_a.control_time(), outside.admin.client("cloudtrail")
    cloudtrail.start_logging(Name=TRAIL)
    cloudtrail.stop_logging(Name=TRAIL)
    found = member_a.control.records(since=since, account=OUTSIDE, event_name="StopLogging")
    yield since, found[0]["record"]
    cloudtrail.start_logging(Name=TRAIL)


def test_events_from_outside_do_not_come_in(
    stopped_outside: tuple[float, dict[str, Any]], organization: Organization, member_a: Member
) -> None:
    since, _ = stopped_outside

    def refused() -> list[dict[str, Any]]:
        return member_a.control.deliveries(since=since, account=OUTSIDE, event_name="StopLogging", outcome="lost")

    (lost,) = wait_for("the refusal", refused, 20)
    assert lost["target"] == organization.hub_outputs["bus_arn"]
    assert "does not allow" in lost["error"]
    accepted = member_a.control.deliveries(since=since, account=OUTSIDE, outcome="accepted")
    assert accepted == []


def test_nobody_puts_events_of_aws_on_the_hub_s_bus(organization: Organization, member_a: Member) -> None:
    record = {"eventName": "StopLogging", "recipientAccountId": member_a.lab.account}
    entry = {
        "EventBusName": organization.hub_outputs["bus_arn"],
        "Source": "aws.cloudtrail",
        "DetailType": "AWS API Call via CloudTrail",
        "Detail": json.dumps(record),
    }
    for site in (organization.outside, organization.a):
        events = site.admin.client("events")
        # Only forwarding roles are let in, whatever the source.
        for source in ("aws.cloudtrail", "mine"):
            assert _code(lambda e=events, s=source: e.put_events(Entries=[entry | {"Source": s}])) == (
                "AccessDeniedException"
            )


def test_a_forwarding_role_s_session_forges_nothing_either(organization: Organization) -> None:
    """A member's administrator can make such a role his own. EventBridge keeps the sources of AWS for itself."""
    site, name = organization.a, f"{NAME}-forwarding-forger"
    iam = site.admin.client("iam")
    me = site.admin.client("sts").get_caller_identity()["Arn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": me}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document)
    keys = site.admin.client("sts").assume_role(RoleArn=made, RoleSessionName="forger")["Credentials"]
    forger = site.admin.as_(
        Credentials("forger", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]),
    )
    entry = {
        "EventBusName": organization.hub_outputs["bus_arn"],
        "Source": "aws.cloudtrail",
        "DetailType": "AWS API Call via CloudTrail",
        "Detail": "{}",
    }
    (answer,) = forger.client("events").put_events(Entries=[entry])["Entries"]
    assert answer["ErrorCode"] == "NotAuthorizedForSourceException"


def test_an_account_outside_is_not_healed_even_if_its_event_arrives(
    stopped_outside: tuple[float, dict[str, Any]], organization: Organization, member_a: Member
) -> None:
    """Its role trusts everybody. The hub's own policy ends at the organisation."""
    _, record = stopped_outside
    since = member_a.control_time()
    member_a.call_function(_envelope(record, OUTSIDE))
    member_a.settle()
    calls = member_a.control.requests(since=since, account=organization.hub.account, operation="AssumeRole")
    assert {call["error_code"] for call in calls} == {"AccessDenied"}
    assert not organization.outside.admin.client("cloudtrail").get_trail_status(Name=TRAIL)["IsLogging"]
    theirs = member_a.control.requests(since=since, account=OUTSIDE)
    assert not [call for call in theirs if ":assumed-role/" in (call["caller"] or "")]


@pytest.mark.parametrize("forged", ["envelope", "record", "trail"])
def test_an_event_about_another_account_changes_nothing(member_a: Member, member_b: Member, forged: str) -> None:
    """B's trail is stopped and nobody knows; an event that mixes A and B must not be a way to it."""
    member_b.settle()
    member_b.switch(muted=True)
    since = member_b.attack(member_b.trail_arn)
    genuine = record = member_b.records(since, event_name="StopLogging")[0]
    account = member_b.lab.account
    if forged == "envelope":
        account = member_a.lab.account
    elif forged == "record":
        record = record | {"recipientAccountId": member_a.lab.account}
    else:
        account = member_a.lab.account
        record = record | {"recipientAccountId": account}
    answer = member_a.call_function(_envelope(record, account))
    member_b.settle()
    assert "FunctionError" not in answer, answer["Payload"]
    assert not member_b.is_logging()
    assert member_a.writes(since) == member_b.writes(since) == []
    assert member_a.records(since, event_name="AssumeRole") == []
    assert member_b.records(since, event_name="AssumeRole") == []
    # It was the forgery that mattered: the true event heals.
    member_a.call_function(_envelope(genuine, member_b.lab.account))
    assert member_b.is_logging()


def test_nobody_else_assumes_the_role(organization: Organization, member_a: Member) -> None:
    """Neither administrators of the hub's account or the member's, nor anybody outside, though they know the id."""
    given = {"RoleArn": member_a.role_arn, "RoleSessionName": "trailkeeper-1", "ExternalId": EXTERNAL_ID}
    for site in (organization.hub, organization.a, organization.b, organization.outside):
        sts = site.admin.client("sts")
        assert _code(lambda sts=sts: sts.assume_role(**given)) == "AccessDenied"


def test_a_wrong_external_id_opens_nothing(organization: Organization, member_a: Member) -> None:
    with organization.hub_environment(TRAILKEEPER_EXTERNAL_ID="another-id-of-the-same-length-0000"):
        since = member_a.attack()
        _, notice = member_a.notice(since)
        assert (notice["outcome"], notice["severity"]) == ("unverified", "critical")
        member_a.settle()
        assert not member_a.is_logging()
        assert member_a.requests(since) == []


def test_a_session_can_do_nothing_but_heal_one_trail(organization: Organization, member_a: Member) -> None:
    """The policy of a real session, on a role with the remediation role's permissions and with all."""
    since = member_a.attack()
    member_a.notice(since)
    session_policy = member_a.records(since, event_name="AssumeRole")[0]["requestParameters"]["policy"]
    iam = member_a.lab.admin.client("iam")
    (name,) = iam.list_role_policies(RoleName=member_a.role_name)["PolicyNames"]
    of_the_role = iam.get_role_policy(RoleName=member_a.role_name, PolicyName=name)["PolicyDocument"]
    admin = member_a.lab.admin.client("cloudtrail")
    own, bucket = member_a.trail_arn, f"audit-logs-{member_a.lab.account}"
    other = admin.create_trail(Name="another", S3BucketName=bucket)["TrailARN"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    try:
        for document in (of_the_role, everything):
            session = _probe(member_a, document, session_policy)
            cloudtrail = session.client("cloudtrail")
            cloudtrail.start_logging(Name=own)
            assert cloudtrail.get_trail_status(Name=own)["IsLogging"]
            for call in (
                lambda c=cloudtrail: c.stop_logging(Name=own),
                lambda c=cloudtrail: c.delete_trail(Name=own),
                lambda c=cloudtrail: c.start_logging(Name=other),
                lambda c=cloudtrail: c.update_trail(Name=other, EnableLogFileValidation=True),
                lambda s=session: s.client("iam").create_user(UserName="mine"),
                lambda s=session: s.client("iam").list_roles(),
                lambda s=session: s.client("sts").assume_role(RoleArn=member_a.role_arn, RoleSessionName="me"),
                lambda s=session: s.client("s3").list_buckets(),
                lambda s=session: s.client("lambda").list_functions(),
            ):
                assert _code(call) in ("AccessDenied", "AccessDeniedException")
    finally:
        admin.delete_trail(Name="another")


def _probe(member: Member, permissions: dict[str, Any], session_policy: str) -> Any:
    """A session with that policy, of a role with these permissions."""
    iam, sts = member.lab.admin.client("iam"), member.lab.admin.client("sts")
    name = f"probe-{uuid.uuid4()}"
    trust = {"Effect": "Allow", "Principal": {"AWS": sts.get_caller_identity()["Arn"]}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(permissions))
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="probe", Policy=session_policy)["Credentials"]
    return member.lab.admin.as_(
        Credentials(name, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]),
    )
