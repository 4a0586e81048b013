# SPDX-License-Identifier: GPL-2.0-only
"""The number that a constant C expression of a header stands for, where it is a plain one."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b|(?P<name>[A-Za-z_]\w*)|(?P<sign><<|>>|[-+*~|&^()]))"
)
_BIT = frozenset({"BIT", "BIT_ULL", "BIT_UL", "_BITUL", "_BITULL"})
_LONGEST = 200
_WIDEST = 128
_MOST_NAMES = 8
_NO_NAMES: Mapping[str, str] = MappingProxyType({})
# Binding strength and meaning of the operators that headers use for constants, as in C.
_OPERATORS: Mapping[str, tuple[int, Callable[[int, int], int]]] = MappingProxyType(
    {
        "|": (1, lambda left, right: left | right),
        "^": (2, lambda left, right: left ^ right),
        "&": (3, lambda left, right: left & right),
        "<<": (4, lambda left, right: left << _shift(right)),
        ">>": (4, lambda left, right: left >> _shift(right)),
        "+": (5, lambda left, right: left + right),
        "-": (5, lambda left, right: left - right),
        "*": (6, lambda left, right: left * right),
    }
)


def number_of(text: str, values: Mapping[str, str] = _NO_NAMES) -> int | None:
    """The value of "0x10", "1UL << 3", "BIT(2) | KVM_X" with KVM_X out of ``values``; None for all else.

    Casts, comparisons, sizeof and character constants are not understood, and nothing is guessed.
    """
    try:
        return _Reader(text, values, _MOST_NAMES, {}).whole()
    except (_NotPlainError, RecursionError):
        return None


class _NotPlainError(Exception):
    pass


def _shift(count: int) -> int:
    if not 0 <= count < _WIDEST:
        raise _NotPlainError
    return count


class _Reader:
    """A reader by binding strength over the tokens of one expression.

    ``names`` is how many macros may still stand for one another; ``known`` are those already read, each once.
    """

    def __init__(self, text: str, values: Mapping[str, str], names: int, known: dict[str, int]) -> None:
        self.tokens = list(_tokens(text))
        self.values = values
        self.names = names
        self.known = known
        self.at = 0

    def whole(self) -> int:
        """The value of all tokens."""
        value = self._binary(1)
        if self.at != len(self.tokens):
            raise _NotPlainError
        return value

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise _NotPlainError
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _binary(self, least: int) -> int:
        left = self._single()
        while (found := _OPERATORS.get(self._peek())) and found[0] >= least:
            self.at += 1
            left = found[1](left, self._binary(found[0] + 1))
            if left.bit_length() > 2 * _WIDEST:
                raise _NotPlainError
        return left

    def _single(self) -> int:
        token = self._next()
        if token[0].isdigit():
            return _number(token)
        if token in {"-", "~", "+"}:
            value = self._single()
            return {"-": -value, "~": ~value, "+": value}[token]
        if token == "(":  # noqa: S105 - a parenthesis
            return self._closed()
        if token in _BIT and self._peek() == "(":
            self.at += 1
            return 1 << _shift(self._closed())
        if token in self.values and self.names and self._peek() != "(":
            if token not in self.known:
                below = _Reader(self.values[token], self.values, self.names - 1, self.known)
                self.known[token] = below.whole()
            return self.known[token]
        raise _NotPlainError

    def _closed(self) -> int:
        value = self._binary(1)
        if self._next() != ")":
            raise _NotPlainError
        return value


def _number(token: str) -> int:
    # A leading zero makes a number octal, which Python writes in another way; 089 is none.
    try:
        return int(token, 8 if re.fullmatch(r"0\d+", token) else 0)
    except ValueError as error:
        raise _NotPlainError from error


def _tokens(text: str) -> Iterator[str]:
    text = text.strip()
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at) if len(text) <= _LONGEST else None
        if not found:
            raise _NotPlainError
        yield found["number"] or found["name"] or found["sign"]
        at = found.end()
