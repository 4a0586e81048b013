# SPDX-License-Identifier: GPL-2.0-only
"""What both back ends share, with a shell that plays qemu; real machines are in tests/flow."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.tools import guest, machine, probe, process
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot, Machine, Order, Plan, module_words, supervise
from kpatch_tools.tools.private import private_folder

TCG = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence=("said so",))
BARE = Machine(kernel=Kernel(image=Path("/vmlinuz"), release="6.1.0-test"), acceleration=TCG)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Boot]:
    """``run(script, programs)``: a boot of the shell script, with $record, $console and $nonce set."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def call(script: str, programs: tuple[guest.Program, ...] = (), **changes: object) -> Boot:
        def plan(order: Order) -> Plan:
            record = order.folder / "record"
            names = f"record={record} console={order.console} nonce={order.nonce}\n"
            return Plan(argv=("sh", "-c", f"{names}{script}"), record=record)

        made = replace(BARE, **changes)
        return supervise(made, programs, logs=tmp_path / "logs", sink=silent, plan=plan)

    return call


def program(limit: int = 5) -> guest.Program:
    return guest.Program(name="one", binary=Path("/x"), limit=limit)


def test_what_a_boot_leaves(run: Callable[..., Boot], tmp_path: Path) -> None:
    done = run(
        "echo boots > $console; echo own words >&2\n"
        "for word in 'start 1.0' 'begin 1 5 1.0' 'end 1 0 2.0' done; do echo $nonce $word >> $record; done\n"
        "echo kvet-$nonce begin 1; echo kvet-$nonce begin 1 >&2; echo out; echo err >&2",
        (program(),),
    )
    evidence = done.evidence
    assert (evidence.ended, evidence.returncode, evidence.console) == (Ended.EXITED, 0, "boots\n")
    assert evidence.record.done
    assert (evidence.outputs[0].stdout, evidence.outputs[0].stderr) == ("out\n", "err\n")
    assert evidence.machine_error == "own words"
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [
        "console.log",
        "output.log",
        "record.txt",
    ]
    assert not list(tmp_path.glob("kvet-vm-*"))
    assert done.command.startswith("sh -c"), "what a user would paste, without our own guard"


def test_a_console_of_an_earlier_run_is_not_this_ones(run: Callable[..., Boot], tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "console.log").write_text("BUG: of yesterday\n")
    assert run("true").evidence.console == ""


def test_each_boot_has_a_word_of_its_own(run: Callable[..., Boot], tmp_path: Path) -> None:
    """A guest that knows the word of the boot before it cannot speak for this one."""
    first = run("echo $nonce > $console")
    stale = first.evidence.console.strip()
    second = run(f"echo {stale} start 1 > $record; echo {stale} done >> $record")
    assert not second.evidence.record.started


@pytest.mark.parametrize("channel", ["$console", "$record", "/dev/stdout", "/dev/stderr"])
def test_a_flood_on_any_channel_ends_the_machine(
    run: Callable[..., Boot], monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    monkeypatch.setattr(machine, "OUTPUT_LIMIT", 100_000)
    done = run(f"exec cat /dev/zero > {channel}")
    assert done.evidence.ended is Ended.FLOODED
    assert done.output_log.stat().st_size < 10_000_000


def test_silence_and_the_wall_clock(run: Callable[..., Boot]) -> None:
    assert run("sleep 60", boot_timeout=0.3).evidence.ended is Ended.TIMED_OUT
    loud = run("while :; do echo a; sleep 0.1; done", boot_timeout=0.5)
    assert loud.evidence.ended is Ended.TIMED_OUT


def test_logs_that_cannot_be_written(run: Callable[..., Boot], tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentFault, match=r"logs: .*: the files of a boot cannot be written"):
        run("true")


def test_a_temporary_folder_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def plan(order: Order) -> Plan:
        raise OSError(28, "No space left on device", str(order.folder / "initramfs"))

    with pytest.raises(EnvironmentFault, match="initramfs: No space left on device") as caught:
        supervise(BARE, (), logs=tmp_path / "logs", sink=silent, plan=plan)
    assert "TMPDIR" in caught.value.cure


def test_an_error_of_a_back_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def plan(order: Order) -> Plan:
        raise EnvironmentFault("no")

    with pytest.raises(EnvironmentFault):
        supervise(BARE, (), logs=tmp_path / "logs", sink=silent, plan=plan)
    assert not list(tmp_path.glob("kvet-vm-*"))


# kvet itself, in short: a boot whose qemu is a sleep, in a process that the test can kill.
OURS = """
import signal, sys
from pathlib import Path
from kpatch_tools.model.event import silent
from kpatch_tools.tools.machine import Plan, supervise
from tests.tools.test_machine import BARE
place = Path(sys.argv[1])
# A background job of sh ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
def plan(order):
    (place / "folder").write_text(str(order.folder))
    return Plan(argv=("sh", "-c", f"echo $$ > {place}/pid; exec sleep 1000"), record=order.folder / "record")
supervise(BARE, (), logs=place / "logs", sink=silent, plan=plan)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_kvet_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """No machine runs on; its folder is gone at once, or, where nobody could remove it, with the next run."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[int] = []

    def watch() -> None:
        argv = (sys.executable, "-c", OURS, str(tmp_path))
        script = f'cd {Path(__file__).parents[2]}; "$@" & echo $! > {tmp_path}/kvet; wait'
        environment = {"TMPDIR": str(tmp_path)}
        process.run(Command(argv=("sh", "-c", script, "-", *argv), timeout=50, env=environment))

    thread = threading.Thread(target=watch)
    thread.start()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not seen:
        time.sleep(0.02)
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip():
            seen.append(int((tmp_path / "pid").read_text()))
    folder = Path((tmp_path / "folder").read_text())
    assert folder.exists()
    os.kill(int((tmp_path / "kvet").read_text()), number)
    thread.join()
    assert _gone(seen[0])
    if number is signal.SIGKILL:
        assert folder.exists(), "nobody was there to remove it"
    with private_folder(machine.FOLDER_PREFIX):
        assert not folder.exists()


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_kvet_that_died_first_starts_no_machine(tmp_path: Path) -> None:
    """Between the start and the signal for the parent's death lies a moment without a parent."""
    for parent, there in ((str(os.getpid()), True), ("1", False)):
        mark = tmp_path / parent
        argv = ("sh", "-c", machine._UNLESS_ORPHANED, parent, "touch", str(mark))
        process.run(Command(argv=argv, timeout=10))
        assert mark.exists() is there


def test_modes() -> None:
    words = module_words({"npt": "0", "nested": "1", "tdp_mmu": "N", "kvm.eager_page_split": "N"}, "amd")
    assert words == {"kvm_amd": ("npt=0", "nested=1"), "kvm": ("tdp_mmu=N", "eager_page_split=N")}
    assert module_words({"nested": "1", "ept": "0"}, "intel") == {"kvm_intel": ("nested=1", "ept=0")}


@pytest.mark.parametrize(
    ("name", "value"),
    [("foo", "1"), ("npt", "0 panic=1"), ("kernel.x", "1"), ("npt;reboot", "1"), ("npt", "")],
)
def test_what_is_no_mode(name: str, value: str) -> None:
    with pytest.raises(UserError, match="is no KVM module parameter"):
        module_words({name: value}, "amd")
