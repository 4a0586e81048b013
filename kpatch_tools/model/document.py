# SPDX-License-Identifier: GPL-2.0-only
"""The parts of Documentation/virt/kvm/api.rst that rules and the audit read, each with its line.

Lines and columns count from 1; a column counts characters of the source line, a tab as one.
"""

import bisect
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A section title. ``number`` is (4, 138) for "4.138 KVM_MAP_MEMORY", () when it has none.

    ``symbol`` is the first KVM_* name of the text, "" when it has none; ``line`` is the line of the
    text, ``underline_line`` of its underline; ``level`` is 1 for the outermost title.
    """

    text: str
    number: tuple[int, ...]
    symbol: str
    line: int
    underline: str
    underline_line: int
    level: int

    @property
    def label(self) -> str:
        """The number as written in a reference: "4.138"."""
        return ".".join(str(part) for part in self.number)

    @property
    def name(self) -> str:
        """The text without its number: what stays when sections are renumbered."""
        return self.text.split(maxsplit=1)[-1] if self.number else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One ``:Name: value`` of a section's field list; the lines of a long value are joined by spaces."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of an errno table: the name as written and the whole text of its second cell."""

    errno: str
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a simple table: its text with single blanks, and where that begins; column 0 when empty."""

    text: str
    line: int
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A simple table: header rows and body rows, each with one cell a column; ``line`` is its top border.

    A cell that spans columns leaves empty ones behind it.
    """

    head: tuple[tuple[Cell, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralBlock:
    """A literal block: its text without the common indentation, and the line of its first line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered section with what stands in it; ``end_line`` is its last line.

    The text below a deeper title without a number belongs to it, that of a numbered one does not.
    """

    title: Title
    fields: tuple[Field, ...]
    errors: tuple[ErrorRow, ...]
    literals: tuple[LiteralBlock, ...]
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph as written; ``holder`` is docutils' name of what holds it (section, entry, field_body)."""

    text: str
    line: int
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of inline markup as written, with its marks; ``column`` is 0 where the line is not sure."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the parser says: ``level`` 1 info, 2 warning, 3 error, 4 severe; ``line`` 0 when unknown."""

    level: int
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFault:
    """Why a table is none: the place and the parser's reason.

    When one cell is at fault, ``cell`` is its text and ``position`` its column counted from 1. A cell that
    is too wide has ``width``, what the border gives, ``needed``, the least that would hold it, and
    ``widen``, the least that would hold all cells of its column; one that begins too far left has
    ``starts``, where its column begins in that line.
    """

    line: int
    column: int
    reason: str
    cell: str = ""
    position: int = 0
    width: int = 0
    needed: int = 0
    widen: int = 0
    starts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDocument:
    """A reStructuredText document, read once. ``sections`` holds the numbered ones; all is in file order."""

    lines: tuple[str, ...]
    titles: tuple[Title, ...] = ()
    sections: tuple[Section, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    literals: tuple[LiteralBlock, ...] = ()
    tables: tuple[Table, ...] = ()
    single_backticks: tuple[Span, ...] = ()
    table_faults: tuple[TableFault, ...] = ()
    messages: tuple[Message, ...] = ()

    def section_at(self, line: int) -> Section | None:
        """The numbered section that holds this line."""
        index = bisect.bisect_right(self.sections, line, key=lambda section: section.title.line) - 1
        if index < 0 or self.sections[index].end_line < line:
            return None
        return self.sections[index]

    def section_named(self, symbol: str) -> Section | None:
        """The first section whose title names this ioctl or capability as a whole word."""
        for section in self.sections:
            words = section.title.name.replace("/", " ").replace(",", " ").split()
            if symbol in words:
                return section
        return None

    def place(self, line: int) -> str:
        """The name of the section that holds this line: of the numbered one, else of the nearest title."""
        section = self.section_at(line)
        if section is not None:
            return section.title.symbol or section.title.name
        index = bisect.bisect_right(self.titles, line, key=lambda title: title.line) - 1
        return self.titles[index].text if index >= 0 else ""

    def source(self, line: int) -> str:
        """The text of a line, "" outside the document."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""
