# SPDX-License-Identifier: GPL-2.0-only
"""A struct as a document shows it against the same struct in a header: member by member, nested ones too."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kpatch_tools.model.kernelfacts import FactMember, FactStruct
from kpatch_tools.parse.cheader import Member, StructDecl, declarations, written
from kpatch_tools.parse.cvalue import number_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Members that the document has in place of others; one of the two sides may be empty.

    ``within`` is the path of nested names that leads there ("u", "u.timer"), ``after`` the documented
    member behind which members are missing (None: they would be the first).
    """

    documented: tuple[Member, ...]
    actual: tuple[Member, ...]
    within: str = ""
    after: Member | None = None


def differences(
    documented: StructDecl, actual: FactStruct, values: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Where the two differ, in the order of the document; ``values`` are the macros behind array lengths."""
    return tuple(_between(documented.members, members_of(actual), _Marks(values), ""))


def members_of(actual: FactStruct) -> tuple[Member, ...]:
    """The members of a header's struct in the form of the document's, nested ones too; lines are 0."""
    return tuple(_member(member) for member in actual.members)


def _member(fact: FactMember) -> Member:
    count = "" if fact.count is None else fact.count or "0"
    if "{" not in fact.type:
        return Member(name=fact.name, type=fact.type, count=count, line=0)
    found = next(declarations(f"struct one {{ {fact.type} one; }};"), None)
    inner = found.members[0].members if isinstance(found, StructDecl) and found.members else ()
    return Member(name=fact.name, type=fact.type, count=count, line=0, members=inner)


@dataclass(frozen=True, slots=True)
class _Marks:
    """What makes two members the same."""

    values: Mapping[str, str]

    def of(self, member: Member) -> tuple[str, ...]:
        # A nested struct is compared by what is in it, one step further down.
        kind = (
            member.type.partition("{")[0].split()[:1] if member.members else [" ".join(member.type.split())]
        )
        return (member.name, *kind, self._length(member.count))

    def _length(self, count: str) -> str:
        if not count:
            return ""
        parts = [part.strip() for part in count.split("][")]
        return "".join(f"[{self._number(part)}]" for part in parts)

    def _number(self, text: str) -> str:
        value = number_of(text, self.values)
        return "".join(text.split()) if value is None else str(value)


def _between(
    ours: Sequence[Member], theirs: Sequence[Member], marks: _Marks, within: str
) -> Iterator[Difference]:
    left, right = [marks.of(member) for member in ours], [marks.of(member) for member in theirs]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind != "equal":
            yield Difference(
                documented=tuple(ours[start:end]),
                actual=tuple(theirs[first:last]),
                within=within,
                after=ours[start - 1] if start else None,
            )
            continue
        for mine, other in zip(ours[start:end], theirs[first:last], strict=True):
            if mine.members or other.members:
                deeper = ".".join(part for part in (within, mine.name) if part)
                yield from _between(mine.members, other.members, marks, deeper)


def shown(members: Sequence[Member]) -> str:
    """Members as C in one line."""
    return " ".join(f"{written(member)};" for member in members)
