# SPDX-License-Identifier: GPL-2.0-only
"""A fault that is in many places is told once for people, and each time for machines."""

import json
from dataclasses import replace

from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import RENDERERS, text
from kpatch_tools.render.alike import differing, grouped, names

SIZE = Finding(
    rule="docs/single-backtick",
    severity=Severity.WARNING,
    message="KVM_X: `size` in single backticks is not shown as code",
    location=Location(path="api.rst", line=5, column=7, patch=1),
    hint="write ``size``",
)
BASE = replace(
    SIZE,
    message=SIZE.message.replace("size", "base"),
    location=Location(path="api.rst", line=9, patch=1),
    hint="write ``base``",
)
AGAIN = replace(SIZE, location=Location(path="api.rst", line=12, patch=1))
BUG = Finding(
    rule="conformance/known-bug",
    severity=Severity.ERROR,
    message="KVM_X: it wraps (known bug D1, case thp_4k)",
    location=Location(path="c.toml", line=1),
    detail="observed: ret=-1 errno=EINVAL",
    cases=("thp_4k",),
)
OTHER_BUG = replace(
    BUG,
    message="KVM_X: it wraps (known bug D1, case thp_2m)",
    location=Location(path="c.toml", line=8),
    detail="observed: ret=-1 errno=EFAULT",
    cases=("thp_2m",),
)


def report(*findings: Finding, folder: str = "") -> Report:
    check = CheckResult(check="docs", status=Status.FAIL, findings=findings)
    return Report(tool="kvet", checks=(check,), folder=folder)


def test_names_may_differ_and_are_told():
    (group,) = grouped((SIZE, BASE, AGAIN))
    assert group.first is SIZE
    assert group.others == (BASE, AGAIN)
    assert names(group) == ["`size`", "`base`", "`size`"]
    assert differing(SIZE, BASE) == "`base`"
    assert differing(SIZE, AGAIN) == ""


def test_what_says_something_else_stands_alone():
    place = replace(SIZE, location=Location(path="other.rst", line=5, patch=1))
    for other in (
        place,
        replace(SIZE, location=replace(SIZE.location, patch=2)),
        replace(SIZE, rule="docs/other"),
        replace(SIZE, severity=Severity.NOTE),
        replace(SIZE, message="KVM_X: `size` is not there"),
        replace(SIZE, hint="leave it out"),
        replace(SIZE, detail="evidence of its own"),
        replace(SIZE, told=1),
    ):
        assert len(grouped((SIZE, other))) == 2, other


def test_without_a_place_only_equal_ones_are_one():
    one = replace(SIZE, location=None)
    assert len(grouped((one, replace(BASE, location=None)))) == 2
    assert len(grouped((one, one))) == 1
    for many, words in ((2, "the same once more"), (4, "the same 3 more times")):
        for name in ("text", "html", "markdown"):
            assert RENDERERS[name](report(*[one] * many)).count(words) == 1, name


def test_cases_of_one_defect_are_one_where_no_evidence_is_lost():
    assert len(grouped((BUG, OTHER_BUG))) == 2
    (group,) = grouped((BUG, OTHER_BUG), evidence=False)
    assert names(group) == ["case thp_4k", "case thp_2m"]
    other = replace(OTHER_BUG, message=OTHER_BUG.message.replace("D1", "D2"))
    assert len(grouped((BUG, other), evidence=False)) == 2


def test_for_people_it_is_told_once_with_the_lines():
    found = report(SIZE, BASE, AGAIN)
    assert text.render(found).count("single backticks") == 1
    assert "    the same in lines 9 (`base`), 12 (`size`)\n" in text.render(found)
    summary = RENDERERS["markdown"](found)
    assert summary.count("single backticks") == 1
    assert "the same in line 9 (&#96;base&#96;), line 12 (&#96;size&#96;)" in summary
    page = RENDERERS["html"](found)
    assert page.count("single backticks") == 1
    assert "the same in 2 more places" in page
    assert "<code>api.rst:9</code> `base`; hint: write ``base``" in page


def test_one_line_is_named_once():
    """A splat that each of three boots had."""
    whole = report(SIZE, SIZE, SIZE)
    for name in ("text", "html", "markdown"):
        shown = RENDERERS[name](whole)
        assert shown.count("the same 2 more times") == 1, name
        assert "the same in" not in shown, name
    mixed = report(SIZE, BASE, SIZE, BASE, AGAIN)
    assert "    the same in lines 9 (`base`), 12 (`size`)\n" in text.render(mixed)
    assert "line 9 (&#96;base&#96;), line 12 (&#96;size&#96;)" in RENDERERS["markdown"](mixed)
    assert "the same in 2 more places" in RENDERERS["html"](mixed)


def test_the_page_keeps_the_lines_around_each_place():
    shown = Excerpt(source=Source.TREE, path="api.rst", line=9, lines=("around the second",), mark=9)
    assert "around the second" in RENDERERS["html"](report(SIZE, replace(BASE, excerpts=(shown,))))


def test_for_machines_each_is_told():
    found = report(SIZE, BASE, AGAIN)
    assert len(json.loads(RENDERERS["json"](found))["checks"][0]["findings"]) == 3
    assert RENDERERS["github"](found).count("::warning ") == 3
    assert RENDERERS["junit"](found).count("single backticks") == 3


def test_a_report_with_a_page_shows_one_call_and_says_how_many_more():
    detail = "case a (npt=1): ret=-1 errno=EINVAL\ncase b (npt=1): ret=-1 errno=EFAULT\ncase c: ret=0 errno=0"
    one = replace(BUG, detail=detail)
    whole, short = (text.render(report(one, folder=folder)) for folder in ("", "/runs/1"))
    assert "    case a (npt=1): returned EINVAL (and 2 more)\n" in short
    assert "/runs/1/report.html" in short
    assert "case b (npt=1): returned EFAULT" in whole
    assert "more)" not in whole


def test_a_report_with_a_page_keeps_the_beginning_of_a_log():
    log = "\n".join(f"log line {at}" for at in range(20))
    short = text.render(report(replace(BUG, detail=log), folder="/runs/1"))
    assert "log line 5 (and 14 more)" in short
    assert "log line 6" not in short
    assert "log line 19" in text.render(report(replace(BUG, detail=log)))
