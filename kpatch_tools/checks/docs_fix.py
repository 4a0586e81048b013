# SPDX-License-Identifier: GPL-2.0-only
"""Mending a document: edits applied to its text, kept when the rules agree, taken back when they do not.

What a rule's finding is mended with is in the table of checks/docs_fixers.py.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

from kpatch_tools.checks.docs_fixers import FIXERS, HIDING, STRUCTURE, TOGETHER
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.fix import Edit, Fix, Mended, Refused

Check = Callable[[str], tuple[ApiDocument, tuple[Finding, ...]]]
Understand = Callable[[ApiDocument], Context]
_BOM = "\ufeff"


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; every byte that no edit names stays, line ends included.

    Equal edits count once. Raises ValueError when two of them touch the same place or ``old`` is not there:
    a fault in a fixer, never in the document.
    """
    head, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    lines = body.split("\n")
    after: Edit | None = None
    for edit in sorted(set(edits), reverse=True):
        if after is not None and _clash(edit, after):
            raise ValueError(f"two edits of one place: {edit}, {after}")
        line = lines[edit.line - 1]
        start = edit.column - 1
        if start > len(line) or not line.startswith(edit.old, start):
            raise ValueError(f"the text to replace is not there: {edit}")
        new = edit.new.replace("\n", "\r\n") if line.endswith("\r") else edit.new
        lines[edit.line - 1] = line[:start] + new + line[start + len(edit.old) :]
        after = edit
    return head + "\n".join(lines)


def _clash(one: Edit, other: Edit) -> bool:
    if one.line != other.line or one == other:
        return False
    first, second = sorted((one, other))
    return first.column + len(first.old) > second.column or first.column == second.column


def mend(
    text: str, path: str, check: Check, understand: Understand, rules: frozenset[str] | None = None
) -> Mended:
    """Make all safe fixes of the findings that ``check`` gives for a text, until none is left.

    ``check`` reads a text and gives the findings in scope (those of a change, or all), ``understand`` adds
    to a document what the fixers may look at. ``rules`` limits it to findings of these rules.

    A fix stays only if its finding goes, no finding comes, and the titles keep their levels. What the parser
    could not read before may come to light, though: the faults of words in a table that was none. This ends,
    as each round leaves fewer faults of structure, or as many and fewer others; mending the result again
    changes nothing.
    """
    first = version = _Version.of(text, check)
    mended: list[Finding] = []
    rounds: list[tuple[Edit, ...]] = []
    while True:
        trials = _Trials(version, check)
        context = understand(version.document)
        own = [one for one in version.findings if one.location and one.location.path == path]
        kept = trials.accept([], _units(context, own, rules))
        if not kept:
            break
        mended += [fix.finding for fix in kept]
        rounds.append(_edits(kept))
        version = trials.result(kept)
    return Mended(
        path=path,
        before=text,
        after=version.text,
        mended=tuple(mended),
        refused=tuple(trials.refused),
        left=version.findings,
        uncovered=version.new_since(first),
        rounds=tuple(rounds),
    )


def _edits(fixes: Iterable[Fix]) -> tuple[Edit, ...]:
    return tuple(sorted({edit for fix in fixes for edit in fix.edits}))


def _units(context: Context, findings: Iterable[Finding], rules: frozenset[str] | None) -> list[list[Fix]]:
    # Fixes that only help together (the fields of one list) are one unit; of two that touch the same
    # place without being equal, the later one waits for the next round.
    units: dict[Hashable, list[Fix]] = {}
    taken: dict[int, list[Edit]] = {}
    for finding in findings:
        place = finding.location
        fixer = FIXERS.get(finding.rule) if rules is None or finding.rule in rules else None
        edits = fixer(context, finding, place.line, place.column) if fixer and place and place.line else ()
        if not edits or any(_clash(edit, other) for edit in edits for other in taken.get(edit.line, ())):
            continue
        for edit in edits:
            taken.setdefault(edit.line, []).append(edit)
        key: Hashable = edits
        if place and finding.rule in TOGETHER:
            key = _block_of(context.document, place.line)
        units.setdefault(key, []).append(Fix(finding=finding, edits=edits))
    return list(units.values())


