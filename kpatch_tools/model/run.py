# SPDX-License-Identifier: GPL-2.0-only
"""A program to run and how it ended."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kpatch_tools.errors import SandboxLimit, ToolFailed
from kpatch_tools.model.sandbox import Sandbox

TAIL_LINES = 20


class Ended(StrEnum):
    """How a process came to its end.

    QUIET means that it printed nothing for too long, FLOODED that it was ended for writing too much, LIMIT
    that it was ended for what all programs in its sandbox used together.
    """

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMED_OUT = "timed out"
    QUIET = "no output"
    FLOODED = "too much output"
    LIMIT = "over a limit"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run: an argv (never a shell line), where, and for how long at most.

    ``timeout`` and ``quiet_timeout`` are seconds of wall clock; the second one bounds the silence
    between two lines of output. ``env`` is laid over a cleaned environment (no GIT_*, LC_ALL=C).
    ``log`` receives stdout and stderr as they come. Neither stdout, stderr nor one of the files in
    ``watched`` (which the program writes) may grow beyond ``output_limit`` bytes; 0 sets no limit.
    ``memory`` is what the program may have of its own, in bytes (RLIMIT_DATA); 0 sets no limit.
    Whatever runs code of a tree, of a series or of a mail has a ``sandbox``: what it may see, write and use.
    It then gets ``env`` and hardly anything else of an environment.
    """

    argv: tuple[str, ...]
    timeout: float
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    quiet_timeout: float | None = None
    log: Path | None = None
    watched: tuple[Path, ...] = ()
    output_limit: int = 0
    memory: int = 0
    sandbox: Sandbox | None = None

    def __str__(self) -> str:
        words = [f"{key}={shlex.quote(value)}" for key, value in sorted(self.env.items())]
        line = " ".join((*words, shlex.join(self.argv)))
        return f"(cd {shlex.quote(str(self.cwd))} && {line})" if self.cwd else line


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a command ended. ``returncode`` is -N for death by signal N; ``elapsed`` is in seconds.

    ``limit`` says which limit of its sandbox it was over, "" for none.
    """

    command: Command
    ended: Ended
    returncode: int
    stdout: bytes = b""
    stderr: bytes = b""
    elapsed: float = 0.0
    limit: str = ""

    @property
    def ok(self) -> bool:
        """The program ran to its end and said 0."""
        return self.ended is Ended.EXITED and self.returncode == 0

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are no UTF-8 become U+FFFD."""
        return self.stdout.decode(errors="replace")

    @property
    def error_text(self) -> str:
        """Standard error as text."""
        return self.stderr.decode(errors="replace")

    @property
    def tail(self) -> str:
        """The last lines the program printed, standard error first choice."""
        text = self.error_text.strip() or self.text.strip()
        return "\n".join(text.splitlines()[-TAIL_LINES:])

    def ok_or_raise(self, what: str, *, cure: str = "") -> "RunResult":
        """Return self when the program succeeded; raise ToolFailed with its last lines otherwise.

        A program that was over a limit of its sandbox raises SandboxLimit.
        """
        if self.ok:
            return self
        name = self.command.argv[0]
        self.raise_limit(what)
        how = {
            Ended.EXITED: f"{name} exited with {self.returncode}",
            Ended.SIGNALLED: f"{name} was killed by signal {-self.returncode}",
            Ended.TIMED_OUT: f"{name} did not end within {self.command.timeout:g} s",
            Ended.QUIET: f"{name} printed nothing for {self.command.quiet_timeout or 0:g} s",
            Ended.FLOODED: f"{name} wrote more than {self.command.output_limit} bytes",
            Ended.LIMIT: f"{name} was ended by the sandbox",
            Ended.NOT_FOUND: f"{name} is not installed",
        }[self.ended]
        raise ToolFailed(f"{what}: {how}", tail=self.tail, log=self._log, cure=cure)

    def raise_limit(self, what: str) -> None:
        """Raise SandboxLimit when the program was over a limit of its sandbox, or of what it may print."""
        limit = self.limit
        if self.ended is Ended.FLOODED and self.command.sandbox:
            limit = f"more than {self.command.output_limit >> 20} MiB of output"
        if limit:
            message = f"{what}: {self.command.argv[0]} was ended by the sandbox: {limit}"
            raise SandboxLimit(message, tail=self.tail, log=self._log)

    @property
    def _log(self) -> str:
        return str(self.command.log) if self.command.log else ""
