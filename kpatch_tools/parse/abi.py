# SPDX-License-Identifier: GPL-2.0-only
"""What gcc says about the programs of generate/abi.py: lines that do not hold, and the values it computed."""

import re
from collections.abc import Mapping

_ERROR = re.compile(r"^<stdin>:(?P<line>\d{1,9}):(?:\d+:)? (?:fatal )?error: (?P<text>.*)$", re.MULTILINE)
_ELSEWHERE = re.compile(
    r"^(?P<path>(?!<stdin>)[^\s:][^:]*):(?P<line>\d{1,9}):(?:\d+:)? (?:fatal )?error: (?P<text>.*)$"
)
_VALUE = re.compile(r"^[ \t]*kvet-value (\d+) (\d+) (\d+) (\d+)[ \t]*$", re.MULTILINE)
_FAILED = "static assertion failed"


def failed_lines(stderr: str) -> Mapping[int, str]:
    """The lines that gcc refuses: "" for a failed assertion, else gcc's words (no such member)."""
    found: dict[int, str] = {}
    for match in _ERROR.finditer(stderr):
        said = "" if match["text"].startswith(_FAILED) else match["text"]
        found.setdefault(int(match["line"]), said)
    return found


def error_elsewhere(stderr: str) -> str:
    """The first error in the headers themselves, as "path:line: text"; "" for none."""
    for line in stderr.splitlines():
        match = _ELSEWHERE.match(line)
        if match:
            return f"{match['path']}:{match['line']}: {match['text']}"
    return ""


def values(assembly: str) -> Mapping[int, int]:
    """The value of each expression by its index, out of the assembler text."""
    found = {}
    for match in _VALUE.finditer(assembly):
        index, high, middle, low = map(int, match.groups())
        found[index] = high << 48 | middle << 24 | low
    return found
