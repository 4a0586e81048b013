# SPDX-License-Identifier: GPL-2.0-only
"""One escape function an output medium: everything from a mail, a tree or a guest is hostile text."""

import re
import unicodedata
from collections.abc import Mapping

# Compiled where it is used: that takes as long as many a command.
_XML_FORBIDDEN = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
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
    return re.sub(_XML_FORBIDDEN, "\ufffd", text)


def github_data(text: str) -> str:
    """The message part of a GitHub workflow command (``::error ...::DATA``)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """A property value of a GitHub workflow command, where ``:`` and ``,`` end the value."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(level: str, message: str, properties: Mapping[str, str | int]) -> str:
    """One GitHub workflow command, ``::level name=value,...::message``, as one line without its end.

    Whatever a value or the message holds, the runner reads back one command with these properties, in
    which control characters and bidirectional overrides are visible escapes; a message keeps its line
    breaks. Empty values are left out. Source: ActionCommand.TryParseV2 of the runner.
    """
    given = ",".join(
        f"{name}={github_property(terminal(str(value)))}" for name, value in properties.items() if value
    )
    lines = "\n".join(terminal(line) for line in message.split("\n"))
    return f"::{level}{f' {given}' if given else ''}::{github_data(lines)}"


def sarif_text(text: str) -> str:
    """Text of a SARIF message: no control characters but line breaks, and no link (``[text](target)``).

    Links in a message are the renderer's to make (SARIF 2.1.0, 3.11.6): hostile text has none.
    """
    return "\n".join(terminal(line) for line in text.split("\n")).replace("](", "] (")


def uri_path(path: str) -> str:
    """A path as the path of a URI: everything but unreserved characters and slashes is percent-encoded.

    A colon would make a scheme of what stands before it. Bytes of a file name that are no UTF-8 become
    visible escapes, since readers decode a URI as UTF-8.
    """
    from urllib.parse import quote  # noqa: PLC0415 - every command loads this module, few show addresses

    return quote(path.encode("utf-8", "backslashreplace"), safe="/")
