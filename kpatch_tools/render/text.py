# SPDX-License-Identifier: GPL-2.0-only
"""Report -> lines for a terminal: a table of the stages, then findings the way gcc prints them."""

import re
import textwrap

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render import per_patch
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.severity import STATUS_WORDS, by_weight, summary

WIDTH = 100
_INDENT = "    "
# What an editor takes for the end of a place: vim's errorformat finds one anywhere in a line.
_PLACE_INSIDE = re.compile(r":(?=\d+:)|\(\d+\)(?=:)|\|(?=\d+\|)")
_QUOTED_PLACE = re.compile(r'(".+?"\D+\d+)(?=: )')


def render(report: Report) -> str:
    """The whole report; an editor can jump to each ``path:line:column: severity: message [rule]``.

    That is the form of gcc, and no other line can be read so, whatever evidence it quotes.
    """
    lines = [*_head(report), *_stages(report.checks)]
    for check in report.checks:
        if check.patches:
            lines += ["", *per_patch.table(check.patches, plain)]
    findings = by_weight(report.findings)
    if findings:
        lines.append("")
    for finding in findings:
        lines += _finding(finding)
    bad = [test for check in report.checks for test in _open(check.tests)]
    if bad:
        lines += ["", "tests that did not pass:"]
        lines += [_test(test) for test in bad]
    logs = [log for check in report.checks for log in check.logs]
    if logs:
        lines += ["", "logs:"]
        lines += [f"  {plain(log)}" for log in logs]
    return "\n".join([*lines, "", f"verdict: {report.verdict.value}", ""])


def plain(text: str) -> str:
    """Harmless text that no editor takes for a place: "a.c:12: x" becomes "a.c: 12: x"."""
    apart = _PLACE_INSIDE.sub(lambda found: f"{found[0]} ", terminal(text))
    return _QUOTED_PLACE.sub(r"\1 ", apart)


def _head(report: Report) -> list[str]:
    lines = []
    if report.series:
        series = report.series
        patches = "patch" if series.patches == 1 else "patches"
        lines.append(f"{plain(series.name)} v{series.version}, {series.patches} {patches}")
    if report.tree and report.tree.base:
        head = f", head {report.tree.head[:12]}" if report.tree.head else ""
        lines.append(f"base {report.tree.base[:12]}{head} in {plain(report.tree.path)}")
    return [*lines, ""] if lines else []


def _stages(checks: tuple[CheckResult, ...]) -> list[str]:
    width = max((len(check.check) for check in checks), default=0)
    lines = []
    for check in checks:
        left = f"  {check.check:<{width}}  {STATUS_WORDS[check.status]:<11} {check.elapsed:7.1f} s  "
        wrapped = textwrap.wrap(plain(summary(check)), WIDTH - len(left)) or [""]
        lines.append((left + wrapped[0]).rstrip())
        lines += [" " * len(left) + rest for rest in wrapped[1:]]
        for name, value in check.facts:
            lines += _wrapped(f"{plain(name)}: {plain(value)}", " " * (width + 4))
    return lines


def _open(tests: tuple[TestResult, ...]) -> list[TestResult]:
    """What did not pass; a test that one mode skips and another decides is not open."""
    decided = {test.name for test in tests if test.status is not Verdict.SKIP}
    return [
        test
        for test in tests
        if not test.status.good and not (test.status is Verdict.SKIP and test.name in decided)
    ]


def _finding(finding: Finding) -> list[str]:
    where = f"{terminal(str(finding.location))}: " if finding.location else ""
    place = finding.location
    by = f", patch {place.patch}" if place and place.path and place.patch else ""
    lines = [f"{where}{finding.severity.value}: {plain(finding.message)} [{finding.rule}{by}]"]
    if finding.detail:
        lines += [_INDENT + plain(line) for line in finding.detail.splitlines()]
    if finding.hint:
        first, *rest = finding.hint.splitlines()
        lines += _wrapped(f"hint: {plain(first)}", _INDENT)
        lines += [_INDENT + plain(line) for line in rest]
    return lines


def _test(test: TestResult) -> str:
    mode = " ".join(f"{key}={value}" for key, value in sorted(test.mode.items()))
    reason = f": {test.reason}" if test.reason else ""
    return plain(f"  {test.status.value:<10} {test.name}{f' ({mode})' if mode else ''}{reason}")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
