# SPDX-License-Identifier: GPL-2.0-only
"""Every rule that a finding can have, with its level and its help page: the one registry.

A rule of a document, a message or a series is a function whose docstring is its page; what other checks tell
has its page in a table of ``checks.pages_*``. A test reads the sources and holds them against this.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType

from kpatch_tools.checks import (
    pages_build,
    pages_conformance,
    pages_contract,
    pages_run,
    pages_series,
)
from kpatch_tools.checks.docs import RULES
from kpatch_tools.checks.docs_fixers import FIXERS
from kpatch_tools.checks.patches import PATCH_RULES, SERIES_RULES
from kpatch_tools.errors import UserError
from kpatch_tools.model.rulepage import RulePage

_TABLES = (
    pages_conformance.PAGES,
    pages_contract.PAGES,
    pages_series.PAGES,
    pages_build.PAGES,
    pages_run.PAGES,
)
# How the programs behind a family spell its members: a word of another form is a slip of the hand.
_MEMBERS = {"checkpatch/": re.compile(r"[A-Z][A-Z0-9_]+"), "gcc/": re.compile(r"-W[a-z][\w+=-]*")}
_NEAR, _LIKE = 3, 0.7
# What stands around the name of a rule where a report has it: "[docs/table, patch 1]".
_BRACKETED = re.compile(r"\[?([^\s,\]]+)[^\]]*\]?")


def rule_pages() -> Mapping[str, RulePage]:
    """Every rule by name, sorted by kind; a family whose names another program makes up by its prefix."""
    pages = [RulePage(rule=name, severity=rule.severity, text=rule.page) for name, rule in RULES.items()]
    for table in (PATCH_RULES, SERIES_RULES):
        pages += [RulePage(rule=name, severity=rule.severity, text=rule.page) for name, rule in table.items()]
    pages += [one for table in _TABLES for one in table]
    pages.sort(key=lambda one: one.kind)
    return MappingProxyType({one.rule: one for one in pages})


def kinds() -> tuple[str, ...]:
    """The kinds of rules: what stands before the slash."""
    return tuple(dict.fromkeys(one.kind for one in rule_pages().values()))


def rules_of(kind: str | None = None) -> tuple[RulePage, ...]:
    """The rules of a kind, of all kinds for None; UserError for a kind that there is not."""
    known = kinds()
    if kind is not None and kind not in known:
        near = [one for one in known if kind and one.startswith(kind)] or get_close_matches(kind, known)
        cure = _either(near) if near else f"one of {', '.join(known)}"
        raise UserError(f"there is no kind of rules {kind!r}", cure=cure)
    return tuple(one for one in rule_pages().values() if kind in (None, one.kind))


def find_page(name: str, *, kind: str = "") -> RulePage:
    """The page of a rule, as a report spells it or without its kind where no other kind has that name.

    ``kind`` is the one that is meant where several have it. UserError for a rule that there is not, with the
    nearest names.
    """
    found = _BRACKETED.fullmatch(name.strip())
    wanted = found[1] if found else name.strip()
    pages = rule_pages()
    if page := pages.get(wanted) or pages.get(f"{kind}/{wanted}") or _family(wanted, pages):
        return page
    same = [one for one in pages if one.partition("/")[2] == wanted]
    if wanted and len(same) == 1:
        return pages[same[0]]
    if wanted.strip("/*") in kinds():
        cure = f"kvet rules --kind {wanted.strip('/*')} lists the rules of that kind"
    else:
        cure = _either(same) if same and wanted else _near(wanted, pages)
    raise UserError(f"there is no rule {name!r}", cure=cure)


def mended_by(page: RulePage) -> str:
    """The command that mends what the rule finds, "" for a rule that no command mends."""
    return f"kvet docs fix --rule {page.rule.partition('/')[2]}" if page.rule in FIXERS else ""


def _family(name: str, pages: Mapping[str, RulePage]) -> RulePage | None:
    head, slash, member = name.partition("/")
    form = _MEMBERS.get(head + slash)
    if form is None:
        return None
    if member in ("", "*"):
        return pages[head + slash]
    return replace(pages[head + slash], rule=name) if form.fullmatch(member) else None


def _near(name: str, pages: Mapping[str, RulePage]) -> str:
    whole = get_close_matches(name, [one.shown for one in pages.values()], n=_NEAR, cutoff=_LIKE)
    last = {one.partition("/")[2]: one for one in pages}
    word = name.rpartition("/")[2]
    tails = [last[one] for one in get_close_matches(word, filter(None, last), n=_NEAR, cutoff=_LIKE)]
    near = tuple(dict.fromkeys((*whole, *tails)))[:_NEAR]
    return f"{_either(near)} kvet rules lists them all" if near else "kvet rules lists them all"


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"did you mean {', '.join(first)}{' or ' if first else ''}{last}?"
