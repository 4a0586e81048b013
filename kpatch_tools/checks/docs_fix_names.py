# SPDX-License-Identifier: GPL-2.0-only
"""The name that a wrong one can only mean."""

import difflib
import re

from kpatch_tools.checks.docs_fix_around import kept_in_place, retitled
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.fix import Edit
from kpatch_tools.model.kernelfacts import KernelFacts

# One letter of ten; below this the proposal is for a person to judge.
_SURE = 0.9
_WORD = re.compile(r"(?:KVM|kvm)_\w+")
_CAP = "KVM_CAP_"


def renamed(context: Context, finding: Finding, line: int, column: int) -> tuple[Edit, ...]:
    """The edit of an unknown name that is like one known name only, and that is the one the rule proposes."""
    source = context.document.source(line)
    match = _WORD.match(source, column - 1) if column else None
    if match is None or context.facts is None:
        return ()
    name = _meant(match[0], context.facts)
    if not name or not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", finding.hint):
        return ()
    edit = Edit(line=line, column=column, old=match[0], new=name)
    if any(title.line == line for title in context.document.titles):
        return retitled(context.document, edit)
    return kept_in_place(context.document, edit)


def _meant(word: str, facts: KernelFacts) -> str:
    if word.startswith("kvm_"):
        pools = [set(facts.structs)]
    elif word.startswith(_CAP):
        pools = [{name for name in facts.uapi if name.startswith(_CAP)}]
    else:
        pools = [{name for name in names if name.startswith("KVM_")} for names in (facts.uapi, facts.names)]
    if any(word in pool for pool in pools):
        return ""
    for pool in pools:
        if close := difflib.get_close_matches(word, sorted(pool), n=2, cutoff=_SURE):
            return close[0] if len(close) == 1 else ""
    return ""
