# SPDX-License-Identifier: GPL-2.0-only
"""The end of a report for a terminal: each check in a few lines, tests that no finding names, and logs."""

from collections.abc import Iterator

from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult
from kpatch_tools.render import outline, per_patch
from kpatch_tools.render.columns import WIDTH, pad, wrap
from kpatch_tools.render.plain import plain
from kpatch_tools.render.severity import STATUS_WORDS

_INDENT = "    "
# Whoever wants one of these looks into the run, and there the page has them.
_OF_THE_RUN = frozenset(
    {
        *(
            "head",
            "architecture",
            "options that only later kernels have",
            "checkpatch",
            "rules",
            "configuration",
            "compiler",
            "cached",
            "headers",
        ),
        *("test program", "back end", "btf", "ledger", "evidence"),
    }
)


def stages(report: Report, room: int) -> Iterator[str]:
    """Each check that was not left out: its state, its seconds, what it came to, and what it rests on."""
    checks = [check for check in report.checks if check.status is not Status.SKIP or check.tests]
    name = max((len(plain(check.check)) for check in checks), default=0)
    state = max((len(STATUS_WORDS[check.status]) for check in checks), default=0)
    told: set[tuple[str, str]] = set()
    for check in checks:
        word = f"{STATUS_WORDS[check.status]:<{state}}"
        left = f"  {pad(plain(check.check), name)}  {word} {check.elapsed:6.1f} s  "
        new = [fact for fact in check.facts if fact not in told]
        told.update(check.facts)
        facts = [f"{key}: {value}" for key, value in new if not (report.folder and key in _OF_THE_RUN)]
        came_to = outline.came_to(report, check)
        words = plain("; ".join(filter(None, (came_to, *facts))))
        yield from wrap(words, room, first=left, rest=" " * min(len(left), room // 3))


def tests(report: Report, room: int) -> Iterator[str]:
    """The tests that did not pass and that no finding has told of."""
    bad = outline.untold_tests(report)
    if bad:
        yield "tests that did not pass:"
    for test in bad:
        yield from wrap(_test(test), room, first=f"  {test.status.value:<10} ", rest=_INDENT)


def _test(test: TestResult) -> str:
    mode = " ".join(f"{key}={value}" for key, value in sorted(test.mode.items()))
    reason = f": {test.reason}" if test.reason else ""
    return plain(f"{test.name}{f' ({mode})' if mode else ''}{reason}")


def logs(report: Report) -> Iterator[str]:
    """The paths of the logs, each whole; of a run that left its page those that somebody has to look at."""
    shown = [log for check in report.checks if _open(report, check) for log in check.logs]
    folder = f"{report.folder}/" if report.folder else ""
    if any(folder and log.startswith(folder) for log in shown):
        yield f"logs, below {plain(report.folder)}:"
    elif shown:
        yield "logs:"
    for log in shown:
        yield f"  {plain(log.removeprefix(folder))}"


def _open(report: Report, check: CheckResult) -> bool:
    """The check failed, or did not run, for more than what findings tell of its tests."""
    if not report.folder:
        return True
    if check.status not in (Status.FAIL, Status.DID_NOT_RUN):
        return False
    return not check.tests or bool(check.findings) or bool(outline.untold_tests(report))


def patch_by_patch(rows: tuple[PatchRow, ...], room: int) -> Iterator[str]:
    """A row for each patch; on a terminal that is too narrow for the table a line for each cell."""
    if room >= WIDTH:
        yield from per_patch.table(rows, plain)
    for row in rows if room < WIDTH else ():
        number, subject, *cells = (plain(cell) for cell in per_patch.cells(row))
        name = number if row.number == 0 else f"patch {number}"
        yield from wrap(f"{name}: {subject}" if subject else name, room, first="  ", rest=_INDENT)
        for heading, cell in zip(per_patch.HEADINGS[2:], cells, strict=True):
            if cell:
                yield from wrap(f"{heading}: {cell}", room, first=_INDENT, rest=_INDENT * 2)
    for remark in per_patch.remarks(rows):
        yield from wrap(plain(remark), room, first="  ", rest=_INDENT * 2)
