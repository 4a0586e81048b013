# SPDX-License-Identifier: GPL-2.0-only
"""What holds qemu itself, should a guest break into it: few devices, few system calls, and a sandbox.

The kernel in the guest is a stranger's and speaks to qemu's devices. So qemu gets few of them, and none that
reaches the host; it may start no program and gain no rights (its own seccomp filter, qemu(1) -sandbox). It
runs in kvet's sandbox, where of the host there is the kernel, the guest's archive, and the two files that it
writes; its memory and those files are bounded by the host's kernel (setrlimit(2)) even without that.
"""

import mmap
import re
from collections.abc import Iterable
from pathlib import Path

from kpatch_tools.model.sandbox import Limits, Sandbox

# Beside the guest's memory: translated code (1 GiB at most), threads, and what devices take.
OVERHEAD_BYTES = 4 << 30
_SIZE = re.compile(r"^(\d+)([MG]?)$")
_UNITS = {"": 1 << 20, "M": 1 << 20, "G": 1 << 30}
_THREADS = 512
_TEMPORARY_BYTES = 1 << 20
_SECCOMP = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
# Neither configuration files nor devices that nobody asked for; a network card is one.
BARE = ("-nodefaults", "-no-user-config", "-nic", "none", "-display", "none", "-no-reboot")


def options(qemu: Path) -> tuple[str, ...]:
    """The options that every qemu gets; without -sandbox where it was built without libseccomp."""
    return (*BARE, "-sandbox", _SECCOMP) if filters_calls(qemu) else BARE


def filters_calls(qemu: Path) -> bool:
    """This qemu can filter its own system calls: it is linked with libseccomp."""
    try:
        with qemu.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as image:
            return image.find(b"libseccomp.so") >= 0
    except (OSError, ValueError):
        return False


def limits(memory: str, file_bytes: int) -> tuple[str, ...]:
    """The words before qemu's command line that bound it: no file of it grows over ``file_bytes``.

    ``memory`` is the guest's, as qemu takes it. A file that would is the end of qemu (SIGXFSZ).
    """
    return (
        "prlimit", "--core=0:0", f"--fsize={file_bytes}:{file_bytes}", f"--as={_bytes(memory)}", "--"
    )  # fmt: skip


def box(
    qemu: Path, memory: str, *, readable: Iterable[Path], written: Iterable[Path], hardware: bool
) -> Sandbox:
    """The sandbox of one qemu; the files ``written`` are made anew, and nothing else can be written.

    ``memory`` is the guest's; ``hardware`` lets it open /dev/kvm.
    """
    files, program = tuple(written), qemu.resolve()
    # For a qemu that is not the system's.
    firmware = program.parent.parent / "share/qemu"
    for path in files:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
    return Sandbox(
        readable=(*readable, *(path for path in (program, firmware) if path.exists())),
        writable=files,
        devices=(Path("/dev/kvm"),) if hardware else (),
        limits=Limits(memory=_bytes(memory), processes=_THREADS, temporary=_TEMPORARY_BYTES),
    )


def _bytes(memory: str) -> int:
    """What a qemu may take for a guest of that memory, which qemu counts in MiB without a unit."""
    found = _SIZE.match(memory)
    return (int(found[1]) * _UNITS[found[2]] if found else 0) + OVERHEAD_BYTES
