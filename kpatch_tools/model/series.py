# SPDX-License-Identifier: GPL-2.0-only
"""A patch series as posted, and what came of applying it."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Name and address as the mail gives them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file that a patch touches; blob ids are as the index line gives them, "" when absent.

    ``path`` is the name after the patch, ``old_path`` before it (the same but for a rename or copy; a
    deleted file keeps its name in both). ``status`` is git's letter: A, D, M (a change of mode
    alone too), R or C. ``added`` and ``removed`` count lines and are 0 for ``binary``.
    """

    path: str
    old_path: str
    status: str
    old_blob: str = ""
    new_blob: str = ""
    added: int = 0
    removed: int = 0
    binary: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Both sides of a rename or copy, one name otherwise."""
        return (self.path,) if self.path == self.old_path else (self.old_path, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One mail of the series; ``raw`` is the whole mail as received, for git to judge.

    ``subject`` is without its [PATCH ...] prefix; ``author``, ``date`` and ``body`` (the commit message
    below its subject, cut at "---") are what `git mailinfo` reads, so an in-body From: counts. ``diff`` is
    everything that follows; bytes in it that are no UTF-8 are kept as lone surrogates (``diff_bytes``).
    ``number`` is 0 for a cover; ``version`` and ``total`` are what this mail's own subject announces, 0
    when it announces none. ``source`` says where the mail was read, for messages. ``damage`` is what a mail
    program did to the diff, "" for nothing.
    """

    number: int
    subject: str
    author: Person
    date: str
    message_id: str
    body: str
    diff: str
    files: tuple[FileChange, ...]
    raw: bytes
    source: str
    version: int = 1
    total: int = 0
    damage: str = ""

    @property
    def diff_bytes(self) -> bytes:
        """The diff as the mail carried it, byte by byte."""
        return self.diff.encode("utf-8", "surrogateescape")

    @property
    def count(self) -> str:
        """The number as the subject writes it ("3/10"), or the bare number."""
        return f"{self.number}/{self.total}" if self.total else str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A whole posting: patches in order, from 1; ``total`` is what the subjects announce.

    ``patches`` holds what was received, so numbers may be missing or doubled until checks.series has
    looked. ``notes`` are remarks for the reader (replies left out, a patch that was sent again).
    ``base_commit`` and ``prerequisites`` are what the mails record by `git format-patch --base`. ``rivals``
    describes what the input holds when it holds several series and none was chosen; then it has no patches.
    """

    name: str
    version: int
    total: int
    cover: Patch | None
    patches: tuple[Patch, ...]
    notes: tuple[str, ...] = ()
    base_commit: str = ""
    prerequisites: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        """Message-ID of the cover, or of the first patch where there is none."""
        first = self.cover or (self.patches[0] if self.patches else None)
        return first.message_id if first else ""


class ApplyState(StrEnum):
    """What applying came to; everything but the first two exits non-zero."""

    APPLIED = "applied"
    ALREADY_APPLIED = "already-applied"
    CONFLICT = "conflict"
    INCOMPLETE = "incomplete"
    BAD_COUNT = "bad-count"
    DUPLICATE = "duplicate"
    SEVERAL = "several-series"
    COVER_ONLY = "cover-only"
    DAMAGED = "damaged"
    NEEDS_PREREQUISITE = "needs-prerequisite"
    BASE_UNKNOWN = "base-unknown"

    @property
    def good(self) -> bool:
        """The series is in the resulting tree."""
        return self in (ApplyState.APPLIED, ApplyState.ALREADY_APPLIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Where a patch stops: its number and subject, the file, the hunk and its line, git's own words.

    ``line`` is the old line that the hunk names, 0 when the fault is no hunk's (a file that is not there);
    ``hunk`` is the hunk's @@ line. ``wanted`` are the lines that the hunk expects (its context and what it
    removes), ``found`` the lines of the tree that come nearest to them, from line ``found_line`` on (0 and
    empty when nothing is like them). ``changed_by`` is the commit that took them away, where history says so;
    ``remark`` is what else is known, in one line.
    """

    patch: int
    subject: str
    path: str
    line: int
    hunk: str
    detail: str
    wanted: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    found_line: int = 0
    changed_by: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The outcome: state, reason, base, and one commit a patch where it applied (full object ids).

    Where the state is applied, ``commits[i]`` belongs to ``patches[i]``; a patch that the base already
    holds repeats its parent. For already-applied there are no commits and ``tree`` is the base's own.
    ``merged`` counts the patches that took a three-way merge. ``below`` are commits of prerequisite patches
    that were applied first; ``base`` is then the last of them, and the first goes on the commit asked for.
    """

    state: ApplyState
    base: str
    reason: str = ""
    commits: tuple[str, ...] = ()
    tree: str = ""
    conflict: Conflict | None = None
    merged: tuple[str, ...] = ()
    below: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The last commit, or the base where there is none."""
        return self.commits[-1] if self.commits else self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTry:
    """One try to find the base: the way, what was looked at ("" for nothing), and why it was (not) taken.

    ``commit`` is the full id where there was one to try.
    """

    way: str
    what: str
    commit: str
    taken: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFound:
    """Where a series goes: a commit, the prerequisite patches to apply there first, and every try.

    ``state`` is None when a base was found; otherwise needs-prerequisite or base-unknown, and ``commit`` is
    the tree's HEAD.
    """

    commit: str
    tries: tuple[BaseTry, ...]
    prerequisites: tuple[Patch, ...] = ()
    state: ApplyState | None = None
    reason: str = ""
