# SPDX-License-Identifier: GPL-2.0-only
"""Stand-ins for the roles and directives that only Sphinx and the kernel's own extensions know.

Without them docutils reports 11,857 unknown names over the kernel's Documentation folder (v7.1), of which
not one is a fault of the text; these are the names that occur there, and the rest of Sphinx's own.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles

ROLES = (
    "abbr", "any", "command", "cspan", "dfn", "doc", "download", "envvar", "eq", "external", "file",
    "guilabel", "kbd", "keyword", "mailheader", "makevar", "manpage", "menuselection", "mimetype",
    "newsgroup", "numref", "option", "program", "ref", "regexp", "rspan", "samp", "term",
    "token",
)  # fmt: skip

# Their bodies are text in the same language and may hold faults.
WITH_BODY = (
    "centered", "confval", "cssclass", "deprecated", "describe", "envvar", "flat-table", "glossary", "hlist",
    "ifconfig", "kernel-figure", "object", "option", "rst-class", "seealso", "versionadded",
    "versionchanged", "versionremoved",
)  # fmt: skip

# Their bodies are lists of names or another language. `only` is here because the kernel puts titles in
# it, which docutils refuses in a directive; `include` and `raw` because file access and raw are off.
WITHOUT_BODY = (
    "acks", "autoclass", "autofunction", "automodule", "codeauthor", "default-domain", "graphviz",
    "highlight", "include", "index", "kernel-abi", "kernel-doc", "kernel-feat", "kernel-image",
    "kernel-include", "kernel-render", "literalinclude", "maintainers-include", "math", "moduleauthor",
    "only", "program", "productionlist", "raw", "sectionauthor", "tabularcolumns", "toctree",
)  # fmt: skip

LITERAL = ("code-block", "sourcecode")

# `c:func`, `c:type` and whatever other name the C and Python domains have or will have.
_DOMAIN_ROLE = re.compile(r":((?:c|cpp|py|std|rst|js):[A-Za-z][A-Za-z0-9_-]*):`")
_DOMAIN_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ \t]+((?:c|cpp|py|std|rst|js):[A-Za-z][A-Za-z0-9_-]*)::", re.M)


class _AnyOption(dict[str, Callable[[str], str]]):
    """An option table that takes any option with any value, as the extensions' own tables are unknown."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, _key: str) -> Callable[[str], str]:
        return _as_written


def _as_written(argument: str | None) -> str:
    return argument or ""


class _Stub(Directive):
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption()

    def run(self) -> list[nodes.Node]:
        return []


class _Body(_Stub):
    def run(self) -> list[nodes.Node]:
        node = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class _Literal(_Stub):
    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        node = nodes.literal_block(text, text)
        node.line = self.content_offset + 1
        return [node]


def _role(
    _name: str, rawtext: str, text: str, _lineno: int, _inliner: Any, *_rest: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    return [nodes.literal(rawtext, text)], []


_STUB_ROLE: Any = _role


@contextlib.contextmanager
def registered(text: str) -> Iterator[None]:
    """Make the stand-ins known to docutils while one text is parsed, and forget all it defined itself.

    docutils keeps one table of names a process and a text may add to it (``.. role::``), so that without
    the second half one hostile document would change how the next one reads. Not for two threads at once.
    """
    # docutils has public functions to register a name and none to forget it.
    role_table: dict[str, Any] = vars(roles)["_roles"]
    directive_table: dict[str, Any] = vars(directives)["_directives"]
    saved_roles, saved_directives = dict(role_table), dict(directive_table)
    for name in (*ROLES, *(match[1].lower() for match in _DOMAIN_ROLE.finditer(text))):
        roles.register_local_role(name, _STUB_ROLE)
    for names, stub in ((WITH_BODY, _Body), (WITHOUT_BODY, _Stub), (LITERAL, _Literal)):
        for name in names:
            directives.register_directive(name, stub)
    for match in _DOMAIN_DIRECTIVE.finditer(text):
        directives.register_directive(match[1].lower(), _Stub if "namespace" in match[1] else _Body)
    try:
        yield
    finally:
        for table, saved in ((role_table, saved_roles), (directive_table, saved_directives)):
            table.clear()
            table.update(saved)
