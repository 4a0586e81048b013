# SPDX-License-Identifier: GPL-2.0-only
"""Report -> lines for a terminal: the verdict and why, findings the way gcc prints them, then the rest."""

import re
from collections.abc import Iterator

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult
from kpatch_tools.render import conformance, outline, per_patch, told
from kpatch_tools.render.columns import WIDTH, fold, pad, table, wrap
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.severity import PLURAL, STATUS_WORDS, counted, summary

_INDENT = "    "
_NAMES, _NUMBER = 60, 8
# What an editor takes for the end of a place: vim's errorformat finds one anywhere in a line.
_PLACE_INSIDE = re.compile(r":(?=\d+:)|\(\d+\)(?=:)|\|(?=\d+\|)")
_QUOTED_PLACE = re.compile(r'(".+?"\D+\d+)(?=: )')


def render(report: Report) -> str:
    """The whole report in lines of no more than 100 columns.

    An editor can jump to each ``path:line:column: severity: message [rule]``: that is the form of gcc, and no
    other line can be read so, whatever evidence it quotes.
    """
    blocks = [
        [*_verdict(report)],
        *([*_part(report, severity)] for severity in outline.PARTS),
        [*_beside(report)],
        told.lines(report, plain),
        [*_counts(report)],
        *([*conformance.lines(check.conformance, plain)] for check in report.checks if check.conformance),
        *(per_patch.table(check.patches, plain) for check in report.checks if check.patches),
        [*_stages(report.checks)],
        [*_tests(report)],
        [*_logs(report)],
        [f"verdict: {report.verdict.value}"],
    ]
    lines = [line for block in blocks if block for line in (*block, "")]
    return "\n".join(short for line in lines for short in fold(line, WIDTH, _INDENT))


def plain(text: str) -> str:
    """Harmless text that no editor takes for a place: "a.c:12: x" becomes "a.c: 12: x"."""
    apart = _PLACE_INSIDE.sub(lambda found: f"{found[0]} ", terminal(text))
    return _QUOTED_PLACE.sub(r"\1 ", apart)


def _verdict(report: Report) -> Iterator[str]:
    yield from wrap(plain(outline.why(report)), first=f"{report.verdict.value}: ", rest=_INDENT)
    if report.series:
        series = report.series
        patches = "patch" if series.patches == 1 else "patches"
        yield f"{plain(series.name)} v{series.version}, {series.patches} {patches}"
    if report.tree and report.tree.base:
        head = f", head {plain(report.tree.head[:12])}" if report.tree.head else ""
        yield f"base {plain(report.tree.base[:12])}{head} in {plain(report.tree.path)}"


def _part(report: Report, severity: Severity) -> Iterator[str]:
    findings = outline.part(report, severity)
    silent = outline.silent(report) if severity is Severity.ERROR else ()
    if not findings and not silent:
        return
    yield f"{outline.PARTS[severity].lower()}: {counted(findings) or 'no finding'}"
    for check in silent:
        yield from wrap(_state(check), first="  ", rest=_INDENT)
    for finding in findings:
        yield from _finding(finding)


def _beside(report: Report) -> Iterator[str]:
    """What does not count against the series, and what was not looked at."""
    for check in outline.skipped(report):
        yield from wrap(_state(check), rest=_INDENT)
    if debts := outline.debts(report):
        yield from wrap(f"old debts, not of this series: {plain(debts)}", rest=_INDENT)


def _state(check: CheckResult) -> str:
    words = {Status.FAIL: "failed"}.get(check.status, STATUS_WORDS[check.status])
    return plain(f"{check.check} {words}{f': {check.reason}' if check.reason else ''}")


def _counts(report: Report) -> Iterator[str]:
    patches, kinds = outline.per_patch(report), outline.per_kind(report)
    if len(patches) < 2 and len(kinds) < 2:
        return
    widths = [_NAMES, *([_NUMBER] * len(outline.PARTS))]
    rows = [["findings", *(PLURAL[severity] for severity in outline.PARTS)]]
    rows += [
        [plain(count.name), *(str(number or "-") for number in count.numbers.values())]
        for count in (*kinds, *patches)
    ]
    yield from table(rows, widths, indent="")


def _stages(checks: tuple[CheckResult, ...]) -> Iterator[str]:
    width = max((len(plain(check.check)) for check in checks), default=0)
    for check in checks:
        state = f"{STATUS_WORDS[check.status]:<11} {check.elapsed:7.1f} s  "
        left = f"  {pad(plain(check.check), width)}  {state}"
        yield from wrap(plain(summary(check)), first=left, rest=" " * min(len(left), WIDTH // 2))
        indent = " " * min(width + 4, WIDTH // 2)
        for name, value in check.facts:
            yield from wrap(f"{plain(name)}: {plain(value)}", first=indent, rest=indent)


def _finding(finding: Finding) -> Iterator[str]:
    where = f"{terminal(str(finding.location))}: " if finding.location else ""
    place = finding.location
    by = f", patch {place.patch}" if place and place.path and place.patch else ""
    by += f", told for v{finding.told}" if finding.told else ""
    first = f"{where}{finding.severity.value}: "
    yield from wrap(f"{plain(finding.message)} [{plain(finding.rule)}{by}]", first=first, rest=_INDENT)
    for line in finding.detail.splitlines():
        yield from fold(_INDENT + plain(line), indent=_INDENT * 2)
    if finding.hint:
        first, *rest = finding.hint.splitlines()
        yield from wrap(f"hint: {plain(first)}", first=_INDENT, rest=_INDENT)
        for line in rest:
            yield from fold(_INDENT + plain(line), indent=_INDENT * 2)


def _tests(report: Report) -> Iterator[str]:
    bad = [test for check in report.checks for test in outline.open_tests(check)]
    if bad:
        yield "tests that did not pass:"
    for test in bad:
        yield from wrap(_test(test), first=f"  {test.status.value:<10} ", rest=_INDENT)


def _test(test: TestResult) -> str:
    mode = " ".join(f"{key}={value}" for key, value in sorted(test.mode.items()))
    reason = f": {test.reason}" if test.reason else ""
    return plain(f"{test.name}{f' ({mode})' if mode else ''}{reason}")


def _logs(report: Report) -> Iterator[str]:
    logs = [log for check in report.checks for log in check.logs]
    folder = f"{report.folder}/" if report.folder else ""
    if any(folder and log.startswith(folder) for log in logs):
        yield f"logs, below {plain(report.folder)}:"
    elif logs:
        yield "logs:"
    for log in logs:
        yield f"  {plain(log.removeprefix(folder))}"
