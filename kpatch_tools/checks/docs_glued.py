# SPDX-License-Identifier: GPL-2.0-only
"""Tables, code and items without their blank line, their margin or their "::", accepted by docutils."""

import itertools
import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Paragraph
from kpatch_tools.parse.rst_lines import TAB

_BULLET = re.compile(r"\s*(?P<mark>[-*+]|\(?(?:\d+|[A-Za-z]|#)[.)]) +(?P<text>\S.*)")
_TYPE = r"(?:__[us]\d+|__[lb]e\d+|[us]\d+|int|long|unsigned(?:\s\w+)?|char|void|(?:struct|union|enum)\s\w+)"
_CODE = re.compile(
    rf"""\s*(?:\#\s*(?:define|include|ifdef|ifndef|endif)\b
    |(?:typedef\s+)?(?:struct|union|enum)(?:\s+\w+)?\s*\{{
    |(?:const\s+)?{_TYPE}\s+\*?\w+(?:\[[^]]*\])?\s*(?:=.*)?;
    |\w[\w.>\[\]-]*\s=\s.*;\s*$
    |\w[\w.>\[\]-]*(?:\s=\s\w+)?\(.*\);\s*$
    |/\*\s
    |0x[0-9a-fA-F]{{4}}\s[0-9a-fA-F]{{4}}\s)""",
    re.X,
)
_BORDER = re.compile(r"\s*=+(?: +=+)+\s*$")
_HOLDERS = frozenset(["section", "block_quote", "definition"])
_SENTENCE = 4
_OPEN_END = re.compile(r"[\w,)(=-]\s*$")
_SHOWN = 40


def table_glued(context: Context) -> Iterator[Hit]:
    """A table without a blank line above or below it.

    Below an indented line the parser makes a term and its definition of the two; at the same margin the
    borders are words of the paragraph; and a last border with text below it is none, so that the table goes
    on to the border of the next one.

    Bad:  "Errors:" with the border of the table on the very next line
    Good: a blank line above and below
    Source: of the 38 tables of api.rst 6.12 none, and none in 500 other documents; caught in review as
    "registers for x86:" (2025-09).
    """
    document = context.document
    borders = _borders(document)
    if not borders:
        return
    taken, starts = _text_lines(document), {table.line for table in document.tables}
    for line in borders:
        here, above = document.source(line), document.source(line - 1)
        if line in starts and above.strip() and line - 1 not in taken and _indent(above) < _indent(here):
            said = f"the table is taken for the definition of '{above.strip()[:_SHOWN]}'"
            yield _hit(document, line, said, "put a blank line above the table")
        elif line in taken and line - 1 in taken and above.rstrip().endswith(":"):
            said = f"the table is part of the paragraph '{above.strip()[:_SHOWN]}'"
            yield _hit(document, line, said, "put a blank line above the table")
    for line in sorted(unended(document)):
        said = "the table has no blank line below its last border"
        yield _hit(document, line, said, "put a blank line below the table")


def unended(document: ApiDocument) -> frozenset[int]:
    """The lines of text that touch the last border of a table above them."""
    borders = _borders(document)
    found = set()
    for first, second in itertools.pairwise(borders):
        here, below = document.source(second), document.source(second + 1)
        alike = document.source(first).rstrip() == here.rstrip() and document.source(second - 1).strip()
        if alike and below.strip() and _crosses(below, here) and not _goes_on(document, second):
            found.add(second + 1)
    return frozenset(found)


def _borders(document: ApiDocument) -> list[int]:
    return [number for number, line in enumerate(document.lines, 1) if "= " in line and _BORDER.match(line)]


def _goes_on(document: ApiDocument, line: int) -> bool:
    # The border below a header has another one further down, and no blank line before it.
    border = document.source(line).rstrip()
    while document.source(line + 1).strip():
        line += 1
        if document.source(line).rstrip() == border:
            return True
    return False


def _crosses(text: str, border: str) -> bool:
    # Whether a line has text where the columns of the table have blanks between them.
    text, border = text.expandtabs(TAB), border.expandtabs(TAB).rstrip()
    gaps = [at for at in range(_indent(border), len(border)) if border[at] == " "]
    return any(text[at : at + 1].strip() for at in gaps)


