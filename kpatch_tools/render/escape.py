# SPDX-License-Identifier: GPL-2.0-only
"""One escape function an output medium: everything from a mail, a tree or a guest is hostile text."""

import re
import unicodedata
from collections.abc import Mapping

# Compiled where it is used: that takes as long as many a command.
_XML_FORBIDDEN = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# Below a blank, JSON itself allows line breaks only.
_JSON_OBEYED = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
# What takes no room and is part of no word: fillers, and the tags that can spell a whole hidden sentence.
_UNSEEN = re.compile(
    "[\xad\u115f\u1160\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def terminal(text: str) -> str:
    """One printable line: control characters, bidirectional overrides and what is not seen become escapes.

    A subject may hold ESC sequences that rewrite the screen or the window's title; a tab stays a space.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char == "\t":
        return " "
    hidden = char in _BIDI or _UNSEEN.match(char)
    if hidden or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
        return char.encode("unicode_escape", "backslashreplace").decode("ascii")
    return char


def xml_text(text: str) -> str:
    """Text without the characters that XML 1.0 forbids; quoting itself is the XML writer's work."""
    return re.sub(_XML_FORBIDDEN, "\ufffd", text)


def html_text(text: str) -> str:
    """Text of a page: what xml_text() leaves, with control characters and bidirectional overrides visible.

    Line breaks and tabs stay. What < and & become is the template engine's work.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = ("\t".join(terminal(part) for part in line.split("\t")) for line in text.split("\n"))
    return xml_text("\n".join(lines))


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


def json_text(document: str) -> str:
    """A JSON document of the same value that a terminal may show.

    Control characters and bidirectional overrides become escapes; in JSON they stand in strings alone.
    """
    return re.sub(_JSON_OBEYED, lambda found: f"\\u{ord(found[0]):04x}", document)


_MARKDOWN = re.compile(
    r"^(?:[ +=-]|\d{1,9}[.)])"  # what begins a list, a heading's underline, a block of code
    r"|@|#(?=\w)|:(?=[\w+-]+:)"  # what GitHub makes of text that is no Markdown: names, issues, emoji
    r"|[Gg][Hh]-(?=\d)|[0-9a-fA-F]{6}(?=[0-9a-fA-F])"  # an issue by another name; seven digits name a commit
    r"|www\.|[&<>`*_\[\](){}!|~:$#\\]"
)
_BY_NAME = re.compile(r"[Gg][Hh]-|[0-9a-fA-F]{6}")
_APART = "<!-- -->"


def markdown(text: str) -> str:
    """One line of text in GitHub's Markdown, in a paragraph, a cell of a table, <code> or <pre> alike.

    No mark, tag, link, picture, mention, commit or emoji comes out of it: what could begin one is a character
    reference, which Markdown takes as text (CommonMark 0.31, 2.5), and what GitHub looks for in the finished
    page stands apart from what follows by an empty comment.
    """
    return _MARKDOWN.sub(_referred, terminal(text))


def _referred(found: re.Match[str]) -> str:
    mark = found[0]
    shown = "".join(f"&#{ord(char)};" for char in mark if not char.isalnum())
    kept = "".join(char for char in mark if char.isalnum())
    following = found.string[found.end() : found.end() + 1]
    apart = (
        mark == "@"
        or _BY_NAME.fullmatch(mark)
        or (mark in "#:" and (following.isalnum() or following in "_+-"))
    )
    return f"{kept}{shown}{_APART if apart and following else ''}"


def sarif_text(text: str) -> str:
    """Text of a SARIF message: no control characters but line breaks, and no link (``[text](target)``).

    Links in a message are the renderer's to make (SARIF 2.1.0, 3.11.6): hostile text has none.
    """
    return "\n".join(terminal(line) for line in text.split("\n")).replace("](", "] (")


def uri_path(path: str) -> str:
    """A path as the path of a URI: everything but unreserved characters and slashes is percent-encoded.

    A colon would make a scheme of what stands before it, and two slashes at the start a host of what follows.
    Bytes of a file name that are no UTF-8 become visible escapes, since readers decode a URI as UTF-8.
    """
    from urllib.parse import quote  # noqa: PLC0415 - every command loads this module, few show addresses

    return quote(re.sub("^//+", "/", path).encode("utf-8", "backslashreplace"), safe="/")


_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
# What may stand bare in an encoded word, also in a name before an address (RFC 2047, 5 (3)).
_ENCODED_BARE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_LONGEST_ENCODED = 75
_LONGEST_BARE = 200


def mail_words(text: str, *, phrase: bool = False) -> tuple[str, ...]:
    """A text of a mail header as printable ASCII words, which may be folded at the blanks between them.

    Whatever ``text`` holds, a reader of the header gets back terminal(text) with single blanks: no line break
    and no header of its own. ``phrase`` is for the name before an address. Source: RFC 5322, 3.2.3 to 3.2.5;
    RFC 2047, 2 and 5.
    """
    flat = " ".join(terminal(text).split())
    words = tuple(flat.split(" ")) if flat else ()
    plain = flat.isascii() and "=?" not in flat and all(len(word) <= _LONGEST_BARE for word in words)
    if not plain:
        return _encoded_words(flat)
    if not phrase or all(_ATOM.fullmatch(word) and not word.startswith(".") for word in words):
        return words
    quoted = re.sub(r'([\\"])', r"\\\1", flat)
    return (f'"{quoted}"',) if len(quoted) < _LONGEST_ENCODED else _encoded_words(flat)


def _encoded_words(text: str) -> tuple[str, ...]:
    """Encoded words of at most 75 characters; a character is never cut in two."""
    head, tail = "=?utf-8?q?", "?="
    parts = [""]
    for char in text:
        octets = "".join(chr(b) if b in _ENCODED_BARE else f"={b:02X}" for b in char.encode())
        shown = "_" if char == " " else octets
        if len(head) + len(parts[-1]) + len(shown) + len(tail) > _LONGEST_ENCODED:
            parts.append("")
        parts[-1] += shown
    return tuple(f"{head}{part}{tail}" for part in parts)


def mail_line(text: str) -> str:
    """One line of a mail's text, tabs kept: what a reader would take for the end of a line is made visible.

    A byte that is no UTF-8 (a lone surrogate) becomes a visible escape as well.
    """
    return "\t".join(terminal(part) for part in text.split("\t"))


_ROFF = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", '"': "\\(dq", "^": "\\(ha", "~": "\\(ti"}
)


def roff(text: str) -> str:
    """One line of a manual page: no escape sequence, no request, and marks that can be copied.

    A quotation mark would be taken from the text where that is the argument of a macro (man(7)).
    """
    plain = terminal(text).translate(_ROFF)
    return f"\\&{plain}" if plain.startswith(".") else plain
