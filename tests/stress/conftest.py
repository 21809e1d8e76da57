"""A lab for these tests alone: they would disturb all others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.conftest import package, progress  # noqa: F401  the same fixtures as there
from e2e.deployments import NEVER_SWEPT
from e2e.guarded import Guarded
from lab.environment import isolate
from lab.inbox import Inbox
from lab.progress import Progress
from lab.session import ACCOUNT, REGION, Lab

# CloudTrail takes five trails in a region. The root module makes the first.
MORE_TRAILS = [f"trail-{number}" for number in range(2, 6)]
BUCKET = "logs-of-more-trails"


def arn_of(name: str) -> str:
    """Of a trail in the lab's account."""
    return f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}"


def _make_trails(lab: Lab) -> None:
    lab.root.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    cloudtrail = lab.root.client("cloudtrail")
    for name in MORE_TRAILS:
        cloudtrail.create_trail(Name=name, S3BucketName=BUCKET)
        cloudtrail.start_logging(Name=name)


@pytest.fixture(scope="session")
def lab(package: Path, progress: Progress, request: pytest.FixtureRequest) -> Iterator[Lab]:  # noqa: F811
    """The applied infrastructure, with five protected trails."""
    isolate()
    variables = {**NEVER_SWEPT, "existing_trails": {arn_of(name): {} for name in MORE_TRAILS}}
    name = f"stress-{os.getpid()}"
    with Lab(name, package, progress, variables=variables, beside=_make_trails, keeps_state=True) as lab:
        yield lab
        lab.keep_logs = request.session.testsfailed > 0


@pytest.fixture
def guarded(lab: Lab) -> Iterator[Guarded]:
    """What the tests do to the account, and how they look at it."""
    inbox = Inbox(lab.admin, lab.inbox_url)
    yield Guarded(lab, inbox)
    inbox.close()
