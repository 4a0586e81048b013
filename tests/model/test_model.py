# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status, status_of
from kpatch_tools.model.test import Verdict, worst


def finding(message="x", severity=Severity.ERROR, line=1):
    return Finding(rule="a/b", severity=severity, message=message, location=Location(path="f", line=line))


def test_fingerprint_survives_moved_lines_but_not_another_message():
    assert finding("at 3").fingerprint == finding("at 9", line=77).fingerprint
    assert finding("one").fingerprint != finding("two").fingerprint


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([], Status.DID_NOT_RUN),
        ([Status.PASS, Status.PASS], Status.PASS),
        ([Status.PASS, Status.SKIP], Status.SKIP),
        ([Status.SKIP, Status.DID_NOT_RUN], Status.DID_NOT_RUN),
        ([Status.FAIL, Status.DID_NOT_RUN, Status.PASS], Status.FAIL),
    ],
)
def test_verdict(states, verdict):
    checks = tuple(CheckResult(check=str(number), status=state) for number, state in enumerate(states))
    assert Report(tool="t", checks=checks).verdict is verdict


def test_a_check_is_not_run_until_it_says_otherwise():
    assert CheckResult(check="x").status is Status.DID_NOT_RUN


def test_status_of_honours_the_threshold():
    notes = (finding(severity=Severity.NOTE),)
    assert status_of(notes) is Status.PASS
    assert status_of(notes, Severity.NOTE) is Status.FAIL
    assert status_of((finding(),), Severity.ERROR) is Status.FAIL


def test_worst_verdict():
    assert worst(()) is Verdict.NO_VERDICT
    assert worst((Verdict.PASS, Verdict.SKIP)) is Verdict.SKIP
    assert worst((Verdict.PANIC, Verdict.FAIL, Verdict.SPLAT)) is Verdict.PANIC
    assert not Verdict.SKIP.good
