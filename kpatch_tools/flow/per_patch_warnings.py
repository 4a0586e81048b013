# SPDX-License-Identifier: GPL-2.0-only
"""Which warnings of the compiler a patch brings, from the logs of the builds one after the other.

make compiles what is out of date, so a log does not show the warnings of the other files: an old one may show
first where a later patch touches its file. So a warning counts where its line is the series' own, or where
the file was compiled in a build before and the compiler was silent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from kpatch_tools.flow.build import BuildResult, read_text_lossy
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.series import Applied
from kpatch_tools.tools import blame, kbuild
from kpatch_tools.tools.git import Repository

_COMPILED = re.compile(r"^  CC\s+(\S+\.o)$", re.MULTILINE)


class Warnings:
    """What the compiler said of the rows so far."""

    def __init__(self, store: Repository, applied: Applied) -> None:
        self._store, self._base = store, applied.base
        self._numbers = {commit: number for number, commit in enumerate(applied.commits, 1)}
        self._said: set[str] = set()
        self._compiled: set[str] = set()

    def brought(self, number: int, commit: str, built: BuildResult) -> tuple[Finding, ...]:
        """The warnings that are new with patch ``number``, which made ``commit``; () for the base, 0."""
        warnings = [one for one in built.findings if one.severity is not Severity.ERROR]
        fresh = {one.fingerprint: one for one in reversed(warnings) if one.fingerprint not in self._said}
        found = tuple(self._placed(fresh.values(), number, commit)) if number else ()
        self._said |= set(fresh)
        self._compiled |= {kbuild.source_of(goal) for goal in _COMPILED.findall(_log(built))}
        return found

    def _placed(self, fresh: Iterable[Finding], number: int, commit: str) -> Iterator[Finding]:
        for one in fresh:
            place = one.location
            if place is None or not place.line:
                yield one
                continue
            writer = blame.writer_of(self._store, self._base, commit, place.path, place.line)
            patch = self._numbers.get(writer, 0)
            if patch:
                yield replace(one, location=replace(place, patch=patch))
            elif place.path in self._compiled:
                said = f"patch {number} brings it, though the line is older"
                hint = f"{said}; {one.hint}" if one.hint else said
                yield replace(one, location=replace(place, patch=number), hint=hint)


def _log(built: BuildResult) -> str:
    return read_text_lossy(built.log) if built.log.is_file() else ""
