# SPDX-License-Identifier: GPL-2.0-only
"""Our own words in a mail: wrapped, and never to be taken for a quote, a trailer or a diff.

A mail that a person answers is read by programs too: b4 collects a trailer from any line that looks like
one, mail readers take a line that begins with > for a quote.
"""

import re
from collections.abc import Iterable

from kpatch_tools.render.escape import mail_line, terminal

WIDTH = 72
# What no line of ours begins with (b4 0.16 strips blanks before a trailer: LoreMessage.find_trailers). The
# robots of lists obey who sends a mail: syzbot and regzbot by a hash, netdev's by pw-bot and a colon.
_TAKEN = re.compile(
    r"^(?:\s*(?:>|(?i:#(?:for)?(?:syz|regz))|From |diff |Index: |-{2,3}(?:\s|$)|\+\+\+ |@@ |<[^>]+>$)|---)"
)
_TRAILER = re.compile(r"^\s*(?P<name>\w\S*):\s+(?P<value>\S.*)$")
_WITHOUT_ADDRESS = frozenset(
    {
        "link", "buglink", "closes", "fixes", "subject", "date", "obsoleted-by", "change-id", "base-commit",
        "prerequisite-patch-id", "message-id", "in-reply-to", "pw-bot",
    }
)  # fmt: skip
_BEGINS_BADLY = re.compile(r"^(?:>.*|#\w.*|From|diff|Index:|--|---.*|\+\+\+|@@|<.*|\w[\w-]*:)$")

_NAME_OF_C = re.compile(r"(?:struct|union|enum) [A-Za-z_]\w*:")


def paragraph(text: str, *, indent: str = "", hang: str = "") -> list[str]:
    """A text in lines of at most WIDTH columns; a word that is longer stays whole.

    ``indent`` stands before every line, ``hang`` behind it from the second on.
    """
    lines: list[str] = []
    line = indent
    for word in _units(terminal(text)):
        if line.strip() and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = indent + hang
        line += f" {word}" if line.strip() else word
    return [harmless(one) for one in [*lines, line] if one.strip()]


def literal(text: str, *, indent: str = "    ") -> list[str]:
    """Lines that keep their form (code, a table, a log), indented; each is one line, however long."""
    return [harmless(f"{indent}{mail_line(line)}".rstrip()) for line in text.split("\n")]


def harmless(line: str) -> str:
    """The line, with a mark in front where a program would take it for something else."""
    found = _TRAILER.match(line)
    trailer = found and ("@" in found["value"] or found["name"].lower() in _WITHOUT_ADDRESS)
    if not trailer and not _TAKEN.match(line):
        return line
    bare = line.lstrip()
    return f"{line[: len(line) - len(bare)]}| {bare}"


def _units(text: str) -> Iterable[str]:
    """The words, each with those behind it that had better not begin a line; two blanks end a sentence."""
    unit = ""
    for word in text.split():
        if unit and not _BEGINS_BADLY.match(word):
            yield unit
            unit = word
        else:
            unit = f"{unit} {word}" if unit else word
    if unit:
        yield unit


def sentence(text: str) -> str:
    """A message as a sentence: a capital in front unless that is a name, a full stop at the end."""
    flat = text.strip()
    if not flat:
        return ""
    first = flat.split(maxsplit=1)[0]
    if re.fullmatch(r"[a-z]+[,;:]?", first) and not _NAME_OF_C.match(flat):
        flat = flat[0].upper() + flat[1:]
    return flat if flat.endswith((".", "?", "!", ":")) else f"{flat}."
