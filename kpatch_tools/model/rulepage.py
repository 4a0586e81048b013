# SPDX-License-Identifier: GPL-2.0-only
"""A rule's help page as data, so that a renderer can show it without knowing the rule's code."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kpatch_tools.model.finding import Severity

_EXAMPLES = ("Bad:", "Good:")
_SOURCE = "Source:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """One rule: its name ("docs/table"), its usual severity and its page (the docstring, unindented).

    A name that ends in "/" stands for all rules of that family whose names another program makes up
    ("checkpatch/"). The severity is the usual one, a finding may have another; ``uri`` is where others
    explain it, "" for a rule of kvet's own.
    """

    rule: str
    severity: Severity
    text: str
    uri: str = ""

    @property
    def summary(self) -> str:
        """The first paragraph in one line, without its full stop."""
        return " ".join(self.text.split("\n\n", maxsplit=1)[0].split()).rstrip(".")

    @property
    def blocks(self) -> tuple[tuple[bool, str], ...]:
        """The page in pieces: whether one is an example (its lines stay as they are), and its text.

        Examples are the lines from "Bad:" or "Good:" on, up to a line that begins with "Source:".
        """
        found: list[tuple[bool, str]] = []
        for block in self.text.strip().split("\n\n"):
            parts: list[tuple[bool, list[str]]] = []
            for line in block.splitlines():
                example = line.startswith(_EXAMPLES)
                inside = bool(parts) and parts[-1][0] and not line.startswith(_SOURCE)
                if not parts or (example or inside) != parts[-1][0]:
                    parts.append((example, []))
                parts[-1][1].append(line)
            found += [(example, "\n".join(lines) if example else _flat(lines)) for example, lines in parts]
        return tuple(found)

    @property
    def kind(self) -> str:
        """What stands before the slash of its name: "docs", "conformance"."""
        return self.rule.partition("/")[0]

    @property
    def shown(self) -> str:
        """Its name for people: "checkpatch/*" for a family."""
        return f"{self.rule}*" if self.rule.endswith("/") else self.rule


def page(rule: str, severity: Severity, text: str, *, uri: str = "") -> RulePage:
    """A page of a rule that no function alone stands for; how far ``text`` is set in does not count."""
    lines = (line.strip() for line in text.strip().splitlines())
    return RulePage(rule=rule, severity=severity, text="\n".join(lines), uri=uri)


def pages_of(
    kind: str, severity: Severity, firsts: Mapping[str, str], rest: str, *, uri: str = ""
) -> Iterator[RulePage]:
    """A page for each rule of ``kind``: a first sentence of its own by name, and ``rest`` for all of them."""
    for name, first in firsts.items():
        yield page(f"{kind}/{name}", severity, f"{first}\n\n{rest.strip()}", uri=uri)


def _flat(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())
