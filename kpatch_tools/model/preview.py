# SPDX-License-Identifier: GPL-2.0-only
"""The words of a preview: parts of a document, what became of each, and its text as a reader sees it."""

from dataclasses import dataclass
from enum import StrEnum

from kpatch_tools.model.document import Title
from kpatch_tools.model.finding import Finding


class Conf(StrEnum):
    """Whose Sphinx configuration a preview is built with."""

    AUTO = "auto"
    TREE = "tree"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What stands under one title; deeper titles have parts of their own, but not inside a numbered section.

    ``title`` is None for what stands above the first title. ``chain`` are the titles around it, outermost
    first; ``first`` and ``last`` are its lines, with the labels above its title.
    """

    title: Title | None
    chain: tuple[Title, ...]
    first: int
    last: int

    @property
    def name(self) -> str:
        """The title as written."""
        return self.title.text if self.title else "(above the first title)"


class Fate(StrEnum):
    """What a change did to a part."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    SAME = "not changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """A part before and after a change; one of the two may be None."""

    fate: Fate
    before: Part | None
    after: Part | None

    @property
    def name(self) -> str:
        """The title, after the change where there is one."""
        part = self.after or self.before
        return part.name if part else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A document of some parts of another one. ``lines[i]`` is the source line of its line i + 1."""

    text: str
    lines: tuple[int, ...]

    def source_line(self, line: int) -> int:
        """The line of the source that stands at ``line`` of the excerpt; 0 for none."""
        return self.lines[min(line, len(self.lines)) - 1] if line > 0 and self.lines else 0


@dataclass(frozen=True, slots=True)
class Word:
    """A word of rendered text; ``style`` is "", "literal", "emphasis", "strong", "cite", "link" or "cell"."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of rendered text: a title, paragraph, field, table row, or one line of a literal block.

    ``kind`` is "title", "text", "item", "term", "field", "row", "head" (a row of a table's head) or
    "literal"; ``depth`` counts the lists and quotes around it; ``line`` is the source line, 0 when unknown.
    """

    kind: str
    words: tuple[Word, ...]
    line: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of one style; ``fresh`` when the other side has not got it."""

    text: str
    style: str
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One block of both sides beside each other; ``fate`` says how they differ, a missing side is ()."""

    fate: Fate
    kind: str
    depth: int
    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()
    old_line: int = 0
    new_line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionDiff:
    """The rendered difference of one part."""

    name: str
    fate: Fate
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SphinxMessage:
    """One message of Sphinx: ``path`` and ``line`` as it gives them ("" and 0 when it names none).

    ``level`` is its word (WARNING, ERROR, ...); ``text`` the first line, ``more`` the lines below it.
    """

    level: str
    text: str
    path: str = ""
    line: int = 0
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage:
    """What a page of a preview shows. ``path`` is the document; ``body`` and ``style`` are Sphinx's own.

    ``what`` says what was compared, ``conf`` which configuration was used and why; ``diff`` is the file name
    of the page with the differences, "" for none; ``whole`` when the page has all of the document.
    """

    path: str
    what: str
    conf: str
    tool: str
    changes: tuple[PartChange, ...]
    findings: tuple[Finding, ...]
    body: str
    style: str
    diff: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffPage:
    """What a page with the differences of one document shows; ``page`` is the file name of its preview."""

    path: str
    what: str
    tool: str
    sections: tuple[SectionDiff, ...]
    page: str
