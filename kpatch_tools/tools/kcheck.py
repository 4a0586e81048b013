# SPDX-License-Identifier: GPL-2.0-only
"""Single objects of a kernel, compiled for what the compiler and sparse say of them.

kbuild takes an object by the name that its own Makefile uses ("arch/x86/kvm/../../../virt/kvm/kvm_main.o"),
builds what that needs, and with C=2 runs sparse over objects that are up to date (Documentation/dev-tools/
sparse.rst).
"""

import shutil
from collections.abc import Sequence

from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.tools import kbuild, outputs, process
from kpatch_tools.tools.exhausted import stop_when_exhausted

VERSION_TIMEOUT_S = 20.0


def compile_objects(site: kbuild.Site, goals: Sequence[str], *, jobs: int, extra: bool) -> RunResult:
    """Compile ``goals`` anew, so that every warning is told; ``extra`` is W=1. What fails stops nothing else.

    The log is that of this run alone.
    """
    for goal in goals:
        outputs.remove(site.objects, kbuild.plain(goal))
    words = ("W=1",) if extra else ()
    return _run(site, (*words, *kbuild.compiler_words(), *goals), jobs)


def run_sparse(site: kbuild.Site, goals: Sequence[str], *, jobs: int) -> RunResult:
    """Let sparse read the sources of ``goals``, which compile_objects() has made with W=1."""
    return _run(site, ("W=1", "C=2", "CHECK=sparse", *kbuild.compiler_words(), *goals), jobs)


def not_made(site: kbuild.Site, goals: Sequence[str]) -> tuple[str, ...]:
    """Those of ``goals`` that are not there: nothing is proven of them."""
    return tuple(goal for goal in goals if not outputs.is_plain(site.objects, kbuild.plain(goal)))


def sparse_version() -> str:
    """What sparse says of itself, "" where it is not installed."""
    if not shutil.which("sparse"):
        return ""
    said = process.run(Command(argv=("sparse", "--version"), timeout=VERSION_TIMEOUT_S))
    return (said.text or said.error_text).strip().partition("\n")[0] if said.ok else ""


def _run(site: kbuild.Site, words: tuple[str, ...], jobs: int) -> RunResult:
    site.log.parent.mkdir(parents=True, exist_ok=True)
    site.log.write_bytes(b"")
    # Silent, and each target's words together: what is left in the log are complaints.
    result = process.run(kbuild.make_command(site, "-s", "-k", "-Otarget", f"-j{jobs}", *words))
    stop_when_exhausted(result, site.log)
    return result
