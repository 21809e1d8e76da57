"""The CloudTrail record that AWS would write for a management API call.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import uuid
from typing import Any

from .decoding import Answer
from .identities import Principal
from .naming import error_code, event_name, is_denial, is_read_only
from .operations import Call
from .shapes import to_record
from .timestamps import time_text


def _response_elements(call: Call, answer: Answer, read_only: bool) -> Any:
    """Only calls that change something have them, and those of STS; S3 never, and an empty answer is null.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
    """
    has_none = read_only and call.event_source != "sts.amazonaws.com"
    if has_none or not answer.ok or call.event_source == "s3.amazonaws.com":
        return None
    return to_record(call.model.output_shape if call.model else None, answer.output) or None


def _request_parameters(call: Call, given: Any, answer: Answer) -> Any:
    """Null for a denied call: real records have it so, since nothing was read past the denial."""
    if answer.error_code and is_denial(answer.error_code):
        return None
    if call.event_source == "s3.amazonaws.com":
        return given or None
    return to_record(call.model.input_shape if call.model else None, given) or None


def make_record(
    call: Call,
    principal: Principal,
    given: Any,
    answer: Answer,
    *,
    epoch: float,
    source_ip: str,
    user_agent: str,
) -> dict[str, Any]:
    """One record, in the order of fields that CloudTrail writes."""
    read_only = is_read_only(call)
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": principal.user_identity(),
        "eventTime": time_text(epoch),
        "eventSource": call.event_source,
        "eventName": event_name(call),
        "awsRegion": call.region,
        "sourceIPAddress": source_ip,
        "userAgent": user_agent,
    }
    if answer.error_code:
        record["errorCode"] = error_code(answer.error_code)
        if answer.error_message:
            record["errorMessage"] = answer.error_message
    record |= {
        "requestParameters": _request_parameters(call, given, answer),
        "responseElements": _response_elements(call, answer, read_only),
        "requestID": answer.request_id or str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": principal.account,
        "eventCategory": "Management",
    }
    return record


def in_both_accounts(record: dict[str, Any]) -> list[dict[str, Any]]:
    """A record, and for a role of another account that was assumed, that account's own one.

    Its userIdentity tells no more than who and from which account; sharedEventID joins the two.
    A refused call is the caller's alone.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
    """
    role = str((record["requestParameters"] or {}).get("roleArn", ""))
    owner = role.split(":")[4] if role.count(":") == 5 else ""
    if record["eventName"] != "AssumeRole" or "errorCode" in record or owner in ("", record["recipientAccountId"]):
        return [record]
    caller = record["userIdentity"]
    record |= {
        "resources": [{"accountId": owner, "type": "AWS::IAM::Role", "ARN": role}],
        "sharedEventID": str(uuid.uuid4()),
    }
    theirs = record | {
        "userIdentity": {
            "type": "AWSAccount",
            "principalId": caller["principalId"],
            "accountId": caller["accountId"],
        },
        "eventID": str(uuid.uuid4()),
        "recipientAccountId": owner,
    }
    return [record, theirs]
