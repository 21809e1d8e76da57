"""Every example of infra/ goes away again, and logs are kept unless the user says otherwise."""

from __future__ import annotations

import pytest

from e2e.examples import KEPT, NAMES, Examples


def test_a_bucket_with_logs_is_kept_unless_the_user_says_so(examples: Examples) -> None:
    """Done in the background, because each of the three steps waits."""
    examples.begin_to_destroy()
    kept = examples.end_of_kept()
    assert "BucketNotEmpty" in kept.refusal
    assert kept.log_after_refusal == b"evidence"
    assert kept.buckets_after_consent == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != KEPT])
def test_destroys(examples: Examples, name: str) -> None:
    examples.begin_to_destroy()
    assert examples.end_of(name).terraform.state() == []
