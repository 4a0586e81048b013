# SPDX-License-Identifier: GPL-2.0-only
"""The field list of a section: presence, form and values, as the document's profile asks for them."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Field, Paragraph, Section
from kpatch_tools.model.profile import Vocabulary

_LONGEST_FIELD = 12
_HOLDERS = ("section", "field_body", "block_quote")


def field_missing(context: Context) -> Iterator[Hit]:
    """A section without a field that all sections of its chapter have.

    The fields are how a reader finds out on which machine, on which file descriptor and after which
    capability check an ioctl exists.

    Bad:  a section of chapter 4 without :Architectures:
    Good: Capability, Architectures, Type, Parameters, Returns, in this order
    Source: 131 of 133 sections of chapter 4 of api.rst 6.12 have all five; the chapter's introduction
    names them.
    """
    if context.profile is None:
        return
    broken = list(_malformed(context))
    for section in context.document.sections:
        if len(section.title.number) != 2:
            continue
        present = {field.name for field in section.fields}
        # A field that is there in a wrong form has its own finding.
        present |= {bad.field for bad in broken if section.title.line <= bad.line <= section.end_line}
        for name in context.profile.required(section.title.number[0]):
            if name not in present:
                yield _missing(section, name, context.profile.fields)


def _missing(section: Section, name: str, known: tuple[str, ...]) -> Hit:
    strangers = {field.name.casefold(): field for field in section.fields if field.name not in known}
    close = difflib.get_close_matches(name.casefold(), strangers, n=1, cutoff=0.8)
    if close:
        field = strangers[close[0]]
        text = f"the field :{name}: is misspelt as :{field.name}:"
        return Hit(line=field.line, column=1, text=text, hint=f"write :{name}:")
    hint = f"add a line :{name}: to the field list below the title"
    return Hit(line=section.title.line, column=1, text=f"the field :{name}: is missing", hint=hint)


def field_form(context: Context) -> Iterator[Hit]:
    """A line that looks like a field and is none: a colon or the blank line before the list is missing.

    One such line turns the whole list into a run-on paragraph.

    Bad:  Architectures: x86
    Bad:  :Returns 0 on success
    Good: :Returns: 0 on success
    Source: a blank line stands before all 218 field lists of api.rst 6.12; mended upstream by
    ed7974fd592b, fb5015bc8b73 (where the first version of the patch saw one of two).
    """
    for bad in _malformed(context):
        if bad.text:
            yield Hit(line=bad.line, column=bad.column, text=bad.text, hint=bad.hint)


@dataclass(frozen=True, slots=True)
class _BadField:
    """A line that means a field; ``text`` is "" when only a line above it is at fault."""

    line: int
    column: int
    field: str
    text: str = ""
    hint: str = ""


def _malformed(context: Context) -> Iterator[_BadField]:
    if context.profile is None:
        return
    names = "|".join(re.escape(name) for name in context.profile.fields)
    forms = _Forms(
        no_first=re.compile(rf"\s*(?P<name>{names})\s*:(?!:)\s*(?P<value>.*)"),
        no_second=re.compile(rf"\s*:(?P<name>{names})(?!\s*:)\s+(?P<value>.*)"),
        whole=re.compile(rf"\s*:(?P<name>{names}):(\s|$)"),
    )
    for paragraph in context.document.paragraphs:
        if paragraph.holder in _HOLDERS:
            yield from _in_paragraph(paragraph, context.document, forms)
    for section in context.document.sections:
        for field in section.fields:
            # ":Returns 0 on error: ..." is a field to the parser, with a strange name.
            match = re.match(rf"({names})\s+\S", field.name)
            if match and field.name not in context.profile.fields:
                text = f"the field :{match[1]}: lacks its second colon"
                yield _BadField(field.line, 1, match[1], text, f"put a colon after :{match[1]}")


@dataclass(frozen=True, slots=True)
class _Forms:
    """How a field looks without its first colon, without its second one, and right."""

    no_first: re.Pattern[str]
    no_second: re.Pattern[str]
    whole: re.Pattern[str]


def _in_paragraph(paragraph: Paragraph, document: ApiDocument, forms: _Forms) -> Iterator[_BadField]:
    seen = False
    for offset, text in enumerate(paragraph.text.split("\n")):
        line = paragraph.line + offset
        source = document.source(line)
        column = len(source) - len(source.lstrip()) + 1
        # "Returns: ..." is prose but right below the title or another field.
        first = forms.no_first.match(text) if seen or _follows_title(document, line) else None
        second = forms.no_second.match(text)
        whole = forms.whole.match(text)
        if match := first or second:
            what = f"the field :{match['name']}: lacks its {'first' if first else 'second'} colon"
            hint = f"write :{match['name']}: {match['value'].strip()}"
            yield _BadField(line, column, match["name"], what, hint)
        elif whole and seen:
            yield _BadField(line, column, whole["name"])
        elif whole:
            what = f"the field :{whole['name']}: is part of the paragraph above it"
            yield _BadField(line, column, whole["name"], what, "put a blank line before the field list")
        seen = seen or bool(first or second or whole)


def _follows_title(document: ApiDocument, line: int) -> bool:
    section = document.section_at(line)
    if section is None or len(section.title.number) < 2:
        return False
    between = range(section.title.underline_line + 1, line)
    return not any(document.source(number).strip() for number in between)


def field_value(context: Context) -> Iterator[Hit]:
    """A value that is not in the vocabulary of its field.

    Scripts and readers look for these words; "none" as an architecture says that nobody has the ioctl.

    Bad:  :Architectures: none
    Bad:  :Architectures: x86 arm64
    Good: :Architectures: x86, arm64
    Source: the values of api.rst 6.12 by count: :Architectures: 130 of 138 in chapter 4, :Type: 144 of
    147, :Capability: basic 28 and KVM_CAP_* 104 of 133.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        for field in section.fields:
            vocabulary = context.profile.vocabulary(field.name, section.title.number[0])
            if vocabulary is None:
                continue
            for token, why, hint in _strange(field.value, vocabulary):
                line, column = _find(context.document, field, token)
                yield Hit(line=line, column=column, text=f"':{field.name}: {token}' {why}", hint=hint)


def _strange(value: str, vocabulary: Vocabulary) -> Iterator[tuple[str, str, str]]:
    # The part of the value that is wrong, why, and what is right.
    if vocabulary.pattern:
        if not re.match(vocabulary.pattern, value):
            yield value, "is not in the vocabulary of the field", vocabulary.hint
        return
    if vocabulary.all_except and value.startswith(vocabulary.all_except):
        value = value.removeprefix(vocabulary.all_except)
    marks = vocabulary.separators
    for part in re.split(f"[{re.escape(marks)}]", value) if marks else [value]:
        token = part.strip()
        if token in vocabulary.values:
            continue
        words = token.split()
        if marks and len(words) > 1 and all(word in vocabulary.values for word in words):
            joined = f"{marks[0]} ".join(words)
            yield token, "lacks commas between the values", f"write {joined}"
        else:
            yield token, "is not in the vocabulary of the field", vocabulary.hint


def _find(document: ApiDocument, field: Field, token: str) -> tuple[int, int]:
    # The value may go on over several lines; the first word of the token is enough to find it.
    word = token.split(maxsplit=1)[0] if token else ""
    start = len(field.name) + 2
    for line in range(field.line, min(field.line + _LONGEST_FIELD, len(document.lines) + 1)):
        source = document.source(line)
        match = re.search(rf"(?<![\w-]){re.escape(word)}", source[start:]) if word else None
        if match:
            return line, start + match.start() + 1
        start = 0
    return field.line, 1
