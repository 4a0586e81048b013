# SPDX-License-Identifier: GPL-2.0-only
"""What was tested: the patched tree as a KCIDB checkout, and its kernel as a build."""

from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render.kcidb_document import STATUSES, Entry
from kpatch_tools.render.kcidb_text import (
    architecture,
    commit,
    excerpt,
    line,
    message_id,
    patchset_hash,
    time,
)
from kpatch_tools.render.severity import by_weight, summary

APPLY, BUILD = "apply", "build"


def checkout(report: Report) -> Entry:
    """The tree that the report is about: base, patches, and whether they went together."""
    tree, series = report.tree, report.series
    apply = next((check for check in report.checks if check.check == APPLY), None)
    facts = dict(apply.facts) if apply else {}
    onto = f"on {facts['base']}" if "base" in facts else ""
    named = f"{series.name} v{series.version}" if series else ""
    head = tree.head if tree else ""
    misc = {"tool": line(report.tool), "verdict": report.verdict.value, "head": commit(head)}
    return {
        "git_commit_hash": commit(tree.base) if tree else None,
        "patchset_hash": _patchset(report),
        "message_id": message_id(series.message_id) if series else None,
        "comment": line(" ".join(filter(None, (named, onto)))) or None,
        "start_time": time(report.started),
        "valid": _valid(report, apply),
        "log_excerpt": excerpt(apply.findings) or None if apply else None,
        "misc": {key: value for key, value in misc.items() if value is not None},
    }


def _patchset(report: Report) -> str | None:
    """The hash of the patches on top of the base; "" where there are none, None where they are not known."""
    series, tree = report.series, report.tree
    if tree and tree.base and (series is None or tree.head == tree.base):
        return ""
    if series is None:
        return None
    return patchset_hash(series.hashes) if series.hashes else None


def _valid(report: Report, apply: CheckResult | None) -> bool | None:
    """Base and patches went together; None where nothing says so."""
    if apply:
        return {Status.PASS: True, Status.FAIL: False}.get(apply.status)
    tree = report.tree
    together = tree is not None and bool(tree.base) and (report.series is None or bool(tree.head))
    return together or None


def build(check: CheckResult) -> Entry:
    """What the check says of its kernel. One that is there was built, whatever the compiler complained of."""
    facts = dict(check.facts)
    return {
        "status": "PASS" if facts.get("kernel") else STATUSES[check.status],
        "architecture": architecture(facts.get("architecture", "")),
        "compiler": line(facts.get("compiler", "")) or None,
        "config_name": line(facts.get("configuration", "")) or None,
        "duration": round(check.elapsed, 3) if facts.get("cached") == "no" else None,
        "comment": line(summary(check)) or None,
        "log_excerpt": excerpt(by_weight(check.findings)) or None,
        "misc": {"kernel": line(facts["kernel"])} if "kernel" in facts else None,
    }
