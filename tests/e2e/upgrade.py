"""The previous release in an account, and this tree applied over it."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.deployments import NEVER_SWEPT, Deployment
from e2e.guarded import Guarded
from lab.inbox import Inbox, create_inbox
from lab.paths import INFRA, REPOSITORY
from lab.progress import LabError

# The newest release or, before the first one, the last revision that counts as one.
REVISION_FILE = Path(__file__).parent / "previous-release"


@dataclass
class Upgrade:
    """What the upgrade planned and did."""

    planned: dict[str, tuple[str, list[str]]]  # address -> type, actions
    calls: list[str]
    logging: bool
    trail_arns: tuple[str, str]
    notice: dict[str, Any]


def extract(revision: str, repository: Path, target: Path) -> Path:
    """The folder infra/ of a revision, below `target`."""
    answer = subprocess.run(
        ["git", "-C", str(repository), "archive", "--format=tar", revision, "infra"], capture_output=True, check=False
    )
    if answer.returncode != 0:
        raise LabError(
            f"the previous release, {revision} (tests/e2e/{REVISION_FILE.name}), is not in this clone: "
            f"{answer.stderr.decode().strip()}\nA shallow clone lacks it. Get it with: git fetch --unshallow --tags"
        )
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
        archive.extractall(target, filter="data")
    return target / "infra"


def upgrade(deployment: Deployment, variables: dict[str, Any]) -> Upgrade:
    """Both with the package of this tree: it is Terraform's part of an upgrade that is tried."""
    terraform = deployment.terraform
    previous = extract(REVISION_FILE.read_text().strip(), REPOSITORY, terraform.directory.parent / "previous-release")
    variables = variables | NEVER_SWEPT
    terraform.write(previous, variables)
    terraform.init()
    before = terraform.apply()["outputs"]

    since = time.time()
    terraform.write(INFRA, variables)
    terraform.init()
    changes = terraform.planned_json().get("resource_changes", [])
    after = deployment.outputs = terraform.apply()["outputs"]
    deployment.inbox_url = create_inbox(deployment.admin, after["alerts_topic_arn"])
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    guarded.settle()
    calls = [record["eventName"] for record in guarded.records(since) if not record["readOnly"]]
    logging = guarded.is_logging()
    _, notice = guarded.notice(guarded.attack())
    guarded.settle()
    inbox.close()
    return Upgrade(
        {change["address"]: (change["type"], change["change"]["actions"]) for change in changes},
        calls,
        logging,
        (before["trail_arn"], after["trail_arn"]),
        notice,
    )
