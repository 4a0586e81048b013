# SPDX-License-Identifier: GPL-2.0-only
"""Places: guest addresses and sizes as a contract writes them, "base+3p", "16p", "512", "top-1p", "bit52".

p is a page of 4096 bytes, base the first byte of the test memory, top is 2^64, bitN is 1 << N; all in bytes.
"""

import re
from dataclasses import dataclass

PAGE_SIZE = 4096
BASE_GPA = 1 << 32
_WORD = 1 << 64
_TERM = re.compile(
    r"(?P<base>base)|(?P<top>top)|bit(?P<bit>\d{1,2})|(?P<pages>\d{1,16})p|(?P<bytes>\d{1,20})"
)
_SIGN = re.compile(r"\s*([+-])\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a Place: unit "base", "top", "bit", "page" or "byte", taken ``sign`` (+1, -1) times."""

    sign: int
    unit: str
    number: int


class Place:
    """A guest address, a size or a flag word, as the sum of its terms modulo 2^64.

    No dataclass: msgspec would then expect a table where the document has a string.
    """

    __slots__ = ("terms", "text")

    def __init__(self, text: str, terms: tuple[Term, ...]) -> None:
        self.text = text
        self.terms = terms

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"place({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    @property
    def value(self) -> int:
        """The number it stands for, with the test memory at BASE_GPA."""
        unit = {"base": BASE_GPA, "top": _WORD, "page": PAGE_SIZE, "byte": 1}
        total = 0
        for term in self.terms:
            total += term.sign * (1 << term.number if term.unit == "bit" else unit[term.unit] * term.number)
        return total % _WORD


def place(text: str) -> Place:
    """Read a Place: terms base, top, bitN, Np, N joined by + and -; ValueError says what is wrong."""
    terms: list[Term] = []
    sign, at = 1, 0
    while True:
        found = _TERM.match(text, at)
        if not found:
            raise ValueError(f'"{text}" is no place: expected base, top, bitN, Np or N at column {at + 1}')
        terms.append(_term(sign, found))
        at = found.end()
        if at == len(text):
            return Place(text, tuple(terms))
        joint = _SIGN.match(text, at)
        if not joint:
            raise ValueError(f'"{text}" is no place: expected + or - at column {at + 1}')
        sign, at = (-1 if joint[1] == "-" else 1), joint.end()


def _term(sign: int, found: re.Match[str]) -> Term:
    if found["base"] or found["top"]:
        return Term(sign, found[0], 1)
    if found["bit"]:
        if int(found["bit"]) > 63:
            raise ValueError(f'"{found[0]}": a u64 has bits 0 to 63')
        return Term(sign, "bit", int(found["bit"]))
    return (
        Term(sign, "page", int(found["pages"])) if found["pages"] else Term(sign, "byte", int(found["bytes"]))
    )
