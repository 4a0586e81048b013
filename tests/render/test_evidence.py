# SPDX-License-Identifier: GPL-2.0-only
"""What a test saw is told in words, all other evidence as it is; JSON keeps the numbers."""

import json
from dataclasses import replace

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render import RENDERERS
from kpatch_tools.render.evidence import observed, readable

RAW = "ret=-1 errno=EINVAL advanced=4182016 left=18446744073705373696 pages_4k=0 pages_2m=2"
WORDS = "returned EINVAL after 0x3fd000 bytes"


def test_a_call_is_words_and_a_wrapped_size_hexadecimal():
    (line,) = readable(f"case thp (npt=1, tdp_mmu=1): {RAW}")
    assert line.startswith(f"case thp (npt=1, tdp_mmu=1): {WORDS}")
    assert "0xffffffffffc04000" in line
    assert readable(f"observed {RAW}")[0].startswith(f"observed: {WORDS}")


def test_other_evidence_stays():
    for line in ("see a.c:7", "gcc: x=1", "case one of many", "and 3 more", "observed nothing", ""):
        assert readable(line) == line.splitlines()


def test_values_that_say_nothing_in_words_are_shown_as_they_are():
    assert observed({"x": 1, "y": "z"}) == "x=1 y=z"
    assert observed({}) == ""


def test_every_format_for_people_has_the_words_and_json_the_numbers():
    finding = Finding(rule="test/fail", severity=Severity.ERROR, message="m", detail=f"observed {RAW}")
    test = TestResult(name="t", status=Verdict.PASS, observed=dict(w.split("=") for w in RAW.split()))
    check = CheckResult(check="tests", status=Status.FAIL, findings=(finding,), tests=(test,))
    report = Report(tool="kvet", checks=(check,))
    for name in ("text", "html", "markdown"):
        shown = RENDERERS[name](report)
        assert WORDS in shown, name
        assert "18446744073705373696" not in shown, name
    raw = json.loads(RENDERERS["json"](report))["checks"][0]
    assert raw["findings"][0]["detail"] == f"observed {RAW}"
    assert raw["tests"][0]["observed"]["left"] == "18446744073705373696"
    assert RENDERERS["html"](replace(report, checks=(replace(check, findings=()),))).count(WORDS) == 1
