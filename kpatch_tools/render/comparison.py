# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of a series side by side, as text and as JSON."""

import re
from collections import Counter
from collections.abc import Iterator

from kpatch_tools.model.comparison import (
    Anchor,
    Answer,
    AnsweredComment,
    Change,
    Comparison,
    FileDelta,
    FileState,
    PatchPair,
    Region,
)
from kpatch_tools.model.series import Patch
from kpatch_tools.render import known, told
from kpatch_tools.render.columns import WIDTH, cut, width, wrap
from kpatch_tools.render.escape import terminal

_DELTA = "    | "
_QUOTES = ("  > ", "  = ")
# What stands before a text in two columns: the text is set in behind it.
_LABEL = re.compile(r"(?:\S+ -> \S+ {2}.{22}  |(?:\S+ )?\S+ {2,})")
_QUOTED = 4
_NOW = 8
_MEANING = {
    Answer.GONE: "the line is gone",
    Answer.CHANGED: "changed",
    Answer.UNTOUCHED: "untouched",
    Answer.MOVED: "moved, otherwise as it was",
    Answer.PATCH_GONE: "the patch is gone",
    Answer.UNKNOWN: "cannot be compared",
    Answer.GENERAL: "on the whole, at no line",
}


def text(comparison: Comparison, *, summary: bool = False) -> str:
    """Patches, files, then comments at their places; ``summary`` leaves out how each patch differs."""
    lines = [*_head(comparison), "", *_patches(comparison, summary=summary)]
    lines += ["", *_overall(comparison)]
    for part in (known.comments(comparison), known.findings(comparison)):
        lines += ["", *part] if part else []
    if comparison.comments is not None:
        lines += ["", *_comments(comparison)]
    return "".join(f"{line}\n" for whole in lines for line in _fitted(terminal(whole)))


def _fitted(line: str) -> list[str]:
    """A line in as many as the width asks for, set in behind its first; one of a diff is cut instead."""
    if width(line) <= WIDTH:
        return [line]
    if line.startswith((_DELTA, *_QUOTES)):
        return [cut(line)]
    indent = len(line) - len(line.lstrip())
    label = _LABEL.match(line, indent)
    first = line[: label.end() if label else indent]
    return list(wrap(line[len(first) :], first=first, rest=" " * (len(first) if label else indent + 2)))


def _head(comparison: Comparison) -> Iterator[str]:
    old, new = comparison.old, comparison.new
    sides = [
        f"{side.name} v{side.version}".strip() + f" ({len(side.patches)} patches)" for side in (old, new)
    ]
    yield " -> ".join(sides)
    yield f"  compared  {comparison.method}"
    for note in comparison.notes:
        yield f"  note      {note}"
    if comparison.known:
        yield f"  comments  {known.summary(comparison.known)}"
    if comparison.report and comparison.report.told:
        yield f"  findings  {told.summary(comparison.report.told)}"


def _patches(comparison: Comparison, *, summary: bool) -> Iterator[str]:
    for pair in comparison.pairs:
        patch = pair.new or pair.old
        if patch is None:
            continue
        where = " -> ".join(str(side.number) if side else "-" for side in (pair.old, pair.new))
        subject = patch.subject if patch.number else "cover letter"
        yield f"{where:>9}  {', '.join(_words(pair)):<22}  {subject}"
        yield from (f"{'':13}{line}" for line in _details(pair))
        if pair.delta and not summary:
            yield from (f"{_DELTA}{line}" for line in pair.delta.split("\n"))


def _words(pair: PatchPair) -> list[str]:
    content = [
        item
        for item in (Change.AUTHOR, Change.FILES, Change.MESSAGE, Change.TRAILERS)
        if item in pair.changes
    ]
    only = len(content) == 1 and content[0] in (Change.MESSAGE, Change.TRAILERS)
    if Change.FILES in content and all(item.state is FileState.CONTEXT for item in pair.files):
        return [*_whole(pair), "context"]
    if not content:
        return _whole(pair)
    return [*_whole(pair), f"{content[0].value} only" if only else "changed"]


def _whole(pair: PatchPair) -> list[str]:
    shown = (Change.UNCHANGED, Change.ADDED, Change.DROPPED, Change.MOVED, Change.RENAMED)
    return [item.value for item in shown if item in pair.changes]


