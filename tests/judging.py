# SPDX-License-Identifier: GPL-2.0-only
"""Documents as text in, findings out, by the way that `kvet docs check` takes."""

from collections.abc import Callable
from typing import ParamSpec

from kpatch_tools.checks.docs import Judged, judge_document, judge_versions
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.parse.rst_change import read_versions

Given = ParamSpec("Given")


def judge_all(
    text: str, path: str, profile: DocsProfile | None = None, facts: KernelFacts | None = None
) -> Judged:
    return judge_document(parse_document(text), path, profile, facts)


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


def _findings_of(judge: Callable[Given, Judged]) -> Callable[Given, tuple[Finding, ...]]:
    return lambda *args, **more: judge(*args, **more).findings


check_all = _findings_of(judge_all)
check_change = _findings_of(judge_change)
