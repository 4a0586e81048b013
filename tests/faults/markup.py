# SPDX-License-Identifier: GPL-2.0-only
"""Kinds of fault in the markup: literal blocks, lists and tables that are not set off as they must be."""

import re
from collections.abc import Iterator

from tests.faults.page import Injected, Page

BULLET = re.compile(r"( *)([-*]) +\S")
CODE = re.compile(r"\s*(?:struct|union|#define|__u\d\d|/\*|0x[0-9a-f]{4} |.*;$)")
BORDER = re.compile(r" *=+(?: +=+)+$")


def blocks(page: Page) -> Iterator[tuple[int, int]]:
    """First and last index of each indented literal block below a line of text or "::"."""
    for block in page.document.literals:
        first, last = block.line - 1, block.line - 1 + block.text.count("\n")
        if page.indent(first) and page.blank(first - 1) and page.lines[first - 2].rstrip().endswith("::"):
            yield first, last


def margin(page: Page, first: int) -> int:
    return page.indent(first - 2)


def literal_none(page: Page) -> Iterator[Injected]:
    for at, line in enumerate(page.lines):
        text = page.plain(at) and page.plain(at + 2) and page.blank(at + 1)
        if text and line.endswith(".") and not line[0].isspace() and re.match(r"[A-Z]", page.lines[at + 2]):
            yield page.put(at, 1, [line[:-1] + "::"], near=(0, 2))


def literal_at_margin(page: Page) -> Iterator[Injected]:
    for first, last in blocks(page):
        if (
            last > first
            and margin(page, first) == 0
            and re.match(r"struct|#|0x|/\*", page.lines[first].strip())
        ):
            yield page.put(first, 1, [page.lines[first].lstrip()], near=(0, 1))


def literal_end_margin(page: Page) -> Iterator[Injected]:
    for first, last in blocks(page):
        if last > first and margin(page, first) == 0 and page.lines[last].strip() in ("};", "}"):
            yield page.put(last, 1, [page.lines[last].strip()])


def define_margin(page: Page) -> Iterator[Injected]:
    for first, last in blocks(page):
        inside = [at for at in range(first + 1, last) if page.lines[at].strip().startswith("#define")]
        if inside and margin(page, first) == 0:
            at = inside[len(inside) // 2]
            yield page.put(at, 1, [page.lines[at].strip()], near=(0, 1))


def blank_after_block(page: Page) -> Iterator[Injected]:
    for first, last in blocks(page):
        if margin(page, first) == 0 and page.plain(last + 2) and page.indent(last + 2) == 0:
            yield page.put(last + 1, 1, [])


def blank_after_colons(page: Page) -> Iterator[Injected]:
    for first, _last in blocks(page):
        yield page.put(first - 1, 1, [], near=(-1, 0))


def colons_lost(page: Page) -> Iterator[Injected]:
    for first, _last in blocks(page):
        line = page.lines[first - 2]
        if re.search(r"\w::$", line) and margin(page, first) == 0 and CODE.match(page.lines[first]):
            yield page.put(first - 2, 2, [line[:-1]], near=(0, 3))


def colon_lost(page: Page) -> Iterator[Injected]:
    for first, _last in blocks(page):
        line = page.lines[first - 2]
        if re.search(r"\w::$", line) and margin(page, first) == 0 and CODE.match(page.lines[first]):
            yield page.put(first - 2, 1, [line[:-1]], near=(0, 4))


def items(page: Page) -> Iterator[int]:
    for at, line in enumerate(page.lines):
        if BULLET.match(line) and at not in page.literal and at not in page.in_table:
            yield at


def list_indent(page: Page) -> Iterator[Injected]:
    for at in items(page):
        match = BULLET.match(page.lines[at])
        body = match.end() - 1
        more = at + 1
        # A name may stand above its description.
        words = page.lines[at].split()
        if not page.blank(more) and page.indent(more) == body and len(words) > 4 and words[-1][-1] != ":":
            yield page.put(more, 1, ["   " + page.lines[more]], near=(0, 1))


def list_glued(page: Page) -> Iterator[Injected]:
    for at in items(page):
        above = page.plain(at - 2) and page.blank(at - 1)
        if above and page.indent(at - 2) <= page.indent(at) and page.lines[at - 2].rstrip().endswith(":"):
            yield page.put(at - 1, 1, [], near=(0, 2))


def item_at_margin(page: Page) -> Iterator[Injected]:
    for at in items(page):
        more = at + 1
        if (
            not page.blank(more)
            and page.indent(more) > page.indent(at)
            and not BULLET.match(page.lines[more])
        ):
            yield page.put(more, 1, [page.lines[more].strip()], near=(0, 1))


def tables(page: Page) -> Iterator[int]:
    for table in page.document.tables:
        at = table.line - 1
        if page.plain(at - 2) and page.blank(at - 1) and page.indent(at - 2) <= page.indent(at):
            yield at


def table_glued(page: Page) -> Iterator[Injected]:
    for at in tables(page):
        yield page.put(at - 1, 1, [], near=(-1, 2))


def table_end(page: Page) -> Iterator[Injected]:
    for table in page.document.tables:
        rows = [cell.line for row in table.rows for cell in row]
        end = next((at for at in range(max(rows), max(rows) + 9) if BORDER.match(page.lines[at])), 0)
        if end and page.blank(end + 1) and page.plain(end + 2) and page.indent(end + 2) == page.indent(end):
            yield page.put(end + 1, 1, [], near=(-1, 1))


def unclosed_literal(page: Page) -> Iterator[Injected]:
    for at, line in enumerate(page.lines):
        match = re.search(r"(?<!`)``([\w.>-]+)``(?!`)", line)
        if match and at not in page.literal:
            # docutils says the line on which the paragraph begins.
            top = at
            while not page.blank(top - 1):
                top -= 1
            yield page.put(at, 1, [line.replace(match[0], f"``{match[1]}", 1)], near=(top - at, 1))


def rows_of_text(page: Page) -> Iterator[Injected]:
    for section in page.sections:
        at = section.fields[-1].line if section.fields else 0
        while at and not page.blank(at):
            at += 1
        if at:
            new = ["", "  FIRST - what is said of it", "\t   goes on here", "  SECOND - is another one"]
            yield page.put(at, 0, new, near=(1, 3))
