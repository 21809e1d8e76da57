"""The notices' documents are as their published schema says, and the gallery shows the notices as they are."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import jsonschema
import pytest

from lab.paths import REPOSITORY as ROOT

SCHEMA = json.loads((ROOT / "docs" / "schema" / "notice-1.json").read_text())
DOCUMENTS = sorted((ROOT / "lambda" / "tests" / "notices").glob("*/document.json"))


def _validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name)
def test_documents_validate(path: Path) -> None:
    _validator().validate(json.loads(path.read_text()))


def test_there_are_documents_and_the_schema_refuses_wrong_ones() -> None:
    assert len(DOCUMENTS) > 20
    document = json.loads(DOCUMENTS[0].read_text())
    for field, wrong in {"severity": "urgent", "version": 2, "timing": {}, "drift": [{"field": 1}]}.items():
        assert not _validator().is_valid({**document, field: wrong}), field
    del document["outcome"]
    assert not _validator().is_valid(document)


def test_a_field_that_is_added_later_is_no_break() -> None:
    document = json.loads(DOCUMENTS[0].read_text())
    assert _validator().is_valid({**document, "findings": {"new": True}})


def test_the_gallery_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "scripts" / "gallery.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    files = gallery.pictures()
    docs = ROOT / "docs"
    stale = [name for name, text in files.items() if not (docs / name).exists() or (docs / name).read_text() != text]
    assert not stale, "run `make gallery` and look at the pictures"
    left = {f"gallery/{path.name}" for path in (docs / "gallery").glob("*")} - set(files)
    assert not left, "no notice is drawn there any more"
