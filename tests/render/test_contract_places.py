# SPDX-License-Identifier: GPL-2.0-only
"""A contract is in no kernel tree: no format gives a line of one as the place of a finding."""

import json
import re
from pathlib import Path

import pytest

from kpatch_tools.checks.behaviour import behaviour
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.rulepages import rule_pages
from kpatch_tools.model.finding import Finding, Location, Severity, beside
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.contract_places import Places
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import RENDERERS, WITH_PAGES, json_v1

TOML = "selftests-gen/contracts/kvm_map_memory.toml"
SECTION = Location(path="Documentation/virt/kvm/api.rst", line=5925)
CODE = Location(path="virt/kvm/kvm_main.c", line=4123)
OLD = Path(__file__).parents[1] / "corpus" / "report" / "review-v2.json"


def found(places: Places, section: Location | None, reason: str = "D1: too far") -> Finding:
    test = TestResult(name="thp_4k_inside", status=Verdict.KNOWN_BUG, reason=reason, observed={"ret": 0})
    (one,) = behaviour(load_contract("kvm_map_memory"), (test,), places, section)
    return one


def report(*findings: Finding) -> Report:
    check = CheckResult(check="conformance", status=Status.FAIL, findings=findings)
    return Report(tool="kvet 1.0.0", checks=(check,))


PLACES = Places(path=TOML, cases={"thp_4k_inside": 868})


def test_the_code_comes_first_then_the_document_then_no_place() -> None:
    known = Places(path=TOML, cases={"thp_4k_inside": 868}, code={"D1": CODE})
    own = Location(path=TOML, line=868, own=True)
    for places, section, where in ((known, SECTION, CODE), (PLACES, SECTION, SECTION), (PLACES, None, None)):
        one = found(places, section)
        assert (one.location, one.related) == (where, (own,))
        assert one.detail.splitlines()[-1] == "contract: kvm_map_memory.toml:868"


def test_a_failure_that_is_no_known_bug_is_at_the_document() -> None:
    one = found(PLACES, SECTION, reason="no bug of the contract")
    assert (one.rule, one.location) == ("conformance/behaviour", SECTION)


def test_a_finding_without_a_contract_has_its_place_only() -> None:
    one = Finding(rule="a/b", severity=Severity.NOTE, message="m")
    assert beside(one, None, CODE).location == CODE
    assert beside(one, None, CODE).related == ()


def primary(fmt: str, text: str) -> list[str]:
    """The places that a format gives its findings."""
    if fmt == "sarif":
        (run,) = json.loads(text)["runs"]
        return [
            location["physicalLocation"]["artifactLocation"]["uri"]
            for result in run["results"]
            for location in result["locations"]
        ]
    if fmt == "json":
        return [one["path"] for check in json.loads(text)["checks"] for one in check["findings"]]
    if fmt == "github":
        return re.findall(r"[ ,]file=([^,:]*)", text)
    # What is for people has a place in front, or in a code span: a path as the tree has it, with its line.
    return re.findall(r"[\w/.-]*selftests-gen/[\w/.-]+\.toml(?::\d+)?: ?(?:error|warning|note)", text)


@pytest.mark.parametrize("fmt", [*RENDERERS, *WITH_PAGES])
@pytest.mark.parametrize("old", [False, True], ids=["made now", "of an older version"])
def test_no_format_gives_it_as_the_place(fmt: str, old: bool) -> None:
    text = OLD.read_text(encoding="utf-8")
    shown = parse_report(text, name=OLD.name) if old else report(found(PLACES, SECTION), found(PLACES, None))
    assert any(place.own for one in shown.findings for place in one.related)
    rendered = RENDERERS[fmt](shown) if fmt in RENDERERS else WITH_PAGES[fmt](shown, rule_pages())
    assert [one for one in primary(fmt, rendered) if "selftests-gen" in one] == []


def test_the_check_sees_such_a_place() -> None:
    wrong = Finding(rule="a/b", severity=Severity.NOTE, message="m", location=Location(path=TOML, line=868))
    for fmt in ("github", "json", "junit", "text"):
        assert primary(fmt, RENDERERS[fmt](report(wrong))), fmt
    assert primary("sarif", WITH_PAGES["sarif"](report(wrong), rule_pages())) == [TOML]


def test_json_keeps_both_places() -> None:
    one = found(Places(path=TOML, cases={"thp_4k_inside": 868}, code={"D1": CODE}), SECTION)
    (again,) = parse_report(json_v1.render(report(one)), name="r").findings
    assert (again.location, again.related) == (one.location, one.related)
