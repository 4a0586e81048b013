# SPDX-License-Identifier: GPL-2.0-only
"""Finds what a kernel says of its own trouble on the console: warnings, oopses, lock-ups, the panic.

The texts are those of the kernel's sources: lib/bug.c, kernel/panic.c, arch/x86/mm/fault.c, lib/ubsan.c,
mm/kasan/report.c, kernel/locking/lockdep.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_EXCERPT = 40
MAX_SPLATS = 50
MAX_PREAMBLE = 5

_PREFIX = re.compile(r"^(?:<\d+>)?(?:\[ *\d+\.\d+\])?(?:\[ *[TC]\d+\])? ?")
# One dash of many: "-+" would look at a line of dashes once for each of them.
_CUT = re.compile(r"-\[ cut here \]-")
_TRACE_END = re.compile(r"-\[ end (?:trace|Kernel panic)")
# First match names the kind; the order matters where one text holds another.
_KINDS = (
    ("panic", re.compile(r"Kernel panic - not syncing(?:: (?P<title>.*))?")),
    ("kasan", re.compile(r"BUG: (?P<title>K(?:A|M|C)SAN: .*)")),
    ("kfence", re.compile(r"BUG: (?P<title>KFENCE: .*)")),
    ("soft-lockup", re.compile(r"BUG: (?P<title>soft lockup - .*)")),
    ("hard-lockup", re.compile(r"(?P<title>(?:Watchdog detected hard LOCKUP|hard LOCKUP) .*)")),
    ("rcu-stall", re.compile(r"INFO: (?P<title>\S*\s*(?:self-)?detected (?:expedited )?stalls? on .*)")),
    ("hung-task", re.compile(r"INFO: (?P<title>task \S+ blocked (?:in I/O wait )?for more than .*)")),
    (
        "lockdep",
        re.compile(
            r"(?:WARNING|INFO): (?P<title>possible (?:circular|recursive|irq lock inversion)\b.*"
            r"|inconsistent lock state.*|suspicious RCU usage.*|bad unlock balance detected!?"
            r"|\S{1,40}-safe -> \S{1,40}-unsafe lock order detected.*|trying to register non-static key.*"
            r"|Nested lock was not taken.*|held lock freed!?|lock held when returning to user space!?)"
        ),
    ),
    ("ubsan", re.compile(r"UBSAN: (?P<title>.*)")),
    ("bug", re.compile(r"(?P<title>[Kk]ernel BUG at .*)")),
    ("oops", re.compile(r"BUG: (?P<title>(?:kernel NULL pointer|unable to handle|stack guard).*)")),
    ("oops", re.compile(r"^(?P<title>(?:Oops: |general protection fault).*)")),
    ("oops", re.compile(r"(?P<title>[Dd]ouble fault: .*|Unable to handle kernel .*)")),
    ("bug", re.compile(r"BUG: (?P<title>.*)")),
    ("warning", re.compile(r"^WARNING: (?P<title>(?:CPU: \d+ PID: \d+ at )?.*)")),
)
# The kinds by their names, heaviest first.
KINDS = tuple(dict.fromkeys(kind for kind, _pattern in _KINDS))
_CPU_PID = re.compile(r"^CPU: \d+ (?:PID|UID): \d+ (?:PID: \d+ )?(?:at )?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Splat:
    """One complaint of the kernel: its kind, a title, the line in the log (from 1) and an excerpt."""

    kind: str
    title: str
    line: int
    excerpt: tuple[str, ...]

    @property
    def fatal(self) -> bool:
        """The machine stopped here."""
        return self.kind == "panic"


def each_splat(text: str) -> Iterator[Splat]:
    """The complaints one by one, without a bound on their number."""
    lines = [_PREFIX.sub("", line.rstrip("\r")) for line in text.split("\n")]
    index = 0
    while index < len(lines):
        match = _match(lines[index])
        if not match:
            index += 1
            continue
        kind, title = match
        end = _end(lines, index, kind)
        start = _start(lines, index)
        # lib/bug.c prints the cut line first, then what the caller has to say, then place and registers.
        said = next((line for line in lines[start + 1 : index] if line), "") if start < index else ""
        excerpt = tuple(line for line in lines[start : end + 1] if line)[:MAX_EXCERPT]
        shown = f"{said} ({title})" if said else title
        yield Splat(kind=kind, title=shown, line=index + 1, excerpt=excerpt)
        index = end + 1


def _match(line: str) -> tuple[str, str] | None:
    if _TRACE_END.search(line):
        return None
    for kind, pattern in _KINDS:
        match = pattern.search(line)
        if match:
            return kind, _CPU_PID.sub("", (match["title"] or "").strip()) or kind
    return None


def _start(lines: list[str], index: int) -> int:
    """The line of the "cut here" mark a few lines above, or the line itself."""
    for above in range(index - 1, max(-1, index - 1 - MAX_PREAMBLE), -1):
        if _CUT.search(lines[above]):
            return above
        if _match(lines[above]):
            break
    return index


def _end(lines: list[str], start: int, kind: str) -> int:
    """The last line that belongs to the complaint that begins at ``start``.

    A warning or an oops ends at its "end trace" line, unless the panic it leads to comes first; anything
    else that has no such line ends where the next complaint begins.
    """
    if kind == "panic":
        return start
    for index in range(start + 1, min(len(lines), start + 200)):
        if _TRACE_END.search(lines[index]):
            return index
        other = _match(lines[index])
        if _CUT.search(lines[index]) or (other and other[0] == "panic"):
            return index - 1
        if other and other[0] != kind and not (kind in {"bug", "oops"} and other[0] == "oops"):
            return index - 1
        if other and other[0] == kind and kind not in {"bug", "oops"}:
            return index - 1
    return start
