# SPDX-License-Identifier: GPL-2.0-only
"""Which warnings of the compiler a series brings: those of its last commit that its base does not have."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from kpatch_tools.model.finding import Finding, Location, Severity

# The number of the patch that wrote a line, or that alone changes a file; 0 for none and for more than one.
PatchOf = Callable[[Location], int]
ChangedBy = Callable[[str], int]


def new_warnings(
    base: Iterable[Finding], head: Sequence[Finding], patch_of: PatchOf, changed_by: ChangedBy
) -> tuple[tuple[Finding, ...], int]:
    """The findings of ``head`` that ``base`` has not, with each line's patch, and the number of the others.

    Lines move, so two are the same when rule, file and words agree, numbers aside. Where a file has one more
    of a kind than before, the new one is that whose line a patch of the series wrote. A new one at an older
    line (a function that lost its last caller) is put to the only patch that changes its file, if one does.
    """
    known = Counter(one.fingerprint for one in base)
    groups: dict[str, list[Finding]] = defaultdict(list)
    for one in head:
        groups[one.fingerprint].append(one)
    new: list[Finding] = []
    for mark, group in groups.items():
        count = len(group) - known[mark]
        if count > 0:
            placed = sorted(((_patch(one, patch_of), at, one) for at, one in enumerate(group)), key=_last)
            new += (_placed(one, patch, changed_by) for patch, _at, one in placed[:count])
    return tuple(new), len(head) - len(new)


def from_sparse(finding: Finding) -> Finding:
    """A line of sparse, which writes as gcc does, under a rule of its own."""
    return replace(finding, rule="sparse/error" if finding.severity is Severity.ERROR else "sparse/warning")


def from_extra(finding: Finding, plain: Iterable[Finding]) -> Finding:
    """A finding of ``make W=1``: a note, unless the plain build (its findings are ``plain``) has it too.

    What has no flag and no column is not gcc's: with W=1 kbuild also runs scripts/kernel-doc.
    """
    place = finding.location
    if finding.rule == "gcc/warning" and place and place.line and not place.column:
        finding = replace(finding, rule="kernel-doc/warning")
    told = {one.fingerprint for one in plain}
    if finding.severity is not Severity.WARNING or finding.fingerprint in told:
        return finding
    return replace(finding, severity=Severity.NOTE, hint=finding.hint or "make W=1 tells this")


def _last(placed: tuple[int, int, Finding]) -> tuple[bool, int]:
    """Lines of the series first, each in the order of the log."""
    return not placed[0], placed[1]


def _patch(finding: Finding, patch_of: PatchOf) -> int:
    place = finding.location
    return patch_of(place) if place and place.line else 0


def _placed(finding: Finding, patch: int, changed_by: ChangedBy) -> Finding:
    place = finding.location
    if patch and place:
        return replace(finding, location=replace(place, patch=patch))
    said = "the series brings it, though the line is older"
    where = replace(place, patch=changed_by(place.path)) if place else None
    return replace(finding, location=where, hint=f"{said}; {finding.hint}" if finding.hint else said)
