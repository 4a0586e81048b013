# SPDX-License-Identifier: GPL-2.0-only
"""What every command shares on the way out: progress on stderr, and the exit code of a report."""

import contextlib
import sys
import time
from collections.abc import Iterator

import click

from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Report, Status
from kpatch_tools.render.escape import terminal

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
        TextColumn("{task.fields[stage]}", style="bold"),
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
                tasks[event.stage] = bars.add_task("", total=None, stage=event.stage)
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
        click.echo(f"kvet: {event.stage}{count}: {terminal(event.text)}", err=True)

    return sink


def exit_code(report: Report, fail_on: Severity) -> int:
    """0 clean, 1 findings at or over ``fail_on`` or a failed check, 3 when a check could not run."""
    if any(finding.severity.rank >= fail_on.rank for finding in report.findings):
        return 1
    if any(check.status is Status.FAIL for check in report.checks):
        return 1
    if any(check.status is Status.DID_NOT_RUN for check in report.checks) or not report.checks:
        return 3
    return 0
