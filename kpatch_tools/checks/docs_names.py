# SPDX-License-Identifier: GPL-2.0-only
"""Names of KVM's interface that the document uses and the tree does not have."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kpatch_tools.checks.docs_proposal import Names
from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Section
from kpatch_tools.model.kernelfacts import KernelFacts

_CAP = "KVM_CAP_"
_SURE = 0.88
_NAME = re.compile(r"(?<![A-Za-z0-9_])KVM_\w*")
_STRUCT = re.compile(r"\bstruct\s+(kvm_\w+)")
_SPLIT_STRUCT = re.compile(r"\bstruct\s*$")
_FIRST_WORD = re.compile(r"\s*(kvm_\w+)")
_LOWER = re.compile(r"[a-z]")
# KVM_SET/GET_X, KVM_(UN)SET_X and KVM_REG_{A,B}_X stand for several names; KVM_X_* for all of a family.
_BEHIND = re.compile(
    r"(?P<slash>(?:/[A-Z]\w*)+)|(?P<round>\((?P<may>[A-Z]\w*)\)(?P<rest>\w+))|(?P<open>[{<*])"
)
_DEFINE = re.compile(r"#\s*define\s+$")


@dataclass(frozen=True, slots=True)
class _Word:
    """A name that is nowhere, where it stands, and what it is: a capability, a struct or another name."""

    name: str
    line: int
    column: int
    struct: bool = False

    @property
    def written(self) -> str:
        return f"struct {self.name}" if self.struct else self.name


def unknown_name(context: Context) -> Iterator[Hit]:
    """A KVM_* name or a struct kvm_* that nothing in the kernel tree defines.

    Such a name is left from an earlier version of a series or misspelt; who copies it gets an error from
    the compiler and no idea what was meant. Capabilities and structs must be in a header that user space
    includes, other names may also be in KVM's own sources.

    Bad:  struct kvm_map_memory, where the series has renamed it to kvm_pre_fault_memory
    Good: the name as its header has it
    Source: 25 of the 1,008 names in api.rst 6.12 are unknown to its tree, and 24 of them are wrong; the
    other one is a short form (KVM_SET/GET_X), which is understood. In a series, patch 1 may use what patch 2
    defines.
    """
    facts = context.facts
    if facts is None or context.profile is None:
        return
    elsewhere = _other_rules(context, facts)
    hints = _Hints(context.document, facts)
    for word in _unknown(context.document, facts):
        if (word.line, word.name) not in elsewhere:
            where = "no header for user space" if _strict(word) else "nothing in KVM's headers and sources"
            yield Hit(
                line=word.line,
                column=word.column,
                text=f"{where} defines {word.written}",
                hint=hints.of(word),
                key=word.name,
            )


def capability_unknown(context: Context) -> Iterator[Hit]:
    """A section's title or :Capability: names a capability that no header defines.

    It is the value that a program hands to KVM_CHECK_EXTENSION; with a wrong name nobody finds out whether
    the call is there.

    Bad:  :Capability: KVM_CAP_STATS_BINARY_FD
    Good: :Capability: KVM_CAP_BINARY_STATS_FD
    Source: linux/kvm.h; 26cb30f22f9c and 0e691ee7b503 mended two, six more are in api.rst 6.1 and 6.12.
    """
    facts = context.facts
    if facts is None or context.profile is None:
        return
    places = _capability_lines(context.document)
    hints = _Hints(context.document, facts)
    for word in _unknown(context.document, facts, places):
        if word.name.startswith(_CAP) and word.line in places:
            yield Hit(
                line=word.line,
                column=word.column,
                text=f"{places[word.line]} names {word.name}, which no header for user space defines",
                hint=hints.of(word),
                key=word.name,
            )


def _capability_lines(document: ApiDocument) -> dict[int, str]:
    found = {section.title.line: "the title" for section in document.sections}
    for section in document.sections:
        for field in section.fields:
            if field.name == "Capability":
                found[field.line] = "':Capability:'"
                line = field.line + 1
                while document.source(line)[:1] in {" ", "\t"} and document.source(line).strip():
                    found[line] = "':Capability:'"
                    line += 1
    return found


def _other_rules(context: Context, facts: KernelFacts) -> set[tuple[int, str]]:
    """Line and name of what another rule reports with more to say, so that one fault is one finding."""
    document, found = context.document, set()
    for line in _capability_lines(document):
        found |= {(line, name) for name in _NAME.findall(document.source(line)) if name.startswith(_CAP)}
    for section in document.sections:
        for block in section.literals:
            # docs/define-differs names these with their values.
            for line in range(block.line, block.line + block.text.count("\n") + 1):
                source = document.source(line)
                found |= {
                    (line, match[0])
                    for match in _NAME.finditer(source)
                    if _DEFINE.search(source[: match.start()])
                }
        if _argument(section, facts):
            # docs/parameters knows which struct the ioctl takes.
            for field in section.fields:
                if field.name == "Parameters":
                    found |= {(field.line, name) for name in _STRUCT.findall(document.source(field.line))}
    return found


def _unknown(
    document: ApiDocument, facts: KernelFacts, where: Iterable[int] | None = None
) -> Iterator[_Word]:
    # Without the sources only what must be in a header for user space can be told.
    whole = any(one.arch for found in facts.handled.values() for one in found)
    for number in range(1, len(document.lines) + 1) if where is None else sorted(where):
        line = document.source(number)
        if "KVM_" not in line and "kvm_" not in line:
            continue
        for match in _NAME.finditer(line):
            word = _Word(match[0], number, match.start() + 1)
            if (whole or _strict(word)) and not _is_known(match, line, facts):
                yield word
        for match in _STRUCT.finditer(line):
            if match[1] not in facts.structs:
                yield _Word(match[1], number, match.start(1) + 1, struct=True)
        if _SPLIT_STRUCT.search(document.source(number - 1)):
            first = _FIRST_WORD.match(line)
            if first and first[1] not in facts.structs:
                yield _Word(first[1], number, first.start(1) + 1, struct=True)


def _strict(word: _Word) -> bool:
    return word.struct or word.name.startswith(_CAP)


def _is_known(match: re.Match[str], line: str, facts: KernelFacts) -> bool:
    word = match[0]
    names = facts.uapi if word.startswith(_CAP) else facts.names
    if word in names or _LOWER.search(word):
        # KVM_CAP_xyz and KVM_DEV_TYPE_xxx stand for any such name.
        return True
    behind = _BEHIND.match(line, match.end())
    if behind and behind["slash"]:
        # The first of KVM_SET/GET_X shares with the last what follows one of its underscores.
        last = behind["slash"].rpartition("/")[2]
        return any(word + last[at:] in names for at, letter in enumerate(last) if letter == "_")
    if behind and behind["round"]:
        return {word + behind["rest"], word + behind["may"] + behind["rest"]} <= names
    if word.endswith("_") or behind:
        return any(name.startswith(word) for name in names)
    return False


class _Hints:
    """Proposals for one document; what they are chosen from is made ready at the first question."""

    def __init__(self, document: ApiDocument, facts: KernelFacts) -> None:
        self._document = document
        self._facts = facts
        self._known: dict[str, Names] = {}

    def of(self, word: _Word) -> str:
        """What to write instead of this name."""
        facts = self._facts
        if word.struct:
            section = self._document.section_at(word.line)
            taken = _argument(section, facts) if section else ""
            name, sure = self._among("struct", facts.structs).closest(word.name)
            if not name and taken:
                return f"the ioctl of this section takes {taken}"
            return _propose(f"struct {name}" if name else "", sure)
        start = _CAP if word.name.startswith(_CAP) else "KVM_"
        name, sure = self._among(start, facts.uapi, start).closest(word.name)
        if not name and start != _CAP:
            name, sure = self._among("all", facts.names, start).closest(word.name)
        return _propose(name, sure)

    def _among(self, kind: str, names: Iterable[str], start: str = "") -> Names:
        if kind not in self._known:
            self._known[kind] = Names(name for name in names if name.startswith(start))
        return self._known[kind]


def _propose(name: str, sure: float) -> str:
    if not name:
        return "no known name is like it; name what a program can use, or define it in the same series"
    return f"write {name}" if sure >= _SURE else f"the closest name is {name}"


def _argument(section: Section, facts: KernelFacts) -> str:
    """The struct that the ioctl in a section's title takes, "" when there is none."""
    for name in _NAME.findall(section.title.text):
        if name in facts.ioctls and facts.ioctls[name].argument.startswith("struct "):
            return facts.ioctls[name].argument
    return ""
