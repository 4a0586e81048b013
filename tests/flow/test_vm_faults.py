# SPDX-License-Identifier: GPL-2.0-only
"""Guests and machines that go wrong in every way we know: each comes to the right verdict, and ends."""

import os
import re
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import Judgement, judge
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.splat_list import parse_allowed
from kpatch_tools.tools import direct, guest, kernels, probe, process
from kpatch_tools.tools import machine as machine_module
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot, Machine
from tests.machines import PROVOKE, built_kernel, compiled, debian_kernel, require, shell

pytestmark = [pytest.mark.vm, pytest.mark.kernel, pytest.mark.timeout(3600)]

BOMB = "\tfor (;;)\n\t\tfork();\n"
EATER = "\tfor (;;)\n\t\tmemset(malloc(1 << 20), 1, 1 << 20);\n"
FLOOD = '\tfor (int i = 0; i < 2000000; i++)\n\t\tprintf("%099d\\n", i);\n'
FULL = (
    '\tint out = open("/tmp/full", O_CREAT | O_WRONLY, 0600);\n\tstatic char page[1 << 16];\n'
    "\twhile (write(out, page, sizeof(page)) > 0)\n\t\t;\n"
    "\tif (errno != ENOSPC)\n\t\treturn 3;\n"
    '\tputs("not ok 2 second # no space");\n\treturn 1;\n'
)


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    require("gcc")
    return built_kernel()


@pytest.fixture
def run(kernel: Kernel, tmp_path: Path) -> Callable[..., Boot]:
    """``run(programs, memory=...)``: one boot of the direct back end."""

    def call(*programs: guest.Program, sink=silent, **changes: object) -> Boot:
        machine = Machine(**{"kernel": kernel, "acceleration": probe.acceleration(), **changes})
        return direct.boot(machine, programs, logs=tmp_path / "logs", sink=sink)

    return call


def states(judgement: Judgement) -> list[Verdict]:
    return [test.status for test in judgement.tests]


