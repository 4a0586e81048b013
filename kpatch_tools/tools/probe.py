# SPDX-License-Identifier: GPL-2.0-only
"""What this machine has: programs with their versions, memory and disk, and what can run a guest.

That /dev/kvm exists proves little: it may refuse to open, refuse a VM, or (inside a cloud VM) come from a
module without nested paging, with which the tests' subject is absent. So acceleration is decided from what
was tried, and the evidence is kept for the report.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.tools import process
from kpatch_tools.tools.process import Runner

# include/uapi/linux/kvm.h: KVM_GET_API_VERSION is _IO(0xAE, 0), KVM_CREATE_VM is _IO(0xAE, 1).
KVM_GET_API_VERSION = 0xAE00
KVM_CREATE_VM = 0xAE01
QEMU = "qemu-system-x86_64"

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_NESTED_PAGING = (("kvm_amd", "npt"), ("kvm_intel", "ept"))
_ASK_CPU = (
    '{"execute": "qmp_capabilities"}',
    '{"execute": "query-cpu-model-expansion", "arguments": {"type": "full", "model": {"name": "max"}}}',
    '{"execute": "quit"}',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program: where it is and what version it says it has; both "" when absent or silent."""

    name: str
    path: str = ""
    version: str = ""

    @property
    def present(self) -> bool:
        """The program was found in PATH."""
        return bool(self.path)


class Engine(StrEnum):
    """What runs the guest's instructions."""

    KVM = "kvm"
    TCG = "tcg"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceleration:
    """The engine, whose nested paging the guest sees ("amd": NPT, "intel": EPT), and why; one line a fact."""

    engine: Engine
    vendor: str = ""
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.engine.value}: {'; '.join(self.evidence)}"

    @property
    def words(self) -> str:
        """What runs the guest, for somebody who asks no further: `kvet doctor` has the evidence."""
        if self.engine is Engine.KVM:
            return f"KVM, nested on {self.vendor}"
        if self.engine is Engine.TCG:
            return "emulated by qemu (TCG) with nested paging; why not by KVM: kvet doctor"
        return "none: kvet doctor says why"


def scripts_folder() -> str:
    """Where our own Python environment keeps its programs (vng, b4), whether or not it is activated."""
    return sysconfig.get_path("scripts")


def locate(name: str) -> str:
    """Path of a program: in our own Python environment, else in PATH; "" when it is in neither."""
    return shutil.which(name, path=f"{scripts_folder()}:{process.search_path()}") or ""


def find_program(
    name: str, *, version: tuple[str, ...] = ("--version",), run: Runner = process.run
) -> Program:
    """Look for a program and ask its version; an empty ``version`` asks nothing."""
    path = locate(name)
    if not path:
        return Program(name=name)
    if not version:
        return Program(name=name, path=path)
    result = run(Command(argv=(path, *version), timeout=20))
    match = _VERSION.search(f"{result.text}\n{result.error_text}")
    return Program(name=name, path=path, version=match[0] if match else "")


def header_present(header: str, *, compiler: str = "gcc", run: Runner = process.run) -> bool:
    """Whether the compiler finds ``#include <header>``; False also when there is no compiler."""
    source = f"#include <{header}>\n".encode()
    argv = (compiler, "-x", "c", "-E", "-o", os.devnull, "-")
    return run(Command(argv=argv, timeout=20, stdin=source)).ok


def links_statically(*, compiler: str = "gcc", run: Runner = process.run) -> bool:
    """Whether a static program can be linked; False also when there is no compiler."""
    argv = (compiler, "-static", "-x", "c", "-o", os.devnull, "-")
    return run(Command(argv=argv, timeout=30, stdin=b"int main(void) { return 0; }\n")).ok


def is_static(program: Path) -> bool:
    """Whether an ELF program needs no dynamic linker: it has no PT_INTERP segment (elf(5))."""
    try:
        with program.open("rb") as stream:
            head = stream.read(4096)
    except OSError:
        return False
    if head[:5] != b"\x7fELF\x02" or len(head) < 64:
        return False
    start, size, count = (int.from_bytes(head[a:b], "little") for a, b in ((32, 40), (54, 56), (56, 58)))
    kinds = (
        int.from_bytes(head[at : at + 4], "little") for at in range(start, start + size * count, size or 1)
    )
    return 3 not in kinds


