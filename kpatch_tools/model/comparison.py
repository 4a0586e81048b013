# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of a series side by side, and what the newer one answers to the comments on the older."""

from dataclasses import dataclass
from enum import StrEnum

from kpatch_tools.model.known import KnownAnswer
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Patch, Series


class Change(StrEnum):
    """What became of one patch; several may hold at once, UNCHANGED, ADDED and DROPPED stand alone.

    FILES means that its diff differs, MESSAGE its text without trailers, TRAILERS the trailers below it.
    MOVED means another place among the patches that both versions hold, not merely another number.
    """

    UNCHANGED = "unchanged"
    ADDED = "added"
    DROPPED = "dropped"
    MOVED = "moved"
    RENAMED = "renamed"
    AUTHOR = "author"
    FILES = "files"
    MESSAGE = "message"
    TRAILERS = "trailers"


class FileState(StrEnum):
    """What became of one file: CONTEXT means that only lines around the change differ (another base)."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDelta:
    """One file that differs; each count is (added, removed) lines in that version, (0, 0) where absent."""

    path: str
    state: FileState
    old: tuple[int, int] = (0, 0)
    new: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchPair:
    """A patch in both versions, or in one (the other is None).

    ``by`` says what paired them: "subject", "diff" (the same lines), "range-diff" or "similarity".
    ``delta`` is a diff of the two, for the eye, "" where there is nothing to show.
    """

    old: Patch | None
    new: Patch | None
    by: str = ""
    changes: tuple[Change, ...] = ()
    files: tuple[FileDelta, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    delta: str = ""


class Region(StrEnum):
    """The part of a patch mail that a comment stands below; NOTES is what lies between --- and the diff."""

    MESSAGE = "message"
    NOTES = "notes"
    DIFF = "diff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The quoted line that a comment stands below.

    ``line`` counts from 1: in the file after the patch, for a removed line (``mark`` "-") before it; in the
    commit message for MESSAGE; 0 when unknown. ``exact`` is False while lines that the reviewer cut out may
    have shifted it. ``text`` is without its diff mark. ``block`` is the quoted paragraph that ends with it.
    """

    region: Region
    text: str
    path: str = ""
    line: int = 0
    mark: str = ""
    block: tuple[str, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What a reviewer wrote in one place; ``anchor`` is None for what stands below no quoted line.

    ``mail_line`` is the line of the mail's text on which it begins, from 1.
    """

    text: str
    mail_line: int
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewMail:
    """One mail of a review; ``parents`` holds the Message-IDs it answers, nearest first.

    ``subject`` is without Re: and tags, ``version`` and ``number`` are what its tags say (None: nothing);
    ``trailers`` are those that the reviewer offers (Reviewed-by and its like).
    """

    author: str
    date: str
    subject: str
    version: int | None
    number: int | None
    is_reply: bool
    message_id: str
    parents: tuple[str, ...]
    comments: tuple[Comment, ...]
    trailers: tuple[str, ...]
    source: str


class Answer(StrEnum):
    """What the newer version did to the line below which a comment stands.

    UNKNOWN is for a comment that cannot be compared (the reason is said); GENERAL for one without a line.
    """

    GONE = "line gone"
    CHANGED = "changed"
    UNTOUCHED = "untouched"
    MOVED = "moved"
    PATCH_GONE = "patch gone"
    UNKNOWN = "not comparable"
    GENERAL = "general"

    @property
    def is_open(self) -> bool:
        """Whether the newer version shows no answer: the line stands as it was, or nobody can say."""
        return self in (Answer.UNTOUCHED, Answer.MOVED, Answer.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredComment:
    """A comment at its place in the older version, and what the newer one did there.

    ``patch`` is the patch or cover of the older version, None when it is not known. ``anchor`` is the
    comment's own, with the line that the older version has where it holds the quoted text. ``now`` is the
    place in the newer version ("path:line" or "message:line"), ``now_text`` what stands there.
    """

    mail: ReviewMail
    comment: Comment
    patch: Patch | None
    anchor: Anchor | None
    answer: Answer
    reason: str = ""
    now: str = ""
    now_text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTrailer:
    """A trailer that a reviewer gave to the older version; ``patch`` is 0 when given to the whole series.

    ``missing`` holds the numbers of the newer patches that should carry it and do not.
    """

    trailer: str
    patch: int
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole: pairs in the newer order with dropped patches at their old place; a cover pairs as 0.

    ``method`` says how the diffs were compared, and why not with git where they were not. ``known`` is what
    became of the comments that are known without any mail, None where no document has some. ``report`` is
    that on the newer version, held against that on the older; None where one of the two is lacking.
    """

    old: Series
    new: Series
    pairs: tuple[PatchPair, ...]
    files: tuple[FileDelta, ...]
    method: str
    notes: tuple[str, ...] = ()
    comments: tuple[AnsweredComment, ...] | None = None
    offered: tuple[OfferedTrailer, ...] = ()
    known: tuple[KnownAnswer, ...] | None = None
    report: Report | None = None

    @property
    def is_open(self) -> bool:
        """Whether a comment on the older version waits for an answer still, or nobody can say."""
        said = any(item.answer.is_open for item in self.comments or ())
        return said or any(item.state.is_open for item in self.known or ())
