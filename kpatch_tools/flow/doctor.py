# SPDX-License-Identifier: GPL-2.0-only
"""What this machine can do for kvet: each capability tried, not assumed, with the command that mends it."""

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.flow.sandbox_proof import PURPOSE, prove
from kpatch_tools.model.arch import ARCHES
from kpatch_tools.model.capability import Capability, State
from kpatch_tools.tools import files, meminfo, probe, sandbox
from kpatch_tools.tools.probe import Engine, Program

GIB = 1 << 30
NEED_DISK, WANT_DISK = 4 * GIB, 10 * GIB
NEED_MEMORY, WANT_MEMORY = 2 * GIB, 4 * GIB
OLDEST_PYTHON = (3, 11)
# Of 2.32 is GIT_CONFIG_GLOBAL, of 2.35 `apply --allow-empty`, of 2.35.2 the question whose a tree is.
OLDEST_GIT = (2, 36)
OLDEST_VNG = (1, 33)


@dataclass(frozen=True, slots=True)
class _Tool:
    name: str
    package: str
    purpose: str
    required: bool = True
    version: tuple[str, ...] = ("--version",)


_TOOLS = (
    _Tool("make", "make", "build kernels and selftests"),
    _Tool("gcc", "gcc", "build kernels and selftests"),
    _Tool("ld", "binutils", "build kernels and selftests"),
    _Tool("flex", "flex", "the kernel's configuration program"),
    _Tool("bison", "bison", "the kernel's configuration program"),
    _Tool("bc", "bc", "the kernel's build"),
    _Tool("lz4", "lz4", "compress the kernel image"),
    _Tool("rsync", "rsync", "the kernel's user-space headers (make headers)"),
    _Tool("setpriv", "util-linux", "end the machine when kvet dies, and bound it"),
    _Tool("xz", "xz-utils", "unpack Debian's kernel source"),
    _Tool("depmod", "kmod", "boot Debian's stock kernels", required=False),
    _Tool("zstd", "zstd", "boot kernels whose modules are packed with zstd", required=False),
    _Tool("cpio", "cpio", "build kernels with CONFIG_IKHEADERS", required=False),
    _Tool("sparse", "sparse", "warnings of sparse for the files that a series touches", required=False),
    *(
        _Tool(arch.qemu, arch.package, f"tests on {arch.name} (kvet test --arch {arch.name})", required=False)
        for arch in ARCHES.values()
    ),
)
_HEADERS = (
    ("libelf headers", "libelf.h", "libelf-dev", "objtool, which checks the kernel's object files", True),
    ("openssl headers", "openssl/opensslv.h", "libssl-dev", "kernels that sign modules", False),
)


def examine() -> tuple[Capability, ...]:
    """Look at everything; takes a second or two, changes nothing."""
    return tuple(_all())


def _all() -> Iterator[Capability]:
    yield _python()
    yield _git()
    yield _program(
        probe.find_program("b4"),
        purpose="fetch a series by its Message-ID",
        required=False,
        cure="pip install b4",
    )
    yield _program(
        probe.find_program("sphinx-build"),
        purpose="show documentation as the kernel's site does (kvet docs build)",
        required=False,
        cure="pip install sphinx",
    )
    for tool in _TOOLS:
        yield _program(
            probe.find_program(tool.name, version=tool.version),
            purpose=tool.purpose,
            required=tool.required,
            package=tool.package,
        )
    for name, header, package, purpose, required in _HEADERS:
        found = probe.header_present(header)
        yield _present(name, header, found=found, package=package, purpose=purpose, required=required)
    yield _present(
        "static C library",
        "gcc -static links",
        found=probe.links_statically(),
        package="libc6-dev",
        purpose="selftests that run in any guest",
        required=True,
    )
    yield from _sandbox()
    yield _ccache()
    yield _busybox()
    yield _vng()
    yield from _machine()
    yield _disk()
    yield _memory()


def _apt(package: str) -> str:
    return f"apt-get install -y {package}"


def _program(
    program: Program, *, purpose: str, required: bool = True, package: str = "", cure: str = ""
) -> Capability:
    detail = f"{program.version} {program.path}".strip() if program.present else "not installed"
    return Capability(
        name=program.name,
        state=State.OK if program.present else State.MISSING,
        detail=detail,
        purpose=purpose,
        required=required,
        package="" if program.present else package,
        cure="" if program.present else cure or _apt(package),
    )


