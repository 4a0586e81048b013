# SPDX-License-Identifier: GPL-2.0-only
"""One cell of a matrix: booted, judged, booted again when it did not do what is expected, and kept."""

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from kpatch_tools.checks.behaviour import explained
from kpatch_tools.checks.vm_cases import with_all_cases
from kpatch_tools.errors import ToolkitError
from kpatch_tools.flow.matrix_stock import KernelReady, TestReady
from kpatch_tools.flow.splats import load_allowed
from kpatch_tools.flow.symbols import judge_boot
from kpatch_tools.model.cell import Attempt, Cell, CellResult, Point, meets
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import json_v1
from kpatch_tools.tools import guest
from kpatch_tools.tools.files import write_atomic
from kpatch_tools.tools.machine import Boot, Machine
from kpatch_tools.tools.probe import Acceleration

RESULT = "result.json"
# What another boot of the same machine would only say again.
_STEADY = frozenset({Verdict.SKIP, Verdict.KNOWN_BUG})
# kernel/smp.c, smp_init(); mm/hugetlb.c, report_hugepages().
_CPUS_UP = re.compile(r"smp: Brought up \d+ nodes?, (\d+) CPUs?\b")
_HUGE_UP = re.compile(r"HugeTLB: registered (\d)\.00 ([MG])iB page size, pre-allocated (\d+) pages")
_UNSAFE = re.compile(r"[^A-Za-z0-9._=,+-]+")

Booter = Callable[[Machine, Sequence[guest.Program], Path, Sink], Boot]


def cell_folder(cells: Path, number: int, cell: Cell) -> Path:
    """Where a cell keeps its logs and its result; the number tells cells with the same plain name apart."""
    parts = (cell.test.label, cell.point.label, cell.kernel.label)
    plain = "-".join(_UNSAFE.sub("-", part).strip("-.")[-40:] for part in parts)
    return cells / f"{number:04d}-{plain}"


def run_cell(  # noqa: PLR0913 - what, on what, how, where to
    cell: Cell,
    ready: KernelReady,
    test: TestReady,
    *,
    folder: Path,
    acceleration: Acceleration,
    boot: Booter,
    retries: int,
) -> CellResult:
    """Boot the cell, again up to ``retries`` times while it does not do what is expected; keeps the result.

    Every boot has a log folder of its own below ``folder``. A machine that cannot be made (a program is
    missing, the disk is full) is a result, INFRA; raises process.Stopped.
    """
    # What a run that was killed left of this cell says nothing.
    shutil.rmtree(folder, ignore_errors=True)
    attempts: list[Attempt] = []
    while not attempts or (len(attempts) <= retries and _again(cell, attempts[-1])):
        logs = folder / f"boot-{len(attempts) + 1}"
        try:
            attempts.append(_boot(cell, ready, test, logs=logs, acceleration=acceleration, boot=boot))
        except (ToolkitError, OSError) as error:
            reason = error.line if isinstance(error, ToolkitError) else str(error)
            attempts.append(Attempt(verdict=Verdict.INFRA, reason=reason))
            # A program that is missing is missing the next time too.
            break
    release = ready.kernel.release if ready.kernel else ""
    result = CellResult(key=cell.key, expect=cell.expect, attempts=tuple(attempts), release=release)
    save(folder, result)
    return result


def _again(cell: Cell, attempt: Attempt) -> bool:
    return not meets(cell.expect, attempt.verdict) and attempt.verdict not in _STEADY


