"""A trail is made with its tags, and takes them with it.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (TagsList)
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
"""

from __future__ import annotations

from ministack.services import cloudtrail

from . import cloudtrail_calls as calls
from .cloudtrail_calls import Answer, Body, Handler


def install() -> None:
    """Extend both calls."""
    calls.wrap("CreateTrail", _create)
    calls.wrap("DeleteTrail", _delete)


def _create(body: Body, create: Handler) -> Answer:
    """MiniStack 1.5 ignores TagsList."""
    answer = create(body)
    if answer[0] == 200:
        arn = calls.read(answer)["TrailARN"]
        cloudtrail._trail_tags[arn] = {tag["Key"]: tag.get("Value", "") for tag in body.get("TagsList") or []}
    return answer


def _delete(body: Body, delete: Handler) -> Answer:
    """MiniStack 1.5 keeps the tags for the next trail of that name."""
    trail, _ = calls.trail_to_change(body.get("Name", ""))
    answer = delete(body)
    if answer[0] == 200 and trail is not None:
        cloudtrail._trail_tags.pop(trail["TrailARN"], None)
    return answer