def _present(  # noqa: PLR0913 - a row of the table
    name: str, what: str, *, found: bool, package: str, purpose: str, required: bool
) -> Capability:
    return Capability(
        name=name,
        state=State.OK if found else State.MISSING,
        detail=what if found else f"failed: {what}",
        purpose=purpose,
        required=required,
        package="" if found else package,
        cure="" if found else _apt(package),
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _python() -> Capability:
    good = sys.version_info[:2] >= OLDEST_PYTHON
    return Capability(
        name="python",
        state=State.OK if good else State.MISSING,
        detail=f"{platform.python_version()} {sys.executable}",
        purpose="kvet itself",
        cure="" if good else "install Python 3.11 or newer",
    )


def _git() -> Capability:
    program = probe.find_program("git")
    found = _program(program, purpose="trees, series, commits", package="git")
    if program.present and _version(program.version) < OLDEST_GIT:
        return _degrade(found, f"{program.version} is older than 2.36", _apt("git"), "git")
    return found


def _degrade(item: Capability, detail: str, cure: str, package: str = "") -> Capability:
    return Capability(
        name=item.name,
        state=State.DEGRADED,
        detail=detail,
        purpose=item.purpose,
        required=item.required,
        package=package,
        cure=cure,
    )


def _sandbox() -> Iterator[Capability]:
    program = probe.find_program(sandbox.PROGRAM)
    yield _program(program, purpose=PURPOSE, package="bubblewrap")
    if program.present:
        yield from prove()


def _ccache() -> Capability:
    found = _program(
        probe.find_program("ccache"), purpose="repeated kernel builds", required=False, package="ccache"
    )
    if found.state is State.OK:
        return found
    return _degrade(found, "not installed: a new object folder compiles everything", _apt("ccache"), "ccache")


def _busybox() -> Capability:
    program = probe.find_program("busybox", version=("--help",))
    found = _program(
        program,
        purpose="the user space of every guest",
        required=True,
        package="busybox-static",
    )
    if program.present and not probe.is_static(Path(program.path)):
        message = f"{program.path} is linked dynamically and cannot run in an initramfs"
        unusable = _degrade(found, message, _apt("busybox-static"), "busybox-static")
        return replace(unusable, state=State.MISSING)
    return found


def _vng() -> Capability:
    program = probe.find_program("vng")
    found = _program(program, purpose="the virtual machines", cure="pip install virtme-ng")
    if program.present and _version(program.version) < OLDEST_VNG:
        return _degrade(found, f"{program.version} is older than 1.33", "pip install -U virtme-ng")
    return found


def _machine() -> Iterator[Capability]:
    qemu = probe.find_program(probe.QEMU)
    yield _program(qemu, purpose="the virtual machines", package="qemu-system-x86")
    found = probe.acceleration()
    state = {Engine.KVM: State.OK, Engine.TCG: State.DEGRADED, Engine.NONE: State.MISSING}[found.engine]
    what = {
        Engine.KVM: "hardware",
        Engine.TCG: "emulated by TCG: works, slowly",
        Engine.NONE: "none",
    }[found.engine]
    cure = {
        Engine.KVM: "",
        Engine.TCG: "for speed, a machine with KVM and nesting: kvm_amd.nested=1 or kvm_intel.nested=1",
        Engine.NONE: _apt("qemu-system-x86"),
    }[found.engine]
    yield Capability(
        name="nested paging",
        state=state,
        detail=f"{what} ({'; '.join(found.evidence)})",
        purpose="run KVM with two-dimensional paging in the guest",
        package="" if found.engine is not Engine.NONE else "qemu-system-x86",
        cure=cure,
    )


def _disk() -> Capability:
    folder = files.cache_dir()
    free = probe.disk_free(folder)
    return _amount(
        "disk",
        free,
        (NEED_DISK, WANT_DISK),
        detail=f"{free / GIB:.1f} GiB free in {folder}",
        purpose="a tree, a checkout, objects and caches (6 GiB for one kernel)",
        cure="free some, or XDG_CACHE_HOME=... for another disk",
    )


def _memory() -> Capability:
    there = meminfo.memory_available()
    return _amount(
        "memory",
        there,
        (NEED_MEMORY, WANT_MEMORY),
        detail=f"{there / GIB:.1f} GiB available",
        purpose="a compiler and a guest of 1 GiB",
        cure="end something, or --jobs 1",
    )


def _amount(  # noqa: PLR0913 - a row of the table
    name: str, there: int, bounds: tuple[int, int], *, detail: str, purpose: str, cure: str
) -> Capability:
    need, want = bounds
    state = State.OK if there >= want else State.DEGRADED if there >= need else State.MISSING
    return Capability(
        name=name, state=state, detail=detail, purpose=purpose, cure="" if state is State.OK else cure
    )