def disk_free(path: Path) -> int:
    """Free bytes where ``path``, or the nearest folder above it that exists, lies."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def create_vm(device: Path) -> str:
    """Try KVM_CREATE_VM; "" when it worked, what was refused otherwise."""
    try:
        handle = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return f"{device} does not open: {error.strerror}"
    try:
        fcntl.ioctl(handle, KVM_GET_API_VERSION, 0)
        os.close(fcntl.ioctl(handle, KVM_CREATE_VM, 0))
    except OSError as error:
        return f"{device} opens and refuses a VM: {error.strerror}"
    finally:
        os.close(handle)
    return ""


def acceleration(
    *,
    device: Path = Path("/dev/kvm"),
    modules: Path = Path("/sys/module"),
    try_vm: Callable[[Path], str] = create_vm,
    run: Runner = process.run,
) -> Acceleration:
    """Decide what runs a guest that itself has nested paging; never from the presence of /dev/kvm alone.

    Hardware only with a VM really created by kvm_amd or kvm_intel, two-dimensional paging on and
    nesting on; otherwise qemu's TCG, when that qemu itself says that its CPU has SVM and NPT.
    """
    hardware, facts = _hardware(device, modules, try_vm)
    if hardware:
        return Acceleration(engine=Engine.KVM, vendor=hardware, evidence=facts)
    emulated, fact = _emulated(run)
    engine = Engine.TCG if emulated else Engine.NONE
    return Acceleration(engine=engine, vendor="amd" if emulated else "", evidence=(fact, *facts))


def need_acceleration() -> Acceleration:
    """acceleration(), or EnvironmentFault with its evidence where nothing can run such a guest."""
    found = acceleration()
    if found.engine is Engine.NONE:
        raise EnvironmentFault(
            f"nothing here can run a guest with nested paging ({found})",
            cure="apt-get install -y qemu-system-x86",
        )
    return found


def _hardware(device: Path, modules: Path, try_vm: Callable[[Path], str]) -> tuple[str, tuple[str, ...]]:
    if not device.exists():
        return "", (f"no {device}",)
    refused = try_vm(device)
    if refused:
        return "", (refused,)
    seen = []
    for module, paging in _NESTED_PAGING:
        parameters = modules / module / "parameters"
        if not parameters.is_dir():
            continue
        values = {name: _parameter(parameters / name) for name in (paging, "nested")}
        text = ", ".join(f"{module}.{name}={value or '?'}" for name, value in values.items())
        if all(value in {"Y", "1"} for value in values.values()):
            return paging_vendor(module), (f"{device} made a VM", text)
        seen.append(text)
    if not seen:
        others = sorted(path.name for path in modules.glob("kvm_*"))
        seen.append(
            f"neither kvm_amd nor kvm_intel is loaded{', only ' + ', '.join(others) if others else ''}"
        )
    return "", (f"{device} makes VMs, but without nested paging for a guest: {'; '.join(seen)}",)


def paging_vendor(module: str) -> str:
    """Vendor of a KVM module: "amd" for kvm_amd, "intel" for kvm_intel."""
    return module.removeprefix("kvm_")


def _parameter(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _emulated(run: Runner) -> tuple[bool, str]:
    """Ask qemu itself, over QMP, which features TCG gives the "max" CPU."""
    argv = (QEMU, "-machine", "none", "-accel", "tcg", "-nodefaults", "-display", "none", "-qmp", "stdio")
    result = run(Command(argv=argv, timeout=60, stdin="\n".join(_ASK_CPU).encode() + b"\n"))
    if result.ended is Ended.NOT_FOUND:
        return False, f"{QEMU} is not installed"
    for line in result.text.splitlines():
        with contextlib.suppress(json.JSONDecodeError, KeyError, TypeError):
            features = json.loads(line)["return"]["model"]["props"]
            have = {name: bool(features.get(name)) for name in ("svm", "npt")}
            text = ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in have.items())
            return all(have.values()), f"qemu's TCG CPU: {text}"
    return False, f"{QEMU} did not answer about its CPU ({result.ended.value}): {result.tail[-200:]}"
