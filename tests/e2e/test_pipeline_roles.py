"""The pipeline's roles deploy the root module, with IAM enforced, and can do no more.

The emulator does not ask for iam:PassRole when a function gets a role, does not know
the condition keys iam:PermissionsBoundary, kms:ResourceAliases, lambda:FunctionArn,
sns:Endpoint and sns:Protocol (so not that the drill subscribes its own queue only),
and asks for some calls on another resource than AWS (GAPS in pipeline_roles.py). What
these say is pinned by the module's Terraform tests only.
"""

from __future__ import annotations

import pytest

from e2e.deployments import Deployments
from e2e.pipeline_roles import Piped

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}


@pytest.fixture(scope="module")
def piped(deployments: Deployments) -> Piped:
    """An account that a pipeline has deployed to."""
    return deployments.get("piped")[1]


def test_the_apply_role_deploys_and_the_plan_role_plans(piped: Piped) -> None:
    """Both ran without an administrator; a plan after the apply sees the whole state."""
    assert piped.trail_arn.endswith(":trail/trailkeeper")
    assert piped.replaced == []


@pytest.mark.parametrize(
    "attempt",
    [
        "apply stops the trail",
        "apply deletes the trail",
        "apply deletes the log bucket",
        "apply deletes the trail's key",
        "apply reads a log",
        "apply changes its own role",
        "apply opens the responder's role",
        "apply opens its own role",
        "apply rewrites its boundary",
        "apply gives itself another boundary",
        "apply makes a role beyond the prefix",
        "apply makes a user",
        "apply takes off its boundary",
        "plan changes the trail",
        "plan changes the function",
        "plan reads a log",
        "drill deletes the trail",
        "drill weakens the trail",
        "drill stops another trail",
        "drill hears another topic",
        "drill lists who is told",
        "drill makes another queue",
        "drill reads another queue",
        "drill reads the dead letters",
        "drill deletes the dead letters",
    ],
)
def test_what_the_roles_may_not(piped: Piped, attempt: str) -> None:
    assert piped.refusals[attempt] in DENIED


@pytest.mark.parametrize("subject", ["pull_request", "ref:refs/heads/main", "environment:other", "another audience"])
def test_the_apply_role_trusts_its_environment_only(piped: Piped, subject: str) -> None:
    assert piped.untrusted[subject] == "AccessDenied"


@pytest.mark.parametrize("role", ["plan", "apply", "drill"])
def test_each_role_takes_the_token_made_for_it(piped: Piped, role: str) -> None:
    assert piped.trusted[role].endswith(f":assumed-role/trailkeeper-pipeline-{role}/run-1")


def test_a_drill_by_its_role_passes(piped: Piped) -> None:
    """With its topic: it hears the notice, and takes its queue away."""
    drill = piped.drill
    assert (drill.code, drill.heard, drill.left, drill.outcomes) == (0, True, [], ["restored"]), drill.output


def test_a_role_of_the_workloads_heals_and_tells_within_its_boundary_only(piped: Piped) -> None:
    """Whatever else it was given. The roles that the drill needed carry it too."""
    within = {"starts the trail", "tells the topic"}
    assert {what for what, outcome in piped.bounded.items() if outcome == "allowed"} == within
    refusals = {outcome for what, outcome in piped.bounded.items() if what not in within}
    assert refusals <= DENIED
