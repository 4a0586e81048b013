# SPDX-License-Identifier: GPL-2.0-only
"""The one place that runs programs: own session, two deadlines, a limit on output, no process left behind.

`subprocess.run(timeout=)` kills only the child it knows; make and qemu have grandchildren. Every command
therefore gets its own session, and whatever ends the wait (a deadline, Ctrl-C, an exception) ends the
whole process group: SIGTERM, a grace period, SIGKILL.
"""

import contextlib
import os
import selectors
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import sandbox
from kpatch_tools.tools.alive import end_group, end_sandbox
from kpatch_tools.tools.sandboxwatch import Watch

DRAIN_S = 1.0
LOOK_EVERY_S = 0.1
# What may run so long is worth a guard: a compiler or a machine that outlives us would be in the way.
GUARDED_FROM_S = 60.0
KEEP_BYTES = 32 * 1024 * 1024
_CHUNK = 65536

LineSink = Callable[[str], None]
Runner = Callable[[Command], RunResult]

# Set in a thread whose programs another thread may have to end: Ctrl-C reaches the main thread alone.
STOP: ContextVar[threading.Event | None] = ContextVar("kvet_stop", default=None)


class Stopped(Exception):  # noqa: N818 - asked for, no fault
    """The program was ended because the event in STOP was set."""


def search_path() -> str:
    """PATH, with the folders behind it in which Debian keeps depmod and that it gives to root alone."""
    known = os.environ.get("PATH", os.defpath)
    return ":".join(dict.fromkeys((*known.split(":"), "/usr/sbin", "/sbin")))


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without GIT_* (a hook's GIT_INDEX_FILE would redirect us), in the C locale.

    PATH is search_path().
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, "PATH": search_path(), "LC_ALL": "C", **(extra or {})}


def run(
    command: Command, *, on_line: LineSink | None = None, on_start: Callable[[Command], None] | None = None
) -> RunResult:
    """Run a command to its end and return how it ended; never raises for a bad exit code.

    ``on_line`` receives each finished line of stdout and stderr as text, ``on_start`` the command itself
    (for ``-v``). At most KEEP_BYTES of each stream are kept in memory; the log file gets everything.
    Raises Stopped when the thread's STOP event is set, EnvironmentFault when a sandbox cannot be had.
    """
    if on_start:
        on_start(command)
    if command.sandbox is None or sandbox.OFF.get():
        return _run(command, on_line)
    words = ""
    for users in sandbox.ways():
        with sandbox.launch(command, command.sandbox, users=users) as launch:
            if not shutil.which(command.argv[0], path=launch.env["PATH"]):
                return _not_found(command, f"{command.argv[0]}: not found in {launch.env['PATH']}")
            result = _run(command, on_line, launch)
            if result.ended is not Ended.EXITED or launch.entered:
                return result
            words = result.error_text
    raise sandbox.refused(words)


