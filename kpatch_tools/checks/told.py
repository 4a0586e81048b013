# SPDX-License-Identifier: GPL-2.0-only
"""Which findings were told for an earlier version of the series, and what became of the others."""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.told import Gone, Since, Told

__all__ = ["Told", "marked", "told"]

Key = Callable[[Finding], Hashable]
Mode = frozenset[tuple[str, str]]
# A number by itself counts or places something; one in a name (u64, npt=0, 0xd5) is what the text is about.
_LONE_NUMBER = re.compile(r"(?<![\w=])\d+(?:\.\d+)*(?![\w=])")
# A contract is kvet's, not the series': another version may have another file. Whether a finding about it is
# told at the code or at the document hangs on what the contract knows, and does not make it another one.
_CONTRACTS = "selftests-gen/"
_RAN = (Status.PASS, Status.FAIL)


def told(older: Report, newer: Report) -> Told:
    """Hold the findings of ``newer`` against those of ``older``, the report on an earlier version.

    A finding was told when the older report has one of the same rule, file and words, wherever its line
    went; numbers by themselves do not count. What concerns the message of a patch stays with that patch, by
    its subject. One that is gone is answered only when the check that told it ran again, and every test case
    that showed it passes; otherwise its absence is unproven, with the reason.
    """
    before = [(check, finding) for check in older.checks for finding in check.findings]
    # What another finding says better is found all the same: neither new when it stands alone, nor gone.
    known_then = [*before, *((check, one) for check, finding in before for one in finding.folded)]
    known_now = [*newer.findings, *(one for finding in newer.findings for one in finding.folded)]
    version = older.series.version if older.series else 0
    pairs = _pairs([finding for _check, finding in known_then], known_now, _keys(older, newer))
    still: list[Finding] = []
    new: list[Finding] = []
    for at, finding in enumerate(newer.findings):
        if at in pairs:
            still.append(replace(finding, told=known_then[pairs[at]][1].told or version))
        else:
            new.append(replace(finding, told=0))
    known = set(pairs.values())
    runs = _Runs(older=older, newer=newer)
    gone = [_gone(*item, runs) for at, item in enumerate(before) if at not in known]
    return Told(
        version=version,
        still=tuple(still),
        answered=tuple(item for item in gone if not item.reason),
        new=tuple(new),
        unproven=tuple(item for item in gone if item.reason),
    )


def marked(newer: Report, found: Told, *, sources: Iterable[str] = (), notes: Iterable[str] = ()) -> Report:
    """The report with what told() found in it: Finding.told and Report.since."""
    versions: dict[Finding, deque[int]] = defaultdict(deque)
    for finding in (*found.still, *found.new):
        versions[replace(finding, told=0)].append(finding.told)

    def known(finding: Finding) -> Finding:
        return replace(finding, told=versions[replace(finding, told=0)].popleft())

    checks = tuple(replace(check, findings=tuple(map(known, check.findings))) for check in newer.checks)
    since = Since(
        version=found.version,
        sources=tuple(sources),
        answered=found.answered,
        unproven=found.unproven,
        notes=tuple(notes),
    )
    return replace(newer, checks=checks, since=since)


def _keys(older: Report, newer: Report) -> tuple[tuple[Key, Key], ...]:
    """What makes two findings the same, the surest first: a key for the older side and one for the newer."""
    places = _places(older, newer)

    def line(place: Key) -> Key:
        return lambda one: (one.rule, place(one), one.message, _line_text(one))

    def words(place: Key) -> Key:
        return lambda one: (one.rule, place(one), one.message)

    def folded(place: Key) -> Key:
        return lambda one: (one.rule, place(one), _LONE_NUMBER.sub("#", one.message))

    return tuple((make(places[0]), make(places[1])) for make in (line, words, folded))


