# SPDX-License-Identifier: GPL-2.0-only
"""Kernels against each other, results that change, clauses that nothing provoked; and the table of it all."""

import json

import msgspec
import pytest

from kpatch_tools.checks.absence import ABSENT
from kpatch_tools.checks.ledger import DIFFER, FLAKY, GAP, labels, ledger_findings, outdated, remembered
from kpatch_tools.checks.ledger_matrix import matrix
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract, KnownBug, Unprovoked
from kpatch_tools.model.finding import Finding, Location
from kpatch_tools.model.ledger import Entry, KernelId, Ledger, Result, Row, definition
from kpatch_tools.parse.contract_places import Places
from kpatch_tools.render.columns import WIDTH
from kpatch_tools.render.matrix import render, render_json

CONTRACT = msgspec.structs.replace(load_contract("kvm_map_memory"), known_bug=())
OLD = KernelId(release="6.1.192", image="a" * 16, origin="built", head="1" * 40, series="map v2")
NEW = KernelId(release="6.12.117+deb12-amd64", image="b" * 16, origin="Debian's package")
PLACES = Places(path="x.toml", cases={"hole_first": 7}, clauses={"no-memslot": 3})


def result(name: str, outcome: str = "", status: str = "PASS", **changed: object) -> Result:
    case = next(case for case in CONTRACT.case if case.name == name)
    promised = case.expect.errno or "success"
    shown = outcome or promised
    observed: dict[str, int | str] = {"ret": 0 if shown == "success" else -1, "errno": shown}
    if case.control:
        observed["control"] = "ok"
    values: dict[str, object] = {
        "case": name,
        "clause": case.clause,
        "status": status,
        "when": "2026-11-22T12:00:00Z",
        "definition": definition(case),
        "observed": {} if status == "SKIP" else observed,
    }
    return Result(**{**values, **changed})  # type: ignore[arg-type]


def ledger(*entries: Entry) -> Ledger:
    return Ledger(schema=1, contract=CONTRACT.name, entries=entries)


def entry(kernel: KernelId, *results: Result, mode: dict[str, str] | None = None) -> Entry:
    return Entry(kernel=kernel, mode=mode or {"npt": "1"}, when="2026-11-22T12:00:00Z", results=results)


def of(rule: str, found: Ledger, contract: Contract = CONTRACT) -> list[Finding]:
    return [item for item in ledger_findings(contract, found, places=PLACES) if item.rule == rule]


TWO = ledger(entry(OLD, result("hole_first")), entry(NEW, result("hole_first", "ENOENT", "FAIL")))


def spanned(**span: str) -> Contract:
    errors = tuple(
        msgspec.structs.replace(error, **span) if error.id == "no-memslot" else error
        for error in CONTRACT.error
    )
    return msgspec.structs.replace(CONTRACT, error=errors)


def test_two_kernels_that_differ() -> None:
    (finding,) = of(DIFFER, TWO)

    assert "EINVAL on 6.1.192 + map v2" in finding.message
    assert "ENOENT on 6.12.117+deb12-amd64" in finding.message
    assert finding.location is None
    assert finding.related == (Location(path="x.toml", line=7, own=True),)
    assert finding.detail.endswith("\ncontract: x.toml:7")
    assert "no-memslot" in finding.hint


def test_two_kernels_that_agree() -> None:
    assert of(DIFFER, ledger(entry(OLD, result("hole_first")), entry(NEW, result("hole_first")))) == []


@pytest.mark.parametrize(
    ("span", "differ"),
    [
        ({"until": "6.12"}, 0),
        ({"since": "6.1", "until": "6.5"}, 0),
        ({"since": "6.12"}, 0),
        # Both kernels are inside, or both outside: that does not part them.
        ({"since": "6.1"}, 1),
        ({"until": "6.13"}, 1),
    ],
)
def test_a_span_that_parts_them_says_why(span: dict[str, str], differ: int) -> None:
    assert len(of(DIFFER, TWO, spanned(**span))) == differ


def test_a_known_bug_says_why() -> None:
    def with_bug(result: str) -> Contract:
        bug = KnownBug(id="B", cases=("hole_first",), symptom="it is wrong", result=result)
        return msgspec.structs.replace(CONTRACT, known_bug=(bug,))

    assert of(DIFFER, TWO, with_bug("ENOENT")) == []
    assert len(of(DIFFER, TWO, with_bug("EFAULT"))) == 1


def test_a_skip_is_no_difference() -> None:
    assert (
        of(DIFFER, ledger(entry(OLD, result("hole_first")), entry(NEW, result("hole_first", status="SKIP"))))
        == []
    )


def test_a_result_that_changes() -> None:
    unsteady = ledger(entry(OLD, result("hole_first", earlier=("EAGAIN",))))

    assert "EINVAL now, EAGAIN before" in of(FLAKY, unsteady)[0].message
    assert of(FLAKY, ledger(entry(OLD, result("hole_first")))) == []
    assert of(FLAKY, ledger(entry(OLD, result("hole_first", earlier=("EINVAL",))))) == []


