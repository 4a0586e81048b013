# SPDX-License-Identifier: GPL-2.0-only
"""`kvet review`: a series in, a verdict out."""

from pathlib import Path

import click

from kpatch_tools.cli.output import exit_code, progress
from kpatch_tools.flow.review import Options, review
from kpatch_tools.model.finding import Severity
from kpatch_tools.render import RENDERERS
from kpatch_tools.render.escape import terminal


@click.command("review")
@click.argument("series")
@click.option("--tree", metavar="TREE", help="a git tree, debian:6.1, or URL#ref  [the current directory]")
@click.option("--onto", metavar="REF", default="HEAD", show_default=True, help="the commit to apply to")
@click.option("--no-kernel", is_flag=True, help="leave out what needs a built kernel; the report says so")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kvet"),
    show_default=True,
    help="where the run's folder goes: report.json, report.html, logs/",
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="parallel compiler jobs  [all processors]")
@click.option("--format", "fmt", type=click.Choice(list(RENDERERS)), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.WARNING.value,
    show_default=True,
    help="the lightest finding that makes the exit code 1",
)
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
    click.echo(RENDERERS[fmt](done.report), nl=False)
    click.echo(terminal(f"kvet: report: {done.folder / 'report.html'} and report.json beside it"), err=True)
    return exit_code(done.report, limit)
