# SPDX-License-Identifier: GPL-2.0-only
"""What tables say: errno rows, and register ids beside the width of the register."""

import difflib
import errno
import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_text import all_text
from kpatch_tools.model.document import Cell, Table
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.rst_errors import is_errno_table

_ERRNO = re.compile(r"(?<![A-Z0-9_])E[A-Z0-9_]{2,}\b")
_NEGATIVE = re.compile(r"(?<![\w-])-(E[A-Z0-9]{3,})\b")
_CAPITALS = re.compile(r"[A-DF-Z][A-Z0-9]{2,}")
_NEARLY = 0.75
_SIZE_CODES = 9
_ID = re.compile(r"0x(?P<start>[0-9a-fA-F]{2})(?P<code>[0-9a-fA-F])0(?=[ _0-9a-fA-F]|$)")
_ID_AND_BITS = re.compile(
    rf"\s*(?P<id>{_ID.pattern}).*?(?:\((?P<note>\d+)-?\s?bit\b|\bbits\[(?P<range>\d+)\*\w+ \+)"
)
_BITS_HEADER = re.compile(r"(?:bits|width \(bits\)|size \(bits\))$", re.I)

# asm-generic/errno.h has these and Python's errno may not, as it knows what its own C library knows.
_MORE_ERRNOS = frozenset(["EDEADLOCK", "EHWPOISON", "EOPNOTSUPP", "ERFKILL", "EWOULDBLOCK"])

# The C library's own name of EOPNOTSUPP.
_OTHER_ERRNOS = frozenset(["ENOTSUP"])

# include/linux/errno.h: these never reach user space; documents of the kernel's inside may name them.
_INTERNAL = frozenset(
    [
        "EBADCOOKIE", "EBADHANDLE", "EBADTYPE", "EIOCBQUEUED", "EJUKEBOX", "ENOGRACE", "ENOIOCTLCMD",
        "ENOPARAM", "ENOTSUPP", "ENOTSYNC", "EOPENSTALE", "EPROBE_DEFER", "ERECALLCONFLICT",
        "ERESTARTNOHAND", "ERESTARTNOINTR", "ERESTARTSYS", "ERESTART_RESTARTBLOCK", "ESERVERFAULT",
        "ETOOSMALL",
    ]
)  # fmt: skip


def errno_row(context: Context) -> Iterator[Hit]:
    """A row of an errno table with a name that is none, with a sign or "0" among bare names, or twice.

    Programs look for these names; a table of errors lists what errno holds, which is neither negative
    nor zero. A misspelt "-EXXX" in a sentence is found too.

    Bad:  -EINVL with the others written as EFAULT
    Good: EINVAL
    Source: 20 of the 21 errno tables of api.rst 6.12 have bare names and errors only; the one of 4.16 has
    signs and "0". The names are those of the tree's errno headers, or of the C library without a tree.
    """
    for table in context.document.tables:
        if is_errno_table(table):
            yield from _unknown(context, table)
            yield from _signs(context, table)
            yield from _doubles(table)
    if context.profile is not None:
        yield from _misspelt(context)


def _known(context: Context) -> set[str]:
    names = set(context.facts.errnos) if context.facts else set()
    names = names or ({name for name in vars(errno) if name.startswith("E")} | _MORE_ERRNOS) - _OTHER_ERRNOS
    return names if context.profile else names | _INTERNAL


def _unknown(context: Context, table: Table) -> Iterator[Hit]:
    known = _known(context)
    for cell in _first_cells(table):
        for match in _ERRNO.finditer(cell.text):
            if match[0] not in known:
                column = cell.column + match.start()
                yield _no_errno(match[0], known, (cell.line, column))
        # A name without its E; other words ("0", "...") are left alone.
        word = _CAPITALS.fullmatch(cell.text)
        if word and difflib.get_close_matches(cell.text, known, n=1, cutoff=_NEARLY):
            yield _no_errno(cell.text, known, (cell.line, cell.column))


def _misspelt(context: Context) -> Iterator[Hit]:
    # "-EOI" behind another word is none; in a sentence only what is nearly a name is taken for one.
    known = _known(context)
    for text in all_text(context.document, _NEGATIVE):
        for match in _NEGATIVE.finditer(text.text) if "-E" in text.text else ():
            if match[1] not in known and difflib.get_close_matches(match[1], known, n=1, cutoff=_NEARLY):
                place = text.position(context.document, match.start(1))
                yield _no_errno(match[1], known, place)


