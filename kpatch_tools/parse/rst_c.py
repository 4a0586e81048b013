# SPDX-License-Identifier: GPL-2.0-only
"""The C of a document: structs and #defines in the literal blocks of a section, with the document's lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kpatch_tools.model.document import LiteralBlock, Section
from kpatch_tools.parse.cheader import Define, Member, StructDecl, declarations
from kpatch_tools.parse.ctext import without_comments

_BEGINS = re.compile(r"^\s*(?:struct\s+\w+\s*\{|#\s*define\s)", re.MULTILINE)


def shown(section: Section) -> Iterator[StructDecl | Define]:
    """The structs and macros that a section shows, in order; a struct may go on over several blocks.

    A struct that is cut short, or has a gap ("..."), has ``whole`` False.
    """
    for piece in _pieces(section.literals):
        for one in declarations(piece.text):
            yield _moved(one, piece.line - 1)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    line: int


def _pieces(blocks: Sequence[LiteralBlock]) -> Iterator[_Piece]:
    at = 0
    while at < len(blocks):
        if not _BEGINS.search(blocks[at].text):
            at += 1
            continue
        count = _closing(blocks[at:])
        yield _joined(blocks[at : at + count])
        at += count


def _closing(blocks: Sequence[LiteralBlock]) -> int:
    # How many blocks it takes until all braces of the first are closed; 1 when that never happens.
    depth = 0
    for count, block in enumerate(blocks, 1):
        code = without_comments(block.text)
        depth += code.count("{") - code.count("}")
        if depth <= 0:
            return count
    return 1


def _joined(blocks: Sequence[LiteralBlock]) -> _Piece:
    # Empty lines stand for the text between the blocks, so that lines keep their numbers.
    text, first = blocks[0].text, blocks[0].line
    for block in blocks[1:]:
        have = first + text.count("\n")
        text += "\n" * max(1, block.line - have) + block.text
    return _Piece(text, first)


def _moved(one: StructDecl | Define, lines: int) -> StructDecl | Define:
    if isinstance(one, Define):
        return replace(one, line=one.line + lines)
    return replace(one, line=one.line + lines, members=_all_moved(one.members, lines))


def _all_moved(members: tuple[Member, ...], lines: int) -> tuple[Member, ...]:
    return tuple(
        replace(member, line=member.line + lines, members=_all_moved(member.members, lines))
        for member in members
    )
