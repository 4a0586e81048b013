# SPDX-License-Identifier: GPL-2.0-only
"""Cut a document into the parts under its titles, and make a smaller document of some of them."""

import re
from collections.abc import Iterable, Iterator, Sequence

from kpatch_tools.model.document import ApiDocument, Title
from kpatch_tools.model.preview import Excerpt, Part

_LABEL = re.compile(r"\.\. _(?P<name>(?:[^:\\`]|\\.)+|`[^`]+`):\s*$")
_TARGET = re.compile(r"\s*\.\. _(?P<name>`[^`]+`|(?:[^:\\`]|\\.)+):(?:\s|$)")
_FOOTNOTE = re.compile(r"\s*\.\. \[#?(?P<name>[^\]]+)\]")
_INLINE_TARGET = re.compile(r"(?<!\w)_`(?P<name>[^`]+)`")
_ELSEWHERE = re.compile(r"\.\. (?:_(?!_)[^:]+:\s+\S|\|[^|]+\|\s+[\w-]+::)")


def parts_of(document: ApiDocument) -> tuple[Part, ...]:
    """The parts of a document in file order; every line belongs to one.

    A deeper title without a number belongs to the numbered section that it stands in.
    """
    heads: list[tuple[Title, tuple[Title, ...], int]] = []
    stack: list[Title] = []
    for title in document.titles:
        while stack and stack[-1].level >= title.level:
            stack.pop()
        section = document.section_at(title.line)
        if section is None or section.title.line == title.line or not heads:
            heads.append((title, tuple(stack), _start(document.lines, title)))
        stack.append(title)
    return tuple(_parts(heads, document.lines))


def _parts(heads: Sequence[tuple[Title, tuple[Title, ...], int]], lines: Sequence[str]) -> Iterator[Part]:
    first = heads[0][2] if heads else len(lines) + 1
    above = any(line.strip() for line in lines[: first - 1])
    if above:
        yield Part(title=None, chain=(), first=1, last=first - 1)
    for at, (title, chain, start) in enumerate(heads):
        end = heads[at + 1][2] - 1 if at + 1 < len(heads) else len(lines)
        yield Part(title=title, chain=chain, first=start if at or above else 1, last=end)


def _start(lines: Sequence[str], title: Title) -> int:
    """The line where a title's part begins: its overline, or the labels above that."""
    start = _heading(lines, title).start
    at = start - 1
    while at >= 1 and (not lines[at - 1].strip() or _LABEL.match(lines[at - 1])):
        if lines[at - 1].strip():
            start = at
        at -= 1
    return start


def _heading(lines: Sequence[str], title: Title) -> range:
    """The lines of a title with its underline and, where it has one, its overline."""
    above = lines[title.line - 2].rstrip() if title.line > 1 else ""
    overline = bool(above) and above == title.underline
    return range(title.line - overline, title.underline_line + 1)


def excerpt(document: ApiDocument, parts: Iterable[Part]) -> Excerpt:
    """A document of these parts alone, below the titles around them so that levels stay what they are.

    Link targets and substitutions that stand elsewhere come last; they render nothing.
    """
    lines = document.lines
    out: list[tuple[str, int]] = []
    seen: set[int] = set()
    taken: set[int] = set()
    for part in sorted(parts, key=lambda part: part.first):
        for title in part.chain:
            if title.line not in seen:
                seen.add(title.line)
                out += [(lines[at - 1], at) for at in _heading(lines, title)]
                out.append(("", title.underline_line))
        if part.title:
            seen.add(part.title.line)
        taken.update(range(part.first, part.last + 1))
        out += [(lines[at - 1], at) for at in range(part.first, part.last + 1)]
        out.append(("", part.last))
    out += _from_elsewhere(lines, taken)
    return Excerpt(text="\n".join(text for text, _at in out) + "\n", lines=tuple(at for _text, at in out))


def _from_elsewhere(lines: Sequence[str], taken: set[int]) -> Iterator[tuple[str, int]]:
    inside = False
    for at, line in enumerate(lines, 1):
        inside = bool(_ELSEWHERE.match(line)) or (inside and (line[:1].isspace()))
        if inside and at not in taken:
            yield line, at


def text_of(document: ApiDocument, part: Part) -> str:
    """The source of one part."""
    return "\n".join(document.lines[part.first - 1 : part.last]) + "\n"


def defined_names(document: ApiDocument) -> frozenset[str]:
    """The names that a reference may use: targets, footnotes, titles; as normalised()."""
    names = {title.text for title in document.titles}
    for line in document.lines:
        for pattern in (_TARGET, _FOOTNOTE):
            if found := pattern.match(line):
                names.add(found["name"].strip("`").replace("\\", ""))
        names.update(found["name"] for found in _INLINE_TARGET.finditer(line))
    return frozenset(normalised(name) for name in names)


def normalised(name: str) -> str:
    """A reference name as docutils compares it: lower case, single blanks."""
    return " ".join(name.lower().split())
