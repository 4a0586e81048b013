# SPDX-License-Identifier: GPL-2.0-only
"""What is no report: b4's answers, a baseline, plans, tables, settings; hostile text stays text in each."""

import io
import json
import sys

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.errors import MarkupError
from rich.text import Text

from kpatch_tools.cli.output import progress
from kpatch_tools.errors import UserError
from kpatch_tools.model.capability import Capability, State
from kpatch_tools.model.event import Event
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.matrix import Cell, Column, Line, Matrix
from kpatch_tools.model.plan import Job, Plan
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.parse.baseline import parse_baseline
from kpatch_tools.parse.plan import parse_plan
from kpatch_tools.render import b4_json, b4_lines, b4_setup, baseline, doctor, matrix, plan
from tests.hostile.traps import git
from tests.render.test_hostile_reports import controls, hostile
from tests.strategies import TEXT, WAYS_OUT


@hostile
def test_b4_takes_a_line_for_a_fault_that_is_none_of_ours(report: Report) -> None:
    shown = b4_lines.render(report.checks, "skipped")
    assert not controls(shown)
    lines = shown.split("\n")[:-1]
    findings = [one for one in report.findings if one.severity is not Severity.NOTE]
    missing = [check for check in report.checks if check.status is Status.DID_NOT_RUN]
    assert len(lines) == len(findings) + len(missing) + 1
    errors = sum(one.severity is Severity.ERROR for one in findings)
    assert sum("ERROR:" in line for line in lines) == errors


@hostile
def test_b4_reads_an_entry_a_check(report: Report) -> None:
    shown = b4_json.render(report.checks)
    assert shown.isascii()
    entries = json.loads(shown)
    assert len(entries) == len(report.checks)
    for entry, check in zip(entries, report.checks, strict=True):
        assert entry["status"] in {"pass", "warn", "fail"}
        assert check.status is Status.PASS or entry["status"] != "pass"
        assert not any(controls(value, kept="") for value in entry.values())
        for detail in json.loads(entry["details"] or "[]"):
            assert not any(controls(value, kept="") for value in detail.values())


@given(st.lists(st.tuples(TEXT, TEXT.filter(str.strip)), max_size=4))
def test_a_baseline_comes_back_line_by_line(texts: list[tuple[str, str]]) -> None:
    findings = tuple(
        Finding(rule="docs/a", severity=Severity.NOTE, message=message, location=Location(path=path or "x"))
        for path, message in texts
    )
    read = parse_baseline(baseline.render(findings), "b")
    assert sorted(one.fingerprint for one in read.entries) == sorted(one.fingerprint for one in findings)


@given(TEXT, TEXT)
def test_a_plan_comes_back_and_is_one_line_to_github(text: str, other: str) -> None:
    made = Plan(
        tool=text,
        series=SeriesId(name=text, version=1, message_id=other, patches=1, hashes=(other,)),
        jobs=(Job(id="kvet-series", name=text, arguments=("review", text, other), stages=(other,)),),
        notes=(text,),
    )
    document = plan.as_json(made)
    assert not controls(document)
    assert len(parse_plan(document, name="p").jobs) == 1
    assert not controls(plan.text(made))
    (line,) = plan.github(made).splitlines()
    assert line.isascii()
    (cell,) = json.loads(line.partition("=")[2])["include"]
    assert json.loads(cell["arguments"]) == ["review", text, other]


@given(TEXT, TEXT)
def test_tables_as_json_obey_nothing(text: str, other: str) -> None:
    text, other = (word.encode(errors="replace").decode() for word in (text, other))
    column = Column(mark="a", kernel=text, mode=other, when=text, counts={text: 1}, cases=1, document=True)
    line = Line(
        clause=text, what=other, contract=text, since="", until="", documented=(text,), general=False,
        reason=other, cells=(Cell(outcomes={text: (other,)}, verdicts={other: (text,)}),),
    )  # fmt: skip
    table = Matrix(contract=text, ioctl=other, path=text, columns=(column,), lines=(line,), outdated=0)
    machine = (Capability(name="x", state=State.MISSING, detail=text, purpose="p", cure=other),)
    for shown in (matrix.render_json(table), doctor.as_json(machine, tool="kvet")):
        assert not controls(shown)
        json.loads(shown)
    assert not controls(doctor.text(machine))


class _Setting:
    name = "prep-perpatch-check-cmd"

    def __init__(self, value: str) -> None:
        self.value = value


@pytest.mark.parametrize(
    "way", [*WAYS_OUT, 'a"b\\c', '"\n[core]\n\tpager = owned', "a # b ; c", "\\\n\tpager = x"]
)
def test_a_setting_is_one_value_to_git(way: str, tmp_path) -> None:
    (tmp_path / "config").write_text(b4_setup.section([_Setting(f"kvet {way} end")]))
    shown = git(tmp_path, "config", "--file", "config", "--list", "--name-only")
    assert shown.split() == ["b4.prep-perpatch-check-cmd"]


MARKUP = ("[red]x[/red]", "[/]", "[link=https://example.org]x[/link]")


@pytest.mark.parametrize("way", [*WAYS_OUT, *MARKUP])
def test_progress_obeys_no_text(capsys: pytest.CaptureFixture[str], way: str) -> None:
    with progress() as sink:
        sink(Event(way, way))
    assert not controls(capsys.readouterr().err)


class _Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("way", [*WAYS_OUT, *MARKUP])
def test_progress_on_a_terminal_obeys_no_text(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    shown = _Screen()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with progress() as sink:
        sink(Event(way, way))
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(shown.getvalue())
    assert shown.getvalue()
    assert (screen.title, screen.icon_name) == ("", "")
    assert "\x1b]" not in shown.getvalue()


def test_the_mark_up_of_a_progress_line_would_be_obeyed() -> None:
    """Why the live line shows stage and text without mark-up."""
    assert Text.from_markup("[red]x[/red]").plain == "x"
    with pytest.raises(MarkupError):
        Text.from_markup("[/]")


def test_a_plan_of_somebody_else_makes_no_path() -> None:
    job = Job(id="../../x", name="", arguments=(), stages=())
    made = Plan(tool="t", series=SeriesId(name="s", version=1, message_id="", patches=1), jobs=(job,))
    with pytest.raises(UserError, match="no id of a job"):
        parse_plan(plan.as_json(made), name="p")


def test_a_check_that_did_not_run_is_no_pass_to_b4() -> None:
    for status in (Status.DID_NOT_RUN, Status.FAIL, Status.SKIP):
        check = CheckResult(check="verdict: PASS", status=status, reason='"status": "pass"')
        (entry,) = json.loads(b4_json.render((check,)))
        assert entry["status"] != "pass"
