# SPDX-License-Identifier: GPL-2.0-only
"""Report -> lines for a terminal: the verdict and why, findings the way gcc prints them, then the rest."""

from collections.abc import Iterable, Iterator, Sequence

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import outline, text_matrix, told
from kpatch_tools.render.alike import grouped
from kpatch_tools.render.columns import WIDTH, fold, table, wrap
from kpatch_tools.render.plain import plain
from kpatch_tools.render.severity import PLURAL, STATUS_WORDS, counted
from kpatch_tools.render.text_checks import logs, patch_by_patch, stages, tests
from kpatch_tools.render.text_findings import lines

_INDENT = "    "
_NUMBER = 8
# What a column of names takes at least.
_LEAST_NAME = 12


def render(report: Report, room: int = WIDTH) -> str:
    """The whole report in lines of ``room`` columns (columns.NARROWEST to columns.WIDTH).

    An editor can jump to each ``path:line:column: severity: message [rule]``: that is the form of gcc, and no
    other line can be read so, whatever evidence it quotes. Findings that say the same are told once. Of a run
    that left a page beside its report, the page has the whole evidence, and only some of it is shown here.
    """
    return _joined(
        room,
        [
            [*_verdict(report, room)],
            *([*_part(report, severity, room)] for severity in outline.PARTS),
            [*_beside(report, room)],
            told.lines(report, plain),
            [*_counts(report, room)],
            *_matrices(report, room),
            *([*patch_by_patch(check.patches, room)] for check in report.checks if check.patches),
            [*stages(report, room)],
            [*tests(report, room)],
            [*logs(report)],
            [f"verdict: {report.verdict.value}"],
        ],
    )


def opening(report: Report, room: int = WIDTH) -> str:
    """The beginning of render(): the verdict, what blocks, what should be mended, and the matrix."""
    return _joined(
        room,
        [
            [*_verdict(report, room)],
            *([*_part(report, severity, room)] for severity in (Severity.ERROR, Severity.WARNING)),
            *_matrices(report, room),
        ],
    )


def _joined(room: int, blocks: Iterable[Sequence[str]]) -> str:
    shown = [line for block in blocks if block for line in (*block, "")]
    return "\n".join(short for line in shown for short in fold(line, room, _INDENT))


def _matrices(report: Report, room: int) -> Iterator[Sequence[str]]:
    for check in report.checks:
        if check.conformance:
            yield [*text_matrix.lines(check.conformance, plain, room, whole=not report.folder)]


def _verdict(report: Report, room: int) -> Iterator[str]:
    yield from wrap(plain(outline.why(report)), room, first=f"{report.verdict.value}: ", rest=_INDENT)
    if report.unprotected:
        yield outline.UNPROTECTED
    if report.series:
        series = report.series
        patches = "patch" if series.patches == 1 else "patches"
        yield f"{plain(series.name)} v{series.version}, {series.patches} {patches}"
    if report.tree and report.tree.base:
        head = f", head {plain(report.tree.head[:12])}" if report.tree.head else ""
        yield f"base {plain(report.tree.base[:12])}{head} in {plain(report.tree.path)}"
    if report.folder:
        yield f"the whole report: {plain(report.folder)}/report.html"


def _part(report: Report, severity: Severity, room: int) -> Iterator[str]:
    findings = outline.part(report, severity)
    silent = outline.silent(report) if severity is Severity.ERROR else ()
    if not findings and not silent:
        return
    yield f"{outline.title(report, severity).lower()}: {counted(findings) or 'no finding'}"
    for check in silent:
        yield from wrap(_state(check), room, first="  ", rest=_INDENT)
    for group in grouped(findings, evidence=not report.folder):
        yield from lines(group, room, whole=not report.folder)


def _beside(report: Report, room: int) -> Iterator[str]:
    """What does not count against the series, and what was not looked at."""
    reasons: dict[str, list[str]] = {}
    for check in outline.skipped(report):
        reasons.setdefault(check.reason, []).append(check.check)
    for reason, checks in reasons.items():
        yield from wrap(
            plain(f"{', '.join(checks)} skipped{f': {reason}' if reason else ''}"), room, rest=_INDENT
        )
    if debts := outline.debts(report):
        yield from wrap(f"old debts, not of this series: {plain(debts)}", room, rest=_INDENT)


def _state(check: CheckResult) -> str:
    words = {Status.FAIL: "failed"}.get(check.status, STATUS_WORDS[check.status])
    return plain(f"{check.check} {words}{f': {check.reason}' if check.reason else ''}")


def _counts(report: Report, room: int) -> Iterator[str]:
    patches = outline.per_patch(report)
    if sum(count.key != outline.WHOLE_SERIES for count in patches) < 2:
        return
    numbers = [_NUMBER] * len(outline.PARTS)
    widths = [max(_LEAST_NAME, room - sum(numbers) - 2 * len(numbers)), *numbers]
    rows = [["findings", *(PLURAL[severity] for severity in outline.PARTS)]]
    rows += [
        [plain(count.name), *(str(number or "-") for number in count.numbers.values())] for count in patches
    ]
    yield from table(rows, widths, indent="")
