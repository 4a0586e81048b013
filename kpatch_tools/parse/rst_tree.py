# SPDX-License-Identifier: GPL-2.0-only
"""docutils' tree of a document, and the values that rules read from it.

Line numbers are docutils' own where they are exact (fields, paragraphs and literal blocks: checked against
the source on every such node of api.rst 6.1 and 6.12) and searched in the source where they are not.
"""

import re
from collections.abc import Iterator

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

from kpatch_tools.model.document import Field, LiteralBlock, Message, Paragraph, Span, Title
from kpatch_tools.parse import rst_stubs

_NUMBER = re.compile(r"(\d+(?:\.\d+)*)\.?\s+\S")
_SYMBOL = re.compile(r"KVM_[A-Z0-9_]*[A-Z0-9]")
_UNDERLINE = re.compile(r"([!-/:-@\[-`{-~])\1*\s*$")
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
    document.reporter.attach_observer(lambda node: messages.append(_message(node)))
    with rst_stubs.registered(text):
        try:
            Parser().parse(text, document)
        except RecursionError:
            line = document.current_line or 0
            messages.append(Message(level=_STOPPED, line=line, text="nested too deeply to be read"))
        except Exception as error:  # noqa: BLE001 - foreign code on hostile text: its faults are findings
            line = document.current_line or 0
            what = f"docutils cannot read this: {type(error).__name__}: {error}"
            messages.append(Message(level=_STOPPED, line=line, text=what))
    return document, tuple(messages)


def _message(node: nodes.system_message) -> Message:
    text = node.children[0].astext() if node.children else ""
    return Message(level=int(node["level"]), line=int(node.get("line") or 0), text=text)


def titles(tree: nodes.document, lines: tuple[str, ...]) -> Iterator[Title]:
    """All section titles in file order, with the underline that stands in the source."""
    for section in tree.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is None or title.parent is not section:
            continue
        at = _underline_index(lines, title.rawsource.strip(), section.line or title.line or 0)
        if not at:
            continue
        text = lines[at - 1].strip()
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
        if _UNDERLINE.match(lines[at]) and lines[at - 1].strip() == text and text:
            return at
    return 0


def _depth(node: nodes.Node) -> int:
    depth = 0
    parent: nodes.Node | None = node
    while parent is not None:
        depth += isinstance(parent, nodes.section)
        parent = parent.parent
    return depth


def fields(tree: nodes.document) -> Iterator[Field]:
    """The fields of the lists that stand directly in a section: deeper ones describe something else."""
    for node in tree.findall(nodes.field):
        holder = node.parent.parent if node.parent is not None else None
        if not isinstance(holder, nodes.section | nodes.document) or not node.line:
            continue
        value = " ".join(node.children[1].astext().split()) if len(node.children) > 1 else ""
        yield Field(name=node.children[0].astext(), value=value, line=node.line)


def literals(tree: nodes.document) -> Iterator[LiteralBlock]:
    """All literal blocks; those inside a message are docutils' quotation of a fault."""
    for node in tree.findall(nodes.literal_block):
        if node.line and not isinstance(node.parent, nodes.system_message):
            yield LiteralBlock(text=node.astext(), line=node.line)


def paragraphs(tree: nodes.document) -> Iterator[Paragraph]:
    """All paragraphs of the text with their source."""
    for node in tree.findall(nodes.paragraph):
        if node.line and not isinstance(node.parent, nodes.system_message):
            yield Paragraph(text=node.rawsource, line=node.line, holder=node.parent.tagname)


def single_backticks(tree: nodes.document, lines: tuple[str, ...]) -> Iterator[Span]:
    """Every ```x``` with single marks, searched in the lines of its block for line and column."""
    cursors: dict[int, tuple[int, int]] = {}
    for node in tree.findall(nodes.title_reference):
        block = _block_of(node)
        first = block.line if block is not None else 0
        raw = node.rawsource
        if block is None or not first or not raw.startswith("`"):
            continue
        start = cursors.get(id(block), (first, 0))
        last = first + block.rawsource.count("\n") + 1
        found = _search(lines, raw, start, last)
        if found is None:
            yield Span(text=" ".join(raw.split()), line=first, column=0)
            continue
        line, index = found
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
    pattern = re.compile(rf"(?<![`\\]){words}(?!`)")
    line, index = start
    for number in range(max(1, line - (index == 0)), min(last, len(lines)) + 1):
        here = lines[number - 1]
        text = here + "\n" + "\n".join(lines[number : number + raw.count("\n")])
        match = pattern.search(text, index if number == line else 0)
        if match and match.start() < len(here):
            return number, match.start()
    return None
