# SPDX-License-Identifier: GPL-2.0-only
"""Reading a changed document by parsing only what the change touched.

Between two titles docutils carries over little: which underline stands for which level, and names that a
text defines. So the lines from the last title above the change to the first title below it are parsed alone,
below one title of each level, and their parts replace the old ones. The title below the change is parsed
with them: where docutils takes it for the title that it was, the rest of the document reads as before. What
cannot be shown to be the same this way is read as a whole.
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

from kpatch_tools.model.document import ApiDocument, Message, Table, Title
from kpatch_tools.model.reading import Reading
from kpatch_tools.parse.rst import document_of, read, reading_of, table_faults
from kpatch_tools.parse.rst_lines import MALFORMED, TOO_DEEP, UNREADABLE, parser_text, source_lines

# Titles of the skeleton must be out of sight of the search for an underline, some lines up and down.
_GAP = 12
# Longer pieces save nothing over reading the whole.
_MOST = 0.6

# These hold good for the rest of the document, or move their text to its start.
_EVERYWHERE = re.compile(r"\.\.[ \t]+(?:(?:default-)?role|header|footer)[ \t]*::", re.IGNORECASE)
# Names that a text defines for the whole document: defining one twice is a fault. Of the directives only
# those are let through that are known to define nothing.
# Roles of a domain are known to the parser where the text names them somewhere (parse/rst_stubs).
_NAMES = re.compile(r"(?<!`)_`|`_|:name:|:(?:c|cpp|py|std|rst|js):", re.IGNORECASE)
_EXPLICIT = re.compile(r"(?:^|\s)\.\.(?:\s+(?P<what>\S.*)|\s*$)")
_HARMLESS = re.compile(
    r"(?![_\[|])(?!.*::)|"
    r"(?:attention|caution|code-block|danger|error|flat-table|hint|important|note|sourcecode|tip|warning)\s*::"
)
# Either docutils gave up, or it looked for the end of a table in the whole rest of the document.
_UNBOUNDED = re.compile(rf"{TOO_DEEP}|{UNREADABLE}|{MALFORMED}\.\s+No bottom table border")


@dataclass(frozen=True, slots=True)
class _Window:
    """What changed: the titles that enclose it in the old document, None for its end.

    ``shift`` is how many lines the change added; ``skeleton`` is one title of each of the ``levels``.
    """

    above: Title
    below: Title | None
    shift: int
    skeleton: tuple[str, ...]
    levels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Two versions of a document, and the lines that hold all that differs between them.

    ``first`` is the line of a title that both have, ``last_before`` and ``last_after`` the lines before the
    next title that both have below the change: what stands outside is the same, some lines further down.
    ``first`` is 0 where nothing of the kind is known.
    """

    before: ApiDocument
    after: ApiDocument
    first: int = 0
    last_before: int = 0
    last_after: int = 0


def read_versions(
    old: str, new: str, before: Reading | None = None, after: Reading | None = None
) -> tuple[Versions, Reading, Reading]:
    """Two versions of a document and their readings; ``before`` and ``after`` are those that are known."""
    was, now = source_lines(old), source_lines(new)
    before = read(was) if before is None else before
    window = _window(before, was, now) if was != now else None
    found = None
    if window is not None and after is None:
        found = _by_part(before, window, was, now)
    elif window is not None and after is not None and _is_spliced(before, after, window):
        found = after
    if after is None:
        after = before if was == now else read(now) if found is None else found
    versions = Versions(before=document_of(was, before), after=document_of(now, after))
    if window is not None and found is not None:
        below = window.below.line - 1 if window.below else len(was)
        last = below + window.shift
        versions = replace(versions, first=window.above.line, last_before=below, last_after=last)
    return versions, before, after


def _is_spliced(before: Reading, after: Reading, window: _Window) -> bool:
    spliced = _spliced(before, after, window)
    return replace(spliced, table_faults=after.table_faults) == after


def _by_part(before: Reading, window: _Window, old: tuple[str, ...], new: tuple[str, ...]) -> Reading | None:
    first, last = _start(window.above, old), len(new)
    if window.below:
        last = window.below.underline_line + window.shift
    if last - first > _MOST * len(new) or not _is_closed(window, old, new):
        return None
    part = _parsed(window, new, first, last)
    if part is None:
        return None
    # The fault of a table is looked for in all lines, some of which the change has moved.
    spliced = _spliced(before, part, window)
    return replace(spliced, table_faults=table_faults(new, spliced.messages))


