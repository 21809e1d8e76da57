"""What is packed is the program that was built, but for the tables that nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from lab.paths import REPOSITORY

PROGRAM = r"""
#include <execinfo.h>
#include <stdio.h>
static int depth(int more) {
    void *callers[64];
    return more ? depth(more - 1) : backtrace(callers, 64);
}
int main(void) { return printf("%d callers known\n", depth(20) > 20) < 0; }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that asks where it was called from."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "program.c").write_text(PROGRAM)
    flags = ["-O0", "-fasynchronous-unwind-tables", "-o", "program"]
    subprocess.run(["cc", *flags, "program.c"], cwd=folder, check=True)
    return folder / "program"


def pack(binary: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """As `make package` does."""
    script = REPOSITORY / "scripts" / "zip.py"
    command = [sys.executable, str(script), str(binary), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def unpacked(package: Path, folder: Path) -> Path:
    """The binary in it, as Lambda starts it."""
    with zipfile.ZipFile(package) as archive:
        (entry,) = archive.infolist()
        assert (entry.filename, entry.external_attr >> 16) == ("bootstrap", 0o100755)
        binary = Path(archive.extract(entry, folder))
    binary.chmod(entry.external_attr >> 16)
    return binary


def section(binary: Path, name: str) -> bytes:
    """What a section holds."""
    out = binary.with_suffix(name)
    command = ["objcopy", "--output-target=binary", f"--only-section={name}", str(binary), str(out)]
    subprocess.run(command, check=True)
    return out.read_bytes()


def said(binary: Path) -> str:
    """What it prints."""
    return subprocess.run([binary], capture_output=True, text=True, check=True).stdout


def test_a_packed_program_works_and_knows_no_callers(program: Path, tmp_path: Path) -> None:
    """Also where it asks for them. Everything else is as it was built."""
    assert said(program) == "1 callers known\n"
    assert pack(program, tmp_path / "p.zip").returncode == 0
    packed = unpacked(tmp_path / "p.zip", tmp_path)
    assert said(packed) == "0 callers known\n"

    assert any(section(program, ".eh_frame"))
    assert not any(section(packed, ".eh_frame"))
    for name in (".text", ".rodata", ".data", ".dynamic", ".init_array"):
        assert section(packed, name) == section(program, name) != b""
    built, kept = program.read_bytes(), packed.read_bytes()
    assert len(built) == len(kept)
    changed = sum(old != new for old, new in zip(built, kept, strict=True))
    assert changed <= len(section(program, ".eh_frame") + section(program, ".eh_frame_hdr"))


def test_the_same_program_gives_the_same_package(program: Path, tmp_path: Path) -> None:
    """Whenever, wherever and under whatever name it was built."""
    other = tmp_path / "other"
    other.write_bytes(program.read_bytes())
    other.chmod(0o600)
    os.utime(other, (1, 1))
    for binary, package in ((program, "first.zip"), (other, "second.zip")):
        assert pack(binary, tmp_path / package).returncode == 0
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_what_is_no_program_is_not_packed(tmp_path: Path) -> None:
    """A script, say: nobody knows what is in it."""
    (tmp_path / "script").write_text("#!/bin/sh\n")
    refused = pack(tmp_path / "script", tmp_path / "p.zip")
    assert refused.returncode != 0
    assert "ELF" in refused.stderr
    assert not (tmp_path / "p.zip").exists()


def test_panics_abort() -> None:
    """Without its unwind tables no panic could be caught."""
    manifest = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())
    assert manifest["profile"]["release"]["panic"] == "abort"
