# SPDX-License-Identifier: GPL-2.0-only
"""What mends a finding, by rule: a table of functions that give exact edits, or none where it is not sure.

A fixer proposes only what leaves no choice; checks/docs_fix.py proves each proposal with the rules
themselves. A new fixer is a function of (context, finding, line, column) and a line in the table.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from kpatch_tools.checks.docs_fix_around import kept_in_place, retitled, underlined
from kpatch_tools.checks.docs_fix_names import renamed
from kpatch_tools.checks.docs_fix_table import widened
from kpatch_tools.checks.docs_numbers import added_number
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.fix import Edit
from kpatch_tools.parse.rst_lines import column_width

Fixer = Callable[[Context, Finding, int, int], tuple[Edit, ...]]

# As sure as a spelling can be: Architecture for Architectures is .96.
_SURE = 0.9

_C_NAME = re.compile(r"(?:(?:struct|union|enum) )?[A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*|\[\w*\])*(?:\(\))?")
_LIST_ITEM = re.compile(r"\s+(?:[-*+]|\(?(?:\d+|#|[a-z])[.)])\s+\S")
_TABLE_TOP = re.compile(r"\s+(?:=+(?: +=+)+|\+(?:-+\+)+)\s*$")


def _underline(context: Context, _finding: Finding, line: int, _column: int) -> tuple[Edit, ...]:
    for title in context.document.titles:
        if title.underline_line == line:
            return underlined(context.document, title, column_width(title.text))
    return ()


def _number(context: Context, _finding: Finding, line: int, _column: int) -> tuple[Edit, ...]:
    number = added_number(context, line)
    title = next((title for title in context.document.titles if title.line == line), None)
    if title is None or number is None:
        return ()
    column = context.document.source(line).find(title.label) + 1
    label = ".".join(str(part) for part in number)
    if not column or label == title.label:
        return ()
    return retitled(context.document, Edit(line=line, column=column, old=title.label, new=label))


def _field_form(context: Context, _finding: Finding, line: int, _column: int) -> tuple[Edit, ...]:
    source = context.document.source(line)
    names = sorted(context.profile.fields if context.profile else (), key=len, reverse=True)
    name = "|".join(re.escape(each) for each in names) or r"(?!)"
    if match := re.match(rf"\s*(?P<old>(?P<name>{name})\s*:(?!:))(?P<gap>\s*)", source):
        new = f":{match['name']}:" + ("" if match["gap"] or match.end() == len(source) else " ")
        return (Edit(line=line, column=match.start("old") + 1, old=match["old"], new=new),)
    if match := re.match(rf"\s*:(?P<old>(?P<name>{name})\s+:)(?=\s|$)", source):
        new = f"{match['name']}:"
        return (Edit(line=line, column=match.start("old") + 1, old=match["old"], new=new),)
    if match := re.match(rf"\s*:(?P<name>{name})(?=\s)", source):
        return (Edit(line=line, column=match.end() + 1, old="", new=":"),)
    if match := re.match(rf"\s*:(?:{name}):(?=[^\s:`])", source):
        return (Edit(line=line, column=match.end() + 1, old="", new=" "),)
    if re.match(rf"\s*:(?:{name}):(?:\s|$)", source) and context.document.source(line - 1).strip():
        return (Edit(line=line, column=1, old="", new="\n"),)
    return ()


def _field_name(context: Context, _finding: Finding, line: int, _column: int) -> tuple[Edit, ...]:
    match = re.match(r":([^:\s][^:]*):", context.document.source(line))
    known = context.profile.fields if context.profile else ()
    if not match or match[1] in known:
        return ()
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(match[1].casefold(), folded, n=2, cutoff=_SURE)
    if len(close) != 1:
        return ()
    return (Edit(line=line, column=2, old=match[1], new=folded[close[0]]),)


def _blank_above(context: Context, _finding: Finding, line: int, _column: int) -> tuple[Edit, ...]:
    # A blank line too many (docs/field-spacing) is for a person: there may be two lists.
    here, above = context.document.source(line), context.document.source(line - 1)
    return (Edit(line=line, column=1, old="", new="\n"),) if here.strip() and above.strip() else ()


def _field_value(context: Context, _finding: Finding, line: int, column: int) -> tuple[Edit, ...]:
    section = context.document.section_at(line)
    match = re.match(r":(\w+):", context.document.source(line))
    if section is None or context.profile is None or not match or column <= match.end():
        return ()
    vocabulary = context.profile.vocabulary(match[1], section.title.number[0])
    if vocabulary is None or vocabulary.pattern or not vocabulary.separators:
        return ()
    mark = vocabulary.separators[0]
    part = re.split(f"[{re.escape(vocabulary.separators)}]", context.document.source(line)[column - 1 :])[0]
    words = list(re.finditer(r"\S+", part))
    if len(words) == 1 or any(word[0] not in vocabulary.values for word in words):
        return ()
    return tuple(Edit(line=line, column=column + word.end(), old="", new=mark) for word in words[:-1])


def _markup(context: Context, finding: Finding, line: int, _column: int) -> tuple[Edit, ...]:
    here, above = context.document.source(line), context.document.source(line - 1)
    blank = (Edit(line=line, column=1, old="", new="\n"),)
    if "Blank line missing before literal block" in finding.message:
        return blank if above.rstrip().endswith("::") else ()
    if "Unexpected indentation" in finding.message and above.strip():
        starts = _LIST_ITEM.match(here) or _TABLE_TOP.match(here)
        return blank if above.rstrip().endswith("::") or starts else ()
    return ()


def _backtick(context: Context, _finding: Finding, line: int, column: int) -> tuple[Edit, ...]:
    source = context.document.source(line)
    match = re.compile(r"`([^`]+)`(?!`)").match(source, column - 1) if column else None
    if match is None or not _C_NAME.fullmatch(match[1]):
        return ()
    edit = Edit(line=line, column=column, old=match[0], new=f"`{match[0]}`")
    return kept_in_place(context.document, edit)


def _table(context: Context, _finding: Finding, line: int, column: int) -> tuple[Edit, ...]:
    for fault in context.document.table_faults:
        if (fault.line, fault.column) == (line, column) and fault.widen > fault.width:
            return widened(context.document.lines, fault)
    return ()


FIXERS: Mapping[str, Fixer] = MappingProxyType(
    {
        "docs/underline-length": _underline,
        "docs/section-number": _number,
        "docs/field-form": _field_form,
        "docs/field-name": _field_name,
        "docs/field-spacing": _blank_above,
        "docs/field-value": _field_value,
        "docs/markup": _markup,
        "docs/list-glued": _blank_above,
        "docs/single-backtick": _backtick,
        "docs/table": _table,
        "docs/unknown-name": renamed,
        "docs/capability-unknown": renamed,
        "docs/define-differs": renamed,
        "docs/parameters": renamed,
    }
)

# One colon too few makes a paragraph of the whole list: the fields of a section are mended together.
TOGETHER = frozenset({"docs/field-form", "docs/field-name"})

# While one of these is wrong the parser takes the text for something else, and no rule sees what it says.
HIDING = frozenset(
    {
        "docs/markup",
        "docs/table",
        "docs/list-glued",
        "docs/field-form",
        "docs/field-name",
        "docs/field-spacing",
    }
)

# Faults of this kind must never come of a fix.
STRUCTURE = HIDING | {"docs/title-without-underline", "docs/underline-length", "docs/section-number"}