def list_in_term(context: Context) -> Iterator[Hit]:
    """An indented list right below a sentence: the parser makes a term and its definition of the two.

    Bad:  "Supported flags:" with "  * FIRST" on the very next line
    Good: a blank line between the two
    Source: 7 of the 102 items of api.rst 6.12 begin such a list, so that it counts in a change only; the
    twin at the same margin is docs/list-glued.
    """
    if context.profile is None:
        return
    document = context.document
    found = [
        line
        for line in range(2, len(document.lines) + 1)
        if document.source(line - 1).rstrip().endswith(":")
        and _BULLET.match(document.source(line))
        and _indent(document.source(line - 1)) < _indent(document.source(line))
    ]
    if not found:
        return
    blocks = {
        line for one in document.literals for line in range(one.line, one.line + one.text.count("\n") + 1)
    }
    taken = _text_lines(document) | blocks
    for line in found:
        if line - 1 not in taken and line not in blocks:
            above = document.source(line - 1).strip()
            said = f"the list is taken for the definition of '{above[:_SHOWN]}'"
            yield _hit(document, line, said, "put a blank line above the list")


def code_as_text(context: Context) -> Iterator[Hit]:
    """Lines of code that are no literal block, because "::" is missing above them.

    They are set as a paragraph: line ends and indentation are lost, and * and _ are markup.

    Bad:  "The flags are:" above an indented #define
    Good: "The flags are::", a blank line, and the #define
    Source: the 196 blocks of api.rst 6.12 are literal, no paragraph there and in 500 other documents begins
    so; a patch of 2021-02 had "Current defined flags:" without the second colon.
    """
    for paragraph in context.document.paragraphs:
        first = paragraph.text.split("\n", maxsplit=1)[0]
        if paragraph.holder in _HOLDERS and _CODE.match(first):
            said = f"'{first.strip()[:_SHOWN]}' is code in a paragraph"
            hint = 'end the line above with "::", and put a blank line below it'
            yield _hit(context.document, paragraph.line, said, hint)


def item_term(context: Context) -> Iterator[Hit]:
    """An item of a list whose second line is set in further than the first one's text.

    The parser then makes a term of the first line and a definition of the others.

    Bad:  "- in case that the widget" with "     is missing" below
    Good: "- in case that the widget" with "  is missing" below
    Source: no item of api.rst 6.1 and 6.12; their six items of this form are a name with its description. A
    patch of 2021-01 mended a list below KVM_GET_SUPPORTED_HV_CPUID.
    """
    if context.profile is None:
        return
    taken: frozenset[int] | None = None
    for paragraph in context.document.paragraphs:
        if paragraph.holder != "definition":
            continue
        item = _BULLET.match(context.document.source(paragraph.line - 1))
        # A name may have its description that way.
        if not item or len(item["text"].split()) < _SENTENCE or item["text"].rstrip().endswith(":"):
            continue
        taken = _text_lines(context.document) if taken is None else taken
        if paragraph.line - 1 not in taken:
            said = f"'{item['text'][:_SHOWN]}' is taken for a term, and what is below it for its definition"
            hint = f"begin this line in column {item.start('text') + 1}, below the item's first word"
            yield _hit(context.document, paragraph.line, said, hint)


def item_lost(context: Context) -> Iterator[Hit]:
    """A line at the left margin that goes on with the sentence of the item above it.

    The item ends there; where another indented line follows, this one becomes a term of its own.

    Bad:  "  - a check of the widget and" with "of its parts" at the margin
    Good: all lines of an item below its first word
    Source: no such line in api.rst 6.1 and 6.12; caught in review in 2025-06 (0c84b534047d). Where no
    indented line follows, the parser itself reports it, see docs/markup.
    """
    if context.profile is None:
        return
    document = context.document
    taken: frozenset[int] | None = None
    for paragraph in document.paragraphs:
        last = paragraph.line + paragraph.text.count("\n")
        here, below = document.source(last + 1), document.source(last + 2)
        if paragraph.holder != "list_item" or not here.strip() or here[:1].isspace():
            continue
        if (
            not below[:1].isspace()
            or not below.strip()
            or len(here.split()) < _SENTENCE
            or not _OPEN_END.search(paragraph.text)
        ):
            continue
        taken = _text_lines(document) if taken is None else taken
        if last + 1 not in taken:
            text = f"'{here.strip()[:_SHOWN]}' is no longer part of the item above it"
            yield Hit(line=last + 1, column=1, text=text, hint="begin the line below the item's first word")


def _text_lines(document: ApiDocument) -> frozenset[int]:
    # Of what is left, a line with something deeper right below it is a term.
    return frozenset(line for one in document.paragraphs for line in _lines(one))


def _lines(paragraph: Paragraph) -> range:
    return range(paragraph.line, paragraph.line + paragraph.text.count("\n") + 1)


def _indent(line: str) -> int:
    line = line.expandtabs(TAB)
    return len(line) - len(line.lstrip())


def _hit(document: ApiDocument, line: int, text: str, hint: str) -> Hit:
    source = document.source(line)
    return Hit(line=line, column=len(source) - len(source.lstrip()) + 1, text=text, hint=hint)
