# SPDX-License-Identifier: GPL-2.0-only
"""Mails as stored, and what `git mailinfo` says of them; bytes in, values out.

Headers that identify a mail (Message-ID, threading, subject tags) are read here by the standard library.
Author, date, message and diff are git's to read, since git decides what a commit would hold.
"""

import email
import email.header
import email.message
import re
from dataclasses import dataclass

from kpatch_tools.errors import UserError
from kpatch_tools.model.series import Person
from kpatch_tools.parse.subject import Subject, read_subject

_EMPTY = re.compile(rb"^\r?\n", re.MULTILINE)
_BRACKETED = re.compile(r"<([^<>\s]{1,998})>")
_BASE = re.compile(rb"^base-commit:[ \t]*([0-9a-f]{7,64})[ \t]*\r?$", re.MULTILINE)
_CHANGE_ID = re.compile(rb"^change-id:[ \t]*(\S{1,200})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_PREREQUISITE = re.compile(rb"^prerequisite-patch-id:[ \t]*([0-9a-f]{7,64})[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The headers that place a mail in a thread. Ids are without their angle brackets, "" when absent.

    ``sender`` and ``title`` are the From and the Subject header as text.
    """

    subject: Subject
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    date: str
    raw: bytes
    source: str
    sender: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailInfo:
    """What `git mailinfo` reads from a mail: subject without tags, author, date, message and diff."""

    subject: str
    author: Person
    date: str
    body: str
    diff: str


def read_envelope(raw: bytes, source: str) -> Envelope:
    """The headers of one mail. Raises UserError when the bytes are no mail (no Subject and no From)."""
    if b"\0" in raw:
        raise UserError(
            f"{source}: NUL byte at offset {raw.index(0)}: this is no mail",
            cure="make binary changes with `git format-patch --binary`",
        )
    # The parser takes any bytes; what it dislikes it notes as a defect and goes on.
    message = email.message_from_bytes(headers_of(raw))
    subject, sender = _header(message, "Subject"), _header(message, "From")
    if not subject and not sender:
        raise UserError(
            f"{source}: no mail: it has neither a Subject nor a From header",
            cure="make patch mails with `git format-patch`",
        )
    reply_to = _BRACKETED.findall(_header(message, "In-Reply-To"))
    identity = _BRACKETED.search(_header(message, "Message-ID"))
    return Envelope(
        subject=read_subject(subject),
        message_id=identity.group(1) if identity else "",
        in_reply_to=reply_to[0] if reply_to else "",
        references=tuple(_BRACKETED.findall(_header(message, "References"))),
        date=_header(message, "Date"),
        raw=raw,
        source=source,
        sender=sender,
        title=subject,
    )


def headers_of(raw: bytes) -> bytes:
    """The mail up to and with its first empty line: the body may be megabytes."""
    end = _EMPTY.search(raw)
    return raw[: end.end()] if end else raw


def read_mailinfo(info: bytes, message: bytes, diff: bytes, source: str) -> MailInfo:
    """Join the three outputs of `git mailinfo`: its summary, the message file and the patch file.

    The summary's lines are "Author: ", "Email: ", "Subject: " and "Date: " in UTF-8; several subject lines
    make one subject of several lines, as in git's builtin/am.c. Raises UserError for a NUL byte, which a
    transfer encoding can hide and which no commit message may hold.
    """
    if any(b"\0" in part for part in (info, message, diff)):
        raise UserError(
            f"{source}: the decoded mail holds a NUL byte",
            cure="make binary changes with `git format-patch --binary`",
        )
    values: dict[str, str] = {}
    for line in info.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(": ")
        if colon and name in ("Author", "Email", "Subject", "Date"):
            values[name] = f"{values[name]}\n{value}" if name == "Subject" and name in values else value
    return MailInfo(
        subject=values.get("Subject", ""),
        author=Person(name=values.get("Author", ""), email=values.get("Email", "")),
        date=values.get("Date", ""),
        body=message.decode("utf-8", "replace"),
        diff=diff.decode("utf-8", "surrogateescape"),
    )


def recorded_base(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Base commit and prerequisite patch ids as `git format-patch --base` writes them, "" and () if none."""
    base = _BASE.search(raw)
    prerequisites = tuple(found.decode() for found in _PREREQUISITE.findall(raw))
    return (base.group(1).decode() if base else "", prerequisites)


def recorded_change_id(raw: bytes) -> str:
    """What b4 records in a cover letter to tie the versions of a series together, "" when it is absent."""
    found = _CHANGE_ID.search(raw)
    return found.group(1).decode("utf-8", "replace") if found else ""


def _header(message: email.message.Message, name: str) -> str:
    """A header as text. Encoded words that cannot be decoded stay as they are written."""
    value = message.get(name)
    if value is None:
        return ""
    if isinstance(value, email.header.Header):  # the bytes were not ASCII
        return _raw_header(message, name)
    try:
        parts = email.header.decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
            for part, charset in parts
        ).strip()
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return value.strip()


def _raw_header(message: email.message.Message, name: str) -> str:
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            octets = str(value).encode("utf-8", "surrogateescape")
            try:
                return octets.decode("utf-8").strip()
            except UnicodeDecodeError:
                return octets.decode("latin-1").strip()
    return ""
