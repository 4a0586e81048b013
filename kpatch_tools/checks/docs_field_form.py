# SPDX-License-Identifier: GPL-2.0-only
"""Lines that mean a field and are none, or not the one they mean."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Field, Paragraph, Section

_HOLDERS = ("section", "field_body", "block_quote")
_CLOSE = 0.75


def field_form(context: Context) -> Iterator[Hit]:
    """A line that looks like a field and is none: a colon, a blank or the blank line before it is wrong.

    One such line turns the whole list into a run-on paragraph.

    Bad:  Architectures: x86
    Bad:  :Returns 0 on success
    Good: :Returns: 0 on success
    Source: a blank line stands before all 218 field lists of api.rst 6.12; mended upstream by
    ed7974fd592b, fb5015bc8b73 (where the first version of the patch saw one of two).
    """
    for bad in malformed(context):
        if bad.text:
            yield Hit(line=bad.line, column=bad.column, text=bad.text, hint=bad.hint)


def field_name(context: Context) -> Iterator[Hit]:
    """A field whose name is nearly one of the document's.

    Who searches for ":Architectures:" does not find this section.

    Bad:  :Architecture: arm64
    Good: :Architectures: arm64
    Source: the fields of all sections of api.rst 6.1 and 6.12 have one of seven names; 7.45 of 6.19 and
    7.1 has the singular.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        for field in section.fields:
            name = meant_name(field, context.profile.fields)
            if name and name != field.name and not _without_colon(field, context.profile.fields):
                text = f"the field :{name}: is misspelt as :{field.name}:"
                yield Hit(line=field.line, column=1, text=text, hint=f"write :{name}:")


def meant_name(field: Field, known: tuple[str, ...]) -> str:
    """The name that a field has or is meant to have, "" for one that is like none of ``known``."""
    if field.name in known:
        return field.name
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(field.name.casefold(), folded, n=1, cutoff=_CLOSE)
    return folded[close[0]] if close else ""


@dataclass(frozen=True, slots=True)
class BadField:
    """A line that means a field; ``text`` is "" when only a line above it is at fault."""

    line: int
    column: int
    field: str
    text: str = ""
    hint: str = ""


def malformed(context: Context) -> Iterator[BadField]:
    """Every line that means one of the profile's fields and is none to the parser, each once."""
    seen: set[int] = set()
    for bad in _all_malformed(context):
        if bad.line not in seen:
            yield bad
        seen.add(bad.line)


def _all_malformed(context: Context) -> Iterator[BadField]:
    if context.profile is None or not context.profile.fields:
        return
    known = context.profile.fields
    forms = _Forms.of(known)
    for paragraph in context.document.paragraphs:
        if paragraph.holder in _HOLDERS and forms.begins.search(paragraph.text):
            yield from _in_paragraph(paragraph, context.document, forms)
    for section in context.document.sections:
        if len(section.title.number) > 1:
            yield from _indented(section, context.document, forms)
            yield from _with_continuation(section, context.document, forms)
        for field in section.fields:
            # ":Returns 0 on error: ..." is a field to the parser, with a strange name.
            if name := _without_colon(field, known):
                text = f"the field :{name}: lacks its second colon"
                yield BadField(field.line, 1, name, text, f"put a colon after :{name}")


def _without_colon(field: Field, known: tuple[str, ...]) -> str:
    if field.name in known:
        return ""
    return next((name for name in known if re.match(rf"{re.escape(name)}\s+\S", field.name)), "")


