# SPDX-License-Identifier: GPL-2.0-only
"""The table of patches in every format, with hostile subjects."""

import json
from dataclasses import replace

import jsonschema
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.json_v1 import json_schema
from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import html, json_v1, markdown, text
from kpatch_tools.render.per_patch import HEADINGS, cells, remarks

HOSTILE = "\x1b]0;owned\x07<script>alert(1)</script>\u202e{{ 7*7 }} a.c:12: error: no"
ROWS = (
    PatchRow(
        number=0,
        subject="the base",
        commit="a" * 40,
        kernel=KernelState.CACHED,
        boot=Verdict.SKIP,
        cases={"t": Verdict.SKIP},
    ),
    PatchRow(
        number=1,
        subject=HOSTILE,
        commit="b" * 40,
        kernel=KernelState.SAME,
        same_as=0,
        docs_new=3,
        docs_mended=2,
        boot=Verdict.SKIP,
        cases={"t": Verdict.SKIP},
    ),
    PatchRow(number=2, subject="x" * 200, commit="c" * 40, kernel=KernelState.FAILS, docs_new=0, reason="oh"),
    PatchRow(
        number=3,
        subject="KVM: Do it",
        commit="d" * 40,
        kernel=KernelState.BUILT,
        warnings=2,
        programs=ProgramState.COMPILE,
        boot=Verdict.SPLAT,
        cases={"a": Verdict.PASS, "b": Verdict.KNOWN_BUG, "c": Verdict.KNOWN_BUG, "d": Verdict.HANG},
        flaky=("d",),
        settled=4,
        elapsed=12.4,
    ),
)
REPORT = Report(tool="kvet 0.1.0", checks=(CheckResult(check="per-patch", status=Status.FAIL, patches=ROWS),))


def test_the_words_of_the_cells():
    shown = [dict(zip(HEADINGS, cells(row), strict=True)) for row in ROWS]
    assert [row["patch"] for row in shown] == ["base", "1", "2", "3"]
    assert [row["kernel"] for row in shown] == [
        "from the cache",
        "same as the base",
        "DOES NOT BUILD",
        "built, 2 new warnings, own test compiles",
    ]
    assert [row["documents"] for row in shown] == ["", "3 new, 2 mended later", "-", ""]
    assert [row["tests"] for row in shown] == [
        "1 skip",
        "as there",
        "",
        "SPLAT: 1 pass, 2 known bugs, 1 HANG (+4), 1 flaky",
    ]
    assert shown[3]["time"] == "12 s"


def test_text_is_a_table_of_100_columns_that_no_editor_or_terminal_falls_for():
    lines = text.render(REPORT).splitlines()
    assert max(map(len, lines)) <= text.WIDTH
    shown = "\n".join(lines)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "a.c:12: error" not in shown
    (head,) = [line for line in lines if line.split()[:2] == ["patch", "subject"]]
    assert head.split() == list(HEADINGS)
    (base,) = [line for line in lines if line.startswith("  base")]
    assert base[head.index("kernel") :].startswith("from the cache")


def test_columns_without_content_are_left_out_for_the_subjects():
    rows = tuple(replace(row, docs_new=None, boot=None, elapsed=0.0) for row in ROWS)
    lines = text.render(replace(REPORT, checks=(replace(REPORT.checks[0], patches=rows),))).splitlines()
    (head,) = [line for line in lines if line.split()[:1] == ["patch"]]
    assert head.split() == ["patch", "subject", "kernel"]
    assert max(map(len, lines)) <= text.WIDTH


def test_html_escapes_the_table():
    page = html.render(REPORT)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    assert "<td>same as the base</td>" in page
    assert '<td class="FAIL">DOES NOT BUILD</td>' in page


def test_json_follows_its_schema_and_comes_back_equal():
    document = json.loads(json_v1.render(REPORT))
    jsonschema.validate(document, json_schema())
    row = document["checks"][0]["patches"][3]
    assert (row["kernel"], row["boot"], row["cases"]["b"]) == ("built", "SPLAT", "KNOWN-BUG")
    assert parse_report(json_v1.render(REPORT)) == REPORT


@pytest.mark.parametrize("key", ["boot", "cases"])
def test_json_with_an_unknown_verdict_names_the_patch(key):
    document = json.loads(json_v1.render(REPORT))
    document["checks"][0]["patches"][3][key] = "GREAT" if key == "boot" else {"a": "GREAT"}
    with pytest.raises(UserError, match=r"patch 3.*GREAT"):
        parse_report(json.dumps(document))


def test_a_report_of_before_has_no_rows():
    old = {"schema": 1, "tool": "kvet", "verdict": "PASS", "checks": [{"check": "docs", "status": "PASS"}]}
    assert parse_report(json.dumps(old)).checks[0].patches == ()


def test_what_is_not_there_yet_and_what_failed_is_told_below_the_rows():
    waits = PatchRow(
        number=1, subject="s", commit="c", kernel=KernelState.BUILT, boot=Verdict.SKIP,
        cases={"a": Verdict.SKIP}, not_yet=1, reason="KVM_CAP_X is not offered yet",
    )  # fmt: skip
    cases = {f"case_{at}": Verdict.FAIL for at in range(8)} | {"a": Verdict.PASS, "b": Verdict.KNOWN_BUG}
    fails = replace(
        waits,
        number=2,
        boot=Verdict.FAIL,
        cases=cases,
        not_yet=0,
        reason="",
        reasons={"case_0": "\x1b[31mEIO"},
    )
    rows = (waits, fails, replace(fails, number=3))
    told = list(remarks(rows))
    assert told[0] == "not there yet (patch 1): KVM_CAP_X is not offered yet"
    assert told[1] == "patch 2: case_0: FAIL: \x1b[31mEIO"
    # As before is not told again.
    assert told[-1] == "patch 2: 2 more cases fail"
    report = replace(REPORT, checks=(replace(REPORT.checks[0], patches=rows),))
    for one in (text.render(report), markdown.render(report), html.render(report)):
        assert "EIO" in one
        assert "\x1b" not in one
    assert "not there yet" in text.render(report)
    assert list(remarks((replace(fails, boot=None),))) == []
    early, late = replace(waits, number=0), replace(waits, number=4)
    assert next(remarks((early, waits, fails))).startswith("not there yet (the base to patch 1): ")
    assert next(remarks((early, waits, fails, late))).startswith("not there yet (the base, patch 1, patch 4)")
