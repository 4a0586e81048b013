# SPDX-License-Identifier: GPL-2.0-only
"""What a report comes to, in the order in which a reader needs it, for every format alike.

The verdict with one sentence why; what blocks (errors, and checks that did not run); what should be mended
(warnings); what would be nice to have (notes); and how that spreads over patches and kinds of rule.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.seen_bug import seen_bug
from kpatch_tools.render.severity import by_weight, counted, summary

# Headings of the three parts, in every format.
PARTS = {
    Severity.ERROR: "What blocks",
    Severity.WARNING: "What should be mended",
    Severity.NOTE: "Nice to have",
}
# Where no series is judged there is nothing to block.
_ALONE = {Severity.ERROR: "What is wrong"}
# The key of what is in no patch.
WHOLE_SERIES = "patch-0"
_BUG_RULES = frozenset({"test/known-bug", "conformance/known-bug"})
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many findings of each weight one patch or one kind of rule has; ``key`` names it in an address."""

    key: str
    name: str
    numbers: Mapping[Severity, int]


# Of --no-sandbox: whoever reads the report is to know.
UNPROTECTED = "warning: code of the series ran without a sandbox, with all rights of the user (--no-sandbox)"


def title(report: Report, severity: Severity) -> str:
    """The heading of the findings of one weight."""
    return PARTS[severity] if report.series else _ALONE.get(severity, PARTS[severity])


def why(report: Report) -> str:
    """One sentence: what the verdict rests on, and what it does not cover."""
    if not report.checks:
        return "nothing was checked"
    errors, warnings = (part(report, severity) for severity in (Severity.ERROR, Severity.WARNING))
    failed = _names(check for check in silent(report) if check.status is Status.FAIL)
    said = []
    if not report.series and (bugs := _known_bugs(report)):
        said.append(f"this kernel has known bug{'s'[: len(bugs) > 1]} {', '.join(bugs)}")
        errors, warnings = (
            tuple(one for one in found if one.rule not in _BUG_RULES) for found in (errors, warnings)
        )
    if errors:
        blocks = f" {'blocks' if len(errors) == 1 else 'block'} it" if report.series else ""
        said.append(f"{counted(errors)}{blocks} ({_spread(errors)})")
    if warnings:
        said.append(f"{counted(warnings)} to mend" + ("" if errors else f" ({_spread(warnings)})"))
    if failed:
        said.append(f"{failed} failed")
    if not said:
        notes = counted(report.findings)
        said.append(f"nothing to mend{f', {notes}' if notes else ''}")
    missing = _names(check for check in report.checks if check.status is Status.DID_NOT_RUN)
    left_out = _names(skipped(report))
    said += [f"did not run: {missing}"] if missing else []
    said += [f"skipped: {left_out}"] if left_out else []
    if not missing and not left_out:
        many = len(report.checks)
        said.append("the check ran" if many == 1 else f"all {many} checks ran")
    return "; ".join(said)


def _known_bugs(report: Report) -> list[str]:
    """The known bugs that tests showed, by the names of their contract; none that no finding tells."""
    told = {case for one in report.findings if one.rule in _BUG_RULES for case in one.cases}
    tests = (test for check in report.checks for test in check.tests if test.status is Verdict.KNOWN_BUG)
    seen = (seen_bug(test.reason) for test in tests if bare_name(test) in told or test.name in told)
    return sorted({bug.id for bug in seen if bug})


def part(report: Report, severity: Severity) -> tuple[Finding, ...]:
    """The findings of one weight, by place."""
    return tuple(by_weight(tuple(one for one in report.findings if one.severity is severity)))


def silent(report: Report) -> tuple[CheckResult, ...]:
    """The checks that block and have no finding that would say so: they did not run, or only failed."""
    told = {case for finding in report.findings for case in finding.cases}
    return tuple(
        check
        for check in report.checks
        if check.status is Status.DID_NOT_RUN or (check.status is Status.FAIL and not _explained(check, told))
    )


def _explained(check: CheckResult, told: set[str]) -> bool:
    """A finding says why it failed: its own, or one that names each of its cases that failed."""
    failed = {bare_name(test) for test in open_tests(check) if test.status is not Verdict.SKIP}
    return bool(check.findings) or bool(failed and failed <= told)


