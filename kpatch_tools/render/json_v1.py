# SPDX-License-Identifier: GPL-2.0-only
"""Report -> JSON v1; the converter is written out so that inner types may change freely."""

import msgspec

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.json_v1 import (
    SCHEMA,
    CheckV1,
    FindingV1,
    LocationV1,
    PatchV1,
    ReportV1,
    SeriesV1,
    TestV1,
    TreeV1,
)
from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.model.test import TestResult

_DECIMALS = 3


def render(report: Report) -> str:
    """One JSON document, indented by two, ending in a newline."""
    raw = msgspec.json.encode(convert(report))
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def convert(report: Report) -> ReportV1:
    """The report in the shape of the document."""
    tree, series = report.tree, report.series
    return ReportV1(
        schema=SCHEMA,
        tool=report.tool,
        verdict=report.verdict.value,
        tree=TreeV1(path=tree.path, base=tree.base, head=tree.head or None) if tree else None,
        series=SeriesV1(
            name=series.name, version=series.version, message_id=series.message_id, patches=series.patches
        )
        if series
        else None,
        checks=tuple(_check(check) for check in report.checks),
    )


def _check(check: CheckResult) -> CheckV1:
    return CheckV1(
        check=check.check,
        status=check.status.value,
        reason=check.reason,
        elapsed_s=round(check.elapsed, _DECIMALS),
        findings=tuple(_finding(finding) for finding in check.findings),
        tests=tuple(_test(test) for test in check.tests),
        logs=check.logs,
        facts=check.facts,
        patches=tuple(_patch(row) for row in check.patches),
    )


def _finding(finding: Finding) -> FindingV1:
    place = finding.location
    return FindingV1(
        rule=finding.rule,
        severity=finding.severity.value,
        message=finding.message,
        path=place.path if place else "",
        line=place.line if place else 0,
        column=place.column if place else 0,
        patch=place.patch if place else 0,
        related=tuple(
            LocationV1(path=item.path, line=item.line, column=item.column, patch=item.patch)
            for item in finding.related
        ),
        detail=finding.detail,
        hint=finding.hint,
        fingerprint=finding.fingerprint,
    )


def _patch(row: PatchRow) -> PatchV1:
    return PatchV1(
        number=row.number,
        subject=row.subject,
        commit=row.commit,
        kernel=row.kernel.value,
        same_as=row.same_as,
        warnings=row.warnings,
        docs_new=row.docs_new,
        docs_mended=row.docs_mended,
        programs=row.programs.value,
        boot=row.boot.value if row.boot else None,
        cases={case: result.value for case, result in row.cases.items()},
        flaky=row.flaky,
        settled=row.settled,
        elapsed_s=round(row.elapsed, _DECIMALS),
        reason=row.reason,
    )


def _test(test: TestResult) -> TestV1:
    return TestV1(
        name=test.name,
        status=test.status.value,
        reason=test.reason,
        mode=dict(test.mode),
        observed=dict(test.observed),
        clause=test.clause,
    )
