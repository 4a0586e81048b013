# SPDX-License-Identifier: GPL-2.0-only
"""Every format on reports made of hostile text: it renders, reads back, and nothing breaks out of it."""

import base64
import functools
import hashlib
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings

from kpatch_tools.flow.rulepages import rule_pages
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.json_v1 import json_schema
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import FORMATS, RENDERERS, WITH_PAGES, github, html, sarif
from kpatch_tools.render.escape import terminal
from tests.render.test_formats import REPORT
from tests.render.test_github import read_back
from tests.render.test_kcidb import faults
from tests.render.test_sarif import validator
from tests.strategies import WAYS_OUT, reports

COLUMNS = 100
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What a page may hold: no form, no frame, no picture from elsewhere.
FORBIDDEN = {
    "script",
    "base",
    "embed",
    "form",
    "frame",
    "iframe",
    "img",
    "link",
    "object",
    "audio",
    "video",
    "svg",
}
# One report with all of them at once: Hypothesis may choose others.
EVERYTHING = Report(
    tool="kvet",
    checks=(
        CheckResult(
            check="docs",
            status=Status.FAIL,
            findings=tuple(
                Finding(rule=f"a/{way}", severity=Severity.ERROR, message=way, detail=way, hint=way)
                for way in WAYS_OUT
            ),
        ),
    ),
)


def hostile(test):
    """The test on generated reports, and on two that are there each time."""
    calm = settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    return calm(given(report=reports())(example(report=REPORT)(example(report=EVERYTHING)(test))))


@functools.cache
def pages():
    return rule_pages()


@functools.cache
def report_schema():
    return jsonschema.Draft202012Validator(json_schema())


def shown(report: Report, name: str) -> str:
    return RENDERERS[name](report) if name in RENDERERS else WITH_PAGES[name](report, pages())


def controls(text: str, *, kept: str = "\n") -> set[str]:
    """The characters that no output may hold: controls, halves of pairs, and what turns the direction."""
    return {
        char
        for char in set(text) - set(kept)
        if char in BIDI or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
    }


def width(line: str) -> int:
    """Columns of a terminal, as wcwidth(3) counts them."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in line
    )


class Page(HTMLParser):
    """What a browser would make of a page: its elements, where they lead to, and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.styles: list[str] = []
        self.policy = ""
        self.bad: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._inside = tag
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""
        for name, value in attrs:
            leads = name in {"href", "src", "action", "formaction", "srcdoc", "background", "poster"}
            abroad = bool(re.match(r"\s*([a-z][a-z0-9+.-]*:|//)", value or "", re.IGNORECASE))
            if name.startswith("on") or (leads and abroad):
                self.bad.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.styles.append(data)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_everything(name: str):
    @hostile
    def check(report: Report) -> None:
        text = shown(report, name)
        text.encode()
        assert not controls(text, kept="\n\t" if name == "html" else "\n"), name

    check()


def test_the_check_above_sees_a_control():
    assert controls("a\x1b") == {"\x1b"}
    assert controls("\u202e") == {"\u202e"}
    assert controls("a\nb") == set()


@hostile
def test_text_fits_the_screen(report: Report):
    """A wider line is one word, which has to be copied whole, or begins with the place of a finding."""
    places = {terminal(str(found.location)) for found in report.findings if found.location}
    for line in shown(report, "text").splitlines():
        assert width(line) <= COLUMNS or len(line.split()) == 1 or line.startswith(tuple(places)), line


@hostile
def test_text_ends_with_the_verdict_and_says_it_once_at_the_left(report: Report):
    lines = shown(report, "text").splitlines()
    assert [line for line in lines if line.startswith("verdict: ")][-1] == f"verdict: {report.verdict.value}"


@hostile
def test_json_comes_back(report: Report):
    text = shown(report, "json")
    report_schema().validate(json.loads(text))
    again = parse_report(text)
    assert again.verdict is report.verdict
    assert [len(check.findings) for check in again.checks] == [len(check.findings) for check in report.checks]
    # The mark of a text that UTF-8 cannot hold is that of its escapes.
    assert [line for line in shown(again, "json").splitlines() if "fingerprint" not in line] == [
        line for line in text.splitlines() if "fingerprint" not in line
    ]


@hostile
def test_a_page_has_one_style_no_script_and_leads_nowhere(report: Report):
    page = Page(html.render(report))
    assert not page.bad
    assert not set(page.tags) & FORBIDDEN
    assert all(page.tags[tag] == 1 for tag in ("html", "head", "body", "title", "style"))
    (style,) = page.styles
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in page.policy


def test_the_page_check_sees_a_break_out():
    page = Page('<p><script>alert(1)</script><a href="javascript:x">x</a><b onclick=x><style>b</style>')
    assert page.tags["script"] == 1
    assert len(page.bad) == 2
    assert page.styles == ["b"]


@hostile
def test_junit_is_xml_with_a_case_for_each_check_and_test(report: Report):
    root = ET.fromstring(shown(report, "junit"))
    cases = list(root.iter("testcase"))
    assert len(cases) == sum(1 + len(check.tests) for check in report.checks)
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "testcase", "properties", "property"),
        *("failure", "error", "skipped", "system-out"),
    }
    green = sum(not any(child.tag in {"failure", "error", "skipped"} for child in case) for case in cases)
    passed = sum(check.status is Status.PASS for check in report.checks)
    assert green == passed + sum(test.status.good for check in report.checks for test in check.tests)


@hostile
def test_there_are_as_many_workflow_commands_as_annotations(report: Report):
    lines = shown(report, "github").splitlines()
    found = Counter(finding.severity for finding in report.findings)
    shown_findings = sum(min(count, github.SHOWN - (kind is Severity.NOTE)) for kind, count in found.items())
    commands = [read_back(line) for line in lines]
    assert all(commands)
    assert len(commands) == shown_findings + 1
    assert {name for name, _properties, _data in commands} <= {"error", "warning", "notice"}


@hostile
def test_sarif_follows_its_schema(report: Report):
    log = json.loads(shown(report, "sarif"))
    validator().validate(log)
    assert sum(len(run["results"]) for run in log["runs"]) == min(len(report.findings), sarif.MOST_RESULTS)


@hostile
def test_kernelci_takes_it(report: Report):
    document = json.loads(shown(report, "kcidb"))
    assert not faults(document)
    passed = sum(test["status"] in {"PASS", "DONE"} for test in document.get("tests", ()))
    for kind in ("checkouts", "builds", "tests", "issues", "incidents"):
        ids = [item["id"] for item in document.get(kind, ())]
        assert len(ids) == len(set(ids))
    checks = [check for check in report.checks if check.check != "apply"]
    proven = sum(check.status is Status.PASS for check in checks)
    proven += sum(test.status.good for check in checks for test in check.tests)
    rows = [row for check in checks for row in check.patches]
    proven += sum(row.boot is not None and row.boot.good for row in rows)
    proven += sum(
        verdict.good and name not in row.flaky for row in rows for name, verdict in row.cases.items()
    )
    assert passed == proven
