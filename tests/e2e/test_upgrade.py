"""The current tree is applied over the previous release, and the trail does not notice.

Tried is Terraform's part: state, addresses, what is replaced. The function is that of
the current tree before and after: to build the previous one would take minutes.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from e2e.deployments import Deployments
from e2e.upgrade import REVISION_FILE, Upgrade, extract
from lab.paths import REPOSITORY
from lab.progress import LabError

# Replaced, each of these would lose evidence, or leave the trail unguarded or the people untold.
KEPT = {
    "aws_cloudtrail",
    "aws_s3_bucket",
    "aws_kms_key",
    "aws_sns_topic",
    "aws_dynamodb_table",
    "aws_lambda_function",
    "aws_iam_role",
    "aws_cloudwatch_event_rule",
    "aws_scheduler_schedule",
}


@pytest.fixture(scope="module")
def upgraded(deployments: Deployments) -> Upgrade:
    """An account that had the previous release."""
    return deployments.get("upgraded")[1]


def test_nothing_that_matters_is_replaced(upgraded: Upgrade) -> None:
    bad = {
        address: actions
        for address, (kind, actions) in upgraded.planned.items()
        if kind in KEPT and {"delete", "forget"} & set(actions)  # what is new replaces nothing
    }
    assert bad == {}
    # The plan was that of an upgrade: what is kept was in it.
    kinds = {kind for kind, _ in upgraded.planned.values()}
    assert kinds >= KEPT


def test_what_is_removed_is_not_made_again_elsewhere(upgraded: Upgrade) -> None:
    """An address that changed needs a `moved` block."""
    made = [kind for kind, actions in upgraded.planned.values() if actions == ["create"]]
    lost = {a: kind for a, (kind, actions) in upgraded.planned.items() if actions == ["delete"] and kind in made}
    assert lost == {}


def test_the_trail_logs_all_the_time(upgraded: Upgrade) -> None:
    assert upgraded.logging
    assert upgraded.trail_arns[0] == upgraded.trail_arns[1]
    assert not {"StopLogging", "DeleteTrail", "CreateTrail"} & set(upgraded.calls), upgraded.calls


def test_the_upgraded_deployment_heals(upgraded: Upgrade) -> None:
    assert upgraded.notice["outcome"] == "restored", upgraded.notice


def test_a_clone_without_the_release_says_what_to_do(tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--bare", "--depth=1", f"file://{REPOSITORY}", str(shallow)], check=True)
    with pytest.raises(LabError, match="git fetch --unshallow"):
        extract(REVISION_FILE.read_text().strip(), shallow, tmp_path)
