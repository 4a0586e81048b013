# SPDX-License-Identifier: GPL-2.0-only
"""What a program of a series used more of than its sandbox allows, as a finding: the series did it."""

from kpatch_tools.errors import SandboxLimit
from kpatch_tools.model.finding import Finding, Severity

RULE = "sandbox/limit"


def over_limit(fault: SandboxLimit) -> Finding:
    """The limit by its words, the last lines of the program, and where its whole log is."""
    return Finding(
        rule=RULE,
        severity=Severity.ERROR,
        message=fault.message,
        detail=fault.tail,
        hint=f"the whole log is {fault.log}" if fault.log else "",
    )
