# SPDX-License-Identifier: GPL-2.0-only
"""What the newer version did to each line that a reviewer commented on."""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from kpatch_tools.checks.align import align
from kpatch_tools.checks.likeness import flat, has, line_likeness, message_line, part_told
from kpatch_tools.model.comparison import (
    Anchor,
    Answer,
    AnsweredComment,
    Comment,
    OfferedTrailer,
    PatchPair,
    Region,
    ReviewMail,
)
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.parse.difflines import DiffLine, FileLines, read_lines
from kpatch_tools.parse.trailers import split_trailers

ALIKE = 0.6
_MANY = 200
_TELLING = 4
Reader = Callable[[Patch], tuple[FileLines, ...]]
_PROSE = re.compile(r"^Documentation/|\.(?:rst|txt|md)$|(?:^|/)(?:MAINTAINERS|README)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """A state with its reason, the place in the newer version, and what stands there."""

    answer: Answer
    reason: str = ""
    now: str = ""
    now_text: tuple[str, ...] = ()


def patch_of(mail: ReviewMail, series: Series) -> Patch | None:
    """The patch or cover that a mail is about: by Message-ID, else by subject, else by its number.

    A mail whose subject names another version is about no patch of this one.
    """
    mails = (series.cover, *series.patches) if series.cover else series.patches
    by_id = {patch.message_id: patch for patch in mails if patch.message_id}
    for parent in mail.parents:
        if parent in by_id:
            return by_id[parent]
    if mail.version is not None and mail.version != series.version:
        return None
    subject = " ".join(mail.subject.split())
    named = [patch for patch in mails if " ".join(patch.subject.split()) == subject]
    same = [patch for patch in named if patch.number == mail.number]
    if named:
        return (same or named)[0]
    return next((patch for patch in mails if mail.version is not None and patch.number == mail.number), None)


def answers(
    mails: Iterable[ReviewMail], old: Series, pairs: Sequence[PatchPair]
) -> tuple[AnsweredComment, ...]:
    """Every comment at its place in the older version, with what the newer version did there.

    ``pairs`` is what checks.compare.match() made of the two. The order is that of the older version's
    patches, then of the mails.
    """
    # A patch is read once, however many comments there are on it.
    read = functools.cache(_read)
    found = [_answer(mail, comment, old, pairs, read) for mail in mails for comment in mail.comments]
    return tuple(sorted(found, key=lambda item: (item.patch is None, item.patch.number if item.patch else 0)))


def offered(
    mails: Iterable[ReviewMail], old: Series, pairs: Sequence[PatchPair]
) -> tuple[OfferedTrailer, ...]:
    """The trailers that reviewers gave, and which patches of the newer version lack them.

    One given to the cover is meant for every patch that the older version had; a dropped patch lacks none.
    """
    found: dict[tuple[str, int], OfferedTrailer] = {}
    for mail in mails:
        patch = patch_of(mail, old)
        if patch is None:
            continue
        meant = [pair.new for pair in pairs if pair.old and pair.new and pair.new.number]
        if patch.number:
            meant = [pair.new for pair in pairs if pair.old is patch and pair.new]
        for trailer in mail.trailers:
            lacking = tuple(item.number for item in meant if not _carries(item, trailer))
            key = (flat(trailer).lower(), patch.number)
            found.setdefault(key, OfferedTrailer(trailer=trailer, patch=patch.number, missing=lacking))
    return tuple(found.values())


def _carries(patch: Patch, trailer: str) -> bool:
    _text, trailers = split_trailers(patch.body)
    return flat(trailer).lower() in {flat(item).lower() for item in trailers}


def _answer(
    mail: ReviewMail, comment: Comment, old: Series, pairs: Sequence[PatchPair], read: Reader
) -> AnsweredComment:
    patch = patch_of(mail, old)
    anchor = comment.anchor
    if anchor is None:
        verdict = _Verdict(answer=Answer.GENERAL)
    elif patch is None:
        verdict = _unknown("no patch of the older version has its Message-ID, subject or number")
    else:
        anchor, verdict = _judge(anchor, patch, pairs, read)
    return AnsweredComment(
        mail=mail,
        comment=comment,
        patch=patch,
        anchor=anchor,
        answer=verdict.answer,
        reason=verdict.reason,
        now=verdict.now,
        now_text=verdict.now_text,
    )


def _judge(anchor: Anchor, patch: Patch, pairs: Sequence[PatchPair], read: Reader) -> tuple[Anchor, _Verdict]:
    new = next((pair.new for pair in pairs if pair.old is patch), None)
    if anchor.region is Region.NOTES:
        return anchor, _unknown("what stands below --- is written anew for each version")
    if anchor.region is Region.MESSAGE:
        # A reviewer who cut out everything but a few lines leaves nothing to tell the diff by.
        found = None if has(patch.body, anchor.block) else _in_diff(anchor, read(patch))
        if found is None:
            return _judge_message(anchor, patch, new)
        anchor = found
    others = [pair.new for pair in pairs if pair.new and pair.new is not new and pair.new.number]
    return _judge_line(anchor, read(patch), read(new) if new else None, [(item, read) for item in others])


def _judge_message(anchor: Anchor, patch: Patch, new: Patch | None) -> tuple[Anchor, _Verdict]:
    if not has(patch.body, anchor.block):
        there = "the newer one holds it" if new and has(new.body, anchor.block) else "neither does the newer"
        return anchor, _unknown(f"the older version's message does not hold the quoted text; {there}")
    anchor = replace(anchor, line=message_line(patch.body, anchor.text) or anchor.line, exact=True)
    if new is None:
        return anchor, _Verdict(answer=Answer.PATCH_GONE)
    if has(new.body, anchor.block):
        line = message_line(new.body, anchor.text)
        return anchor, _Verdict(answer=Answer.UNTOUCHED, now=f"message:{line}" if line else "message")
    paragraphs = [part for part in re.split(r"\n\s*\n", new.body) if part.strip()]
    quoted = "\n".join(anchor.block)
    scored = [(part_told(quoted, part), -at, part) for at, part in enumerate(paragraphs)]
    score, _at, best = max(scored, default=(0.0, 0, ""))
    if score < ALIKE:
        return anchor, _Verdict(answer=Answer.GONE)
    line = message_line(new.body, best.strip().split("\n")[0])
    return anchor, _Verdict(
        answer=Answer.CHANGED,
        now=f"message:{line}" if line else "message",
        now_text=tuple(best.strip("\n").split("\n")),
    )


def _judge_line(
    anchor: Anchor,
    old: tuple[FileLines, ...],
    new: tuple[FileLines, ...] | None,
    others: Sequence[tuple[Patch, Reader]],
) -> tuple[Anchor, _Verdict]:
    """``new`` is the diff of the newer patch, None when it was dropped; ``others`` its other patches."""
    if anchor.mark not in ("+", "-", " "):
        return anchor, _unknown("it stands below a line that only says which file or hunk follows")
    found = _in_diff(anchor, old)
    if found is None:
        newer = "the newer one has it" if new and _in_diff(anchor, new) else "nor has the newer"
        return anchor, _unknown(f"the older version has no such line; {newer}")
    before = next(item for item in old if item.path == found.path)
    after = next((item for item in new or () if found.path in (item.path, item.old_path)), None)
    if after is None:
        verdict = _Verdict(answer=Answer.GONE, reason="the patch no longer touches this file")
    else:
        verdict = _compared(found, before, after)
    if verdict.answer is Answer.GONE:
        verdict = _in_other_patch(found, others) or verdict
    if new is None and verdict.answer is not Answer.MOVED:
        verdict = _Verdict(answer=Answer.PATCH_GONE)
    return found, verdict


def _in_other_patch(anchor: Anchor, others: Sequence[tuple[Patch, Reader]]) -> _Verdict | None:
    for patch, read in others:
        for item in read(patch):
            if item.path == anchor.path and (line := _same_line(anchor, item.lines)):
                return _Verdict(
                    answer=Answer.MOVED,
                    reason=f"the line is in patch {patch.count} now",
                    now=f"{item.path}:{line.line}",
                )
    return None


def _compared(anchor: Anchor, before: FileLines, after: FileLines) -> _Verdict:
    """Where the lines of the anchor went between two versions of one file's diff."""
    wanted = _positions(anchor, before)
    texts = [before.lines[at].text for at in wanted]
    kept, instead = _aligned(wanted, before, after, anchor.mark)
    same = _same_line(anchor, after.lines)
    # Where a part of a paragraph stands, what came in place of the rest is told; likeness need not be proved.
    shown = (instead or [after.lines[at] for at in kept.values()]) if kept else _alike(texts, instead)
    reflowed = len(wanted) > 1 and flat("\n".join(texts)) in flat("\n".join(_marked(after, anchor.mark)))
    if len(kept) == len(wanted) or reflowed:
        line = after.lines[kept[wanted[-1]]] if wanted[-1] in kept else same
        verdict = _Verdict(answer=Answer.UNTOUCHED, now=f"{after.path}:{line.line}" if line else after.path)
    elif len(wanted) == 1 and same:
        reason = "it stands elsewhere in this file"
        verdict = _Verdict(answer=Answer.MOVED, reason=reason, now=f"{after.path}:{same.line}")
    elif shown:
        text = tuple(f"{line.mark}{line.text}" for line in shown)
        verdict = _Verdict(answer=Answer.CHANGED, now=f"{after.path}:{shown[0].line}", now_text=text)
    elif anchor.mark == " ":
        verdict = _unknown("it is a line around the change, which the newer diff does not show")
    else:
        verdict = _Verdict(answer=Answer.GONE)
    return verdict


def _aligned(
    wanted: Sequence[int], before: FileLines, after: FileLines, mark: str
) -> tuple[dict[int, int], list[DiffLine]]:
    """Which wanted lines stand where in the newer diff, and what stands in place of the others."""
    source, target = ([f"{item.mark}{item.text}" for item in side.lines] for side in (before, after))
    kept: dict[int, int] = {}
    instead: list[DiffLine] = []
    for tag, a, b, c, d in align(source, target):
        inside = [at for at in wanted if a <= at < b]
        if tag == "equal":
            kept.update({at: c + at - a for at in inside})
        elif tag == "replace" and inside:
            instead += [line for line in after.lines[c:d] if line.mark == mark]
    return kept, instead[:_MANY]


def _alike(texts: Sequence[str], instead: Sequence[DiffLine]) -> list[DiffLine]:
    """What stands in place of ``texts``: one like line for one, the whole stretch for a paragraph."""
    if not instead:
        return []
    if len(texts) == 1:
        line = max(instead, key=lambda item: line_likeness(texts[0], item.text))
        return [line] if line_likeness(texts[0], line.text) >= ALIKE else []
    told = part_told("\n".join(texts), "\n".join(line.text for line in instead))
    return list(instead) if told >= ALIKE else []


def _positions(anchor: Anchor, before: FileLines) -> list[int]:
    """Where in a file's diff the anchor stands: its line, for prose the whole paragraph of it."""
    last = next(
        at for at, item in enumerate(before.lines) if (item.mark, item.line) == (anchor.mark, anchor.line)
    )
    if not _PROSE.search(anchor.path):
        return [last]
    first = last
    for text in reversed(anchor.block[:-1]):
        if first == 0 or flat(before.lines[first - 1].text) != flat(text):
            break
        first -= 1
    return list(range(first, last + 1))


def _in_diff(anchor: Anchor, files: tuple[FileLines, ...]) -> Anchor | None:
    """The anchor with path and line as this diff has them; None when it has no such line.

    Of several equal lines the one with the most quoted lines above it counts, then the nearest to the line
    that the quoted hunk gives.
    """
    marks = (anchor.mark,)
    block = anchor.block
    if anchor.region is Region.MESSAGE:
        if anchor.text[:1] not in ("+", "-"):
            return None
        marks, block = (anchor.text[0],), tuple(text[1:] for text in anchor.block)
    best: tuple[tuple[int, int], str, DiffLine] | None = None
    for item in files:
        if anchor.path and anchor.path not in (item.path, item.old_path):
            continue
        for at, line in enumerate(item.lines):
            if line.mark not in marks or flat(line.text) != flat(block[-1]):
                continue
            above = _agreeing(block, item.lines, at)
            score = (above, -abs(line.line - anchor.line))
            if best is None or score > best[0]:
                best = (score, item.path, line)
    if best is None:
        return None
    _score, path, line = best
    return replace(
        anchor,
        region=Region.DIFF,
        path=path,
        line=line.line,
        mark=line.mark,
        text=line.text,
        block=block,
        exact=True,
    )


def _agreeing(block: Sequence[str], lines: Sequence[DiffLine], at: int) -> int:
    count = 0
    while count < len(block) and count <= at and flat(lines[at - count].text) == flat(block[-1 - count]):
        count += 1
    return count


def _same_line(anchor: Anchor, lines: Sequence[DiffLine]) -> DiffLine | None:
    """The same text elsewhere; a brace or a blank line says nothing and is never found again."""
    if sum(char.isalnum() for char in anchor.text) < _TELLING:
        return None
    same = [line for line in lines if line.mark == anchor.mark and flat(line.text) == flat(anchor.text)]
    return same[0] if same else None


def _read(patch: Patch) -> tuple[FileLines, ...]:
    return read_lines(patch.diff, patch.source) if patch.files else ()


def _marked(item: FileLines, mark: str) -> list[str]:
    return [line.text for line in item.lines if line.mark == mark]


def _unknown(reason: str) -> _Verdict:
    return _Verdict(answer=Answer.UNKNOWN, reason=reason)
