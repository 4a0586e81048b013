# SPDX-License-Identifier: GPL-2.0-only
"""Contract, document and running kernel against each other; every finding follows from these three.

The contract says which case provokes which condition and by what words a document speaks of it; the results
say which errno the kernel returned; the document says which errno it promises.
"""

import re

from kpatch_tools.checks.conformance_rows import against_contract, differing, unmentioned, unprovoked
from kpatch_tools.checks.evidence import SUCCESS, Evidence, evidence, mode_text, no_evidence, results_of
from kpatch_tools.checks.layout import c_struct, differences
from kpatch_tools.model.contract import Case, Contract
from kpatch_tools.model.document import Field, Section
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.cheader import parse_header

__all__ = ["conformance", "document_findings", "no_evidence"]

_BROKEN = (Verdict.FAIL, Verdict.CRASH, Verdict.HANG)
_FD_TYPE = {"vcpu": "vcpu ioctl"}


def conformance(
    contract: Contract,
    section: Section | None,
    tests: tuple[TestResult, ...],
    *,
    path: str,
    lines: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """Every difference between what the document at ``path`` says, what was observed, and the contract.

    ``lines`` are the document's lines; with them a finding points at the words inside a row of several
    lines. Without any evidence in ``tests`` only what needs none is found: ask no_evidence().
    """
    seen = evidence(contract, tests)
    found = [*_behaviour(contract, tests)]
    if section is None:
        return (_no_section(contract, path), *found)
    found += differing(contract, section, seen, path=path, lines=lines)
    found += unmentioned(contract, section, seen, path=path)
    if seen:
        found += unprovoked(contract, section, seen, tests, path=path)
        found += _architectures(contract, section, seen, path)
    found += _fields(contract, section, path)
    found += _struct(contract, section, path)
    return tuple(found)


def document_findings(
    contract: Contract, section: Section | None, *, path: str, lines: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    """What can be held against the document without a run: fields, struct, the contract's errnos."""
    if section is None:
        return (_no_section(contract, path),)
    return (
        *against_contract(contract, section, path=path, lines=lines),
        *_architectures(contract, section, (), path),
        *_fields(contract, section, path),
        *_struct(contract, section, path),
    )


def _no_section(contract: Contract, path: str) -> Finding:
    return Finding(
        rule="conformance/no-section",
        severity=Severity.ERROR,
        message=f"no section describes {contract.ioctl.name}",
        location=Location(path=path),
        hint=f'add a section titled "4.N {contract.ioctl.name}"',
    )


def _behaviour(contract: Contract, tests: tuple[TestResult, ...]) -> list[Finding]:
    """A failed case contradicts a clause, whatever the document says about it."""
    found = []
    for case, test in results_of(contract, tests):
        if test.status not in _BROKEN:
            continue
        what = {Verdict.CRASH: "crashed", Verdict.HANG: "hung"}.get(test.status, "failed")
        reason = f": {test.reason}" if test.reason else ""
        found.append(
            Finding(
                rule="conformance/behaviour",
                severity=Severity.ERROR,
                message=f'{contract.ioctl.name}: case {case.name} {what}, clause "{case.clause}"'
                f"{mode_text(test.mode)}{reason}",
                detail=_behaviour_detail(contract, case, test),
                hint=_known(contract, case),
            )
        )
    return found


def _behaviour_detail(contract: Contract, case: Case, test: TestResult) -> str:
    promises = {error.id: f"{error.errno}: {error.condition}" for error in contract.error}
    promises |= {effect.id: effect.promise for effect in contract.effect}
    parts = [f"clause {case.clause}: {promises.get(case.clause, '')}", f"case: {case.summary}"]
    if test.observed:
        parts.append("observed: " + " ".join(f"{key}={value}" for key, value in test.observed.items()))
    parts += test.log[-5:]
    return "\n".join(parts)


def _known(contract: Contract, case: Case) -> str:
    for bug in contract.known_bug:
        if case.name in bug.cases:
            fixed = f"; fixed by {bug.fixed_by}" if bug.fixed_by else ""
            return f"looks like {bug.id}: {bug.symptom}{fixed}"
    return ""


def _architectures(
    contract: Contract, section: Section, seen: tuple[Evidence, ...], path: str
) -> list[Finding]:
    """Calls that succeeded prove the architecture; without a run only the contract claims it."""
    succeeded = [item for item in seen if item.errno == SUCCESS]
    field = _field(section, "Architectures")
    if field is None or (seen and not succeeded):
        return []
    calls = "1 call" if len(succeeded) == 1 else f"{len(succeeded)} calls"
    proof = f"yet {calls} succeeded on" if seen else "the contract is for"
    return [
        Finding(
            rule="conformance/architectures",
            severity=Severity.WARNING,
            message=f'the document says ":Architectures: {field.value}", {proof} {name}',
            location=Location(path=path, line=field.line),
            detail=succeeded[0].shown if succeeded else "",
            hint=f":Architectures: {name}",
        )
        for name in contract.architectures
        if not _covers(field.value, name)
    ]


def _covers(value: str, name: str) -> bool:
    """Whether "x86, arm64", "all" or "all except s390" includes an architecture."""
    listed, _, excepted = value.partition("except")
    words = set(re.split(r"[^a-z0-9]+", listed.lower()))
    return (name in words or "all" in words) and name not in re.split(r"[^a-z0-9]+", excepted.lower())


def _fields(contract: Contract, section: Section, path: str) -> list[Finding]:
    ioctl = contract.ioctl
    wanted = (
        ("Capability", ioctl.cap, "capability"),
        ("Type", _FD_TYPE[ioctl.fd], "type"),
        ("Parameters", f"struct {ioctl.struct}", "parameters"),
    )
    found = []
    for name, want, rule in wanted:
        field = _field(section, name)
        if field is None or re.search(rf"\b{re.escape(want)}\b", field.value):
            continue
        found.append(
            Finding(
                rule=f"conformance/{rule}",
                severity=Severity.WARNING,
                message=f'the document says ":{name}: {field.value}", the contract has {want}',
                location=Location(path=path, line=field.line),
                hint=f":{name}: {want}",
            )
        )
    return found


def _field(section: Section, name: str) -> Field | None:
    return next((field for field in section.fields if field.name == name), None)


def _struct(contract: Contract, section: Section, path: str) -> list[Finding]:
    name = contract.ioctl.struct
    found = []
    for block in section.literals:
        written = parse_header(block.text).structs.get(name)
        if not written:
            continue
        found += [
            Finding(
                rule="conformance/struct",
                severity=Severity.ERROR,
                message=f"struct {name}: {difference.text}",
                location=Location(path=path, line=block.line + difference.line - 1),
                hint=c_struct(contract),
            )
            for difference in differences(contract, written)
        ]
    return found
