# SPDX-License-Identifier: GPL-2.0-only
"""What was mended in a document: a unified diff, a line of counts, and what is left for a person."""

import difflib
from collections import Counter
from collections.abc import Iterator

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.fix import Mended
from kpatch_tools.render.escape import terminal

_CONTEXT = 3


def diff(mended: Mended) -> str:
    """A unified diff that patch and git apply take, "" without a change.

    Control characters are shown as escapes, but for tabs and for a carriage return before a line's end.
    """
    path = terminal(mended.path.lstrip("/"))
    before, after = _lines(mended.before), _lines(mended.after)
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", n=_CONTEXT)
    return "".join(_visible(line) for line in lines)


def _lines(text: str) -> list[str]:
    # Unlike splitlines() this ends a line at a newline only, as git and patch do.
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _visible(line: str) -> str:
    body = line.removesuffix("\n")
    end = "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"
    if body.endswith("\r"):
        body, end = body[:-1], "\r" + end
    return "\t".join(terminal(part) for part in body.split("\t")) + end


def summary(mended: Mended, *, written: bool) -> str:
    """How many findings, and of which rules: "api.rst: 3 findings mended (table 1, markup 2)"."""
    path = terminal(mended.path)
    if not mended.changed:
        return f"{path}: nothing to mend"
    count = len(mended.mended)
    rules = Counter(finding.rule.removeprefix("docs/") for finding in mended.mended)
    parts = ", ".join(f"{name} {number}" for name, number in rules.most_common())
    things = "1 finding" if count == 1 else f"{count} findings"
    return f"{path}: {things} {'mended' if written else 'to mend'} ({parts})"


def remarks(mended: Mended) -> Iterator[str]:
    """A line for each finding that stays: why its fix was taken back, or what is proposed for it."""
    refused = {id(one.finding): one.reason for one in mended.refused}
    for finding in mended.left:
        reason = refused.get(id(finding), "")
        notes = [
            f"taken back: {reason}" if reason else f"hint: {finding.hint}" if finding.hint else "",
            "not to be seen before the rest is mended" if finding in mended.uncovered else "",
        ]
        yield terminal(
            "; ".join([f"{_where(finding)}{finding.message} [{finding.rule}]", *filter(None, notes)])
        )


def _where(finding: Finding) -> str:
    return f"{finding.location}: " if finding.location else ""
