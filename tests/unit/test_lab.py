"""Small parts of the lab itself."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from lab import progress, provider, timeline
from lab.timeline import Step


def test_a_mirror_is_found_below_a_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "_EXACT", ())
    monkeypatch.setattr(provider, "_SEARCHED", (str(tmp_path),))
    assert provider.find_mirror() is None
    mirror = tmp_path / "vendor" / "plugins"
    (mirror / "registry.terraform.io" / "hashicorp" / "aws" / "5.100.0").mkdir(parents=True)
    assert provider.find_mirror() == mirror
    assert f'path    = "{mirror}"' in provider.cli_configuration(mirror)


def test_the_timeline_is_aligned_and_plain_off_a_terminal() -> None:
    steps = [Step(10.0, "stop accepted", "off"), Step(10.05, "restored", "on"), Step(10.2, "notice received", "queue")]
    lines = timeline.draw(steps).splitlines()
    assert [line.split()[0] for line in lines] == ["0.0", "50.0", "200.0"]
    marks = [line.index("●") for line in lines]
    assert marks == sorted(marks) and len(set(marks)) == 3
    assert "\033" not in "".join(lines)


def test_a_section_of_a_notice() -> None:
    text = "HEAD\n\nWHAT WAS LOST (quoted)\n  a\n   -> b\n\nWHO\n  x\n"
    assert timeline.section(text, "WHAT WAS LOST") == "WHAT WAS LOST (quoted)\n  a\n   -> b"
    assert timeline.section(text, "WHO") == "WHO\n  x"
    assert timeline.section(text, "NOTHING OF THE KIND") == ""


def test_colour_is_for_terminals_only() -> None:
    stream = io.StringIO()
    assert progress.colour("x", "red", stream) == "x"