def running(words: str) -> list[int]:
    """Living processes whose command line holds these words."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line, state = (place / "cmdline").read_bytes(), (place / "stat").read_text()
        except OSError:
            continue
        if words.encode() in line and state.rpartition(")")[2].split()[0] != "Z":
            found.append(int(place.name))
    return found


EARLY = {"no room": "mem=1M", "no init": "rdinit=/bin/busybox"}


@pytest.mark.parametrize("how", EARLY)
def test_panic_before_the_first_program(run: Callable[..., Boot], tmp_path: Path, how: str) -> None:
    """While the kernel sets up its memory, before it has a console; and when its first process ends."""
    done = run(shell(tmp_path, "one", "", limit=1), append=(EARLY[how],), boot_timeout=4.0)
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.PANIC
    assert "before the tests began" in judged.reason
    assert "Linux version" in done.evidence.console
    assert states(judged) == [Verdict.PANIC]


def test_a_machine_too_small_for_the_kernel(run: Callable[..., Boot], tmp_path: Path) -> None:
    judged = judge(run(shell(tmp_path, "one", ""), memory="20M", boot_timeout=10.0).evidence)
    assert judged.verdict in {Verdict.NO_VERDICT, Verdict.HANG}
    assert "the console is empty" in judged.reason


def test_panic_after_the_last_result(run: Callable[..., Boot], tmp_path: Path) -> None:
    """Every line was good, and the machine died before the program had ended."""
    program = shell(tmp_path, "late", f"echo ok 2 second\necho PANIC > {PROVOKE}")
    judged = judge(run(program).evidence)
    assert judged.verdict is Verdict.PANIC
    assert Verdict.PANIC in states(judged)


def test_interrupts_off_for_ever(run: Callable[..., Boot], tmp_path: Path) -> None:
    program = shell(tmp_path, "stuck", f"echo HARDLOCKUP > {PROVOKE}", limit=3)
    done = run(program, shell(tmp_path, "after", ""), boot_timeout=10.0)
    judged = judge(done.evidence)
    assert done.evidence.ended in {Ended.QUIET, Ended.TIMED_OUT}
    assert judged.verdict is Verdict.HANG
    assert states(judged) == [Verdict.PASS, Verdict.HANG, Verdict.NO_VERDICT]
    assert not running(str(tmp_path / "logs"))


# RCU complains about a grace period that is under way: a second processor starts one, and another, meanwhile.
GRACE = "while :; do (:); sleep 0.05; done &"
SOON = {
    "soft-lockup": ("SOFTLOCKUP", "echo 3 > /proc/sys/kernel/watchdog_thresh", 1, 3),
    "rcu-stall": (
        "SOFTLOCKUP",
        f"{GRACE}\necho 3 > /sys/module/rcupdate/parameters/rcu_cpu_stall_timeout",
        2,
        12,
    ),
    "hung-task": ("HUNG_TASK", "echo 3 > /proc/sys/kernel/hung_task_timeout_secs", 1, 3),
}


@pytest.mark.parametrize("kind", SOON)
def test_a_lockup_is_named_by_the_kernel(run: Callable[..., Boot], tmp_path: Path, kind: str) -> None:
    what, sooner, cpus, limit = SOON[kind]
    program = shell(tmp_path, "spin", f"{sooner}\necho {what} > {PROVOKE}", limit=limit)
    judged = judge(run(program, cpus=cpus, boot_timeout=25.0).evidence)
    assert judged.verdict is Verdict.HANG
    assert kind in {splat.kind for splat in judged.splats}
    assert f"splat/{kind}" in {finding.rule for finding in judged.findings}


@pytest.mark.parametrize(
    ("what", "kind", "verdict"),
    [
        ("BUG", "bug", Verdict.PANIC),
        ("EXCEPTION", "oops", Verdict.PANIC),
        ("WARNING_MESSAGE", "warning", Verdict.SPLAT),
    ],
)
def test_a_complaint_of_the_kernel(
    run: Callable[..., Boot], tmp_path: Path, what: str, kind: str, verdict: Verdict
) -> None:
    judged = judge(run(shell(tmp_path, "one", f"echo {what} > {PROVOKE}")).evidence)
    assert judged.verdict is verdict
    assert judged.splats[0].kind == kind


def test_an_allowed_warning_of_a_real_kernel(run: Callable[..., Boot], tmp_path: Path) -> None:
    evidence = run(shell(tmp_path, "one", f"echo WARNING > {PROVOKE}")).evidence
    text = "[[splat]]\nkind = 'warning'\ntitle = 'lkdtm'\nreason = 'provoked'\n"
    judged = judge(evidence, allowed=parse_allowed(text, name="x"))
    assert judged.verdict is Verdict.PASS
    assert [finding.rule for finding in judged.findings] == ["splat/allowed"]
    assert evidence.record.taint_after == 512


def test_a_fork_bomb_ends_and_the_next_program_runs(run: Callable[..., Boot], tmp_path: Path) -> None:
    """The script needs no new process to end all others, so it survives thousands of them.

    Unless the machine is so slow that thousands become all there is room for: then it is ended from outside,
    while the bomb runs or while its processes go.
    """
    bomb = compiled(tmp_path, "bomb", BOMB, limit=5)
    done = run(bomb, shell(tmp_path, "after", ""), boot_timeout=30.0)
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.HANG
    if "bomb did not end within 5 s" in judged.reason:
        assert states(judged) == [Verdict.PASS, Verdict.HANG, Verdict.PASS, Verdict.PASS]
    else:
        assert re.search(" in bomb| between the tests", judged.reason), judged.reason
        assert states(judged)[0] is Verdict.PASS
        assert Verdict.HANG in states(judged)
        assert Verdict.PASS not in states(judged)[1:]


def test_a_fork_bomb_in_a_small_machine(run: Callable[..., Boot], tmp_path: Path) -> None:
    """There is room for nothing; whoever ends it, it is no pass, and no machine is left."""
    bomb = compiled(tmp_path, "bomb", BOMB, limit=3)
    judged = judge(run(bomb, shell(tmp_path, "after", ""), memory="256M", boot_timeout=15.0).evidence)
    assert judged.verdict not in {Verdict.PASS, Verdict.SKIP, Verdict.INFRA}
    assert states(judged)[1] in {Verdict.HANG, Verdict.CRASH, Verdict.PANIC, Verdict.NO_VERDICT}
    assert not running(str(tmp_path / "logs"))


def test_all_memory_taken(run: Callable[..., Boot], tmp_path: Path) -> None:
    """The program is killed and named; the script lives, and so does the program after it."""
    eater = compiled(tmp_path, "eater", EATER, limit=60)
    judged = judge(run(eater, shell(tmp_path, "after", ""), memory="256M").evidence)
    assert judged.verdict is Verdict.CRASH
    assert re.search(r"memory ran out \(Out of memory: Killed process \d+ \(eater\)\)", judged.reason)
    assert states(judged) == [Verdict.PASS, Verdict.CRASH, Verdict.PASS, Verdict.PASS]


def test_a_full_disk_in_the_guest(run: Callable[..., Boot], tmp_path: Path) -> None:
    """The record has a channel of its own: nothing of it is lost."""
    full = compiled(tmp_path, "full", FULL)
    done = run(full, shell(tmp_path, "after", ""), memory="256M")
    judged = judge(done.evidence)
    assert done.evidence.record.done
    assert judged.verdict is Verdict.FAIL
    assert judged.reason == "second: no space"
    assert states(judged) == [Verdict.PASS, Verdict.FAIL, Verdict.PASS, Verdict.PASS]


def test_200_megabytes_of_output(run: Callable[..., Boot], tmp_path: Path) -> None:
    flood = compiled(tmp_path, "flood", FLOOD, limit=300)
    done = run(flood)
    judged = judge(done.evidence)
    assert done.evidence.ended is Ended.FLOODED
    assert judged.verdict is Verdict.FLOOD
    assert "to standard output in flood" in judged.reason
    assert states(judged) == [Verdict.PASS, Verdict.FLOOD]
    assert done.output_log.stat().st_size < 2 * machine_module.OUTPUT_LIMIT


def test_a_flood_on_the_console(
    run: Callable[..., Boot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_module, "OUTPUT_LIMIT", 1 << 17)
    program = shell(tmp_path, "talker", "while :; do echo a line of nothing > /dev/kmsg; done", limit=120)
    done = run(program, append=("printk.devkmsg=on",))
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.FLOOD
    assert "to the console in talker" in judged.reason
    assert done.console_log.stat().st_size < 1 << 20


def test_a_kernel_that_is_no_kernel(run: Callable[..., Boot], tmp_path: Path, kernel_image) -> None:
    text = tmp_path / "vmlinuz"
    text.write_text("not a kernel at all\n" * 1000)
    with pytest.raises(UserError, match="is no x86 kernel image"):
        kernels.from_image(text)
    # A good header, and nothing behind it that runs.
    shell_only = kernels.from_image(kernel_image(tmp_path / "boot" / "vmlinuz"))
    judged = judge(run(shell(tmp_path, "one", ""), kernel=shell_only, boot_timeout=3.0).evidence)
    assert judged.verdict in {Verdict.HANG, Verdict.NO_VERDICT, Verdict.INFRA}
    assert Verdict.PASS not in states(judged)


def test_a_kernel_cut_off_in_the_middle(run: Callable[..., Boot], kernel: Kernel, tmp_path: Path) -> None:
    half = tmp_path / "vmlinuz"
    half.write_bytes(kernel.image.read_bytes()[:200_000])
    judged = judge(
        run(shell(tmp_path, "one", ""), kernel=kernels.from_image(half), boot_timeout=3.0).evidence
    )
    assert judged.verdict in {Verdict.HANG, Verdict.NO_VERDICT, Verdict.INFRA}
    assert Verdict.PASS not in states(judged)


def test_a_kernel_without_the_ports(run: Callable[..., Boot], tmp_path: Path) -> None:
    judged = judge(
        run(shell(tmp_path, "one", ""), append=("initcall_blacklist=virtio_console_init",)).evidence
    )
    assert judged.verdict is Verdict.INFRA
    assert "is virtio_console in this kernel?" in judged.reason
    assert states(judged) == [Verdict.INFRA]


@pytest.fixture
def stock(tmp_path: Path) -> Kernel:
    """Debian's kernel with a module folder of links, in which a test may break one."""
    found = debian_kernel("6.12")
    assert found.modules
    folder = tmp_path / "lib" / "modules" / found.release
    folder.mkdir(parents=True)
    for name in ("modules.dep", "modules.builtin"):
        shutil.copy(found.modules / name, folder / name)
    (folder / "kernel").symlink_to(found.modules / "kernel")
    return Kernel(image=found.image, release=found.release, modules=folder)