def _block_of(document: ApiDocument, line: int) -> int:
    # The first line of the text that this line is in, up to the blank line above.
    while document.source(line - 1).strip():
        line -= 1
    return line


@dataclass(frozen=True, slots=True)
class _Version:
    """A text with its findings; ``keys`` counts them without line, column or the name of their section."""

    text: str
    document: ApiDocument
    findings: tuple[Finding, ...]
    keys: Counter[tuple[str, str]]

    @classmethod
    def of(cls, text: str, check: Check) -> "_Version":
        document, findings = check(text)
        version = cls(text, document, findings, Counter())
        version.keys.update(version.key(finding) for finding in findings)
        return version

    @property
    def levels(self) -> list[int]:
        return [title.level for title in self.document.titles]

    def key(self, finding: Finding) -> tuple[str, str]:
        # A fix may change the name of the section that the message begins with.
        return finding.rule, finding.message.removeprefix(f"{self.place(finding)}: ")

    def new_since(self, first: "_Version") -> tuple[Finding, ...]:
        new = self.keys - first.keys
        said = {finding.message for finding in first.findings}
        return tuple(one for one in self.findings if self.key(one) in new and one.message not in said)

    def place(self, finding: Finding) -> str:
        return self.document.place(finding.location.line) if finding.location else ""


@dataclass(slots=True)
class _Trials:
    """Fixes tried on one version; ``refused`` gathers those that do not help, ``tried`` what came of each."""

    base: _Version
    check: Check
    refused: list[Refused] = field(default_factory=list)
    tried: dict[tuple[Edit, ...], _Version] = field(default_factory=dict)

    def accept(self, kept: list[Fix], units: list[list[Fix]]) -> list[Fix]:
        """``kept`` and those of the units that help beside them.

        Where all together do not, those near the trouble are set aside and tried last, by halves.
        """
        if not units:
            return kept
        trial = [*kept, *(fix for unit in units for fix in unit)]
        reason = self._fault(trial)
        if not reason:
            return trial
        if len(units) == 1:
            self.refused += [Refused(finding=fix.finding, reason=reason) for fix in units[0]]
            return kept
        suspects = self._suspects(trial, units)
        if 0 < len(suspects) < len(units):
            good = self.accept(kept, [unit for unit in units if unit not in suspects])
            return self.accept(good, suspects)
        middle = len(units) // 2
        return self.accept(self.accept(kept, units[:middle]), units[middle:])

    def _suspects(self, trial: list[Fix], units: list[list[Fix]]) -> list[list[Fix]]:
        # Units whose finding is still there, or in whose section there is a new one.
        after, brought = self.result(trial), self._brought(trial)
        places = {after.place(one) for one in after.findings if after.key(one) in brought}
        fixed = Counter(self.base.key(fix.finding) for fix in trial)
        stay = {key for key, count in fixed.items() if after.keys[key] > self.base.keys[key] - count}
        return [
            unit
            for unit in units
            if any(
                self.base.key(fix.finding) in stay or self.base.place(fix.finding) in places for fix in unit
            )
        ]

    def _brought(self, trial: list[Fix]) -> Counter[tuple[str, str]]:
        # The new findings, without those of words that a mended structure of their section has hidden.
        after = self.result(trial)
        new = after.keys - self.base.keys
        open_to = {self.base.place(fix.finding) for fix in trial if fix.finding.rule in HIDING}
        return new - Counter(
            after.key(one)
            for one in after.findings
            if one.rule not in STRUCTURE and after.place(one) in open_to
        )

    def result(self, fixes: list[Fix]) -> _Version:
        """The version with these fixes made."""
        edits = _edits(fixes)
        if edits not in self.tried:
            self.tried[edits] = _Version.of(apply_edits(self.base.text, edits), self.check)
        return self.tried[edits]

    def _fault(self, trial: list[Fix]) -> str:
        # Why these fixes must not be made; "" when they may.
        after = self.result(trial)
        if after.levels != self.base.levels:
            return "it would change the titles"
        if brought := self._brought(trial):
            rule, text = min(brought)
            return f"it would bring another finding: {text} [{rule}]"
        fixed = Counter(self.base.key(fix.finding) for fix in trial)
        if any(after.keys[key] > self.base.keys[key] - count for key, count in fixed.items()):
            return "it would not mend it"
        return ""
