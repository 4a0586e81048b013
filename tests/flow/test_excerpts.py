# SPDX-License-Identifier: GPL-2.0-only
"""What a report takes with it: the lines behind its findings, and the cases that these name."""

from dataclasses import replace
from pathlib import Path

from kpatch_tools.errors import ToolFailed
from kpatch_tools.flow.excerpts import MOST_FINDINGS, Sources, with_excerpts
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.conformance import Conformance
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.model.series import Patch, Person, Series
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import json_v1

CONTRACT = load_contract("kvm_map_memory")
TOML = "selftests-gen/contracts/kvm_map_memory.toml"
TREE = {"a.rst": b"one\ntwo\n\xff\x1b[31m\nfour\n"}
PATCH = Patch(
    number=3,
    subject="KVM: Do it",
    author=Person(name="A", email="a@example.org"),
    date="",
    message_id="m",
    body="Because.\n",
    diff="",
    files=(),
    raw=b"",
    source="x",
)


def finding(path: str, line: int, *cases: str, patch: int = 0) -> Finding:
    place = Location(path=path, line=line, patch=patch) if path or patch else None
    return Finding(rule="docs/a", severity=Severity.ERROR, message="m", location=place, cases=cases)


def sources(folder: Path) -> Sources:
    series = Series(name="s", version=1, total=1, cover=None, patches=(PATCH,))
    return Sources(read=TREE.get, folder=folder, series=series, contracts=(CONTRACT,))


def first(check: CheckResult, folder: Path) -> tuple[Excerpt, ...]:
    (done,) = with_excerpts((check,), sources(folder))
    return done.findings[0].excerpts


def test_a_finding_gets_the_lines_around_its_place(tmp_path):
    (one,) = first(CheckResult(check="docs", findings=(finding("a.rst", 2),)), tmp_path)
    assert (one.source, one.path, one.line, one.mark) == (Source.TREE, "a.rst", 1, 2)
    assert one.lines[:2] == ("one", "two")


def test_what_is_not_there_gives_nothing(tmp_path):
    for place in (finding("gone.c", 2), finding("a.rst", 99), finding("a.rst", 0), finding("", 0)):
        assert first(CheckResult(check="docs", findings=(place,)), tmp_path) == ()


def test_what_cannot_be_read_keeps_no_report_from_being_written(tmp_path):
    def broken(path: str) -> bytes:
        raise ToolFailed(f"git cannot read {path}")

    check = CheckResult(check="docs", findings=(finding("a.rst", 2),))
    (done,) = with_excerpts((check,), replace(sources(tmp_path), read=broken))
    assert done.findings == check.findings
    (tmp_path / "logs" / f"{CONTRACT.name}-npt=0" / "output.log").mkdir(parents=True)
    check = CheckResult(
        check="conformance", findings=(finding("a.rst", 2, CONTRACT.case[0].name),), conformance=matrix()
    )
    (done,) = with_excerpts((check,), sources(tmp_path))
    assert {one.source for one in done.excerpts} == {Source.CONTRACT}


def test_a_message_is_shown_for_findings_about_messages_only(tmp_path):
    (one,) = first(CheckResult(check="patches", findings=(finding("", 0, patch=3),)), tmp_path)
    assert (one.source, one.path, one.lines) == (Source.MESSAGE, "patch 3", ("KVM: Do it", "", "Because."))
    assert first(CheckResult(check="per-patch", findings=(finding("", 0, patch=3),)), tmp_path) == ()
    assert first(CheckResult(check="patches", findings=(finding("", 0, patch=4),)), tmp_path) == ()


def matrix() -> Conformance:
    return Conformance(
        contract=CONTRACT.name, ioctl=CONTRACT.ioctl.name, document="a.rst", section=True, modes=(), rows=()
    )


def test_a_case_comes_with_its_contract_its_c_and_what_it_printed(tmp_path):
    boot = tmp_path / "logs" / "kvm_map_memory-npt=0"
    boot.mkdir(parents=True)
    (boot / "output.log").write_text("# observed hole_first ret=-1\nok 1 hole_first\n")
    program = tmp_path / "logs" / "x86_64" / "kvm_map_memory_gen_test.c"
    program.parent.mkdir()
    program.write_text("static void test_hole_first(struct scene *s)\n{\n}\n")
    check = CheckResult(
        check="conformance",
        conformance=matrix(),
        findings=(finding("a.rst", 1, "hole_first"), finding("a.rst", 2, "hole_first", "no_such_case")),
    )
    (done,) = with_excerpts((check,), sources(tmp_path))
    assert [(one.source, one.path, one.case) for one in done.excerpts] == [
        (Source.CONTRACT, TOML, "hole_first"),
        (Source.PROGRAM, "logs/x86_64/kvm_map_memory_gen_test.c", "hole_first"),
        (Source.OUTPUT, "logs/kvm_map_memory-npt=0/output.log", "hole_first"),
    ]
    assert done.excerpts[2].mode == "npt=0"
    assert 'name = "hole_first"' in done.excerpts[0].lines


def test_a_place_in_a_contract_is_its_whole_case(tmp_path):
    text = sources(tmp_path).lines(TOML)
    start = text.index('name = "hole_first"')
    beside = replace(
        finding(TOML, start), location=None, related=(Location(path=TOML, line=start, own=True),)
    )
    (one,) = first(CheckResult(check="conformance", findings=(beside,)), tmp_path)
    assert (one.source, one.lines[0], one.lines[1]) == (Source.CONTRACT, "[[case]]", 'name = "hole_first"')


def test_a_path_that_leads_out_of_the_contracts_reads_nothing(tmp_path):
    assert (
        first(CheckResult(check="c", findings=(finding("selftests-gen/../pyproject.toml", 1),)), tmp_path)
        == ()
    )
    outside = Location(path="selftests-gen/contracts/../../pyproject.toml", line=1, own=True)
    beside = replace(finding("a.c", 1), location=None, related=(outside,))
    assert first(CheckResult(check="c", findings=(beside,)), tmp_path) == ()


def test_of_very_many_findings_the_first_get_theirs(tmp_path):
    check = CheckResult(check="docs", findings=(finding("a.rst", 2),) * (MOST_FINDINGS + 5))
    docs, other = with_excerpts((check, check), sources(tmp_path))
    assert sum(bool(one.excerpts) for one in docs.findings) == MOST_FINDINGS
    assert len(docs.findings) == MOST_FINDINGS + 5
    assert not any(one.excerpts for one in other.findings)


def test_excerpts_of_bytes_that_are_no_text_survive_the_json(tmp_path):
    done = with_excerpts((CheckResult(check="docs", findings=(finding("a.rst", 3),)),), sources(tmp_path))
    report = Report(tool="t", checks=done)
    assert parse_report(json_v1.render(report)) == report
