# SPDX-License-Identifier: GPL-2.0-only
"""What is to be known of a command, for the manual page and for the site."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An option, an argument or a command of a group: what one types, and what it is for."""

    typed: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a description: running text, or lines that are kept as they are (``literal``)."""

    text: str
    literal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """One command; ``name`` has those above it ("kvet docs check"), ``groups`` are its titled lists."""

    name: str
    summary: str
    usage: str
    about: tuple[Block, ...]
    arguments: tuple[Entry, ...] = ()
    options: tuple[Entry, ...] = ()
    examples: tuple[Entry, ...] = ()
    exits: tuple[Entry, ...] = ()
    groups: tuple[tuple[str, tuple[Entry, ...]], ...] = ()
    commands: tuple["Manual", ...] = ()
