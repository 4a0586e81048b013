# SPDX-License-Identifier: GPL-2.0-only
"""The allow list: complaints of the kernel that are known, with the reason why they are no fault here."""

import re
from dataclasses import dataclass

import msgspec

from kpatch_tools.model.terms import Document


class AllowEntry(Document, kw_only=True, frozen=True):
    """One entry as it is written: ``title`` and ``release`` are regular expressions, found anywhere."""

    kind: str
    title: str
    reason: str
    release: str = ""


class AllowFile(Document, kw_only=True, frozen=True):
    """The document: ``[[splat]]`` tables."""

    splat: tuple[AllowEntry, ...] = msgspec.field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One entry that was read: what it matches, why, and the place it stands at ("splats.toml:7")."""

    kind: str
    title: re.Pattern[str]
    reason: str
    place: str
    release: re.Pattern[str] | None = None

    def of_release(self, release: str) -> bool:
        """The entry is for this kernel at all."""
        return self.release is None or self.release.search(release) is not None

    def covers(self, kind: str, title: str, release: str) -> bool:
        """The entry allows this complaint of this kernel."""
        return self.kind == kind and self.title.search(title) is not None and self.of_release(release)
