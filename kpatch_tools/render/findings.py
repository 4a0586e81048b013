# SPDX-License-Identifier: GPL-2.0-only
"""A finding as plain lines, for the logs that other formats carry."""

from collections.abc import Iterator

from kpatch_tools.model.finding import Finding
from kpatch_tools.render.escape import terminal


def finding_lines(finding: Finding) -> Iterator[str]:
    """``place: severity: message [rule]``, then its evidence and its hint, set in; all of it harmless."""
    where = f"{terminal(str(finding.location))}: " if finding.location else ""
    yield f"{where}{finding.severity.value}: {terminal(finding.message)} [{terminal(finding.rule)}]"
    yield from (f"    {terminal(line)}" for line in finding.detail.splitlines())
    if finding.hint:
        yield f"    hint: {terminal(finding.hint)}"