@dataclass(frozen=True, slots=True)
class _Forms:
    """How a field looks right, without its first colon, and with something wrong about its second one.

    ``begins`` is at the start of each of these, so that one look is enough for most paragraphs.
    """

    begins: re.Pattern[str]
    whole: re.Pattern[str]
    no_first: re.Pattern[str]
    second: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def of(cls, known: tuple[str, ...]) -> "_Forms":
        name = f"(?P<name>{'|'.join(re.escape(name) for name in known)})"
        return cls(
            begins=re.compile(rf"^\s*:?{name}", re.MULTILINE),
            whole=re.compile(rf"\s*:{name}:(?P<value>\s.*|$)"),
            no_first=re.compile(rf"\s*{name}\s*:(?!:)\s*(?P<value>.*)"),
            second=(
                (re.compile(rf"\s*:{name}\s+:\s*(?P<value>.*)"), "has a blank before its second colon"),
                (re.compile(rf"\s*:{name}:(?P<value>[^\s:`].*)"), "has no blank after its second colon"),
                (re.compile(rf"\s*:{name}(?!\s*:)\s+(?P<value>.*)"), "lacks its second colon"),
            ),
        )

    def fault(self, text: str, *, first: bool = True) -> tuple[str, str, str] | None:
        """The field that a line means, what is wrong with it, and what is right; None when nothing is.

        A missing first colon counts only with ``first``.
        """
        forms = (*((self.no_first, "lacks its first colon"),) * first, *self.second)
        for pattern, fault in forms:
            if match := pattern.match(text):
                name, value = match["name"], match["value"].strip()
                return name, f"the field :{name}: {fault}", f"write :{name}: {value}"
        return None


def _in_paragraph(paragraph: Paragraph, document: ApiDocument, forms: _Forms) -> Iterator[BadField]:
    seen = False
    rows = paragraph.text.split("\n")
    for offset, text in enumerate(rows):
        line = paragraph.line + offset
        source = document.source(line)
        column = len(source) - len(source.lstrip()) + 1
        # "Returns: ..." is prose but right below the title or another field.
        heads = offset + 1 < len(rows) and bool(forms.whole.match(rows[offset + 1]))
        bad = forms.fault(text, first=seen or heads or _heads_section(document, line))
        whole = forms.whole.match(text)
        if bad:
            yield BadField(line, column, *bad)
        elif whole and seen:
            yield BadField(line, column, whole["name"])
        elif whole:
            what = f"the field :{whole['name']}: is part of the paragraph above it"
            yield BadField(line, column, whole["name"], what, "put a blank line before the field list")
        seen = seen or bool(bad or whole)


def _heads_section(document: ApiDocument, line: int) -> bool:
    # Only blank lines stand between this line and the title, or it touches the field list.
    section = document.section_at(line)
    if section is None or len(section.title.number) < 2:
        return False
    fields = [field.line for field in section.fields if field.line < line]
    start = fields[-1] + 1 if fields else section.title.underline_line + 1
    between = [document.source(number) for number in range(start, line)]
    if fields:
        return all(text[:1].isspace() for text in between)
    return not any(text.strip() for text in between)


def _indented(section: Section, document: ApiDocument, forms: _Forms) -> Iterator[BadField]:
    # A field list that is set in is a quotation to the parser, and its fields are not the section's.
    first = True
    for line, source in _first_lines(section, document):
        if not source[:1].isspace():
            return
        if match := forms.whole.match(source):
            column = len(source) - len(source.lstrip()) + 1
            text = "the field list is indented" if first else ""
            yield BadField(line, column, match["name"], text, "begin its lines at the left margin")
        elif first:
            return
        first = False


def _with_continuation(section: Section, document: ApiDocument, forms: _Forms) -> Iterator[BadField]:
    # A field in a wrong form whose value goes on in further, indented lines is a term with its definition to
    # the parser, and in no paragraph.
    for line, source in _first_lines(section, document):
        if source[:1].isspace() or forms.whole.match(source):
            continue
        bad = forms.fault(source)
        if bad is None:
            return
        yield BadField(line, 1, *bad)


def _first_lines(section: Section, document: ApiDocument) -> Iterator[tuple[int, str]]:
    # The block of lines below the title, up to the next blank line.
    line = section.title.underline_line + 1
    while line <= section.end_line and not document.source(line).strip():
        line += 1
    while line <= section.end_line and (source := document.source(line)).strip():
        yield line, source
        line += 1
