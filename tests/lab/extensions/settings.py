"""CreateTrail and UpdateTrail: the CloudWatch Logs group, the SNS topic, and what must go together.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
"""

from __future__ import annotations

from . import cloudtrail_calls as calls
from .cloudtrail_calls import Answer, Body, Handler

_LOGS = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
# The members of both answers. They hold the state after the call.
_ANSWERED = (
    "Name",
    "S3BucketName",
    "S3KeyPrefix",
    "SnsTopicName",
    "SnsTopicARN",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "TrailARN",
    "LogFileValidationEnabled",
    "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn",
    "KmsKeyId",
    "IsOrganizationTrail",
)


def install() -> None:
    """Extend both calls."""
    calls.wrap("CreateTrail", _create)
    calls.wrap("UpdateTrail", _update)


def _create(body: Body, create: Handler) -> Answer:
    """MiniStack 1.5 drops the log group and its role, and checks no combination."""
    if refusal := _refusal(body, {}):
        return refusal
    answer = create(body)
    return _apply(body) if answer[0] == 200 else answer


def _update(body: Body, update: Handler) -> Answer:
    """MiniStack 1.5 checks no combination and does not know the topic's ARN."""
    trail, _ = calls.trail_to_change(body.get("Name", ""))
    if trail is not None and (refusal := _refusal(body, trail)):
        return refusal
    answer = update(body)
    return _apply(body) if answer[0] == 200 else answer


def _refusal(body: Body, trail: Body) -> Answer | None:
    """What AWS refuses because of what is given together.

    InvalidParameterCombinationException is documented without its cases; this one, with
    its text, is shown in https://github.com/hashicorp/terraform/issues/4723. That a log
    group and its role are given together is in the provider's source for aws_cloudtrail,
    and that one is required with the other on the pages above.
    """
    state = {"IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False} | trail | body
    if state["IsMultiRegionTrail"] and not state["IncludeGlobalServiceEvents"]:
        return calls.error(
            "InvalidParameterCombinationException", "Multi-Region trail must include global service events."
        )
    group, role = (body.get(name) for name in _LOGS)
    if bool(group) and not role:
        return calls.error(
            "InvalidCloudWatchLogsRoleArnException", "You must specify a role ARN as well as a log group."
        )
    if bool(role) and not group:
        return calls.error(
            "InvalidCloudWatchLogsLogGroupArnException", "You must specify a log group as well as a role ARN."
        )
    return None


def _apply(body: Body) -> Answer:
    """Store what the emulator did not, and answer with the settings as they are now."""
    trail, refusal = calls.trail_to_change(body["Name"])
    if trail is None:
        return refusal or calls.error("TrailNotFoundException", f"Unknown trail: {body['Name']}")
    for name in _LOGS:
        if name in body:
            trail[name] = body[name]
    if "SnsTopicName" in body:
        _set_topic(trail, body["SnsTopicName"])
    return calls.ok({name: trail[name] for name in _ANSWERED if trail.get(name, "") != ""})


def _set_topic(trail: Body, topic: str) -> None:
    """A name or an ARN is given; SnsTopicARN is answered, and SnsTopicName as it was given; "" removes both.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
    """
    trail.pop("SnsTopicARN", None)
    trail["SnsTopicName"] = topic
    if topic:
        region, account = trail["TrailARN"].split(":")[3:5]
        trail["SnsTopicARN"] = topic if topic.startswith("arn:") else f"arn:aws:sns:{region}:{account}:{topic}"