def test_a_module_that_is_missing(run: Callable[..., Boot], stock: Kernel, tmp_path: Path) -> None:
    assert stock.modules
    listed = stock.modules / "modules.dep"
    listed.write_text(listed.read_text().replace("kvm-amd.ko", "kvm-amt.ko"))
    with pytest.raises(EnvironmentFault, match="this kernel has no kvm_amd"):
        run(shell(tmp_path, "one", ""), kernel=stock)
    listed.write_text(listed.read_text().replace("kvm-amt.ko", "nowhere/kvm-amd.ko"))
    with pytest.raises(EnvironmentFault, match=r"kvm-amd\.ko\S* cannot be read: .*No such file"):
        run(shell(tmp_path, "one", ""), kernel=stock)


def test_a_module_that_does_not_load(run: Callable[..., Boot], stock: Kernel, tmp_path: Path) -> None:
    assert stock.modules
    listed = stock.modules / "modules.dep"
    broken = stock.modules / "kvm-amd.ko"
    broken.write_bytes(b"no module")
    text = re.sub(r"\S*/kvm-amd\.ko(\.xz)?:", "kvm-amd.ko:", listed.read_text())
    listed.write_text(text)
    judged = judge(run(shell(tmp_path, "one", ""), kernel=stock).evidence)
    assert judged.verdict is Verdict.INFRA
    assert "cannot load kvm_amd" in judged.reason


