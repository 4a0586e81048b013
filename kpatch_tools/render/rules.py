# SPDX-License-Identifier: GPL-2.0-only
"""The rules for a terminal: all of them a line or two each, and the help page of one."""

from collections.abc import Iterator, Sequence

from kpatch_tools.model.rulepage import RulePage
from kpatch_tools.render.columns import WIDTH, fold, wrap
from kpatch_tools.render.escape import terminal

_TEXT = 80
_LEVEL = 7


def listing(pages: Sequence[RulePage]) -> str:
    """Name, usual level and first sentence of each, in no more than 100 columns."""
    widest = max((len(one.shown) for one in pages), default=0)
    indent = " " * (widest + _LEVEL + 4)
    return "".join(
        f"{line}\n"
        for one in pages
        for line in wrap(
            one.summary,
            WIDTH,
            first=f"{one.shown:<{widest}}  {one.severity.value:<{_LEVEL}}  ",
            rest=indent,
        )
    )


def page(one: RulePage, *, mended: str = "") -> str:
    """The help page: text of 80 columns, examples as they are; ``mended`` is a command that mends one."""
    lines = [f"{terminal(one.shown)} ({one.severity.value})"]
    for example, text in one.blocks:
        lines += ["", *(_example(text) if example else wrap(text, _TEXT))]
    if mended:
        lines += ["", f"Mended by: {mended}"]
    if one.uri:
        lines += ["", f"Read on: {one.uri}"]
    return "".join(f"{line}\n" for line in lines)


def _example(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from fold(line, WIDTH, " " * 6)
