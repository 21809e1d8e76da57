"""One lab for all tests of a run (`python -m e2e` runs three): an apply takes a minute. All else is beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from e2e.deployments import NEVER_SWEPT, Deployments
from e2e.examples import Examples
from e2e.guarded import Guarded, Site
from e2e.organization_lab import Member, Organization, OrganizationLab
from e2e.recipes import RECIPES, WANTED
from lab.environment import isolate
from lab.inbox import Inbox
from lab.paths import PACKAGE
from lab.progress import Progress
from lab.session import Lab

Account = TypeVar("Account", bound=Guarded)


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


class Neighbours:
    """All that is deployed beside the main account, as far as the chosen tests want it."""

    def __init__(self, modules: set[str], progress: Progress) -> None:
        self._progress = progress
        self._names = {name for module in modules for name in WANTED.get(module, ())}
        self._with_examples = bool({"test_examples", "test_terraform_examples"} & modules)
        self.deployments = Deployments(RECIPES)
        self._with_organization = any(module.startswith("test_cross_account") for module in modules)
        self.examples = Examples(progress)
        self.organization = OrganizationLab(self.examples.quiet)

    def start(self, lab: Lab) -> None:
        """Begin; whatever is still under way when the lab ends is waited for."""
        lab.on_exit(self.deployments.close)
        lab.on_exit(self.examples.close)
        lab.on_exit(self.organization.close)
        if self._with_organization:
            self.organization.start(lab)
        self.deployments.start(lab, self._names, self.examples.quiet)

    def start_examples(self, lab: Lab) -> None:
        """Later: all at once they would keep the main account waiting."""
        if self._with_examples:
            self.examples.start(lab)


@pytest.fixture(scope="session")
def neighbours(request: pytest.FixtureRequest, progress: Progress) -> Neighbours:
    """What the chosen tests need beside the main account."""
    return Neighbours({item.path.stem for item in request.session.items}, progress)


@pytest.fixture(scope="session")
def lab(package: Path, progress: Progress, neighbours: Neighbours, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The applied infrastructure, attacked by all tests in turn."""
    isolate()
    with Lab(f"tests-{os.getpid()}", package, progress, variables=NEVER_SWEPT, beside=neighbours.start) as lab:
        neighbours.start_examples(lab)
        yield lab
        lab.keep_logs = request.session.testsfailed > 0
        assert lab.gateway.control.failures() == [], "the gateway failed: no result above is to be trusted"


@pytest.fixture(scope="session")
def examples(lab: Lab, neighbours: Neighbours) -> Examples:
    """The examples are applied in accounts of their own, beside the other tests."""
    return neighbours.examples


@pytest.fixture(scope="session")
def deployments(lab: Lab, neighbours: Neighbours) -> Deployments:
    """Other deployments, made beside the other tests."""
    return neighbours.deployments


def _guarded(site: Site) -> Iterator[Guarded]:
    """What the tests do to an account, and how they look at it."""
    site.root.client("s3").create_bucket(
        Bucket=f"attackers-{site.account}", CreateBucketConfiguration={"LocationConstraint": site.region}
    )
    inbox = Inbox(site.admin, site.inbox_url)
    yield Guarded(site, inbox)
    inbox.close()


@pytest.fixture(scope="session")
def guarded_account(lab: Lab) -> Iterator[Guarded]:
    """The main account: the trail that the root module makes."""
    yield from _guarded(lab)


@pytest.fixture(scope="session")
def complete_account(deployments: Deployments) -> Iterator[Guarded]:
    """An account with a trail that has everything, made by somebody else's Terraform."""
    yield from _guarded(deployments.get("complete")[0])


@pytest.fixture(scope="session")
def observed_account(deployments: Deployments) -> Iterator[Guarded]:
    """The same, watched by a responder that changes nothing."""
    yield from _guarded(deployments.get("observe")[0])


@pytest.fixture(scope="session")
def organization(lab: Lab, neighbours: Neighbours) -> Organization:
    """A security account with the hub, three members, an account outside."""
    return neighbours.organization.get()


@pytest.fixture(scope="session")
def organization_inbox(organization: Organization) -> Iterator[Inbox]:
    """The hub's notices."""
    inbox = Inbox(organization.hub.admin, organization.hub.inbox_url)
    yield inbox
    inbox.close()


@pytest.fixture(scope="session")
def member_accounts(organization: Organization, organization_inbox: Inbox) -> tuple[Member, Member, Member]:
    """The members; the third has a responder of its own."""
    a, b, both = (Member(site, organization.hub, organization_inbox) for site in organization.members())
    return a, b, both


def _between_resets(account: Account) -> Iterator[Account]:
    """The trail as declared, an undisturbed delivery, an empty dead-letter queue: before and after each test."""
    account.reset()
    yield account
    account.reset()


@pytest.fixture
def guarded(guarded_account: Guarded) -> Iterator[Guarded]:
    """The main account, for one test."""
    yield from _between_resets(guarded_account)


@pytest.fixture
def complete(complete_account: Guarded) -> Iterator[Guarded]:
    """The account with the complete trail, for one test."""
    yield from _between_resets(complete_account)


@pytest.fixture
def observed(observed_account: Guarded) -> Iterator[Guarded]:
    """The observed account, for one test."""
    yield from _between_resets(observed_account)


@pytest.fixture
def member_a(member_accounts: tuple[Member, ...]) -> Iterator[Member]:
    """A member that the hub heals, for one test."""
    yield from _between_resets(member_accounts[0])


@pytest.fixture
def member_b(member_accounts: tuple[Member, ...]) -> Iterator[Member]:
    """Another one."""
    yield from _between_resets(member_accounts[1])


@pytest.fixture
def member_both(member_accounts: tuple[Member, ...]) -> Iterator[Member]:
    """A member that has a responder of its own as well."""
    yield from _between_resets(member_accounts[2])
