# SPDX-License-Identifier: GPL-2.0-only
"""The plain Sphinx configuration: copied as conf.py for sphinx-build, never imported by kvet.

It may run under another Python than kvet's, so it imports nothing but docutils. Names that only the kernel's
extensions know get stand-ins, for their absence here is no fault of the document.
"""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

project = "The Linux Kernel"
language = "en"
primary_domain = "c"
highlight_language = "none"
smartquotes = False
html_theme = "alabaster"
html_copy_source = False
html_show_sphinx = False

WITH_BODY = ("flat-table", "kernel-figure")
WITHOUT_BODY = (
    "kernel-abi", "kernel-doc", "kernel-feat", "kernel-image", "kernel-include", "kernel-render",
    "maintainers-include",
)  # fmt: skip
ROLES = ("cspan", "rspan")


class _AnyOption(dict[str, Any]):
    """An option table that takes any option with any value."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, _key: str) -> Any:
        return lambda argument: argument or ""


class _NotShown(Directive):
    """Says in the page that something is not shown here."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption()

    def run(self) -> list[nodes.Node]:
        text = f"[{self.name} is not shown in this preview]"
        return [nodes.paragraph("", "", nodes.emphasis("", text))]


class _Body(_NotShown):
    """Shows the body as it would stand without the directive."""

    def run(self) -> list[nodes.Node]:
        node = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def _role(_name: str, rawtext: str, _text: str, *_rest: Any) -> tuple[list[nodes.Node], list[nodes.Node]]:
    # A column or row span says how a table is drawn; it prints nothing.
    return [nodes.inline(rawtext, "")], []


def setup(app: Any) -> dict[str, bool]:
    """Register the stand-ins; Sphinx calls this."""
    for name in WITH_BODY:
        app.add_directive(name, _Body)
    for name in WITHOUT_BODY:
        app.add_directive(name, _NotShown)
    for name in ROLES:
        app.add_role(name, _role)
    return {"parallel_read_safe": True}