def _no_errno(name: str, known: set[str], place: tuple[int, int]) -> Hit:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=_NEARLY)
    return Hit(
        line=place[0],
        column=place[1],
        text=f"{name} never leaves the kernel" if name in _INTERNAL else f"there is no error {name}",
        hint=f"write {close[0]}" if close else "",
        severity=Severity.ERROR,
    )


def _signs(context: Context, table: Table) -> Iterator[Hit]:
    cells = list(_first_cells(table))
    signed = [cell for cell in cells if cell.text.startswith("-E")]
    bare = [cell for cell in cells if cell.text.startswith("E")]
    # Elsewhere either form will do, but not both in one table.
    wrong = signed if context.profile or len(signed) <= len(bare) else bare
    if wrong and (context.profile or (signed and bare)):
        names = ", ".join(cell.text for cell in wrong)
        other = "without" if wrong is signed else "with"
        yield Hit(
            line=wrong[0].line,
            column=wrong[0].column,
            text=f"{names}: errors are written {other} a sign in these tables",
            hint=f"write {wrong[0].text.lstrip('-') if wrong is signed else '-' + wrong[0].text}",
        )
    for cell in cells if context.profile else ():
        if cell.text == "0":
            hint = "say what success is in :Returns:"
            yield Hit(line=cell.line, column=cell.column, text="'0' is no error", hint=hint)


def _doubles(table: Table) -> Iterator[Hit]:
    seen: dict[tuple[str, str], int] = {}
    for row in table.rows:
        names, causes = row[0].text.lstrip("-"), " ".join(cell.text for cell in row[1:])
        key = (names, " ".join(re.findall(r"\w+", causes.casefold())))
        if not _ERRNO.match(names):
            continue
        if key in seen:
            yield Hit(
                line=row[0].line,
                column=row[0].column,
                text=f"{names} is listed twice with the same cause",
                hint="leave out one row",
                related=(seen[key],),
            )
        seen.setdefault(key, row[0].line)


def _first_cells(table: Table) -> Iterator[Cell]:
    return (row[0] for row in table.rows if row[0].text)


def register_size(context: Context) -> Iterator[Hit]:
    """A register id whose size code says another width than the text beside it.

    The third digit of an id of KVM_SET_ONE_REG is the size, 8 bits shifted left by it; KVM refuses an id
    with a wrong one.

    Bad:  0x6060 0000 0010 0050 with 64 in the column Bits
    Good: 0x6030 0000 0010 0050
    Source: KVM_REG_SIZE_SHIFT and KVM_REG_SIZE_U64 in include/uapi/linux/kvm.h; api.rst 6.1 line 2563, of
    18 rows with both, mended upstream.
    """
    if context.profile is None:
        return
    for table in context.document.tables:
        yield from _sizes_in_table(table)
    for block in context.document.literals:
        if "0x" not in block.text:
            continue
        for offset, content in enumerate(block.text.split("\n")):
            match = _ID_AND_BITS.match(content)
            if match:
                line = block.line + offset
                column = context.document.source(line).find(match["id"]) + 1
                yield from _compare(match["id"], int(match["note"] or match["range"]), line, column)


def _sizes_in_table(table: Table) -> Iterator[Hit]:
    header = table.head[-1] if table.head else ()
    place = next((index for index, cell in enumerate(header) if _BITS_HEADER.match(cell.text)), None)
    if place is None:
        return
    for row in table.rows:
        if len(row) > place and row[place].text.isdecimal():
            for cell in row:
                if _ID.match(cell.text):
                    yield from _compare(cell.text, int(row[place].text), cell.line, cell.column)


def _compare(identifier: str, bits: int, line: int, column: int) -> Iterator[Hit]:
    match = _ID.match(identifier)
    code = int(match["code"], 16) if match else 0
    if match is None or bits == 8 << code:
        return
    says = f"{8 << code} bits" if code < _SIZE_CODES else f"size code {code}, which there is not"
    right = next((size for size in range(_SIZE_CODES) if 8 << size == bits), None)
    yield Hit(
        line=line,
        column=column,
        text=f"the id {identifier} says {says}, the text beside it {bits}",
        hint="" if right is None else f"for {bits} bits it begins with 0x{match['start']}{right}0",
    )
