# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of a finding for people: what test cases saw is told in words, all else stays as it is."""

import re
from collections.abc import Mapping

from kpatch_tools.render.observed import words

_CALL = re.compile(
    r"^(?P<head>(?:case \w+|observed)(?: \([^()]*\))?):? (?P<values>\w+=\S*(?: \w+=\S*)*)$", re.ASCII
)


def readable(detail: str) -> list[str]:
    """The lines of a finding's detail; one that lists observed values says in words what they mean."""
    return [_line(line) for line in detail.splitlines()]


def observed(values: Mapping[str, str | int]) -> str:
    """What a test observed, in words; the values themselves where these tell nothing to a reader."""
    given = {key: str(value) for key, value in values.items()}
    return words(given) or " ".join(f"{key}={value}" for key, value in given.items())


def _line(line: str) -> str:
    found = _CALL.match(line)
    if not found:
        return line
    values = dict(word.split("=", 1) for word in found["values"].split())
    return f"{found['head']}: {observed(values)}"
