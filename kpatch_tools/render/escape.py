# SPDX-License-Identifier: GPL-2.0-only
"""One escape function an output medium: everything from a mail, a tree or a guest is hostile text."""

import re
import unicodedata

_XML_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def terminal(text: str) -> str:
    """One printable line: control characters and bidirectional overrides become visible escapes.

    A subject may hold ESC sequences that rewrite the screen or the window's title; a tab stays a space.
    """
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char == "\t":
        return " "
    if char in _BIDI or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
        return char.encode("unicode_escape", "backslashreplace").decode("ascii")
    return char


def xml_text(text: str) -> str:
    """Text without the characters that XML 1.0 forbids; quoting itself is the XML writer's work."""
    return _XML_FORBIDDEN.sub("\ufffd", text)


def github_data(text: str) -> str:
    """The message part of a GitHub workflow command (``::error ...::DATA``)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """A property value of a GitHub workflow command, where ``:`` and ``,`` end the value."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")
