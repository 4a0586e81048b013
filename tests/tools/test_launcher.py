# SPDX-License-Identifier: GPL-2.0-only
"""The program that starts tests in a guest, tried on the host where its rights allow."""

import os
import shutil
from pathlib import Path

import pytest

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.run import Command
from kpatch_tools.tools import launcher, process
from kpatch_tools.tools.probe import is_static

NEEDS_GCC = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may drop what it has")


def run(*argv: str) -> process.RunResult:
    return process.run(Command(argv=(str(launcher.launcher()), *argv), timeout=20))


@NEEDS_GCC
def test_it_is_static_and_compiled_once() -> None:
    made = launcher.launcher()
    assert is_static(made)
    assert made.stat().st_mode & 0o111 == 0o111
    before = made.stat().st_mtime_ns
    assert launcher.launcher().stat().st_mtime_ns == before


@NEEDS_GCC
@NEEDS_ROOT
def test_the_rights_are_gone_and_others_stay() -> None:
    result = run("/bin/sh", "-c", "grep CapBnd /proc/self/status")
    if not result.ok and "mount namespace" in result.error_text:
        pytest.skip("no mount namespace can be made here")
    bounding = int(result.text.split()[1], 16)
    had = int(Path("/proc/self/status").read_text().partition("CapBnd:")[2].split()[0], 16)
    for number in launcher._TAKEN.values():
        assert not bounding >> number & 1
    left = had & ~sum(1 << number for number in launcher._TAKEN.values())
    assert bounding == left


@NEEDS_GCC
@NEEDS_ROOT
def test_what_it_is_given_and_what_it_returns(tmp_path: Path) -> None:
    result = run("/bin/sh", "-c", 'printf "%s|" "$0" "$@"; exit 7', "it's", "a b", "$HOME")
    if "mount namespace" in result.error_text:
        pytest.skip("no mount namespace can be made here")
    assert (result.returncode, result.text) == (7, "it's|a b|$HOME|")
    assert run(str(tmp_path / "none")).returncode == 127
    assert run(str(tmp_path)).returncode == 126
    assert run().returncode != 0


@NEEDS_GCC
@NEEDS_ROOT
def test_no_descriptor_is_handed_on() -> None:
    script = f'exec 7< /dev/null; exec {launcher.launcher()} /bin/sh -c "ls /proc/self/fd | wc -l"'
    result = process.run(Command(argv=("/bin/bash", "-c", script), timeout=20))
    if "mount namespace" in result.error_text:
        pytest.skip("no mount namespace can be made here")
    # 0, 1, 2, and the one with which ls reads the folder.
    assert result.text.strip() == "4"


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolFailed, match="launcher does not compile") as caught:
        launcher.launcher()
    assert "gcc" in caught.value.cure
