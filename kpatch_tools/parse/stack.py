# SPDX-License-Identifier: GPL-2.0-only
"""Stacks on a kernel's console: which words are addresses, and the same text with source lines added.

The forms are those of %pS and of arch/x86/kernel/dumpstack.c: "RIP: 0010:name+0x12/0x34", and a line of the
call trace, where "?" marks an address that was found on the stack without being a frame.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_PREFIX = r"^(?P<prefix>(?:<\d+>)?(?:\[ *\d+\.\d+\])?(?:\[ *[TC]\d+\])?\s*)"
_SYMBOL = r"(?P<name>[A-Za-z_][\w.]*)\+0x(?P<offset>[0-9a-f]{1,8})/0x(?P<size>[0-9a-f]{1,8})"
# What follows "[" is a module, whose addresses the tables of vmlinux do not know.
_LINE = re.compile(_PREFIX + r"(?P<rip>RIP: 0010:)?(?P<guess>\? )?" + _SYMBOL + r"\s*$")
_ADDED = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+ \((?P<places>[^()]+)\)$")
_PLACE = re.compile(r"(?P<path>[\w./-]+\.[chS]):(?P<line>\d{1,7})\b")
# Who reports is not who is at fault: printing, the traps that lead there, sanitizers, the scheduler.
_REPORTERS = re.compile(
    r"^(?:dump_stack|show_stack|print_|__?warn|report_bug|handle_bug|exc_|asm_|kasan_|__kasan|__asan|kfence_"
    r"|ubsan_|__ubsan|lockdep_|lock_acquire|__lock_acquire|__might_|check_|mark_lock|validate_chain"
    r"|panic|__schedule|schedule|watchdog|rcu_|trigger_|nmi_|memcpy|memset|memmove|__mem)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """An address as the kernel prints it: function, offset and size in bytes.

    ``exact`` says that the offset is the instruction itself; otherwise it is where a call returns to.
    """

    name: str
    offset: int
    size: int
    exact: bool = False

    def __str__(self) -> str:
        return f"{self.name}+{self.offset:#x}/{self.size:#x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A function and its source line; ``path`` is relative to the tree."""

    function: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def symbols_of(console: str) -> Iterator[Symbol]:
    """The addresses of the stacks in a console text, in order; one that is printed twice comes twice."""
    for line in console.split("\n"):
        if match := _LINE.match(line.rstrip("\r")):
            yield _symbol(match)


def with_sources(console: str, known: Mapping[Symbol, Sequence[Frame]]) -> str:
    """The console text with file and line behind each address that is known; the lines keep their number."""
    lines = []
    for line in console.split("\n"):
        match = _LINE.match(line.rstrip("\r"))
        frames = known.get(_symbol(match), ()) if match else ()
        lines.append(f"{line.rstrip()} ({_shown(frames)})" if frames else line)
    return "\n".join(lines)


def frames_of(excerpt: Sequence[str]) -> tuple[str, ...]:
    """The frames of the stacks in an excerpt as "name+0x12/0x34", guesses ("?") left out."""
    matches = (_LINE.match(line.partition(" (")[0]) for line in excerpt)
    return tuple(str(_symbol(match)) for match in matches if match and not match["guess"])


def place_in(excerpt: Sequence[str]) -> tuple[str, int] | None:
    """File and line of the function at fault in an excerpt that went through with_sources().

    The first frame that is known and no part of the reporting itself, guesses ("?") passed over. Of what was
    inlined there, the innermost place in a C file: a helper of a header has a thousand users.
    """
    for line in excerpt:
        match, added = _LINE.match(line.partition(" (")[0]), _ADDED.search(line)
        if not match or not added or match["guess"] or _REPORTERS.match(match["name"]):
            continue
        places = [(place["path"], int(place["line"])) for place in _PLACE.finditer(added["places"])]
        if places:
            return next((place for place in places if place[0].endswith(".c")), places[0])
    return None


def _symbol(match: re.Match[str]) -> Symbol:
    return Symbol(
        name=match["name"],
        offset=int(match["offset"], 16),
        size=int(match["size"], 16),
        exact=bool(match["rip"]),
    )


def _shown(frames: Sequence[Frame]) -> str:
    """The innermost place first, then what it was inlined into."""
    inner, *outer = frames
    if not outer:
        return str(inner)
    return ", ".join((f"{inner} {inner.function}", *(f"inlined at {frame}" for frame in outer)))
