# SPDX-License-Identifier: GPL-2.0-only
"""The table that is proposed: a document that takes it has nothing left to mend."""

import re

import msgspec
import pytest

from kpatch_tools.checks.conformance import conformance, document_findings
from kpatch_tools.checks.errno_table import RULE, errno_table
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.rst import parse_document

NAMES = ("kvm_map_memory", "kvm_pre_fault_memory")
PATH = "Documentation/virt/kvm/api.rst"


def section_of(contract: Contract, table: str) -> str:
    title = f"4.138 {contract.ioctl.name}"
    return f"{title}\n{'-' * len(title)}\n\n:Capability: {contract.ioctl.cap}\n\n{table}\n\nText.\n"


def found(contract: Contract, table: str, *tests: TestResult) -> list[Finding]:
    document = parse_document(section_of(contract, table))
    section = document.section_named(contract.ioctl.name)
    assert section is not None
    if tests:
        return list(conformance(contract, section, tests, path=PATH, lines=document.lines))
    return list(document_findings(contract, section, path=PATH, lines=document.lines))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_table_with_a_row_for_each_errno(name: str) -> None:
    contract = load_contract(name)
    document = parse_document(section_of(contract, errno_table(contract)))
    section = document.section_named(contract.ioctl.name)

    assert section is not None
    errors = [error for error in contract.error if not error.common]
    assert [row.errno for row in section.errors] == list(dict.fromkeys(error.errno for error in errors))
    whole = {row.errno: re.sub(r"\s+", " ", row.text).lower() for row in section.errors}
    for error in errors:
        assert error.condition.lower() in whole[error.errno]
    assert not document.table_faults


@pytest.mark.parametrize("name", NAMES)
def test_a_document_that_takes_it_has_no_row_left_to_mend(name: str) -> None:
    contract = load_contract(name)

    assert [one for one in found(contract, errno_table(contract)) if "errno" in one.rule] == []


def test_it_is_proposed_where_a_row_is_wrong_and_only_there() -> None:
    contract = load_contract("kvm_map_memory")
    wrong = "  ====== ======================\n  EFAULT No memory slot there.\n  ====== ======================"
    hole = TestResult(
        name="hole_first",
        status=Verdict.PASS,
        clause="no-memslot",
        observed={"ret": -1, "errno": "EINVAL", "control": "ok"},
    )
    for findings in (found(contract, wrong), found(contract, wrong, hole)):
        (table,) = [one for one in findings if one.rule == RULE]
        assert table.severity is Severity.NOTE
        assert errno_table(contract) in table.hint
        assert table.location is not None
        assert table.location.line == 7
    assert "EINTR" in table.detail
    assert [one for one in found(contract, errno_table(contract)) if one.rule == RULE] == []


def test_a_condition_of_some_releases_says_which() -> None:
    contract = load_contract("kvm_map_memory")
    errors = tuple(
        msgspec.structs.replace(error, since="6.2", until="6.9") if error.id == "empty" else error
        for error in contract.error
    )
    table = errno_table(msgspec.structs.replace(contract, error=errors))

    assert "(since 6.2, until 6.9)" in re.sub(r"\s+", " ", table)
