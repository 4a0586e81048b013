# SPDX-License-Identifier: GPL-2.0-only
"""Expressions of Kconfig files: read, and asked what keeps them from being true.

The language is Documentation/kbuild/kconfig-language.rst ("Menu dependencies"). A macro such as
$(cc-option,...) would run a program of the tree's choosing; here it is never run and counts as true.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_DEPTH = 60

_TOKEN = re.compile(
    r"\s*(?:(?P<op>\|\||&&|!=|<=|>=|[!=<>()])|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<macro>\$\()|(?P<word>[\w./-]+))"
)
_COMPARE: Mapping[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}
_ORDERED = frozenset({"<", "<=", ">", ">="})
_LEVEL = {"n": 0, "m": 1, "y": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr:
    """A node: kind "symbol", "text", "macro", "not", "and", "or", or a comparison operator."""

    kind: str
    text: str = ""
    parts: tuple["Expr", ...] = ()

    def __str__(self) -> str:
        if not self.parts:
            return self.text
        if self.kind == "not":
            return f"!{self.parts[0]}"
        sign = {"and": " && ", "or": " || "}.get(self.kind, f" {self.kind} ")
        return f"({sign.join(str(part) for part in self.parts)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that keeps an expression from being true.

    ``symbols`` are those of which one would have to be ``want`` ("y" or "n"); empty where no single value
    would do.
    """

    text: str
    symbols: tuple[str, ...] = ()
    want: str = "y"


class BadExpressionError(ValueError):
    """The text is no expression."""


def parse_expr(text: str) -> Expr:
    """The expression in ``text``; raises BadExpressionError for anything else."""
    tokens = list(_tokens(text))
    expr, rest = _either(tokens, 0, 0)
    if rest != len(tokens):
        raise BadExpressionError(text)
    return expr


def level(expr: Expr, values: Mapping[str, str]) -> int:
    """0, 1 or 2 for n, m and y; ``values`` are those of a finished configuration without CONFIG_."""
    if expr.kind in {"and", "or"}:
        levels = [level(part, values) for part in expr.parts]
        return min(levels) if expr.kind == "and" else max(levels)
    if expr.kind == "not":
        return 2 - level(expr.parts[0], values)
    if expr.kind in {"symbol", "text"}:
        return _LEVEL.get(_value(expr, values), 0)
    if expr.kind == "macro" or any(part.kind == "macro" for part in expr.parts):
        return 2
    left, right = (_value(part, values) for part in expr.parts)
    if expr.kind in _ORDERED and "n" in {left, right}:
        # A number that is not there is neither more nor less.
        return 0
    return 2 if _COMPARE[expr.kind](_order(left, right)) else 0


def lacks(expr: Expr, values: Mapping[str, str]) -> tuple[Lack, ...]:
    """What keeps ``expr`` below y, each thing once; () when nothing does."""
    return tuple(dict.fromkeys(_lacks(expr, values)))


def _lacks(expr: Expr, values: Mapping[str, str]) -> Iterator[Lack]:
    if level(expr, values) == 2:
        return
    if expr.kind == "and":
        for part in expr.parts:
            yield from _lacks(part, values)
    elif expr.kind == "or":
        names = tuple(part.text for part in expr.parts if part.kind == "symbol")
        if len(names) == len(expr.parts):
            yield Lack(text=f"none of {', '.join(names)} is on", symbols=names)
        else:
            yield Lack(text=f"{expr} does not hold", symbols=names)
    elif expr.kind == "symbol":
        state = {"m": "only a module"}.get(values.get(expr.text, "n"), "off")
        yield Lack(text=f"{expr.text} is {state}", symbols=(expr.text,))
    elif expr.kind == "not" and expr.parts[0].kind == "symbol":
        name = expr.parts[0].text
        yield Lack(text=f"{name} is on", symbols=(name,), want="n")
    else:
        yield Lack(text=f"{expr} does not hold")


def _value(expr: Expr, values: Mapping[str, str]) -> str:
    if expr.kind == "text":
        return expr.text
    # "y", "m", "n" and numbers are constants even without quotes.
    if expr.text in _LEVEL or expr.text.isdecimal() or expr.text.startswith("0x"):
        return expr.text
    return values.get(expr.text, "n").strip('"')


def _order(left: str, right: str) -> int:
    try:
        one, two = int(left, 0), int(right, 0)
    except ValueError:
        return (left > right) - (left < right)
    return (one > two) - (one < two)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if not match:
            raise BadExpressionError(text)
        place = match.end()
        if match["macro"]:
            start = match.start("macro")
            place = _closing(text, start)
            yield "macro", text[start:place]
        elif match["quoted"]:
            inner = match["quoted"][1:-1]
            yield ("macro" if "$(" in inner else "text"), inner
        else:
            yield ("op", match["op"]) if match["op"] else ("symbol", match["word"])


def _closing(text: str, start: int) -> int:
    """Behind the parenthesis that closes the one after "$"."""
    depth = 0
    for place in range(start + 1, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    raise BadExpressionError(text)


Tokens = Sequence[tuple[str, str]]


def _either(tokens: Tokens, at: int, depth: int) -> tuple[Expr, int]:
    return _chain(tokens, at, depth, "||", "or", _both)


def _both(tokens: Tokens, at: int, depth: int) -> tuple[Expr, int]:
    return _chain(tokens, at, depth, "&&", "and", _single)


def _chain(  # noqa: PLR0913, PLR0917 - the state of the parser, and one level of precedence
    tokens: Tokens,
    at: int,
    depth: int,
    sign: str,
    kind: str,
    below: Callable[[Tokens, int, int], tuple[Expr, int]],
) -> tuple[Expr, int]:
    first, at = below(tokens, at, depth)
    parts = [first]
    while at < len(tokens) and tokens[at] == ("op", sign):
        part, at = below(tokens, at + 1, depth)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Expr(kind=kind, parts=tuple(parts))), at


def _single(tokens: Tokens, at: int, depth: int) -> tuple[Expr, int]:
    if at >= len(tokens) or depth > MAX_DEPTH:
        raise BadExpressionError("the expression ends too early or is nested too deeply")
    kind, text = tokens[at]
    if (kind, text) == ("op", "!"):
        inner, at = _single(tokens, at + 1, depth + 1)
        return Expr(kind="not", parts=(inner,)), at
    if (kind, text) == ("op", "("):
        inner, at = _either(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at] != ("op", ")"):
            raise BadExpressionError("a parenthesis is not closed")
        return inner, at + 1
    if kind == "op":
        raise BadExpressionError(f"{text} has nothing on its left")
    left = Expr(kind=kind, text=text)
    if at + 2 < len(tokens) and tokens[at + 1][0] == "op" and tokens[at + 1][1] in _COMPARE:
        other_kind, other = tokens[at + 2]
        if other_kind == "op":
            raise BadExpressionError(f"{tokens[at + 1][1]} has nothing on its right")
        return Expr(kind=tokens[at + 1][1], parts=(left, Expr(kind=other_kind, text=other))), at + 3
    return left, at + 1
