# SPDX-License-Identifier: GPL-2.0-only
"""A plan as text, as JSON that `kvet collect` reads, and as the matrix of a GitHub job."""

from typing import Any

import msgspec

from kpatch_tools.model.plan import Job, Plan
from kpatch_tools.render.escape import json_text, terminal
from kpatch_tools.render.json_v1 import encoded


def text(plan: Plan) -> str:
    """One line a job with the command that does it, ready to paste, and what was put together."""
    import shlex  # noqa: PLC0415 - the other forms do without

    series = plan.series
    lines = [f"{series.name} v{series.version}, {series.patches} patches: {_count(len(plan.jobs))}", ""]
    for job in plan.jobs:
        lines += [
            f"  {job.name}",
            f"      {', '.join(job.stages)}",
            f"      kvet {shlex.join(job.arguments)}",
        ]
    lines += ["", *(f"note: {note}" for note in plan.notes)] if plan.notes else []
    return "".join(f"{terminal(line)}\n" for line in lines)


def as_json(plan: Plan) -> str:
    """The document that parse.plan reads back, indented by two, ending in a newline."""
    series = plan.series
    document = {
        "schema": 1,
        "tool": plan.tool,
        "series": {
            "name": series.name,
            "version": series.version,
            "message_id": series.message_id,
            "patches": series.patches,
            "patch_sha256": series.hashes,
            "content_sha256": series.contents,
        },
        "jobs": [{**_cell(job), "stages": job.stages} for job in plan.jobs],
        "notes": plan.notes,
    }
    return json_text(msgspec.json.format(encoded(document), indent=2).decode()) + "\n"


def github(plan: Plan) -> str:
    """One line for $GITHUB_OUTPUT: ``matrix=`` and the jobs as a matrix of GitHub Actions, in ASCII.

    A matrix takes strings only where a step shall use them, so each value is one: the arguments are a JSON
    list of their own.
    """
    cells = [
        {
            "id": job.id,
            "name": terminal(job.name),
            "patches": " ".join(str(number) for number in job.patches),
            "modes": " ".join(job.modes),
            "arguments": _ascii(job.arguments),
        }
        for job in plan.jobs
    ]
    return f"matrix={_ascii({'include': cells})}\n"


def _cell(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "patches": job.patches,
        "modes": job.modes,
        "arguments": job.arguments,
    }


def _ascii(value: object) -> str:
    """Compact JSON of ASCII alone: no character of it ends a line for whoever reads it."""
    import json  # noqa: PLC0415 - msgspec writes UTF-8 only

    return json.dumps(value, separators=(",", ":"))


def _count(jobs: int) -> str:
    return f"{jobs} jobs" if jobs != 1 else "1 job"