def bare_name(test: TestResult) -> str:
    """The name of a test case without that of its program, as findings name cases."""
    return test.name.rpartition(".")[2]


def came_to(report: Report, check: CheckResult) -> str:
    """One line on a check; the reason of one that failed is left out where findings tell it case by case."""
    told = {case for finding in report.findings for case in finding.cases}
    failed = {bare_name(test) for test in open_tests(check) if test.status is not Verdict.SKIP}
    again = check.status is Status.FAIL and failed and failed <= told
    return summary(replace(check, reason="") if again else check)


def untold_tests(report: Report) -> list[TestResult]:
    """The tests that did not pass and that no finding names."""
    told = {case for finding in report.findings for case in finding.cases}
    return [
        test
        for check in report.checks
        for test in open_tests(check)
        if not {bare_name(test), test.name} & told
    ]


def skipped(report: Report) -> tuple[CheckResult, ...]:
    """The checks that were left out."""
    return tuple(check for check in report.checks if check.status is Status.SKIP)


def open_tests(check: CheckResult) -> list[TestResult]:
    """What did not pass; a test that one mode skips and another decides is not open."""
    decided = {test.name for test in check.tests if test.status is not Verdict.SKIP}
    return [
        test
        for test in check.tests
        if not test.status.good and not (test.status is Verdict.SKIP and test.name in decided)
    ]


def per_patch(report: Report) -> tuple[Count, ...]:
    """Counts by the patch that a finding is in, in order; what is in none is the whole series'."""
    subjects = dict(report.series.subjects) if report.series else {}
    found: dict[int, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(patch_of(finding), []).append(finding)
    return tuple(
        _count(f"patch-{number}", _patch_name(number, subjects.get(number, "")), found[number])
        for number in sorted(found, key=lambda number: (number == 0, number))
    )


def per_kind(report: Report) -> tuple[Count, ...]:
    """Counts by the family of the rule ("docs" for docs/single-backtick), those with most errors first."""
    found: dict[str, list[Finding]] = {}
    for finding in by_weight(report.findings):
        found.setdefault(kind_of(finding), []).append(finding)
    return tuple(_count(f"kind-{at}", kind, own) for at, (kind, own) in enumerate(found.items()))


def _patch_name(number: int, subject: str) -> str:
    if not number:
        return "the series as a whole"
    return f"patch {number}{f': {subject}' if subject else ''}"


def _count(key: str, name: str, findings: Iterable[Finding]) -> Count:
    numbers = dict.fromkeys(PARTS, 0)
    for finding in findings:
        numbers[finding.severity] += 1
    return Count(key=key, name=name, numbers=numbers)


def patch_of(finding: Finding) -> int:
    """The number of the patch that a finding is in, 0 for none."""
    return finding.location.patch if finding.location else 0


def kind_of(finding: Finding) -> str:
    """The family of the finding's rule."""
    return finding.rule.partition("/")[0]


def debts(report: Report) -> str:
    """What was there before the series, in words: "4 warnings of the compiler, 24 of sparse"; "" for none."""
    counts: dict[str, int] = {}
    for check in report.checks:
        for name, count in check.debts:
            counts[name] = counts.get(name, 0) + count
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _names(checks: Iterable[CheckResult]) -> str:
    return ", ".join(check.check for check in checks)


def _spread(findings: tuple[Finding, ...]) -> str:
    """The kinds of them, most first: "conformance 6, build 2"; only the name where there is one kind."""
    kinds: dict[str, int] = {}
    for finding in findings:
        kinds[kind_of(finding)] = kinds.get(kind_of(finding), 0) + 1
    ranked = sorted(kinds.items(), key=lambda item: -item[1])
    if len(ranked) == 1:
        return ranked[0][0]
    words = [f"{kind} {count}" for kind, count in ranked[:_MOST_NAMED]]
    if left := ranked[_MOST_NAMED:]:
        words.append(f"{sum(count for _kind, count in left)} of other kinds")
    return ", ".join(words)
