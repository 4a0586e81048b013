# SPDX-License-Identifier: GPL-2.0-only
"""What the stages of a review share: the user's choices, the series, and the checks as they end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from kpatch_tools.errors import ToolFailed, ToolkitError
from kpatch_tools.flow import generate
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.model.vm import Backend

NO_KERNEL = "left out by --no-kernel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose. ``kernel`` False leaves out what needs a built kernel; the report says so.

    ``per_patch`` goes through the series patch by patch as well, with ``patch_modes`` for each kernel there.
    ``backend`` boots the machines of the tests; those of ``per_patch`` are always direct.
    """

    onto: str = "HEAD"
    kernel: bool = True
    fail_on: Severity = Severity.WARNING
    modes: tuple[dict[str, str], ...] = ({}, {"npt": "0"}, {"tdp_mmu": "0"})
    backend: Backend = Backend.VNG
    jobs: int | None = None
    per_patch: bool = False
    patch_modes: tuple[dict[str, str], ...] = ({},)


@dataclass(slots=True, kw_only=True)
class Run:
    """What the stages of one run share; ``checks`` grows as they end."""

    series: Series
    tree: Path
    options: Options
    folder: Path
    state: Path
    sink: Sink
    applied: Applied | None = None
    checks: list[CheckResult] = field(default_factory=list)

    def stage(self, name: str, work: Callable[[], CheckResult]) -> CheckResult:
        """Run one stage; what keeps it from running becomes DID_NOT_RUN with the cure.

        A UserError is caught too: deep in a run it speaks of the tree (no harness that kvet knows, say), and
        the stages that did run must not be lost for it.
        """
        started = time.monotonic()
        self.sink(Event(name, "starts"))
        try:
            result = work()
        except ToolkitError as error:
            result = CheckResult(check=name, reason=_why(error))
        result = replace(result, check=name, elapsed=time.monotonic() - started)
        self.checks.append(result)
        return result

    def skip(self, name: str, reason: str, status: Status = Status.DID_NOT_RUN) -> None:
        """Enter a stage that has nothing to work on."""
        self.checks.append(CheckResult(check=name, status=status, reason=reason))


def contracts_of(series: Series) -> tuple[Contract, ...]:
    """The shipped contracts whose ioctl the series defines (an added ``#define NAME`` in a uapi header)."""
    added = {
        line[1:].split()[1]
        for patch in series.patches
        for line in patch.diff.splitlines()
        if line.startswith("+#define ") and len(line.split()) > 1
    }
    known = (generate.load_contract(name) for name in generate.contract_names())
    return tuple(one for one in known if one.ioctl.name in added)


def _why(error: ToolkitError) -> str:
    parts = [error.message]
    if isinstance(error, ToolFailed) and error.log:
        parts.append(f"full log: {error.log}")
    if error.cure:
        parts.append(f"cure: {error.cure}")
    return "; ".join(parts)
