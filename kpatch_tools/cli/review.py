# SPDX-License-Identifier: GPL-2.0-only
"""`kvet review`: a series in, a verdict out."""

from pathlib import Path

import click

from kpatch_tools.cli import options as shared
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.flow.review import Options, review
from kpatch_tools.model.finding import Severity
from kpatch_tools.render.escape import terminal


@click.command("review")
@click.argument("series")
@shared.tree
@shared.onto("the commit to apply to")
@click.option("--no-kernel", is_flag=True, help="leave out what needs a built kernel; the report says so")
@shared.state("where the run's folder goes: report.json, report.html, logs/")
@shared.jobs
@shared.output_format()
@shared.fail_on
def command(  # noqa: PLR0913 - one parameter an option
    series: str,
    *,
    tree: str | None,
    onto: str,
    no_kernel: bool,
    state: Path,
    jobs: int | None,
    fmt: str,
    fail_on: str,
) -> int:
    """Take SERIES to a verdict: apply, documentation, contract, build, tests, conformance.

    SERIES is an mbox file, a folder of patches, a maildir, - for an mbox on standard input, or the name of
    a series below patches/. Nothing in the tree is changed.

    Exits 0 when all is clean, 1 with findings, 3 when a check could not run.
    """
    limit = Severity(fail_on)
    options = Options(onto=onto, kernel=not no_kernel, fail_on=limit, jobs=jobs)
    with progress() as sink:
        done = review(series, tree=tree, state=state, options=options, sink=sink)
    click.echo(rendered(done.report, fmt), nl=False)
    click.echo(terminal(f"kvet: report: {done.folder / 'report.html'} and report.json beside it"), err=True)
    return exit_code(done.report, limit)
