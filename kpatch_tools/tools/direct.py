# SPDX-License-Identifier: GPL-2.0-only
"""A machine of our own: one qemu, the kernel, and an initramfs that holds the whole guest.

No host file system, no udev, no network: what a static test program needs is up in about a second under TCG.
The kernel's log goes to the first serial port, the programs' output and the record to virtio ports.
"""

from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Sink
from kpatch_tools.parse.guestrecord import PARAMETERS
from kpatch_tools.tools import guest, initramfs
from kpatch_tools.tools.initramfs import ModuleTree
from kpatch_tools.tools.machine import Boot, Machine, Order, Plan, accelerator, channels, require, supervise
from kpatch_tools.tools.probe import QEMU, Engine, is_static, locate

# Drivers of the ports; a kernel that has them built in loads nothing.
_BASE_DRIVERS = ("virtio_pci", "virtio_console")
_RECORD = "record"


def boot(machine: Machine, programs: Sequence[guest.Program], *, logs: Path, sink: Sink) -> Boot:
    """Boot once, run the programs in the guest, and return what it left; judges nothing.

    ``logs`` receives console.log, output.log and record.txt. The programs must be static, or scripts for
    busybox's sh. Raises UserError for another program, EnvironmentFault when qemu, busybox or a driver that
    the guest needs is missing; a guest that fails in any way is evidence, not an exception.
    """
    require(**{QEMU: "apt-get install -y qemu-system-x86"})
    for program in programs:
        _must_run_alone(program)
    return supervise(machine, programs, logs=logs, sink=sink, plan=_plan)


def _must_run_alone(program: guest.Program) -> None:
    try:
        with program.binary.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise EnvironmentFault(
            f"{program.binary}: {error.strerror}", cure="build the test anew: the file may be gone"
        ) from error
    if head == b"\x7fELF" and not is_static(program.binary):
        raise UserError(
            f"{program.binary} is not static; the guest of --backend direct has no C library",
            cure="link it with -static, or use --backend vng",
        )


def _plan(order: Order) -> Plan:
    machine = order.machine
    tree = _drivers(machine)
    archive = order.folder / "initramfs"
    script = guest.alone_script(
        initramfs.ALONE, order.programs, order.nonce, parameters=(*PARAMETERS, *machine.mode)
    )
    archive.write_bytes(
        initramfs.build_alone(
            tree,
            (*_BASE_DRIVERS, f"kvm_{machine.acceleration.vendor}"),
            order.words,
            busybox=_busybox(),
            script=script,
            programs=order.programs,
        )
    )
    record = order.folder / _RECORD
    return Plan(argv=_argv(order, archive, record), record=record)


def _busybox() -> Path:
    busybox = Path(locate("busybox"))
    if not is_static(busybox):
        raise EnvironmentFault(
            "busybox is not installed as a static program; it is the user space of --backend direct",
            cure="apt-get install -y busybox-static",
        )
    return busybox


def _drivers(machine: Machine) -> ModuleTree | None:
    """The kernel's modules, None when it has none; EnvironmentFault for a driver that is nowhere."""
    if not machine.kernel.modules:
        return None
    tree = initramfs.read_modules(machine.kernel.modules)
    for driver in (*_BASE_DRIVERS, f"kvm_{machine.acceleration.vendor}"):
        if not tree.has(driver):
            raise EnvironmentFault(
                f"{machine.kernel.image}: this kernel has no {driver}, neither built in nor as a module",
                cure="kvet test --kernel debian:6.12",
            )
    return tree


def _argv(order: Order, archive: Path, record: Path) -> tuple[str, ...]:
    machine = order.machine
    hardware = machine.acceleration.engine is Engine.KVM
    # Without ACPI (a third of the boot) only the PIT is left to tell how fast the TSC is, and on a busy host
    # the kernel gives up: "could not calculate TSC khz"; timers and the selftest library then fail.
    words = ("console=ttyS0", "earlyprintk=serial,ttyS0,115200", "loglevel=7", "reboot=t")
    argv = [locate(QEMU), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    argv += ["-machine", "pc", *accelerator(machine), "-cpu", "host" if hardware else "max"]
    argv += ["-smp", str(machine.cpus), "-m", machine.memory]
    argv += ["-kernel", str(machine.kernel.image.resolve()), "-initrd", str(archive)]
    argv += ["-append", " ".join((*words, *order.kernel_words))]
    return (*argv, *channels(order, record))
