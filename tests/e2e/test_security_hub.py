"""Findings in Security Hub: one for each incident, open as long as the trail is not as declared."""

from __future__ import annotations

import pytest

from e2e.deployments import Deployments
from e2e.security_hub import Reported


@pytest.fixture(scope="module")
def reported(deployments: Deployments) -> Reported:
    """What came of two stops."""
    return deployments.get("security_hub")[1]


def test_what_was_restored_has_passed_and_is_to_be_looked_into(reported: Reported) -> None:
    finding = reported.restored
    assert finding["Compliance"] == {"Status": "PASSED"}
    assert (finding["RecordState"], finding["Workflow"]) == ("ACTIVE", {"Status": "NEW"})
    assert finding["FindingProviderFields"]["Severity"]["Label"] == "HIGH"
    assert finding["ProductFields"]["trailkeeper/outcome"] == "restored"


def test_what_is_not_restored_is_open_and_the_sweep_updates_it(reported: Reported) -> None:
    opened, again = reported.open, reported.found_again
    assert opened["Compliance"] == again["Compliance"] == {"Status": "FAILED"}
    assert opened["FindingProviderFields"]["Severity"]["Label"] == "CRITICAL"
    assert (again["Id"], again["CreatedAt"]) == (opened["Id"], opened["CreatedAt"])
    assert again["UpdatedAt"] > opened["UpdatedAt"]


def test_a_sweep_that_sees_it_as_declared_resolves_it_once(reported: Reported) -> None:
    resolved = reported.resolved
    assert resolved["Compliance"] == {"Status": "PASSED"}
    # The sweep also tells, by the trail's times, that this very stop was undone.
    assert resolved["ProductFields"]["trailkeeper/outcome"] == "already_logging"
    assert resolved["CreatedAt"] == reported.open["CreatedAt"]
    assert resolved["UpdatedAt"] > reported.found_again["UpdatedAt"]
    assert reported.after_another_sweep == resolved


def test_it_needs_three_permissions_and_fails_loudly_without(reported: Reported) -> None:
    """The calls were made by the deployed function with the deployed policy."""
    assert reported.statements["ReportFindings"]["Action"] == "securityhub:BatchImportFindings"
    remembers = reported.statements["RememberIncidents"]["Action"]
    assert remembers == ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    assert reported.dead_letters == 1, "that of the stop that could not be undone"
    assert reported.without_permission["errorType"] == "Terminal.NoticeNotSent"
    assert "securityhub:BatchImportFindings" in reported.without_permission["errorMessage"]


def test_a_deleted_topic_is_told_where_no_topic_is_needed(reported: Reported) -> None:
    finding = reported.topic_deleted
    assert finding["FindingProviderFields"]["Severity"]["Label"] == "CRITICAL"
    assert finding["ProductFields"]["trailkeeper/outcome"] == "reported"
    assert finding["ProductFields"]["trailkeeper/event_name"] == "DeleteTopic"