def _boot(  # noqa: PLR0913 - as above
    cell: Cell,
    ready: KernelReady,
    test: TestReady,
    *,
    logs: Path,
    acceleration: Acceleration,
    boot: Booter,
) -> Attempt:
    if ready.kernel is None or test.program is None:
        return Attempt(verdict=Verdict.INFRA, reason=ready.reason or test.reason)
    point = cell.point
    machine = Machine(
        kernel=ready.kernel,
        acceleration=acceleration,
        mode=point.parameters,
        cpus=point.cpus,
        memory=point.memory,
        append=_huge_words(point),
    )
    done = boot(machine, (test.program,), logs, silent)
    judged = judge_boot(
        done.evidence, ready.kernel, expect_results=test.contract is not None, allowed=load_allowed()
    )
    unproven = _unproven(point, done.evidence)
    findings = judged.findings
    if test.contract is not None:
        judged = with_all_cases(judged, test.contract)
        findings = tuple(explained(test.contract, judged.findings))
    return Attempt(
        verdict=Verdict.INFRA if unproven else judged.verdict,
        reason=unproven or judged.reason,
        elapsed=done.evidence.elapsed,
        logs=(str(done.console_log), str(done.output_log)),
        tests=judged.tests,
        findings=findings,
    )


def _huge_words(point: Point) -> tuple[str, ...]:
    """Words of the kernel's command line (Documentation/admin-guide/mm/hugetlbpage.rst)."""
    return tuple(
        word for size, pages in point.huge.items() for word in (f"hugepagesz={size}", f"hugepages={pages}")
    )


def _unproven(point: Point, evidence: Evidence) -> str:
    """What of the machine that was asked for the guest's kernel did not confirm; "" when it did."""
    if not evidence.record.started:
        return ""
    if point.cpus > 1:
        up = _CPUS_UP.search(evidence.console)
        if not up or int(up[1]) != point.cpus:
            came = f"{up[1]} came up" if up else "the console does not say how many came up"
            return f"asked for {point.cpus} processors, {came}"
    have = {f"{found[1]}{found[2]}": int(found[3]) for found in _HUGE_UP.finditer(evidence.console)}
    for size, pages in point.huge.items():
        if have.get(size) != pages:
            got = f"the kernel reserved {have[size]}" if size in have else "the console tells of none"
            return f"asked for {pages} huge pages of {size}, {got} (has it enough memory?)"
    return ""


def save(folder: Path, result: CellResult) -> None:
    """Keep a result, whole or not at all: a report with one check for each boot."""
    checks = tuple(
        CheckResult(
            check=f"boot {number}",
            status=_status(result, attempt),
            reason=attempt.reason,
            findings=attempt.findings,
            tests=attempt.tests,
            elapsed=attempt.elapsed,
            logs=attempt.logs,
            facts=(
                ("cell", result.key),
                ("verdict", attempt.verdict.value),
                ("expected", result.expect.value),
                ("release", result.release),
            ),
        )
        for number, attempt in enumerate(result.attempts, 1)
    )
    write_atomic(folder / RESULT, json_v1.render(Report(tool="kvet matrix", checks=checks)))


def load(folder: Path, cell: Cell) -> CellResult | None:
    """The result that save() kept for this cell; None when there is none, or of another cell."""
    try:
        report = parse_report((folder / RESULT).read_bytes(), name=str(folder / RESULT))
        facts = [dict(check.facts) for check in report.checks]
        attempts = tuple(
            Attempt(
                verdict=Verdict(fact["verdict"]),
                reason=check.reason,
                elapsed=check.elapsed,
                logs=check.logs,
                tests=check.tests,
                findings=check.findings,
            )
            for check, fact in zip(report.checks, facts, strict=True)
        )
    except (OSError, ToolkitError, KeyError, ValueError):
        return None
    if not attempts or any(
        fact["cell"] != cell.key or fact.get("expected") != cell.expect.value for fact in facts
    ):
        return None
    return CellResult(
        key=cell.key, expect=cell.expect, attempts=attempts, release=facts[-1].get("release", "")
    )


def _status(result: CellResult, attempt: Attempt) -> Status:
    if attempt.verdict is Verdict.INFRA:
        return Status.DID_NOT_RUN
    return Status.PASS if meets(result.expect, attempt.verdict) else Status.FAIL
