# SPDX-License-Identifier: GPL-2.0-only
"""A reply -> the bytes of a mail: RFC 5322 headers, one part of plain text in UTF-8.

Nothing here can send a mail; kvet holds no code that could.
"""

import email.quoprimime
import re
from collections.abc import Iterable, Sequence
from email.utils import format_datetime

from kpatch_tools.model.reply import Reply
from kpatch_tools.model.series import Person
from kpatch_tools.render.escape import mail_words

_WIDTH = 76
# RFC 5322, 2.1.1.
_LONGEST_LINE = 998
# Printable ASCII without brackets: what an id may hold that can stand in a header as it is.
_ID = re.compile(r"[!-;=?-~]{1,900}")


def render(reply: Reply) -> bytes:
    """The whole mail, lines ended by a line feed. The same reply gives the same bytes."""
    encoding, body = _encoded(reply.body)
    headers = [
        _header("From", _people((reply.sender,))),
        _header("To", _people(reply.to)),
        _header("Cc", _people(reply.cc)),
        _header("Subject", mail_words(reply.subject)),
        _header("Date", format_datetime(reply.date).split()),
        _header("Message-ID", _ids((reply.message_id,))),
        _header("In-Reply-To", _ids((reply.in_reply_to,))),
        _header("References", _ids(reply.references)),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        f"Content-Transfer-Encoding: {encoding}",
    ]
    return "\n".join([*filter(None, headers), "", ""]).encode("ascii") + body


def is_id(text: str) -> bool:
    """Whether a Message-ID can be named in a header."""
    return _ID.fullmatch(text) is not None


def _header(name: str, words: Iterable[str]) -> str:
    """One header folded between its words, "" when there are none."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _WIDTH and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "" if lines == [f"{name}:"] else "\n".join(lines)


def _people(people: Sequence[Person]) -> list[str]:
    """Addresses with their names; a name and its address stay on one line where they fit."""
    words = []
    for at, one in enumerate(people, 1):
        comma = "," if at < len(people) else ""
        name = mail_words(one.name, phrase=True)
        whole = " ".join((*name, f"<{one.email}>" if name else one.email)) + comma
        fits = len(whole) < _WIDTH
        words += [whole] if fits else whole.split(" ")
    return words


def _ids(ids: Sequence[str]) -> list[str]:
    return [f"<{one}>" for one in ids if is_id(one)]


def _encoded(body: str) -> tuple[str, bytes]:
    octets = body.encode("utf-8", "backslashreplace")
    if any(len(line) > _LONGEST_LINE for line in octets.split(b"\n")):
        latin = octets.decode("latin-1")
        return "quoted-printable", email.quoprimime.body_encode(latin).encode("ascii")
    return ("7bit" if octets.isascii() else "8bit"), octets
