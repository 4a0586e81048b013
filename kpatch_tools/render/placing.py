# SPDX-License-Identifier: GPL-2.0-only
"""Which line of which patch each finding of a report belongs under, for every form that quotes patches."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.parse.message import read_message
from kpatch_tools.parse.origins import Origin, Origins
from kpatch_tools.render.ran import Ran, what_ran

TABLE = "conformance/table"
# Notes that are told in a mail all the same: a proposal to paste, and what reviewers ask to drop.
_TOLD_NOTES = frozenset({TABLE, "docs/vendor-word"})
# Faults of form. Everything else that is no error is a remark of its own weight and is given no name; what
# checkpatch.pl calls an error is one of form too.
_NITS = ("docs/", "message/", "kvm/shortlog", "kvm/function-name")
_STYLE = "checkpatch/"
# What a proposed table of errnos is about: it is told below the last of them.
_ROWS = frozenset({"conformance/errno-differs", "conformance/incomplete-row", "contract/document-errno"})
# About how the API reads to who calls it: no faults of form.
ABOUT_API = frozenset({"docs/partial-error", "docs/partial-success"})
# What a kernel does wrong: it is told where the code is, in no document.
_DEFECTS = frozenset({"conformance/known-bug", "conformance/behaviour"})
# These checks number lines as the diff of a patch does, or as the tree after it; the others as the whole
# series leaves the tree.
_POSTED, _STEPWISE = "patches", "per-patch"
_NUMBERED = re.compile(r"^message line (\d{1,9})\b", re.MULTILINE)
_QUOTED = re.compile(r'"([^"]{8,}?)(?:\.\.\.)?"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The findings about one patch.

    ``message`` has those about a line of its message (from 1), ``diff`` those about a line of its diff (by
    index in the text, from 0), heaviest first; ``above`` those about no line that it shows. ``untold``
    counts the notes that a mail leaves out; ``ran`` is what evidence rests on.
    """

    patch: Patch
    ran: Ran = field(default_factory=Ran)
    message: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    diff: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    above: tuple[Finding, ...] = ()
    untold: int = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, in the order of a mail that answers the patch."""
        lines = [*sorted(self.message.items()), *sorted(self.diff.items())]
        return (*self.above, *(one for _line, some in lines for one in some))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A report's findings by patch, in order, and ``loose`` those that belong to none.

    ``untold`` counts the notes that are about no patch with a mail of its own.
    """

    patches: tuple[Placed, ...]
    loose: tuple[Finding, ...]
    untold: int = 0
    ran: Ran = field(default_factory=Ran)


def is_nit(finding: Finding) -> bool:
    """Whether a finding is about form alone."""
    light = finding.severity is not Severity.ERROR and finding.rule.startswith(_NITS)
    return (light and finding.rule not in ABOUT_API) or finding.rule.startswith(_STYLE)


def is_told(finding: Finding) -> bool:
    """Whether a mail tells of a finding: notes are left out, but for a few."""
    return finding.severity is not Severity.NOTE or finding.rule in _TOLD_NOTES


def placed(report: Report, series: Series, origins: Origins) -> Placing:
    """Put each finding of ``report`` that a mail tells under its line; patches without any are left out.

    ``origins`` is made of the patches of ``series``.
    """
    ran = what_ran(report)
    work = _Work(series, origins, ran)
    for check in report.checks:
        for one in check.findings:
            work.take(check.check, one)
    work.join()
    patches = tuple(one for one in map(work.placed, series.patches) if one.findings)
    notes = sum(one.severity is Severity.NOTE and not is_told(one) for one in report.findings)
    return Placing(
        patches=patches,
        loose=_by_severity(work.loose),
        untold=notes - sum(one.untold for one in patches),
        ran=ran,
    )


class _Work:
    """Takes findings one by one and keeps them by patch."""

    def __init__(self, series: Series, origins: Origins, ran: Ran) -> None:
        self.ran = ran
        self.patches = {patch.number: patch for patch in series.patches}
        self.origins = origins
        self.loose: list[Finding] = []
        self._message: dict[int, dict[int, list[Finding]]] = {}
        self._diff: dict[int, dict[int, list[Finding]]] = {}
        self._above: dict[int, list[Finding]] = {}
        self._untold: Counter[int] = Counter()
        self._messages: dict[int, tuple[str, ...]] = {}

    def take(self, check: str, one: Finding) -> None:
        place = one.location
        number = place.patch if place else 0
        origin = _origin(check, one, place, self.origins) if place and place.path else None
        if one.rule in _DEFECTS and not (place and place.line and not _is_document(place)):
            origin, number = None, self._bringing(one)
        if not is_told(one):
            self._untold[origin.patch if origin else number] += 1
        elif origin:
            self._diff.setdefault(origin.patch, {}).setdefault(origin.index, []).append(one)
        elif number not in self.patches:
            self.loose.append(one)
        elif place and not place.path and (line := _message_line(one, self._lines(number))):
            self._message.setdefault(number, {}).setdefault(line, []).append(one)
        else:
            self._above.setdefault(number, []).append(one)

    def _bringing(self, one: Finding) -> int:
        """The patch that is proven to bring a known bug, 0 for none."""
        first = next(filter(None, map(self.ran.first, one.cases)), None)
        return first.patch if first and first.brought else 0

    def _lines(self, number: int) -> tuple[str, ...]:
        if number not in self._messages:
            self._messages[number] = read_message(self.patches[number]).lines
        return self._messages[number]

    def join(self) -> None:
        """Put a table below the last row that it mends."""
        for lines in self._diff.values():
            rows = [at for at, some in lines.items() if any(one.rule in _ROWS for one in some)]
            for at in [at for at, some in lines.items() if any(one.rule == TABLE for one in some)]:
                tables = [one for one in lines[at] if one.rule == TABLE and not one.told]
                lines[at] = [one for one in lines[at] if one.rule != TABLE]
                lines[max([at, *rows])] += tables

    def placed(self, patch: Patch) -> Placed:
        number = patch.number
        return Placed(
            patch=patch,
            ran=self.ran,
            message=_heaviest_first(self._message.get(number, {})),
            diff=_heaviest_first(self._diff.get(number, {})),
            above=_by_severity(self._above.get(number, [])),
            untold=self._untold[number],
        )


def _is_document(place: Location) -> bool:
    return place.path.startswith("Documentation/")


def _origin(check: str, finding: Finding, place: Location, origins: Origins) -> Origin | None:
    if not place.line:
        return None
    if finding.rule.startswith("apply/"):
        return origins.hunk(place.patch, place.path, place.line)
    if check == _POSTED:
        return origins.posted(place.patch, place.path, place.line)
    return origins.of(place.path, place.line, after=place.patch if check == _STEPWISE else 0)


def _message_line(finding: Finding, lines: Sequence[str]) -> int:
    """The line of the commit message that a finding is about, 0 where it does not say so."""
    if found := _NUMBERED.search(finding.detail):
        return int(found[1]) if 0 < int(found[1]) <= len(lines) else 0
    wanted = [finding.detail.strip(), *_QUOTED.findall(finding.message)]
    for text in filter(None, wanted):
        where = [number for number, line in enumerate(lines, 1) if text in line]
        if len(where) == 1:
            return where[0]
    return 0


def _heaviest_first(lines: Mapping[int, Sequence[Finding]]) -> dict[int, tuple[Finding, ...]]:
    return {line: _by_severity(found) for line, found in sorted(lines.items()) if found}


def _by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: (-one.severity.rank, is_nit(one))))
