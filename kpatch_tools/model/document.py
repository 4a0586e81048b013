# SPDX-License-Identifier: GPL-2.0-only
"""The parts of Documentation/virt/kvm/api.rst that rules and the audit read, each with its line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A section title. ``number`` is (4, 138) for "4.138 KVM_MAP_MEMORY", () when it has none.

    ``line`` is the line of the text, ``underline_line`` of its underline, both from 1.
    """

    text: str
    number: tuple[int, ...]
    symbol: str
    line: int
    underline: str
    underline_line: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One ``:Name: value`` of a section's field list."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of an errno table: the name as written and the whole text of its second cell."""

    errno: str
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralBlock:
    """A literal block: its text and the line of its first line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered section with what stands in it; ``end_line`` is its last line."""

    title: Title
    fields: tuple[Field, ...]
    errors: tuple[ErrorRow, ...]
    literals: tuple[LiteralBlock, ...]
    end_line: int
