"""A running emulator for the tests of what the lab adds to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.aws import Aws, Credentials
from lab.emulator import Emulator, start_emulator
from lab.processes import free_port
from unit.accounts import ACCOUNT, REGION
from unit.cross_account import Organization, make_organization

__all__ = ["ACCOUNT", "REGION"]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    port = free_port()
    running = start_emulator(
        port=port,
        gateway_url=f"http://127.0.0.1:{port}",
        account=ACCOUNT,
        region=REGION,
        directory=tmp_path_factory.mktemp("emulator"),
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def root(emulator: Emulator) -> Aws:
    return Aws(emulator.url, REGION, Credentials(ACCOUNT, ACCOUNT, emulator.root_secret))


@pytest.fixture(scope="session")
def organization(emulator: Emulator) -> Organization:
    return make_organization(emulator)
