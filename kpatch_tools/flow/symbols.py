# SPDX-License-Identifier: GPL-2.0-only
"""Judges a boot with its console's addresses resolved to source lines, where the kernel has the tables."""

from collections.abc import Sequence
from dataclasses import replace

from kpatch_tools.checks.vm import Judgement, judge
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.vm import Evidence
from kpatch_tools.parse.stack import symbols_of, with_sources
from kpatch_tools.tools import addresses
from kpatch_tools.tools.kernels import Kernel

NO_TABLES = "no source lines: this kernel has no line tables"
NOT_FOUND = "no source lines: the line tables do not know these addresses"


def judge_boot(
    evidence: Evidence, kernel: Kernel, *, expect_results: bool = True, allowed: Sequence[Allowed] = ()
) -> Judgement:
    """checks.vm.judge() over the console with source lines in its stacks.

    The log on disk stays as the kernel wrote it. A stack that cannot be resolved says so in the hint.
    """
    symbols = tuple(symbols_of(evidence.console))
    known = addresses.resolve(kernel.tables, symbols) if kernel.tables else {}
    told = replace(evidence, console=with_sources(evidence.console, known)) if known else evidence
    judgement = judge(told, expect_results=expect_results, allowed=allowed)
    if known or not symbols:
        return judgement
    why = NOT_FOUND if kernel.tables else NO_TABLES
    return replace(judgement, findings=tuple(_noted(item, why) for item in judgement.findings))


def _noted(finding: Finding, why: str) -> Finding:
    if not finding.rule.startswith("splat/") or not any(symbols_of(finding.detail)):
        return finding
    return replace(finding, hint=f"{finding.hint}; {why}" if finding.hint else why)
