"""Small parts of the lab itself."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from lab import notice_text, progress, provider
from lab.actors import listener
from lab.paths import REPOSITORY


def test_a_mirror_is_found_below_a_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "_EXACT", ())
    monkeypatch.setattr(provider, "_SEARCHED", (str(tmp_path),))
    assert provider.find_mirror() is None
    mirror = tmp_path / "vendor" / "plugins"
    (mirror / "registry.terraform.io" / "hashicorp" / "aws" / "5.100.0").mkdir(parents=True)
    assert provider.find_mirror() == mirror
    assert f'path    = "{mirror}"' in provider.cli_configuration(mirror)


def test_a_section_of_a_notice() -> None:
    text = "HEAD\n\nWHAT WAS LOST (quoted)\n  a\n   -> b\n\nWHO\n  x\n"
    assert notice_text.section(text, "WHAT WAS LOST") == "WHAT WAS LOST (quoted)\n  a\n   -> b"
    assert notice_text.section(text, "WHO") == "WHO\n  x"
    assert notice_text.section(text, "NOTHING OF THE KIND") == ""


def test_colour_is_for_terminals_only() -> None:
    stream = io.StringIO()
    assert progress.colour("x", "red", stream) == "x"


def test_a_drill_of_the_lab_has_the_permissions_that_the_document_names() -> None:
    blocks = re.findall(r"```json\n(.*?)```", (REPOSITORY / "docs" / "drill.md").read_text(), re.DOTALL)
    topic = "arn:aws:sns:eu-central-1:111122223333:trailkeeper-alerts"
    documented = [parsed for parsed in map(json.loads, blocks) if isinstance(parsed, list)]
    (statements,) = [block for block in documented if block[0]["Action"] == "sns:Subscribe"]
    # Its keys are beyond the emulator.
    assert statements[0].pop("Condition") == {
        "StringEquals": {"sns:Protocol": "sqs"},
        "StringLike": {"sns:Endpoint": statements[2]["Resource"]},
    }
    assert listener(topic) == statements
