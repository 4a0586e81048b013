# SPDX-License-Identifier: GPL-2.0-only
"""What an errno table and :Returns: say about success and failure."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_wording import field_value, position, text_of
from kpatch_tools.model.document import ErrorRow, Section
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.wording import Wording

_CLAUSE = re.compile(r"[.;,()]|\bor\b")
_WORD = re.compile(r"[a-z_][a-z_0-9]+")
_LITTLE = re.compile(
    r"a|an|and|any|are|as|at|be|been|by|does|do|for|from|has|have|if|in|is|it|its|of|on|that|the|this|to|was"
    r"|were|with"
)


def error_empty(context: Context) -> Iterator[Hit]:
    """An errno in a table with nothing said about it.

    That a call can fail with it is what strace says too; the table is there to say when.

    Bad:  a row "EINVAL" with an empty second cell
    Good: "EINVAL" and which value of which member is meant
    Source: no row of the 21 errno tables of api.rst 6.12 is empty.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        for row in section.errors:
            if not row.text.strip():
                text = f"nothing is said about {row.errno}"
                yield Hit(line=row.line, column=row.column, text=text, hint="say when it happens")


def error_cause(context: Context) -> Iterator[Hit]:
    """One cause in the rows of two errnos. In a change only.

    Who gets the one cannot tell what it means, and who tests for the other waits in vain.

    Bad:  EINVAL "... or outside of all slots", EFAULT "outside of all slots"
    Good: each cause in one row
    Source: two of 21 errno tables of api.rst 6.12 have this (4.68, 4.69), with a remark below that the codes
    are no promise; the review of KVM_MAP_MEMORY v2 asked to keep EINVAL and EFAULT apart (2024-04-17).
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        first: dict[frozenset[str], tuple[ErrorRow, str]] = {}
        for row in section.errors:
            for clause in _CLAUSE.split(row.text):
                words = frozenset(
                    word for word in _WORD.findall(clause.lower()) if not _LITTLE.fullmatch(word)
                )
                row_before, said = first.setdefault(words, (row, clause.strip()))
                if len(words) > 1 and row_before.errno != row.errno:
                    yield Hit(
                        line=row.line,
                        column=row.column,
                        text=f"{row_before.errno} and {row.errno} have the same cause: '{said}'",
                        hint="name a cause in one row only",
                        related=(row_before.line,),
                    )


def partial_error(context: Context) -> Iterator[Hit]:
    """An errno for a call that was done in part, where success is "0" and all of it.

    The caller who sees an error forgets the structure that came back, and does the work again; that errno
    also hides whether anything went wrong. A call that got somewhere returns that, and an errno only when it
    got nowhere.

    Bad:  :Returns: 0 on success, and a row "EAGAIN: done partially, call again"
    Good: :Returns: 0 if at least one page was processed
    Source: of 15 calls of api.rst 6.12 with an (in/out) argument none has such a row; asked for in the
    review of KVM_MAP_MEMORY v2 (2024-04-17), and 4.143 of 6.12 has it.
    """
    for section, wording in _all_or_nothing(context):
        pattern = _words(wording.progress_in_errors)
        for row in section.errors:
            if wording.progress_in_errors and (match := pattern.search(row.text)):
                said = field_value(section, wording.returns)
                yield Hit(
                    line=row.line,
                    column=row.column,
                    text=f"{row.errno} is documented for a call that is done in part ('{match[0]}'), but "
                    f":{wording.returns}: only knows '{said}'",
                    hint="return an errno only when nothing was done, and otherwise success and what is left",
                    severity=Severity.WARNING,
                )


def partial_success(context: Context) -> Iterator[Hit]:
    """A text that knows of a rest, where :Returns: knows of success only. In a change only.

    Whether 0 means that all was done, or some of it and the structure holds the rest, is the first thing
    that the caller has to know.

    Bad:  :Returns: 0 on success, and "the structure describes the remaining range"
    Good: :Returns: 0 if at least one page was processed
    Source: asked in the review of KVM_MAP_MEMORY v2 (2024-04-22); 4.143 of api.rst 6.12 says both in one.
    """
    wanted = {section.title.line: wording for section, wording in _all_or_nothing(context)}
    for paragraph in text_of(context.document) if wanted else ():
        section = context.document.section_at(paragraph.line)
        wording = wanted.get(section.title.line) if section else None
        if section is None or wording is None or not wording.progress_in_text:
            continue
        if paragraph.holder == "entry":
            continue
        if match := _words(wording.progress_in_text).search(paragraph.text):
            field = next(field for field in section.fields if field.name == wording.returns)
            line, _column = position(context.document, paragraph, match.start())
            said = " ".join(match[0].split())
            yield Hit(
                line=field.line,
                column=len(f":{field.name}: ") + 1,
                text=f"':{field.name}: {field.value}' does not say what a call returns that is done in part "
                f"('{said}')",
                hint="say how much has to be done for the call to return success",
                related=(line,),
            )


def _all_or_nothing(context: Context) -> Iterator[tuple[Section, Wording]]:
    # The sections whose argument comes back changed and whose success is not qualified.
    wording = context.profile.wording if context.profile else None
    if wording is None or not wording.inout or not wording.success:
        return
    for section in context.document.sections:
        parameters = field_value(section, wording.parameters)
        returns = field_value(section, wording.returns)
        if re.search(wording.inout, parameters, re.I) and re.match(wording.success, returns, re.I):
            yield section, wording


def _words(pattern: str) -> re.Pattern[str]:
    spaced = pattern.replace(" ", r"\s+")
    return re.compile(rf"\b(?:{spaced})\b", re.I)
