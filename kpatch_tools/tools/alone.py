# SPDX-License-Identifier: GPL-2.0-only
"""A guest that holds nothing of the host: what goes into its archive, for whichever machine boots it."""

from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.parse.guestrecord import PARAMETERS
from kpatch_tools.tools import guest, initramfs
from kpatch_tools.tools.initramfs import ModuleTree
from kpatch_tools.tools.machine import Machine, Order
from kpatch_tools.tools.probe import is_static, locate


def need_static(programs: Sequence[guest.Program]) -> None:
    """Raise for a program that cannot run there: UserError where it is not static, else EnvironmentFault."""
    for program in programs:
        try:
            with program.binary.open("rb") as stream:
                head = stream.read(4)
        except OSError as error:
            raise EnvironmentFault(
                f"{program.binary}: {error.strerror}", cure="build the test anew: the file may be gone"
            ) from error
        if head == b"\x7fELF" and not is_static(program.binary):
            raise UserError(
                f"{program.binary} is not static; the guest has no C library",
                cure="link it with -static, or show the guest the host's: --backend vng --host-root",
            )


def write_archive(order: Order, names: Sequence[str], *, launcher: Path, init: Path | None = None) -> Path:
    """Write the archive into the order's folder: drivers ``names``, busybox, the script and the programs.

    Raises EnvironmentFault when busybox or a driver that the guest needs is missing.
    """
    machine = order.machine
    script = guest.alone_script(
        initramfs.ALONE, order.programs, order.nonce, parameters=(*PARAMETERS, *machine.mode)
    )
    archive = order.folder / "initramfs"
    archive.write_bytes(
        initramfs.build_alone(
            drivers(machine, names),
            (*names, f"kvm_{machine.acceleration.vendor}"),
            order.words,
            busybox=busybox(),
            script=script,
            programs=order.programs,
            launcher=launcher,
            init=init,
        )
    )
    return archive


def busybox() -> Path:
    """The host's busybox, which has to be static; EnvironmentFault with the cure otherwise."""
    found = Path(locate("busybox"))
    if not is_static(found):
        raise EnvironmentFault(
            "busybox is not installed as a static program; it is the guest's user space",
            cure="apt-get install -y busybox-static",
        )
    return found


def drivers(machine: Machine, names: Sequence[str]) -> ModuleTree | None:
    """The kernel's modules, None when it has none; EnvironmentFault when it has no KVM or none of a port."""
    if not machine.kernel.modules:
        return None
    tree = initramfs.read_modules(machine.kernel.modules)
    for driver in (*(name for name in names if name in _NEEDED), f"kvm_{machine.acceleration.vendor}"):
        if not tree.has(driver):
            raise EnvironmentFault(
                f"{machine.kernel.image}: this kernel has no {driver}, neither built in nor as a module",
                cure="kvet test --kernel debian:6.12",
            )
    return tree


# The others are for comfort: without overlayfs virtme-ng's init goes on.
_NEEDED = frozenset({"virtio_pci", "virtio_console", "9p", "9pnet_virtio"})
