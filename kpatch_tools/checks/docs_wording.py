# SPDX-License-Identifier: GPL-2.0-only
"""What a section's text says about machines, against its field list."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_text import Text
from kpatch_tools.model.document import ApiDocument, Paragraph, Section
from kpatch_tools.model.wording import Wording


def vendor_word(context: Context) -> Iterator[Hit]:
    """A word of one vendor's technology in a section that is for all machines.

    The section is read by those who add the call to another architecture; what holds for one technology
    belongs into that technology's own document.

    Bad:  :Architectures: all, and a paragraph about TDX and TDH.MEM.PAGE.ADD
    Good: "a confidential VM"
    Source: no section of api.rst 6.1 and 6.12 for all machines has such a word; asked for in the review of
    KVM_MAP_MEMORY v2 (2024-04-15).
    """
    wording = _wording(context)
    if wording is None or not wording.vendor:
        return
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(wording.vendor)})(?!\w)")
    for paragraph in text_of(context.document):
        if not (matches := list(pattern.finditer(paragraph.text))):
            continue
        section = context.document.section_at(paragraph.line)
        value = field_value(section, wording.architectures)
        if value not in wording.everywhere:
            continue
        line, column = position(context.document, paragraph, matches[0].start())
        words = ", ".join(dict.fromkeys(match[0] for match in matches))
        yield Hit(
            line=line,
            column=column,
            text=f"{words} in a section with ':{wording.architectures}: {value}'",
            hint="drop it, or say it in general terms",
        )


def architecture_contradiction(context: Context) -> Iterator[Hit]:
    """A text that restricts the call to some machines, in a section that is for all or for none.

    The two cannot both be right, and tools believe the field.

    Bad:  :Architectures: none, and a row "every other architecture lacks it"
    Good: :Architectures: x86
    Source: 4.143 of api.rst 6.12 came in with "none" although its review had named x86, and has it in 7.1;
    no section of 6.1 and 6.12 for all machines has such a phrase.
    """
    wording = _wording(context)
    if wording is None or not wording.limits or context.profile is None:
        return
    names = [
        value
        for entry in context.profile.vocabularies
        if entry.field == wording.architectures
        for value in entry.values
        if value not in wording.everywhere
    ]
    if not names:
        return
    arch = f"(?:{'|'.join(re.escape(name) for name in names)})"
    phrases = "|".join(limit.replace("ARCH", arch).replace(" ", r"\s+") for limit in wording.limits)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.I)
    for paragraph in text_of(context.document):
        section = context.document.section_at(paragraph.line)
        value = field_value(section, wording.architectures)
        if section is None or value not in wording.everywhere:
            continue
        for match in pattern.finditer(paragraph.text):
            line, column = position(context.document, paragraph, match.start())
            said = " ".join(match[0].split())
            field = next(field for field in section.fields if field.name == wording.architectures)
            yield Hit(
                line=line,
                column=column,
                text=f"'{said}' contradicts ':{wording.architectures}: {value}'",
                hint=f"name the architectures that have it in :{wording.architectures}:",
                related=(field.line,),
            )


def member_name(context: Context) -> Iterator[Hit]:
    """A struct's member with another name than other structs have for the same thing. In a change only.

    Userspace that fills several of these structs should not have to look up each time what an address is
    called here.

    Bad:  __u64 base_address;
    Good: __u64 gpa;
    Source: the names and their counts stand in the profile; KVM_PRE_FAULT_MEMORY took gpa after its review
    (2024-04-17).
    """
    wording = _wording(context)
    for name in wording.member_names if wording else ():
        pattern = re.compile(rf"\b(?:{'|'.join(name.instead_of)})\b(?=\s*(?:\[[^\]]*\]\s*)?;)")
        for section in context.document.sections:
            for block in section.literals:
                if "struct" not in block.text:
                    continue
                for match in pattern.finditer(block.text):
                    text = Text(text=block.text, line=block.line)
                    line, column = text.position(context.document, match.start())
                    what = f"the member {match[0]} is {name.means}, which other structs call {name.use}"
                    yield Hit(line=line, column=column, text=what, hint=f"call it {name.use}")


def text_of(document: ApiDocument) -> Iterator[Paragraph]:
    """The paragraphs without the field lists, which are no sentences."""
    return (paragraph for paragraph in document.paragraphs if paragraph.holder != "field_body")


def field_value(section: Section | None, name: str) -> str:
    """The value of a section's first field of this name; "" without one."""
    if section is None:
        return ""
    return next((field.value for field in section.fields if field.name == name), "")


def position(document: ApiDocument, paragraph: Paragraph, start: int) -> tuple[int, int]:
    """Line and column of the character at this offset of a paragraph."""
    return Text(text=paragraph.text, line=paragraph.line).position(document, start)


def _wording(context: Context) -> Wording | None:
    return context.profile.wording if context.profile else None
