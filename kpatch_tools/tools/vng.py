# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel with virtme-ng's machine, but under our own supervision and without the host's files.

virtme-ng has no deadline, leaves qemu behind when it is killed, answers 255 for a panic and for its own
troubles alike, keeps the console to itself, and shows the guest the whole file system of the host. So it is
asked for its qemu command line only (``--dry-run``). Of that the words in _KEPT are taken, and nothing that
reaches the host: qemu is run by tools/machine, with the console in a file from its first line and the
programs' output and the record on ports. The guest's root is an archive in memory with virtme-ng's init,
busybox, the script and the programs. Only with ``host_root`` is the host's root there too, read-only, and the
programs in a second read-only share.
"""

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.event import Sink
from kpatch_tools.model.run import Command
from kpatch_tools.parse.guestrecord import PARAMETERS
from kpatch_tools.tools import alone, confine, guest, initramfs, process
from kpatch_tools.tools.launcher import launcher
from kpatch_tools.tools.machine import (
    Boot,
    Machine,
    Order,
    Plan,
    accelerator,
    channels,
    optarg,
    require,
    supervise,
)
from kpatch_tools.tools.probe import Engine, locate, scripts_folder

DRY_RUN_TIMEOUT_S = 120.0
DRIVERS = ("virtio_pci", "virtio_console", "overlay", "unix")
_SHARING = ("9p", "9pnet_virtio")
_RECORD = "record"
_SHARE_TAG = "virtme.initmount0"
_READ_ONLY = "security_model=none,readonly=on,multidevs=remap"
_CURE = "pip install 'virtme-ng==1.42'"

# What of virtme-ng's machine is kept: option to the shape of its value, None for one without.
_KEPT: dict[str, str | None] = {
    "-name": r"[\w.-]+",
    "-m": r"\d+[MG]?",
    "-machine": r"[\w.,=-]+",
    "-M": r"[\w.,=-]+",
    "-cpu": r"[\w.,=+-]+",
    "-smp": r"[\w.,=]+",
    "-accel": r"[\w.,=-]+",
    "-enable-kvm": None,
    "-parallel": r"none",
    "-vga": r"none",
    "-device": r"i6300esb(,id=\w+)?",
}
# Known, and left out: channels and shares that are made here, or what confine.options() says better.
_LEFT_OUT = {
    "-fsdev",
    "-device",
    "-chardev",
    "-serial",
    "-net",
    "-display",
    "-kernel",
    "-append",
    "-watchdog",
}
_FLAGS = {"-no-reboot"}
# Words about a root and folders of the host.
_OF_SHARES = re.compile(r"^(virtme_(rw_overlay|initmount)\d+(_\w+)?|virtme_chdir|root\w*)=|^ro$")
# An overlay would bring back what the initramfs hides there (udev).
_HIDDEN = re.compile(r"^virtme_rw_overlay\d+=/(?:usr|lib)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What virtme-ng answered: qemu, the options that are kept, the kernel's words, and its init."""

    qemu: str
    options: tuple[str, ...]
    words: tuple[str, ...]
    init: str


def boot(
    machine: Machine, programs: Sequence[guest.Program], *, logs: Path, sink: Sink, host_root: bool = False
) -> Boot:
    """Boot once, run the programs in the guest, and return what it left; judges nothing.

    ``logs`` receives console.log, output.log and record.txt. Without ``host_root`` the programs must be
    static or scripts for busybox's sh. Raises EnvironmentFault when a program is missing or virtme-ng
    refuses; a guest that fails in any way is evidence, not an exception.
    """
    require(vng="pip install virtme-ng")
    if not host_root:
        alone.need_static(programs)
    return supervise(machine, programs, logs=logs, sink=sink, plan=_with_host if host_root else _alone)


def _alone(order: Order) -> Plan:
    asked = _ask_vng(order, order.folder, shlex.join(("exec", "sh", f"{initramfs.ALONE}/run.sh")))
    archive = alone.write_archive(order, DRIVERS, launcher=launcher(), init=Path(asked.init))
    words = [word for word in asked.words if not _OF_SHARES.match(word)]
    argv, record = _argv(order, asked, [*words, "rdinit=/init"], ("-initrd", str(archive)))
    return Plan(argv=argv, record=record, readable=(order.machine.kernel.image.resolve(), archive))


