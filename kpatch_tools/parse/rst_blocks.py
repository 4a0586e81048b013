# SPDX-License-Identifier: GPL-2.0-only
"""A piece of reStructuredText as its reader sees it: blocks of words, with neither marks nor line breaks."""

import re
from collections.abc import Iterator

from docutils import nodes

from kpatch_tools.model.preview import Block, Word
from kpatch_tools.parse import rst_tree
from kpatch_tools.parse.rst_lines import parser_text, source_lines

_STYLES: tuple[tuple[type[nodes.Element], str], ...] = (
    (nodes.literal, "literal"),
    (nodes.strong, "strong"),
    (nodes.emphasis, "emphasis"),
    (nodes.title_reference, "cite"),
    (nodes.reference, "link"),
    (nodes.footnote_reference, "link"),
)
_WORDS = re.compile(r"\s+|[^\s]+")
_DEEPER = (nodes.bullet_list, nodes.enumerated_list, nodes.definition_list, nodes.block_quote)
CELL = Word("", "cell")


def blocks_of(text: str, first_line: int = 1) -> tuple[Block, ...]:
    """The blocks of a text in order; ``first_line`` is the number of its first line in its file."""
    tree, _messages = rst_tree.tree_of(parser_text(source_lines(text)))
    return tuple(_blocks(tree, first_line - 1, 0))


def _blocks(node: nodes.Node, offset: int, depth: int) -> Iterator[Block]:
    for child in node.children:
        if isinstance(child, nodes.system_message | nodes.comment | nodes.target | nodes.Text):
            continue
        if isinstance(child, nodes.title | nodes.subtitle | nodes.rubric):
            yield _block("title", child, offset, 0)
        elif isinstance(child, nodes.literal_block | nodes.doctest_block):
            yield from _literal(child, offset, depth)
        elif isinstance(child, nodes.paragraph | nodes.line):
            yield _block("text", child, offset, depth)
        elif isinstance(child, nodes.field):
            yield from _field(child, offset, depth)
        elif isinstance(child, nodes.term):
            yield _block("term", child, offset, depth)
        elif isinstance(child, nodes.list_item):
            yield from _item(child, offset, depth)
        elif isinstance(child, nodes.row):
            yield _row(child, offset, depth)
        elif isinstance(child, nodes.Element):
            yield from _blocks(child, offset, depth + isinstance(child, _DEEPER))


def _block(kind: str, node: nodes.Element, offset: int, depth: int) -> Block:
    return Block(kind=kind, words=tuple(_words(node)), line=_line(node, offset), depth=depth)


def _line(node: nodes.Element, offset: int) -> int:
    return node.line + offset if node.line else 0


def _literal(node: nodes.Element, offset: int, depth: int) -> Iterator[Block]:
    for at, line in enumerate(node.astext().split("\n")):
        words = tuple(Word(found[0], "literal") for found in _WORDS.finditer(line))
        yield Block(
            kind="literal", words=words, line=_line(node, offset + at) if node.line else 0, depth=depth
        )


def _field(node: nodes.field, offset: int, depth: int) -> Iterator[Block]:
    name = Word(f"{node.children[0].astext()}:", "strong")
    body = list(_blocks(node.children[1], offset, depth)) if len(node.children) > 1 else []
    first = body[0].words if body and body[0].kind == "text" else ()
    yield Block(kind="field", words=(name, Word(" "), *first), line=_line(node, offset), depth=depth)
    yield from body[bool(first) :]


def _item(node: nodes.list_item, offset: int, depth: int) -> Iterator[Block]:
    for at, block in enumerate(_blocks(node, offset, depth)):
        kind = "item" if at == 0 and block.kind == "text" else block.kind
        yield Block(kind=kind, words=block.words, line=block.line, depth=block.depth)


def _row(node: nodes.row, offset: int, depth: int) -> Block:
    words: list[Word] = []
    line = 0
    for at, entry in enumerate(node.children):
        words += [CELL] if at else []
        for block in _blocks(entry, offset, depth):
            words += [Word(" "), *block.words] if words and words[-1] != CELL else block.words
            line = min(line, block.line) if line and block.line else line or block.line
    kind = "head" if isinstance(node.parent, nodes.thead) else "row"
    return Block(kind=kind, words=tuple(words), line=line, depth=depth)


def _words(node: nodes.Node, style: str = "") -> Iterator[Word]:
    for child in node.children:
        if isinstance(child, nodes.Text):
            for found in _WORDS.finditer(child.astext()):
                yield Word(" " if found[0].isspace() else found[0], style)
        elif isinstance(child, nodes.Element) and not isinstance(child, nodes.system_message):
            inner = next((name for kind, name in _STYLES if isinstance(child, kind)), style)
            yield from _words(child, inner)
