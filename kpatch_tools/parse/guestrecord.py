# SPDX-License-Identifier: GPL-2.0-only
"""Reader for the record that the guest's script (tools/guest.py) writes, and for its marks in the output.

One script writes each line once and in order, over a port that no other process can open while it lives. So
whatever else stands there was written by somebody who should not: it is named in ``faults``, and a record
with a fault proves nothing (checks/vm.py).
"""

import re
from dataclasses import dataclass, field

from kpatch_tools.model.vm import GuestRecord, GuestTest

PARAMETERS = ("npt", "ept", "nested", "tdp_mmu")
# More than a boot of a hundred programs needs.
MAX_LINES = 4000
MAX_FAULTS = 5

_ONCE = ("start", "release", "cpu", "kvm", "taint-before", "taint-after", "done")
_NUMBER = re.compile(r"^\d{1,12}$")
_SECONDS = re.compile(r"^\d{1,12}(?:\.\d{1,9})?$")
_PARAMETER = re.compile(r"^kvm\w*\.\w+$", re.ASCII)


@dataclass(slots=True)
class _Reading:
    """A record while it is read; ``words`` are the lines that come once, ``last`` the uptime so far."""

    words: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    tests: dict[int, GuestTest] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    last: float = 0.0


def parse_record(text: str, nonce: str) -> GuestRecord:
    """Read a record; what is doubled, out of order or not the script's own is in ``faults``.

    Only a line that begins with the boot's nonce counts, and the first of two. A last line without its end
    is passed over, since a panic may cut the record anywhere.
    """
    reading = _Reading()
    lines = text.split("\n")[:-1]
    if len(lines) > MAX_LINES:
        reading.faults.append(f"it has {len(lines)} lines")
    for line in lines[:MAX_LINES]:
        said, _, rest = line.partition(" ")
        if said != nonce:
            reading.faults.append("a line in it does not bear the word of this boot")
        elif "done" in reading.words:
            reading.faults.append(f"{_shown(rest)} stands after its end")
        else:
            _line(reading, rest)
    words, faults = reading.words, tuple(dict.fromkeys(reading.faults))
    if len(faults) > MAX_FAULTS:
        faults = (*faults[:MAX_FAULTS], f"and {len(faults) - MAX_FAULTS} more")
    return GuestRecord(
        started="start" in words,
        done="done" in words,
        release=words.get("release", ""),
        kvm=words.get("kvm") == "yes",
        parameters=reading.parameters,
        cpu=frozenset(words.get("cpu", "").split()),
        taint_before=_number(words.get("taint-before")),
        taint_after=_number(words.get("taint-after")),
        tests=tuple(reading.tests[index] for index in sorted(reading.tests)),
        faults=faults,
    )


def _line(reading: _Reading, text: str) -> None:
    key, _, value = text.partition(" ")
    words = value.split()
    if key != "start" and "start" not in reading.words:
        reading.faults.append(f"{_shown(text)} stands before its start")
    if key == "param" and words and _PARAMETER.match(words[0]):
        if words[0] in reading.parameters:
            reading.faults.append(f"two lines for the parameter {_shown(words[0])}")
        reading.parameters.setdefault(words[0], " ".join(words[1:]))
    elif key == "begin" and len(words) == 3 and _NUMBER.match(words[0]):
        _begin(reading, int(words[0]), words[1:])
    elif key == "end" and len(words) == 3 and _NUMBER.match(words[0]):
        _end(reading, int(words[0]), words[1:])
    elif key in _ONCE:
        if key in reading.words:
            reading.faults.append(f"two lines {_shown(key)}")
        reading.words.setdefault(key, value.strip())
    else:
        reading.faults.append(f"{_shown(text)} is no line of it")


def _begin(reading: _Reading, index: int, words: list[str]) -> None:
    open_ones = [test.index for test in reading.tests.values() if test.code is None]
    if index in reading.tests:
        reading.faults.append(f"two lines begin {index}")
    elif open_ones or index != len(reading.tests) + 1:
        reading.faults.append(f"program {index} begins out of turn")
    if not all(_SECONDS.match(word) for word in words):
        reading.faults.append(f"the beginning of program {index} has no time")
    elif index not in reading.tests and _later(reading, float(words[1]), index):
        reading.tests[index] = GuestTest(index=index, limit=float(words[0]), began=float(words[1]))


def _end(reading: _Reading, index: int, words: list[str]) -> None:
    old = reading.tests.get(index)
    if old is None or old.code is not None:
        reading.faults.append(f"program {index} {'ends twice' if old else 'ends and did not begin'}")
    elif not _NUMBER.match(words[0]) or int(words[0]) > 255 or not _SECONDS.match(words[1]):
        reading.faults.append(f"the end of program {index} has no exit code or no time")
    elif _later(reading, float(words[1]), index):
        reading.tests[index] = GuestTest(
            index=index, limit=old.limit, began=old.began, code=int(words[0]), ended=float(words[1])
        )


def _later(reading: _Reading, now: float, index: int) -> bool:
    if now < reading.last:
        reading.faults.append(f"time runs backwards at program {index}")
        return False
    reading.last = now
    return True


def _shown(text: str) -> str:
    """A word of the record for a message; it is hostile text and may be long."""
    return repr(text[:40])


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.match(text) else None


def split_output(text: str, nonce: str, programs: int) -> tuple[dict[int, str], tuple[str, ...]]:
    """Each program's part of a stream, by its number, and what is wrong with the marks between them.

    What stands before the first mark is nobody's. The marks come once and in order, 1 to ``programs``: a
    second one for the same program is not obeyed, its text stays with the program that printed it.
    """
    mark = re.compile(rf"kvet-{re.escape(nonce)} begin (\d{{1,9}})[ \t\r]*(?:\n|\Z)")
    parts: dict[int, str] = {}
    faults: list[str] = []
    index, start = 0, 0
    for found in mark.finditer(text):
        number = int(found[1])
        if not index < number <= programs:
            faults.append(f"a mark for program {number} after that of {index or 'none'}")
            continue
        if index:
            parts[index] = text[start : found.start()]
        index, start = number, found.end()
    if index:
        parts[index] = text[start:]
    return parts, tuple(dict.fromkeys(faults))[:MAX_FAULTS]
