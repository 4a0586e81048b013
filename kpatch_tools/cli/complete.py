# SPDX-License-Identifier: GPL-2.0-only
"""What a shell may put in for an argument: names that kvet ships, beside files and folders."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from kpatch_tools.tools.files import cache_dir, data_dir

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Items = list[CompletionItem[str]]


def _items(names: Iterable[str], word: str, *, also: str = "") -> "Items":
    """The names that begin with what is typed; ``also`` "file" or "dir" asks the shell for those as well."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - not when a command only runs

    found = [CompletionItem(name) for name in sorted(names) if name.startswith(word)]
    return [*found, CompletionItem(word, type=also)] if also else found


def commands(ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """The commands of kvet itself."""
    top = ctx.find_root()
    assert isinstance(top.command, click.Group)
    return _items(top.command.list_commands(top), word)


def series(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """Series below patches/ by name, and files and folders."""
    base = data_dir("patches")
    named = (path.parent.relative_to(base).as_posix() for path in base.glob("*/*/*.patch"))
    return _items(set(named), word, also="file")


def contracts(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """The contracts that kvet ships, and files."""
    names = (path.stem for path in (data_dir("selftests-gen") / "contracts").glob("*.toml"))
    return _items(names, word, also="file")


def matrices(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """The matrices that kvet ships, and files."""
    return _items((path.stem for path in (data_dir("ci") / "matrix").glob("*.toml")), word, also="file")


def trees(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """Debian's kernels that kvet has brought before, the usual ones, and folders."""
    brought = {path.name.split("-")[1] for path in cache_dir("trees").glob("debian-*-*")}
    return _items((f"debian:{kernel}" for kernel in {"6.1", "6.12", *brought}), word, also="dir")


def rules(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """Every rule, with its kind in front, and without once the word has no slash."""
    from kpatch_tools.flow.rulepages import rules_of  # noqa: PLC0415 - only where a rule is being typed

    names = {one.rule.rstrip("/") for one in rules_of()}
    return _items(names | {name.partition("/")[2] for name in names if "/" in name}, word)


def rule_kinds(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """The kinds of rules."""
    from kpatch_tools.flow.rulepages import kinds  # noqa: PLC0415 - as above

    return _items(kinds(), word)


def docs_rules(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """The rules of `kvet docs check`, with or without docs/ in front."""
    from kpatch_tools.checks.docs import RULES  # noqa: PLC0415 - only where a rule is being typed

    names = set(RULES) if word.startswith("docs/") else {name.removeprefix("docs/") for name in RULES}
    return _items(names, word)


def series_rules(_ctx: click.Context, _param: click.Parameter, word: str) -> "Items":
    """The rules of `kvet series check`."""
    from kpatch_tools.checks.patches import PATCH_RULES, SERIES_RULES  # noqa: PLC0415 - see docs_rules()

    return _items({*PATCH_RULES, *SERIES_RULES}, word)
