# SPDX-License-Identifier: GPL-2.0-only
"""A review mail into comments, each tied to the quoted line it stands below."""

import email
import email.message
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kpatch_tools.errors import UserError
from kpatch_tools.model.comparison import Comment, ReviewMail
from kpatch_tools.parse.mail import read_envelope
from kpatch_tools.parse.quoted import MailLine, QuotedPatch, mail_lines
from kpatch_tools.parse.subject import Subject, read_subject
from kpatch_tools.parse.trailers import is_offered

_PAGE_HEADER = re.compile(r"^(From|Date|To|Cc|Message-ID|In-Reply-To|References):[ \t]+(.*)$", re.IGNORECASE)
_IDENTITY = re.compile(r"<([^<>\s]{1,998})>")
_ATTRIBUTION_END = re.compile(r"(?:wrote|writes|schrieb|said|\u00e9crit)\s?:\s*$", re.IGNORECASE)
_ATTRIBUTION_BEGIN = re.compile(r"^(?:\W*On\b|\W*Am\b|\W*Le\b|\* |\w{3}, \d|\d{1,4}[./-]\d)")
_ORIGINAL = re.compile(r"^\s*(?:-{3,}\s*Original Message\s*-{3,}|_{20,})\s*$", re.IGNORECASE)
_CLOSING = re.compile(
    r"^\s*(?:thanks|thank you|thx|cheers|regards|best(?: regards)?|kind regards|br)[\s,.!]*$", re.IGNORECASE
)
_DIFF_START = ("diff --git ", "@@ -", "+++ b/", "--- a/")
_ATTRIBUTION_LINES = 3


def is_page(data: bytes) -> bool:
    """Whether these bytes are a list archive's page of one mail as text, and no mail.

    Such a page begins with the subject alone, and its "From:" and "Date:" lines stand in the text.
    """
    if data.startswith(b"From "):
        return False
    head = email.message_from_bytes(data[:65536])
    return not any(name in head for name in ("Subject", "From", "Message-ID"))


def read_review(raw: bytes, source: str) -> ReviewMail:
    """One mail, or one page of a list archive, with the comments in it.

    Comments keep the order of the mail. Attributions, signatures and closing words are left out, and
    trailers that the reviewer gives are taken apart. A mail of HTML alone has no comments. Raises UserError
    when the bytes are neither mail nor page.
    """
    if is_page(raw):
        return _read_page(raw, source)
    envelope = read_envelope(raw, source)
    parents = [envelope.in_reply_to, *reversed(envelope.references)]
    return _review(
        _plain_text(email.message_from_bytes(raw)),
        subject=envelope.subject,
        author=envelope.sender,
        date=envelope.date,
        message_id=envelope.message_id,
        parents=tuple(dict.fromkeys(item for item in parents if item)),
        source=source,
    )


def _read_page(raw: bytes, source: str) -> ReviewMail:
    if b"\0" in raw:
        raise UserError(
            f"{source}: NUL byte at offset {raw.index(0)}: this is no text",
            cure="save the mail as text, or the thread as an mbox: kvet series fetch MESSAGE-ID",
        )
    lines = raw.decode("utf-8", "replace").replace("\r\n", "\n").lstrip("\ufeff").split("\n")
    at = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    title = lines[at] if at < len(lines) else ""
    headers: dict[str, str] = {}
    at += 1
    while at < len(lines):
        found = _PAGE_HEADER.match(lines[at])
        if found:
            headers.setdefault(found[1].lower(), found[2].strip())
        elif lines[at].strip() or headers:
            break
        at += 1
    if "from" not in headers:
        raise UserError(
            f"{source}: neither a mail nor a page of a list archive: no From line at its head",
            cure="name an mbox, a maildir, a mail, or a page that begins with the subject and From:, Date:",
        )
    parents = [item for name in ("in-reply-to", "references") for item in _ids(headers.get(name, ""))]
    return _review(
        # Line numbers stay those of the page.
        "\n" * at + "\n".join(lines[at:]),
        subject=read_subject(title),
        author=headers["from"],
        date=headers.get("date", ""),
        message_id=next(iter(_ids(headers.get("message-id", ""))), ""),
        parents=tuple(dict.fromkeys(parents)),
        source=source,
    )


def _ids(text: str) -> list[str]:
    return _IDENTITY.findall(text)


def _plain_text(message: email.message.Message) -> str:
    for part in message.walk():
        if part.get_content_type() != "text/plain" or part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else str(payload or "").encode("utf-8", "replace")
        try:
            return data.decode(str(part.get_content_charset() or "utf-8"), "replace")
        except (LookupError, ValueError):
            return data.decode("utf-8", "replace")
    return ""


