# SPDX-License-Identifier: GPL-2.0-only
"""A machine of our own: one qemu, the kernel, and an initramfs that holds the whole guest.

No host file system, no udev, no network: what a static test program needs is up in about a second under TCG.
The kernel's log goes to the first serial port, the programs' output and the record to virtio ports.
"""

from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.model.event import Sink
from kpatch_tools.tools import alone, confine, guest
from kpatch_tools.tools.launcher import launcher
from kpatch_tools.tools.machine import Boot, Machine, Order, Plan, accelerator, channels, require, supervise
from kpatch_tools.tools.probe import QEMU, Engine, locate

# Drivers of the ports; a kernel that has them built in loads nothing.
_DRIVERS = ("virtio_pci", "virtio_console")
_RECORD = "record"


def boot(machine: Machine, programs: Sequence[guest.Program], *, logs: Path, sink: Sink) -> Boot:
    """Boot once, run the programs in the guest, and return what it left; judges nothing.

    ``logs`` receives console.log, output.log and record.txt. The programs must be static, or scripts for
    busybox's sh. Raises UserError for another program, EnvironmentFault when qemu, busybox or a driver that
    the guest needs is missing; a guest that fails in any way is evidence, not an exception.
    """
    require(**{QEMU: "apt-get install -y qemu-system-x86"})
    alone.need_static(programs)
    return supervise(machine, programs, logs=logs, sink=sink, plan=_plan)


def _plan(order: Order) -> Plan:
    record = order.folder / _RECORD
    archive = alone.write_archive(order, _DRIVERS, launcher=launcher())
    readable = (order.machine.kernel.image.resolve(), archive)
    return Plan(argv=_argv(order, archive, record), record=record, readable=readable)


def _argv(order: Order, archive: Path, record: Path) -> tuple[str, ...]:
    machine = order.machine
    hardware = machine.acceleration.engine is Engine.KVM
    # Without ACPI (a third of the boot) only the PIT is left to tell how fast the TSC is, and on a busy host
    # the kernel gives up: "could not calculate TSC khz"; timers and the selftest library then fail.
    words = ("console=ttyS0", "earlyprintk=serial,ttyS0,115200", "loglevel=7", "reboot=t")
    argv = [locate(QEMU), *confine.options(Path(locate(QEMU)))]
    argv += ["-machine", "pc", *accelerator(machine), "-cpu", "host" if hardware else "max"]
    argv += ["-smp", str(machine.cpus), "-m", machine.memory]
    argv += ["-kernel", str(machine.kernel.image.resolve()), "-initrd", str(archive)]
    argv += ["-append", " ".join((*words, *order.kernel_words))]
    return (*argv, *channels(order, record))