def _with_host(order: Order) -> Plan:
    share = _fill_share(order)
    asked = _ask_vng(order, share, shlex.join(("sh", str(share / "run.sh"))))
    archive = order.folder / "initramfs"
    tree = alone.drivers(order.machine, (*DRIVERS, *_SHARING))
    names = (*DRIVERS, *_SHARING, f"kvm_{order.machine.acceleration.vendor}")
    archive.write_bytes(initramfs.build(tree, names, order.words, busybox=alone.busybox()))
    words = [word for word in asked.words if not _HIDDEN.match(word)]
    shared: list[str] = []
    for name, path, tag in (("root", Path("/"), initramfs.ROOT_TAG), ("share", share, _SHARE_TAG)):
        shared += ["-fsdev", f"local,id={name},path={optarg(path)},{_READ_ONLY}"]
        shared += ["-device", f"virtio-9p-pci,fsdev={name},mount_tag={tag}"]
    words = [*words, f"root={initramfs.ROOT_TAG}", f"init={asked.init}"]
    argv, record = _argv(order, asked, words, ("-initrd", str(archive), *shared))
    return Plan(argv=argv, record=record)


def _argv(
    order: Order, asked: _Asked, words: Sequence[str], more: Sequence[str]
) -> tuple[tuple[str, ...], Path]:
    machine, record = order.machine, order.folder / _RECORD
    argv = [asked.qemu, *confine.options(Path(asked.qemu)), *asked.options]
    if machine.acceleration.engine is not Engine.KVM:
        argv += accelerator(machine)
    argv += ["-kernel", str(machine.kernel.image.resolve()), "-append", " ".join((*words, "loglevel=7"))]
    return (*argv, *more, *channels(order, record)), record


def _fill_share(order: Order) -> Path:
    share = order.folder / "share"
    share.mkdir()
    for index, program in enumerate(order.programs, 1):
        place = Path(guest.inside(share, index, program))
        place.parent.mkdir(parents=True)
        shutil.copyfile(program.binary, place)
        place.chmod(0o755)
    shutil.copyfile(launcher(), share / guest.LAUNCHER)
    (share / guest.LAUNCHER).chmod(0o755)
    parameters = (*PARAMETERS, *order.machine.mode)
    text = guest.shared_script(share, order.programs, order.nonce, parameters=parameters)
    (share / "run.sh").write_text(text, encoding="utf-8")
    return share


def _ask_vng(order: Order, share: Path, script: str) -> _Asked:
    machine, folder = order.machine, order.folder
    image = folder / "boot" / "bzImage"
    image.parent.mkdir()
    # A copy: beside the original virtme-ng would find the modules and spend seconds on an initramfs.
    shutil.copyfile(machine.kernel.image, image)
    argv = [locate("vng"), "--dry-run", "--run", str(image), "--force-9p", "--disable-microvm"]
    # Whoever runs kvet, the guest's script needs root there: for /dev/kvm, the kernel's log and sysrq.
    argv += ["--user", "root"]
    if machine.acceleration.engine is not Engine.KVM:
        argv.append("--disable-kvm")
    argv += ["--cpus", str(machine.cpus), "--memory", machine.memory, "--cwd", "/"]
    for word in order.kernel_words:
        argv += ["--append", word]
    argv += ["--rodir", str(share), "--exec", script]
    # It starts virtme-run by name, which lies beside it in an environment that may not be activated.
    path = os.pathsep.join((scripts_folder(), os.environ.get("PATH", os.defpath)))
    environment = {"TMPDIR": str(folder), "HOME": str(folder), "PATH": path}
    asked = Command(argv=tuple(argv), timeout=DRY_RUN_TIMEOUT_S, cwd=folder, env=environment)
    result = process.run(asked).ok_or_raise("virtme-ng cannot make a machine", cure="kvet doctor")
    for line in result.text.splitlines():
        if "qemu-system" in line.partition(" ")[0]:
            return _read(shlex.split(line))
    raise EnvironmentFault(
        f"virtme-ng printed no qemu command line: {result.tail[-300:]}", cure="kvet doctor"
    )


def _read(line: list[str]) -> _Asked:
    options: list[str] = []
    words: list[str] = []
    for option, value in _pairs(line[1:]):
        if option == "-append":
            words = value.split()
        elif option in _KEPT and re.fullmatch(_KEPT[option] or "", value):
            options += [option, value] if value else [option]
        elif option not in _LEFT_OUT | _FLAGS:
            raise EnvironmentFault(
                f"virtme-ng wants {option} {value} of qemu, which kvet does not know", cure=_CURE
            )
    init = next((word.partition("=")[2] for word in words if word.startswith("init=")), "")
    if not init:
        raise EnvironmentFault("virtme-ng printed a qemu command line without an init", cure=_CURE)
    words = [word for word in words if not word.startswith("init=")]
    return _Asked(qemu=line[0], options=tuple(options), words=tuple(words), init=init)


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    """Options with their values; "" for one that has none."""
    rest = iter(words)
    for option in rest:
        alone_one = option in _FLAGS or (option in _KEPT and _KEPT[option] is None)
        yield option, "" if alone_one else next(rest, "")
