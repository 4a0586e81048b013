# SPDX-License-Identifier: GPL-2.0-only
"""What came of applying a series, as text and as JSON."""

from kpatch_tools.model.series import Applied, BaseFound, Conflict, Series
from kpatch_tools.render.escape import terminal

SCHEMA = 1
_SHORT = 12
_SHOWN = 24


def text(applied: Applied, series: Series, found: BaseFound | None = None) -> str:
    """A headline, then a line a commit or the place of the conflict; every foreign word escaped.

    ``found`` adds how the base was found, a line a try.
    """
    lines = [_headline(applied, series)]
    lines += _tries(found) if found else []
    lines += [f"  note: {note}" for note in series.notes]
    if applied.commits:
        for patch, commit, parent in zip(
            series.patches, applied.commits, (applied.base, *applied.commits[:-1]), strict=True
        ):
            shown = "in the base" if commit == parent else commit[:_SHORT]
            lines.append(f"  {patch.count:>5}  {shown:<{_SHORT}}  {patch.subject}")
        lines.append(f"  tree   {applied.tree}")
    if applied.below:
        lines.append(
            f"  below  {len(applied.below)} prerequisite patches, the last is {applied.base[:_SHORT]}"
        )
    if conflict := applied.conflict:
        lines.append(f"  patch  {conflict.patch}/{series.total or len(series.patches)}  {conflict.subject}")
        lines.append(f"  file   {conflict.path}{f':{conflict.line}' if conflict.line else ''}")
        if conflict.hunk:
            lines.append(f"  hunk   {conflict.hunk}")
        lines += [f"  git    {words}" for words in conflict.detail.splitlines()]
        lines += _beside(conflict)
    return "".join(f"{terminal(line)}\n" for line in lines)


def as_json(  # noqa: PLR0913 - the outcome, and what only the caller knows
    applied: Applied,
    series: Series,
    *,
    tool: str,
    path: str,
    branch: str = "",
    store: str = "",
    found: BaseFound | None = None,
) -> str:
    """One JSON document; ``path`` is the tree, ``branch`` and ``store`` say where the commits are."""
    conflict = applied.conflict
    document = {
        "schema": SCHEMA,
        "tool": tool,
        "state": applied.state.value,
        "reason": applied.reason,
        "path": path,
        "base": applied.base,
        "head": applied.head if applied.state.good else None,
        "commits": list(applied.commits),
        "tree": applied.tree or None,
        "branch": branch or None,
        "store": store or None,
        "series": {
            "name": series.name,
            "version": series.version,
            "message_id": series.message_id,
            "patches": len(series.patches),
        },
        "notes": list(series.notes),
        "prerequisites": list(applied.below),
        "base_tries": [
            {
                "way": item.way,
                "what": item.what,
                "commit": item.commit or None,
                "taken": item.taken,
                "reason": item.reason,
            }
            for item in found.tries
        ]
        if found
        else None,
        "conflict": {
            "patch": conflict.patch,
            "subject": conflict.subject,
            "path": conflict.path,
            "line": conflict.line,
            "hunk": conflict.hunk,
            "detail": conflict.detail,
            "wanted": [_clean(line) for line in conflict.wanted],
            "found": [_clean(line) for line in conflict.found],
            "found_line": conflict.found_line,
            "changed_by": conflict.changed_by or None,
            "remark": conflict.remark or None,
        }
        if conflict
        else None,
    }
    import json  # noqa: PLC0415 - as below

    return json.dumps(document, indent=2) + "\n"


def _tries(found: BaseFound) -> list[str]:
    lines = []
    for item in found.tries:
        name = "" if item.what == item.way or item.commit.startswith(item.what) else item.what
        what = " ".join(word for word in (name, item.commit[:_SHORT]) if word)
        head = f"{item.way} ({what})" if what else item.way
        lines.append(f"  base   {head}: {'taken: ' if item.taken else 'no: '}{item.reason}")
    return lines


def _beside(conflict: Conflict) -> list[str]:
    """What the hunk expects and what the tree has, as a small diff of our own."""
    lines = [f"  note   {conflict.remark}"] if conflict.remark else []
    if conflict.changed_by:
        lines.append(f"  by     {conflict.changed_by}")
    if not conflict.found:
        return lines + [f"  patch expects  {line}" for line in conflict.wanted[:_SHOWN]]
    lines.append(f"  the patch expects (-) and the tree has (+), {conflict.path}:{conflict.found_line}")
    import difflib  # noqa: PLC0415 - a series that applies is shown without

    shown = list(difflib.ndiff(conflict.wanted, conflict.found, charjunk=None))
    body = [f"    {line}" for line in shown if not line.startswith("?")]
    rest = len(body) - _SHOWN
    return lines + body[:_SHOWN] + ([f"    and {rest} lines more"] if rest > 0 else [])


def _clean(line: str) -> str:
    """Text for JSON: bytes that are no UTF-8 become U+FFFD."""
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _headline(applied: Applied, series: Series) -> str:
    what = f"{series.name} v{series.version}: {applied.state.value}"
    if applied.state.good:
        what += f" to {applied.base[:_SHORT]}" if applied.commits else f" at {applied.base[:_SHORT]}"
    return f"{what}: {applied.reason}" if applied.reason else what
