# SPDX-License-Identifier: GPL-2.0-only
"""report.json -> Report: the way back, so that one run can be rendered in many formats."""

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.json_v1 import CheckV1, FindingV1, ReportV1, TestV1
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.model.test import TestResult, Verdict


def parse_report(text: str | bytes, *, name: str = "report.json") -> Report:
    """Read a report of schema 1; UserError says what in the document is wrong and where (a JSON path)."""
    try:
        document = msgspec.json.decode(text, type=ReportV1)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{name}: no kvet report: {error}", cure="write one with `kvet review --format json`"
        ) from error
    tree = document.tree
    series = document.series
    return Report(
        tool=document.tool,
        tree=TreeId(path=tree.path, base=tree.base, head=tree.head or "") if tree else None,
        series=SeriesId(
            name=series.name, version=series.version, message_id=series.message_id, patches=series.patches
        )
        if series
        else None,
        checks=tuple(_check(check, name) for check in document.checks),
    )


def _check(check: CheckV1, name: str) -> CheckResult:
    return CheckResult(
        check=check.check,
        status=Status(check.status),
        reason=check.reason,
        findings=tuple(_finding(finding) for finding in check.findings),
        tests=tuple(_test(test, name) for test in check.tests),
        elapsed=check.elapsed_s,
        logs=check.logs,
        facts=check.facts,
    )


def _finding(finding: FindingV1) -> Finding:
    place = None
    if finding.path or finding.patch:
        place = Location(path=finding.path, line=finding.line, column=finding.column, patch=finding.patch)
    return Finding(
        rule=finding.rule,
        severity=Severity(finding.severity),
        message=finding.message,
        location=place,
        related=tuple(
            Location(path=item.path, line=item.line, column=item.column, patch=item.patch)
            for item in finding.related
        ),
        detail=finding.detail,
        hint=finding.hint,
    )


def _test(test: TestV1, name: str) -> TestResult:
    try:
        status = Verdict(test.status)
    except ValueError as error:
        raise UserError(f"{name}: test {test.name}: {test.status} is no verdict") from error
    return TestResult(
        name=test.name,
        status=status,
        reason=test.reason,
        clause=test.clause,
        mode=test.mode,
        observed=test.observed,
    )
