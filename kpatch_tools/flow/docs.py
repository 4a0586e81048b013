# SPDX-License-Identifier: GPL-2.0-only
"""Checking one document: which profile it has, what a change brings, and which patch brought it."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace

from kpatch_tools.checks.docs import Judged, judge_document, judge_versions
from kpatch_tools.checks.docs_diff import unchanged_lines
from kpatch_tools.errors import UserError
from kpatch_tools.flow import docs_reading
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.parse.docs_profile import parse_profile
from kpatch_tools.parse.rst import decode
from kpatch_tools.parse.rst_lines import source_lines
from kpatch_tools.tools.files import data_dir, read_text

CHECK = "docs"
SUFFIX = ".rst"


def profiles() -> tuple[DocsProfile, ...]:
    """All profiles of docs-check/, by file name. Raises UserError for a bad one."""
    paths = sorted(data_dir("docs-check").glob("*.toml"))
    return tuple(parse_profile(read_text(path, "documentation profile"), name=str(path)) for path in paths)


def profile_for(path: str, known: tuple[DocsProfile, ...] | None = None) -> DocsProfile | None:
    """The profile of a document by its path in the kernel tree; None: the general rules only.

    ``known`` are the profiles already read, for callers with many documents.
    """
    candidates = profiles() if known is None else known
    return next((profile for profile in candidates if profile.path == path), None)


def rules_of(profile: DocsProfile | None) -> str:
    """Which rules a document is held to, in words."""
    return f"rules of {profile.name}" if profile else "general rules"


def compared_with(profile: DocsProfile | None, facts: KernelFacts | None) -> str:
    """What the document was held against beside the rules of text, in words; "" where no rule asks for it."""
    if profile is None:
        return ""
    return f"code of {facts.label}" if facts else "names and code not checked: no tree with KVM's headers"


def switched_off(count: int) -> str:
    """How many findings the text itself switches off, in words; "" for none."""
    return f"{count} finding{'' if count == 1 else 's'} switched off" if count else ""


def judged_of(  # noqa: PLR0913 - two versions, each with its tree's facts
    before: bytes | None,
    after: bytes,
    *,
    path: str,
    profile: DocsProfile | None,
    facts: KernelFacts | None = None,
    facts_before: KernelFacts | None = None,
) -> Judged:
    """What ``after`` has and ``before`` had not; everything in ``after`` when there was no such file.

    ``facts`` are those of the tree that ``after`` belongs to, ``facts_before`` those of the other one.
    Raises UserError when one of the two is no document: not UTF-8, NUL bytes, absurdly long lines,
    nested without end.
    """
    new = decode(after, path)
    if before is None:
        document = docs_reading.document(new, path)
        judged = judge_document(document, path, profile, facts)
    else:
        old = decode(before, f"{path} (before the change)")
        if old == new and facts == facts_before:
            return Judged()
        both = docs_reading.versions(old, new, path)
        document = both.after
        judged = judge_versions(both, path, profile, facts=facts, facts_before=facts_before)
    if not any(finding.rule == "docs/struct-differs" for finding in judged.findings):
        return judged
    # The rest of this takes the compiler, and most checks find no such struct.
    from kpatch_tools.flow.docs_layout import with_layout  # noqa: PLC0415

    return replace(judged, findings=with_layout(judged.findings, document, facts, profile))


def check_document(  # noqa: PLR0913 - two versions with their trees' facts, a name, settings with defaults
    before: bytes | None,
    after: bytes,
    *,
    path: str,
    profile: DocsProfile | None = None,
    steps: Sequence[bytes | None] = (),
    facts: KernelFacts | None = None,
    facts_before: KernelFacts | None = None,
    fail_on: Severity = Severity.WARNING,
) -> CheckResult:
    """Check a document that a series changes; only what is new against ``before`` is a finding.

    ``path`` is relative to the kernel tree and finds the profile where none is given. ``steps`` holds the
    document after each patch of the series, in order: each finding then names its patch. A document that
    cannot be read gives DID_NOT_RUN with the reason. ``elapsed`` is in seconds.
    """
    started = time.monotonic()
    profile = profile or profile_for(path)
    try:
        judged = judged_of(before, after, path=path, profile=profile, facts=facts, facts_before=facts_before)
        found = name_patches(judged.findings, path, before, steps)
    except UserError as error:
        return CheckResult(check=CHECK, reason=error.message, elapsed=time.monotonic() - started)
    words = (
        rules_of(profile),
        "what the series adds",
        compared_with(profile, facts),
        switched_off(judged.switched_off),
    )
    return CheckResult(
        check=CHECK,
        status=status_of(found, fail_on),
        findings=found,
        elapsed=time.monotonic() - started,
        facts=((path, ", ".join(filter(None, words))),),
    )


def merged(results: Sequence[CheckResult]) -> CheckResult:
    """One result of several documents: FAIL beats DID_NOT_RUN beats PASS; nothing to check is a SKIP."""
    order = (Status.FAIL, Status.DID_NOT_RUN, Status.PASS)
    states = {result.status for result in results}
    return CheckResult(
        check=CHECK,
        status=next((state for state in order if state in states), Status.SKIP),
        reason="; ".join(result.reason for result in results if result.reason),
        findings=tuple(finding for result in results for finding in result.findings),
        elapsed=sum(result.elapsed for result in results),
        facts=tuple(fact for result in results for fact in result.facts),
    )


def name_patches(
    findings: tuple[Finding, ...], path: str, before: bytes | None, steps: Sequence[bytes | None]
) -> tuple[Finding, ...]:
    """Set the patch of each location in the file ``path``: the last step, from 1, that wrote its line.

    ``before`` and ``steps`` are the file's versions, without the series and after each of its patches.
    """
    if not steps or not any(one.location and one.location.path == path for one in findings):
        return findings
    versions = [source_lines((raw or b"").decode(errors="replace")) for raw in (before, *steps)]
    kept = [unchanged_lines(old, new) for old, new in itertools.pairwise(versions)]
    return tuple(
        _with_patch(finding, kept) if finding.location and finding.location.path == path else finding
        for finding in findings
    )


def _with_patch(finding: Finding, kept: list[dict[int, int]]) -> Finding:
    if finding.location is None or not finding.location.line:
        return finding
    line = finding.location.line
    for number in range(len(kept), 0, -1):
        if line not in kept[number - 1]:
            return replace(finding, location=replace(finding.location, patch=number))
        line = kept[number - 1][line]
    return finding


def not_run(reason: str) -> CheckResult:
    """The check's result when it could not be made."""
    return CheckResult(check=CHECK, status=Status.DID_NOT_RUN, reason=reason)
