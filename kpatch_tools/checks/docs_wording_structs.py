# SPDX-License-Identifier: GPL-2.0-only
"""What a section's text says about the #defines and the members that it shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_wording import position, text_of
from kpatch_tools.model.document import ApiDocument, Paragraph, Section
from kpatch_tools.parse.ctext import without_comments

_DEFINE = re.compile(r"\s*#\s*define\s+(?P<name>[A-Za-z_]\w*)(?P<macro>\()?[ \t]*(?P<value>.*)")
_STRUCT = re.compile(r"\bstruct\s+\w+\s*\{(?P<body>.*)\}", re.S)
_MEMBER = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*;")
_SENTENCE = re.compile(r"[^.;]+(?:[.;](?!\s)[^.;]*)*")

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# "bit 3 flags" and "the first two flags" are no count of all flags, "one flag" hardly ever is.
_COUNT = re.compile(
    rf"(?<!bit )(?<!bits )(?<!first )(?<!last )(?<!other )(?<!these )(?<!those )(?<![\w.-])"
    rf"(?P<count>{'|'.join(word for word in _NUMBERS if word != 'one')}|\d+)"
    r"\s+(?:(?:new|more|valid|defined|possible|different|such)\s+)?"
    r"(?:flags?(?!\s+(?:bit|field))|bits\s+(?:that\s+can\s+be\s+set\s+)?in\s+(?:the\s+)?`*flags)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class _Define:
    """A #define in a literal block: ``said`` when a comment stands beside or right above it."""

    name: str
    value: str
    line: int
    block: int
    said: bool


def flag_count(context: Context) -> Iterator[Hit]:
    """A number of flags in the text that is not the number of flags that the section shows.

    A flag was added or dropped in a later version of the patch, and the sentence stayed.

    Bad:  "There are 4 flags" above three #defines
    Good: no number at all, or the right one
    Source: the review of the RFC of KVM_MAP_MEMORY (2024-03) found a wrong one; the one such sentence of
    api.rst 6.1 and 6.12 (4.35) is right.
    """
    wording = context.profile.wording if context.profile else None
    if wording is None or not wording.bit:
        return
    bit = re.compile(wording.bit)
    for paragraph in text_of(context.document):
        for match in _COUNT.finditer(paragraph.text) if "flags" in paragraph.text else ():
            section = context.document.section_at(paragraph.line)
            flags = [one for one in _defines(section) if bit.match(one.value)] if section else []
            word = match["count"].lower()
            count = int(word) if word.isdigit() else _NUMBERS.index(word)
            if not flags or count in _sizes(flags):
                continue
            line, column = position(context.document, paragraph, match.start())
            names = ", ".join(one.name for one in flags)
            yield Hit(
                line=line,
                column=column,
                text=f"'{' '.join(match[0].split())}', but {len(flags)} {'is' if len(flags) == 1 else 'are'} "
                f"shown: {names}",
                hint="leave the number out, or mend it",
                related=(flags[0].line,),
            )


def define_unnamed(context: Context) -> Iterator[Hit]:
    """A #define that the text of its section never names. In a change only.

    A flag is an offer to userspace: what it does, and when it may be set, stands nowhere else.

    Bad:  #define KVM_X_FLAG_WRITE (1UL << 0), and no word about it
    Good: a sentence with ``KVM_X_FLAG_WRITE``, or a comment beside it
    Source: 42 of the 94 #defines of api.rst 6.12 are named in the text; asked for in the review of
    KVM_MAP_MEMORY's RFC (2024-03).
    """
    if context.profile is None or not context.profile.wording.bit:
        return
    for section in context.document.sections:
        if defines := [one for one in _defines(section) if not one.said]:
            text = _without_blocks(section, context.document)
            families = tuple(re.findall(r"\b(\w+_)\*", text))
            for one in defines:
                if re.search(rf"\b{one.name}\b", text) or one.name.startswith(families):
                    continue
                if context.profile.wording.helper and re.search(context.profile.wording.helper, one.name):
                    continue
                column = context.document.source(one.line).find(one.name) + 1
                what = f"the text never names {one.name}"
                yield Hit(line=one.line, column=column, text=what, hint="say what it means")


