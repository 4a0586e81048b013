# SPDX-License-Identifier: GPL-2.0-only
"""Line tables of a kernel: kept beside its image, and asked for the source line of an address.

binutils read what a stranger's build made, so they work in the sandbox.
Only symbols and debug sections are kept, compressed by objcopy and with the holes left out: 7 MB of a
vmlinux of 36 (Linux 6.1, measured). addr2line and nm read that file as they read the vmlinux.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from kpatch_tools.model.run import Command
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.parse.stack import Frame, Symbol
from kpatch_tools.tools import outputs, process
from kpatch_tools.tools.kbuild import MAPPED_SOURCE

NAME = "vmlinux.debug"
_TIMEOUT_S = 300.0
_BLOCK = 1 << 16
_ZEROS = bytes(_BLOCK)
_CODE = frozenset("tTwW")
_ADDRESS = re.compile(r"^0x([0-9a-f]+)$")
_PLACE = re.compile(r"^(?P<path>[^\s:][^:]*):(?P<line>\d{1,9})(?: \(discriminator \d+\))?$")


def keep_tables(vmlinux: Path, target: Path) -> bool:
    """Write the symbols and line tables of ``vmlinux`` to ``target``; False when there are none to keep."""
    with outputs.scratch(target.parent, ".tables-") as folder:
        kept = folder / NAME
        argv = ("objcopy", "--only-keep-debug", "--compress-debug-sections=zlib", str(vmlinux), str(kept))
        shown = Sandbox(readable=(vmlinux,), writable=(folder,))
        done = process.run(Command(argv=argv, timeout=_TIMEOUT_S, sandbox=shown))
        if not done.ok or not outputs.is_plain(folder, NAME):
            return False
        _copy_sparse(kept, target)
    return True


def resolve(tables: Path, symbols: Iterable[Symbol]) -> dict[Symbol, tuple[Frame, ...]]:
    """The source lines of the symbols, innermost (inlined) function first; what is not known is left out.

    A symbol counts only when exactly one function has that name and size: the kernel prints both. A return
    address belongs to the call before it (``Symbol.exact`` is False). Nothing is known without line tables
    or without binutils.
    """
    wanted = tuple(dict.fromkeys(symbols))
    if not wanted or not tables.is_file():
        return {}
    bases = _bases(tables)
    places: dict[int, list[Symbol]] = defaultdict(list)
    for symbol in wanted:
        found = bases.get((symbol.name, symbol.size), ())
        if len(found) == 1 and symbol.offset < symbol.size:
            places[found[0] + symbol.offset - (0 if symbol.exact else 1)].append(symbol)
    if not places:
        return {}
    asked = "".join(f"{place:#x}\n" for place in places).encode()
    # -a prints each address before its frames: the number of frames differs by what was inlined.
    argv = ("addr2line", "-a", "-f", "-i", "-e", str(tables))
    shown = Sandbox(readable=(tables,))
    answer = process.run(Command(argv=argv, timeout=_TIMEOUT_S, stdin=asked, sandbox=shown))
    frames = _frames(answer.text) if answer.ok else {}
    return {symbol: frames[place] for place, here in places.items() if place in frames for symbol in here}


def _bases(tables: Path) -> Mapping[tuple[str, int], tuple[int, ...]]:
    """Name and size to addresses; the size reaches to the next symbol, as kallsyms counts it."""
    argv = ("nm", "--defined-only", str(tables))
    listed = process.run(Command(argv=argv, timeout=_TIMEOUT_S, sandbox=Sandbox(readable=(tables,))))
    rows = [line.split(" ", 2) for line in listed.text.splitlines()] if listed.ok else []
    code = [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in _CODE]
    starts = sorted({address for address, _name in code})
    found: dict[tuple[str, int], tuple[int, ...]] = {}
    for address, name in code:
        after = bisect_right(starts, address)
        if after < len(starts):
            key = (name, starts[after] - address)
            found[key] = (*found.get(key, ()), address)
    return found


def _frames(answer: str) -> dict[int, tuple[Frame, ...]]:
    """What ``addr2line -a -f -i`` printed: an address, then a function and a place by turns."""
    found: dict[int, tuple[Frame, ...]] = {}
    here, function = 0, ""
    for line in answer.splitlines():
        address, place = _ADDRESS.match(line), _PLACE.match(line)
        if address:
            here, function = int(address[1], 16), ""
        elif not function:
            function = line
        else:
            path = place["path"].removeprefix(f"{MAPPED_SOURCE}/") if place else ""
            # A path that is still absolute is a file of the build, not of the tree.
            if place and not path.startswith(("/", "?", ".")):
                frame = Frame(function=function, path=_plain(path), line=int(place["line"]))
                found[here] = (*found.get(here, ()), frame)
            function = ""
    return found


def _plain(path: str) -> str:
    """A path without "..": virt/kvm is compiled from arch/x86/kvm."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _copy_sparse(source: Path, target: Path) -> None:
    """Copy a file and leave holes where it has zeros: objcopy keeps the places of sections it emptied."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while block := reading.read(_BLOCK):
            if block == _ZEROS[: len(block)]:
                writing.seek(len(block), 1)
            else:
                writing.write(block)
        writing.truncate(writing.tell())
