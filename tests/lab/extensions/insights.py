"""PutInsightSelectors and GetInsightSelectors for trails, which MiniStack 1.5 does not have.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html
"""

from __future__ import annotations

from ministack.services import cloudtrail

from . import cloudtrail_calls as calls
from .cloudtrail_calls import Answer, Body

_TYPES = {"ApiCallRateInsight", "ApiErrorRateInsight"}
# Kept on the stored trail, so that it goes with it, and is no member of the Trail shape.
_KEPT = "_InsightSelectors"


def install() -> None:
    """Add both calls, and hide where the selectors are kept."""
    calls.add("PutInsightSelectors", _put)
    calls.add("GetInsightSelectors", _get)
    cloudtrail._TRAIL_STATE_KEYS = cloudtrail._TRAIL_STATE_KEYS | {_KEPT}


def _put(body: Body) -> Answer:
    """An empty list turns Insights off. Insights on the call rate need write management events."""
    trail, refusal = calls.trail_to_change(body.get("TrailName", ""))
    if trail is None:
        assert refusal is not None
        return refusal
    selectors = body.get("InsightSelectors")
    kinds = [selector.get("InsightType") for selector in selectors or []]
    if selectors is None or not _TYPES.issuperset(kinds) or len(set(kinds)) != len(kinds):
        return calls.error("InvalidInsightSelectorsException", f"The insight selectors are not valid: {selectors}")
    if "ApiCallRateInsight" in kinds and not logs_management_writes(trail):
        return calls.error(
            "InvalidInsightSelectorsException", "ApiCallRateInsight needs a trail that logs write management events."
        )
    trail[_KEPT] = selectors
    trail["HasInsightSelectors"] = bool(selectors)
    return calls.ok({"TrailARN": trail["TrailARN"], "InsightSelectors": selectors})


def _get(body: Body) -> Answer:
    """InsightNotEnabledException if there is none."""
    trail = calls.trail_to_read(body.get("TrailName", ""))
    if trail is None:
        return calls.error("TrailNotFoundException", f"Unknown trail: {body.get('TrailName')}")
    if not trail.get(_KEPT):
        return calls.error("InsightNotEnabledException", f"Trail {trail['TrailARN']} does not have Insights enabled.")
    return calls.ok({"TrailARN": trail["TrailARN"], "InsightSelectors": trail[_KEPT]})


def logs_management_writes(trail: Body) -> bool:
    """Whether the event selectors of a trail let write management events through."""
    account, region = trail["TrailARN"].split(":")[4], trail["HomeRegion"]
    selectors = cloudtrail._event_selectors.get_scoped(
        account, region, trail["Name"], cloudtrail._DEFAULT_EVENT_SELECTORS
    )
    return any(_lets_writes_through(selector) for selector in selectors)


def _lets_writes_through(selector: Body) -> bool:
    if "FieldSelectors" not in selector:
        return selector["IncludeManagementEvents"] and selector["ReadWriteType"] != "ReadOnly"
    fields = {field["Field"]: field.get("Equals") or [] for field in selector["FieldSelectors"]}
    return "Management" in fields.get("eventCategory", []) and "true" not in fields.get("readOnly", [])
