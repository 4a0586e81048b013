# SPDX-License-Identifier: GPL-2.0-only
"""The structs and #defines that a document shows, against the headers of its tree.

What reads C is imported where there is some: most changes touch none, and a hook should be quick.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpatch_tools.checks.docs_proposal import closest
from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Section
from kpatch_tools.model.kernelfacts import FactStruct, KernelFacts
from kpatch_tools.model.profile import DocsProfile

if TYPE_CHECKING:
    from kpatch_tools.checks.docs_shape import Difference
    from kpatch_tools.parse.cheader import Define, StructDecl

_LONGEST = 160
# A macro of another name may be the example's own.
_OF_KVM = re.compile(r"_*KVM_")


def struct_differs(context: Context) -> Iterator[Hit]:
    """A struct with other members than the header gives it.

    Programs are written after the document; a member that is missing or longer moves all that follow.

    Bad:  __u64 gpa; __u64 flags; for a struct that has __u64 size; between the two
    Good: the members of the header with the same names, types and array lengths, in the same order
    Source: of the 124 structs that api.rst 6.12 shows in full 114 are those of the headers, and the other 10
    are wrong. [0] and [] are the same; of several architectures the one named above the struct counts, else
    the closest.
    """
    facts, profile = context.facts, context.profile
    if facts is None or profile is None:
        return
    for one in compared(context.document, facts, profile):
        for difference in one.found:
            yield _hit(one, difference, context.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A struct of the document, the header's struct that it was held against, and how they differ."""

    struct: "StructDecl"
    fact: FactStruct
    found: "tuple[Difference, ...]"

    def line(self, difference: "Difference") -> int:
        """The line of the document where a difference is."""
        member = difference.documented[0] if difference.documented else difference.after
        return member.line if member else self.struct.line


def compared(document: ApiDocument, facts: KernelFacts, profile: DocsProfile) -> Iterator[Compared]:
    """Each struct that a document shows in full and a header has, with the closest of several there."""
    for section in _showing("struct", document):
        from kpatch_tools.checks.docs_shape import differences  # noqa: PLC0415 - see above
        from kpatch_tools.parse import rst_c  # noqa: PLC0415
        from kpatch_tools.parse.cheader import StructDecl  # noqa: PLC0415

        for one in rst_c.shown(section):
            if isinstance(one, StructDecl) and one.whole and one.name not in profile.structs_in_parts:
                meant = _meant(one, document, facts.structs.get(one.name, ()))
                pairs = [
                    Compared(struct=one, fact=fact, found=differences(one, fact, facts.values))
                    for fact in meant
                ]
                if pairs:
                    yield min(pairs, key=_distance)


def _distance(pair: Compared) -> int:
    return sum(len(one.documented) + len(one.actual) for one in pair.found)


def _showing(word: str, document: ApiDocument) -> Iterator[Section]:
    for section in document.sections:
        if any(word in block.text for block in section.literals):
            yield section


def _meant(
    struct: "StructDecl", document: ApiDocument, candidates: tuple[FactStruct, ...]
) -> tuple[FactStruct, ...]:
    # A comment right above the struct may name the architecture.
    above = document.source(struct.line - 1).casefold()
    words = set(re.findall(r"\w+", above)) if "/*" in above else set()
    return tuple(fact for fact in candidates if fact.arch in words) or candidates


def _hit(one: Compared, found: "Difference", document: ApiDocument) -> Hit:
    from kpatch_tools.checks.docs_shape import shown  # noqa: PLC0415 - see above

    struct, fact = one.struct, one.fact
    name = f"struct {struct.name}" + (f", {found.within}" if found.within else "")
    ours, theirs = _short(shown(found.documented)), _short(shown(found.actual))
    if not found.actual:
        text = f"{name}: the header has no '{ours}'"
        hint = "leave it out"
    elif not found.documented:
        text = f"{name}: '{theirs}' of the header is missing"
        place = f"behind {found.after.name or 'the union'}" if found.after else "as the first"
        hint = f"add {theirs} {place}"
    else:
        text = f"{name}: '{ours}' is '{theirs}' in the header"
        hint = f"write {theirs}"
    member = found.documented[0] if found.documented else found.after
    line = one.line(found)
    return Hit(
        line=line,
        column=_column(document, line, member.name if member else struct.name),
        text=text,
        hint=f"{hint} ({fact.path}:{fact.line})",
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _column(document: ApiDocument, line: int, name: str) -> int:
    source = document.source(line)
    found = re.search(rf"\b{re.escape(name)}\b", source) if name else None
    return found.start() + 1 if found else len(source) - len(source.lstrip()) + 1


def define_differs(context: Context) -> Iterator[Hit]:
    """A #define that no header has under this name or with this value.

    Programs copy the line. BIT(n) and 1 << n are the same, and so are 0x10 and 16.

    Bad:  #define KVM_X_FLAG (1 << 1) where the header has (1 << 2)
    Good: the name and the value of the header
    Source: of the 116 in api.rst 6.12 two have a name that is in no header, and none has a wrong value.
    """
    facts = context.facts
    if facts is None or context.profile is None:
        return
    for section in _showing("define", context.document):
        from kpatch_tools.parse import rst_c  # noqa: PLC0415 - see above
        from kpatch_tools.parse.cheader import Define  # noqa: PLC0415

        for one in rst_c.shown(section):
            if isinstance(one, Define) and _OF_KVM.match(one.name) and (fault := _fault(one, facts)):
                text, hint = fault
                column = _column(context.document, one.line, one.name)
                yield Hit(line=one.line, column=column, text=text, hint=hint)


def _fault(define: "Define", facts: KernelFacts) -> tuple[str, str] | None:
    if define.name not in facts.names:
        return f"#define {define.name}: no header has this name", _other_name(define, facts)
    actual = facts.values.get(define.name, "")
    if not actual or not define.value or _same(define.value, actual, facts):
        return None
    return f"#define {define.name}: '{define.value}' is '{actual}' in the header", f"write {actual}"


def _other_name(define: "Define", facts: KernelFacts) -> str:
    from kpatch_tools.parse.cvalue import number_of  # noqa: PLC0415 - see above

    name, _likeness = closest(define.name, (name for name in facts.values if _OF_KVM.match(name)))
    if not name:
        return "no known name is like it; name what a program can use, or define it in the same series"
    value = number_of(define.value, facts.values)
    sure = value is not None and value == number_of(facts.values[name], facts.values)
    return f"write {name}, which has this value" if sure else f"the closest name is {name}"


def _same(documented: str, actual: str, facts: KernelFacts) -> bool:
    from kpatch_tools.parse.cvalue import number_of  # noqa: PLC0415 - see above

    ours, theirs = number_of(documented, facts.values), number_of(actual, facts.values)
    if ours is None and theirs is None:
        return "".join(documented.split()) == "".join(actual.split())
    # One side that is not understood proves nothing.
    return ours is None or theirs is None or ours == theirs
