# SPDX-License-Identifier: GPL-2.0-only
"""What a CI server reads: written here, read back by another program."""

from dataclasses import replace

import junitparser
import pytest

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render import RENDERERS
from tests.render.test_formats import HOSTILE, REPORT

ERRORS = {Verdict.INFRA, Verdict.NO_VERDICT}


def read(report: Report) -> junitparser.JUnitXml:
    return junitparser.JUnitXml.fromstring(RENDERERS["junit"](report).encode())


def only(*tests: TestResult, status: Status = Status.PASS, **changes: object) -> junitparser.TestSuite:
    check = CheckResult(check="tests", status=status, tests=tests, **changes)
    (suite,) = read(Report(tool="kvet", checks=(check,)))
    return suite


def test_a_suite_a_check_and_a_case_a_test():
    suites = list(read(REPORT))
    assert [suite.name for suite in suites] == ["apply", "docs", "tests"]
    names = [case.name for case in suites[2]]
    assert names[:2] == ["tests", "one"]
    assert names[2].endswith("(npt=0)")
    assert suites[0].time == 0.25


def test_hostile_text_is_text():
    shown = RENDERERS["junit"](REPORT)
    assert "<script>" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    case = list(list(read(REPORT))[2])[2]
    assert (
        case.name
        == HOSTILE.replace("\x1b", "\\x1b").replace("\x07", "\\x07").replace("\u202e", "\\u202e") + " (npt=0)"
    )


@pytest.mark.parametrize(
    "bad", ["\0", "\ud800", "\ufffe", "\x1b", "]]>", "<!-- -->", "&amp;", "\r\n", '"', "'"]
)
def test_every_character_can_be_read_back(bad: str):
    finding = Finding(
        rule=f"a/{bad}",
        severity=Severity.ERROR,
        message=f"m{bad}",
        location=Location(path=f"p{bad}"),
        detail=f"d{bad}",
        hint=bad,
    )
    suite = only(
        TestResult(name=f"n{bad}", status=Verdict.FAIL, reason=f"r{bad}", observed={f"o{bad}": bad}),
        status=Status.FAIL,
        findings=(finding,),
        reason=bad,
        facts=((f"f{bad}", bad),),
        logs=(bad,),
    )
    assert (suite.tests, suite.failures) == (2, 2)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_verdict(verdict: Verdict):
    suite = only(TestResult(name="a", status=verdict, reason="why"))
    _whole, case = suite
    if verdict.good:
        assert case.is_passed
    elif verdict is Verdict.SKIP:
        assert case.is_skipped
    else:
        (result,) = case.result
        kind = junitparser.Error if verdict in ERRORS else junitparser.Failure
        assert isinstance(result, kind)
        assert (result.type, result.message) == (verdict.value, "why")
    assert (suite.failures, suite.errors, suite.skipped) == (
        int(not verdict.good and verdict is not Verdict.SKIP and verdict not in ERRORS),
        int(verdict in ERRORS),
        int(verdict is Verdict.SKIP),
    )


@pytest.mark.parametrize("status", list(Status))
def test_a_check_without_tests_is_a_case(status: Status):
    suite = only(status=status, reason="because")
    (case,) = suite
    assert suite.tests == 1
    assert case.is_passed == (status is Status.PASS)
    assert case.is_skipped == (status is Status.SKIP)
    assert (suite.failures, suite.errors) == (int(status is Status.FAIL), int(status is Status.DID_NOT_RUN))


def test_a_failed_check_whose_tests_all_passed_is_not_green():
    finding = Finding(
        rule="matrix/flaky", severity=Severity.ERROR, message="FAIL, then PASS", detail="seen\nso"
    )
    suite = only(TestResult(name="a", status=Verdict.PASS), status=Status.FAIL, findings=(finding,))
    whole, test = suite
    (failure,) = whole.result
    assert failure.type == "matrix/flaky"
    assert failure.text.splitlines() == ["error: FAIL, then PASS [matrix/flaky]", "    seen", "    so"]
    assert test.is_passed


def test_the_sums_stand_at_the_top():
    read_back = read(replace(REPORT, checks=(*REPORT.checks, CheckResult(check="never"))))
    assert (read_back.tests, read_back.failures, read_back.errors, read_back.skipped) == (6, 1, 1, 2)
