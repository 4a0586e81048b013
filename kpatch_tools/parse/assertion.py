# SPDX-License-Identifier: GPL-2.0-only
"""What a KVM selftest that is a plain program says of its own end: assertions, and what it left out.

The library (tools/testing/selftests/kvm/lib/assert.c) prints a failed TEST_ASSERT on standard error and exits
with 254. It has a trap: with errno EACCES it prints a skip and exits with 4 instead.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

EXIT_ASSERT = 254
EXIT_SKIP = 4
MAX_LEFT_OUT = 100

_HEAD = re.compile(r"^==== Test Assertion Failure ====\s*$")
_PLACE = re.compile(r"^\s+(\S+\.[ch]):(\d{1,9}):\s?(.*)$")
_PROCESS = re.compile(r"^\s+pid=\d+ tid=\d+ errno=(\d{1,9})(?: - (.*))?$")
_FRAME = re.compile(r"^ +\d+\t|^  \(stack trace")
_LEFT_OUT = re.compile(r"^(?:# )?(Skipping tests? .+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A failed TEST_ASSERT: file name, line, condition, errno (0: none) and the message."""

    path: str
    line: int
    condition: str
    errno: int
    errno_text: str
    message: str

    def __str__(self) -> str:
        said = self.message or self.condition
        errno = f" (errno {self.errno}: {self.errno_text})" if self.errno else ""
        return f"{self.path}:{self.line}: {said}{errno}"


def parse_assertion(stderr: str) -> Assertion | None:
    """The first failed assertion in a program's standard error, or None."""
    lines = stderr.split("\n")
    for index, line in enumerate(lines):
        if _HEAD.match(line):
            return _read(lines[index + 1 :])
    return None


def left_out(stdout: str) -> tuple[str, ...]:
    """Parts that the program passed over with exit code 0 ("Skipping tests for vm_type 0x1"), each once.

    Of more than MAX_LEFT_OUT the last one says how many; each becomes a result of its own.
    """
    parts = tuple(dict.fromkeys(match[1].strip() for match in _LEFT_OUT.finditer(stdout)))
    if len(parts) <= MAX_LEFT_OUT:
        return parts
    return (*parts[:MAX_LEFT_OUT], f"Skipping tests: {len(parts) - MAX_LEFT_OUT} more lines say so")


def _read(lines: list[str]) -> Assertion:
    path, number, condition, errno, errno_text, message = "", 0, "", 0, "", ""
    for line in lines:
        place, process = _PLACE.match(line), _PROCESS.match(line)
        if not path and place:
            # Generated sources are compiled in a scratch folder; only the file's name means something.
            path, number, condition = PurePosixPath(place[1]).name, int(place[2]), place[3].strip()
        elif process:
            errno, errno_text = int(process[1]), (process[2] or "").strip()
        elif path and line.startswith("  ") and line.strip() and not _FRAME.match(line):
            message = line.strip()
            break
    return Assertion(
        path=path,
        line=number,
        condition=condition,
        errno=errno,
        errno_text=errno_text,
        message=message,
    )