def test_debians_kernel(run: Callable[..., Boot], stock: Kernel, tmp_path: Path) -> None:
    """Modules come in the right order, with the parameters of the mode."""
    done = run(shell(tmp_path, "one", ""), kernel=stock, mode={"npt": "0"})
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.PASS
    assert done.evidence.record.parameters["kvm_amd.npt"] == "N"


def test_two_processors(run: Callable[..., Boot], tmp_path: Path) -> None:
    count = shell(tmp_path, "count", 'read -r word < /sys/devices/system/cpu/online; echo "# $word"')
    done = run(count, cpus=2)
    assert judge(done.evidence).verdict is Verdict.PASS
    assert "# 0-1" in done.evidence.outputs[0].stdout


def test_a_program_that_needs_the_hosts_libraries(run: Callable[..., Boot], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not static") as caught:
        run(guest.Program(name="ls", binary=Path("/bin/ls")))
    assert "--backend vng" in caught.value.cure


def test_qemu_killed(run: Callable[..., Boot], tmp_path: Path) -> None:
    def kill(event: Event) -> None:
        if event.stage == "test":
            for pid in running(str(tmp_path / "logs")):
                os.kill(pid, signal.SIGKILL)

    done = run(shell(tmp_path, "one", "sleep 60", limit=60), sink=kill)
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.INFRA
    assert "qemu was killed by SIGKILL" in judged.reason
    assert Verdict.PASS in states(judged)


def test_a_full_disk_on_the_host(run: Callable[..., Boot], tmp_path: Path) -> None:
    """Logs that cannot be kept are an error of the machine, never a verdict on the kernel."""
    logs = tmp_path / "logs"
    logs.mkdir()
    argv = ("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(logs))
    if os.geteuid() or not process.run(Command(argv=argv, timeout=10)).ok:
        pytest.skip("only root can make a small disk")
    try:
        with pytest.raises(EnvironmentFault, match="No space left on device"):
            run(shell(tmp_path, "one", ""))
    finally:
        process.run(Command(argv=("umount", "--lazy", str(logs)), timeout=10))


def test_four_machines_at_once(kernel: Kernel, tmp_path: Path) -> None:
    """Each with a mode and a folder of its own; none takes another's output for its own."""
    machine = {"kernel": kernel, "acceleration": probe.acceleration()}
    done: dict[int, Boot] = {}

    def work(number: int) -> None:
        program = shell(tmp_path, f"number {number}", f"echo '# i am {number}'")
        mode = {"npt": str(number % 2)}
        logs = tmp_path / str(number)
        done[number] = direct.boot(Machine(mode=mode, **machine), (program,), logs=logs, sink=silent)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, boot in done.items():
        judged = judge(boot.evidence)
        assert judged.verdict is Verdict.PASS
        assert f"# i am {number}" in boot.evidence.outputs[0].stdout
        assert {test.mode["npt"] for test in judged.tests} == {str(number % 2)}
    assert len(done) == 4
