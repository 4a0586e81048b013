# SPDX-License-Identifier: GPL-2.0-only
"""Findings about one patch -> lines for b4.am-perpatch-check-cmd and b4.prep-perpatch-check-cmd.

To b4 0.16 a line with "ERROR:" is a failure, any other line a warning, silence a pass (LoreMessage,
run_local_check). Notes are therefore left out.
"""

from collections.abc import Sequence

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.severity import by_weight

_FAILS = "ERROR:"


def render(checks: Sequence[CheckResult], skipped: str = "") -> str:
    """A line a finding, heaviest first, then what did not run and what was skipped; "" is a pass."""
    findings = by_weight(tuple(finding for check in checks for finding in check.findings))
    lines = [_line(one) for one in findings if one.severity is not Severity.NOTE]
    lines += [
        _calm(f"{check.check} did not run: {check.reason}")
        for check in checks
        if check.status is Status.DID_NOT_RUN
    ]
    if skipped:
        lines.append(_calm(f"skipped: {skipped}"))
    return "".join(f"{line}\n" for line in lines)


def _line(finding: Finding) -> str:
    place = finding.location
    where = f"{place}: " if place and place.path else ""
    level = _FAILS if finding.severity is Severity.ERROR else "WARNING:"
    return f"{_plain(where)}{level} {_plain(f'{finding.message} [{finding.rule}]')}"


def _calm(text: str) -> str:
    return _plain(f"WARNING: {text}")


def _plain(text: str) -> str:
    """Text of a patch must not decide between failure and warning."""
    return terminal(text).replace(_FAILS, "ERROR")
