# SPDX-License-Identifier: GPL-2.0-only
"""What the stages of a review share: the user's choices, the series, and the checks as they end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from kpatch_tools.checks.limit import over_limit
from kpatch_tools.errors import SandboxLimit, ToolkitError
from kpatch_tools.flow import generate
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.model.vm import Backend
from kpatch_tools.parse.cheader import Header, Request, parse_header
from kpatch_tools.parse.patch_lines import added_lines

NO_KERNEL = "left out by --no-kernel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose. ``kernel`` False leaves out what needs a built kernel; the report says so.

    ``per_patch`` goes through the series patch by patch as well, with ``patch_modes`` for each kernel there.
    ``backend`` boots the machines of the tests; those of ``per_patch`` are always direct. ``patches`` are the
    numbers of those to look at, each with the step before it, and then nothing but these is looked at.
    ``since`` is the earlier report, as flow.told.read_past() takes it.
    """

    onto: str = "HEAD"
    kernel: bool = True
    fail_on: Severity = Severity.WARNING
    modes: tuple[dict[str, str], ...] = ({}, {"npt": "0"}, {"tdp_mmu": "0"})
    backend: Backend = Backend.VNG
    jobs: int | None = None
    per_patch: bool = False
    patch_modes: tuple[dict[str, str], ...] = ({},)
    patches: tuple[int, ...] = ()
    since: str | None = None


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

        What was ended for using more than its sandbox allows is a finding: the series did it.
        A UserError is caught too: deep in a run it speaks of the tree (no harness that kvet knows, say), and
        the stages that did run must not be lost for it.
        """
        started = time.monotonic()
        self.sink(Event(name, "starts"))
        try:
            result = work()
        except SandboxLimit as fault:
            found = (over_limit(fault),)
            result = CheckResult(check=name, status=Status.FAIL, reason=fault.message, findings=found)
        except ToolkitError as error:
            result = CheckResult(check=name, reason=error.line)
        result = replace(result, check=name, elapsed=time.monotonic() - started)
        self.checks.append(result)
        return result

    def skip(self, name: str, reason: str, status: Status = Status.DID_NOT_RUN) -> None:
        """Enter a stage that has nothing to work on."""
        self.checks.append(CheckResult(check=name, status=status, reason=reason))


def contracts_of(series: Series) -> tuple[Contract, ...]:
    """The shipped contracts of the ioctls that the series defines in their uapi headers, one an ioctl.

    An ioctl may have a contract for each version of a series. What the header's ``#define`` says of the
    number decides then, the struct before all: a posted mbox names no contract. Of those that fit alike the
    first by name counts, and the check of the header tells what is otherwise.
    """
    found: dict[str, tuple[tuple[bool, ...], Contract]] = {}
    headers: dict[str, Header] = {}
    for contract in map(generate.load_contract, generate.contract_names()):
        if contract.header not in headers:
            headers[contract.header] = parse_header(_added(series, contract.header))
        define = headers[contract.header].defines.get(contract.ioctl.name)
        if define is None:
            continue
        fit = _fit(contract, define.request)
        if contract.ioctl.name not in found or fit > found[contract.ioctl.name][0]:
            found[contract.ioctl.name] = (fit, contract)
    return tuple(contract for _, contract in found.values())


def _added(series: Series, path: str) -> str:
    """The lines that the patches add to one file, one below the other."""
    lines = (line for patch in series.patches for line in added_lines(patch.diff, patch.source))
    return "\n".join(line.text for line in lines if line.path == path)


def _fit(contract: Contract, request: Request | None) -> tuple[bool, ...]:
    ioctl = contract.ioctl
    if request is None:
        return ()
    return (request.type == f"struct {ioctl.struct}", request.nr == ioctl.nr, request.dir == ioctl.dir.value)
