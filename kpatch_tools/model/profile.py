# SPDX-License-Identifier: GPL-2.0-only
"""A documentation profile: what one file's sections must hold (docs-check/*.toml)."""

from collections.abc import Mapping

import msgspec

from kpatch_tools.model.wording import Wording


class Chapter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chapter by its number, and the fields that each of its numbered sections must have.

    ``obsolete`` are fields that its older sections have and an added one has not. ``enabled`` says that its
    sections are capabilities that a program has to enable.
    """

    number: int
    required: tuple[str, ...] = ()
    obsolete: tuple[str, ...] = ()
    enabled: bool = False


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The legal values of one field, in all chapters or in those named.

    Either ``values``, several of them separated by one of ``separators`` and, where ``all_except`` is
    given ("all except"), also that phrase before a list; or ``pattern``, a regular expression that the
    start of the value must match. ``hint`` tells the reader what is right. ``instead`` maps values that
    are legal but out of use to those that new text takes.
    """

    field: str
    hint: str
    chapters: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    separators: str = ","
    all_except: str = ""
    pattern: str = ""
    instead: Mapping[str, str] = msgspec.field(default_factory=dict)


class DocsProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One document's conventions; ``path`` is relative to the top of the kernel tree.

    ``fields`` are in the order in which a section has them. ``dotted_numbers`` are the depths at which a
    section's number ends with a dot ("4. API": 1), () where titles have no form. ``structs_in_parts`` are
    shown with prose between their members, and not in full.
    """

    name: str
    path: str
    fields: tuple[str, ...]
    chapters: tuple[Chapter, ...] = ()
    vocabularies: tuple[Vocabulary, ...] = ()
    dotted_numbers: tuple[int, ...] = ()
    wording: Wording = Wording()
    structs_in_parts: tuple[str, ...] = ()

    def required(self, chapter: int) -> tuple[str, ...]:
        """The fields that a section of this chapter must have; () for a chapter without rules."""
        return next((entry.required for entry in self.chapters if entry.number == chapter), ())

    def obsolete(self, chapter: int) -> tuple[str, ...]:
        """The fields that an added section of this chapter does not have."""
        return next((entry.obsolete for entry in self.chapters if entry.number == chapter), ())

    @property
    def enabled_chapters(self) -> frozenset[int]:
        """The chapters about capabilities that a program has to enable."""
        return frozenset(entry.number for entry in self.chapters if entry.enabled)

    def vocabulary(self, field: str, chapter: int) -> Vocabulary | None:
        """The legal values of a field in a chapter; None when anything goes."""
        for entry in self.vocabularies:
            if entry.field == field and (not entry.chapters or chapter in entry.chapters):
                return entry
        return None
