# SPDX-License-Identifier: GPL-2.0-only
"""docutils' tree of a document, and the values that rules read from it.

Line numbers are docutils' own where they are exact (fields, paragraphs and literal blocks: checked against
the source on every such node of api.rst 6.1 and 6.12) and searched in the source where they are not.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

from kpatch_tools.model.document import Field, LiteralBlock, Message, Paragraph, Span, Title
from kpatch_tools.parse import rst_stubs
from kpatch_tools.parse.rst_lines import TAB, TOO_DEEP, UNREADABLE

# Four digits are a year or a number of another kind ("1404 AUDIT_MAC_STATUS").
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?\s+\S")
_SYMBOL = re.compile(r"KVM_[A-Z0-9_]*[A-Z0-9]")
_UNDERLINE = re.compile(r"([!-/:-@\[-`{-~])\1*\s*$")
_ROLE = re.compile(r":[a-z][\w.+:-]*:\Z")
_NO_LIMIT = 1 << 30
_STOPPED = 4


def tree_of(text: str) -> tuple[nodes.document, tuple[Message, ...]]:
    """Parse one text; the messages are in the order in which docutils met them.

    docutils stops at nothing but may fail on hostile input (a list a thousand levels deep exhausts the
    stack): that becomes a message of the highest level, so that no one takes the document for clean.
    """
    settings = get_default_settings(Parser)
    settings.report_level = 1
    settings.halt_level = 5
    settings.warning_stream = False
    settings.file_insertion_enabled = False
    settings.raw_enabled = False
    settings.syntax_highlight = "none"
    settings.line_length_limit = _NO_LIMIT
    document = new_document("document", settings)
    messages: list[Message] = []
    document.reporter.attach_observer(lambda node: messages.extend(_messages(node)))
    with rst_stubs.registered(text):
        try:
            Parser().parse(text, document)
        except RecursionError:
            line = document.current_line or 0
            messages.append(Message(level=_STOPPED, line=line, text=TOO_DEEP))
        except Exception as error:  # noqa: BLE001 - foreign code on hostile text: its faults are findings
            line = document.current_line or 0
            what = f"{UNREADABLE}: {type(error).__name__}: {error}"
            messages.append(Message(level=_STOPPED, line=line, text=what))
    return document, tuple(messages)


def _messages(node: nodes.system_message) -> Iterator[Message]:
    text = node.children[0].astext() if node.children else ""
    # Two titles of one name are no fault, and nobody could say so of a part of the document.
    if not text.startswith("Duplicate implicit target name"):
        yield Message(level=int(node["level"]), line=int(node.get("line") or 0), text=text)


Found = Mapping[type[nodes.Node], Sequence[Any]]


def by_kind(tree: nodes.document) -> Found:
    """The nodes of a tree by their kind, in document order: one walk for all that is asked for below."""
    found: dict[type[nodes.Node], list[nodes.Node]] = defaultdict(list)
    for node in tree.findall():
        found[type(node)].append(node)
    return found


def titles(found: Found, lines: tuple[str, ...]) -> Iterator[Title]:
    """All section titles in file order, with the underline that stands in the source."""
    for section in found[nodes.section]:
        title = section.next_node(nodes.title)
        if title is None or title.parent is not section:
            continue
        at = _underline_index(lines, title.rawsource.strip(), section.line or title.line or 0)
        if not at:
            continue
        text = lines[at - 1].expandtabs(TAB).strip()
        number = _NUMBER.match(text)
        symbol = _SYMBOL.search(text)
        yield Title(
            text=text,
            number=tuple(int(part) for part in number[1].split(".")) if number else (),
            symbol=symbol[0] if symbol else "",
            line=at,
            underline=lines[at].rstrip(),
            underline_line=at + 1,
            level=_depth(section),
        )


def _underline_index(lines: tuple[str, ...], text: str, near: int) -> int:
    # Index of the underline, which is the line number of the title; 0 when it is not found. docutils'
    # own number is that of the underline, or of the overline's title, or of what follows.
    for at in sorted(range(max(1, near - 4), min(len(lines), near + 4)), key=lambda at: abs(at + 1 - near)):
        if _UNDERLINE.match(lines[at]) and lines[at - 1].expandtabs(TAB).strip() == text and text:
            return at
    return 0


def _depth(node: nodes.Node) -> int:
    depth = 0
    parent: nodes.Node | None = node
    while parent is not None:
        depth += isinstance(parent, nodes.section)
        parent = parent.parent
    return depth


def fields(found: Found) -> Iterator[Field]:
    """The fields of the lists that stand directly in a section: deeper ones describe something else."""
    for node in found[nodes.field]:
        holder = node.parent.parent if node.parent is not None else None
        if not isinstance(holder, nodes.section | nodes.document) or not node.line:
            continue
        value = " ".join(_own_text(node.children[1]).split()) if len(node.children) > 1 else ""
        yield Field(name=node.children[0].astext(), value=value, line=node.line)


def _own_text(node: nodes.Node) -> str:
    # As docutils' astext(), without the messages that it puts next to what they are about.
    if not isinstance(node, nodes.Element):
        return node.astext()
    children = (child for child in node.children if not isinstance(child, nodes.system_message))
    return node.child_text_separator.join(_own_text(child) for child in children)


def literals(found: Found) -> Iterator[LiteralBlock]:
    """All literal blocks; those inside a message are docutils' quotation of a fault."""
    for node in found[nodes.literal_block]:
        if node.line and not isinstance(node.parent, nodes.system_message):
            yield LiteralBlock(text=node.astext(), line=node.line)


