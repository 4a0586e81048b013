# SPDX-License-Identifier: GPL-2.0-only
"""Workflow commands, read back the way the runner does."""

from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import escape, github


def read_back(line):
    """One line as the runner's parser takes it: command, properties, data. None: no command.

    The order of the replacements is the runner's (ActionCommand.cs): the percent sign comes last.
    """
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _blank, rest = line[2:end].partition(" ")
    properties = {}
    for pair in rest.strip().split(","):
        key, equals, value = pair.partition("=")
        if equals:
            properties[key] = unescape(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"})
    return name, properties, unescape(line[end + 2 :], {"%0D": "\r", "%0A": "\n", "%25": "%"})


def unescape(text, table):
    for code, char in table.items():
        text = text.replace(code, char)
    return text


def commands(report):
    return [read_back(line) for line in github.render(report).splitlines()]


def report(*findings, status=Status.FAIL, reason=""):
    return Report(
        tool="kvet 1.0.0",
        checks=(CheckResult(check="docs", status=status, findings=findings, reason=reason),),
    )


def finding(number, severity=Severity.ERROR, rule="docs/a"):
    return Finding(
        rule=rule,
        severity=severity,
        message=f"fault {number}",
        location=Location(path="a.rst", line=number, column=2),
    )


NASTY = st.text(
    alphabet=st.one_of(st.sampled_from("%:,=\r\n 0123ADC\x1b\x85\u2028\u202e;]#["), st.characters())
)


@given(NASTY, NASTY, NASTY)
def test_nothing_breaks_out_of_a_command(message, path, title):
    line = escape.annotation("error", message, {"file": path, "line": 7, "title": title})
    # Whatever ends a line for a .NET reader or for Python, here it is one.
    assert len(line.splitlines()) == 1
    name, properties, data = read_back(line)
    assert name == "error"
    assert data == "\n".join(escape.terminal(part) for part in message.split("\n"))
    assert properties["line"] == "7"
    assert set(properties) <= {"file", "line", "title"}
    assert properties.get("file", "") == escape.terminal(path)
    assert properties.get("title", "").rstrip() == escape.terminal(title).rstrip()


@given(st.lists(st.tuples(NASTY, NASTY, NASTY), max_size=30))
def test_a_report_of_hostile_findings_is_a_command_a_line_and_no_more(texts):
    findings = tuple(
        Finding(
            rule="docs/a",
            severity=Severity.ERROR,
            message=one,
            hint=two,
            location=Location(path=three, line=1),
        )
        for one, two, three in texts
    )
    read = commands(report(*findings))
    assert [one[0] for one in read] == ["error"] * min(len(texts), 10) + ["notice"]


def test_a_finding_has_its_place_rule_hint_and_evidence():
    one = Finding(
        rule="docs/a",
        severity=Severity.WARNING,
        message="100% wrong: a, b",
        location=Location(path="a,b:c.rst", line=7, column=3),
        hint="mend it",
        detail="one\ntwo",
    )
    first = github.render(report(one)).splitlines()[0]
    assert first == (
        "::warning file=a%2Cb%3Ac.rst,line=7,col=3,title=docs/a::"
        "100%25 wrong: a, b%0Ahint: mend it%0Aone%0Atwo"
    )
    assert read_back(first)[1]["file"] == "a,b:c.rst"


def test_errors_come_first_and_what_github_would_drop_is_summed_up():
    notes = [finding(number, Severity.NOTE, "docs/n") for number in range(1, 13)]
    warnings = [finding(number, Severity.WARNING, "docs/w") for number in range(1, 12)]
    errors = [finding(number, rule="docs/e") for number in range(1, 15)]
    read = commands(report(*notes, *warnings, *errors))
    kinds = [name for name, _properties, _data in read]
    assert kinds == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert [one[1]["line"] for one in read[:3]] == ["1", "2", "3"]
    summary = read[-1][2].splitlines()
    assert summary == [
        "verdict FAIL: 14 errors, 11 warnings, 12 notes",
        "not shown here: 4 errors, 1 warning, 3 notes (docs/e 4, docs/n 3, docs/w 1)",
    ]
    assert read[-1][1] == {"title": "kvet 1.0.0"}


def test_a_clean_report_says_so_and_a_check_that_did_not_run_too():
    assert commands(report(status=Status.PASS)) == [
        ("notice", {"title": "kvet 1.0.0"}, "verdict PASS: no findings")
    ]
    ((_name, _properties, text),) = commands(report(status=Status.DID_NOT_RUN, reason="no perl"))
    assert text == "verdict DID_NOT_RUN: no findings\ndocs did not run: no perl"
    ((_name, _properties, text),) = commands(Report(tool="kvet 1.0.0"))
    assert "nothing was checked" in text


def test_a_commit_message_is_named_and_not_taken_for_a_file():
    one = Finding(
        rule="message/cut", severity=Severity.ERROR, message="cut", location=Location(path="", patch=3)
    )
    (name, properties, text), _summary = commands(report(one))
    assert (name, properties, text) == ("error", {"title": "message/cut"}, "patch 3: cut")
