# SPDX-License-Identifier: GPL-2.0-only
"""The fields of a section: presence and values, as the document's profile asks for them."""

import re
from collections import defaultdict
from collections.abc import Iterator

from kpatch_tools.checks.docs_field_form import malformed, meant_name
from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Field
from kpatch_tools.model.profile import Vocabulary

_LONGEST_FIELD = 12


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
    broken: dict[int, set[str]] = defaultdict(set)
    for bad in malformed(context):
        if held := context.document.section_at(bad.line):
            broken[held.title.line].add(bad.field)
    for section in context.document.sections:
        if len(section.title.number) != 2:
            continue
        present = {meant_name(field, context.profile.fields) for field in section.fields}
        # A field that is there in a wrong form has its own finding.
        present |= broken.get(section.title.line, set())
        for name in context.profile.required(section.title.number[0]):
            if name not in present:
                yield Hit(
                    line=section.title.line,
                    column=1,
                    text=f"the field :{name}: is missing",
                    hint=f"add a line :{name}: to the field list below the title",
                )


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
            if vocabulary is None or _is_remark(field.value, vocabulary):
                continue
            for token, why, hint in _strange(field.value, vocabulary):
                line, column = _find(context.document, field, token)
                yield Hit(line=line, column=column, text=f"':{field.name}: {token}' {why}", hint=hint)


def field_remark(context: Context) -> Iterator[Hit]:
    """A sentence where a field has values of a vocabulary. Counts in a change only.

    It may be right, but it has to be found by reading: the text of the section is the place for it.

    Bad:  :Architectures: any that has a widget (currently x86 only)
    Good: :Architectures: x86
    Source: two values of :Architectures: and :Target: in api.rst 6.12 are such remarks.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        for field in section.fields:
            vocabulary = context.profile.vocabulary(field.name, section.title.number[0])
            if vocabulary is not None and _is_remark(field.value, vocabulary):
                line, column = _find(context.document, field, field.value)
                text = f"':{field.name}: {field.value}' is a remark, not a value"
                yield Hit(line=line, column=column, text=text, hint=vocabulary.hint)


def field_synonym(context: Context) -> Iterator[Hit]:
    """A value that is in use and that new text replaces by another word. Counts in a change only.

    Bad:  :Architectures: ppc
    Good: :Architectures: powerpc
    Source: chapter 4 of api.rst 6.12 has powerpc 10 times and ppc 5 times.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        for field in section.fields:
            vocabulary = context.profile.vocabulary(field.name, section.title.number[0])
            for old, new in vocabulary.instead.items() if vocabulary else ():
                if re.search(rf"(?<![\w-]){re.escape(old)}(?![\w-])", field.value):
                    line, column = _find(context.document, field, old)
                    text = f"':{field.name}: {old}' is called {new} in new text"
                    yield Hit(line=line, column=column, text=text, hint=f"write {new}")


def _is_remark(value: str, vocabulary: Vocabulary) -> bool:
    # A value has no such marks.
    return bool(vocabulary.values) and any(mark in value for mark in "(:;") and len(value.split()) > 1


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
