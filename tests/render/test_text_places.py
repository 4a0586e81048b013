# SPDX-License-Identifier: GPL-2.0-only
"""The text form in an editor: each finding is a place to jump to, and nothing else is."""

import re
import shutil
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.run import Command
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render import text
from kpatch_tools.render.plain import plain
from kpatch_tools.tools import process

# What vim's default errorformat takes for a place, in its order, and Emacs' pattern for GNU messages, which
# lets no file name begin with a blank and none hold a colon with a blank behind it.
VIM = (
    r'[^"]*"(?P<file>.+?)"\D+(?P<line>\d+): (?P<rest>.*)',
    r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+):(?P<rest>.*)",
    r"(?P<file>.+?)\((?P<line>\d+)\):(?P<rest>.*)",
    r"(?P<file>.+?):(?P<line>\d+):(?P<rest>.*)",
    r"(?P<file>.+?)\|(?P<line>\d+)\| (?P<rest>.*)",
)
EMACS = (
    r"(?P<file>[^\s\d](?:[^\n :]| [^-/\n]|:[^ \n])*?): ?(?P<line>\d+)(?::(?P<column>\d+))?:(?P<rest>.*)",
)
EVIDENCE = (
    'a.c:12: no\nb.c:3:4: no\nsee b.c:9\nprintf(3): no\nsay "x" on line 7: no\n|5| no\na|5| no\n'
    "pci 0000:00:1f.2: no\n12:30:45: no\nx.c:1:2:3:4: no"
)
REPORT = Report(
    tool="kvet",
    checks=(
        CheckResult(
            check="docs",
            status=Status.FAIL,
            reason="look at a.c:12: no",
            facts=(("api.rst", "a.c:12:3: no"),),
            logs=("logs/a:12: no",),
            findings=(
                Finding(
                    rule="docs/a",
                    severity=Severity.ERROR,
                    message="write 'a.c:12: no'",
                    location=Location(path="Documentation/virt/kvm/api.rst", line=2961, column=7),
                    detail=EVIDENCE,
                    hint=f"first a.c:12: no\n{EVIDENCE}",
                ),
                Finding(
                    rule="docs/b",
                    severity=Severity.WARNING,
                    message='between "a" and "b" 12: no',
                    location=Location(path="x.rst", line=5),
                ),
                Finding(rule="message/c", severity=Severity.NOTE, message="b.c:3:4: no"),
                Finding(
                    rule="message/d",
                    severity=Severity.NOTE,
                    message="b.c:3:4: no",
                    location=Location(path="", patch=3),
                ),
            ),
            tests=(TestResult(name="t:1: no", status=Verdict.FAIL, reason="a.c:12: no"),),
        ),
    ),
)


def places(patterns, lines):
    for line in lines:
        found = next((match for one in patterns if (match := re.fullmatch(one, line))), None)
        if found:
            column = found.groupdict().get("column")
            yield found["file"], int(found["line"]), int(column or 0), found["rest"].strip()


@pytest.mark.parametrize("patterns", [VIM, EMACS], ids=["vim", "emacs"])
def test_only_findings_are_places_and_each_has_its_severity_and_rule(patterns):
    found = list(places(patterns, text.render(REPORT).splitlines()))
    assert found == [
        ("Documentation/virt/kvm/api.rst", 2961, 7, "error: write 'a.c: 12: no' [docs/a]"),
        ("x.rst", 5, 0, 'warning: between "a" and "b" 12 : no [docs/b]'),
    ]


def test_the_patterns_would_find_places_in_the_evidence():
    assert len(list(places(VIM, EVIDENCE.splitlines()))) == 8


def test_a_note_is_gcc_word_for_it_too():
    note = Finding(
        rule="r/x", severity=Severity.NOTE, message="m", location=Location(path="p", line=1, column=2)
    )
    shown = text.render(Report(tool="t", checks=(CheckResult(check="c", findings=(note,)),)))
    assert "\np:1:2: note: m [r/x]\n" in shown


@given(st.text(alphabet=':"()|01 a.\t\n'))
def test_no_evidence_whatever_is_a_place_in_vim(evidence):
    one = Finding(rule="r/x", severity=Severity.NOTE, message="m", detail=evidence, hint=evidence)
    shown = text.render(Report(tool="t", checks=(CheckResult(check="c", findings=(one,)),)))
    assert not list(places(VIM, shown.splitlines()))


@pytest.mark.skipif(
    not shutil.which("vim"), reason="vim is not installed: its errorformat is tried as regexes"
)
def test_vim_itself_reads_the_same(tmp_path):
    (tmp_path / "out.txt").write_text(text.render(REPORT))
    listed = (
        "map(filter(getqflist(), 'v:val.valid'), 'bufname(v:val.bufnr).\"|\".v:val.lnum.\"|\".v:val.col')"
    )
    script = ["set nomore", "cgetfile out.txt", f"call writefile({listed}, 'places.txt')", "qa!"]
    argv = [
        "vim",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "-n",
        "-es",
        *(word for line in script for word in ("-c", line)),
    ]
    process.run(Command(argv=tuple(argv), cwd=tmp_path, timeout=60))
    assert (tmp_path / "places.txt").read_text().split() == [
        "Documentation/virt/kvm/api.rst|2961|7",
        "x.rst|5|0",
    ]


def test_a_line_of_quotation_marks_takes_no_time() -> None:
    start = time.process_time()
    plain('"' * 1_000_000)
    plain('"a 1: ' * 200_000)
    assert time.process_time() - start < 2.0
