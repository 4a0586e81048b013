# SPDX-License-Identifier: GPL-2.0-only
import json
from dataclasses import replace

import jsonschema

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.json_v1 import json_schema
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.told import Gone, Since
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import json_v1, text, told
from kpatch_tools.render.columns import WIDTH, width
from kpatch_tools.render.text import plain

HOSTILE = "\x1b]0;owned\x07\u202ea.c:12: error: x"
FINDING = Finding(
    rule="docs/x", severity=Severity.ERROR, message=f"it is {HOSTILE} {'so ' * 60}",
    location=Location(path=f"Documentation/a{HOSTILE}.rst", line=4, patch=2),
)  # fmt: skip
PATCH = replace(FINDING, message="no sign", location=Location(path="", patch=3))
NOWHERE = replace(FINDING, message="no base", location=None)


def gone(finding: Finding, reason: str = "") -> Gone:
    return Gone(finding=finding, check="docs", reason=reason)


SINCE = Since(
    version=2,
    sources=(f"r/{'x' * 120}/report.json",),
    answered=(gone(FINDING), gone(FINDING), gone(PATCH), gone(NOWHERE)),
    unproven=(gone(FINDING, HOSTILE * 9), gone(PATCH, "tests: none")),
    notes=(HOSTILE,),
)
REPORT = Report(
    tool="kvet",
    checks=(
        CheckResult(
            check="docs", status=Status.FAIL, findings=(replace(FINDING, told=2), NOWHERE), partial=True
        ),
    ),
    since=SINCE,
)


def test_one_line_each_that_fits_and_is_harmless() -> None:
    shown = told.lines(REPORT, plain)
    assert shown[0] == "since v2: 4 answered, 1 still there, 1 new, 2 not proven"
    assert max(map(len, shown)) <= WIDTH
    assert "\x1b" not in "".join(shown)
    assert "\u202e" not in "".join(shown)
    answered = [line for line in shown if line.startswith("  answered")]
    assert len(answered) == 3
    assert answered[0].startswith("  answered    2 x a\\x1b]0;owned")
    assert all(line.endswith("[docs/x]") for line in answered)
    assert answered[1:] == ["  answered    patch 3: no sign [docs/x]", "  answered    no base [docs/x]"]
    at = shown.index("  not proven  tests: none")
    assert shown[at + 1] == f"{'':14}patch 3: no sign [docs/x]"


def test_nothing_without_a_past() -> None:
    assert told.lines(replace(REPORT, since=None), plain) == []
    assert "since v" not in text.render(replace(REPORT, since=None))


def test_nothing_not_proven_is_not_counted() -> None:
    shown = told.lines(replace(REPORT, since=replace(SINCE, unproven=())), plain)
    assert shown[0] == "since v2: 4 answered, 1 still there, 1 new"


def test_the_terminal_report_says_it() -> None:
    shown = text.render(REPORT)
    assert "since v2: 4 answered" in shown
    assert shown.count("told for v2") == 1


def test_json_keeps_it_and_old_reports_stay_readable() -> None:
    written = json_v1.render(REPORT)
    jsonschema.validate(json.loads(written), json_schema())
    assert parse_report(written) == REPORT
    old = json.loads(json_v1.render(replace(REPORT, since=None)))
    for key in ("since", "started", "folder"):
        del old[key]
    del old["checks"][0]["partial"]
    for finding in old["checks"][0]["findings"]:
        del finding["told"]
    read = parse_report(json.dumps(old))
    assert (read.since, read.told, {one.told for one in read.findings}) == (None, None, {0})


def test_wide_characters_fit_too() -> None:
    wide = replace(FINDING, message="\u4e2d" * 80)
    since = replace(SINCE, answered=(gone(wide),), unproven=(gone(wide, "\u6587 " * 80),))
    shown = told.lines(replace(REPORT, since=since), plain)
    assert max(map(width, shown)) <= WIDTH
    assert next(line for line in shown if line.startswith("  answered")).endswith("... [docs/x]")
