# SPDX-License-Identifier: GPL-2.0-only
"""Findings -> JSON for b4.review-perpatch-check-cmd and b4.review-series-check-cmd.

b4 0.16 wants a list of {tool, status, summary, url, details}, status one of pass, warn, fail; details may be
the JSON text of a list of {context, status, description} (review/checks.py, _run_external_cmd, and the
screen that shows it).
"""

import json
from collections.abc import Sequence

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.severity import by_weight, counted

_STATUS = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "pass"}
_ORDER = ("pass", "warn", "fail")


def render(checks: Sequence[CheckResult], skipped: str = "") -> str:
    """One entry a check, and one for what was skipped; what did not run is a warning, never a pass."""
    entries = [_entry(check) for check in checks]
    if skipped:
        entries.append(_made("kvet", "warn", f"skipped: {terminal(skipped)}", []))
    return json.dumps(entries, indent=1) + "\n"


def _entry(check: CheckResult) -> dict[str, str]:
    details = [_detail(finding) for finding in by_weight(check.findings)]
    status = max((detail["status"] for detail in details), key=_ORDER.index, default="pass")
    words = [counted(check.findings), terminal(check.reason)]
    if check.status is Status.DID_NOT_RUN:
        status = max(status, "warn", key=_ORDER.index)
        words.insert(0, "did not run")
    elif check.status is Status.SKIP:
        status = max(status, "warn", key=_ORDER.index)
        words.insert(0, "skipped")
    elif check.status is Status.FAIL:
        status = max(status, "warn" if details else "fail", key=_ORDER.index)
    summary = "; ".join(word for word in words if word) or "nothing found"
    return _made(f"kvet-{terminal(check.check)}", status, summary, details)


def _made(tool: str, status: str, summary: str, details: list[dict[str, str]]) -> dict[str, str]:
    text = json.dumps(details) if details else ""
    return {"tool": tool, "status": status, "summary": summary, "url": "", "details": text}


def _detail(finding: Finding) -> dict[str, str]:
    where = f"{finding.location}: " if finding.location else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return {
        "context": terminal(finding.rule),
        "status": _STATUS[finding.severity],
        "state": finding.severity.value,
        "description": terminal(f"{where}{finding.message}{hint}"),
        "url": "",
    }
