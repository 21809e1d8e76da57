"""Terraform sees what it made."""

from __future__ import annotations

import json
from typing import Any

from lab.session import Lab

# The provider's name for "nothing said", where it is not empty.
UNSET = {"treat_missing_data": "missing"}


def _changed(change: dict[str, Any]) -> dict[str, Any]:
    """Changed fields with what Terraform read before."""
    before, after = change["before"] or {}, change["after"] or {}
    return {name: before.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _is_known_gap(resource: dict[str, Any], changed: dict[str, Any]) -> bool:
    """MiniStack 1.5 does not read back all fields of a metric alarm: those look unset, not different."""
    unset = all(value == UNSET.get(name) or not value for name, value in changed.items())
    return resource["type"] == "aws_cloudwatch_metric_alarm" and resource["change"]["actions"] == ["update"] and unset


def test_a_second_plan_changes_nothing(lab: Lab) -> None:
    plan = lab.terraform.planned_json()
    surprises = {}
    for resource in plan.get("resource_changes", []):
        change = resource["change"]
        if change["actions"] in (["no-op"], ["read"]):
            continue
        changed = _changed(change)
        if not _is_known_gap(resource, changed):
            surprises[resource["address"]] = (change["actions"], changed)
    assert surprises == {}, json.dumps(surprises)
