# SPDX-License-Identifier: GPL-2.0-only
"""A contract against a tree: its uapi header, its document, and what tests have observed."""

import time
from dataclasses import replace
from pathlib import Path

from kpatch_tools.checks.absence import absent, present, why_absent
from kpatch_tools.checks.conformance import conformance, document_findings, no_evidence
from kpatch_tools.checks.conformance_matrix import conformance_matrix
from kpatch_tools.checks.contract_header import STRUCT, contract_header
from kpatch_tools.flow.dialect import Reader, text_of
from kpatch_tools.flow.docs_reading import document as read_document
from kpatch_tools.flow.generate import base_text
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Location, Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.cfunction import function_line
from kpatch_tools.parse.cheader import parse_header
from kpatch_tools.parse.contract_places import UNKNOWN, Places, contract_places
from kpatch_tools.tools.files import data_dir, read_text


def check_static(contract: Contract, read: Reader, *, fail_on: Severity = Severity.WARNING) -> CheckResult:
    """The contract against the uapi header; DID_NOT_RUN when ``read`` finds no header."""
    started = time.monotonic()
    text = text_of(read, contract.header)
    if text is None:
        return CheckResult(check="contract", reason=f"{contract.header} is not in the tree")
    findings = contract_header(contract, parse_header(text), path=contract.header)
    return CheckResult(
        check="contract",
        status=status_of(findings, fail_on),
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=(("contract", _size(contract)),),
    )


def check_document(contract: Contract, read: Reader, *, fail_on: Severity = Severity.WARNING) -> CheckResult:
    """The contract against the document, without a run; DID_NOT_RUN when there is no document."""
    started = time.monotonic()
    text = text_of(read, contract.document)
    if text is None:
        return CheckResult(check="document", reason=f"{contract.document} is not in the tree")
    document = read_document(text, contract.document)
    section = document.section_named(contract.ioctl.name)
    findings = document_findings(contract, section, path=contract.document, lines=document.lines)
    return CheckResult(
        check="document",
        status=status_of(findings, fail_on),
        reason="held against the contract only: no test results were given",
        partial=True,
        findings=findings,
        elapsed=time.monotonic() - started,
        conformance=conformance_matrix(contract, section, (), path=contract.document),
    )


def check_behaviour(
    contract: Contract,
    read: Reader,
    tests: tuple[TestResult, ...],
    *,
    fail_on: Severity = Severity.WARNING,
    places: Places = UNKNOWN,
) -> CheckResult:
    """Document, contract and observed behaviour against each other; ``places`` are those of places_of().

    DID_NOT_RUN when there is no document, and when the tests prove nothing: what can be said without a run
    is among the findings all the same.
    """
    started = time.monotonic()
    text = text_of(read, contract.document)
    if text is None:
        return CheckResult(check="conformance", reason=f"{contract.document} is not in the tree")
    document = read_document(text, contract.document)
    section = document.section_named(contract.ioctl.name)
    runs = absent(contract, tests)
    tests = present(contract, tests)
    places = replace(places, code=code_places(contract, read))
    findings = conformance(
        contract, section, tests, path=contract.document, lines=document.lines, places=places
    )
    lacking = no_evidence(contract, tests)
    if runs and not tests:
        lacking = why_absent(contract, runs[0])
    status = status_of(findings, fail_on)
    if lacking and status is Status.PASS:
        status = Status.DID_NOT_RUN
    return CheckResult(
        check="conformance",
        status=status,
        reason=lacking,
        partial=bool(lacking),
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=() if lacking else (("evidence", _proof(contract, tests)),),
        conformance=conformance_matrix(contract, section, tests, path=contract.document),
    )


def settled(static: CheckResult, layout: CheckResult, fail_on: Severity = Severity.WARNING) -> CheckResult:
    """The check of the header's text, without what the compiler has decided otherwise.

    A member's type may have another name in the header (__aligned_u64): only the compiler knows that it is
    the same. What it refuses is told with its values, and need not be told twice.
    """
    if layout.status not in (Status.PASS, Status.FAIL) or static.status is Status.DID_NOT_RUN:
        return static
    findings = tuple(finding for finding in static.findings if finding.rule != STRUCT)
    return replace(static, findings=findings, status=status_of(findings, fail_on))


def places_of(name_or_path: str, contract: Contract) -> Places:
    """Where the cases and clauses of a contract stand that was loaded by that name or path."""
    shown = f"selftests-gen/contracts/{contract.name}.toml"
    path = data_dir("selftests-gen") / "contracts" / f"{contract.name}.toml"
    if name_or_path != contract.name:
        shown, path = name_or_path, Path(name_or_path)
    text = read_text(path, "contract")
    return contract_places(text, path=shown, base=base_text(text, path, shown=shown))


def code_places(contract: Contract, read: Reader) -> dict[str, Location]:
    """Where known bugs of a contract are in the code that ``read`` gives, by id; only those found there."""
    found: dict[str, Location] = {}
    for bug in contract.known_bug:
        text = text_of(read, bug.code.file) if bug.code else None
        if bug.code and text and (line := function_line(text, bug.code.function, bug.code.line or "")):
            found[bug.id] = Location(path=bug.code.file, line=line)
    return found


def _size(contract: Contract) -> str:
    return f"{contract.name}: {len(contract.case)} cases, {len(contract.error)} conditions"


def _proof(contract: Contract, tests: tuple[TestResult, ...]) -> str:
    good = sum(test.status is Verdict.PASS for test in tests)
    skipped = sum(test.status is Verdict.SKIP for test in tests)
    beside = f", {skipped} skipped" if skipped else ""
    return f"{good} of {len(tests) - skipped} results of {contract.name} pass{beside}"
