"""The pipelines' drill: it is told the topic, and what it leaves is kept, also of one that failed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lab.paths import REPOSITORY
from unit.test_pipeline_pins import DEPLOY, GITLAB, load, shell, step

TRAIL, TOPIC = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit", "arn:aws:sns:eu-central-1:111122223333:told"
# Does what `make drill` would do with the drill, and fails as a drill fails.
MAKE = """#!/usr/bin/env bash
shift 3
for given; do [[ $given == OUT=* ]] && out="${given#OUT=}"; printf '%s\\n' "$given" >> "$LOG"; done
mkdir -p "$out" && touch "$out"/{report.json,report.html,restore.sh}
exit 2
"""


def github(directory: Path) -> tuple[str, dict[str, str], dict[str, Any], list[Path]]:
    """The step, its environment, what keeps the report, and where that looks for it."""
    (kept,) = [each for each in load(DEPLOY)["jobs"]["drill"]["steps"] if "upload-artifact" in each.get("uses", "")]
    places = kept["with"]["path"].replace("${{ runner.temp }}", str(directory)).split()
    return (
        step("drill", "make drill"),
        {"RUNNER_TEMP": str(directory), "TRAIL": TRAIL, "TOPIC": TOPIC},
        {"always": kept["if"] == "always()", "days": kept["with"]["retention-days"]},
        [Path(place) for place in places],
    )


def gitlab(directory: Path) -> tuple[str, dict[str, str], dict[str, Any], list[Path]]:
    """The same of GitLab."""
    job = load(GITLAB)["drill"]
    kept = job["artifacts"]
    return (
        "\n".join(job["script"]),
        {"CI_PROJECT_DIR": str(directory), "TRAIL_ARN": TRAIL, "TOPIC_ARN": TOPIC},
        {"always": kept["when"] == "always", "days": int(kept["expire_in"].split()[0])},
        [directory / place for place in kept["paths"]],
    )


@pytest.mark.parametrize("system", [github, gitlab])
def test_a_drill_that_fails_leaves_its_report(tmp_path: Path, system: Any) -> None:
    script, environment, keeps, places = system(tmp_path)
    make, log = tmp_path / "bin" / "make", tmp_path / "log"
    make.parent.mkdir()
    make.write_text(MAKE)
    make.chmod(0o755)
    path = f"{make.parent}:{os.environ['PATH']}"
    answer = shell(script, tmp_path, **environment, PATH=path, LOG=str(log))
    assert answer.returncode == 2, answer.stderr
    given = log.read_text().split()
    assert f"TRAIL_ARN={TRAIL}" in given and f"TOPIC_ARN={TOPIC}" in given and "YES=1" in given
    assert keeps == {"always": True, "days": 90}
    assert sorted(place.name for place in places) == ["report.html", "report.json", "restore.sh"]
    assert [place for place in places if not place.is_file()] == []


def test_the_variables_of_make_are_those_of_its_drill() -> None:
    recipe = (REPOSITORY / "Makefile").read_text().split("\ndrill: ", 1)[1].split("\n\n", 1)[0]
    for variable in ("TRAIL_ARN", "TOPIC_ARN", "OUT", "YES"):
        assert f"$({variable})" in recipe or f"$(if $({variable})" in recipe