def _window(before: Reading, old: tuple[str, ...], new: tuple[str, ...]) -> _Window | None:
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    over = [title for title in before.titles if title.underline_line <= head]
    if not over or not _are_local(before.messages):
        return None
    # The level of a title is the place of its style among those that were used before it.
    levels = max(title.level for title in over)
    under = (title for title in before.titles if _start(title, old) > len(old) - tail)
    below = next((title for title in under if title.level <= levels), None)
    skeleton = _skeleton(before.titles, levels, old)
    if skeleton is None:
        return None
    return _Window(over[-1], below, len(new) - len(old), skeleton, levels)


def _skeleton(titles: tuple[Title, ...], levels: int, lines: tuple[str, ...]) -> tuple[str, ...] | None:
    # One title of each level; None where a level has two styles, so that the lines do not tell them apart.
    styles: dict[int, set[tuple[str, bool]]] = {}
    for title in titles:
        styles.setdefault(title.level, set()).add((title.underline[:1], _start(title, lines) < title.line))
    found: list[str] = []
    for level in range(1, levels + 1):
        if len(styles.get(level, ())) != 1:
            return None
        ((mark, over),) = styles[level]
        found += [mark * 4] * over + ["xxxx", mark * 4]
    return tuple(found) if len(set.union(*styles.values())) == len(styles) else None


def _start(title: Title, lines: tuple[str, ...]) -> int:
    # The line of the overline where there is one. An underline right above is not one: its title would
    # have to stand between.
    above = lines[title.line - 2].rstrip() if title.line > 1 else ""
    return title.line - (bool(above) and above == title.underline)


def _is_closed(window: _Window, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether neither version of the part says anything about the rest, and the rest nothing about it."""
    for lines, shift in ((old, 0), (new, window.shift)):
        if any(".." in line and _EVERYWHERE.search(line) for line in lines):
            return False
        last = window.below.line + shift if window.below else len(lines)
        if any(_defines(line) for line in lines[window.above.line - 1 : last]):
            return False
    return True


def _defines(line: str) -> bool:
    if _NAMES.search(line):
        return True
    return any(not _HARMLESS.match(match["what"] or "") for match in _EXPLICIT.finditer(line))


def _are_local(messages: tuple[Message, ...]) -> bool:
    return all(message.line and not _UNBOUNDED.match(message.text) for message in messages)


def _parsed(window: _Window, new: tuple[str, ...], first: int, last: int) -> Reading | None:
    from kpatch_tools.parse import rst_tree  # noqa: PLC0415 - docutils takes long to import

    top = (*window.skeleton, *[""] * _GAP)
    tree, messages = rst_tree.tree_of(parser_text((*top, *new[first - 1 : last])))
    offset = first - 1 - len(top)
    if not _are_local(messages):
        return None
    for node in tree.findall():
        if node.line:
            node.line += offset
    moved = tuple(replace(message, line=message.line + offset) for message in messages)
    part = reading_of(tree, moved, new)
    titles = [title for title in part.titles if title.line >= window.above.line]
    if not titles or titles[0] != window.above or max(title.level for title in titles) > window.levels:
        return None
    if window.below and (titles[-1],) != _all_moved((window.below,), window.shift):
        return None
    return part


def _spliced(before: Reading, part: Reading, window: _Window) -> Reading:
    # A message on a title's lines may be about what stands above it, so these lines go with that.
    first = window.above.underline_line
    last = window.below.underline_line if window.below else None
    shift = window.shift
    found: dict[str, Any] = {}
    for kind in fields(Reading):
        old, new = getattr(before, kind.name), getattr(part, kind.name)
        kept = tuple(item for item in old if _line(item) <= first)
        end = None if last is None else last + shift
        put = tuple(item for item in new if _line(item) > first and (end is None or _line(item) <= end))
        rest: tuple[Any, ...] = ()
        if last is not None:
            rest = tuple(item for item in old if _line(item) > last)
        found[kind.name] = (*kept, *put, *(_all_moved(rest, shift) if shift else rest))
    return Reading(**found)


def _line(item: Any) -> int:
    return item.underline_line if isinstance(item, Title) else item.line


def _all_moved(items: tuple[Any, ...], shift: int) -> tuple[Any, ...]:
    # The same parts so many lines further down, with what they are made of (the rows and cells of a table).
    if not items:
        return items
    if isinstance(items[0], tuple):
        return tuple(_all_moved(item, shift) for item in items)
    kind = type(items[0])
    names = [field.name for field in fields(kind)]
    lines = [name for name in names if name == "line" or name.endswith("_line")]
    deeper = [name for name in names if kind is Table and name != "line"]
    found = []
    for item in items:
        values = {name: getattr(item, name) for name in names}
        for name in lines:
            values[name] += shift
        for name in deeper:
            values[name] = _all_moved(values[name], shift)
        found.append(kind(**values))
    return tuple(found)
