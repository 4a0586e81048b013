# SPDX-License-Identifier: GPL-2.0-only
"""What both back ends share: what to boot, the supervised run of qemu, and the evidence that it leaves.

A back end only says which qemu to start (``Plan``); here it gets a private folder, a session of its own, two
deadlines, a limit on what it may write, and a signal for the day that kvet dies. Nothing is judged here.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.model.vm import Evidence, TestOutput
from kpatch_tools.parse.guestrecord import parse_record, split_output
from kpatch_tools.tools import confine, guest, process, sandbox
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.private import private_folder
from kpatch_tools.tools.probe import Acceleration, Engine, locate
from kpatch_tools.tools.results import Written, bounded, read_written

CONSOLE_NAME = "console.log"
OUTPUT_NAME = "output.log"
RECORD_NAME = "record.txt"
# As much as tools/process keeps in memory: beyond it the output would be judged without its end.
OUTPUT_LIMIT = process.KEEP_BYTES
RECORD_LIMIT = 1 << 18
# Of the lines that tell how far a test has got.
SHOWN_RESULTS, SHOWN_LENGTH = 2000, 200
FOLDER_PREFIX = "kvet-vm-"

_SIGNALLED = 128
_UTIL_LINUX = "apt-get install -y util-linux"
_RESULT_LINE = re.compile(r"^(?:not )?ok \d+ .*")
_MODE = re.compile(r"^(?:([a-z][a-z0-9_]*)\.)?([a-z][a-z0-9_]*)$")
# A kvet that died before the signal for its death was set would never send it: then nothing is started.
_UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What to boot and with what. ``mode`` maps KVM parameters to values ("npt": "0", "kvm.tdp_mmu": "N").

    ``memory`` is as qemu takes it ("1G"); ``boot_timeout`` is in seconds and added to the programs' own;
    ``append`` holds more words for the kernel's command line.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A back end's answer: the qemu to run, the file for the guest's record, and what else qemu reads.

    ``readable`` is None for a qemu that has to see the whole host: it is not run in a sandbox.
    """

    argv: tuple[str, ...]
    record: Path
    readable: tuple[Path, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a back end plans for. ``folder`` is its own and goes away; ``console`` is where the log belongs.

    ``words`` are the module parameters of the mode; ``nonce`` begins every line of the guest's record.
    """

    machine: Machine
    programs: Sequence[guest.Program]
    folder: Path
    console: Path
    nonce: str
    words: Mapping[str, tuple[str, ...]]

    @property
    def kernel_words(self) -> tuple[str, ...]:
        """What every kernel gets on its command line, whatever the machine."""
        named = (f"{module}.{word}" for module, group in self.words.items() for word in group)
        return ("panic=-1", "oops=panic", "printk.time=1", *named, *self.machine.append)


Planner = Callable[[Order], Plan]


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


def supervise(
    machine: Machine, programs: Sequence[guest.Program], *, logs: Path, sink: Sink, plan: Planner
) -> Boot:
    """Boot once what ``plan`` says, and return what it left.

    ``logs`` receives console.log, output.log and record.txt. Several may run at once, in different folders.
    Raises EnvironmentFault when a program is missing or the logs cannot be written; a guest that fails in
    any way is evidence, not an exception.
    """
    require(setpriv=_UTIL_LINUX, prlimit=_UTIL_LINUX)
    words = module_words(machine.mode, machine.acceleration.vendor)
    console, output = logs / CONSOLE_NAME, logs / OUTPUT_NAME
    with _writing(logs):
        logs.mkdir(parents=True, exist_ok=True)
        # Of an earlier run: it must not be taken for this one's.
        console.unlink(missing_ok=True)
    nonce = secrets.token_hex(8)
    with private_folder(FOLDER_PREFIX) as folder:
        order = Order(
            machine=machine, programs=programs, folder=folder, console=console, nonce=nonce, words=words
        )
        with _writing(folder):
            planned = plan(order)
            command = _command(machine, programs, planned, console, folder)
        sink(Event("boot", f"{machine.kernel.release} {_words(machine.mode)}"))
        result = process.run(command, on_line=_watch(sink, machine.mode))
        record = read_written(planned.record, RECORD_LIMIT)
    with _writing(logs):
        for path in (logs / RECORD_NAME, output):
            path.unlink(missing_ok=True)
        (logs / RECORD_NAME).write_text(record.text, encoding="utf-8")
        output.write_bytes(result.stdout + b"\n--- standard error ---\n" + result.stderr)
    seen = read_written(console, OUTPUT_LIMIT)
    outputs, faults = _outputs(result, programs, nonce)
    ended, code = _how(result)
    evidence = Evidence(
        ended=ended,
        returncode=code,
        elapsed=result.elapsed,
        timeout=command.timeout,
        console=seen.text,
        record=parse_record(record.text, nonce),
        outputs=outputs,
        mode=dict(machine.mode),
        machine_error=result.limit or _own_words(result, nonce),
        faults=(*(fault for fault in _of_files(result, record, seen) if fault), *faults),
    )
    shown = str(Command(argv=planned.argv, timeout=command.timeout))
    return Boot(evidence=evidence, command=shown, console_log=console, output_log=output)


def require(**cures: str) -> None:
    """Raise EnvironmentFault for the first program of these names that is not there, with its cure."""
    for name, cure in cures.items():
        if not locate(name):
            raise EnvironmentFault(f"{name} is not installed", cure=cure)


def accelerator(machine: Machine) -> tuple[str, str]:
    """The option of qemu that chooses the engine.

    With one thread a processor, TCG may run code that another guest processor has just patched: the
    breakpoint that the kernel puts there in between is then nobody's, and __schedule dies with "Oops: int3"
    when a static key changes (seen with preempt notifiers and sched_switch, Linux 6.12). One thread for all
    of them is safe, and quicker.
    """
    if machine.acceleration.engine is Engine.KVM:
        return "-accel", "kvm"
    return "-accel", "tcg,thread=single" if machine.cpus > 1 else "tcg"


def channels(order: Order, record: Path) -> tuple[str, ...]:
    """The options of qemu for what comes out: the log by serial port, output and record by virtio ports."""
    console = f"file,id=console,path={optarg(order.console.resolve())}"
    argv = ["-chardev", console, "-serial", "chardev:console", "-device", "virtio-serial-pci"]
    ports = (
        (guest.STDOUT_PORT, Path("/dev/fd/1")),
        (guest.STDERR_PORT, Path("/dev/fd/2")),
        (guest.RECORD_PORT, record),
    )
    for name, path in ports:
        argv += ["-chardev", f"file,id={name},path={optarg(path)}"]
        argv += ["-device", f"virtserialport,chardev={name},name={name}"]
    return tuple(argv)


def optarg(path: Path) -> str:
    """A value inside qemu's comma separated options: a comma is written twice (qemu(1))."""
    return str(path).replace(",", ",,")


def _command(
    machine: Machine, programs: Sequence[guest.Program], planned: Plan, console: Path, folder: Path
) -> Command:
    limits = sum(program.limit + guest.KILL_AFTER_S + guest.DUMP_BEFORE_S for program in programs)
    longest = max((program.limit for program in programs), default=0)
    # A little more than is looked for while it runs: then it is known why qemu ended.
    argv = (*confine.limits(machine.memory, OUTPUT_LIMIT + (1 << 16)), *planned.argv)
    box = None
    if planned.readable is not None:
        box = confine.box(
            Path(planned.argv[0]),
            machine.memory,
            readable=planned.readable,
            written=(console.resolve(), planned.record),
            hardware=machine.acceleration.engine is Engine.KVM,
        )
    if box is None or sandbox.OFF.get():
        # The sandbox dies with us by itself.
        argv = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", _UNLESS_ORPHANED, str(os.getpid()), *argv)
    return Command(
        argv=argv,
        sandbox=box,
        timeout=machine.boot_timeout + limits,
        quiet_timeout=max(machine.boot_timeout, longest + 20.0),
        cwd=None if box else folder,
        watched=(console, planned.record),
        output_limit=OUTPUT_LIMIT,
    )


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(
            f"{error.filename or folder}: {error.strerror}: the files of a boot cannot be written",
            cure="make room there; --state names another place for the logs, TMPDIR for the rest",
        ) from error


def _words(mode: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in mode.items())


def _watch(sink: Sink, mode: Mapping[str, str]) -> process.LineSink:
    seen = 0

    def on_line(line: str) -> None:
        nonlocal seen
        if _RESULT_LINE.match(line) and seen < SHOWN_RESULTS:
            seen += 1
            sink(Event("test", f"{_words(mode)} {line[:SHOWN_LENGTH]}".strip(), seen))

    return on_line


def _outputs(
    result: RunResult, programs: Sequence[guest.Program], nonce: str
) -> tuple[tuple[TestOutput, ...], tuple[str, ...]]:
    streams = {"standard output": result.text, "standard error": result.error_text}
    texts: list[dict[int, str]] = []
    faults: list[str] = []
    cuts: list[str] = []
    for stream, whole in streams.items():
        parts, wrong = split_output(whole, nonce, len(programs))
        faults += [f"{stream} has {text}" for text in wrong]
        read = {index: bounded(part, stream) for index, part in parts.items()}
        cuts += [one.cut for one in read.values() if one.cut]
        texts.append({index: one.text for index, one in read.items()})
    outputs = tuple(
        TestOutput(name=program.name, stdout=texts[0].get(index, ""), stderr=texts[1].get(index, ""))
        for index, program in enumerate(programs, 1)
    )
    # A machine that was ended for writing too much is known to have.
    return outputs, (*faults, *(cuts if result.ended is not Ended.FLOODED else ()))


def _of_files(result: RunResult, *files: Written) -> Iterator[str]:
    for one in files:
        yield one.fault
        if result.ended is not Ended.FLOODED:
            yield one.cut


def _how(result: RunResult) -> tuple[Ended, int]:
    """How qemu ended; the sandbox ends with 128 and the signal's number where qemu was killed by one."""
    if result.command.sandbox and result.ended is Ended.EXITED and result.returncode > _SIGNALLED:
        return Ended.SIGNALLED, _SIGNALLED - result.returncode
    return result.ended, result.returncode


def _own_words(result: RunResult, nonce: str) -> str:
    """What qemu itself, or virtme-ng's init, printed: all that stands before the first program's mark."""
    return result.error_text.partition(f"kvet-{nonce} ")[0].strip()
