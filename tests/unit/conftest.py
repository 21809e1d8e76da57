"""A running emulator for the tests of what the lab adds to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.aws import Aws, Credentials
from lab.emulator import Emulator, start_emulator
from lab.processes import free_port

ACCOUNT, REGION = "111122223333", "eu-west-1"


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
