# SPDX-License-Identifier: GPL-2.0-only
"""The documents of a series patch by patch: what each patch brings, and what a later one mends.

Every step is held against the code of that step: what patch 1 describes and patch 2 defines is a finding of
patch 1 until patch 2 is there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpatch_tools.errors import UserError
from kpatch_tools.flow import docs
from kpatch_tools.flow.docs_series import documents_of
from kpatch_tools.flow.facts import facts_of
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.tools.git import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchDocs:
    """What one patch does to the documents: findings that it brings, and how many a later patch mends.

    ``mended`` are these last as notes that name the patch; ``unread`` says which document could not be read.
    """

    new: int = 0
    mended: tuple[Finding, ...] = ()
    unread: str = ""


def check_patches(
    series: Series, applied: Applied, store: Repository, *, sink: Sink = silent
) -> tuple[PatchDocs, ...]:
    """One result a patch of an applied series, in order; ``store`` holds its commits."""
    known = docs.profiles()
    results = [PatchDocs() for _ in applied.commits]
    for path in documents_of(series, known):
        sink(Event(docs.CHECK, f"{path} after each patch"))
        document = _Document(path, docs.profile_for(path, known), applied, store)
        for at in range(len(results)):
            results[at] = _added(results[at], document.check(at))
    return tuple(results)


def _added(one: PatchDocs, other: PatchDocs) -> PatchDocs:
    return PatchDocs(
        new=one.new + other.new,
        mended=one.mended + other.mended,
        unread="; ".join(filter(None, (one.unread, other.unread))),
    )


class _Document:
    """One document at every step, with the facts of the code there."""

    def __init__(self, path: str, profile: DocsProfile | None, applied: Applied, store: Repository) -> None:
        self._path, self._profile = path, profile
        commits = (applied.base, *applied.commits)
        self._texts = [store.read_blob(commit, path) for commit in commits]
        self._facts = [facts_of(store, commit) if profile else None for commit in commits]

    def check(self, at: int) -> PatchDocs:
        """What the patch ``at`` (from 0) brings; step ``at`` is the one before it."""
        try:
            brought = self._between(at, at + 1)
            if not brought:
                return PatchDocs()
            return PatchDocs(new=len(brought), mended=self._mended(at, brought))
        except UserError as error:
            return PatchDocs(unread=error.message)

    def _mended(self, at: int, brought: Sequence[Finding]) -> tuple[Finding, ...]:
        last = len(self._texts) - 1
        going = _without(brought, self._between(at, last)) if last > at + 1 else []
        notes: list[Finding] = []
        for step in range(at + 2, last + 1):
            if not going:
                break
            if self._same(step - 1, step):
                continue
            gone = going if step == last else _without(going, self._between(at, step))
            notes += [_note(finding, at + 1, step) for finding in gone]
            lost = {id(finding) for finding in gone}
            going = [finding for finding in going if id(finding) not in lost]
        return tuple(notes)

    def _same(self, one: int, other: int) -> bool:
        return self._texts[one] == self._texts[other] and self._facts[one] == self._facts[other]

    def _between(self, before: int, after: int) -> tuple[Finding, ...]:
        text = self._texts[after]
        if text is None or self._same(before, after):
            return ()
        return docs.judged_of(
            self._texts[before],
            text,
            path=self._path,
            profile=self._profile,
            facts=self._facts[after],
            facts_before=self._facts[before],
        ).findings


def _without(findings: Sequence[Finding], others: Sequence[Finding]) -> list[Finding]:
    """The findings that have no equal among the others, counted."""
    left = Counter(finding.fingerprint for finding in others)
    gone = []
    for finding in findings:
        if left[finding.fingerprint]:
            left[finding.fingerprint] -= 1
        else:
            gone.append(finding)
    return gone


def _note(finding: Finding, patch: int, mended: int) -> Finding:
    place = finding.location or Location(path="")
    return replace(
        finding,
        severity=Severity.NOTE,
        message=f"after patch {patch}: {finding.message}",
        location=replace(place, patch=patch),
        hint=f"patch {mended} mends it",
    )
