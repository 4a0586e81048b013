# SPDX-License-Identifier: GPL-2.0-only
"""Whether a struct that differs from its header is laid out differently, too: the compiler's word.

Only names, types and numbers that were read and checked reach the compiler, written anew: a document is
hostile text. What cannot be resolved is not compiled, and without a compiler nothing is said.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kpatch_tools.checks.docs_shape import members_of
from kpatch_tools.checks.docs_structs import Compared, compared
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.kernelfacts import FactStruct, KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.model.run import Command
from kpatch_tools.parse.cheader import Member
from kpatch_tools.parse.cvalue import number_of
from kpatch_tools.tools import process
from kpatch_tools.tools.process import Runner

RULE = "docs/struct-differs"
_VALUE = re.compile(r"\.(?:quad|xword|dword|8byte)\s+(\d+)")
_TIMEOUT_S = 10.0
_DEEPEST = 6
_MOST_MEMBERS = 500
_LARGEST = 1 << 20
_LONG = 8
# include/uapi/asm-generic/int-ll64.h, on the compilers of 64-bit machines.
_FIXED = {"8": "char", "16": "short", "32": "int", "64": "long long"}
_SCALARS: Mapping[str, str] = {
    **{f"__u{bits}": f"unsigned {kind}" for bits, kind in _FIXED.items()},
    **{f"__s{bits}": f"signed {kind}" for bits, kind in _FIXED.items()},
    **{f"__{end}{bits}": f"unsigned {_FIXED[bits]}" for end in ("le", "be") for bits in ("16", "32", "64")},
    **{
        f"{sign}{kind}".strip(): f"{sign}{kind}".strip()
        for sign in ("", "unsigned ", "signed ")
        for kind in ("char", "short", "int", "long", "long long")
    },
    "unsigned": "unsigned int",
}


def with_layout(
    findings: tuple[Finding, ...],
    document: ApiDocument,
    facts: KernelFacts | None,
    profile: DocsProfile | None,
    *,
    run: Runner = process.run,
) -> tuple[Finding, ...]:
    """The findings, those on structs with what gcc gives as size (bytes) and first moved member of both.

    ``document`` is the one that the lines are of. Nothing is added for a struct with a type that the headers
    do not tell, for one of a 32-bit compiler, and where there is none.
    """
    lines = {one.location.line for one in findings if one.rule == RULE and one.location}
    if not lines or facts is None or profile is None:
        return findings
    told = _told(_pairs(document, lines, facts, profile), facts, run)
    return tuple(
        replace(one, detail="\n".join(filter(None, (one.detail, told[one.location.line]))))
        if one.rule == RULE and one.location and one.location.line in told
        else one
        for one in findings
    )


def _pairs(
    document: ApiDocument, wanted: set[int], facts: KernelFacts, profile: DocsProfile
) -> Iterator[tuple[int, int, Compared]]:
    # Line of the document, that where its struct begins, and what differs there.
    held = (document.section_at(line) for line in sorted(wanted))
    sections = {section.title.line: section for section in held if section}
    for one in compared(replace(document, sections=tuple(sections.values())), facts, profile):
        for difference in one.found:
            yield one.line(difference), one.struct.line, one


@dataclass(frozen=True, slots=True)
class _Shape:
    """A struct for the compiler: the text of its body, and the names behind its members m0, m1, ..."""

    body: str
    names: tuple[str, ...]


class _NotResolvedError(Exception):
    pass


def _told(pairs: Iterator[tuple[int, int, Compared]], facts: KernelFacts, run: Runner) -> dict[int, str]:
    # Line -> sentence.
    source = ["const unsigned long long kvet[] = { sizeof(long) + 1 };"]
    waiting: list[tuple[list[int], _Shape, _Shape]] = []
    by_struct: dict[int, list[int]] = {}
    for line, first, pair in pairs:
        if first in by_struct:
            by_struct[first].append(line)
            continue
        writer = _Writer(facts, pair.fact)
        try:
            ours = writer.shape(pair.struct.members)
            theirs = writer.shape(members_of(pair.fact))
        except _NotResolvedError:
            continue
        by_struct[first] = [line]
        source += _declared(len(waiting), ours, theirs)
        waiting.append((by_struct[first], ours, theirs))
    values = _compiled("\n".join(source) + "\n", run) if waiting else []
    if values[:1] != [_LONG]:
        return {}
    told, at = {}, 1
    for lines, ours, theirs in waiting:
        count = 2 + len(ours.names) + len(theirs.names)
        part, at = values[at : at + count], at + count
        if len(part) == count:
            told.update(dict.fromkeys(lines, _sentence(part, ours.names, theirs.names)))
    return told


class _Writer:
    """Writes structs anew, with the types behind them; ``fact`` says of which architecture."""

    def __init__(self, facts: KernelFacts, fact: FactStruct) -> None:
        self.facts = facts
        self.arch = fact.arch
        self.left = _MOST_MEMBERS

    def shape(self, members: Sequence[Member]) -> _Shape:
        """A body whose members are m0, m1, ...; raises _NotResolvedError."""
        return _Shape(self._body(members, _DEEPEST), tuple(member.name for member in members))

    def _body(self, members: Sequence[Member], depth: int) -> str:
        if not depth or not members:
            raise _NotResolvedError
        return " ".join(
            f"{self._type(member, depth)} m{at}{self._count(member.count)};"
            for at, member in enumerate(members)
        )

    def _type(self, member: Member, depth: int) -> str:
        self.left -= 1
        if self.left < 0:
            raise _NotResolvedError
        kind = " ".join(member.type.split())
        if kind.endswith("*"):
            return "void *"
        if member.members:
            word = "union" if kind.startswith("union") else "struct"
            return f"{word} {{ {self._body(member.members, depth - 1)} }}"
        if kind in _SCALARS:
            return _SCALARS[kind]
        known = self.facts.structs.get(kind.removeprefix("struct "), ()) if kind.startswith("struct ") else ()
        meant = [one for one in known if one.arch == self.arch] or list(known)
        if len(meant) != 1:
            raise _NotResolvedError
        return f"struct {{ {self._body(members_of(meant[0]), depth - 1)} }}"

    def _count(self, count: str) -> str:
        numbers = [number_of(part, self.facts.values) for part in count.split("][")] if count else []
        if any(number is None or not 0 <= number <= _LARGEST for number in numbers):
            raise _NotResolvedError
        return "".join(f"[{number}]" for number in numbers)


def _declared(at: int, ours: _Shape, theirs: _Shape) -> Iterator[str]:
    # One more than each value: an assembler may write a run of zeros in another way.
    yield f"struct d{at} {{ {ours.body} }};"
    yield f"struct h{at} {{ {theirs.body} }};"
    values = [f"sizeof(struct d{at}) + 1", f"sizeof(struct h{at}) + 1"]
    for tag, shape in (("d", ours), ("h", theirs)):
        values += [f"__builtin_offsetof(struct {tag}{at}, m{n}) + 1" for n in range(len(shape.names))]
    yield f"const unsigned long long kvet{at}[] = {{ {', '.join(values)} }};"


def _compiled(source: str, run: Runner) -> list[int]:
    argv = ("gcc", "-S", "-O0", "-w", "-x", "c", "-o", "-", "-")
    result = run(Command(argv=argv, timeout=_TIMEOUT_S, stdin=source.encode()))
    if not result.ok:
        return []
    return [int(value) - 1 for value in _VALUE.findall(result.stdout.decode("ascii", "replace"))]


def _sentence(values: Sequence[int], ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    size, right = values[:2]
    places = dict(zip(ours, values[2:], strict=False))
    others = dict(zip(theirs, values[2 + len(ours) :], strict=False))
    moved = next((name for name in places if name and others.get(name, places[name]) != places[name]), "")
    said = (
        f"gcc makes it {size} bytes, that of the header {right}"
        if size != right
        else f"gcc makes it {size} bytes, as that of the header"
    )
    return (
        f"{said}; {moved} at byte {places[moved]}, in that of the header at {others[moved]}"
        if moved
        else said
    )
