# SPDX-License-Identifier: GPL-2.0-only
"""Directives that write the reference from kvet itself: commands, rules, exit codes, JSON formats."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kpatch_tools.cli.manual import manual
from kpatch_tools.flow.rulepages import rule_pages
from kpatch_tools.model.json_v1 import json_schema
from kpatch_tools.model.manual import Block, Entry, Manual
from kpatch_tools.parse.contract_schema import contract_schema

Lines = Iterator[str]


class _Written(SphinxDirective):
    """A directive whose content is written here, as reStructuredText with sections of its own."""

    has_content: ClassVar[bool] = False

    def lines(self) -> Iterable[str]:
        """The text, line by line."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Sphinx reads it in the place of the directive, in every build: the text is in no file."""
        self.env.note_reread()
        return self.parse_text_to_nodes("\n".join(self.lines()) + "\n", allow_section_headings=True)


def title(text: str, mark: str) -> Lines:
    """A section's title."""
    yield from ("", text, mark * len(text), "")


def code(text: str) -> str:
    """Text in code type, whatever it holds."""
    return f":code:`{escaped(text)}`" if text.strip() else ""


def escaped(text: str) -> str:
    """Text in which nothing is markup."""
    return "".join(f"\\{char}" if char in "\\`*_|:<>@" else char for char in text)


def prose(text: str) -> str:
    """Text of kvet's own help, whose `x` is code."""
    parts = text.split("`")
    return "".join(code(part) if at % 2 else escaped(part) for at, part in enumerate(parts))


def literal(text: str) -> Lines:
    """Lines that stay as they are."""
    yield from ("::", "", *(f"   {line}" for line in text.splitlines()), "")


def definitions(entries: Iterable[Entry], *, plain: bool = False) -> Lines:
    """What one types, and below it what it is for."""
    for entry in entries:
        yield from (code(entry.typed), f"   {prose(entry.text) if not plain else escaped(entry.text)}", "")


class Commands(_Written):
    """Every command with all that its help says."""

    def lines(self) -> Lines:
        """One section a command, those of a group below it."""
        for one in manual().commands:
            yield from self._command(one, "-")

    def _command(self, one: Manual, mark: str) -> Lines:
        yield f".. _{one.name.replace(' ', '-')}:"
        yield from title(one.name, mark)
        yield from literal(one.usage)
        for block in one.about:
            yield from self._block(block)
        for entries, name in ((one.arguments, "Arguments"), (one.options, "Options")):
            if entries and not one.commands:
                yield from (f"**{name}**", "", *definitions(entries))
        if one.examples:
            yield from ("**Examples**", "")
            for example in one.examples:
                yield from (f"{prose(example.text)}", "", *literal(example.typed))
        if one.exits:
            yield from ("**Exit codes**", "", *definitions(one.exits))
        for inner in one.commands:
            yield from self._command(inner, "~")

    def _block(self, block: Block) -> Lines:
        yield from literal(block.text) if block.literal else (prose(block.text), "")


class Exits(_Written):
    """The exit codes of every command, and what they mean to each."""

    def lines(self) -> Lines:
        """A list for all, then a table."""
        top = manual()
        yield from definitions(top.exits)
        yield from (".. list-table::", "   :header-rows: 1", "", "   * - command", "     - 0", "     - 1", "")
        rows = [one for command in top.commands for one in (command.commands or (command,))]
        for one in rows:
            meaning = {entry.typed: entry.text for entry in one.exits}
            cells = (f":ref:`{one.name.replace(' ', '-')}`", *(prose(meaning.get(n, "")) for n in "01"))
            yield from (f"   {'* ' if not at else '  '}- {cell}".rstrip() for at, cell in enumerate(cells))
        yield ""


class Rules(_Written):
    """The page of every rule, as `kvet explain` prints it."""

    def lines(self) -> Lines:
        """One section a rule, by name; a family of rules by its prefix."""
        for name, page in sorted(rule_pages().items()):
            yield f".. _rule-{name.strip('/').replace('/', '-')}:"
            yield from title(page.shown.replace("*", "\\*"), "-")
            (_example, summary), *rest = page.blocks
            yield from (f"*{page.severity.value}*: {self._prose(summary)}", "")
            for example, text in rest:
                yield from literal(text) if example else (self._prose(text), "")
            if page.uri:
                yield from (f"Read on: {page.uri}", "")

    def _prose(self, text: str) -> str:
        return prose(text.replace("``", "`"))


class Schema(_Written):
    """The tables of a JSON Schema: `report` or `contract`."""

    required_arguments = 1
    schemas: ClassVar = {"report": json_schema, "contract": contract_schema}

    def lines(self) -> Lines:
        """One section a table: its keys, their types, which have to be there."""
        tables = self.schemas[self.arguments[0]]()["$defs"]
        for name, table in sorted(tables.items()):
            yield f".. _schema-{self.arguments[0]}-{name.lower()}:"
            yield from title(name, "-")
            if text := table.get("description"):
                yield from (prose(" ".join(text.replace("``", "`").split())), "")
            keys = table.get("properties", {})
            if keys:
                yield from (".. list-table::", "   :header-rows: 1", "", "   * - key", "     - what")
                yield "     - default"
                must = set(table.get("required", ()))
                for key, kind in keys.items():
                    default = "required" if key in must else code(json.dumps(kind.get("default")))
                    yield f"   * - {code(key)}"
                    yield f"     - {self._kind(kind)}"
                    yield f"     - {default}"
                yield ""

    def _kind(self, kind: Mapping[str, Any]) -> str:
        if name := kind.get("$ref", "").rpartition("/")[2]:
            return f":ref:`schema-{self.arguments[0]}-{name.lower()}`"
        if values := kind.get("enum") or [kind[key] for key in ("const",) if key in kind]:
            return " or ".join(code(str(value)) for value in values)
        if choices := kind.get("anyOf") or kind.get("oneOf"):
            return " or ".join(self._kind(choice) for choice in choices)
        if kind.get("type") == "array":
            members = kind.get("prefixItems", ())
            if members:
                return f"({', '.join(map(self._kind, members))})"
            return f"a list of {self._kind(kind['items'])}" if kind.get("items") else "a list"
        return escaped(str(kind.get("type", "anything")))


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's way in."""
    app.add_directive("kvet-commands", Commands)
    app.add_directive("kvet-exits", Exits)
    app.add_directive("kvet-rules", Rules)
    app.add_directive("kvet-schema", Schema)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
