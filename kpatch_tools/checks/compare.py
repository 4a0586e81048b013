# SPDX-License-Identifier: GPL-2.0-only
"""Which patch of one version is which of the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from kpatch_tools.checks.align import longest_in_order
from kpatch_tools.checks.delta import Side, compare, read_side
from kpatch_tools.model.comparison import Change, PatchPair
from kpatch_tools.model.series import Patch, Series

ALIKE = 0.5


def match(old: Series, new: Series, judged: Iterable[tuple[int, int]] = ()) -> tuple[PatchPair, ...]:
    """Pair the patches of two versions and say what changed in each.

    Equal subjects pair first, then equal diffs, then what `git range-diff` paired (``judged``: positions in
    both series, from 0), then the most alike (at least half of the changed lines in common). The pairs come
    in the newer order; a dropped patch stands behind the one it followed. Covers make the first pair.
    """
    found = _Found(
        before=[read_side(patch) for patch in old.patches], after=[read_side(patch) for patch in new.patches]
    )
    found.by_key("subject", lambda side: (side.patch.subject, side.content))
    found.by_key("subject", lambda side: side.patch.subject)
    found.by_key("diff", lambda side: side.content or None)
    for left, right in judged:
        found.pair(left, right, "range-diff")
    found.by_likeness()
    pairs = [pair] if (pair := _cover(old.cover, new.cover)) else []
    return (*pairs, *found.pairs())


@dataclass(slots=True)
class _Found:
    """The pairs found so far: ``known`` maps the older position to the newer one and what paired them."""

    before: list[Side]
    after: list[Side]
    known: dict[int, tuple[int, str]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def pair(self, left: int, right: int, by: str) -> None:
        """Pair two patches unless one of them is paired already."""
        if left not in self.known and right not in self.taken:
            self.known[left] = (right, by)
            self.taken.add(right)

    def by_key(self, by: str, key: Callable[[Side], object]) -> None:
        """Pair those of equal key in order; a key of None pairs nothing."""
        waiting: dict[object, list[int]] = {}
        for right, side in enumerate(self.after):
            if right not in self.taken:
                waiting.setdefault(key(side), []).append(right)
        for left, side in enumerate(self.before):
            wanted = key(side)
            if left not in self.known and wanted is not None and (rest := waiting.get(wanted)):
                self.pair(left, rest.pop(0), by)

    def by_likeness(self) -> None:
        """Pair the most alike first."""
        touching: dict[str, list[int]] = {}
        for right, side in enumerate(self.after):
            if right not in self.taken:
                for item in side.files:
                    touching.setdefault(item.path, []).append(right)
        scores: list[tuple[float, int, int]] = []
        for left, side in enumerate(self.before):
            if left not in self.known:
                rights = {right for item in side.files for right in touching.get(item.path, ())}
                scores += [(-_likeness(side, self.after[right]), left, right) for right in rights]
        for score, left, right in sorted(scores):
            if -score >= ALIKE:
                self.pair(left, right, "similarity")

    def pairs(self) -> list[PatchPair]:
        """All patches of both versions, in the newer order."""
        moved = _moved([(left, right) for left, (right, _by) in sorted(self.known.items())])
        origin = {right: (left, by) for left, (right, by) in self.known.items()}
        dropped = [left for left in range(len(self.before)) if left not in self.known]
        pairs = self._dropped(dropped, -1)
        for right, side in enumerate(self.after):
            if right not in origin:
                pairs.append(PatchPair(old=None, new=side.patch, changes=(Change.ADDED,)))
                continue
            left, by = origin[right]
            pair = compare(self.before[left], side)
            changes = (*((Change.MOVED,) if left in moved else ()), *pair.changes)
            pairs.append(replace(pair, by=by, changes=changes or (Change.UNCHANGED,)))
            pairs += self._dropped(dropped, left)
        return pairs

    def _dropped(self, dropped: list[int], behind: int) -> list[PatchPair]:
        """The dropped patches that followed the one at ``behind`` (-1: the first ones)."""
        pairs: list[PatchPair] = []
        at = behind + 1
        while at in dropped:
            pairs.append(PatchPair(old=self.before[at].patch, new=None, changes=(Change.DROPPED,)))
            at += 1
        return pairs


def _cover(old: Patch | None, new: Patch | None) -> PatchPair | None:
    if old is None and new is None:
        return None
    if old is None or new is None:
        changes: tuple[Change, ...] = (Change.ADDED if new else Change.DROPPED,)
    else:
        told = ((Change.RENAMED, old.subject != new.subject), (Change.MESSAGE, old.body != new.body))
        changes = tuple(change for change, holds in told if holds) or (Change.UNCHANGED,)
    return PatchPair(old=old, new=new, by="subject", changes=changes)


def _likeness(old: Side, new: Side) -> float:
    """The part of changed lines that two patches have in common, 0.0 to 1.0 (Dice's coefficient)."""
    total = old.edits.total() + new.edits.total()
    return 2 * (old.edits & new.edits).total() / total if total else 0.0


def _moved(pairs: list[tuple[int, int]]) -> set[int]:
    """The older positions outside of a longest run of pairs that kept their order."""
    kept = {left for left, _right in longest_in_order(pairs)}
    return {left for left, _right in pairs} - kept
