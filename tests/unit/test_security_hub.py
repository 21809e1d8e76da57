"""Findings of an account's own: what is taken, what is refused, and what an update does."""

from __future__ import annotations

from typing import Any

import pytest

from unit.accounts import REGION
from unit.cross_account import OUTSIDE, Organization, code_of


def _finding(**other: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": "one",
        "ProductArn": f"arn:aws:securityhub:{REGION}:{OUTSIDE}:product/{OUTSIDE}/default",
        "GeneratorId": "test",
        "AwsAccountId": OUTSIDE,
        "CreatedAt": "2026-11-24T05:06:07.000Z",
        "UpdatedAt": "2026-11-24T05:06:07.000Z",
        "Title": "title",
        "Description": "description",
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["TTPs/Defense Evasion"]},
        "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{OUTSIDE}"}],
        "Compliance": {"Status": "FAILED"},
    } | other


@pytest.fixture(scope="module")
def hub(organization: Organization) -> Any:
    client = organization.admin(OUTSIDE, "securityhub")
    assert code_of(lambda: client.batch_import_findings(Findings=[_finding()])) == "InvalidAccessException"
    client.enable_security_hub()
    return client


def _only(hub: Any) -> dict[str, Any]:
    (finding,) = hub.get_findings()["Findings"]
    return finding


def test_an_update_is_newer_and_changes_no_workflow(hub: Any) -> None:
    assert hub.batch_import_findings(Findings=[_finding()])["SuccessCount"] == 1
    assert _only(hub)["Workflow"] == {"Status": "NEW"}
    passed = {"Compliance": {"Status": "PASSED"}}
    hub.batch_import_findings(Findings=[_finding(**passed)])
    assert _only(hub)["Compliance"] == {"Status": "FAILED"}, "not newer"
    later = {"UpdatedAt": "2026-11-24T05:06:07.001Z", "Workflow": {"Status": "RESOLVED"}}
    hub.batch_import_findings(Findings=[_finding(**passed, **later)])
    finding = _only(hub)
    assert (finding["Compliance"], finding["Workflow"]) == ({"Status": "PASSED"}, {"Status": "NEW"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"AwsAccountId": "999999999999"},
        {"ProductArn": f"arn:aws:securityhub:us-west-2:{OUTSIDE}:product/{OUTSIDE}/default"},
        {"Title": "t" * 257},
        {"Resources": []},
    ],
)
def test_what_is_not_the_accounts_own_or_too_long_is_refused(hub: Any, wrong: dict[str, Any]) -> None:
    answer = hub.batch_import_findings(Findings=[_finding(Id="two", **wrong)])
    assert answer["FailedCount"] == 1
    assert answer["FailedFindings"][0]["ErrorCode"] == "InvalidInput"
