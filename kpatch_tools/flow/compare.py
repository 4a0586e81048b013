# SPDX-License-Identifier: GPL-2.0-only
"""Compare two versions of a series, and say what the newer one answers to the comments on the older."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.checks.answers import answers, offered, patch_of
from kpatch_tools.checks.compare import match
from kpatch_tools.checks.delta import overall_files, text_delta
from kpatch_tools.checks.known import Evidence, known_answers
from kpatch_tools.checks.series import completeness
from kpatch_tools.errors import UserError
from kpatch_tools.flow.base import apply_to
from kpatch_tools.flow.told import Reports
from kpatch_tools.model.comparison import (
    AnsweredComment,
    Change,
    Comparison,
    OfferedTrailer,
    PatchPair,
    ReviewMail,
)
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.known import KnownComment
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.parse.rangediff import read_delta, read_pairs
from kpatch_tools.parse.review_mail import read_review
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.private import private_folder
from kpatch_tools.tools.reviewbox import read_reviews

_SHOWN = {Change.FILES, Change.MESSAGE}


def compare_series(  # noqa: PLR0913 - two versions, and where each applies
    old: Series,
    new: Series,
    *,
    tree: Path | None = None,
    old_base: str = "HEAD",
    new_base: str = "HEAD",
    reviews: Iterable[str] | None = None,
    known: Iterable[KnownComment] | None = None,
    reports: Reports | None = None,
    sink: Sink = silent,
) -> Comparison:
    """Compare ``old`` with ``new``; ``reviews`` names mails (see tools.reviewbox), None for no comments.

    ``known`` are the comments of the series' own document, which ``reports`` may prove answered.

    With a git tree both are applied to their bases ("auto" finds each, as flow.base does), into a
    repository that is gone when this returns, and `git range-diff` compares the commits. Without one, or
    where a version does not apply, the mails' diffs are compared as text: the result's ``method`` says
    which. Raises UserError for mails that cannot be read and for a base that is not there.
    """
    # Unreadable mails should not be told after the work.
    mails = None if reviews is None else [mail for spec in reviews for mail in _mails(spec)]
    with private_folder("kvet-diff-") as folder:
        judge, method = _judge(old, new, tree, (old_base, new_base), folder, sink)
        sink(Event("diff", "pairing patches"))
        pairs = match(old, new, judge.pairs() if judge else ())
        shown = tuple(_with_delta(pair, judge) for pair in pairs)
    comments: tuple[AnsweredComment, ...] | None = None
    given: tuple[OfferedTrailer, ...] = ()
    notes = [
        f"{series.name} v{series.version} is not whole: {fault[1]}"
        for series in (old, new)
        if (fault := completeness(series))
    ]
    if mails is not None:
        kept, remarks = _about(mails, old)
        notes += remarks
        comments = answers(kept, old, pairs)
        given = offered(kept, old, pairs)
    seen = Evidence(
        old=old,
        new=new,
        pairs=pairs,
        old_report=reports.old if reports else None,
        new_report=reports.new if reports else None,
    )
    return Comparison(
        old=old,
        new=new,
        pairs=shown,
        files=overall_files(old, new),
        method=method,
        notes=tuple(notes),
        comments=comments,
        offered=given,
        known=None if known is None else known_answers(known, seen),
        report=reports.marked() if reports else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commits:
    """Both versions as commits of one repository, for git to compare."""

    store: Repository
    old: Applied
    new: Applied
    numbers: tuple[dict[int, int], dict[int, int]]

    def pairs(self) -> tuple[tuple[int, int], ...]:
        """What git pairs, as positions in the two series."""
        ranges = [f"{side.base}..{side.head}" for side in (self.old, self.new)]
        shown = self.store.ask("range-diff", "--no-color", "--no-patch", *ranges, what="cannot compare").text
        places = [_distinct(side) for side in (self.old, self.new)]
        return tuple(
            (places[0][left], places[1][right])
            for left, right in read_pairs(shown)
            if left < len(places[0]) and right < len(places[1])
        )

    def delta(self, pair: PatchPair) -> str:
        """How git tells two versions of a patch apart; "" where one of them made no commit."""
        ranges: list[str] = []
        for patch, side, at in zip((pair.old, pair.new), (self.old, self.new), self.numbers, strict=True):
            place = at.get(patch.number, -1) if patch else -1
            before = side.base if place == 0 else side.commits[place - 1]
            if place < 0 or side.commits[place] == before:
                return ""
            ranges.append(f"{before}..{side.commits[place]}")
        options = ("--no-color", "--creation-factor=999")
        return read_delta(self.store.ask("range-diff", *options, *ranges, what="cannot compare").text)


def _judge(  # noqa: PLR0913, PLR0917 - internal: two versions, their bases, and where to work
    old: Series, new: Series, tree: Path | None, bases: tuple[str, str], folder: Path, sink: Sink
) -> tuple[_Commits | None, str]:
    """Both versions as commits, or None and the reason that there are none."""
    if tree is None:
        return None, "the diffs of the mails, as text (no --tree given)"
    source = Repository.open(tree)
    store = Repository.create(folder / "store.git", borrow=source)
    done: list[Applied] = []
    for series, base in zip((old, new), bases, strict=True):
        applied, _found = apply_to(series, tree=tree, onto=base, objects=store.git_dir, sink=sink)
        if not applied.commits:
            why = f"{series.name} v{series.version}: {applied.state.value}: {applied.reason}"
            return None, f"the diffs of the mails, as text ({why})"
        done.append(applied)
    places = [{patch.number: at for at, patch in enumerate(series.patches)} for series in (old, new)]
    commits = _Commits(store=store, old=done[0], new=done[1], numbers=(places[0], places[1]))
    at = " and ".join(dict.fromkeys(side.base[:12] for side in done))
    return commits, f"git range-diff, applied to {at}"


def _distinct(applied: Applied) -> list[int]:
    """The positions of the patches that made a commit: one that the base had already repeats its parent."""
    before = [applied.base, *applied.commits[:-1]]
    return [at for at, commit in enumerate(applied.commits) if commit != before[at]]


def _with_delta(pair: PatchPair, judge: _Commits | None) -> PatchPair:
    if pair.old is None or pair.new is None or not pair.new.number or not _SHOWN & set(pair.changes):
        return pair
    delta = judge.delta(pair) if judge else ""
    return replace(pair, delta=delta or text_delta(pair.old, pair.new))


def _mails(spec: str) -> list[ReviewMail]:
    return [read_review(mail.raw, mail.source) for mail in read_reviews(spec)]


def _about(mails: list[ReviewMail], old: Series) -> tuple[list[ReviewMail], list[str]]:
    """The replies to this version, once each, with remarks on what was left out.

    A reply whose patch is not known is kept: its comments are told as not comparable.
    """
    ids = {patch.message_id for patch in ((old.cover,) if old.cover else ()) + old.patches}
    unique: dict[object, ReviewMail] = {}
    for at, mail in enumerate(mails):
        unique.setdefault(mail.message_id or (at, mail.source), mail)
    rest = [mail for mail in unique.values() if not _is_posting(mail, ids)]
    other = [
        mail
        for mail in rest
        if mail.version is not None and mail.version != old.version and patch_of(mail, old) is None
    ]
    kept = [mail for mail in rest if not any(mail is item for item in other)]
    remarks: list[str] = []
    if other:
        versions = ", ".join(f"v{number}" for number in sorted({mail.version or 0 for mail in other}))
        remarks.append(f"{len(other)} review mails are about another version ({versions}) and were left out")
    if not kept:
        raise UserError(
            f"none of the {len(mails)} mails is a review of {old.name} v{old.version}",
            cure="name the mails that answer the older version: their subjects begin with Re: [PATCH ...]",
        )
    return kept, remarks


def _is_posting(mail: ReviewMail, ids: set[str]) -> bool:
    """Whether a mail is a patch or cover, or no part of the discussion of this version."""
    if mail.message_id and mail.message_id in ids:
        return True
    return not mail.is_reply and (mail.version is not None or not ids & set(mail.parents))
