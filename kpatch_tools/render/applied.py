# SPDX-License-Identifier: GPL-2.0-only
"""What came of applying a series, as text and as JSON."""

import json

from kpatch_tools.model.series import Applied, Series
from kpatch_tools.render.escape import terminal

SCHEMA = 1
_SHORT = 12


def text(applied: Applied, series: Series) -> str:
    """A headline, then a line a commit or the place of the conflict; every foreign word escaped."""
    lines = [_headline(applied, series)]
    lines += [f"  note: {note}" for note in series.notes]
    if applied.commits:
        for patch, commit, parent in zip(
            series.patches, applied.commits, (applied.base, *applied.commits[:-1]), strict=True
        ):
            shown = "in the base" if commit == parent else commit[:_SHORT]
            lines.append(f"  {patch.count:>5}  {shown:<{_SHORT}}  {patch.subject}")
        lines.append(f"  tree   {applied.tree}")
    if conflict := applied.conflict:
        lines.append(f"  patch  {conflict.patch}/{series.total or len(series.patches)}  {conflict.subject}")
        lines.append(f"  file   {conflict.path}{f':{conflict.line}' if conflict.line else ''}")
        if conflict.hunk:
            lines.append(f"  hunk   {conflict.hunk}")
        lines += [f"  git    {words}" for words in conflict.detail.splitlines()]
    return "".join(f"{terminal(line)}\n" for line in lines)


def as_json(  # noqa: PLR0913 - the outcome, and what only the caller knows
    applied: Applied, series: Series, *, tool: str, path: str, branch: str = "", store: str = ""
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
        "conflict": {
            "patch": conflict.patch,
            "subject": conflict.subject,
            "path": conflict.path,
            "line": conflict.line,
            "hunk": conflict.hunk,
            "detail": conflict.detail,
        }
        if conflict
        else None,
    }
    return json.dumps(document, indent=2) + "\n"


def _headline(applied: Applied, series: Series) -> str:
    what = f"{series.name} v{series.version}: {applied.state.value}"
    if applied.state.good:
        what += f" to {applied.base[:_SHORT]}" if applied.commits else f" at {applied.base[:_SHORT]}"
    return f"{what}: {applied.reason}" if applied.reason else what
