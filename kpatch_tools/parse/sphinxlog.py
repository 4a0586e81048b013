# SPDX-License-Identifier: GPL-2.0-only
"""The messages of sphinx-build: its warning file, and the error that stopped it."""

import re

from kpatch_tools.model.preview import SphinxMessage

_LEVELS = "WARNING|ERROR|SEVERE|CRITICAL"
_PLACED = re.compile(rf"(?P<path>.+?):(?:(?P<line>\d{{1,9}}):|:|) ?(?P<level>{_LEVELS}): (?P<text>.*)$")
_BARE = re.compile(rf"(?P<level>{_LEVELS}): (?P<text>.*)$")
_KIND = re.compile(r" \[[a-z_]+(?:\.[a-z_]+)*\]$")
_STOPPED = re.compile(r"^\s*(?:[\w.]+\.)?\w*(?:Error|Exception|error): *(.+)$", re.MULTILINE)
_MOST = 500


def read_warnings(text: str, folder: str) -> tuple[SphinxMessage, ...]:
    """The messages of a file that ``sphinx-build -w`` wrote, in order; at most 500.

    ``folder`` is where the sources lie; paths come back relative to it. A line begins a message only when it
    names a file there, or nothing at all: the others belong to the message above, which may quote any text.
    """
    found: list[SphinxMessage] = []
    quoted: list[list[str]] = []
    above = folder.rstrip("/") + "/"
    for line in text.split("\n"):
        message = _message(line, above)
        if message is not None and len(found) < _MOST:
            found.append(message)
            quoted.append([])
        elif found and message is None:
            quoted[-1].append(line.replace(above, ""))
    return tuple(_with_quoted(message, lines) for message, lines in zip(found, quoted, strict=True))


def _message(line: str, folder: str) -> SphinxMessage | None:
    if line.startswith(folder):
        placed = _PLACED.match(line.removeprefix(folder))
        if placed:
            number = int(placed["line"] or 0)
            return SphinxMessage(
                level=placed["level"],
                text=placed["text"].replace(folder, ""),
                path=placed["path"],
                line=number,
            )
    bare = _BARE.match(line)
    return SphinxMessage(level=bare["level"], text=bare["text"]) if bare else None


def _with_quoted(message: SphinxMessage, lines: list[str]) -> SphinxMessage:
    # Sphinx puts the kind of a warning behind its last line.
    more = _KIND.sub("", "\n".join(lines).strip("\n"))
    return SphinxMessage(
        level=message.level,
        text=_KIND.sub("", message.text),
        path=message.path,
        line=message.line,
        more=more,
    )


def why_it_stopped(text: str) -> str:
    """The error in what a failed sphinx-build printed, in one line; "" when none is to be seen."""
    found = _STOPPED.findall(text)
    return str(found[-1]).strip() if found else ""
