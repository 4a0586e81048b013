# SPDX-License-Identifier: GPL-2.0-only
"""Which parts of a document a change touched, and the difference as a reader of the page sees it."""

import difflib
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from kpatch_tools.checks.align import align
from kpatch_tools.checks.docs_diff import unchanged_lines
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.preview import Block, DiffRow, Fate, Part, PartChange, Piece, SectionDiff, Word
from kpatch_tools.parse.rst_blocks import blocks_of
from kpatch_tools.parse.rst_parts import parts_of, text_of

# Of blocks, and of words: difflib takes time with the product of the two lengths.
_FEW_BLOCKS = 2_500
_FEW_WORDS = 1_000_000
_ALIKE = 0.5


def part_changes(before: ApiDocument, after: ApiDocument) -> tuple[PartChange, ...]:
    """Every part of both versions with what became of it: those of ``after`` in order, then the removed.

    Parts belong together when their titles are the same line, then by title, by name without the number,
    and last by most of their lines: a section that was renumbered or renamed is changed, not new.
    """
    same = unchanged_lines(before.lines, after.lines)
    old, new = list(parts_of(before)), list(parts_of(after))
    pairs: dict[int, Part] = {}
    keys: Sequence[tuple[Callable[[Part], Hashable], Callable[[Part], Hashable]]] = (
        (_title_line, lambda part: same.get(_title_line(part), -1)),
        (lambda part: part.name, lambda part: part.name),
        (_bare_name, _bare_name),
    )
    for old_key, new_key in keys:
        waiting = {old_key(part): part for part in reversed(old)}
        for part in new:
            found = waiting.pop(new_key(part), None) if part.first not in pairs else None
            if found is not None:
                pairs[part.first] = found
                old.remove(found)
    for part in new:
        if part.first not in pairs and (found := _most_lines(part, old, same)):
            pairs[part.first] = found
            old.remove(found)
    changes = [_change(before, after, pairs.get(part.first), part) for part in new]
    return (*changes, *(PartChange(fate=Fate.REMOVED, before=part, after=None) for part in old))


def _title_line(part: Part) -> int:
    return part.title.line if part.title else 0


def _bare_name(part: Part) -> str:
    return part.title.name if part.title else ""


def _most_lines(part: Part, old: Sequence[Part], same: Mapping[int, int]) -> Part | None:
    came_from = Counter(
        one.first
        for line in range(part.first, part.last + 1)
        if (origin := same.get(line))
        for one in old
        if one.first <= origin <= one.last
    )
    if not came_from:
        return None
    first, count = came_from.most_common(1)[0]
    found = next(one for one in old if one.first == first)
    return found if count * 2 > found.last - found.first + 1 else None


def _change(before: ApiDocument, after: ApiDocument, old: Part | None, new: Part) -> PartChange:
    if old is None:
        return PartChange(fate=Fate.ADDED, before=None, after=new)
    same = text_of(before, old).rstrip() == text_of(after, new).rstrip()
    return PartChange(fate=Fate.SAME if same else Fate.CHANGED, before=old, after=new)


def section_diff(before: ApiDocument | None, after: ApiDocument, change: PartChange) -> SectionDiff:
    """The difference of one part, block by block; text that was only wrapped anew does not differ."""
    old = _blocks(before, change.before) if before else ()
    new = _blocks(after, change.after)
    return SectionDiff(name=change.name, fate=change.fate, rows=tuple(_rows(old, new)))


def _blocks(document: ApiDocument, part: Part | None) -> tuple[Block, ...]:
    return blocks_of(text_of(document, part), part.first) if part else ()


def _rows(old: Sequence[Block], new: Sequence[Block]) -> Iterator[DiffRow]:
    known: dict[Hashable, str] = {}
    left_keys, right_keys = (
        [known.setdefault(_key(one), str(len(known))) for one in side] for side in (old, new)
    )
    for what, a, b, c, d in align(left_keys, right_keys):
        if what == "equal":
            yield from (_row(left, right) for left, right in zip(old[a:b], new[c:d], strict=True))
        else:
            yield from (_row(left, right) for left, right in _beside(old[a:b], new[c:d]))


def _key(block: Block) -> tuple[str, int, tuple[Word, ...]]:
    return block.kind, block.depth, block.words


def _beside(old: Sequence[Block], new: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Blocks of a replaced stretch in order, those that are alike beside each other."""
    at = 0
    for right in new:
        found = None
        if len(old) * len(new) <= _FEW_BLOCKS:
            found = next((i for i in range(at, len(old)) if _alike(old[i], right)), None)
        elif at < len(old) and old[at].kind == right.kind:
            found = at
        if found is None:
            yield None, right
            continue
        yield from ((left, None) for left in old[at:found])
        yield old[found], right
        at = found + 1
    yield from ((left, None) for left in old[at:])


def _alike(left: Block, right: Block) -> bool:
    if left.kind != right.kind and "literal" in (left.kind, right.kind):
        return False
    if len(left.words) * len(right.words) > _FEW_WORDS:
        return left.kind == right.kind
    old, new = ([word.text for word in block.words] for block in (left, right))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _row(left: Block | None, right: Block | None) -> DiffRow:
    block = right or left
    if block is None:
        raise ValueError("a row needs a block")
    old, new = _pieces(left.words if left else (), right.words if right else ())
    if left and right:
        fate = Fate.SAME if _key(left) == _key(right) else Fate.CHANGED
    else:
        fate = Fate.ADDED if right else Fate.REMOVED
    return DiffRow(
        fate=fate,
        kind=block.kind,
        depth=block.depth,
        old=old,
        new=new,
        old_line=left.line if left else 0,
        new_line=right.line if right else 0,
    )


def _pieces(old: Sequence[Word], new: Sequence[Word]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The words of both sides as runs, each marked when the other side has not got it."""
    if not old or not new:
        return _joined(old, set()), _joined(new, set())
    if len(old) * len(new) > _FEW_WORDS:
        return _joined(old, set(range(len(old)))), _joined(new, set(range(len(new))))
    matcher = difflib.SequenceMatcher(None, list(old), list(new), autojunk=False)
    kept = [block for block in matcher.get_matching_blocks() if block.size]
    left = {i for block in kept for i in range(block.a, block.a + block.size)}
    right = {i for block in kept for i in range(block.b, block.b + block.size)}
    return _joined(old, set(range(len(old))) - left), _joined(new, set(range(len(new))) - right)


def _joined(words: Sequence[Word], fresh: set[int]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for at, word in enumerate(words):
        last = pieces[-1] if pieces else None
        if last and last.style == word.style != "cell" and last.fresh == (at in fresh):
            pieces[-1] = Piece(last.text + word.text, last.style, last.fresh)
        else:
            pieces.append(Piece(word.text, word.style, at in fresh))
    return tuple(pieces)
