# SPDX-License-Identifier: GPL-2.0-only
"""A plan that `kvet plan` kept -> Plan."""

import re
from typing import Literal

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.model.json_v1 import SeriesV1
from kpatch_tools.model.plan import Job, Plan
from kpatch_tools.model.report import SeriesId

# A file system takes names of 255 bytes (NAME_MAX).
_ID = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9-]{1,255}")


class _Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str = ""
    patches: tuple[int, ...] = ()
    modes: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


class _Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: Literal[1]
    tool: str
    series: SeriesV1
    jobs: tuple[_Job, ...]
    notes: tuple[str, ...] = ()


def parse_plan(text: str | bytes, *, name: str) -> Plan:
    """Read a plan of schema 1; UserError says what in the document is wrong and where (a JSON path).

    A job's id names a folder of its own, so it is short and holds nothing but letters, digits and dashes.
    """
    try:
        document = msgspec.json.decode(text, type=_Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{name}: no plan: {error}", cure="write one with `kvet plan -o FILE`") from error
    known: set[str] = set()
    for job in document.jobs:
        if not _ID.fullmatch(job.id) or job.id in known:
            what = "is the id of two jobs" if job.id in known else "is no id of a job"
            raise UserError(f"{name}: {job.id[:200]!r} {what}", cure="write one with `kvet plan -o FILE`")
        known.add(job.id)
    series = document.series
    return Plan(
        tool=document.tool,
        series=SeriesId(
            name=series.name,
            version=series.version,
            message_id=series.message_id,
            patches=series.patches,
            hashes=series.patch_sha256,
            contents=series.content_sha256,
        ),
        jobs=tuple(
            Job(
                id=job.id,
                name=job.name,
                arguments=job.arguments,
                stages=job.stages,
                patches=job.patches,
                modes=job.modes,
            )
            for job in document.jobs
        ),
        notes=document.notes,
    )
