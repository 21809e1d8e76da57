"""One lab for all end-to-end tests: an apply takes about a minute."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.examples import Examples
from e2e.guarded import Guarded
from lab.environment import isolate
from lab.inbox import Inbox
from lab.paths import PACKAGE
from lab.progress import LabError, Progress
from lab.session import Lab


@pytest.fixture(scope="session")
def progress(request: pytest.FixtureRequest) -> Iterator[Progress]:
    """Progress straight to the terminal: a minute of silence looks like a hang."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        stream = os.fdopen(os.dup(2), "w")
    yield Progress(stream)
    stream.close()


@pytest.fixture(scope="session")
def package() -> Path:
    """The function's zip: TRAILKEEPER_PACKAGE, or where the build puts it."""
    path = Path(os.environ.get("TRAILKEEPER_PACKAGE", PACKAGE)).resolve()
    if not path.is_file():
        pytest.exit(f"there is no package {path}: run `make package` first", returncode=1)
    return path


@pytest.fixture(scope="session")
def lab(package: Path, progress: Progress, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The applied infrastructure, attacked by all tests in turn."""
    isolate()
    with Lab(f"tests-{os.getpid()}", package, progress) as lab:
        yield lab
        lab.keep_logs = request.session.testsfailed > 0
        assert lab.gateway.control.failures() == [], "the gateway failed: no result above is to be trusted"


@pytest.fixture(scope="session")
def guarded_account(lab: Lab) -> Iterator[Guarded]:
    """What the tests do to the lab, and how they look at it."""
    inbox = Inbox(lab.admin, lab.inbox_url)
    yield Guarded(lab, inbox)
    inbox.close()


@pytest.fixture
def guarded(guarded_account: Guarded) -> Iterator[Guarded]:
    """A trail that logs, an undisturbed delivery, an empty dead-letter queue: before and after each test."""
    guarded_account.reset()
    yield guarded_account
    guarded_account.reset()


@pytest.fixture(scope="session", autouse=True)
def examples(request: pytest.FixtureRequest, lab: Lab, progress: Progress) -> Iterator[Examples | None]:
    """The examples are applied in accounts of their own, beside the other tests."""
    wanted = any(item.path.name == "test_examples.py" for item in request.session.items)
    if not wanted:
        yield None
        return
    running = Examples(lab, progress)
    try:
        running.start()
        yield running
    except LabError as error:
        pytest.fail(str(error))
    finally:
        running.close()
