# SPDX-License-Identifier: GPL-2.0-only
"""Reader for kernel configurations: a .config, or a fragment of one (Documentation/kbuild/kconfig.rst)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SET = re.compile(r"^(CONFIG_\w+)=(.*)$")
_UNSET = re.compile(r"^# (CONFIG_\w+) is not set\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A line of a fragment that the finished configuration does not have; "n" stands for "not set"."""

    symbol: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"{self.symbol}: wanted {self.wanted}, got {self.got}"


def parse_config(text: str) -> dict[str, str]:
    """Symbol to value as written ("y", "m", "64", '"text"'); "n" for "is not set"; the last line wins."""
    values: dict[str, str] = {}
    for line in text.split("\n"):
        given, unset = _SET.match(line.rstrip()), _UNSET.match(line.rstrip())
        if given:
            values[given[1]] = given[2]
        elif unset:
            values[unset[1]] = "n"
    return values


def bad_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines of a fragment, from 1, that are neither a setting nor a comment: kconfig would pass over them."""
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.strip()
        misspelt = (
            plain.startswith("# CONFIG_") and plain.endswith(" set") and not _UNSET.match(line.rstrip())
        )
        if misspelt or (plain and not plain.startswith("#") and not _SET.match(line.rstrip())):
            yield number, plain


def unmet(wanted: Mapping[str, str], got: Mapping[str, str]) -> tuple[Unmet, ...]:
    """Lines of ``wanted`` that ``got`` does not have; a symbol that is absent there counts as "n"."""
    return tuple(
        Unmet(symbol=symbol, wanted=value, got=got.get(symbol, "n"))
        for symbol, value in wanted.items()
        if got.get(symbol, "n") != value
    )