def must_be_zero(context: Context) -> Iterator[Hit]:
    """A sentence on what must be zero that misses a member, or names one that is not there. In a change only.

    Members that are not said to be zero, and not tested, can never get a meaning: old userspace leaves
    garbage in them.

    Bad:  "``flags`` must be zero" below a struct with flags and padding[5]
    Good: "``flags`` and ``padding`` must be zero"
    Source: asked for in the review of KVM_MAP_MEMORY v2 (2024-04-15); of the 34 sections of api.rst 6.12
    that show a struct with flags and padding two clear the flags only (4.52, 4.143).
    """
    wording = context.profile.wording if context.profile else None
    if wording is None or not wording.must_be_zero or not wording.reserved:
        return
    zero = re.compile(wording.must_be_zero.replace(" ", r"\s+"), re.I)
    reserved = re.compile(rf"{wording.reserved}")
    sentences: dict[int, list[tuple[Paragraph, int, set[str]]]] = {}
    for paragraph in text_of(context.document):
        for sentence in _SENTENCE.finditer(paragraph.text) if zero.search(paragraph.text) else ():
            if match := zero.search(sentence[0]):
                section = context.document.section_at(paragraph.line)
                names = set(re.findall(r"\w+", sentence[0][: match.start()]))
                if section is not None:
                    at = sentence.start() + match.start()
                    sentences.setdefault(section.title.line, []).append((paragraph, at, names))
    for section in context.document.sections:
        said = sentences.get(section.title.line, [])
        structs = _structs(section) if said else []
        if not structs:
            continue
        cleared = {name for _paragraph, _at, names in said for name in names}
        # Flags that the section or a comment in it speaks of need not be zero.
        lines = range(section.title.line, section.end_line + 1)
        source = "\n".join(context.document.source(line) for line in lines)
        told = re.search(rf"\b{re.escape(wording.flags)}\b(?!\s*;)", source) is not None
        cleared |= {wording.flags} if told else set()
        for paragraph, at, names in said:
            for text, hint in _zero_faults(names, cleared, structs, wording.flags, reserved):
                line, column = position(context.document, paragraph, at)
                yield Hit(line=line, column=column, text=text, hint=hint)


def _zero_faults(
    names: set[str], cleared: set[str], structs: list[list[str]], flags: str, reserved: re.Pattern[str]
) -> Iterator[tuple[str, str]]:
    mine = {name for name in names if reserved.fullmatch(name)}
    members = {member for struct in structs for member in struct}
    held = {member for member in members if reserved.fullmatch(member)}
    absent = sorted(mine - members - {"reserved"}) or sorted(mine - members if held else ())
    for name in absent:
        is_called = f", which has {', '.join(sorted(held))}" if held else ""
        yield (
            f"{name} must be zero, but is no member of the struct{is_called}",
            "name the members as they are",
        )
    if flags not in names and not mine:
        return
    for struct in structs:
        rest = [name for name in dict.fromkeys(struct) if name not in cleared]
        rest = [name for name in rest if name == flags or reserved.fullmatch(name)]
        subject = flags if flags in names else ", ".join(sorted(mine))
        if rest and (flags in struct if flags in names else mine & set(struct)):
            missing = ", ".join(rest)
            yield f"{subject} must be zero, and nothing is said of {missing}", f"name {missing} as well"


def _defines(section: Section) -> Iterator[_Define]:
    for block in section.literals:
        if "define" not in block.text:
            continue
        rows = block.text.split("\n")
        for index, code in enumerate(without_comments(block.text).split("\n")):
            match = _DEFINE.match(code)
            if match is None or match["macro"] or not match["value"].strip():
                continue
            above = rows[index - 1] if index else ""
            said = "/*" in rows[index] or "//" in rows[index] or above.rstrip().endswith("*/")
            yield _Define(match["name"], match["value"].strip(), block.line + index, block.line, said)


def _sizes(flags: list[_Define]) -> set[int]:
    # A section may show the flags of several members: any group of them may be the one that is counted.
    groups: dict[object, int] = {}
    for one in flags:
        parts = one.name.split("_")
        for group in (one.block, *("_".join(parts[:size]) for size in range(1, len(parts)))):
            groups[group] = groups.get(group, 0) + 1
    return {len(flags), *groups.values()}


def _structs(section: Section) -> list[list[str]]:
    # The members' names of each block with a struct, those of nested structs and unions among them.
    matches = (_STRUCT.search(without_comments(block.text)) for block in section.literals)
    return [_MEMBER.findall(match["body"]) for match in matches if match]


def _without_blocks(section: Section, document: ApiDocument) -> str:
    # The source of the section: terms of definition lists are in no paragraph.
    inside = {
        line
        for block in section.literals
        for line in range(block.line, block.line + block.text.count("\n") + 1)
    }
    lines = range(section.title.line, section.end_line + 1)
    return "\n".join(document.source(line) for line in lines if line not in inside)
