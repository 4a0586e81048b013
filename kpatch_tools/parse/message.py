# SPDX-License-Identifier: GPL-2.0-only
"""A commit message in parts: subject, text, trailers; and what git cut off below it.

What a trailer is follows git-interpret-trailers(1), except that a known tag counts wherever it stands, so
that rules can say where it ought to be.
"""

import email
import email.utils
import re
from dataclasses import dataclass

from kpatch_tools.model.series import Patch
from kpatch_tools.parse.diff import read_diff

_TRAILER = re.compile(r"^(?P<tag>[A-Za-z][A-Za-z0-9-]{1,60}):[ \t]*(?P<value>\S.*)$")
_SEPARATOR = re.compile(r"^---\s*$")
KNOWN_TAGS = frozenset(
    {
        "acked-by", "bisected-by", "cc", "change-id", "closes", "co-authored-by", "co-developed-by",
        "debugged-by", "fixes", "link", "originally-by", "reported-by", "reviewed-by", "signed-off-by",
        "suggested-by", "tested-by",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailer:
    """One tag line; ``line`` counts from 1 in the body."""

    tag: str
    value: str
    line: int

    @property
    def name(self) -> str:
        """The tag in lower case, for comparing."""
        return self.tag.lower()

    @property
    def address(self) -> str:
        """The mail address in the value in lower case, "" when there is none."""
        return email.utils.parseaddr(self.value)[1].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A commit message. ``lines`` is the body without its last empty lines.

    ``trailers`` are those of the last block, ``strays`` known tags that stand before it, ``text`` is the
    number of body lines before the block. ``below`` holds what follows the message in the mail, up to the
    first file of the diff. ``sender`` is the address in the mail's own From header, in lower case.
    """

    subject: str
    lines: tuple[str, ...]
    text: int
    trailers: tuple[Trailer, ...]
    strays: tuple[Trailer, ...]
    below: tuple[str, ...]
    sender: str

    @property
    def prose(self) -> tuple[tuple[int, str], ...]:
        """The body before the trailers, with line numbers from 1, strays left out."""
        stray = {item.line for item in self.strays}
        return tuple(
            (number, line) for number, line in enumerate(self.lines[: self.text], 1) if number not in stray
        )

    @property
    def cut_at(self) -> str:
        """The line at which git ended the message, when that is no separator line; else ""."""
        first = next((line for line in self.below if line.strip()), "")
        return "" if _SEPARATOR.match(first) else first


def read_message(patch: Patch) -> Message:
    """Take the message of one patch apart; never fails."""
    lines = patch.body.rstrip().split("\n") if patch.body.strip() else []
    start = _block(lines)
    found = [_trailer(line, number) for number, line in enumerate(lines, 1)]
    return Message(
        subject=" ".join(patch.subject.split()),
        lines=tuple(lines),
        text=start,
        trailers=tuple(item for item in found[start:] if item),
        strays=tuple(item for item in found[:start] if item and item.name in KNOWN_TAGS),
        below=_below(patch),
        sender=_sender(patch.raw),
    )


def _trailer(line: str, number: int) -> Trailer | None:
    match = _TRAILER.match(line)
    return Trailer(tag=match["tag"], value=match["value"].strip(), line=number) if match else None


def _block(lines: list[str]) -> int:
    """Where the last paragraph begins, if it is one of trailers; the end of the body otherwise."""
    start = len(lines)
    while start > 0 and lines[start - 1].strip():
        start -= 1
    tags = [item for at, line in enumerate(lines[start:], start + 1) if (item := _trailer(line, at))]
    # "[ name: what a handler changed ]" stands among trailers, and so do lines that go on with a value.
    return start if any(item.name in KNOWN_TAGS for item in tags) else len(lines)


def _below(patch: Patch) -> tuple[str, ...]:
    files = read_diff(patch.diff, patch.source)
    end = files[0].first_line - 1 if files else len(patch.diff.split("\n"))
    return tuple(patch.diff.split("\n")[:end])


def _sender(raw: bytes) -> str:
    header = email.message_from_bytes(raw[:65536]).get("From", "")
    return email.utils.parseaddr(str(header))[1].lower()
