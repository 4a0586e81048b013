# SPDX-License-Identifier: GPL-2.0-only
"""Tells a build that ran out of something from one that is wrong: by what its programs said of it."""

from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, SandboxLimit
from kpatch_tools.model.run import RunResult
from kpatch_tools.model.sandbox import Limits
from kpatch_tools.tools import sandbox

_EXHAUSTED = ("No space left on device", "Cannot allocate memory", "Killed signal terminated program")
# What a program says that is refused to write on, or the shell of one that was killed for it (SIGXFSZ).
_TOO_LARGE = ("File size limit exceeded", "File too large")
_TOO_MANY = ("Cannot fork", "fork: Resource temporarily unavailable", "fork: retry:")


def stop_when_exhausted(result: RunResult, log: Path) -> None:
    """EnvironmentFault where make failed for want of disk or memory: that is no fault of the series.

    SandboxLimit where it was ended for using more than a sandbox allows: that is.
    """
    result.raise_limit("the build")
    output = f"{result.error_text}\n{result.text[-20000:]}"
    limits = result.command.sandbox.limits if result.command.sandbox and not sandbox.OFF.get() else None
    for text, words in _refusals(limits).items() if limits and not result.ok else ():
        if text in output:
            message = f"the build was ended by the sandbox: {words}"
            raise SandboxLimit(message, tail=result.tail, log=str(log))
    for text in () if result.ok else _EXHAUSTED:
        if text in output:
            raise EnvironmentFault(
                f"the build stopped: {text} (log: {log})", cure="free some, or use --jobs 1"
            )


def _refusals(limits: Limits) -> dict[str, str]:
    """What programs say that were refused something by the sandbox's limits, and which it was."""
    large = f"a file of more than {limits.file >> 20} MiB"
    many = f"more than {limits.processes} processes"
    return {**dict.fromkeys(_TOO_LARGE, large), **dict.fromkeys(_TOO_MANY, many)}
