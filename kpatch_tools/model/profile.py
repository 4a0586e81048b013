# SPDX-License-Identifier: GPL-2.0-only
"""A documentation profile: what one file's sections must hold (docs-check/*.toml)."""

import msgspec


class Chapter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chapter by its number, and the fields that each of its numbered sections must have."""

    number: int
    required: tuple[str, ...] = ()


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The legal values of one field, in all chapters or in those named.

    Either ``values``, several of them separated by one of ``separators`` and, where ``all_except`` is
    given ("all except"), also that phrase before a list; or ``pattern``, a regular expression that the
    start of the value must match. ``hint`` tells the reader what is right.
    """

    field: str
    hint: str
    chapters: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    separators: str = ","
    all_except: str = ""
    pattern: str = ""


class DocsProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One document's conventions; ``path`` is relative to the top of the kernel tree."""

    name: str
    path: str
    fields: tuple[str, ...]
    chapters: tuple[Chapter, ...] = ()
    vocabularies: tuple[Vocabulary, ...] = ()

    def required(self, chapter: int) -> tuple[str, ...]:
        """The fields that a section of this chapter must have; () for a chapter without rules."""
        return next((entry.required for entry in self.chapters if entry.number == chapter), ())

    def vocabulary(self, field: str, chapter: int) -> Vocabulary | None:
        """The legal values of a field in a chapter; None when anything goes."""
        for entry in self.vocabularies:
            if entry.field == field and (not entry.chapters or chapter in entry.chapters):
                return entry
        return None
