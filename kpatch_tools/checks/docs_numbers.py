# SPDX-License-Identifier: GPL-2.0-only
"""The numbers of sections: each once, in order, and for an added section the next one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Title

Prefix = tuple[int, ...]


def section_number(context: Context) -> Iterator[Hit]:
    """A section number that is used twice, out of order, or for an added section not the next one.

    A rebase keeps the old number while another series takes it; references by number then lead astray.

    Bad:  a second 4.71; 7.37 after 7.41; a new 4.145 after 4.142
    Good: one past the last number of the chapter
    Source: five such faults were mended upstream (182a258b5ec4 for 7.43); gaps are none, as a removed
    section keeps its number free (9 gaps in 6.12). That an added section takes the next number is asked of
    documents with a profile only.
    """
    numbers = _Numbers.of(context)
    wrong = {**dict(_misplaced(numbers)), **dict(_disorder(numbers)), **dict(_duplicates(numbers))}
    # Other documents number their sections anew when one is added in the middle.
    grows = context.profile is not None
    for title in numbers.titles:
        free = numbers.next_free(title)
        label = ".".join(str(part) for part in (*title.number[:-1], free))
        hint = f"the next free number is {label}" if len(title.number) > 1 else ""
        if title.line in wrong:
            text, other = wrong[title.line]
            yield Hit(
                line=title.line,
                column=1,
                text=text,
                hint=hint,
                related=(other.line,),
                place="",
                key=f"{title.label} {title.name}",
            )
        elif grows and numbers.must_be_next(title) and title.number[-1] != free:
            text = f"the added section '{title.text}' does not have the next number of its chapter"
            yield Hit(line=title.line, column=1, text=text, hint=hint, place="")


def added_number(context: Context, line: int) -> Prefix | None:
    """The number that the section whose title is on this line should have; None unless a change added it."""
    numbers = _Numbers.of(context)
    title = next((title for title in numbers.titles if title.line == line), None)
    if title is None or not numbers.must_be_next(title):
        return None
    return (*title.number[:-1], numbers.next_free(title))


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbered titles of a document: the lines of the added ones, and what the numbers were before."""

    titles: tuple[Title, ...]
    parents: dict[int, int]
    added: dict[int, int]
    last: dict[Prefix, int]

    @classmethod
    def of(cls, context: Context) -> "_Numbers":
        titles = tuple(title for title in context.document.titles if title.number)
        base = context.before or context.document
        last: dict[Prefix, int] = {}
        for title in base.titles:
            if len(title.number) > 1:
                prefix = title.number[:-1]
                last[prefix] = max(last.get(prefix, 0), title.number[-1])
        return cls(
            titles=titles,
            parents=_parents(context.document.titles),
            added=_added(context),
            last=last,
        )

    def next_free(self, title: Title) -> int:
        """One past the chapter's last number, and one more for each section added above this one."""
        return self.last.get(title.number[:-1], 0) + 1 + self.added.get(title.line, 0)

    def must_be_next(self, title: Title) -> bool:
        """An added section of a chapter that was there before; a new chapter counts as its author likes."""
        return title.line in self.added and title.number[:-1] in self.last

    def groups(self) -> Iterable[list[Title]]:
        """Titles whose numbers follow each other: of one chapter, or of one level under one title."""
        found: dict[tuple[Prefix, int], list[Title]] = defaultdict(list)
        for title in self.titles:
            whole = len(title.number) > 1
            found[title.number[:-1], 0 if whole else self.parents[title.line]].append(title)
        return found.values()


def _parents(titles: Iterable[Title]) -> dict[int, int]:
    # Line of each title to line of the title above it in the tree, 0 at the top.
    open_titles: list[Title] = []
    found = {}
    for title in titles:
        while open_titles and open_titles[-1].level >= title.level:
            open_titles.pop()
        found[title.line] = open_titles[-1].line if open_titles else 0
        open_titles.append(title)
    return found


def _added(context: Context) -> dict[int, int]:
    # Line of each added title to its place among the added ones of its chapter. A section is added when
    # its chapter had neither its name nor (as after a rename) its number.
    if context.before is None:
        return {}
    old, new = _names(context.before), _names(context.document)
    renamed = {
        title.number
        for title in context.before.titles
        if title.number and (title.number[:-1], title.name) not in new
    }
    found: dict[int, int] = {}
    count: dict[Prefix, int] = defaultdict(int)
    for title in context.document.titles:
        prefix = title.number[:-1]
        if len(title.number) > 1 and (prefix, title.name) not in old and title.number not in renamed:
            found[title.line] = count[prefix]
            count[prefix] += 1
    return found


def _names(document: ApiDocument) -> set[tuple[Prefix, str]]:
    return {(title.number[:-1], title.name) for title in document.titles if title.number}


def _duplicates(numbers: _Numbers) -> Iterator[tuple[int, tuple[str, Title]]]:
    for group in numbers.groups():
        same: dict[Prefix, list[Title]] = defaultdict(list)
        for title in group:
            same[title.number].append(title)
        for titles in same.values():
            # The one that was there before keeps its number.
            first = next((title for title in titles if title.line not in numbers.added), titles[0])
            for title in titles:
                if title is not first:
                    label = title.label
                    text = f"{label} is the number of both '{first.name}' and '{title.name}'"
                    yield title.line, (text, first)


def _disorder(numbers: _Numbers) -> Iterator[tuple[int, tuple[str, Title]]]:
    # An added section is measured against all, an old one against the old ones only: it did not move.
    for group in numbers.groups():
        highest: Title | None = None
        highest_old: Title | None = None
        for title in group:
            is_added = title.line in numbers.added
            top = highest if is_added else highest_old
            if top is not None and top.number > title.number:
                yield title.line, (f"'{title.text}' stands after '{top.text}'", top)
            highest = title if highest is None or title.number > highest.number else highest
            if not is_added and (highest_old is None or title.number > highest_old.number):
                highest_old = title
        lowest: Title | None = None
        for title in reversed(group):
            if title.line not in numbers.added:
                lowest = title if lowest is None or title.number < lowest.number else lowest
            elif lowest is not None and lowest.number < title.number:
                yield title.line, (f"'{title.text}' stands before '{lowest.text}'", lowest)


def _misplaced(numbers: _Numbers) -> Iterator[tuple[int, tuple[str, Title]]]:
    # Only where the right chapter exists: some documents number sections whose chapters have no number.
    chapters: dict[Prefix, Title] = {
        title.number: title for title in numbers.titles if len(title.number) == 1
    }
    current: Title | None = None
    for title in numbers.titles:
        if len(title.number) == 1:
            current = title
        elif current is not None and title.number[:1] != current.number and title.number[:1] in chapters:
            yield (
                title.line,
                (f"'{title.text}' stands in chapter '{current.text}'", chapters[title.number[:1]]),
            )