def test_clauses_that_nothing_provoked() -> None:
    reason = Unprovoked(errno="EINVAL", reason="because")
    contract = msgspec.structs.replace(CONTRACT, unprovoked=(reason,))
    nothing, skipped = (
        ledger(entry(OLD)),
        ledger(entry(OLD, result("hole_first", status="SKIP", reason="no KVM"))),
    )

    def gaps(found: Ledger) -> dict[str, str]:
        return {item.message: item.detail for item in of(GAP, found, contract)}

    assert len(gaps(nothing)) == len(CONTRACT.error) + len(CONTRACT.effect)
    (detail,) = [text for words, text in gaps(nothing).items() if "clause no-memslot" in words]
    assert detail == "because\ncontract: x.toml:3"
    (detail,) = [text for words, text in gaps(skipped).items() if "clause no-memslot" in words]
    assert detail == "hole_first ended as SKIP (no KVM)\ncontract: x.toml:3"
    assert not [words for words in gaps(TWO) if "clause no-memslot" in words]


def test_results_of_other_definitions_say_nothing() -> None:
    old = ledger(entry(OLD, result("hole_first", definition="of before"), result("one_page")))

    assert [test.name for test in remembered(CONTRACT, old)] == ["one_page"]
    assert outdated(CONTRACT, old) == 1


def test_kernels_of_one_name_are_told_apart() -> None:
    other = msgspec.structs.replace(OLD, image="c" * 16)
    named = labels(ledger(entry(OLD), entry(other)))

    assert named[OLD].endswith("image aaaaaa")
    assert named[other].endswith("image cccccc")
    assert labels(ledger(entry(OLD)))[OLD] == "6.1.192 + map v2 (head 111111111111)"


def test_the_table_fits_and_says_what_was_seen() -> None:
    rows = (Row(errno="EFAULT", text="A memory slot does not cover it.", line=9),)
    rows += (Row(errno="EINVAL", text="A bad parameter.", line=8),)
    first = msgspec.structs.replace(
        entry(OLD, result("hole_first"), result("thp_4k_inside", "EINVAL", "FAIL")), document=rows
    )
    many = [entry(NEW, result("hole_first", status="SKIP"), mode={"n": str(number)}) for number in range(9)]
    text = render(matrix(CONTRACT, ledger(*many, first), path="l.json"))
    lines = text.splitlines()

    assert max(map(len, lines)) <= WIDTH
    (row,) = [line.split() for line in lines if line.startswith("no-memslot")][:1]
    assert row[:6] == ["no-memslot", "EFAULT", "!", "EINVAL", "EINVAL", "skip"]
    (row,) = [line.split() for line in lines if line.startswith("flags-set")][:1]
    assert row[1:4] == ["(EINVAL)", "EINVAL", "-"]
    (row,) = [line for line in lines if line.startswith("clamps-to-range")][:1]
    assert "EINVAL !1" in row


def test_the_table_as_json() -> None:
    table = json.loads(render_json(matrix(CONTRACT, TWO, path="l.json")))

    assert [column["kernel"] for column in table["columns"]] == [NEW.label, OLD.label]
    (clause,) = [one for one in table["clauses"] if one["clause"] == "no-memslot"]
    assert clause["contract"] == "EINVAL"
    assert clause["observed"]["A"] == {
        "outcomes": {"ENOENT": ["hole_first"]},
        "verdicts": {"FAIL": ["hole_first"]},
    }
    assert clause["observed"]["B"]["verdicts"] == {"PASS": ["hole_first"]}


def test_hostile_words_do_not_reach_a_terminal() -> None:
    evil = msgspec.structs.replace(NEW, origin="\x1b[2J\u202eevil")

    assert "\x1b" not in render(matrix(CONTRACT, ledger(entry(evil)), path="l.json"))


def gone(*names: str) -> Entry:
    """A kernel that answers every call as an unknown ioctl."""
    shown = {"ret": -1, "errno": "EINVAL", "control": "EINVAL"}
    return entry(NEW, *(result(name, status="FAIL", observed=shown) for name in names))


def test_a_kernel_without_the_ioctl_differs_from_nobody() -> None:
    names = ("hole_first", "flags_low", "one_page")
    both = ledger(entry(OLD, *map(result, names)), gone(*names))

    (finding,) = of(ABSENT, both)

    assert of(DIFFER, both) == []
    assert (
        "(Debian's package) does not know it: each of 2 positive controls returned EINVAL" in finding.message
    )


def test_the_table_says_so_and_leaves_its_cells_empty() -> None:
    names = ("hole_first", "flags_low")
    table = matrix(CONTRACT, ledger(entry(OLD, *map(result, names)), gone(*names)), path="x.json")
    line = next(line for line in table.lines if line.clause == "no-memslot")

    assert [column.absent for column in table.columns] == [True, False]
    assert [bool(cell.ran) for cell in line.cells] == [False, True]
    assert "it does not know this ioctl" in render(table)
    assert [one["absent"] for one in json.loads(render_json(table))["columns"]] == [True, False]


def test_the_same_kernel_in_two_modes_is_told_by_its_mode() -> None:
    modes = ({"npt": "1"}, {"npt": "1", "tdp_mmu": "0"})
    first, second = (
        entry(OLD, result("hole_first", outcome, status), mode=mode)
        for mode, (outcome, status) in zip(modes, (("EINVAL", "PASS"), ("ENOENT", "FAIL")), strict=True)
    )
    (finding,) = of(DIFFER, ledger(first, second))

    assert "(npt=1); ENOENT on " in finding.message
    assert "(npt=1, tdp_mmu=0)" in finding.message
