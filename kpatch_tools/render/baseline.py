# SPDX-License-Identifier: GPL-2.0-only
"""Findings -> a baseline file."""

from collections.abc import Iterable

from kpatch_tools.model.baseline import HEADER
from kpatch_tools.model.finding import Finding
from kpatch_tools.render.escape import terminal

_ABOUT = "# fingerprint, rule, file, section and message; only the fingerprint counts. One line a finding."


def render(findings: Iterable[Finding]) -> str:
    """One line a finding, sorted by file, rule and message; moved text changes nothing in it."""
    rows = sorted((_path(one), one.rule, terminal(one.message), one.fingerprint) for one in findings)
    lines = [f"{mark}\t{rule}\t{path}\t{message}" for path, rule, message, mark in rows]
    return "\n".join([HEADER, _ABOUT, *lines, ""])


def _path(finding: Finding) -> str:
    return terminal(finding.location.path) if finding.location else ""
