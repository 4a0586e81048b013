# SPDX-License-Identifier: GPL-2.0-only
"""Why a finished configuration lacks a wanted line: the dependency that is absent, and what to add."""

import difflib
from collections.abc import Iterator, Mapping

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.parse.kconfig import Unmet
from kpatch_tools.parse.kconfig_expr import Lack, lacks
from kpatch_tools.parse.kconfig_tree import KconfigSymbol, KconfigTree

RULE = "kconfig/unmet"
MAX_DEPTH = 8
MAX_NAMED = 4


def explain(item: Unmet, tree: KconfigTree, values: Mapping[str, str]) -> Finding:
    """The finding for one unmet line; ``values`` are those of the finished configuration, with CONFIG_."""
    plain = {name.removeprefix("CONFIG_"): value for name, value in values.items()}
    name = item.symbol.removeprefix("CONFIG_")
    found = tree.symbols.get(name, ())
    if not found:
        return _finding(item, "this tree has no such symbol", _similar(name, tree), None)
    # Where a symbol is defined more than once, the definition that lacks least is the one to mend.
    entry = min(found, key=lambda one: (len(_lacks(one, plain)), not one.prompt))
    reason, hint = _reason(item, entry, tree, plain)
    return _finding(item, reason, hint, entry)


def _finding(item: Unmet, reason: str, hint: str, entry: KconfigSymbol | None) -> Finding:
    return Finding(
        rule=RULE,
        severity=Severity.ERROR,
        message=f"the configuration lacks a wanted line: {item}: {reason}",
        location=Location(path=entry.path, line=entry.line) if entry else None,
        hint=hint,
    )


def _reason(
    item: Unmet, entry: KconfigSymbol, tree: KconfigTree, values: Mapping[str, str]
) -> tuple[str, str]:
    selectors = list(tree.selected_by.get(entry.name, ()))
    if item.wanted == "n":
        return _why_on(entry, [name for name in selectors if values.get(name, "n") != "n"])
    missing = _lacks(entry, values)
    if missing:
        added = tuple(dict.fromkeys(_additions(missing, tree, values)))
        return "; ".join(lack.text for lack in missing), _hint(added, missing, tree)
    if entry.prompt:
        return _why_other(item, entry, tree, values)
    if not selectors:
        return "it has no prompt and takes its default", f"see {entry.path}:{entry.line}"
    lines = ", ".join(f"CONFIG_{name}=y" for name in selectors[:MAX_NAMED])
    return f"it has no prompt; {_listed(selectors)} selects it", f"add one of {lines}"


def _why_on(entry: KconfigSymbol, selectors: list[str]) -> tuple[str, str]:
    if selectors:
        return f"{_listed(selectors)} selects it", _take_out(selectors)
    if not entry.prompt:
        return "it has no prompt, and its default is on", f"see {entry.path}:{entry.line}"
    return "a later line, or its default, switches it on", "take out the line that asks for it"


def _why_other(
    item: Unmet, entry: KconfigSymbol, tree: KconfigTree, values: Mapping[str, str]
) -> tuple[str, str]:
    """For a symbol that could be set and whose dependencies hold."""
    see = f"see {entry.path}:{entry.line}"
    if entry.choice:
        members = (
            name for name, found in tree.symbols.items() if any(e.choice == entry.choice for e in found)
        )
        taken = [name for name in members if values.get(name) == "y"]
        who = f"{_listed(taken)} is set" if taken else "another member is set"
        return f"{who} in the choice at {entry.choice}", "ask for one member of the choice only"
    if item.wanted == "m":
        return "modules are off, or it cannot be one", f"write {item.symbol}=y"
    if entry.kind in {"int", "hex"}:
        return "the value is out of its range, or another line sets it", see
    what = "its dependencies hold; a macro of the tree, or a later line, switches it off"
    return what, f"{see}, and whether the compiler can do what it asks"


def _lacks(entry: KconfigSymbol, values: Mapping[str, str]) -> tuple[Lack, ...]:
    asked = (*entry.depends, *entry.shown)
    return tuple(dict.fromkeys(lack for expr in asked for lack in lacks(expr, values)))


def _additions(
    missing: tuple[Lack, ...], tree: KconfigTree, values: Mapping[str, str], depth: int = 0
) -> Iterator[str]:
    """Lines that would mend what is missing, the deepest dependency first; what no line can set is left."""
    for lack in missing:
        if lack.want == "n":
            yield from (f"# CONFIG_{name} is not set" for name in lack.symbols[:1])
            continue
        entries = (one for name in lack.symbols for one in tree.symbols.get(name, ()) if one.prompt)
        entry = next(entries, None)
        if entry and depth < MAX_DEPTH:
            yield from _additions(_lacks(entry, values), tree, values, depth + 1)
            yield f"CONFIG_{entry.name}=y"


def _hint(added: tuple[str, ...], missing: tuple[Lack, ...], tree: KconfigTree) -> str:
    parts = [f"add {', '.join(added)}"] if added else []
    for name in (name for lack in missing if lack.want == "y" for name in lack.symbols):
        selectors = list(tree.selected_by.get(name, ()))
        if selectors and not any(entry.prompt for entry in tree.symbols.get(name, ())):
            parts.append(f"{name} comes with {_listed(selectors)}")
    return "; ".join(parts) or "no line can switch that on: it follows from the architecture or the compiler"


def _take_out(selectors: list[str]) -> str:
    return f"take out {', '.join(f'CONFIG_{name}' for name in selectors[:MAX_NAMED])}, or this line"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"


def _similar(name: str, tree: KconfigTree) -> str:
    near = difflib.get_close_matches(name, tree.symbols, n=1, cutoff=0.8)
    return f"did you mean CONFIG_{near[0]}?" if near else "it was renamed or removed, or came later"
