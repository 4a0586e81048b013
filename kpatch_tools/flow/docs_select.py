# SPDX-License-Identifier: GPL-2.0-only
"""A document in two versions, and which of its parts to show."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpatch_tools.checks.docs_parts import part_changes
from kpatch_tools.errors import UserError
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.preview import Excerpt, Fate, Part, PartChange
from kpatch_tools.parse.rst import decode, parse_document
from kpatch_tools.parse.rst_parts import excerpt, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A document to preview; ``changes`` are all its parts until select() has left those to show.

    ``whole`` when all of it is shown. ``old_bytes`` and ``steps`` are the file before a series and after
    each patch.
    """

    path: str
    old: ApiDocument | None
    new: ApiDocument
    changes: tuple[PartChange, ...]
    what: str
    remark: str = ""
    whole: bool = False
    old_bytes: bytes | None = None
    steps: tuple[bytes | None, ...] = ()

    @classmethod
    def read(  # noqa: PLR0913 - two versions and what is known of them
        cls,
        path: str,
        before: bytes | None,
        after: bytes,
        *,
        what: str,
        remark: str = "",
        everything: bool = False,
        steps: tuple[bytes | None, ...] = (),
    ) -> "Subject":
        """Read both versions; without an older one all parts are shown. UserError for what is no text."""
        new = parse_document(decode(after, path))
        if before is None:
            changes = tuple(
                PartChange(fate=Fate.SAME if everything else Fate.ADDED, before=None, after=part)
                for part in parts_of(new)
            )
            old = None
        else:
            old = parse_document(decode(before, f"{path} (before the change)"))
            changes = part_changes(old, new)
        return cls(
            path=path,
            old=old,
            new=new,
            changes=changes,
            what=what,
            remark=remark,
            whole=before is None,
            old_bytes=before,
            steps=steps,
        )

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts to show, in file order."""
        return tuple(change.after for change in self.changes if change.after)

    @property
    def excerpt(self) -> Excerpt:
        """The document that Sphinx gets."""
        if self.whole:
            lines = self.new.lines
            return Excerpt(text="\n".join(lines) + "\n", lines=tuple(range(1, len(lines) + 1)))
        return excerpt(self.new, self.parts)

    @property
    def excerpt_before(self) -> Excerpt | None:
        """The older versions of the same parts, None where there is none."""
        parts = [change.before for change in self.changes if change.before and change.after]
        return excerpt(self.old, parts) if self.old and parts else None


def select(subject: Subject, sections: Sequence[str]) -> Subject:
    """Leave the parts that changed, or those that ``sections`` names (symbol, number or title).

    Raises UserError for a name that fits no part, with those that come near.
    """
    if not sections:
        kept = tuple(one for one in subject.changes if subject.whole or one.fate is not Fate.SAME)
        return replace(subject, changes=kept)
    chosen = [one for word in sections for one in _named(subject, word)]
    kept = tuple(one for one in subject.changes if one in chosen)
    return replace(subject, changes=kept, whole=False)


def _named(subject: Subject, word: str) -> list[PartChange]:
    found = [one for one in subject.changes if one.after and word in _names(one.after)]
    if found:
        return found
    known = sorted({name for one in subject.changes if one.after for name in _names(one.after)})
    near = difflib.get_close_matches(word, known, n=3)
    cure = (
        f"did you mean {' or '.join(near)}?" if near else "name a symbol, a number or a title of the document"
    )
    raise UserError(f"{subject.path}: there is no section {word!r}", cure=cure)


def _names(part: Part) -> set[str]:
    title = part.title
    if title is None:
        return set()
    words = title.name.replace("/", " ").replace(",", " ").split()
    symbols = {word for word in words if word.startswith("KVM_")}
    return {title.text, title.name, title.label, title.symbol, *symbols} - {""}
