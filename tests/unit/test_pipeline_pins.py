"""What a pipeline approved is what it applies: commits, plans and packages cannot change in between.

The steps are run as the CI systems would run them: the shell text of the files themselves.
"""

from __future__ import annotations

import os
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.paths import REPOSITORY

DEPLOY = REPOSITORY / ".github" / "workflows" / "deploy.yml"
RELEASE = REPOSITORY / ".github" / "workflows" / "release.yml"
GITLAB = REPOSITORY / "docs" / "examples" / "gitlab-ci.yml"


class _Loader(yaml.SafeLoader):
    """YAML with GitLab's references."""


_Loader.add_constructor("!reference", lambda loader, node: tuple(loader.construct_sequence(node)))


def load(path: Path) -> Any:
    """A workflow."""
    return yaml.load(path.read_text(), _Loader)


def shell(script: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As GitHub and GitLab run a step on Linux."""
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def step(job: str, name: str) -> str:
    """The shell text of a step of deploy.yml."""
    (found,) = [each["run"] for each in load(DEPLOY)["jobs"][job]["steps"] if each.get("name") == name]
    return found


def test_a_tag_is_looked_up_once() -> None:
    """By the plan; the jobs after it take that commit."""
    checkouts = {
        job: [
            step["with"]["ref"]
            for step in described["steps"]
            if "actions/checkout" in step.get("uses", "") and "repository" in step.get("with", {})
        ]
        for job, described in load(DEPLOY)["jobs"].items()
    }
    commit = "${{ needs.plan.outputs.commit }}"
    assert checkouts == {"plan": ["${{ inputs.release }}"], "apply": [commit], "drill": [commit]}
    for job in ("apply", "drill"):
        assert "plan" in load(DEPLOY)["jobs"][job]["needs"]


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """A runner's folders after a plan, and what the plan's job hands on."""
    for folder in ("plan", "yours/accounts/a", "trailkeeper/scripts"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "plan" / "tfplan").write_bytes(b"the plan")
    package = tmp_path / "yours/accounts/a/trailkeeper-arm64.zip"
    package.write_bytes(b"the package")
    # A download finds what is there.
    fetch = tmp_path / "trailkeeper/scripts/packages.sh"
    fetch.write_text("#!/bin/sh\n")
    fetch.chmod(0o755)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(tmp_path / "trailkeeper")]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "release"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    output = tmp_path / "output"
    made = shell(
        step("plan", "commit and checksums, for the apply"),
        tmp_path,
        RUNNER_TEMP=str(tmp_path),
        DIRECTORY="accounts/a",
        GITHUB_OUTPUT=str(output),
    )
    assert made.returncode == 0, made.stderr
    text = output.read_text()
    assert (
        subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip() in text
    )
    plan = next(line.removeprefix("plan=") for line in text.splitlines() if line.startswith("plan="))
    packages = text.partition("packages<<END\n")[2].partition("\nEND")[0]
    return {"RUNNER_TEMP": str(tmp_path), "DIRECTORY": "accounts/a", "PLAN": plan, "PACKAGES": packages}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("the plan that was approved", "plan/tfplan"),
        ("packages of the release", "yours/accounts/a/trailkeeper-arm64.zip"),
    ],
)
def test_the_apply_takes_only_what_the_plan_had(runner: dict[str, str], tmp_path: Path, name: str, file: str) -> None:
    environment = runner | {"REPOSITORY": "o/r", "RELEASE": "v1"}
    assert shell(step("apply", name), tmp_path, **environment).returncode == 0
    (tmp_path / file).write_bytes(b"another one")
    assert shell(step("apply", name), tmp_path, **environment).returncode != 0
    nothing = environment | {"PLAN": "", "PACKAGES": ""}
    assert shell(step("apply", name), tmp_path, **nothing).returncode != 0, "no checksum is no agreement"


def test_a_plan_without_a_package_or_commit_is_handed_on_by_nobody(runner: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "yours/accounts/a/trailkeeper-arm64.zip").unlink()
    output = tmp_path / "second"
    script = step("plan", "commit and checksums, for the apply")
    assert shell(script, tmp_path, **runner, GITHUB_OUTPUT=str(output)).returncode != 0
    assert not output.exists()


def test_a_release_needs_every_test_at_its_commit() -> None:
    jobs = load(RELEASE)["jobs"]
    assert jobs["test"]["uses"] == "$/.github/workflows/ci.yml"
    assert "test" in jobs["publish"]["needs"]
    # YAML takes the key `on` for true.
    assert "workflow_call" in load(REPOSITORY / ".github" / "workflows" / "ci.yml")[True]


@pytest.mark.parametrize("job", ["plan", "apply", "drift"])
def test_gitlab_downloads_the_package_before_it_is_needed(job: str) -> None:
    first, second = load(GITLAB)[job]["script"]
    assert (first, second.split()[:4]) == ((".package", "script"), ["make", "-C", "trailkeeper", job])


@pytest.mark.parametrize(("content", "passes"), [(b"the package", True), (b"another one", False), (None, False)])
def test_gitlab_takes_only_the_package_of_that_checksum(tmp_path: Path, content: bytes | None, passes: bool) -> None:
    release = tmp_path / "releases/download/v1.2.3"
    release.mkdir(parents=True)
    (tmp_path / "accounts").mkdir()
    if content is not None:
        (release / "trailkeeper-arm64.zip").write_bytes(content)
    answer = shell(
        "\n".join(load(GITLAB)[".package"]["script"]),
        tmp_path,
        TRAILKEEPER=f"file://{tmp_path}",
        RELEASE="v1.2.3",
        ARCHITECTURE="arm64",
        DIRECTORY="accounts",
        PACKAGE_SHA256=sha256(b"the package").hexdigest(),
    )
    assert (answer.returncode == 0) is passes, answer.stderr
    if passes:
        assert (tmp_path / "accounts/trailkeeper-arm64.zip").read_bytes() == content


def test_gitlab_takes_only_the_commit_of_the_release(tmp_path: Path) -> None:
    source = tmp_path / "source"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(source)]
    source.mkdir()
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "release"], ["tag", "v1.2.3"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    steps = "\n".join(load(GITLAB)[".trailkeeper"]["before_script"][:2])
    for number, (commit, code) in enumerate([(head, 0), ("0" * 40, 1), ("", 1)]):
        job = tmp_path / str(number)
        job.mkdir()
        answer = shell(steps, job, RELEASE="v1.2.3", TRAILKEEPER=f"file://{source}", COMMIT=commit)
        assert answer.returncode == code
        assert ("moved the tag" in answer.stderr) == (code == 1)
