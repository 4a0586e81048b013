# SPDX-License-Identifier: GPL-2.0-only
"""The ledger's file, and a run's results into it."""

import json

import msgspec
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.case import Call
from kpatch_tools.model.ledger import (
    LONGEST_TEXT,
    MOST_EARLIER,
    MOST_ENTRIES,
    MOST_OBSERVED,
    Entry,
    KernelId,
    Ledger,
    Result,
    definition,
    json_schema,
)
from kpatch_tools.model.place import place
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.ledger import LARGEST_BYTES, added, ledger_text, parse_ledger, results_for

CONTRACT = load_contract("kvm_map_memory")
WHEN = "2026-11-22T12:00:00Z"
KERNEL = KernelId(release="6.1.192", image="0123456789abcdef", origin="built", head="c" * 40, series="x v2")
EMPTY = Ledger(schema=1, contract="kvm_map_memory")


def result(case: str = "hole_first", **changed: object) -> Result:
    values: dict[str, object] = {
        "case": case,
        "clause": "no-memslot",
        "status": "PASS",
        "when": WHEN,
        "definition": "d",
        "observed": {"ret": -1, "errno": "EINVAL"},
    }
    return Result(**{**values, **changed})  # type: ignore[arg-type]


def entry(*results: Result, **changed: object) -> Entry:
    values: dict[str, object] = {"kernel": KERNEL, "mode": {"npt": "1"}, "when": WHEN, "results": results}
    return Entry(**{**values, **changed})  # type: ignore[arg-type]


def test_it_comes_back_as_it_was_written() -> None:
    ledger = added(EMPTY, [entry(result())])

    assert parse_ledger(ledger_text(ledger), name="x.json", contract="kvm_map_memory") == ledger


def test_a_second_run_updates_its_cases_and_keeps_the_others() -> None:
    first = added(EMPTY, [entry(result(), result("one_page"))])
    later = added(first, [entry(result(when="later"))])

    assert len(later.entries) == 1
    assert {one.case: one.when for one in later.entries[0].results} == {
        "hole_first": "later",
        "one_page": WHEN,
    }


@pytest.mark.parametrize(
    "other",
    [
        {"mode": {"npt": "0"}},
        {"kernel": msgspec.structs.replace(KERNEL, image="f" * 16)},
        {"kernel": msgspec.structs.replace(KERNEL, release="6.12.1")},
    ],
)
def test_another_kernel_or_mode_is_another_entry(other: dict[str, object]) -> None:
    assert len(added(added(EMPTY, [entry(result())]), [entry(result(), **other)]).entries) == 2


def test_what_a_case_did_before_and_differently_is_kept() -> None:
    ledger = added(EMPTY, [entry(result())])
    ledger = added(ledger, [entry(result(observed={"ret": 0, "errno": "0"}))])
    ledger = added(ledger, [entry(result(observed={}, status="HANG"))])
    assert ledger.entries[0].results[0].earlier == ("EINVAL", "success")
    ledger = added(ledger, [entry(result())])
    assert ledger.entries[0].results[0].earlier == ("success", "HANG")


@pytest.mark.parametrize("status", ["SKIP", "NO-VERDICT", "INFRA"])
def test_a_skip_does_not_take_the_place_of_what_was_seen(status: str) -> None:
    silent = result(status=status, observed={}, when="later")
    seen = added(added(EMPTY, [entry(result())]), [entry(silent)]).entries[0].results[0]
    assert (seen.status, seen.when, seen.earlier) == ("PASS", WHEN, ())
    seen = added(added(EMPTY, [entry(silent)]), [entry(result())]).entries[0].results[0]
    assert (seen.status, seen.earlier) == ("PASS", ())


def test_it_is_bounded() -> None:
    ledger = EMPTY
    for number in range(MOST_ENTRIES + 3):
        ledger = added(ledger, [entry(result(), mode={"n": str(number)})])
    assert len(ledger.entries) == MOST_ENTRIES
    assert ledger.entries[-1].mode == {"n": str(MOST_ENTRIES + 2)}
    for number in range(MOST_EARLIER + 3):
        ledger = added(
            EMPTY if number == 0 else ledger, [entry(result(observed={"ret": 1, "errno": f"E{number}"}))]
        )
    assert len(ledger.entries[0].results[0].earlier) == MOST_EARLIER
    shouting = TestResult(
        name="hole_first",
        status=Verdict.FAIL,
        reason="x" * 9999,
        observed={f"key{number}": "y" * 9999 for number in range(99)},
    )
    (kept,) = results_for(CONTRACT, [("hole_first", shouting)], WHEN)
    assert len(kept.reason) == LONGEST_TEXT
    assert len(kept.observed) == MOST_OBSERVED
    assert {len(str(value)) for value in kept.observed.values()} == {LONGEST_TEXT}


def test_a_case_that_does_something_else_starts_anew() -> None:
    ledger = added(EMPTY, [entry(result())])
    ledger = added(ledger, [entry(result(definition="other", observed={"ret": 0, "errno": "0"}))])

    assert ledger.entries[0].results[0].earlier == ()


def test_a_definition_is_what_a_case_does_and_not_what_it_is_called() -> None:
    case = next(one for one in CONTRACT.case if one.name == "flags_low")
    same = msgspec.structs.replace(case, summary="in other words", number=99)
    other = msgspec.structs.replace(case, call=Call(flags=place("bit1")))

    assert definition(same) == definition(case)
    assert definition(other) != definition(case)
    assert len({definition(one) for one in CONTRACT.case}) == len(CONTRACT.case)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "truncated"),
        (b'{"schema": 1, "contract": "kvm_map_memory", "entr', "truncated"),
        (b"\xff\xfe\x00", "malformed"),
        (b'{"schema": 2, "contract": "kvm_map_memory"}', "schema"),
        (b'{"schema": 1, "contract": "kvm_map_memory", "more": 1}', "more"),
        (b'{"schema": 1, "contract": "another"}', "another"),
        (b"[" * 100_000, "no ledger"),
        (b" " * (LARGEST_BYTES + 1), "MiB"),
    ],
)
def test_a_damaged_one_is_one_error_with_its_cure(text: bytes, why: str) -> None:
    with pytest.raises(UserError, match=r"dir/x\.json: ") as caught:
        parse_ledger(text, name="dir/x.json", contract="kvm_map_memory")
    assert why in caught.value.message
    assert "mv dir/x.json dir/x.json.bad" in caught.value.cure


def test_a_verdict_that_is_none_is_damage() -> None:
    bad = added(EMPTY, [entry(result(status="FINE"))])
    with pytest.raises(UserError, match="FINE"):
        parse_ledger(ledger_text(bad), name="x", contract="kvm_map_memory")


def test_the_schema_describes_the_file() -> None:
    import jsonschema

    document = json.loads(ledger_text(added(EMPTY, [entry(result())])))
    jsonschema.validate(document, json_schema())
    document["entries"][0]["results"][0]["status"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema())
