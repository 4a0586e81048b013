# SPDX-License-Identifier: GPL-2.0-only
"""Section titles and their underlines."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.rst_lines import column_width

_NUMBERED_LINE = re.compile(
    r"\d+(?:\.\d+)+\.? +KVM_[A-Z0-9_()]+(?: *[/,] *KVM_[A-Z0-9_]+)*(?: *\([^()]*\))?\s*$"
)
# So many titles of one depth have one mark, and only such a part another, where that is a fault.
_FEW = 4
_ODD = 0.1
_ONLY_MARKS = re.compile(r"\s*([=\-~^\"'*+#])\1*\s*$")


def underline_length(context: Context) -> Iterator[Hit]:
    """An underline that is not as long as its title.

    Too short breaks the build; too long is what stays behind when a section is renamed, and the next
    rename then makes it too short.

    Bad:  4.143 KVM_MAP_MEMORY over 24 dashes
    Good: 4.143 KVM_MAP_MEMORY over 20 dashes
    Source: 255 of 262 titles of api.rst 6.12 are as long as their underline, 7 have a longer one, none a
    shorter one; a left-over underline broke linux-next in 2024-07 (9aed7a6c0b59).
    """
    for title in context.document.titles:
        above = context.document.source(title.line - 1)
        width, length = column_width(title.text), len(title.underline)
        if length == width or (_ONLY_MARKS.match(above) and length > width):
            continue
        short = length < width
        yield Hit(
            line=title.underline_line,
            column=min(length, width) + 1,
            text=f"the underline has {length} characters, the title has {width}",
            hint=f"{'lengthen' if short else 'shorten'} it to {width}: {title.underline[:1] * width}",
            severity=Severity.ERROR if short else None,
        )


def title_without_underline(context: Context) -> Iterator[Hit]:
    """A numbered line that looks like a section title and has no underline.

    The section then belongs to the one before, which gets its fields a second time.

    Bad:  7.18 KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 followed by the field list
    Good: the same line with 37 dashes below
    Source: api.rst 6.1 line 7162, the only line of this form that is no title in five releases.
    """
    for paragraph in context.document.paragraphs:
        first, *rest = paragraph.text.split("\n")
        if paragraph.holder != "section" or not _NUMBERED_LINE.match(first):
            continue
        if not rest or (len(rest) == 1 and _ONLY_MARKS.match(rest[0])):
            text = first.strip()
            hint = f"underline it with {column_width(text)} characters like its siblings"
            yield Hit(line=paragraph.line, column=1, text=f"'{text}' has no underline", hint=hint, place="")


def title_mark(context: Context) -> Iterator[Hit]:
    """A numbered title that has another mark below it than the titles beside it.

    The mark is the level: the section becomes a part of the one above it, or a chapter, and where it comes
    first, all the others become parts of it. The parser only knows that when a level was left out.

    Bad:  4.20 KVM_X over ^^^^^^^^^, with ------- below 4.19 and 4.21
    Good: the mark of its siblings
    Source: the 9 chapters of api.rst 6.12 have "=", the 222 numbered titles below them "-". A title with "^"
    right below a chapter broke the build of linux-next in 2022-05 (bfbab4456877).
    """
    groups = defaultdict(list)
    chapters = {title.number[0] for title in context.document.titles if len(title.number) == 1}
    for title in context.document.titles:
        # Of a document without numbered chapters the numbers may be those of lists.
        if title.number and (title.number[0] in chapters or len(title.number) == 1):
            groups[len(title.number)].append(title)
    for titles in groups.values():
        (mark, count), *_others = Counter(title.underline[:1] for title in titles).most_common(1)
        if count < _FEW or len(titles) - count > max(1, _ODD * len(titles)):
            continue
        for title in titles:
            if title.underline[:1] != mark:
                other = title.underline[:1]
                yield Hit(
                    line=title.underline_line,
                    column=1,
                    text=f"'{title.text}' is underlined with {other}, {count} others with {mark}",
                    hint=f"underline it with {mark * column_width(title.text)}",
                    place="",
                    key=f"mark {title.name}",
                )
