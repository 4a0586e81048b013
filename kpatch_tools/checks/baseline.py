# SPDX-License-Identifier: GPL-2.0-only
"""Which findings a baseline knows, and which of its entries nothing needs any more."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable

from kpatch_tools.model.baseline import Baseline, BaselineEntry
from kpatch_tools.model.finding import Finding, Location, Severity

RULE = "baseline/stale"


def split(
    findings: Iterable[Finding], entries: Iterable[BaselineEntry]
) -> tuple[tuple[Finding, ...], tuple[BaselineEntry, ...]]:
    """The findings that no entry stands for, and the entries that stand for none.

    An entry stands for one finding of its fingerprint, so that two equal ones need two entries. As numbers
    do not count in a fingerprint, pairs with the very message come first.
    """
    new, spare = list(findings), list(entries)
    for mark, entry_mark in (
        (_exact, lambda one: (one.fingerprint, one.message)),
        (lambda one: one.fingerprint, lambda one: one.fingerprint),
    ):
        new, spare = _unpaired(new, spare, mark, entry_mark)
    return tuple(new), tuple(spare)


def _exact(finding: Finding) -> tuple[str, str]:
    return finding.fingerprint, finding.message


def _unpaired(
    findings: list[Finding],
    entries: list[BaselineEntry],
    mark: Callable[[Finding], Hashable],
    entry_mark: Callable[[BaselineEntry], Hashable],
) -> tuple[list[Finding], list[BaselineEntry]]:
    waiting: dict[Hashable, list[BaselineEntry]] = defaultdict(list)
    for entry in entries:
        waiting[entry_mark(entry)].append(entry)
    rest = []
    for finding in findings:
        if fellows := waiting.get(mark(finding)):
            fellows.pop(0)
        else:
            rest.append(finding)
    left = {id(entry) for fellows in waiting.values() for entry in fellows}
    return rest, [entry for entry in entries if id(entry) in left]


def free_entries(
    entries: Iterable[BaselineEntry], all_findings: Iterable[Finding], new: Iterable[Finding]
) -> tuple[BaselineEntry, ...]:
    """The entries that are left for the findings of a change, when those that were there before have theirs.

    Without this an entry for an old fault would hide a new one just like it.
    """
    old = Counter(one.fingerprint for one in all_findings)
    old -= Counter(one.fingerprint for one in new)
    left = []
    for entry in entries:
        if old[entry.fingerprint] > 0:
            old[entry.fingerprint] -= 1
        else:
            left.append(entry)
    return tuple(left)


def stale(baseline: Baseline, entries: Iterable[BaselineEntry]) -> tuple[Finding, ...]:
    """A note for each entry whose fault is no more, at its line in the baseline file."""
    return tuple(
        Finding(
            rule=RULE,
            severity=Severity.NOTE,
            message=f"no longer found: {entry.path}: {entry.message} [{entry.rule}]",
            location=Location(path=baseline.name, line=entry.line),
            hint=f"delete the line, or write the file anew: kvet docs check --write-baseline {baseline.name}",
        )
        for entry in entries
    )
