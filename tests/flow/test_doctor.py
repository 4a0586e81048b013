# SPDX-License-Identifier: GPL-2.0-only
import json
import sys
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow import doctor
from kpatch_tools.model.capability import Capability, State, can_run, packages
from kpatch_tools.render import doctor as render
from kpatch_tools.tools import probe


def capability(name: str, state: State, **changes: object) -> Capability:
    return Capability(**{"name": name, "state": state, "detail": "d", "purpose": "p", **changes})


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(probe, "scripts_folder", lambda: str(folder))
    return folder


def by_name(found: tuple[Capability, ...]) -> dict[str, Capability]:
    return {item.name: item for item in found}


def test_a_bare_machine_cannot_run_and_is_told_how_to_mend_it(bare: Path) -> None:
    found = doctor.examine()
    named = by_name(found)
    assert not can_run(found)
    assert named["python"].state is State.OK
    for name in ("git", "make", "gcc", "flex", "bison", "bc", "rsync", "qemu-system-x86_64", "vng"):
        assert named[name].state is State.MISSING
        assert named[name].cure
    assert named["ccache"].state is State.DEGRADED
    assert named["nested paging"].state is State.MISSING
    assert not named["b4"].required
    assert {"qemu-system-x86", "libelf-dev", "libc6-dev", "git"} <= set(packages(found))


def test_old_programs_are_degraded(bare: Path) -> None:
    for name, text in (("git", "git version 2.20.1"), ("vng", "virtme-ng 1.10")):
        (bare / name).write_text(f"#!/bin/sh\necho '{text}'\n")
        (bare / name).chmod(0o755)
    named = by_name(doctor.examine())
    assert named["git"].state is State.DEGRADED
    assert named["vng"].state is State.DEGRADED
    assert "older" in named["vng"].detail


def test_a_busybox_that_is_no_static_program(bare: Path) -> None:
    (bare / "busybox").write_bytes(Path(sys.executable).resolve().read_bytes()[:4096])
    (bare / "busybox").chmod(0o755)
    named = by_name(doctor.examine())
    assert named["busybox"].state is State.MISSING
    assert named["busybox"].package == "busybox-static"


def test_too_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.probe, "disk_free", lambda path: 5 << 30)
    monkeypatch.setattr(doctor.meminfo, "memory_available", lambda: 1 << 30)
    named = by_name(doctor.examine())
    assert named["disk"].state is State.DEGRADED
    assert named["memory"].state is State.MISSING


def test_text_has_a_line_a_capability_and_one_command_for_all() -> None:
    items = (
        capability("git", State.OK),
        capability("flex", State.MISSING, package="flex", cure="apt-get install -y flex"),
        capability("b4", State.MISSING, required=False, cure="pip install b4"),
        capability("x\x1b[2J", State.DEGRADED, required=False, package="x", detail="\x1b[2J"),
    )
    text = render.text(items)
    assert "ok        git" in text
    assert "needed for: p" in text
    assert "optional, for: p" in text
    assert "all packages at once: apt-get install -y flex x" in text
    assert text.rstrip().endswith("kvet review cannot run here")
    assert "can run here" in render.text(items[:1])
    assert "\x1b" not in text.replace("x\x1b[2J", "")


def test_json() -> None:
    items = (capability("git", State.OK), capability("b4", State.MISSING, required=False, cure="c"))
    document = json.loads(render.as_json(items, tool="kvet 1"))
    assert (document["schema"], document["can_review"], document["packages"]) == (1, True, [])
    assert document["capabilities"][1]["cure"] == "c"


def test_the_command_and_its_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = "kpatch_tools.cli.doctor.examine"
    monkeypatch.setattr(module, lambda: (capability("git", State.OK),))
    assert run(["doctor", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["can_review"] is True
    monkeypatch.setattr(module, lambda: (capability("git", State.MISSING),))
    assert run(["doctor"]) == 3
