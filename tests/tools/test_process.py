# SPDX-License-Identifier: GPL-2.0-only
import contextvars
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.tools import process
from kpatch_tools.tools.alive import group_is_alive


def sh(script: str, **extra) -> Command:
    return Command(argv=("sh", "-c", script), **{"timeout": 20.0, **extra})


def gone(pid: int) -> bool:
    """The process no longer runs; a zombie that nobody reaps in a container counts as gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if gone(pid):
            return True
        time.sleep(0.02)
    return False


def test_output_exit_code_and_streams_are_kept_apart():
    result = process.run(sh("echo out; echo err >&2; exit 3"))
    assert (result.ended, result.returncode) == (Ended.EXITED, 3)
    assert (result.text, result.error_text) == ("out\n", "err\n")
    assert not result.ok


def test_stdin_is_empty_unless_given():
    assert process.run(sh("cat")).text == ""
    assert len(process.run(sh("cat", stdin=b"x" * 300_000)).stdout) == 300_000


def test_a_program_that_ignores_its_stdin_is_no_error():
    assert process.run(sh("exit 0", stdin=b"x" * 300_000)).ok


def test_memory_is_bounded_before_the_program_begins(monkeypatch):
    """On a busy machine the program is done before its parent has another word."""

    class Slow(process.subprocess.Popen):
        def __init__(self, *args, **rest):
            super().__init__(*args, **rest)
            time.sleep(0.3)

    monkeypatch.setattr(process.subprocess, "Popen", Slow)
    command = Command(argv=("sh", "-c", "ulimit -d; pwd", "x"), timeout=20.0, memory=64 << 20, cwd=Path("/"))
    assert process.run(command).text == f"{64 << 10}\n/\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="setpriv takes a right away from root alone")
def test_less_memory_that_is_allowed_already_stays():
    lower = ("setpriv", "--bounding-set=-sys_resource", "sh", "-c", 'ulimit -d 32768; exec "$@"', "sh")
    result = process.run(
        Command(argv=(*lower, *process._within(64 << 20, ("sh", "-c", "ulimit -d"))), timeout=20.0)
    )
    assert (result.returncode, result.text) == (0, "32768\n")


def test_a_program_whose_memory_cannot_be_bounded_is_not_started():
    shell, *rest = process._within(64 << 20, ("echo", "ran"))
    # A shell that knows no such limit.
    rest[1] = 'ulimit() { [ "$1" != -S ] || echo unlimited; false; }; ' + rest[1]
    result = process.run(Command(argv=(shell, *rest), timeout=20.0))
    assert (result.returncode, result.text) == (126, "")
    assert "echo: the shell sets no limit of 65536 KiB" in result.error_text


def test_a_program_with_bounded_memory_that_is_not_there():
    result = process.run(Command(argv=("no-such-program",), timeout=20.0, memory=64 << 20))
    assert (result.ended, result.returncode) == (Ended.NOT_FOUND, 127)
    assert "no-such-program" in result.error_text


def test_deadline_ends_the_whole_group_even_one_that_ignores_term():
    result = process.run(sh("trap '' TERM; sleep 60 & echo $!; echo $$; wait; sleep 60", timeout=0.5))
    assert result.ended is Ended.TIMED_OUT
    child, parent = (int(line) for line in result.text.split())
    assert wait_gone(child)
    assert wait_gone(parent)


def test_silence_is_a_deadline_of_its_own():
    result = process.run(sh("echo one; sleep 60", quiet_timeout=0.3))
    assert result.ended is Ended.QUIET
    assert result.text == "one\n"


def test_a_background_grandchild_does_not_hold_the_caller():
    result = process.run(sh("sleep 60 & echo $!"))
    assert result.ended is Ended.EXITED
    assert wait_gone(int(result.text))


def test_missing_program_is_a_result_and_raises_with_the_cure():
    result = process.run(Command(argv=("kvet-no-such-program",), timeout=5))
    assert result.ended is Ended.NOT_FOUND
    with pytest.raises(ToolFailed, match="is not installed") as caught:
        result.ok_or_raise("building", cure="apt-get install it")
    assert caught.value.cure == "apt-get install it"


def test_death_by_signal_is_named():
    result = process.run(sh("kill -SEGV $$"))
    assert (result.ended, result.returncode) == (Ended.SIGNALLED, -11)
    with pytest.raises(ToolFailed, match="killed by signal 11"):
        result.ok_or_raise("running")


def test_lines_and_log(tmp_path):
    lines: list[str] = []
    log = tmp_path / "deep" / "run.log"
    process.run(sh("printf 'a\\nb\\npart'", log=log), on_line=lines.append)
    assert lines == ["a", "b", "part"]
    assert log.read_text() == "a\nb\npart"


def test_git_variables_of_a_hook_are_stripped(monkeypatch):
    monkeypatch.setenv("GIT_INDEX_FILE", "/somewhere/else")
    assert process.run(sh("echo ${GIT_INDEX_FILE:-none} $LC_ALL")).text == "none C\n"
    assert process.run(sh("echo $GIT_INDEX_FILE", env={"GIT_INDEX_FILE": "mine"})).text == "mine\n"


def test_an_exception_in_the_sink_leaves_no_process():
    pids: list[int] = []

    def sink(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(sh("echo $$; sleep 60"), on_line=sink)
    assert wait_gone(pids[0])


def test_command_prints_ready_to_paste():
    command = Command(argv=("make", "O=a b"), timeout=1, cwd=Path("/x y"), env={"A": "1 2"})
    assert str(command) == "(cd '/x y' && A='1 2' make 'O=a b')"


def test_a_stream_that_is_too_long_ends_the_program():
    result = process.run(sh("echo $$; exec yes", output_limit=100_000))
    assert result.ended is Ended.FLOODED
    assert len(result.stdout) < 1_000_000
    assert wait_gone(int(result.text.split("\n", 1)[0]))
    with pytest.raises(ToolFailed, match="wrote more than 100000 bytes"):
        result.ok_or_raise("running")


def test_what_fits_is_no_flood():
    result = process.run(sh("head -c 1000 /dev/zero; head -c 1000 /dev/zero >&2", output_limit=1000))
    assert result.ok
    assert process.run(sh("head -c 1001 /dev/zero", output_limit=1000)).ended is Ended.FLOODED


def test_a_file_that_grows_too_long_ends_the_program(tmp_path):
    grown, absent = tmp_path / "grown", tmp_path / "absent"
    result = process.run(sh(f"exec yes > {grown}", watched=(absent, grown), output_limit=100_000))
    assert result.ended is Ended.FLOODED
    small = tmp_path / "small"
    assert process.run(sh(f"echo a > {small}", watched=(small,), output_limit=100)).ok
    late = sh(f"head -c 101 /dev/zero > {small}", watched=(small,), output_limit=100)
    assert process.run(late).ended is Ended.FLOODED, "it grew in the last moment"


KILLED = """
import os, sys
from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from kpatch_tools.tools.alive import group_is_alive
print(os.getpid(), flush=True)
script = "sleep 1000 & echo $! > {0}/child; echo $$ > {0}/parent; wait".format(sys.argv[1])
process.run(Command(argv=("sh", "-c", script), timeout=float(sys.argv[2])))
"""


def kill_ours(tmp_path, number):
    """Start a kvet that runs a long command, kill it, and return the command's two processes."""
    pids = []

    def on_line(line: str) -> None:
        if pids:
            return
        pids.append(int(line))
        while not ((tmp_path / "parent").exists() and (tmp_path / "parent").read_text().strip()):
            time.sleep(0.01)
        os.kill(pids[0], number)

    argv = (sys.executable, "-c", KILLED, str(tmp_path), "600")
    process.run(Command(argv=argv, timeout=30), on_line=on_line)
    return [int((tmp_path / name).read_text()) for name in ("child", "parent")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_runs_on_after_we_are_killed(tmp_path, number):
    for pid in kill_ours(tmp_path, number):
        assert wait_gone(pid)


def test_the_guard_ends_with_the_command():
    def children() -> int:
        lines = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return len(lines)

    before = children()
    process.run(sh("true", timeout=600))
    process.run(sh("sleep 60", timeout=600, quiet_timeout=0.1))
    assert children() == before


def test_group_is_alive():
    assert group_is_alive(os.getpgrp())
    assert not group_is_alive(2**22 - 3)


def test_a_kernel_without_pidfd_is_served_too(monkeypatch):
    def absent(_pid: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", absent)
    assert process.run(sh("echo out; exit 4")).returncode == 4
    assert process.run(sh("exec >&- 2>&-; sleep 0.3; exit 5")).returncode == 5
    assert process.run(sh("sleep 60", timeout=0.3)).ended is Ended.TIMED_OUT


def test_commands_side_by_side_give_their_results_in_order():
    commands = [sh(f"sleep 0.0{9 - number}; echo {number}; exit {number}") for number in range(8)]
    results = process.run_each(commands)
    assert [result.text for result in results] == [f"{number}\n" for number in range(8)]
    assert [result.returncode for result in results] == list(range(8))
    assert process.run_each([]) == []


def test_one_that_cannot_be_started_is_an_answer_of_its_own(tmp_path):
    lost = Command(argv=("./no-such-program",), timeout=5.0, cwd=tmp_path)
    results = process.run_each([sh("echo a"), lost, sh("echo b")])
    assert [result.ended for result in results] == [Ended.EXITED, Ended.NOT_FOUND, Ended.EXITED]


def test_no_descriptor_is_left_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        process.run(sh("echo out"))
        process.run(sh("sleep 60", timeout=0.05))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_another_thread_can_end_what_a_thread_runs(tmp_path):
    stop, said = threading.Event(), []

    def work() -> None:
        process.STOP.set(stop)
        try:
            process.run(sh(f"sleep 1000 & echo $! > {tmp_path}/pid; wait", timeout=100.0))
        except process.Stopped:
            said.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 10
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stop.set()
    thread.join(20)
    assert said == ["stopped"]
    assert wait_gone(int((tmp_path / "pid").read_text()))
    # The main thread's programs are nobody else's business.
    assert process.run(sh("echo fine")).text == "fine\n"


def test_nothing_is_run_once_it_is_asked_to_stop():
    stop = threading.Event()
    stop.set()

    def work() -> None:
        process.STOP.set(stop)
        process.run(sh("sleep 1000"))

    with pytest.raises(process.Stopped):
        contextvars.copy_context().run(work)


def test_a_program_for_root_is_found_where_debian_keeps_it(monkeypatch):
    """Debian's PATH for users ends before /usr/sbin, where depmod is."""
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
    assert process.search_path() == "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    shown = process.run(Command(argv=("sh", "-c", "command -v ldconfig"), timeout=10))
    assert shown.text.strip() in {"/usr/sbin/ldconfig", "/sbin/ldconfig"}
    monkeypatch.setenv("PATH", "/usr/sbin:/x")
    assert process.search_path() == "/usr/sbin:/x:/sbin"
