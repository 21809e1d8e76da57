"""LookupEvents: filters, time range, pages."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lab.gateway import lookup as lookups
from lab.gateway.history import Log
from lab.gateway.shapes import HIDDEN
from unit.calls import record

ACCOUNT, REGION = "111122223333", "eu-west-1"


def _records(count: int) -> list[tuple[float, dict[str, Any]]]:
    return [
        (1000.5 + n, record("cloudtrail", "StopLogging" if n % 2 else "StartLogging", {"Name": f"t{n}"}))
        for n in range(count)
    ]


def lookup(records: list[tuple[float, dict[str, Any]]], *asked: Any) -> dict[str, Any]:
    return lookups.lookup(reversed(records), *asked)


def _names(page: dict[str, Any]) -> list[str]:
    return [event["Resources"][0]["ResourceName"] for event in page["Events"]]


def test_the_newest_come_first() -> None:
    assert _names(lookup(_records(3), {}, ACCOUNT, REGION)) == ["t2", "t1", "t0"]


def test_filters() -> None:
    records = _records(4)

    def by(key: str, value: str) -> list[str]:
        given = {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}
        return _names(lookup(records, given, ACCOUNT, REGION))

    assert by("EventName", "StopLogging") == ["t3", "t1"]
    assert by("Username", "mallory") == ["t3", "t2", "t1", "t0"]
    assert by("Username", "nobody") == []
    assert by("AccessKeyId", "AKIAEXAMPLE") == ["t3", "t2", "t1", "t0"]
    assert by("EventId", records[2][1]["eventID"]) == ["t2"]
    assert by("ResourceName", "t1") == ["t1"]
    assert by("ReadOnly", "true") == []


def test_what_was_heard_of_late_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is read backwards until what was heard of before: by when it was heard of, not by when it was."""
    log, clock = Log(4), iter([10.0, 11.0, 20.0, 21.0, 30.0])
    monkeypatch.setattr(time, "time", lambda: next(clock))
    for happened in (9.0, 11.0, 5.0, 19.0, 12.0):
        log.add(happened, {"at": happened})
    assert [at for at, _ in log.newest_first(11.5)] == [12.0, 19.0]
    assert [at for at, _ in log.newest_first(11.0)] == [12.0, 19.0, 11.0]
    assert [at for at, _ in log.newest_first()] == [12.0, 19.0, 5.0, 11.0], "the oldest is gone: there is room for four"
    log.forget_since(12.0)
    assert [at for at, _ in log.newest_first()] == [5.0, 11.0]


def test_time_range_account_and_region() -> None:
    records = _records(4)
    assert _names(lookup(records, {"StartTime": 1001, "EndTime": 1002}, ACCOUNT, REGION)) == ["t2", "t1"]
    assert lookup(records, {}, "444455556666", REGION)["Events"] == []
    assert lookup(records, {}, ACCOUNT, "us-east-1")["Events"] == []


def test_pages_do_not_shift_when_events_arrive() -> None:
    records = _records(5)
    first = lookup(records, {"MaxResults": 2}, ACCOUNT, REGION)
    assert _names(first) == ["t4", "t3"]
    records += [(2000.0, record("cloudtrail", "StopLogging", {"Name": "new"}))]
    second = lookup(records, {"MaxResults": 2, "NextToken": first["NextToken"]}, ACCOUNT, REGION)
    assert _names(second) == ["t2", "t1"]
    last = lookup(records, {"MaxResults": 2, "NextToken": second["NextToken"]}, ACCOUNT, REGION)
    assert _names(last) == ["t0"]
    assert "NextToken" not in last


def test_a_trail_is_found_however_the_call_names_it() -> None:
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
    records = [
        (1000.0, record("cloudtrail", "UpdateTrail", {"Name": "audit"})),
        (1001.0, record("cloudtrail", "PutEventSelectors", {"TrailName": "audit", "EventSelectors": [{}]})),
        (1002.0, record("cloudtrail", "PutInsightSelectors", {"TrailName": arn, "InsightSelectors": []})),
        (1003.0, record("cloudtrail", "RemoveTags", {"ResourceId": arn, "TagsList": [{"Key": "k"}]})),
        (1004.0, record("s3", "DeleteBucket", {"Bucket": "audit"}, answer=b"")),
    ]

    def by_name(name: str) -> list[str]:
        given = {"LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": name}]}
        return [event["EventName"] for event in lookup(records, given, ACCOUNT, REGION)["Events"]]

    assert [name for name in by_name("audit") if name != "DeleteBucket"] == ["PutEventSelectors", "UpdateTrail"]
    assert by_name(arn) == ["RemoveTags", "PutInsightSelectors"]
    for event in lookup(records[:4], {}, ACCOUNT, REGION)["Events"]:
        assert [resource["ResourceType"] for resource in event["Resources"]] == ["AWS::CloudTrail::Trail"]


def test_a_key_leads_to_the_call_that_made_it() -> None:
    """Of a user as of a session: the answer has it, and it is a resource of the call."""
    made = b"""<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>backdoor</UserName>
        <AccessKeyId>AKIANEW</AccessKeyId><SecretAccessKey>secret</SecretAccessKey></AccessKey>
        </CreateAccessKeyResult></CreateAccessKeyResponse>"""
    assumed = b"""<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIANEW</AccessKeyId>
        <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken></Credentials>
        </AssumeRoleResult></AssumeRoleResponse>"""
    role = {"RoleArn": "arn:aws:iam::111122223333:role/ops", "RoleSessionName": "session"}
    records = [
        (1000.0, record("iam", "CreateAccessKey", {"UserName": "backdoor"}, answer=made)),
        (1001.0, record("sts", "AssumeRole", role, answer=assumed)),
    ]

    def by_key(key: str, region: str) -> list[str]:
        given = {"LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": key}]}
        return [event["EventName"] for event in lookup(records, given, ACCOUNT, region)["Events"]]

    assert by_key("AKIANEW", "us-east-1") == ["CreateAccessKey"]
    assert by_key("ASIANEW", REGION) == ["AssumeRole"]
    assert by_key("AKIANEW", REGION) == []
    credentials = records[1][1]["responseElements"]["credentials"]
    assert credentials["secretAccessKey"] == HIDDEN
    assert records[1][1]["readOnly"] is True
