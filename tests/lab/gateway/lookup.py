"""LookupEvents, answered from the gateway's records.

The emulator has checked the caller before: only its successful (and empty) answer
is replaced. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

PAGE = 50
# Which parameter of a call names a resource, and of which type.
_RESOURCES = {
    "trailName": "AWS::CloudTrail::Trail",
    "roleName": "AWS::IAM::Role",
    "userName": "AWS::IAM::User",
    "policyArn": "AWS::IAM::Policy",
    "functionName": "AWS::Lambda::Function",
    "bucketName": "AWS::S3::Bucket",
    "topicArn": "AWS::SNS::Topic",
    "queueUrl": "AWS::SQS::Queue",
    "keyId": "AWS::KMS::Key",
    "logGroupName": "AWS::Logs::LogGroup",
    "rule": "AWS::Events::Rule",
}


def _resources(record: dict[str, Any]) -> list[dict[str, str]]:
    found = _made_keys(record.get("responseElements"))
    given = record.get("requestParameters")
    if not isinstance(given, dict):
        return found
    found += [
        {"ResourceType": kind, "ResourceName": given[name]}
        for name, kind in _RESOURCES.items()
        if isinstance(given.get(name), str)
    ]
    if record["eventSource"] == "cloudtrail.amazonaws.com":
        # The calls on tags name the trail resourceId, by its ARN.
        named = (given.get("name"), given.get("resourceId"))
        found += [{"ResourceType": "AWS::CloudTrail::Trail", "ResourceName": n} for n in named if isinstance(n, str)]
    return found


def _made_keys(answer: Any) -> list[dict[str, str]]:
    """The key of a user or of a session that a call made."""
    made = [answer.get(name) for name in ("accessKey", "credentials")] if isinstance(answer, dict) else []
    keys = [m.get("accessKeyId") for m in made if isinstance(m, dict)]
    return [{"ResourceType": "AWS::IAM::AccessKey", "ResourceName": key} for key in keys if isinstance(key, str)]


def _user_name(identity: dict[str, Any]) -> str:
    if identity.get("userName"):
        return str(identity["userName"])
    arn = str(identity.get("arn", ""))
    return arn.rsplit("/", 1)[-1] if "/" in arn else "root"


# What an event shows of a record, and can be asked for by.
_FIELDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "EventId": lambda record: record["eventID"],
    "EventName": lambda record: record["eventName"],
    "ReadOnly": lambda record: "true" if record["readOnly"] else "false",
    "AccessKeyId": lambda record: record["userIdentity"].get("accessKeyId", ""),
    "EventSource": lambda record: record["eventSource"],
    "Username": lambda record: _user_name(record["userIdentity"]),
}


def _to_event(epoch: float, record: dict[str, Any]) -> dict[str, Any]:
    """One entry of the answer."""
    return {name: of(record) for name, of in _FIELDS.items()} | {
        "EventTime": int(epoch),
        "Resources": _resources(record),
        "CloudTrailEvent": json.dumps(record),
    }


def _matches(record: dict[str, Any], key: str, value: str) -> bool:
    """Of the record: to make an event of each would take most of the time."""
    if key in ("ResourceName", "ResourceType"):
        return any(resource[key] == value for resource in _resources(record))
    return key in _FIELDS and _FIELDS[key](record) == value


def lookup(
    records: Iterable[tuple[float, dict[str, Any]]], given: dict[str, Any], account: str, region: str
) -> dict[str, Any]:
    """The answer's body: of `records`, newest first, those that are asked for; one page."""
    attributes = [
        (str(a.get("AttributeKey")), str(a.get("AttributeValue"))) for a in given.get("LookupAttributes") or []
    ]
    start, end = given.get("StartTime"), given.get("EndTime")
    size = max(1, min(int(given.get("MaxResults") or PAGE), PAGE))
    # The token is the id of the page's first event, so that newer events do not shift it.
    token = given.get("NextToken")
    events: list[dict[str, Any]] = []
    for epoch, record in records:
        second = int(epoch)
        if (
            record["recipientAccountId"] != account
            or record["awsRegion"] != region
            or (start is not None and second < float(start))
            or (end is not None and second > float(end))
            or not all(_matches(record, key, value) for key, value in attributes)
        ):
            continue
        if token and record["eventID"] != token:
            continue
        token = None
        if len(events) == size:
            return {"Events": events, "NextToken": record["eventID"]}
        events.append(_to_event(epoch, record))
    return {"Events": events}
