# SPDX-License-Identifier: GPL-2.0-only
"""Acceleration is decided from what was tried, never from the presence of /dev/kvm."""

import json
import sys
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import probe
from kpatch_tools.tools.meminfo import memory_available
from kpatch_tools.tools.probe import Engine


def answer(*, svm: bool = True, npt: bool = True) -> probe.Runner:
    reply = {"return": {"model": {"name": "base", "props": {"svm": svm, "npt": npt}}}}
    text = f'{{"QMP": {{}}}}\nnot json\n{{"return": {{}}}}\n{json.dumps(reply)}\n'

    def run(command: Command) -> RunResult:
        assert "query-cpu-model-expansion" in command.stdin.decode()
        return RunResult(command=command, ended=Ended.EXITED, returncode=0, stdout=text.encode())

    return run


def no_qemu(command: Command) -> RunResult:
    return RunResult(command=command, ended=Ended.NOT_FOUND, returncode=127)


def silent_qemu(command: Command) -> RunResult:
    return RunResult(command=command, ended=Ended.EXITED, returncode=1, stderr=b"bad accelerator\n")


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    folder.mkdir()
    return folder


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "kvm"
    path.write_text("")
    return path


def load(modules: Path, name: str, **parameters: str) -> None:
    folder = modules / name / "parameters"
    folder.mkdir(parents=True)
    for key, value in parameters.items():
        (folder / key).write_text(f"{value}\n")


def works(_device: Path) -> str:
    return ""


def test_hardware_needs_a_vm_nested_paging_and_nesting(modules: Path, device: Path) -> None:
    load(modules, "kvm_amd", npt="Y", nested="1")
    found = probe.acceleration(device=device, modules=modules, try_vm=works, run=no_qemu)
    assert (found.engine, found.vendor) == (Engine.KVM, "amd")
    assert "kvm_amd.npt=Y, kvm_amd.nested=1" in str(found)


def test_intel(modules: Path, device: Path) -> None:
    load(modules, "kvm_intel", ept="Y", nested="Y")
    found = probe.acceleration(device=device, modules=modules, try_vm=works, run=no_qemu)
    assert (found.engine, found.vendor) == (Engine.KVM, "intel")


@pytest.mark.parametrize(
    "parameters", [{"npt": "N", "nested": "1"}, {"npt": "Y", "nested": "0"}, {"npt": "Y"}]
)
def test_hardware_without_all_of_it_is_not_used(
    modules: Path, device: Path, parameters: dict[str, str]
) -> None:
    load(modules, "kvm_amd", **parameters)
    found = probe.acceleration(device=device, modules=modules, try_vm=works, run=answer())
    assert found.engine is Engine.TCG
    assert "without nested paging for a guest" in str(found)


def test_a_kvm_of_another_kind_is_not_used(modules: Path, device: Path) -> None:
    """Some clouds offer a /dev/kvm whose module shadows page tables in software."""
    load(modules, "kvm_other", force="N")
    found = probe.acceleration(device=device, modules=modules, try_vm=works, run=answer())
    assert found.engine is Engine.TCG
    assert "only kvm_other" in str(found)


def test_a_device_that_refuses(modules: Path, device: Path) -> None:
    load(modules, "kvm_amd", npt="Y", nested="1")
    found = probe.acceleration(
        device=device,
        modules=modules,
        try_vm=lambda path: f"{path} opens and refuses a VM: busy",
        run=answer(),
    )
    assert found.engine is Engine.TCG
    assert "refuses a VM: busy" in str(found)


def test_tcg_must_have_svm_and_npt(modules: Path, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    good = probe.acceleration(device=absent, modules=modules, run=answer())
    assert (good.engine, good.vendor) == (Engine.TCG, "amd")
    bad = probe.acceleration(device=absent, modules=modules, run=answer(npt=False))
    assert (bad.engine, bad.vendor) == (Engine.NONE, "")
    assert "npt no" in str(bad)


def test_no_qemu_and_a_broken_one(modules: Path, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    missing = probe.acceleration(device=absent, modules=modules, run=no_qemu)
    assert missing.engine is Engine.NONE
    assert "is not installed" in str(missing)
    broken = probe.acceleration(device=absent, modules=modules, run=silent_qemu)
    assert broken.engine is Engine.NONE
    assert "bad accelerator" in str(broken)


def test_a_real_device_file_that_is_no_kvm(device: Path, tmp_path: Path) -> None:
    assert "refuses a VM" in probe.create_vm(device)
    assert "does not open" in probe.create_vm(tmp_path / "absent")


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "thing"
    script.write_text("#!/bin/sh\necho thing version 4.5.6 '(x)'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = probe.find_program("thing")
    assert (found.present, found.version, found.path) == (True, "4.5.6", str(script))
    assert probe.find_program("thing", version=()).version == ""
    assert not probe.find_program("no-such-program").present


def test_programs_of_our_own_environment_come_first() -> None:
    assert Path(probe.locate("pytest")).parent == Path(probe.scripts_folder())


def test_static_programs(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("#!/bin/sh\n")
    assert not probe.is_static(text)
    assert not probe.is_static(tmp_path / "absent")
    assert not probe.is_static(Path(sys.executable).resolve())


def test_amounts(tmp_path: Path) -> None:
    assert probe.disk_free(tmp_path / "not" / "there") > 0
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 10 kB\nMemAvailable:    2048 kB\n")
    assert memory_available(meminfo) == 2048 * 1024
    assert memory_available(tmp_path / "absent") == 0


def test_what_runs_a_guest_is_said_in_plain_words() -> None:
    said = {
        engine: probe.Acceleration(engine=engine, vendor="amd", evidence=("a fact; another",)).words
        for engine in probe.Engine
    }
    assert said == {
        probe.Engine.KVM: "KVM, nested on amd",
        probe.Engine.TCG: "emulated by qemu (TCG) with nested paging; why not by KVM: kvet doctor",
        probe.Engine.NONE: "none: kvet doctor says why",
    }


def test_what_can_run_nothing_is_refused_with_its_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    none = probe.Acceleration(engine=probe.Engine.NONE, evidence=("no qemu", "no /dev/kvm"))
    monkeypatch.setattr(probe, "acceleration", lambda: none)
    with pytest.raises(EnvironmentFault, match="no qemu; no /dev/kvm") as refused:
        probe.need_acceleration()
    assert "qemu-system-x86" in refused.value.cure
    some = probe.Acceleration(engine=probe.Engine.TCG)
    monkeypatch.setattr(probe, "acceleration", lambda: some)
    assert probe.need_acceleration() is some
