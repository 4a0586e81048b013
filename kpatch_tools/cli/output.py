# SPDX-License-Identifier: GPL-2.0-only
"""What every command shares on the way out: progress on stderr, and the exit code of a report."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.render import RENDERERS, WITH_PAGES
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools import sandbox

if TYPE_CHECKING:
    from kpatch_tools.model.finding import Severity
    from kpatch_tools.model.report import Report

PLAIN_EVERY_S = 10.0


@contextlib.contextmanager
def progress(*, quiet: bool = False) -> Iterator[Sink]:
    """A sink for events: one moving line a stage on a terminal, plain lines at intervals otherwise."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _live() as sink:
            yield sink
    else:
        yield _plain()


@contextlib.contextmanager
def _live() -> Iterator[Sink]:
    # rich is only for a terminal, and only there worth its time at the start.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[stage]}", style="bold", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def sink(event: Event) -> None:
            if event.stage not in tasks:
                for task in tasks.values():
                    bars.update(task, visible=False)
                tasks[event.stage] = bars.add_task("", total=None, stage=terminal(event.stage))
            text = terminal(event.text)[:80]
            bars.update(tasks[event.stage], description=text, completed=event.done, total=event.total or None)

        yield sink


def _plain() -> Sink:
    last: dict[str, float] = {}

    def sink(event: Event) -> None:
        now = time.monotonic()
        if event.stage in last and now - last[event.stage] < PLAIN_EVERY_S:
            return
        last[event.stage] = now
        count = f" [{event.done}/{event.total}]" if event.total else f" [{event.done}]" if event.done else ""
        click.echo(terminal(f"kvet: {event.stage}{count}: {event.text}"), err=True)

    return sink


def exit_code(report: "Report", fail_on: "Severity") -> int:
    """0 clean, 1 findings at or over ``fail_on`` or a failed check, 3 when a check could not run."""
    from kpatch_tools.model.report import Status  # noqa: PLC0415 - half of the commands make no report

    if any(finding.severity.rank >= fail_on.rank for finding in report.findings):
        return 1
    if any(check.status is Status.FAIL for check in report.checks):
        return 1
    if any(check.status is Status.DID_NOT_RUN for check in report.checks) or not report.checks:
        return 3
    return 0


def kcidb_origin() -> str:
    """The origin of a KCIDB document where none is given; UserError for a KVET_ORIGIN that KCIDB refuses."""
    from kpatch_tools.render.kcidb_text import DEFAULT_ORIGIN, need_origin  # noqa: PLC0415 - as above

    return need_origin(os.environ.get("KVET_ORIGIN") or DEFAULT_ORIGIN)


def room() -> int:
    """The columns that text on stdout may take: the terminal's, or those of COLUMNS, within bounds.

    A file or a pipe has as many as the widest text, so that it reads the same wherever it was made.
    """
    from kpatch_tools.render.columns import NARROWEST, WIDTH  # noqa: PLC0415 - half of the commands need none

    # COLUMNS is asked for first, as shutil has it.
    columns = shutil.get_terminal_size((WIDTH, 24)).columns if _is_followed() else WIDTH
    return min(max(columns, NARROWEST), WIDTH)


def _is_followed() -> bool:
    return sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()


def rendered(report: "Report", fmt: str, *, origin: str = "", to_file: bool = False) -> str:
    """The report in one of render.FORMATS; text is as wide as stdout, or ``to_file`` as wide as it may be.

    ``origin`` names the CI system in a KCIDB document; "" is that of KVET_ORIGIN, or else kvet itself.
    """
    if sandbox.OFF.get():
        report = replace(report, unprotected=True)
    if fmt == "text" and not to_file:
        from kpatch_tools.render.text import render  # noqa: PLC0415 - as in render, where the others are

        return render(report, room())
    if fmt == "kcidb":
        from kpatch_tools.render import kcidb  # noqa: PLC0415 - as in render, where the others are

        return kcidb.render(report, origin or kcidb_origin())
    if fmt in RENDERERS:
        return RENDERERS[fmt](report)
    # The pages need every table of rules: not worth loading for the other formats.
    from kpatch_tools.flow.rulepages import rule_pages  # noqa: PLC0415
    from kpatch_tools.render.sarif import MOST_RESULTS  # noqa: PLC0415

    if (cut := len(report.findings) - MOST_RESULTS) > 0:
        text = f"the lightest {cut} of {len(report.findings)} findings are left out, as GitHub would"
        click.echo(f"kvet: {text}; --format json has them all", err=True)
    return WITH_PAGES[fmt](report, rule_pages())