def _run(command: Command, on_line: LineSink | None, launch: sandbox.Launch | None = None) -> RunResult:
    started = time.monotonic()
    env = launch.env if launch else clean_environment(command.env)
    argv = launch.argv if launch else command.argv
    if command.memory:
        if not shutil.which(argv[0], path=env.get("PATH")):
            return _not_found(command, f"{argv[0]}: not found")
        argv = _within(command.memory, argv)
    try:
        process = subprocess.Popen(
            argv,
            # bubblewrap itself goes where the program is to be.
            cwd="/" if launch else command.cwd,
            env=env,
            stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=launch.passed if launch else (),
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        return _not_found(command, f"{error.strerror}: {error.filename}")
    guard: subprocess.Popen[bytes] | None = None
    pump = _Pump(process, command, on_line, launch)
    try:
        guard = _guard(process.pid) if command.timeout >= GUARDED_FROM_S else None
        ended = pump.until_end(started)
    finally:
        if launch:
            end_sandbox(launch.first, launch.inside)
        end_group(process.pid, lambda: process.poll() is not None)
        process.wait()
        _dismiss(guard)
        pump.close()
    if ended is Ended.EXITED and process.returncode < 0:
        ended = Ended.SIGNALLED
    return RunResult(
        command=command,
        ended=ended,
        returncode=process.returncode,
        stdout=bytes(pump.kept["stdout"]),
        stderr=bytes(pump.kept["stderr"]),
        elapsed=time.monotonic() - started,
        limit=pump.limit,
    )


def _within(memory: int, argv: Sequence[str]) -> tuple[str, ...]:
    """The command with RLIMIT_DATA set before its program begins: set from here, it may come too late.

    Where less is allowed already, the shell may not raise it, and need not. Where no limit can be had
    the program is not started.
    """
    limit = memory >> 10
    script = (
        f'ulimit -d {limit} 2>/dev/null || [ "$(ulimit -S -d)" -le {limit} ] 2>/dev/null || '
        f'{{ echo "$1: the shell sets no limit of {limit} KiB on its memory" >&2; exit 126; }}; exec "$@"'
    )
    return ("/bin/sh", "-c", script, "sh", *argv)


def _not_found(command: Command, words: str) -> RunResult:
    return RunResult(command=command, ended=Ended.NOT_FOUND, returncode=127, stderr=words.encode())


def run_each(commands: Sequence[Command]) -> list[RunResult]:
    """Run short commands side by side, as many as there are processors; their results in order."""
    results: dict[int, RunResult] = {}
    waiting = iter(range(len(commands)))

    def work() -> None:
        for at in waiting:
            results[at] = run(commands[at])

    # This thread works too: Ctrl-C reaches it, and the others are done within a moment.
    others = [threading.Thread(target=work, daemon=True) for _ in commands[1 : len(os.sched_getaffinity(0))]]
    for thread in others:
        thread.start()
    work()
    for thread in others:
        thread.join()
    # What failed to start in another thread fails here, where it is seen.
    return [results[at] if at in results else run(command) for at, command in enumerate(commands)]


def _guard(group: int) -> subprocess.Popen[bytes]:
    """A process that kills the group when we are gone, even by SIGKILL: the pipe that it reads ends then."""
    return subprocess.Popen(
        ("/bin/sh", "-c", 'read -r _; kill -s KILL -- "-$0"', str(group)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _dismiss(guard: subprocess.Popen[bytes] | None) -> None:
    """End the guard before its pipe does, or it would kill whoever has that number by then."""
    if guard and guard.stdin:
        guard.kill()
        guard.wait()
        guard.stdin.close()


def _watch(pid: int) -> int | None:
    """A descriptor that is readable when the process ends; None on a kernel before 5.3, where we poll."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


class _Pump:
    """Moves a process's output to memory, the log and the line sink, and watches the deadlines."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        command: Command,
        on_line: LineSink | None,
        launch: sandbox.Launch | None,
    ) -> None:
        self._process = process
        self._launch = launch
        self._sandbox = Watch.over(command.sandbox) if launch and command.sandbox else None
        self.limit = ""
        self._command = command
        self._on_line = on_line
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._partial = {"stdout": b"", "stderr": b""}
        self._log: IO[bytes] | None = None
        if command.log:
            command.log.parent.mkdir(parents=True, exist_ok=True)
            self._log = Path(command.log).open("ab")  # noqa: SIM115 - closed in close()
        self._selector = selectors.DefaultSelector()
        for name in ("stdout", "stderr"):
            stream = getattr(process, name)
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, name)
        self._sent = {"stdout": 0, "stderr": 0}
        self._looked = 0.0
        self._pidfd = _watch(process.pid)
        if self._pidfd is not None:
            self._selector.register(self._pidfd, selectors.EVENT_READ, "end")
        self._unsent = memoryview(command.stdin)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE, "stdin")

    def until_end(self, started: float) -> Ended:
        last_output = started
        exited_at: float | None = None
        stop = STOP.get()
        while True:
            now = time.monotonic()
            if stop is not None and stop.is_set():
                raise Stopped
            if now - started > self._command.timeout:
                return Ended.TIMED_OUT
            quiet = self._command.quiet_timeout
            if quiet is not None and now - last_output > quiet:
                return Ended.QUIET
            if over := self._over(now):
                return over
            if exited_at is None and self._process.poll() is not None:
                exited_at = now
                self._unwatch()
            # A background grandchild may hold the pipes open for ever after the command has ended.
            if exited_at is not None and (not self._reading() or now - exited_at > DRAIN_S):
                self._looked = 0.0
                return Ended.FLOODED if self._flooded(now) else Ended.EXITED
            if not self._selector.get_map():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=0.1)
                continue
            for key, _mask in self._selector.select(timeout=0.1 if exited_at is None else 0.02):
                if key.data == "stdin":
                    self._feed()
                elif key.data != "end" and self._read(key):
                    last_output = time.monotonic()

    def close(self) -> None:
        for name, rest in self._partial.items():
            if rest and self._on_line:
                self._on_line(rest.decode(errors="replace"))
            self._partial[name] = b""
        self._unwatch()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if self._log:
            self._log.close()

    def _over(self, now: float) -> Ended | None:
        if self._flooded(now):
            return Ended.FLOODED
        if self._sandbox and self._launch:
            self.limit = self._sandbox.exceeded(self._launch, now)
        return Ended.LIMIT if self.limit else None

    def _flooded(self, now: float) -> bool:
        limit = self._command.output_limit
        if not limit:
            return False
        if any(number > limit for number in self._sent.values()):
            return True
        if not self._command.watched or now - self._looked < LOOK_EVERY_S:
            return False
        self._looked = now
        return any(_size(path) > limit for path in self._command.watched)

    def _reading(self) -> bool:
        return any(key.data in self.kept for key in self._selector.get_map().values())

    def _unwatch(self) -> None:
        if self._pidfd is not None:
            self._selector.unregister(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _feed(self) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        try:
            sent = os.write(stdin.fileno(), self._unsent[:_CHUNK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._selector.unregister(stdin)
            with contextlib.suppress(BrokenPipeError):
                stdin.close()

    def _read(self, key: selectors.SelectorKey) -> bool:
        try:
            chunk = os.read(key.fd, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._selector.unregister(key.fileobj)
            return False
        if self._log:
            self._log.write(chunk)
            self._log.flush()
        self._sent[key.data] += len(chunk)
        kept = self.kept[key.data]
        kept += chunk[: max(0, KEEP_BYTES - len(kept))]
        if self._on_line:
            *lines, rest = (self._partial[key.data] + chunk).split(b"\n")
            self._partial[key.data] = rest[-_CHUNK:]
            for line in lines:
                self._on_line(line.decode(errors="replace"))
        return True
