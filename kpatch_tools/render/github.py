# SPDX-License-Identifier: GPL-2.0-only
"""Report -> GitHub workflow commands: printed in a step of an Actions job they become annotations.

GitHub shows ten annotations of a kind a step and drops the rest without a word, so the heaviest come first,
no more than ten of a kind are written, and a closing notice says what was left out.
"""

from collections import Counter
from collections.abc import Sequence

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render.escape import annotation
from kpatch_tools.render.severity import STATUS_WORDS, by_weight, counted

SHOWN = 10
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# The summary is a notice itself and must not be the eleventh.
_ROOM = {Severity.ERROR: SHOWN, Severity.WARNING: SHOWN, Severity.NOTE: SHOWN - 1}
_MOST_RULES = 12


def render(report: Report) -> str:
    """One command a line: errors, warnings, notes, each by place, and the summary as a notice."""
    lines: list[str] = []
    left: list[Finding] = []
    ordered = by_weight(report.findings)
    for severity, room in _ROOM.items():
        of_kind = [finding for finding in ordered if finding.severity is severity]
        lines += [_command(finding) for finding in of_kind[:room]]
        left += of_kind[room:]
    return "\n".join([*lines, _summary(report, left), ""])


def _command(finding: Finding) -> str:
    place = finding.location
    where = f"{place}: " if place and not place.path else ""
    parts = [f"{where}{finding.message}"]
    if finding.hint:
        parts.append(f"hint: {finding.hint}")
    if finding.detail:
        parts.append(finding.detail)
    return annotation(
        _LEVELS[finding.severity],
        "\n".join(parts),
        {
            "file": place.path if place else "",
            "line": place.line if place and place.path else 0,
            "col": place.column if place and place.path and place.line else 0,
            "title": finding.rule,
        },
    )


def _summary(report: Report, left: Sequence[Finding]) -> str:
    found = counted(report.findings) or "no findings"
    text = [f"verdict {report.verdict.value}: {found}"]
    text += [_open(check) for check in report.checks if check.status in (Status.DID_NOT_RUN, Status.SKIP)]
    if not report.checks:
        text.append("nothing was checked")
    if left:
        text.append(f"not shown here: {counted(tuple(left))} ({_rules(left)})")
    return annotation("notice", "\n".join(text), {"title": report.tool})


def _open(check: CheckResult) -> str:
    reason = f": {check.reason}" if check.reason else ""
    return f"{check.check} {STATUS_WORDS[check.status]}{reason}"


def _rules(left: Sequence[Finding]) -> str:
    ranked = Counter(finding.rule for finding in left).most_common()
    words = [f"{rule} {number}" for rule, number in ranked[:_MOST_RULES]]
    if len(ranked) > _MOST_RULES:
        words.append(f"{len(ranked) - _MOST_RULES} more rules")
    return ", ".join(words)
