# SPDX-License-Identifier: GPL-2.0-only
"""`kvet review`: a series in, a verdict out."""

from pathlib import Path

import click

from kpatch_tools.cli import options as shared
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.errors import UserError
from kpatch_tools.flow.review import review
from kpatch_tools.flow.review_run import Options
from kpatch_tools.flow.test import parse_mode
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.vm import Backend
from kpatch_tools.render.escape import terminal


@click.command("review")
@click.argument("series")
@shared.tree
@shared.onto("the commit to apply to")
@click.option("--no-kernel", is_flag=True, help="leave out what needs a built kernel; the report says so")
@click.option(
    "--per-patch",
    is_flag=True,
    help="build, boot and test the base and every patch too",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    metavar="NAME=VALUE,...",
    help="with --per-patch: boot each kernel with these KVM parameters; may be repeated  [defaults]",
)
@shared.backend
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
    per_patch: bool,
    modes: tuple[str, ...],
    backend: str,
    state: Path,
    jobs: int | None,
    fmt: str,
    fail_on: str,
) -> int:
    """Take SERIES to a verdict: apply, documentation, contract, build, tests, conformance.

    With --per-patch a table shows every patch: whether it builds and boots, the compiler warnings and
    documentation findings that it brings, and what the test of the series does on its kernel. A patch that
    breaks bisection is named, and a test that passes without the series as well.

    SERIES is an mbox file, a folder of patches, a maildir, - for an mbox on standard input, or the name of
    a series below patches/. Nothing in the tree is changed.

    Exits 0 when all is clean, 1 with findings, 3 when a check could not run.
    """
    limit = Severity(fail_on)
    if modes and not per_patch:
        raise UserError("--mode is for the kernels of --per-patch", cure="give --per-patch too")
    options = Options(
        onto=onto,
        kernel=not no_kernel,
        fail_on=limit,
        jobs=jobs,
        backend=Backend(backend),
        per_patch=per_patch,
        patch_modes=tuple(parse_mode(mode) for mode in modes) or ({},),
    )
    with progress() as sink:
        done = review(series, tree=tree, state=state, options=options, sink=sink)
    click.echo(rendered(done.report, fmt), nl=False)
    click.echo(terminal(f"kvet: report: {done.folder / 'report.html'} and report.json beside it"), err=True)
    return exit_code(done.report, limit)
