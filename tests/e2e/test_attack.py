"""A stopped trail logs again, and the responders learn who did it."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from e2e.guarded import Guarded
from lab.actors import create_user
from lab.aws import Credentials


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("named_by", ["name", "arn"])
def test_a_stopped_trail_is_restored_and_reported(guarded: Guarded, named_by: str) -> None:
    since = guarded.attack(guarded.trail_arn if named_by == "arn" else guarded.trail_name)
    message, notice = guarded.notice(since)

    assert guarded.is_logging()
    assert notice["outcome"] == "restored"
    assert notice["verification"]["is_logging"] is True
    assert notice["trail"]["arn"] == guarded.trail_arn
    assert notice["drift"] == [{"field": "is_logging", "before": False, "after": True}]
    assert notice["remediation"]["calls"] == ["cloudtrail:StartLogging"]
    actor, credentials = notice["actor"], guarded.lab.attacker.credentials
    assert actor["arn"] == guarded.attacker_arn
    assert actor["access_key_id"] == credentials.access_key_id
    assert credentials.secret_access_key not in message.body
    record = guarded.records(since, event_name="StopLogging")[0]
    assert notice["event"]["id"] == record["eventID"]
    assert _epoch(notice["timing"]["event_time"]) == _epoch(record["eventTime"])
    assert message.attributes["outcome"] == "restored"
    assert message.attributes["event_name"] == "StopLogging"
    assert message.attributes["account"] == guarded.lab.account
    assert 0 < len(message.subject) < 100 and message.subject.isascii()


def test_restoration_comes_first_and_claims_rest_on_a_read(guarded: Guarded) -> None:
    """Laws 1 and 3, seen from outside: StartLogging, then GetTrailStatus, then the notice."""
    since = guarded.attack()
    guarded.notice(since)
    calls = sorted(guarded.requests(since), key=lambda r: r["received_at"])
    operations = [call["operation"] for call in calls]
    assert operations[0] == "StartLogging"
    assert calls[1]["received_at"] >= calls[0]["answered_at"], "nothing beside it"
    assert operations.count("Publish") == 1
    assert "GetTrailStatus" in operations[1 : operations.index("Publish")]


def test_a_denied_attempt_is_reported_and_nothing_is_touched(guarded: Guarded) -> None:
    nobody = guarded.lab.root.as_(create_user(guarded.lab.root, f"nobody-{int(time.time() * 1000)}", []))
    since = time.time()
    cloudtrail = nobody.client("cloudtrail")
    with pytest.raises(cloudtrail.exceptions.ClientError, match="AccessDenied"):
        cloudtrail.stop_logging(Name=guarded.trail_arn)

    _, notice = guarded.notice(since)
    assert notice["outcome"] == "attempt_denied"
    assert notice["event"]["error_code"] == "AccessDenied"
    # AWS's message names the trail and the emulator's does not: that an ARN in it
    # is found is shown with the recorded events.
    assert guarded.trail_arn not in notice["event"]["error_message"]
    assert notice["trail"]["arn"] is None
    assert notice["actor"]["arn"].endswith(f":user/{nobody.credentials.name}")
    assert guarded.calls("StartLogging", since) == []
    assert guarded.is_logging()


def test_a_session_of_a_user_is_an_attacker_like_any_other(guarded: Guarded) -> None:
    """Keys of GetSessionToken: recorded as the user's, with a session."""
    attacker = guarded.lab.attacker
    given = attacker.client("sts").get_session_token()["Credentials"]
    session = attacker.as_(
        Credentials(attacker.credentials.name, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    )
    since = time.time()
    session.client("cloudtrail").stop_logging(Name=guarded.trail_name)
    _, notice = guarded.notice(since)
    assert notice["actor"]["kind"] == "IAMUser"
    assert notice["actor"]["access_key_id"] == given["AccessKeyId"]
    assert notice["actor"]["mfa"] is False
    assert guarded.is_logging()


def test_the_records_name_both_sides(guarded: Guarded) -> None:
    """What an analyst finds in the event history: the attacker's stop, the function's start."""
    since = guarded.attack()
    guarded.notice(since)
    stop = guarded.records(since, event_name="StopLogging")[0]
    start = guarded.records(since, event_name="StartLogging")[0]
    assert stop["userIdentity"]["type"] == "IAMUser"
    assert stop["requestParameters"] == {"name": guarded.trail_name}
    identity = start["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == guarded.role_arn
    assert identity["inScopeOf"]["issuerType"] == "AWS::Lambda::Function"
    found = guarded.lab.attacker.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": stop["eventID"]}]
    )
    assert [event["Username"] for event in found["Events"]] == [guarded.lab.attacker.credentials.name]


def test_no_echo_and_no_loop(guarded: Guarded) -> None:
    """The responder's own StartLogging comes by as an event too, and must not wake it again."""
    since = guarded.attack()
    guarded.notice(since)
    time.sleep(2)
    assert len(guarded.deliveries(since)) == 1
    assert guarded.deliveries(since, "StartLogging") == []
    assert len(guarded.calls("StartLogging", since)) == 1
    assert len(guarded.notices(since)) == 1


def test_what_cannot_be_undone_from_here_is_reported(guarded: Guarded) -> None:
    """The emulator does not know the call, so a record is made up for it and handed over."""
    guarded.lose_next_event()
    since = guarded.attack()
    record = guarded.records(since, event_name="StopLogging")[0]
    guarded.start_logging()
    record |= {
        "eventName": "DeregisterOrganizationDelegatedAdmin",
        "requestParameters": {"delegatedAdminAccountId": "444455556666"},
    }
    since = time.time()
    assert guarded.invoke(record)["Payload"] == {"outcomes": ["reported"]}
    notice = guarded.notice_of(record)
    assert (notice["outcome"], notice["severity"]) == ("reported", "high")
    assert notice["actor"]["arn"] == guarded.attacker_arn
    assert guarded.writes(since) == []


def test_an_unprotected_trail_is_left_alone(guarded: Guarded) -> None:
    admin = guarded.lab.admin.client("cloudtrail")
    bucket = guarded.lab.outputs["trail_bucket_name"]
    admin.create_trail(Name="somebody-elses", S3BucketName=bucket)
    admin.start_logging(Name="somebody-elses")
    try:
        since = guarded.attack("somebody-elses")
        guarded.wait("the delivery", lambda: guarded.deliveries(since))
        time.sleep(2)
        assert guarded.calls("StartLogging", since) == []
        assert not admin.get_trail_status(Name="somebody-elses")["IsLogging"]
        assert guarded.notices(since) == []
        assert guarded.dead_letters() == []
    finally:
        admin.delete_trail(Name="somebody-elses")
