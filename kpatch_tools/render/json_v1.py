# SPDX-License-Identifier: GPL-2.0-only
"""Report -> JSON v1; the converter is written out so that inner types may change freely."""

from typing import Any

import msgspec

from kpatch_tools.model.conformance import Condition, Conformance
from kpatch_tools.model.excerpt import Excerpt
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.json_v1 import (
    SCHEMA,
    CheckV1,
    ConditionV1,
    ConformanceV1,
    ExcerptV1,
    FindingV1,
    GoneV1,
    LocationV1,
    ObservedV1,
    PatchV1,
    ReportV1,
    SeriesV1,
    SinceV1,
    TestV1,
    TreeV1,
)
from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.model.test import TestResult
from kpatch_tools.model.told import Gone, Since
from kpatch_tools.render.escape import json_text

_DECIMALS = 3


def render(report: Report) -> str:
    """One JSON document, indented by two, ending in a newline."""
    return json_text(msgspec.json.format(encoded(convert(report)), indent=2).decode()) + "\n"


def encoded(document: Any) -> bytes:
    """A value or a structure as JSON in UTF-8, with a visible escape for what UTF-8 cannot hold."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        # A name or a line of the tree whose bytes are no UTF-8.
        return msgspec.json.encode(_visible(msgspec.to_builtins(document)))


def _visible(value: Any) -> Any:
    """The same, with a visible escape for each character that UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_visible(key): _visible(item) for key, item in value.items()}
    return [_visible(item) for item in value] if isinstance(value, list | tuple) else value


def convert(report: Report) -> ReportV1:
    """The report in the shape of the document."""
    tree, series = report.tree, report.series
    return ReportV1(
        schema=SCHEMA,
        tool=report.tool,
        verdict=report.verdict.value,
        tree=TreeV1(path=tree.path, base=tree.base, head=tree.head or None) if tree else None,
        series=SeriesV1(
            name=series.name,
            version=series.version,
            message_id=series.message_id,
            patches=series.patches,
            patch_sha256=series.hashes,
            content_sha256=series.contents,
            author=series.author,
            change_id=series.change_id,
            subjects=series.subjects,
        )
        if series
        else None,
        checks=tuple(_check(check) for check in report.checks),
        folder=report.folder,
        started=report.started,
        since=_since(report.since) if report.since else None,
        unprotected=report.unprotected,
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
        debts=check.debts,
        conformance=_conformance(check.conformance) if check.conformance else None,
        excerpts=tuple(_excerpt(one) for one in check.excerpts),
        partial=check.partial,
    )


def _since(since: Since) -> SinceV1:
    return SinceV1(
        version=since.version,
        sources=since.sources,
        answered=tuple(_gone(item) for item in since.answered),
        unproven=tuple(_gone(item) for item in since.unproven),
        notes=since.notes,
    )


def _gone(item: Gone) -> GoneV1:
    return GoneV1(finding=_finding(item.finding), check=item.check, reason=item.reason)


def _excerpt(one: Excerpt) -> ExcerptV1:
    return ExcerptV1(
        source=one.source.value,
        path=one.path,
        line=one.line,
        lines=one.lines,
        mark=one.mark,
        case=one.case,
        mode=one.mode,
    )


def _conformance(matrix: Conformance) -> ConformanceV1:
    return ConformanceV1(
        contract=matrix.contract,
        ioctl=matrix.ioctl,
        document=matrix.document,
        section=matrix.section,
        modes=matrix.modes,
        rows=tuple(_condition(row) for row in matrix.rows),
        bugs=matrix.bugs,
    )


def _condition(row: Condition) -> ConditionV1:
    return ConditionV1(
        errno=row.errno,
        clause=row.clause,
        condition=row.condition,
        contract=row.contract,
        documented=row.documented,
        line=row.line,
        general=row.general,
        common=row.common,
        observed=tuple(
            ObservedV1(
                stand=one.stand.value,
                outcomes=one.outcomes,
                cases=one.cases,
                bad=one.bad,
                reason=one.reason,
            )
            for one in row.observed
        ),
        reason=row.reason,
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
            LocationV1(path=item.path, line=item.line, column=item.column, patch=item.patch, own=item.own)
            for item in finding.related
        ),
        detail=finding.detail,
        hint=finding.hint,
        fingerprint=finding.fingerprint,
        cases=finding.cases,
        excerpts=tuple(_excerpt(one) for one in finding.excerpts),
        told=finding.told,
        folded=tuple(_finding(one) for one in finding.folded),
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
        not_yet=row.not_yet,
        reasons=dict(row.reasons),
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
