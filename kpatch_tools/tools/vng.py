# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel with virtme-ng's machine, but under our own supervision.

virtme-ng has no deadline, leaves qemu behind when it is killed, answers 255 for a panic and for its own
troubles alike, and keeps the console to itself. So it is asked for its qemu command line only
(``--dry-run``); qemu is then run by tools/process, in a session of its own, with the console in a file from
its first line, the programs' output on pipes, and a record that the guest writes into a shared folder.
"""

import os
import re
import secrets
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.vm import Evidence, TestOutput
from kpatch_tools.parse.guestrecord import PARAMETERS, parse_record, split_output
from kpatch_tools.tools import guest, initramfs, process
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.private import private_folder
from kpatch_tools.tools.probe import Acceleration, Engine, is_static, locate, scripts_folder

DRY_RUN_TIMEOUT_S = 120.0
CONSOLE_NAME = "console.log"
OUTPUT_NAME = "output.log"
RECORD_NAME = "record.txt"
KEEP_BYTES = 32 << 20

# Drivers that the guest needs before it can see the host's files, and what virtme-ng-init mounts.
_BASE_DRIVERS = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay", "unix")
_CONSOLE = "file,id=console,path=/dev/null"
_ROOT_TAG = "mount_tag=/dev/root"
_USR_OVERLAY = re.compile(r" virtme_rw_overlay\d+=/(?:usr|lib)(?= )")
_RESULT_LINE = re.compile(r"^(?:not )?ok \d+ .*")
_MODE = re.compile(r"^(?:([a-z][a-z0-9_]*)\.)?([a-z][a-z0-9_]*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What to boot and with what. ``mode`` maps KVM parameters to values ("npt": "0", "kvm.tdp_mmu": "N").

    ``memory`` is as qemu takes it ("1G"); ``boot_timeout`` is in seconds and added to the programs' own.
    """

    kernel: Kernel
    acceleration: Acceleration
    mode: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 1
    memory: str = "1G"
    boot_timeout: float = 120.0
    append: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One finished boot: what it left, the command that ran, and the files in the log folder."""

    evidence: Evidence
    command: str
    console_log: Path
    output_log: Path


def module_words(mode: Mapping[str, str], vendor: str) -> dict[str, tuple[str, ...]]:
    """Module name to its ``key=value`` words for a mode; UserError for a name that is no parameter.

    A short name stands for the module that has it: npt of kvm_amd, ept of kvm_intel, tdp_mmu of kvm, nested
    of the vendor's module; any other is given in full ("kvm.eager_page_split").
    """
    owners = {"npt": "kvm_amd", "ept": "kvm_intel", "tdp_mmu": "kvm", "nested": f"kvm_{vendor}"}
    words: dict[str, tuple[str, ...]] = {}
    for name, value in mode.items():
        match = _MODE.match(name)
        module = (match[1] or owners.get(match[2])) if match else None
        if not match or not module or not module.startswith("kvm") or not re.fullmatch(r"\w+", value):
            known = ", ".join(sorted(owners))
            raise UserError(
                f"mode {name}={value} is no KVM module parameter",
                cure=f"use one of {known}, or the whole name as in kvm.eager_page_split=N",
            )
        words[module] = (*words.get(module, ()), f"{match[2]}={value}")
    return words


def boot(machine: Machine, programs: Sequence[guest.Program], *, logs: Path, sink: Sink) -> Boot:
    """Boot once, run the programs in the guest, and return what it left; judges nothing.

    ``logs`` receives console.log, output.log and record.txt. Raises EnvironmentFault when a program is
    missing or virtme-ng refuses; a guest that fails in any way is evidence, not an exception.
    """
    needed = {"vng": "pip install virtme-ng", "setpriv": "apt-get install -y util-linux"}
    for name, cure in needed.items():
        if not locate(name):
            raise EnvironmentFault(f"{name} is not installed", cure=cure)
    words = module_words(machine.mode, machine.acceleration.vendor)
    logs.mkdir(parents=True, exist_ok=True)
    console, output = logs / CONSOLE_NAME, logs / OUTPUT_NAME
    with private_folder("kvet-vm-") as folder:
        nonce = secrets.token_hex(8)
        share = _fill_share(folder, programs, nonce, tuple(machine.mode))
        argv = _qemu_argv(machine, folder, share, console, words)
        limits = sum(program.limit + guest.KILL_AFTER_S + guest.DUMP_BEFORE_S for program in programs)
        longest = max((program.limit for program in programs), default=0)
        command = Command(
            argv=("setpriv", "--pdeathsig", "KILL", *argv),
            timeout=machine.boot_timeout + limits,
            quiet_timeout=max(machine.boot_timeout, longest + 20.0),
            cwd=folder,
        )
        sink(Event("boot", f"{machine.kernel.release} {_words(machine.mode)}"))
        result = process.run(command, on_line=_watch(sink, machine.mode))
        record = _text(share / "record")
    (logs / RECORD_NAME).write_text(record, encoding="utf-8")
    output.write_bytes(result.stdout + b"\n--- standard error ---\n" + result.stderr)
    evidence = Evidence(
        ended=result.ended,
        returncode=result.returncode,
        elapsed=result.elapsed,
        timeout=command.timeout,
        console=_text(console),
        record=parse_record(record),
        outputs=_outputs(result, programs, nonce),
        mode=dict(machine.mode),
        machine_error=_own_words(result, nonce),
    )
    return Boot(evidence=evidence, command=str(command), console_log=console, output_log=output)


def _words(mode: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in mode.items())


def _fill_share(folder: Path, programs: Sequence[guest.Program], nonce: str, mode: tuple[str, ...]) -> Path:
    share = folder / "share"
    share.mkdir()
    for index, program in enumerate(programs, 1):
        place = guest.inside(share, index, program)
        place.parent.mkdir(parents=True)
        shutil.copyfile(program.binary, place)
        place.chmod(0o755)
    text = guest.script(share, programs, nonce, parameters=(*PARAMETERS, *mode))
    (share / "run.sh").write_text(text, encoding="utf-8")
    return share


def _qemu_argv(
    machine: Machine, folder: Path, share: Path, console: Path, words: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    image = folder / "boot" / "bzImage"
    image.parent.mkdir()
    # A copy: beside the original virtme-ng would find the modules and spend seconds on an initramfs.
    shutil.copyfile(machine.kernel.image, image)
    argv = [*_ask_vng(machine, folder, image, share, words)]
    place = argv.index("-append") + 1 if "-append" in argv[:-1] else 0
    head, init, rest = argv[place].partition(" init=")
    root = next((index for index, word in enumerate(argv) if word.endswith(_ROOT_TAG)), 0)
    if not init or not root or _CONSOLE not in argv:
        message = "virtme-ng printed a qemu command line without the console, root or init that is expected"
        raise EnvironmentFault(message, cure="pip install 'virtme-ng==1.42'")
    argv[argv.index(_CONSOLE)] = f"file,id=console,path={_optarg(console.resolve())}"
    argv[place] = f"{head} loglevel=7{init}{rest}"
    argv[root] = argv[root].replace(_ROOT_TAG, f"mount_tag={initramfs.ROOT_TAG}")
    initial = _initramfs(machine, words)
    if initial:
        place_of_initramfs = folder / "boot" / "initramfs"
        place_of_initramfs.write_bytes(initial)
        argv += ["-initrd", str(place_of_initramfs)]
        # An overlay would bring back what the initramfs hides below /usr.
        argv[place] = _USR_OVERLAY.sub("", argv[place])
    return tuple(argv)


def _ask_vng(
    machine: Machine, folder: Path, image: Path, share: Path, words: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    appended = [
        f"root={initramfs.ROOT_TAG}",
        "panic=-1",
        "printk.time=1",
        "oops=panic",
        *(f"{module}.{word}" for module, group in words.items() for word in group),
        *machine.append,
    ]
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


def _initramfs(machine: Machine, words: Mapping[str, tuple[str, ...]]) -> bytes:
    """The initramfs; b"" when the kernel does without and there is no busybox to make one of."""
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


def _optarg(path: Path) -> str:
    """A value inside qemu's comma separated options: a comma is written twice (qemu(1))."""
    return str(path).replace(",", ",,")


def _watch(sink: Sink, mode: Mapping[str, str]) -> process.LineSink:
    seen = 0

    def on_line(line: str) -> None:
        nonlocal seen
        if _RESULT_LINE.match(line):
            seen += 1
            sink(Event("test", f"{_words(mode)} {line}".strip(), seen))

    return on_line


def _text(path: Path) -> str:
    """A file that the guest wrote: a plain file, and no more of it than a console can hold."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            return stream.read(KEEP_BYTES).decode(errors="replace")
    except OSError:
        return ""


def _outputs(result: RunResult, programs: Sequence[guest.Program], nonce: str) -> tuple[TestOutput, ...]:
    out, err = split_output(result.text, nonce), split_output(result.error_text, nonce)
    return tuple(
        TestOutput(name=program.name, stdout=out.get(index, ""), stderr=err.get(index, ""))
        for index, program in enumerate(programs, 1)
    )


def _own_words(result: RunResult, nonce: str) -> str:
    """What qemu itself, or virtme-ng's init, printed: all that stands before the first program's mark."""
    return result.error_text.partition(f"kvet-{nonce} ")[0].strip()
