# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs check` with a baseline: what it knows is counted and not shown."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kpatch_tools.checks import baseline as matching
from kpatch_tools.checks.docs import RULES
from kpatch_tools.flow import docs
from kpatch_tools.flow.docs_files import Against, check_files, documents
from kpatch_tools.model.baseline import Baseline, BaselineEntry
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import Report, status_of
from kpatch_tools.parse.baseline import parse_baseline
from kpatch_tools.render.baseline import render
from kpatch_tools.tools.files import read_text, write_named


def read_baseline(path: Path) -> Baseline:
    """Read a baseline file. Raises UserError with line and cure for a bad one."""
    return parse_baseline(read_text(path, "baseline"), str(path))


def write_baseline(path: Path, report: Report) -> int:
    """Write all findings of a report as a baseline; returns how many. Raises UserError where it cannot."""
    write_named(path, render(report.findings))
    return len(report.findings)


def check_against(  # noqa: PLR0913 - the options of a command
    baseline: Baseline,
    paths: tuple[str, ...],
    *,
    tree: Path | None = None,
    against: Against = Against.DEFAULT,
    ref: str = "HEAD",
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> Report:
    """check_files() without the findings that a baseline knows, and with a note for each stale entry.

    An entry counts for one finding. Of a change only new findings count; the entries of those that were
    there before are taken. Entries are called stale only when all findings count (Against.NOTHING), and
    only those of documents and rules that were checked.
    """
    report = check_files(paths, tree=tree, against=against, ref=ref, fail_on=fail_on, sink=sink)
    (result,) = report.checks
    entries = baseline.entries
    if against is not Against.NOTHING and _any_known(result.findings, entries):
        everything = [
            finding
            for one in documents(paths, tree=tree, against=against, ref=ref)
            for finding in docs.judged_of(
                None, one.content, path=one.name, profile=one.profile, facts=one.facts
            ).findings
        ]
        entries = matching.free_entries(entries, everything, result.findings)
    new, unused = matching.split(result.findings, entries)
    known = len(result.findings) - len(new)
    notes: tuple[Finding, ...] = ()
    if against is Against.NOTHING:
        notes = matching.stale(baseline, _in_scope(unused, paths, tree))
    words = f"{known} known finding{'' if known == 1 else 's'} not shown" + (
        f", {len(notes)} stale" if notes else ""
    )
    result = replace(
        result,
        findings=(*new, *notes),
        status=status_of((*new, *notes), fail_on),
        facts=(*result.facts, (f"baseline {baseline.name}", words)),
    )
    return replace(report, checks=(result,))


def _any_known(findings: tuple[Finding, ...], entries: tuple[BaselineEntry, ...]) -> bool:
    return not {finding.fingerprint for finding in findings}.isdisjoint(one.fingerprint for one in entries)


def _in_scope(
    entries: tuple[BaselineEntry, ...], paths: tuple[str, ...], tree: Path | None
) -> Iterator[BaselineEntry]:
    # What was not looked at cannot be called mended: other documents, rules that had no tree to ask, and
    # rules that count in a change only.
    if not entries:
        return
    checked = list(documents(paths, tree=tree, against=Against.NOTHING))
    names = {one.name for one in checked}
    with_facts = {one.name for one in checked if one.facts is not None}
    for entry in entries:
        rule = RULES.get(entry.rule)
        if rule is not None and rule.changes_only:
            continue
        looked_at = with_facts if rule is not None and rule.needs_facts else names
        # A finding about the code has the path of a header.
        if entry.path in looked_at or (looked_at and not entry.path.endswith(docs.SUFFIX)):
            yield entry
