"""Which trails log, followed from the calls."""

from __future__ import annotations

from typing import Any

import pytest

from lab.gateway.decoding import Answer
from lab.gateway.trails import Trails
from unit.calls import request

ACCOUNT = "111122223333"


def _see(trails: Trails, operation: str, status: int = 200, **params: Any) -> None:
    call, given = request("cloudtrail", operation, params)
    trails.observe(call, given, Answer(status, {}, {}, None if status < 400 else "AccessDenied"), ACCOUNT)


def test_a_trail_s_life() -> None:
    trails = Trails()
    _see(trails, "CreateTrail", Name="audit", S3BucketName="b")
    assert not trails.logs(ACCOUNT, "eu-west-1"), "a new trail does not log"
    _see(trails, "StartLogging", Name="audit")
    assert trails.logs(ACCOUNT, "eu-west-1")
    assert not trails.logs(ACCOUNT, "us-east-1"), "it is in one region"
    assert not trails.logs("444455556666", "eu-west-1")
    _see(trails, "UpdateTrail", Name="audit", IsMultiRegionTrail=True)
    assert trails.logs(ACCOUNT, "us-east-1")
    _see(trails, "StopLogging", status=400, Name="audit")
    assert trails.logs(ACCOUNT, "eu-west-1"), "a refused stop stops nothing"
    _see(trails, "StopLogging", Name=f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/audit")
    assert not trails.logs(ACCOUNT, "eu-west-1")
    _see(trails, "StartLogging", Name="audit")
    _see(trails, "DeleteTrail", Name="audit")
    assert not trails.logs(ACCOUNT, "eu-west-1")


def _advanced(**fields: str) -> dict[str, Any]:
    selectors = [{"Field": name, "Equals": [value]} for name, value in fields.items()]
    return {"AdvancedEventSelectors": [{"FieldSelectors": selectors}]}


@pytest.mark.parametrize(
    ("selectors", "writes", "reads"),
    [
        ({"EventSelectors": [{}]}, True, True),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, False, True),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}]}, True, True),
        ({"EventSelectors": [{"IncludeManagementEvents": False}]}, False, False),
        (_advanced(eventCategory="Management"), True, True),
        (_advanced(eventCategory="Management", readOnly="true"), False, True),
        (_advanced(eventCategory="Management", readOnly="false"), True, False),
        (_advanced(eventCategory="Data"), False, False),
    ],
)
def test_selectors_decide_what_a_trail_covers(selectors: dict, writes: bool, reads: bool) -> None:
    trails = Trails()
    _see(trails, "CreateTrail", Name="audit", S3BucketName="b")
    _see(trails, "StartLogging", Name="audit")
    _see(trails, "PutEventSelectors", TrailName="audit", **selectors)
    assert trails.logs(ACCOUNT, "eu-west-1") is writes
    assert trails.logs(ACCOUNT, "eu-west-1", read_only=True) is reads
