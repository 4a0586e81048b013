# SPDX-License-Identifier: GPL-2.0-only
"""All formats on one report that holds every kind of thing, some of it hostile."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.json_v1 import json_schema
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import RENDERERS, html, json_v1, text

HOSTILE = "\x1b]0;owned\x07<script>alert(1)</script>\u202e{{ 7*7 }}"
REPORT = Report(
    tool="kvet 0.1.0",
    tree=TreeId(path="linux", base="a" * 40),
    series=SeriesId(name=HOSTILE, version=2, message_id="<x@y>", patches=10),
    checks=(
        CheckResult(check="apply", status=Status.PASS, elapsed=0.25, facts=(("tree", HOSTILE),)),
        CheckResult(
            check="docs",
            status=Status.FAIL,
            findings=(
                Finding(rule="docs/a", severity=Severity.NOTE, message="small"),
                Finding(
                    rule="docs/b",
                    severity=Severity.ERROR,
                    message=f"large {HOSTILE}",
                    location=Location(path=f"{HOSTILE}.rst", line=7, column=3, patch=1),
                    related=(Location(path=f"{HOSTILE}.h", line=2),),
                    detail=f"evidence\n{HOSTILE}",
                    hint="write it right",
                ),
            ),
        ),
        CheckResult(
            check="tests",
            status=Status.SKIP,
            reason="no kernel",
            tests=(
                TestResult(name="one", status=Verdict.PASS, observed={"ret": -1, "errno": "EINVAL"}),
                TestResult(name=HOSTILE, status=Verdict.SKIP, reason="why", mode={"npt": "0"}),
            ),
            logs=("logs/console.log",),
        ),
    ),
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") or name == "src" for name, _value in attrs)


def test_json_follows_its_schema_and_comes_back_equal():
    document = json.loads(json_v1.render(REPORT))
    jsonschema.validate(document, json_schema())
    assert (document["schema"], document["verdict"], document["tree"]["head"]) == (1, "FAIL", None)
    assert document["checks"][1]["findings"][1]["fingerprint"]
    assert parse_report(json_v1.render(REPORT)) == REPORT


@pytest.mark.parametrize(
    "broken",
    ["", "[]", '{"schema": "2"}', '{"schema": 1, "tool": "x", "verdict": "PASS", "extra": 1}', "\x00"],
)
def test_json_that_is_no_report_is_a_clear_error(broken):
    with pytest.raises(UserError, match="no kvet report"):
        parse_report(broken)


def test_json_with_an_unknown_verdict_names_the_test():
    document = json.loads(json_v1.render(REPORT))
    document["checks"][2]["tests"][0]["status"] = "GREAT"
    with pytest.raises(UserError, match="test one: GREAT"):
        parse_report(json.dumps(document))


def test_text_is_harmless_narrow_and_puts_errors_first():
    shown = text.render(REPORT)
    assert "\x1b" not in shown
    lines = shown.splitlines()
    first = next(at for at, line in enumerate(lines) if ": error: " in line)
    assert ".rst:7:3: error: large" in lines[first]
    assert first < next(at for at, line in enumerate(lines) if line.startswith("note: "))
    assert lines[0].startswith("FAIL: 1 error blocks it (docs); skipped: tests")
    assert lines[-1] == "verdict: FAIL"
    assert all(len(line) <= text.WIDTH for line in lines)
    assert any("did not pass" in line for line in lines)


def test_a_known_bug_is_a_result_of_its_own_in_every_form():
    test = TestResult(name="b", status=Verdict.KNOWN_BUG, reason="B2: it looped")
    good = TestResult(name="a", status=Verdict.PASS)
    report = replace(REPORT, checks=(CheckResult(check="tests", status=Status.FAIL, tests=(good, test)),))
    shown = text.render(report)

    assert "1 pass, 1 known bug" in shown
    assert "KNOWN-BUG  b: B2: it looped" in shown
    assert json.loads(json_v1.render(report))["checks"][0]["tests"][1]["status"] == "KNOWN-BUG"
    assert parse_report(json_v1.render(report)) == report
    assert '<td class="state SKIP">KNOWN-BUG</td>' in html.render(report)


def test_a_skip_is_counted_apart():
    assert "1 pass, 1 skipped" in text.render(REPORT)


def test_html_escapes_and_loads_nothing():
    page = RENDERERS["html"](REPORT)
    tags = _Tags()
    tags.feed(page)
    assert not {"script", "img", "link", "iframe"} & set(tags.seen)
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "\x1b" not in page


def test_an_empty_report_never_passes():
    assert Report(tool="t").verdict is Status.DID_NOT_RUN
    assert "verdict: DID_NOT_RUN" in text.render(Report(tool="t"))
