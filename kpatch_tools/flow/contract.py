# SPDX-License-Identifier: GPL-2.0-only
"""A contract against a tree: its uapi header, its document, and what tests have observed."""

import time

from kpatch_tools.checks.conformance import conformance, document_findings, no_evidence
from kpatch_tools.checks.contract_header import contract_header
from kpatch_tools.flow.generate import Reader, text_of
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.cheader import parse_header
from kpatch_tools.parse.rst import parse_document


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
    document = parse_document(text)
    section = document.section_named(contract.ioctl.name)
    findings = document_findings(contract, section, path=contract.document, lines=document.lines)
    return CheckResult(
        check="document",
        status=status_of(findings, fail_on),
        reason="held against the contract only: no test results were given",
        findings=findings,
        elapsed=time.monotonic() - started,
    )


def check_behaviour(
    contract: Contract,
    read: Reader,
    tests: tuple[TestResult, ...],
    *,
    fail_on: Severity = Severity.WARNING,
) -> CheckResult:
    """Document, contract and observed behaviour against each other.

    DID_NOT_RUN when there is no document, and when the tests prove nothing: what can be said without a run
    is among the findings all the same.
    """
    started = time.monotonic()
    text = text_of(read, contract.document)
    if text is None:
        return CheckResult(check="conformance", reason=f"{contract.document} is not in the tree")
    document = parse_document(text)
    section = document.section_named(contract.ioctl.name)
    findings = conformance(contract, section, tests, path=contract.document, lines=document.lines)
    lacking = no_evidence(contract, tests)
    status = status_of(findings, fail_on)
    if lacking and status is Status.PASS:
        status = Status.DID_NOT_RUN
    return CheckResult(
        check="conformance",
        status=status,
        reason=lacking,
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=() if lacking else (("evidence", _proof(contract, tests)),),
    )


def show(contract: Contract) -> str:
    """The contract for a reader: interface, order of checks, conditions and their cases, what is unproven."""
    ioctl = contract.ioctl
    number = f"{ioctl.dir.macro}(KVMIO, {ioctl.nr:#04x}, struct {ioctl.struct})"
    lines = [
        contract.title,
        f"  {ioctl.name} = {number} = {contract.request:#x}, on a {ioctl.fd}",
        f"  {ioctl.cap} = {ioctl.cap_nr}",
        "",
        f"struct {ioctl.struct} ({ioctl.size} bytes)",
        *(
            f"  {field.type} {field.name}{f'[{field.count}]' if field.count else ''}"
            for field in contract.struct.field
        ),
        "",
        "checks, in this order",
        *(f"  {number}. {check.when}" for number, check in enumerate(contract.check, 1)),
        "",
        "errors",
    ]
    for error in contract.error:
        lines.append(f"  {error.errno:<10} {error.condition}")
        lines.append(f"  {'':<10}   {_provoked(contract, error.errno, error.trigger)}")
    lines += ["", "promises"]
    for effect in contract.effect:
        cases = [case.name for case in contract.case if case.clause == effect.id]
        lines += [f"  {effect.promise}", f"    cases: {', '.join(cases)}"]
    partial = {"error": "the error", "success": "success"}[contract.progress.on_partial]
    lines += ["", f"after progress a call that stops returns {partial}"]
    lines += [f"known defect {bug.id}: {bug.symptom}" for bug in contract.known_bug]
    return "\n".join(lines) + "\n"


def _provoked(contract: Contract, errno: str, trigger: tuple[str, ...]) -> str:
    if trigger:
        return f"cases: {', '.join(trigger)}"
    reason = next((entry.reason for entry in contract.unprovoked if entry.errno == errno), "")
    return f"not provoked: {reason}"


def _size(contract: Contract) -> str:
    return f"{contract.name}: {len(contract.case)} cases, {len(contract.error)} conditions"


def _proof(contract: Contract, tests: tuple[TestResult, ...]) -> str:
    good = sum(test.status is Verdict.PASS for test in tests)
    skipped = sum(test.status is Verdict.SKIP for test in tests)
    beside = f", {skipped} skipped" if skipped else ""
    return f"{good} of {len(tests) - skipped} results of {contract.name} pass{beside}"
