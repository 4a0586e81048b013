# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel with virtme-ng's machine, but under our own supervision.

virtme-ng has no deadline, leaves qemu behind when it is killed, answers 255 for a panic and for its own
troubles alike, and keeps the console to itself. So it is asked for its qemu command line only
(``--dry-run``); qemu is then run by tools/machine, with the console in a file from its first line, the
programs' output on pipes, and a record that the guest writes into a shared folder.
"""

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.event import Sink
from kpatch_tools.model.run import Command
from kpatch_tools.parse.guestrecord import PARAMETERS
from kpatch_tools.tools import guest, initramfs, process
from kpatch_tools.tools.machine import Boot, Machine, Order, Plan, accelerator, optarg, require, supervise
from kpatch_tools.tools.probe import Engine, is_static, locate, scripts_folder

DRY_RUN_TIMEOUT_S = 120.0

# Drivers that the guest needs before it can see the host's files, and what virtme-ng-init mounts.
_BASE_DRIVERS = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay", "unix")
_CONSOLE = "file,id=console,path=/dev/null"
_ROOT_TAG = "mount_tag=/dev/root"
_USR_OVERLAY = re.compile(r" virtme_rw_overlay\d+=/(?:usr|lib)(?= )")


def boot(machine: Machine, programs: Sequence[guest.Program], *, logs: Path, sink: Sink) -> Boot:
    """Boot once, run the programs in the guest, and return what it left; judges nothing.

    ``logs`` receives console.log, output.log and record.txt. Raises EnvironmentFault when a program is
    missing or virtme-ng refuses; a guest that fails in any way is evidence, not an exception.
    """
    require(vng="pip install virtme-ng")
    return supervise(machine, programs, logs=logs, sink=sink, plan=_plan)


def _plan(order: Order) -> Plan:
    share = _fill_share(order)
    return Plan(argv=_qemu_argv(order, share), record=share / "record")


def _fill_share(order: Order) -> Path:
    share = order.folder / "share"
    share.mkdir()
    for index, program in enumerate(order.programs, 1):
        place = Path(guest.inside(share, index, program))
        place.parent.mkdir(parents=True)
        shutil.copyfile(program.binary, place)
        place.chmod(0o755)
    parameters = (*PARAMETERS, *order.machine.mode)
    text = guest.shared_script(share, order.programs, order.nonce, parameters=parameters)
    (share / "run.sh").write_text(text, encoding="utf-8")
    return share


def _qemu_argv(order: Order, share: Path) -> tuple[str, ...]:
    image = order.folder / "boot" / "bzImage"
    image.parent.mkdir()
    # A copy: beside the original virtme-ng would find the modules and spend seconds on an initramfs.
    shutil.copyfile(order.machine.kernel.image, image)
    argv = [*_ask_vng(order, image, share)]
    place = argv.index("-append") + 1 if "-append" in argv[:-1] else 0
    head, init, rest = argv[place].partition(" init=")
    root = next((index for index, word in enumerate(argv) if word.endswith(_ROOT_TAG)), 0)
    if not init or not root or _CONSOLE not in argv:
        message = "virtme-ng printed a qemu command line without the console, root or init that is expected"
        raise EnvironmentFault(message, cure="pip install 'virtme-ng==1.42'")
    argv[argv.index(_CONSOLE)] = f"file,id=console,path={optarg(order.console.resolve())}"
    argv[place] = f"{head} loglevel=7{init}{rest}"
    argv[root] = argv[root].replace(_ROOT_TAG, f"mount_tag={initramfs.ROOT_TAG}")
    initial = _initramfs(order)
    if initial:
        place_of_initramfs = order.folder / "boot" / "initramfs"
        place_of_initramfs.write_bytes(initial)
        argv += ["-initrd", str(place_of_initramfs)]
        # An overlay would bring back what the initramfs hides below /usr.
        argv[place] = _USR_OVERLAY.sub("", argv[place])
    if order.machine.acceleration.engine is not Engine.KVM:
        argv += accelerator(order.machine)
    return tuple(argv)


def _ask_vng(order: Order, image: Path, share: Path) -> tuple[str, ...]:
    machine, folder = order.machine, order.folder
    appended = (f"root={initramfs.ROOT_TAG}", *order.kernel_words)
    argv = [locate("vng"), "--dry-run", "--run", str(image), "--force-9p", "--disable-microvm"]
    # Whoever runs kvet, the guest's script needs root there: for /dev/kvm, the kernel's log and sysrq.
    argv += ["--user", "root"]
    if machine.acceleration.engine is not Engine.KVM:
        argv.append("--disable-kvm")
    argv += ["--cpus", str(machine.cpus), "--memory", machine.memory, "--cwd", str(folder)]
    for word in appended:
        argv += ["--append", word]
    argv += ["--rwdir", str(share), "--exec", shlex.join(("sh", str(share / "run.sh")))]
    # It starts virtme-run by name, which lies beside it in an environment that may not be activated.
    path = os.pathsep.join((scripts_folder(), os.environ.get("PATH", os.defpath)))
    environment = {"TMPDIR": str(folder), "HOME": str(folder), "PATH": path}
    asked = Command(argv=tuple(argv), timeout=DRY_RUN_TIMEOUT_S, cwd=folder, env=environment)
    result = process.run(asked).ok_or_raise("virtme-ng cannot make a machine", cure="kvet doctor")
    for line in result.text.splitlines():
        if "qemu-system" in line.partition(" ")[0]:
            return tuple(shlex.split(line))
    raise EnvironmentFault(
        f"virtme-ng printed no qemu command line: {result.tail[-300:]}", cure="kvet doctor"
    )


def _initramfs(order: Order) -> bytes:
    """The initramfs; b"" when the kernel does without and there is no busybox to make one of."""
    machine, words = order.machine, order.words
    busybox = Path(locate("busybox"))
    usable = is_static(busybox)
    if not machine.kernel.modules:
        return initramfs.build(None, (), {}, busybox=busybox) if usable else b""
    if not usable:
        raise EnvironmentFault(
            "busybox is not installed as a static program; a kernel with modules needs it to boot",
            cure="apt-get install -y busybox-static",
        )
    tree = initramfs.read_modules(machine.kernel.modules)
    for driver in ("9p", "9pnet_virtio", f"kvm_{machine.acceleration.vendor}"):
        if not tree.has(driver):
            raise EnvironmentFault(
                f"{machine.kernel.image}: this kernel has no {driver}, neither built in nor as a module",
                cure="kvet test --kernel debian:6.12",
            )
    drivers = (*_BASE_DRIVERS, f"kvm_{machine.acceleration.vendor}")
    return initramfs.build(tree, drivers, words, busybox=busybox)