def tables(found: Found) -> Sequence[nodes.table]:
    """All tables, simple ones and grid ones."""
    return found[nodes.table]


def paragraphs(found: Found) -> Iterator[Paragraph]:
    """All paragraphs of the text with their source."""
    for node in found[nodes.paragraph]:
        if node.line and not isinstance(node.parent, nodes.system_message):
            yield Paragraph(text=node.rawsource, line=node.line, holder=node.parent.tagname)


def single_backticks(found: Found, lines: tuple[str, ...]) -> Iterator[Span]:
    """Every ```x``` with single marks, searched in the lines of its block for line and column."""
    cursors: dict[int, tuple[int, int]] = {}
    for node in found[nodes.title_reference]:
        block = _block_of(node)
        first = block.line if block is not None else 0
        raw = node.rawsource
        if block is None or not first or not raw.startswith("`"):
            continue
        start = cursors.get(id(block), (first, 0))
        last = first + block.rawsource.count("\n") + 1
        place = _search(lines, raw, start, last)
        if place is None:
            yield Span(text=" ".join(raw.split()), line=first, column=0)
            continue
        line, index = place
        cursors[id(block)] = (line, index + 1)
        yield Span(text=" ".join(raw.split()), line=line, column=index + 1)


def _block_of(node: nodes.Node) -> nodes.Element | None:
    block = node.parent
    while block is not None and not block.line:
        block = block.parent
    return block


def _search(lines: tuple[str, ...], raw: str, start: tuple[int, int], last: int) -> tuple[int, int] | None:
    # A title's line is that of its underline, hence one line up; the words of a long span may be apart.
    words = r"\s+".join(re.escape(word) for word in raw.split())
    pattern = re.compile(rf"(?<![`\\]){words}(?![`_]|:[a-z])")
    line, index = start
    for number in range(max(1, line - (index == 0)), min(last, len(lines)) + 1):
        here = lines[number - 1]
        text = here + "\n" + "\n".join(lines[number : number + raw.count("\n")])
        for match in pattern.finditer(text, index if number == line else 0):
            # The same words may stand before it with a role (:ref:`x`).
            if match.start() < len(here) and not _ROLE.search(here, 0, match.start()):
                return number, match.start()
    return None
