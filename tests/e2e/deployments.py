"""Trailkeeper deployed in accounts of their own, beside the main one, for tests that need another deployment.

Each is made in the background, and some do their slow experiments there too, so that
the tests only look at what came of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.aws import Aws
from lab.gateway_process import Gateway
from lab.inbox import create_inbox
from lab.paths import INFRA
from lab.progress import Progress
from lab.session import Lab
from lab.terraform import Terraform

FIRST_ACCOUNT = 333300000000
# As rarely as can be: no sweep is to come in between.
NEVER_SWEPT: dict[str, Any] = {"sweep_interval_minutes": 60}
# Half of the resources, for tests of what the responder does to a trail.
TRAIL_ALONE: dict[str, Any] = {"understudy": False, "guard_responder": False}


@dataclass
class Deployment:
    """An account with Trailkeeper; has what Guarded needs."""

    name: str
    gateway: Gateway
    account: str
    region: str
    root: Aws
    admin: Aws
    attacker: Aws
    terraform: Terraform
    trail_terraform: Terraform
    outputs: dict[str, Any] = field(default_factory=dict)
    inbox_url: str = ""
    baseline: dict[str, Any] = field(default_factory=dict)

    def make_trail(self) -> None:
        """Apply the trail that has everything, with its own Terraform."""
        directory = self.trail_terraform.directory
        directory.mkdir(parents=True)
        shutil.copy(Path(__file__).parent / "complete" / "main.tf", directory)
        self.trail_terraform.init()
        outputs = self.trail_terraform.apply()
        self.outputs["trail_arn"], self.baseline = outputs["trail_arn"], outputs["baseline"]

    def protect(self, variables: dict[str, Any], baseline: dict[str, Any] | None) -> None:
        """Deploy Trailkeeper for that trail; without a baseline it protects the logging state alone."""
        arn = self.outputs["trail_arn"]
        declared = {} if baseline is None else {"baseline": baseline}
        self.deploy(variables | {"create_trail": False, "existing_trails": {arn: declared}})
        self.outputs["trail_arn"] = arn

    def deploy(self, variables: dict[str, Any], *arguments: str) -> None:
        """Apply the root module, and subscribe a queue to its topic once."""
        self.terraform.write(INFRA, variables)
        if not (self.terraform.directory / ".terraform").exists():
            self.terraform.init()
        self.outputs = self.terraform.apply(*arguments)["outputs"]
        if not self.inbox_url:
            self.inbox_url = create_inbox(self.admin, self.outputs["alerts_topic_arn"])


Recipe = Callable[[Deployment, dict[str, Any]], Any]


class Deployments:
    """All that are wanted, by name. What a recipe returns is kept."""

    def __init__(self, recipes: dict[str, Recipe]) -> None:
        self._recipes = recipes
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="deployment")
        self._futures: dict[str, Future[tuple[Deployment, Any]]] = {}

    def start(self, lab: Lab, names: Iterable[str], quiet: Progress) -> None:
        """Begin with these. Each name always has the same account."""
        for number, name in enumerate(self._recipes, start=1):
            if name in names:
                self._futures[name] = self._pool.submit(self._make, lab, name, str(FIRST_ACCOUNT + number), quiet)

    def get(self, name: str) -> tuple[Deployment, Any]:
        """A deployment and what its recipe returned; raises what the recipe raised."""
        return self._futures[name].result(timeout=900)

    def close(self) -> None:
        """Wait for what is under way; the emulator forgets the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, lab: Lab, name: str, account: str, quiet: Progress) -> tuple[Deployment, Any]:
        root = lab.as_account(account)
        admin, attacker = lab.create_users(root)
        log = lab.directory / f"terraform-{name}.log"
        deployment = Deployment(
            name,
            lab.gateway,
            account,
            lab.region,
            root,
            admin,
            attacker,
            Terraform(lab.directory / name, admin, quiet, log),
            Terraform(lab.directory / f"{name}-trail", admin, quiet, log),
        )
        return deployment, self._recipes[name](deployment, lab.root_variables())
