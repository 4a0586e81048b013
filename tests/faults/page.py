# SPDX-License-Identifier: GPL-2.0-only
"""A document in which a fault can be put, and one such fault."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kpatch_tools.model.document import ApiDocument, Field, Section
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.parse.rst import parse_document

NAME = re.compile(r"(?<![\w(])KVM_[A-Z0-9_]*[A-Z0-9](?![\w(*])")


@dataclass(frozen=True, slots=True)
class Injected:
    """The text with one fault in it; the fault is on ``line`` to ``last``, counted from 1."""

    text: str
    line: int
    last: int


class Page:
    """A document with what its rules know; the lines of ``self.lines`` count from 0."""

    def __init__(self, text: str, facts: KernelFacts | None):
        self.text = text
        self.lines = text.split("\n")
        self.facts = facts

    @cached_property
    def document(self) -> ApiDocument:
        return parse_document(self.text)

    @cached_property
    def known(self) -> frozenset[str]:
        return self.facts.names | self.facts.uapi | self.facts.structs.keys() if self.facts else frozenset()

    @cached_property
    def literal(self) -> frozenset[int]:
        """The indices of the lines of literal blocks."""
        blocks = self.document.literals
        return frozenset(
            line - 1 for one in blocks for line in range(one.line, one.line + one.text.count("\n") + 1)
        )

    @cached_property
    def in_table(self) -> frozenset[int]:
        found = set()
        for table in self.document.tables:
            rows = [cell.line for row in (*table.head, *table.rows) for cell in row]
            found |= set(range(table.line - 1, max(rows) + 1))
        return frozenset(found)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Those about an ioctl or a capability."""
        return tuple(one for one in self.document.sections if len(one.title.number) == 2 and one.title.symbol)

    def fields(self, name: str = "") -> Iterator[tuple[Section, Field]]:
        for section in self.sections:
            for field in section.fields:
                if name in ("", field.name) and self.lines[field.line - 1].startswith(f":{field.name}:"):
                    yield section, field

    def put(self, at: int, remove: int, new: Sequence[str], *, near: tuple[int, int] = (0, 0)) -> Injected:
        """Replace ``remove`` lines from index ``at``; the finding may be that far from the first of them."""
        lines = [*self.lines[:at], *new, *self.lines[at + remove :]]
        return Injected("\n".join(lines), at + 1 + near[0], at + 1 + near[1])

    def swap(self, line: int, old: str, new: str) -> Injected:
        """Replace a word in the line of this number."""
        return self.put(line - 1, 1, [self.lines[line - 1].replace(old, new, 1)])

    def title(self, section: Section, text: str) -> Injected:
        """Another title with an underline of its length."""
        mark = section.title.underline[0]
        return self.put(section.title.line - 1, 2, [text, mark * len(text)])

    def misspelt(self, name: str) -> str:
        """A name that the tree does not have: two words exchanged, else a letter left out."""
        head, *words = name.split("_")
        for at in range(len(words) - 2, -1, -1):
            turned = [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
            other = "_".join([head, *turned])
            if other != name and other not in self.known and name.startswith("KVM_CAP_") <= (at > 0):
                return other
        for at in range(len(name) - 2, 4, -1):
            other = name[:at] + name[at + 1 :]
            if other not in self.known and "__" not in other and not name.startswith(other):
                return other
        raise ValueError(name)

    def blank(self, at: int) -> bool:
        return not (0 <= at < len(self.lines)) or not self.lines[at].strip()

    def indent(self, at: int) -> int:
        line = self.lines[at].expandtabs()
        return len(line) - len(line.lstrip())

    def plain(self, at: int) -> bool:
        """Whether a line is text: in no block and no table, and neither field, title nor comment."""
        line = self.lines[at] if 0 <= at < len(self.lines) else ""
        return (
            bool(line.strip())
            and at not in self.literal
            and at not in self.in_table
            and not re.match(r"\s*(?::\w[\w ]*:|\.\. |=+|-+$|\^+$|~+$|[-*] |\d+\.)", line)
        )


def spread(items: Sequence[Injected], count: int) -> list[Injected]:
    """So many of them, evenly spread; all when there are not more."""
    if len(items) <= count:
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def like(name: str, others: Sequence[str]) -> str:
    """The name of others that looks most like this one."""
    return difflib.get_close_matches(name, [one for one in others if one != name], n=1, cutoff=0)[0]


def hits(findings: Iterable[Finding], injected: Injected) -> list[Finding]:
    """The findings on the lines of a fault; that a label would be better than a number is none of it."""
    lines = range(injected.line, injected.last + 1)
    return [one for one in findings if one.location.line in lines and one.rule != "docs/prefer-ref"]
