# SPDX-License-Identifier: GPL-2.0-only
"""What a series holds, as text and as JSON."""

import json

from kpatch_tools.model.series import ApplyState, FileChange, Patch, Series
from kpatch_tools.render.escape import terminal

SCHEMA = 1

Fault = tuple[ApplyState, str] | None


def text(series: Series, fault: Fault) -> str:
    """Subject, version and completeness, then each patch with its files; every foreign word escaped."""
    title = series.cover.subject if series.cover else (series.patches[0].subject if series.patches else "")
    state = f"{fault[0].value}: {fault[1]}" if fault else "complete"
    if series.rivals:
        return _several(series)
    lines = [
        title or series.name,
        f"  version     v{series.version}",
        f"  patches     {len(series.patches)} of {series.total or len(series.patches)}, {state}",
        f"  cover       {series.cover.message_id or 'without Message-ID' if series.cover else 'none'}",
    ]
    if series.base_commit:
        lines.append(f"  base        {series.base_commit}")
    lines += [f"  needs       patch-id {item}" for item in series.prerequisites]
    lines += [f"  note        {note}" for note in series.notes]
    for patch in series.patches:
        lines.append("")
        lines.append(f"{patch.count:>5}  {patch.subject}")
        lines.append(f"       from {patch.author}, {patch.date or 'no date'}")
        lines.append(f"       id   {patch.message_id or 'none'}")
        lines += [f"       {_change(change)}" for change in patch.files]
    return "".join(f"{terminal(line)}\n" for line in lines)


def _several(series: Series) -> str:
    """What a mailbox holds where nothing was chosen, newest last."""
    lines = [f"{series.name}: several-series: {len(series.rivals)} series in one input"]
    lines += [f"  {rival}" for rival in series.rivals]
    lines.append("  name one of them: FILE@v2 or FILE@MESSAGE-ID")
    return "".join(f"{terminal(line)}\n" for line in lines)


def as_json(series: Series, fault: Fault, *, tool: str) -> str:
    """One JSON document."""
    document = {
        "schema": SCHEMA,
        "tool": tool,
        "name": series.name,
        "version": series.version,
        "total": series.total,
        "complete": fault is None,
        "state": fault[0].value if fault else "complete",
        "reason": fault[1] if fault else "",
        "message_id": series.message_id,
        "base_commit": series.base_commit or None,
        "prerequisite_patch_ids": list(series.prerequisites),
        "notes": list(series.notes),
        "several": list(series.rivals),
        "cover": _mail(series.cover) if series.cover else None,
        "patches": [_mail(patch) for patch in series.patches],
    }
    return json.dumps(document, indent=2) + "\n"


def _change(change: FileChange) -> str:
    names = f"{change.old_path} -> {change.path}" if change.old_path != change.path else change.path
    size = "binary" if change.binary else f"+{change.added} -{change.removed}"
    return f"{change.status}    {names}  {size}"


def _mail(patch: Patch) -> dict[str, object]:
    return {
        "number": patch.number,
        "total": patch.total,
        "version": patch.version,
        "subject": patch.subject,
        "author": {"name": patch.author.name, "email": patch.author.email},
        "date": patch.date,
        "message_id": patch.message_id,
        "source": patch.source,
        "files": [
            {
                "path": change.path,
                "old_path": change.old_path,
                "status": change.status,
                "added": change.added,
                "removed": change.removed,
                "binary": change.binary,
            }
            for change in patch.files
        ],
    }
