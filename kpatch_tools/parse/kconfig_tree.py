# SPDX-License-Identifier: GPL-2.0-only
"""The symbols that a tree's Kconfig files define, with everything that each one depends on.

kconfiglib would do this, but its last release (14.1.0) stops at the "modules" attribute that Linux has had
since 6.0, and it runs the shell commands that the files name. Here macros are not run (see kconfig_expr).
Source of the language: Documentation/kbuild/kconfig-language.rst.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kpatch_tools.parse.kconfig_expr import BadExpressionError, Expr, parse_expr

MAX_FILES = 10_000
MAX_NESTING = 40

Read = Callable[[str], str | None]

_TYPES = frozenset({"bool", "tristate", "string", "hex", "int", "def_bool", "def_tristate"})
_OPENING = frozenset({"menu", "choice", "if"})
_CLOSING = frozenset({"endmenu", "endchoice", "endif"})
_IF = re.compile(r"\sif\s")
_VARIABLE = re.compile(r"\$\(([A-Za-z_]\w*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KconfigSymbol:
    """One definition of a symbol: where, its type, what it needs, and whether a user can set it.

    ``depends`` holds what the menus and conditions around it ask for as well; ``shown`` is what its prompt
    asks for beside that. ``choice`` is where the choice begins that it is a part of ("Kconfig:12"), or "".
    """

    name: str
    path: str
    line: int
    kind: str
    prompt: str
    depends: tuple[Expr, ...]
    shown: tuple[Expr, ...]
    selects: tuple[str, ...]
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KconfigTree:
    """All definitions by name, and by name those that select it."""

    symbols: Mapping[str, tuple[KconfigSymbol, ...]]
    selected_by: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class _Block:
    """A menu, a choice or a condition that is open while its lines are read."""

    kind: str
    place: str
    depends: list[Expr] = field(default_factory=list)
    shown: list[Expr] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    name: str
    path: str
    line: int
    around: tuple[_Block, ...]
    kind: str = ""
    prompt: str = ""
    depends: list[Expr] = field(default_factory=list)
    shown: list[Expr] = field(default_factory=list)
    selects: list[str] = field(default_factory=list)


def parse_kconfig(read: Read, *, variables: Mapping[str, str], top: str = "Kconfig") -> KconfigTree:
    """Read ``top`` and what it sources; ``read`` gives the text of a path of the tree, None when absent.

    ``variables`` stand in for what make would hand down (SRCARCH). What cannot be read or understood is
    passed over: the result explains a configuration, it does not make one.
    """
    reader = _Reader(read, variables)
    reader.file(top, ())
    symbols: dict[str, list[KconfigSymbol]] = defaultdict(list)
    selected: dict[str, dict[str, None]] = defaultdict(dict)
    for draft in reader.drafts:
        made = _finished(draft)
        symbols[made.name].append(made)
        for name in made.selects:
            selected[name][made.name] = None
    return KconfigTree(
        symbols={name: tuple(found) for name, found in symbols.items()},
        selected_by={name: tuple(found) for name, found in selected.items()},
    )


def _finished(draft: _Draft) -> KconfigSymbol:
    around = [expr for block in draft.around for expr in block.depends]
    hidden = [expr for block in draft.around for expr in block.shown]
    choices = [block.place for block in draft.around if block.kind == "choice"]
    return KconfigSymbol(
        name=draft.name,
        path=draft.path,
        line=draft.line,
        kind=draft.kind,
        prompt=draft.prompt,
        depends=(*around, *draft.depends),
        shown=(*hidden, *draft.shown),
        selects=tuple(draft.selects),
        choice=choices[-1] if choices else "",
    )


class _Reader:
    def __init__(self, read: Read, variables: Mapping[str, str]) -> None:
        self._read, self._variables = read, variables
        self._files = 0
        self.drafts: list[_Draft] = []

    def file(self, path: str, around: tuple[_Block, ...], depth: int = 0) -> None:
        self._files += 1
        text = self._read(path) if self._files <= MAX_FILES and depth <= MAX_NESTING else None
        open_blocks: list[_Block] = []
        draft: _Draft | None = None
        for number, line in _lines(text or ""):
            word, _, rest = line.partition(" ")
            rest = rest.strip()
            if word in {"config", "menuconfig"}:
                draft = _Draft(rest, path, number, (*around, *open_blocks))
                self.drafts.append(draft)
            elif word in _OPENING:
                draft = None
                block = _Block(word, f"{path}:{number}")
                open_blocks.append(block)
                if word == "if":
                    block.depends += _expressions(rest)
            elif word in _CLOSING:
                draft = None
                del open_blocks[-1:]
            elif word in {"comment", "mainmenu"}:
                # Its own "depends on" must not count for the menu around it.
                draft = _Draft("", path, number, ())
            elif word == "source":
                draft = None
                self.file(self._path(rest), (*around, *open_blocks), depth + 1)
            elif draft:
                _attribute(draft, word, rest)
            elif open_blocks:
                _of_block(open_blocks[-1], word, rest)

    def _path(self, text: str) -> str:
        return _VARIABLE.sub(lambda found: self._variables.get(found[1], ""), text.strip("\"'"))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that mean something, blanks folded, continued ones joined; help texts are left out."""
    held, held_at, help_indent = "", 0, -1
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.expandtabs()
        if help_indent >= 0:
            indent = len(line) - len(line.lstrip())
            if (
                not line.strip()
                or (help_indent == 0 and indent > 0)
                or (help_indent and indent >= help_indent)
            ):
                help_indent = help_indent or (indent if line.strip() else 0)
                continue
            help_indent = -1
        joined = f"{held} {line.strip()}" if held else line.strip()
        at = held_at or number
        held, held_at = "", 0
        if joined.endswith("\\"):
            held, held_at = joined[:-1].rstrip(), at
            continue
        plain = " ".join(_uncommented(joined).split())
        if plain in {"help", "---help---"}:
            help_indent = 0
        elif plain:
            yield at, plain


def _uncommented(line: str) -> str:
    """The line without a comment; "#" inside quotes is text."""
    if "#" not in line:
        return line
    quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            return line[:place]
    return line


def _attribute(draft: _Draft, word: str, rest: str) -> None:
    if word in _TYPES or word == "prompt":
        draft.kind = word.removeprefix("def_") if word in _TYPES else draft.kind
        if rest and not word.startswith("def_"):
            value, condition = _conditional(rest)
            draft.prompt = value.strip("\"'")
            draft.shown += _expressions(condition)
    elif word == "depends":
        draft.depends += _expressions(rest.removeprefix("on"))
    elif word == "select":
        draft.selects.append(_conditional(rest)[0])


def _of_block(block: _Block, word: str, rest: str) -> None:
    if word == "depends":
        block.depends += _expressions(rest.removeprefix("on"))
    elif word == "visible":
        block.shown += _expressions(rest.removeprefix("if"))
    elif word == "prompt":
        block.shown += _expressions(_conditional(rest)[1])


def _conditional(text: str) -> tuple[str, str]:
    """The value and the condition of ``VALUE if CONDITION``; an "if" inside quotes is text."""
    start = 0
    if text[:1] in {'"', "'"}:
        start = text.find(text[0], 1) + 1
    found = _IF.search(text, max(start - 1, 0) if start else 0)
    return (text[: found.start()].strip(), text[found.end() :]) if found else (text.strip(), "")


def _expressions(text: str) -> list[Expr]:
    try:
        return [parse_expr(text)] if text.strip() else []
    except BadExpressionError:
        return []
