"""The pipeline's steps outside of AWS: workflows, scripts, and that they fit together."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from lab.paths import REPOSITORY

SCRIPTS = REPOSITORY / "scripts"
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
GITLAB = REPOSITORY / "docs" / "examples" / "gitlab-ci.yml"


def load(name: str) -> Any:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_nothing_is_permitted_by_default(workflow: Path) -> None:
    text = workflow.read_text()
    uses = re.findall(r"uses: (.+)", text)
    assert uses
    # A workflow of this repository is of the same commit.
    others = [use for use in uses if not use.startswith("$/")]
    assert [use for use in others if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE)
    assert "pull_request_target" not in text


def test_one_version_of_an_action_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for workflow in WORKFLOWS:
        for action, pin in re.findall(r"uses: ([\w./-]+)@(.+)", workflow.read_text()):
            pins.setdefault(action, set()).add(pin)
    assert {action for action, found in pins.items() if len(found) > 1} == set()


@pytest.mark.parametrize("file", [*WORKFLOWS, GITLAB], ids=lambda path: path.stem)
def test_the_targets_that_are_called_exist(file: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"\bmake (?:-C trailkeeper )?([a-z]+)(?= |$)", file.read_text(), re.MULTILINE))
    assert called
    assert called <= targets


def test_a_cancelled_job_lets_the_drill_put_the_trail_back(tmp_path: Path) -> None:
    """GitHub signals the step's first process alone: SIGINT, later SIGTERM, and then kills all of them."""
    deploy = (REPOSITORY / ".github" / "workflows" / "deploy.yml").read_text()
    (command,) = re.findall(r"^ +run: (.* drill .*)$", deploy, re.MULTILINE)
    drill, said = tmp_path / "drill", tmp_path / "said"
    drill.write_text("#!/bin/sh\ntrap 'echo put back; exit 2' TERM\necho attacked\nsleep 9 & wait\n")
    drill.chmod(0o755)
    words = f"{command} DRILL={drill}".replace("-C trailkeeper", f"-C {REPOSITORY}")
    script = tmp_path / "step.sh"
    script.write_text(words + "\n")
    with said.open("w") as out:
        step = subprocess.Popen(["bash", "-e", script], env={**os.environ, "TRAIL": "arn"}, stdout=out, stderr=out)

    def wait_for(words: str) -> None:
        deadline = time.monotonic() + 8
        while words not in said.read_text():
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.02)

    try:
        wait_for("attacked")
        step.send_signal(signal.SIGINT)
        time.sleep(0.2)
        step.send_signal(signal.SIGTERM)
        wait_for("put back")
    finally:
        step.kill()
        step.wait()


CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-02-01

### Added

- More.

## [1.0.0] - 2026-01-01

- First.

[1.0.0]: https://example.com
"""


def test_release_notes_are_those_of_the_version() -> None:
    notes_of = load("release_notes").notes_of
    assert notes_of("1.1.0", CHANGELOG) == "### Added\n\n- More.\n"
    assert notes_of("1.0.0", CHANGELOG) == "- First.\n"


@pytest.mark.parametrize("version", ["1.2.0", "1.1", "Unreleased"])
def test_a_version_without_notes_is_no_release(version: str) -> None:
    module = load("release_notes")
    with pytest.raises(module.NotesError):
        module.notes_of(version, CHANGELOG)


def test_a_plan_stays_in_its_block(tmp_path: Path) -> None:
    text = tmp_path / "plan.txt"
    text.write_text("Plan: 1 to add, 0 to change, 0 to destroy.\n```\n# not a heading\n")
    answer = subprocess.run(
        [SCRIPTS / "plan_comment.sh", text, "accounts/a", "111122223333"], capture_output=True, text=True, check=True
    ).stdout
    assert answer.count("\n````\n") == 2
    assert "\nPlan: 1 to add, 0 to change, 0 to destroy.\n\n<details>" in answer


FAKE = """#!/usr/bin/env bash
echo "$*" >> "$LOG"
case "$*" in
  *" plan "*) for a; do [[ $a == -out=* ]] && echo plan > "${a#-out=}"; done; exit "${PLAN_CODE:-0}" ;;
  *" show "*) echo "Plan: 1 to add, 0 to change, 0 to destroy." ;;
esac
exit 0
"""


class Steps:
    """scripts/terraform.sh with a Terraform that writes down how it was called."""

    def __init__(self, directory: Path) -> None:
        self.folder = directory / "deployed"
        self.folder.mkdir()
        (self.folder / "main.tf").write_text("")
        self.plan = directory / "plans" / "tfplan"
        self._log = directory / "calls"
        self._fake = directory / "terraform"
        self._fake.write_text(FAKE)
        self._fake.chmod(0o755)

    def run(self, step: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One step."""
        return subprocess.run(
            [SCRIPTS / "terraform.sh", step, self.folder, self.plan],
            env=os.environ | {"TERRAFORM": str(self._fake), "LOG": str(self._log)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What Terraform was asked for."""
        return [line.split(" ")[1] for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def status(self) -> str:
        """What drift left behind."""
        return self.plan.with_name("tfplan.status").read_text().strip()


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    """A folder to deploy."""
    return Steps(tmp_path)


def test_apply_takes_the_plan_that_was_shown_and_once(steps: Steps) -> None:
    assert steps.run("apply").returncode == 1
    assert steps.calls() == []
    assert steps.run("plan").returncode == 0
    assert steps.plan.with_name("tfplan.txt").read_text().startswith("Plan: 1 to add")
    assert steps.run("apply").returncode == 0
    assert steps.calls() == ["init", "plan", "show", "init", "apply"]
    assert steps.run("apply").returncode == 1


def test_a_failed_plan_leaves_no_older_one(steps: Steps) -> None:
    steps.run("plan")
    steps.plan.write_text("an older plan")
    assert steps.run("plan", TERRAFORM="false").returncode != 0
    assert not steps.plan.exists()


@pytest.mark.parametrize(("code", "exit_code", "status"), [("0", 0, "none"), ("2", 1, "drift"), ("1", 1, "error")])
def test_drift_fails_loudly_and_leaves_no_plan_to_apply(steps: Steps, code: str, exit_code: int, status: str) -> None:
    answer = steps.run("drift", PLAN_CODE=code)
    assert (answer.returncode, steps.status()) == (exit_code, status)
    assert ("DRIFT" in answer.stderr) == (status == "drift")
    if status != "error":
        assert not steps.plan.exists()
