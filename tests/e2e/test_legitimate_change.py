"""Law 5: what Terraform changes is the new baseline before it is the new trail, so nobody fights it.

The delivery hands over every event, also those of Terraform's own calls.
"""

from __future__ import annotations

import pytest

from e2e.changes import DATA_SELECTOR, DEFAULT_SELECTOR, Change, Changes
from e2e.deployments import Deployments
from e2e.pipeline import PIPELINE_ROLE


@pytest.fixture(scope="module")
def changes(deployments: Deployments) -> Changes:
    """Made in an account of their own, beside the other tests."""
    return deployments.get("changed")[1]


def _was_not_fought(change: Change) -> None:
    """No call that changes the trail, its bucket or its key, nothing but information, and nothing left to apply."""
    assert change.after != change.before, "Terraform did not change anything"
    assert change.writes == []
    assert change.repairs == []
    assert change.notices, "a change is told, for information"
    for notice in change.notices:
        assert (notice["outcome"], notice["severity"]) == ("conforming_change", "info"), notice["summary"]
    assert change.dead_letters == []
    assert not change.plan_differs


def test_key_selectors_insights_prefix_and_tags_by_terraform(changes: Changes) -> None:
    change = changes.by_administrator
    _was_not_fought(change)
    assert change.after["event_selectors"] == [DATA_SELECTOR]
    assert change.after["insight_selectors"] == [{"insight_type": "ApiErrorRateInsight"}]
    assert (change.after["s3_key_prefix"], change.after["tags"]) == ("audit", {"owner": "security"})
    assert change.after["kms_key_id"] not in ("", change.before["kms_key_id"])
    of_trail = {"UpdateTrail", "PutEventSelectors", "PutInsightSelectors", "AddTags"}
    of_bucket = {"PutBucketPolicy", "PutBucketEncryption"}
    of_key = {"CreateKey", "PutKeyPolicy", "UpdateAlias", "ScheduleKeyDeletion"}
    assert of_trail | of_bucket | of_key <= change.events, "all were to be seen"


def test_after_a_change_the_new_state_is_guarded(changes: Changes) -> None:
    attacked = changes.attacked
    assert [notice["outcome"] for notice in attacked.notices] == ["restored"]
    assert attacked.after == changes.by_administrator.after
    assert not attacked.plan_differs


def test_terraform_in_the_hands_of_the_pipeline(changes: Changes) -> None:
    """Back to default selectors, no insights, no prefix, no tags, by a role listed as change principal."""
    change = changes.by_pipeline
    _was_not_fought(change)
    assert change.after["event_selectors"] == [DEFAULT_SELECTOR]
    assert (change.after["insight_selectors"], change.after["s3_key_prefix"], change.after["tags"]) == ([], "", {})
    assert all(PIPELINE_ROLE in notice["actor"]["arn"] for notice in change.notices)


def test_what_the_pipeline_does_beside_terraform_is_undone(changes: Changes) -> None:
    """Somebody used the pipeline's role for a call of their own: healed, and told for information."""
    change = changes.beside_terraform
    assert [(notice["outcome"], notice["severity"]) for notice in change.notices] == [("restored", "info")]
    assert [entry["field"] for entry in change.notices[0]["drift"]] == ["enable_log_file_validation"]
    assert change.after == change.before
    assert not change.plan_differs


def test_from_basic_to_advanced_selectors(changes: Changes) -> None:
    change = changes.to_advanced
    _was_not_fought(change)
    assert [selector["name"] for selector in change.after["advanced_event_selectors"]] == ["Management", "Objects"]
    assert {"PutBucketPolicy", "PutKeyPolicy"} <= change.events, "who may change bucket and key was to change too"
