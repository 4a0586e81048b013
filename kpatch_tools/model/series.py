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
    """One file that a patch touches; blob ids are as the index line gives them, "" when absent."""

    path: str
    old_path: str
    status: str
    old_blob: str = ""
    new_blob: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One mail of the series; ``raw`` is the whole mail as received, for git to judge."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A whole posting: patches in order, from 1; ``total`` is what the subjects announce."""

    name: str
    version: int
    total: int
    cover: Patch | None
    patches: tuple[Patch, ...]

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
    NEEDS_PREREQUISITE = "needs-prerequisite"
    BASE_UNKNOWN = "base-unknown"

    @property
    def good(self) -> bool:
        """The series is in the resulting tree."""
        return self in (ApplyState.APPLIED, ApplyState.ALREADY_APPLIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Where a patch stops: its number and subject, the file, the hunk and its line, git's own words."""

    patch: int
    subject: str
    path: str
    line: int
    hunk: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The outcome: state, reason, base, and one commit a patch where it applied (full object ids)."""

    state: ApplyState
    base: str
    reason: str = ""
    commits: tuple[str, ...] = ()
    tree: str = ""
    conflict: Conflict | None = None

    @property
    def head(self) -> str:
        """The last commit, or the base where there is none."""
        return self.commits[-1] if self.commits else self.base
