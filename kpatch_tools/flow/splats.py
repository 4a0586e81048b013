# SPDX-License-Identifier: GPL-2.0-only
"""The allow list of kernel complaints: what is shipped, what the user adds, and what was never seen."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from kpatch_tools.checks.vm import Judgement
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.splats import Allowed
from kpatch_tools.parse.splat_list import parse_allowed
from kpatch_tools.tools.files import data_dir, read_text

SHIPPED = "splats.toml"


def load_allowed(more: str | None = None) -> tuple[Allowed, ...]:
    """The shipped entries and those of the file ``more``; UserError names the faults of it line by line."""
    shipped = data_dir("ci") / SHIPPED
    entries = parse_allowed(read_text(shipped, "allow list"), name=SHIPPED)
    return (*entries, *parse_allowed(read_text(Path(more), "allow list"), name=more)) if more else entries


def never_seen(
    allowed: Sequence[Allowed], judged: Sequence[Judgement], releases: Sequence[str]
) -> Iterator[Finding]:
    """A note for each entry that is for one of these kernels and that no boot needed."""
    used = {entry for judgement in judged for entry in judgement.used}
    for entry in allowed:
        if entry not in used and any(entry.of_release(release) for release in releases):
            yield Finding(
                rule="splat/unused",
                severity=Severity.NOTE,
                message=f"{entry.place}: no {entry.kind} was seen with a title like {entry.title.pattern!r}",
                hint="take the entry out when the kernels that complain are gone",
            )
