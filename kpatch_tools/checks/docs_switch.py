# SPDX-License-Identifier: GPL-2.0-only
"""Switching rules off in the text: ``.. kvet: off RULE [RULE...]``, and ``on`` where that shall end."""

import bisect
import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Title

FAMILY = "docs/"
OWN_RULE = "docs/off-switch"
_COMMENT = re.compile(r"\s*\.\.\s+kvet:(?P<words>.*)$")
_WORDS = ("off", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One rule, off from line ``first`` to ``last``; ``line`` and ``column`` are where its name stands."""

    rule: str
    line: int
    column: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comment:
    """A switch as written: ``word`` is its first word, ``rules`` the others with their columns."""

    line: int
    word: str
    rules: tuple[tuple[str, int], ...]


def switches(document: ApiDocument) -> tuple[Switch, ...]:
    """What is switched off where: in the section whose title is nearest above, from that title on.

    Where ``on`` follows in the same section, only the lines between the two. Above the first title a
    switch holds for the whole document.
    """
    comments = list(_comments(document))
    if not comments:
        return ()
    ends: dict[str, list[int]] = defaultdict(list)
    for comment in comments:
        for rule, _column in comment.rules if comment.word == "on" else ():
            ends[rule].append(comment.line)
    sections = _sections(document)
    found = []
    for comment in comments:
        if comment.word != "off":
            continue
        at = bisect.bisect_right(sections, comment.line, key=lambda section: section[0]) - 1
        first, last = sections[at]
        for rule, column in comment.rules:
            after = bisect.bisect_right(ends[rule], comment.line)
            end = ends[rule][after] if after < len(ends[rule]) else last + 1
            extent = (comment.line, end) if end <= last else (first, last)
            found.append(Switch(rule=rule, line=comment.line, column=column, first=extent[0], last=extent[1]))
    return tuple(found)


class Covered:
    """The lines on which each rule is switched off, for many questions."""

    def __init__(self, off: Iterable[Switch]) -> None:
        self._first: dict[str, list[int]] = defaultdict(list)
        self._last: dict[str, list[int]] = defaultdict(list)
        for switch in sorted(off, key=lambda switch: switch.first):
            lasts = self._last[switch.rule]
            self._first[switch.rule].append(switch.first)
            lasts.append(max(switch.last, lasts[-1]) if lasts else switch.last)

    def holds(self, rule: str, line: int) -> bool:
        """Whether a finding of this rule on this line is switched off."""
        at = bisect.bisect_right(self._first[rule], line) - 1 if rule in self._first else -1
        return at >= 0 and line <= self._last[rule][at]


def off_switch(context: Context) -> Iterator[Hit]:
    """A comment ".. kvet: off RULE" that names no rule, cannot be read, or switches nothing off.

    It holds back the findings of its rules in the section where it stands, from the title on and with the
    deeper ones; where ".. kvet: on RULE" follows, between the two; above the first title, in the whole
    document. How many it holds back is said with the result. A switch that outlives its fault hides the
    next one, so that an idle one is reported when a whole document is checked.

    Bad:  .. kvet: off docs/single-backticks
    Good: .. kvet: off docs/single-backtick
    Source: ours; of linters for this language none can be switched off in a line (sphinx-lint #142).
    """
    for comment in _comments(context.document):
        if comment.word not in _WORDS or not comment.rules:
            what = f"'{comment.word}'" if comment.word not in _WORDS else "a switch without a rule"
            hint = "write .. kvet: off RULE, or .. kvet: on RULE"
            text = f"{what} switches nothing"
            yield Hit(line=comment.line, column=1, text=text, hint=hint, key=text)


def unknown_rules(document: ApiDocument, known: Collection[str]) -> Iterator[Hit]:
    """A hit for each switch that names no rule."""
    for comment in _comments(document):
        for rule, column in comment.rules if comment.word in _WORDS else ():
            if rule not in known:
                close = difflib.get_close_matches(rule, known, n=1, cutoff=0.7)
                hint = f"write {close[0]}" if close else "kvet docs rules lists them"
                yield Hit(line=comment.line, column=column, text=f"there is no rule {rule}", hint=hint)


def idle(found: Iterable[tuple[str, int]], off: Iterable[Switch], judged: Collection[str]) -> Iterator[Hit]:
    """A hit for each switch that holds none of the findings back, given as (rule, line).

    ``judged`` are the rules that could find something in this run.
    """
    seen: dict[str, list[int]] = defaultdict(list)
    for rule, line in sorted(found):
        seen[rule].append(line)
    for switch in off:
        lines = seen.get(switch.rule, [])
        at = bisect.bisect_left(lines, switch.first)
        if switch.rule in judged and not (at < len(lines) and lines[at] <= switch.last):
            text = f"{switch.rule} is switched off here and finds nothing"
            yield Hit(line=switch.line, column=switch.column, text=text, hint="remove the switch")


def _comments(document: ApiDocument) -> Iterator[_Comment]:
    for line, content in enumerate(document.lines, 1):
        match = _COMMENT.match(content) if "kvet:" in content else None
        if match is None or _in_literal(document, line):
            continue
        start = match.start("words")
        word, *rules = [
            (one[0], start + one.start() + 1) for one in re.finditer(r"[^\s,]+", match["words"])
        ] or [("", 0)]
        yield _Comment(
            line=line,
            word=word[0],
            rules=tuple((name if "/" in name else FAMILY + name, column) for name, column in rules),
        )


def _in_literal(document: ApiDocument, line: int) -> bool:
    index = bisect.bisect_right(document.literals, line, key=lambda block: block.line) - 1
    if index < 0:
        return False
    block = document.literals[index]
    return line <= block.line + block.text.count("\n")


def _sections(document: ApiDocument) -> list[tuple[int, int]]:
    # For each title its line and the one before the next title that is not deeper; first of all, for what
    # stands above the first title, the whole document.
    found = []
    below: list[Title] = []
    for title in reversed(document.titles):
        while below and below[-1].level > title.level:
            below.pop()
        found.append((title.line, below[-1].line - 1 if below else len(document.lines)))
        below.append(title)
    return [(1, len(document.lines)), *reversed(found)]
