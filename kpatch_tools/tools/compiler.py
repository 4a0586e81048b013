# SPDX-License-Identifier: GPL-2.0-only
"""The host's gcc as a calculator over the user-space headers of a kernel: it compiles, nothing is run."""

from pathlib import Path

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.tools import process

TIMEOUT_S = 60.0
_FLAGS = (
    "-x",
    "c",
    "-std=gnu11",
    "-nostdinc",
    # An error in what a macro becomes is one of the line that uses it.
    "-ftrack-macro-expansion=0",
    "-w",
    "-fno-diagnostics-show-caret",
    "-fdiagnostics-color=never",
)


def check_only(source: str, include: Path) -> RunResult:
    """Compile without output; the errors are in ``error_text``, the program is called <stdin> there."""
    # All errors are wanted: each is an assertion of its own.
    return _gcc(source, include, "-fsyntax-only", "-fmax-errors=0")


def assembly(source: str, include: Path) -> RunResult:
    """Compile to assembler text, which is in ``text``."""
    return _gcc(source, include, "-O2", "-S", "-o", "-")


def _gcc(source: str, include: Path, *flags: str) -> RunResult:
    # The machine type is that of the contracts, whatever the compiler makes by itself.
    argv = ("gcc", *_FLAGS, "-m64", f"-I{include}", *flags, "-")
    # A header of a series may include any file, and an error quotes it.
    shown = Sandbox(readable=(include,))
    result = process.run(Command(argv=argv, stdin=source.encode(), timeout=TIMEOUT_S, sandbox=shown))
    result.raise_limit("the compiler")
    if result.ended is not Ended.EXITED:
        # Not its exit code: that says whether the assertions hold.
        cure = "apt-get install -y gcc" if result.ended is Ended.NOT_FOUND else ""
        raise ToolFailed("the compiler gave no answer", tail=result.tail, cure=cure)
    return result
