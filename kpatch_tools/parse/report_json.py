# SPDX-License-Identifier: GPL-2.0-only
"""report.json -> Report: the way back, so that one run can be rendered in many formats."""

from dataclasses import replace
from typing import Literal

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.model.conformance import Condition, Conformance, Observed, Stand
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import SHIPPED, Finding, Location, Severity, beside
from kpatch_tools.model.json_v1 import (
    CheckV1,
    ConditionV1,
    ConformanceV1,
    ExcerptV1,
    FindingV1,
    GoneV1,
    PatchV1,
    ReportV1,
    SeriesV1,
    SinceV1,
    TestV1,
)
from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.told import Gone, Since


class _Versioned(msgspec.Struct, frozen=True):
    """By which schema a report was written."""

    schema: int | None = None


class _OnSeries(msgspec.Struct, frozen=True):
    """What tells which series a report is on, and nothing else of it."""

    schema: Literal[1]
    series: SeriesV1 | None = None


def parse_series(text: str | bytes) -> SeriesId | None:
    """Which series a report is on, without reading the rest; None for one on no series, or for no report."""
    try:
        series = msgspec.json.decode(text, type=_OnSeries).series
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return _series(series) if series else None


def parse_report(text: str | bytes, *, name: str = "report.json") -> Report:
    """Read a report of schema 1; UserError says what in the document is wrong and where (a JSON path)."""
    try:
        other = msgspec.json.decode(text, type=_Versioned).schema
    except (msgspec.DecodeError, UnicodeDecodeError):
        other = None
    if other not in (None, 1):
        raise UserError(
            f"{name}: a report of schema {other}, and this kvet reads schema 1",
            cure="read it with the kvet that wrote it, or review the series again",
        )
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
        series=_series(series) if series else None,
        checks=tuple(_check(check, name) for check in document.checks),
        folder=document.folder,
        started=document.started,
        since=_since(document.since) if document.since else None,
        unprotected=document.unprotected,
    )


def _series(series: SeriesV1) -> SeriesId:
    return SeriesId(
        name=series.name,
        version=series.version,
        message_id=series.message_id,
        patches=series.patches,
        hashes=series.patch_sha256,
        contents=series.content_sha256,
        author=series.author,
        change_id=series.change_id,
        subjects=series.subjects,
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
        debts=check.debts,
        conformance=_conformance(check.conformance, name) if check.conformance else None,
        excerpts=tuple(_excerpt(one) for one in check.excerpts),
        partial=check.partial,
    )


def _since(since: SinceV1) -> Since:
    return Since(
        version=since.version,
        sources=since.sources,
        answered=tuple(_gone(item) for item in since.answered),
        unproven=tuple(_gone(item) for item in since.unproven),
        notes=since.notes,
    )


def _gone(item: GoneV1) -> Gone:
    return Gone(finding=_finding(item.finding), check=item.check, reason=item.reason)


def _excerpt(one: ExcerptV1) -> Excerpt:
    return Excerpt(
        source=Source(one.source),
        path=one.path,
        line=one.line,
        lines=one.lines,
        mark=one.mark,
        case=one.case,
        mode=one.mode,
    )


def _conformance(matrix: ConformanceV1, name: str) -> Conformance:
    columns = len(matrix.modes)
    for row in matrix.rows:
        if len(row.observed) != columns:
            raise UserError(
                f"{name}: conformance of {matrix.ioctl}: a row has {len(row.observed)} cells, "
                f"there are {columns} modes",
                cure="let kvet write the report: --format json",
            )
    return Conformance(
        contract=matrix.contract,
        ioctl=matrix.ioctl,
        document=matrix.document,
        section=matrix.section,
        modes=matrix.modes,
        rows=tuple(_condition(row) for row in matrix.rows),
        bugs=matrix.bugs,
    )


def _condition(row: ConditionV1) -> Condition:
    return Condition(
        errno=row.errno,
        clause=row.clause,
        condition=row.condition,
        contract=row.contract,
        documented=row.documented,
        line=row.line,
        general=row.general,
        common=row.common,
        observed=tuple(
            Observed(
                stand=Stand(one.stand),
                outcomes=one.outcomes,
                cases=one.cases,
                bad=one.bad,
                reason=one.reason,
            )
            for one in row.observed
        ),
        reason=row.reason,
    )


def _finding(finding: FindingV1) -> Finding:
    place = None
    if finding.path or finding.patch:
        place = Location(path=finding.path, line=finding.line, column=finding.column, patch=finding.patch)
    # Reports of older versions of kvet have the contract's line where now a line of the kernel tree is.
    own = replace(place, own=True) if place and place.path.startswith(SHIPPED) else None
    found = Finding(
        rule=finding.rule,
        severity=Severity(finding.severity),
        message=finding.message,
        location=place,
        related=tuple(
            Location(path=item.path, line=item.line, column=item.column, patch=item.patch, own=item.own)
            for item in finding.related
        ),
        detail=finding.detail,
        hint=finding.hint,
        cases=finding.cases,
        excerpts=tuple(_excerpt(one) for one in finding.excerpts),
        told=finding.told,
        folded=tuple(_finding(one) for one in finding.folded),
    )
    return beside(found, own) if own else found


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
        not_yet=row.not_yet,
        reasons=row.reasons,
        elapsed=row.elapsed_s,
        reason=row.reason,
    )


def _verdict(word: str, where: str) -> Verdict:
    try:
        return Verdict(word)
    except ValueError as error:
        raise UserError(
            f"{where}: {word} is no verdict", cure="let kvet write the report: --format json"
        ) from error


def _test(test: TestV1, name: str) -> TestResult:
    return TestResult(
        name=test.name,
        status=_verdict(test.status, f"{name}: test {test.name}"),
        reason=test.reason,
        clause=test.clause,
        mode=test.mode,
        observed=test.observed,
    )