def _details(pair: PatchPair) -> Iterator[str]:
    if pair.old and pair.new:
        if Change.RENAMED in pair.changes:
            yield f"was      {pair.old.subject}"
        if pair.by in ("range-diff", "similarity"):
            yield f"paired   by {pair.by}"
        if Change.AUTHOR in pair.changes:
            yield f"author   {pair.old.author} -> {pair.new.author}"
    for item in pair.files:
        yield f"file     {_file(item)}"
    if Change.MESSAGE in pair.changes and Change.FILES in pair.changes:
        yield "message  changed"
    yield from (f"trailer  + {trailer}" for trailer in pair.gained)
    yield from (f"trailer  - {trailer}" for trailer in pair.lost)
    if Change.TRAILERS in pair.changes and not pair.gained and not pair.lost:
        yield "trailers in another order"


def _file(item: FileDelta) -> str:
    if item.state is FileState.CONTEXT:
        return f"{item.path}  only lines around the change"
    sizes = [f"+{added} -{removed}" for added, removed in (item.old, item.new)]
    if item.state is FileState.ADDED:
        return f"{item.path}  new here, {sizes[1]}"
    if item.state is FileState.REMOVED:
        return f"{item.path}  no longer touched, was {sizes[0]}"
    return f"{item.path}  {sizes[0]} -> {sizes[1]}"


def _overall(comparison: Comparison) -> Iterator[str]:
    if not comparison.files:
        yield "No file is changed differently."
        return
    count = len(comparison.files)
    yield "1 file is changed differently:" if count == 1 else f"{count} files are changed differently:"
    for item in comparison.files:
        yield f"  {_file(item)}"


def _comments(comparison: Comparison) -> Iterator[str]:
    comments = comparison.comments or ()
    counts = Counter(item.answer for item in comments)
    states = ", ".join(f"{counts[answer]} {answer.value}" for answer in Answer if counts[answer])
    total = "1 comment" if len(comments) == 1 else f"{len(comments)} comments"
    yield f"{total} on v{comparison.old.version}: {states}" if comments else "No comments."
    before: tuple[object, ...] = ()
    for item in comments:
        group = (item.patch.number if item.patch else None, item.mail.source)
        if group != before:
            yield ""
            yield f"{_patch(item.patch)}: {item.mail.author}, {item.mail.date or 'no date'}"
            before = group
        yield from _comment(item)
    if comparison.offered:
        yield ""
        yield "Trailers that reviewers gave:"
    for given in comparison.offered:
        where = f"patch {given.patch}" if given.patch else "the series"
        state = f"missing in {', '.join(map(str, given.missing))}" if given.missing else "taken"
        yield f"  {given.trailer}  (given to {where}): {state}"


def _patch(patch: Patch | None) -> str:
    if patch is None:
        return "unknown patch"
    return f"{patch.count} {patch.subject}" if patch.number else "cover letter"


def _comment(item: AnsweredComment) -> Iterator[str]:
    yield ""
    place = f"{_place(item.anchor)}: " if item.anchor else ""
    now = f" (now {_now(item)})" if item.now else ""
    reason = f": {item.reason}" if item.reason else ""
    yield f"  {place}{_MEANING[item.answer]}{now}{reason}"
    if item.anchor:
        block = item.anchor.block or (item.anchor.text,)
        mark = item.anchor.mark if item.anchor.mark in ("+", "-", " ") else ""
        if len(block) > _QUOTED:
            yield "  > ..."
        yield from (f"  > {mark}{line}" for line in block[-_QUOTED:])
    yield from (f"      {line}".rstrip() for line in item.comment.text.split("\n"))
    for line in item.now_text[:_NOW]:
        yield f"  = {line}"
    if len(item.now_text) > _NOW:
        yield "  = ..."


def _now(item: AnsweredComment) -> str:
    """The new place; of a file or message that was named already only the line."""
    path, _colon, line = item.now.rpartition(":")
    same = item.anchor and path in (item.anchor.path, item.anchor.region.value)
    return f"line {line}" if path and same else item.now


def _place(anchor: Anchor) -> str:
    about = "" if anchor.exact or not anchor.line else "~"
    if anchor.region is Region.MESSAGE:
        return f"commit message, line {about}{anchor.line}" if anchor.line else "commit message"
    if anchor.region is Region.NOTES:
        return "below ---"
    path = anchor.path or "unknown file"
    side = " (removed line)" if anchor.mark == "-" else ""
    return f"{path}:{about}{anchor.line}{side}" if anchor.line else path