def _review(  # noqa: PLR0913 - what a mail and a page have in common
    text: str,
    *,
    subject: Subject,
    author: str,
    date: str,
    message_id: str,
    parents: tuple[str, ...],
    source: str,
) -> ReviewMail:
    reader = _Reader(depth=0)
    lines = mail_lines(text)
    reader.depth = _patch_depth(lines)
    for line in _without_attributions(lines):
        reader.take(line)
    comments = reader.close()
    return ReviewMail(
        author=" ".join(author.split()),
        date=date,
        subject=subject.text,
        version=subject.version if subject.is_patch else None,
        number=subject.number if subject.number is not None else 1 if subject.is_patch else None,
        is_reply=subject.is_reply,
        message_id=message_id,
        parents=parents,
        comments=comments,
        trailers=tuple(reader.trailers),
        source=source,
    )


def _patch_depth(lines: tuple[MailLine, ...]) -> int:
    """How deep the patch is quoted: once in a reply to it, deeper in a reply to a reply."""
    for line in lines:
        if line.depth and line.text.startswith(_DIFF_START):
            return line.depth
    attributed = [line.depth + 1 for line in lines if _ATTRIBUTION_END.search(line.text)]
    deepest = max((line.depth for line in lines), default=1)
    return max(1, min(max(attributed, default=1), deepest))


def _without_attributions(lines: tuple[MailLine, ...]) -> Iterable[MailLine]:
    """The lines without "On ..., somebody wrote:" above a deeper quote, in one line or wrapped."""
    dropped: set[int] = set()
    for at, line in enumerate(lines):
        if not _ATTRIBUTION_END.search(line.text):
            continue
        follows = next((item for item in lines[at + 1 : at + 4] if item.text.strip() or item.depth), None)
        if follows is None or follows.depth <= line.depth:
            continue
        dropped.update(_attribution(lines, at))
    return (line for at, line in enumerate(lines) if at not in dropped)


def _attribution(lines: tuple[MailLine, ...], at: int) -> range:
    """The lines of the attribution that ends on line ``at``; a line in a paragraph may end like one."""
    first = at
    while first > 0 and lines[first - 1].depth == lines[at].depth and lines[first - 1].text.strip():
        first -= 1
    for begin in range(at, max(first, at - _ATTRIBUTION_LINES + 1) - 1, -1):
        if _ATTRIBUTION_BEGIN.match(lines[begin].text):
            return range(begin, at + 1)
    return range(at, at + 1 if first == at else at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A comment and its place in the quoted patch, -1 for one behind the patch's end."""

    text: str
    mail_line: int
    place: int


@dataclass(slots=True)
class _Reader:
    """Takes the lines of a mail in order; ``depth`` is how deep the patch is quoted."""

    depth: int
    trailers: list[str] = field(default_factory=list)
    _found: list[_Found] = field(default_factory=list)
    _patch: QuotedPatch = field(default_factory=QuotedPatch)
    _open: list[MailLine] = field(default_factory=list)
    _signed: bool = False
    _stopped: bool = False

    def take(self, line: MailLine) -> None:
        if self._stopped:
            return
        if line.depth:
            self._signed = False
            self._finish()
            if line.depth == self.depth:
                if line.wrapped:
                    self._patch.join(line.text)
                else:
                    self._patch.feed(line.text)
        elif _ORIGINAL.match(line.text):
            self._stopped = True
        elif line.text.rstrip() == "--":
            self._signed = True
        elif not self._signed:
            self._open.append(line)

    def close(self) -> tuple[Comment, ...]:
        """The comments, now that the mail is at its end (only then it is known whether a hunk is whole)."""
        self._finish(last=True)
        comments: list[Comment] = []
        after = 0
        for item in self._found:
            anchor = self._patch.anchor(item.place, after) if item.place >= 0 else None
            comments.append(Comment(text=item.text, mail_line=item.mail_line, anchor=anchor))
            after = max(after, item.place)
        return tuple(comments)

    def _finish(self, *, last: bool = False) -> None:
        lines, self._open = self._open, []
        if last:
            lines = _without_closing(lines)
        self.trailers += [" ".join(line.text.split()) for line in lines if is_offered(line.text)]
        lines = [line for line in lines if not is_offered(line.text)]
        while lines and not lines[0].text.strip():
            del lines[0]
        while lines and not lines[-1].text.strip():
            del lines[-1]
        if not lines:
            return
        place = -1 if self._patch.ended else self._patch.place
        text = "\n".join(line.text.rstrip() for line in lines)
        self._found.append(_Found(text=text, mail_line=lines[0].number, place=place))


def _without_closing(lines: list[MailLine]) -> list[MailLine]:
    """Cut "Thanks," and the name below it off the end."""
    filled = [at for at, line in enumerate(lines) if line.text.strip()]
    for at in filled[-3:]:
        if _CLOSING.match(lines[at].text):
            return lines[:at]
    return lines
