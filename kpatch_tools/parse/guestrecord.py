# SPDX-License-Identifier: GPL-2.0-only
"""Reader for the record that the guest's script (tools/guest.py) writes, and for its marks in the output."""

import contextlib
from collections.abc import Iterator

from kpatch_tools.model.vm import GuestRecord, GuestTest

PARAMETERS = ("npt", "ept", "nested", "tdp_mmu")


def parse_record(text: str, nonce: str) -> GuestRecord:
    """Read a record, of which only lines that begin with the boot's nonce count.

    A line that is cut off or unknown is passed over too, since a panic may end the file.
    """
    words = {}
    parameters: dict[str, str] = {}
    tests: dict[int, GuestTest] = {}
    for line in text.split("\n")[:-1]:
        said, _, rest = line.partition(" ")
        if said != nonce:
            continue
        key, _, value = rest.partition(" ")
        if key == "param":
            name, _, setting = value.partition(" ")
            parameters[name] = setting.strip()
        elif key in {"begin", "end"}:
            with contextlib.suppress(ValueError):
                _test(tests, key, value.split())
        else:
            words[key] = value.strip()
    return GuestRecord(
        started="start" in words,
        done="done" in words,
        release=words.get("release", ""),
        kvm=words.get("kvm") == "yes",
        parameters=parameters,
        cpu=frozenset(words.get("cpu", "").split()),
        taint_before=_number(words.get("taint-before")),
        taint_after=_number(words.get("taint-after")),
        tests=tuple(tests[index] for index in sorted(tests)),
    )


def _test(tests: dict[int, GuestTest], key: str, words: list[str]) -> None:
    if key == "begin" and len(words) == 3:
        index = int(words[0])
        tests[index] = GuestTest(index=index, limit=float(words[1]), began=float(words[2]))
    elif key == "end" and len(words) == 3 and int(words[0]) in tests:
        old = tests[int(words[0])]
        tests[old.index] = GuestTest(
            index=old.index, limit=old.limit, began=old.began, code=int(words[1]), ended=float(words[2])
        )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def split_output(text: str, nonce: str) -> dict[int, str]:
    """Each program's part of a stream, by its number; what stands before the first mark is nobody's."""
    return dict(_parts(text, f"kvet-{nonce} begin "))


def _parts(text: str, mark: str) -> Iterator[tuple[int, str]]:
    index, lines = 0, list[str]()
    for line in text.split("\n"):
        head, found, number = line.partition(mark)
        if found and number.strip().isdecimal():
            lines.append(head)
            if index:
                yield index, "\n".join(lines)
            index, lines = int(number), []
        else:
            lines.append(line)
    if index:
        yield index, "\n".join(lines)
