"""StartLogging of a trail that logs already changes nothing.

AWS does not say what it does to the times then. GetTrailStatus's StartLoggingTime is when
CloudTrail started recording, and such a call starts nothing: so the time is kept here.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
"""

from __future__ import annotations

from . import cloudtrail_calls as calls
from .cloudtrail_calls import Answer, Body, Handler


def install() -> None:
    """Extend the call."""
    calls.wrap("StartLogging", _start)


def _start(body: Body, start: Handler) -> Answer:
    """MiniStack 1.5 sets StartLoggingTime anew with every call."""
    trail, _ = calls.trail_to_change(body.get("Name", ""))
    if trail is not None and trail["IsLogging"]:
        return calls.ok({})
    return start(body)
