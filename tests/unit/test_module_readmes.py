"""The tables of the modules' READMEs say what their variables and outputs say: each once, nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.paths import INFRA

MODULES = sorted(path.parent for path in (INFRA / "modules").glob("*/README.md"))


def _declared(path: Path, kind: str) -> dict[str, str]:
    """The body of each block, by its name."""
    if not path.exists():
        return {}
    return dict(re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', path.read_text(), re.MULTILINE | re.DOTALL))


def _description(body: str) -> str:
    (text,) = re.findall(r'^  description\s*= "((?:[^"\\]|\\.)*)"$', body, re.MULTILINE)
    return text.replace('\\"', '"')


def _default(body: str) -> str:
    found = re.search(r"^  default\s*= (.+)$", body, re.MULTILINE)
    return f"`{found[1]}`" if found else "required"


def _type(body: str) -> str:
    """As far as a table says it: the shape of an object is in its description."""
    (text,) = re.findall(r"^  type\s*= (\w+(?:\(\w+)?)", body, re.MULTILINE)
    return text.removesuffix("({") + (")" if "(" in text else "")


def _table(module: Path, heading: str, cells: int) -> list[list[str]]:
    """The rows below a heading."""
    text = (module / "README.md").read_text()
    rows = re.search(rf"^\| {heading} \|.*\n\|[ -|]+\n((?:\|.*\n?)*)", text, re.MULTILINE)
    found = [re.split(r" ?\| ?", line.strip("| "), maxsplit=cells - 1) for line in rows[1].splitlines()] if rows else []
    return [[row[0].strip("`"), *row[1:]] for row in found]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_inputs(module: Path) -> None:
    declared = _declared(module / "variables.tf", "variable")
    expected = [[name, _type(body), _default(body), _description(body)] for name, body in declared.items()]
    assert sorted(_table(module, "Input", 4)) == sorted(expected)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_outputs(module: Path) -> None:
    declared = _declared(module / "outputs.tf", "output")
    assert sorted(_table(module, "Output", 2)) == sorted([name, _description(body)] for name, body in declared.items())
    assert declared, "a module that gives nothing back is of no use"
