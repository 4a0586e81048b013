# SPDX-License-Identifier: GPL-2.0-only
"""Documents as text in, findings out, by the way that `kvet docs check` takes."""

from kpatch_tools.checks.docs import Judged, judge_document, judge_versions
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.parse.rst_change import read_versions


def judge_all(
    text: str, path: str, profile: DocsProfile | None = None, facts: KernelFacts | None = None
) -> Judged:
    return judge_document(parse_document(text), path, profile, facts)


def check_all(
    text: str, path: str, profile: DocsProfile | None = None, facts: KernelFacts | None = None
) -> tuple[Finding, ...]:
    return judge_all(text, path, profile, facts).findings


def judge_change(
    before: str,
    after: str,
    path: str,
    profile: DocsProfile | None = None,
    *,
    facts: KernelFacts | None = None,
    facts_before: KernelFacts | None = None,
) -> Judged:
    if before == after and facts == facts_before:
        return Judged()
    versions = read_versions(before, after)[0]
    return judge_versions(versions, path, profile, facts=facts, facts_before=facts_before)


def check_change(
    before: str,
    after: str,
    path: str,
    profile: DocsProfile | None = None,
    *,
    facts: KernelFacts | None = None,
    facts_before: KernelFacts | None = None,
) -> tuple[Finding, ...]:
    return judge_change(before, after, path, profile, facts=facts, facts_before=facts_before).findings
