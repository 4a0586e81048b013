# SPDX-License-Identifier: GPL-2.0-only
"""The few expressions of GitHub Actions that our workflows use, evaluated as a runner would.

Anything else is an error: a workflow that needs more has to be tested with more.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|[!(),])|([A-Za-z_][\w.-]*)|(\d+))")
_INSERT = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def insert(text: Any, contexts: Mapping[str, Any]) -> str:
    """A value of a workflow with its ``${{ }}`` filled in, as the string that a step gets."""
    return _INSERT.sub(lambda found: shown(evaluate(found[1], contexts)), shown(text))


def holds(condition: Any, contexts: Mapping[str, Any], *, failed: bool) -> bool:
    """Whether a step or job with this ``if`` runs; without a status function only after no failure."""
    text = shown(condition if condition is not None else "success()").strip()
    inner = _INSERT.fullmatch(text)
    text = inner[1] if inner else text
    seen = truthy(evaluate(text, {**contexts, "failed": failed}))
    asks = re.search(r"\b(?:success|failure|always|cancelled)\(", text)
    return seen if asks else seen and not failed


def shown(value: Any) -> str:
    """A value as text: true and false in small letters, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def truthy(value: Any) -> bool:
    """What counts as true: not the empty string, 0, null or false."""
    return value not in ("", 0, None, False)


def evaluate(text: str, contexts: Mapping[str, Any]) -> Any:
    """One expression, without its ``${{ }}``."""
    return _Parser(text, contexts).whole()


class _Parser:
    def __init__(self, text: str, contexts: Mapping[str, Any]) -> None:
        self._contexts, self._tokens, at = contexts, [], 0
        text = text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            assert found, f"{text!r}: {text[at:]!r} is not understood"
            self._tokens.append(found[0].strip())
            at = found.end()

    def whole(self) -> Any:
        value = self._either()
        assert not self._tokens, f"what is {self._tokens}?"
        return value

    def _either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value if truthy(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = other if truthy(value) else value
        return value

    def _compared(self) -> Any:
        value = self._single()
        for sign, wanted in (("==", True), ("!=", False)):
            if self._take(sign):
                other = self._single()
                # GitHub compares values of two kinds as numbers; our workflows compare strings alone.
                assert isinstance(value, str | None), value
                assert isinstance(other, str), other
                return ((value or "").lower() == other.lower()) is wanted
        return value

    def _single(self) -> Any:
        if self._take("!"):
            return not truthy(self._single())
        if self._take("("):
            value = self._either()
            assert self._take(")")
            return value
        return self._word(self._tokens.pop(0))

    def _word(self, token: str) -> Any:
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdecimal() or token in ("true", "false"):
            return json.loads(token)
        if self._take("("):
            return self._call(token)
        value: Any = self._contexts
        for name in token.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self._either())
            self._take(",")
        failed = self._contexts.get("failed", False)
        functions: dict[str, Callable[..., Any]] = {
            "fromJSON": json.loads,
            "success": lambda: not failed,
            "failure": lambda: failed,
            "always": lambda: True,
            "cancelled": lambda: False,
            "hashFiles": lambda *_paths: "0" * 64,
        }
        return functions[name](*arguments)

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False
