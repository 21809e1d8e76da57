"""`python -m lab terraform-check`: validates every Terraform directory of infra/ and runs its tests.

On a copy, so that nothing is written beside the sources. The tests use a mocked
provider: no AWS, not even an emulated one, is called.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .aws import Aws, Credentials
from .paths import INFRA, LABS
from .progress import LabError, Progress
from .session import REGION
from .terraform import Terraform

# Nobody listens on port 1: a test that is not mocked fails at once.
_NOWHERE = Aws("http://127.0.0.1:1", REGION, Credentials("nobody", "AKIAIOSFODNN7EXAMPLE", "none"))


def directories(infra: Path) -> list[Path]:
    """The root module, the modules, the examples."""
    return [infra, *sorted(path.parent for path in infra.glob("*/*/versions.tf"))]


def terraform_check() -> None:
    """Check all; LabError with everything that is wrong."""
    progress = Progress()
    LABS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="terraform-check-", dir=LABS) as temporary:
        copy = Path(temporary) / "infra"
        shutil.copytree(INFRA, copy, ignore=shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*"))
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
            problems = [text for text in pool.map(lambda path: _check(path, copy, progress), directories(copy)) if text]
    if problems:
        raise LabError("\n\n".join(problems))


def _check(directory: Path, infra: Path, progress: Progress) -> str | None:
    name = f"infra/{directory.relative_to(infra)}".removesuffix("/.")
    log = directory.parent / f"{directory.name}.log"
    terraform = Terraform(directory, _NOWHERE, progress, log, quiet=True)
    try:
        terraform.init("-backend=false")
        terraform.validate()
        tests = list(directory.glob("tests/*.tftest.hcl"))
        summary = terraform.test() if tests else "valid"
    except LabError as error:
        return f"{name}: {error}"
    progress.say(f"{name}: {summary}")
    return None
