# SPDX-License-Identifier: GPL-2.0-only
"""A stage whose program was over a limit of its sandbox failed: the series did that."""

from pathlib import Path

from kpatch_tools.checks.limit import RULE
from kpatch_tools.errors import EnvironmentFault, SandboxLimit
from kpatch_tools.flow.review_run import Options, Run
from kpatch_tools.model.event import silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.series import Series


def ran(error: Exception) -> CheckResult:
    series = Series(name="s", version=1, total=0, cover=None, patches=())
    place = Path()
    run = Run(series=series, tree=place, options=Options(), folder=place, state=place, sink=silent)

    def work() -> CheckResult:
        raise error

    return run.stage("layout", work)


def test_a_limit_is_a_finding() -> None:
    result = ran(
        SandboxLimit(
            "make was ended by the sandbox: more than 9 processes", tail="the end", log="/a/make.log"
        )
    )
    (finding,) = result.findings
    assert (result.check, result.status) == ("layout", Status.FAIL)
    assert (finding.rule, finding.severity, finding.detail) == (RULE, Severity.ERROR, "the end")
    assert "more than 9 processes" in finding.message
    assert finding.hint == "the whole log is /a/make.log"


def test_a_machine_that_lacks_something_is_none() -> None:
    result = ran(EnvironmentFault("bubblewrap is not installed", cure="apt-get install -y bubblewrap"))
    assert (result.status, result.findings) == (Status.DID_NOT_RUN, ())
    assert "cure: apt-get install -y bubblewrap" in result.reason