def _places(older: Report, newer: Report) -> tuple[Key, Key]:
    """Where a finding is, for each side: its file, or its patch where it is about the message of one.

    Of a patch that only one version has under this subject nothing is known, so that a new subject does not
    make its findings new.
    """
    subjects = [dict(report.series.subjects) if report.series else {} for report in (older, newer)]
    common = set(subjects[0].values()) & set(subjects[1].values())

    def place(names: Mapping[int, str]) -> Key:
        def of(finding: Finding) -> Hashable:
            path = finding.location.path if finding.location else ""
            if path.startswith(_CONTRACTS) or any(place.own for place in finding.related):
                return (_CONTRACTS, "")
            if finding.location is None or path:
                return (path, "")
            subject = names.get(finding.location.patch, "")
            return ("", subject if subject in common else "")

        return of

    return place(subjects[0]), place(subjects[1])


def _line_text(finding: Finding) -> str:
    """The line of the tree that a finding is about, "" where the report does not have it."""
    for excerpt in finding.excerpts:
        if excerpt.line <= excerpt.mark < excerpt.line + len(excerpt.lines):
            return excerpt.lines[excerpt.mark - excerpt.line].strip()
    return ""


def _pairs(
    older: Sequence[Finding], newer: Sequence[Finding], keys: Iterable[tuple[Key, Key]]
) -> dict[int, int]:
    """The position in ``newer`` of each finding that ``older`` has, and where: one pairs with one."""
    pairs: dict[int, int] = {}
    left = range(len(older))
    for old_key, new_key in keys:
        taken = set(pairs.values())
        waiting: dict[Hashable, deque[int]] = defaultdict(deque)
        for at in left:
            if at not in taken:
                waiting[old_key(older[at])].append(at)
        for at, finding in enumerate(newer):
            if at not in pairs and (fellows := waiting.get(new_key(finding))):
                pairs[at] = fellows.popleft()
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """What ran for each report: its checks, and its test results by name and mode."""

    older: Report
    newer: Report
    now: dict[tuple[str, Mode], list[Verdict]] = field(default_factory=lambda: defaultdict(list))
    then: dict[str, list[tuple[CheckResult, TestResult]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for _check, test in _results(self.newer):
            self.now[test.name, frozenset(test.mode.items())].append(test.status)
        for check, test in _results(self.older):
            if test.status is not Verdict.SKIP:
                self.then[test.name].append((check, test))

    def again(self, check: CheckResult) -> CheckResult | None:
        """The same check of the newer report."""
        return next((one for one in self.newer.checks if one.check == check.check), None)


def _gone(check: CheckResult, finding: Finding, runs: _Runs) -> Gone:
    again = runs.again(check)
    reason = _unrun(check, runs)
    if not reason and finding.cases:
        reason = _unshown(finding, runs)
    elif again and not reason:
        cut = [test for test in again.tests if not test.status.settled]
        if again.partial:
            reason = f"{check.check} ran in part: {again.reason}"
        elif cut:
            reason = f"case {cut[0].name}: {cut[0].status.value} now"
    return Gone(finding=finding, check=check.check, reason=reason)


def _unrun(check: CheckResult, runs: _Runs) -> str:
    """Why the stage did not look again, "" when it did."""
    again = runs.again(check)
    if again is None:
        return f"{check.check}: not asked for"
    if again.status in _RAN:
        return ""
    return f"{check.check}: {again.reason or again.status.value}"


def _unshown(finding: Finding, runs: _Runs) -> str:
    """Why the test cases that showed a finding do not show that it is gone, "" when they do."""
    # Without the results of then it is not known in which modes to look.
    if lost := [name for name in finding.cases if name not in runs.then]:
        return f"case {lost[0]}: the earlier report has no result of it"
    for check, test in (item for name in finding.cases for item in runs.then[name]):
        seen = runs.now[test.name, frozenset(test.mode.items())]
        mode = ", ".join(f"{key}={value}" for key, value in sorted(test.mode.items()))
        where = f"case {test.name}{f' ({mode})' if mode else ''}"
        if not seen:
            return _unrun(check, runs) or f"{where} was not run"
        if bad := [status for status in seen if not status.good]:
            return f"{where}: {bad[0].value} now"
    return ""


def _results(report: Report) -> Iterable[tuple[CheckResult, TestResult]]:
    return ((check, test) for check in report.checks for test in check.tests)
