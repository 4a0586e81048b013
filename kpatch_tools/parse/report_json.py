# SPDX-License-Identifier: GPL-2.0-only
"""report.json -> Report: the way back, so that one run can be rendered in many formats."""

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.json_v1 import CheckV1, FindingV1, PatchV1, ReportV1, TestV1
from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState
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
        patches=tuple(_patch(row, name) for row in check.patches),
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


def _patch(row: PatchV1, name: str) -> PatchRow:
    where = f"{name}: patch {row.number}"
    return PatchRow(
        number=row.number,
        subject=row.subject,
        commit=row.commit,
        kernel=KernelState(row.kernel),
        same_as=row.same_as,
        warnings=row.warnings,
        docs_new=row.docs_new,
        docs_mended=row.docs_mended,
        programs=ProgramState(row.programs),
        boot=_verdict(row.boot, where) if row.boot else None,
        cases={case: _verdict(result, f"{where}: {case}") for case, result in row.cases.items()},
        flaky=row.flaky,
        settled=row.settled,
        elapsed=row.elapsed_s,
        reason=row.reason,
    )


def _verdict(word: str, where: str) -> Verdict:
    try:
        return Verdict(word)
    except ValueError as error:
        raise UserError(f"{where}: {word} is no verdict") from error


def _test(test: TestV1, name: str) -> TestResult:
    return TestResult(
        name=test.name,
        status=_verdict(test.status, f"{name}: test {test.name}"),
        reason=test.reason,
        clause=test.clause,
        mode=test.mode,
        observed=test.observed,
    )
