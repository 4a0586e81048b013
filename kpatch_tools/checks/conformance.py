# SPDX-License-Identifier: GPL-2.0-only
"""Contract, document and running kernel against each other; every finding follows from these three.

The contract says which case provokes which condition and by what words a document speaks of it; the results
say which errno the kernel returned; the document says which errno it promises.
"""

import re

from kpatch_tools.checks.behaviour import behaviour
from kpatch_tools.checks.conformance_rows import against_contract, differing, shown, unmentioned, unprovoked
from kpatch_tools.checks.errno_table import proposed
from kpatch_tools.checks.evidence import SUCCESS, Evidence, evidence, no_evidence
from kpatch_tools.checks.layout import differences, told, written_so
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.document import Field, Section
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.test import TestResult
from kpatch_tools.parse.cheader import parse_header
from kpatch_tools.parse.contract_places import UNKNOWN, Places

__all__ = ["conformance", "document_findings", "no_evidence"]

_FD_TYPE = {"vcpu": "vcpu ioctl"}


def conformance(  # noqa: PLR0913 - the three things, and where each of them stands
    contract: Contract,
    section: Section | None,
    tests: tuple[TestResult, ...],
    *,
    path: str,
    lines: tuple[str, ...] = (),
    places: Places = UNKNOWN,
) -> tuple[Finding, ...]:
    """Every difference between what the document at ``path`` says, what was observed, and the contract.

    ``lines`` are the document's lines; with them a finding points at the words inside a row of several
    lines. ``places`` are those of the contract's cases, for what no document is at fault for. Without any
    evidence in ``tests`` only what needs none is found: ask no_evidence().
    """
    seen = evidence(contract, tests)
    place = Location(path=path, line=section.title.line) if section else None
    found = [*behaviour(contract, tests, places, place)]
    if section is None:
        return (_no_section(contract, path), *found)
    found += differing(contract, section, seen, path=path, lines=lines)
    found += unmentioned(contract, section, seen, path=path)
    provoked = frozenset(item.case.clause for item in seen)
    found += proposed(contract, section, found, path=path, seen=provoked)
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
    rows = tuple(against_contract(contract, section, path=path, lines=lines))
    return (
        *rows,
        *proposed(contract, section, rows, path=path, seen=frozenset()),
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


def _architectures(
    contract: Contract, section: Section, seen: tuple[Evidence, ...], path: str
) -> list[Finding]:
    """Calls that succeeded prove the architecture; without a run only the contract claims it."""
    succeeded = [item for item in seen if item.errno == SUCCESS]
    field = _field(section, "Architectures")
    if field is None or (seen and not succeeded):
        return []
    calls = "1 call" if len(succeeded) == 1 else f"{len(succeeded)} calls"
    proof = f"yet {calls} succeeded on" if seen else "but the ioctl is meant for"
    return [
        Finding(
            rule="conformance/architectures",
            severity=Severity.WARNING,
            message=f'the document says ":Architectures: {field.value}", {proof} {name}',
            location=Location(path=path, line=field.line),
            detail=shown([one for one in succeeded if one.case is succeeded[0].case]),
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
                message=f'the document says ":{name}: {field.value}", {want} is expected',
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
        if wrong := differences(contract, written):
            found.append(
                Finding(
                    rule="conformance/struct",
                    severity=Severity.ERROR,
                    message=f"struct {name}: {told(wrong)}",
                    location=Location(path=path, line=block.line + wrong[0].line - 1),
                    hint=written_so(contract),
                )
            )
    return found
