"""However an attacker combines the calls: after the deliveries and one sweep the trail is what was declared.

The environment variable TRAILKEEPER_SEQUENCES_SEED repeats a run.
"""

from __future__ import annotations

import pytest

from e2e.deployments import Deployments
from e2e.sequences import COUNT, SEED, Ran, base_seed


@pytest.fixture(scope="module")
def all_ran(deployments: Deployments) -> list[Ran]:
    """The dozen, run beside the other tests."""
    return deployments.get("sequences")[1]


@pytest.mark.parametrize("number", range(COUNT))
def test_a_random_sequence_ends_as_declared(all_ran: list[Ran], number: int) -> None:
    ran = all_ran[number]
    print(f"{SEED}={base_seed()}, sequence {number} of {COUNT}:", *ran.steps, sep="\n  ")
    assert ran.problem == ""
    assert ran.left == [], "what differs from the declared state"
    assert ran.is_logging
    assert not ran.plan_differs, "terraform plan -detailed-exitcode"


def test_the_sequences_did_something(all_ran: list[Ran]) -> None:
    """So that a dozen of refused calls does not pass for a proof."""
    accepted = [step for ran in all_ran for step in ran.steps if "->" not in step]
    kinds = {step.split()[0] for step in accepted}
    assert len(accepted) >= COUNT * 2
    assert {"stop_logging", "update_trail", "put_event_selectors"} <= kinds
