# SPDX-License-Identifier: GPL-2.0-only
"""`kvet build`: the kernel of a tree, with or without a series."""

from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.flow.build import build_kernel, check_build
from kpatch_tools.flow.prepare import prepare, run_folder
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.render.escape import terminal


@click.command("build")
@options.tree
@options.series
@options.onto("the commit to build, or apply to")
@options.jobs
@options.state("where the log of make goes: runs/<time>-build/logs/")
@options.output_format()
def command(  # noqa: PLR0913 - one parameter an option
    *, tree: str | None, series: str | None, onto: str, jobs: int | None, state: Path, fmt: str
) -> int:
    """Build a small kernel for KVM tests from a commit, with a series on top where one is given.

    The configuration comes from the fragments in ci/kernel, and every line of it is verified. A kernel that
    was built before is taken from the cache. The tree itself is never touched: kvet builds in a checkout of
    its own. The path of the image is the last line on standard error.

    Exits 0 when the kernel builds without a warning, 1 when it does not or the series does not apply,
    3 when a program or room on the disk is missing.
    """
    image: Path | None = None
    with progress() as sink:
        prepared = prepare(tree, series, onto=onto, sink=sink)
        checks: list[CheckResult] = [prepared.apply] if prepared.apply else []
        if prepared.commit:
            folder = run_folder(state, "build")
            result = build_kernel(prepared.tree, prepared.commit, sink=sink, jobs=jobs, state=folder / "logs")
            image = result.image
            checks.append(check_build(result))
        else:
            checks.append(CheckResult(check="build", reason="the series does not apply"))
    report = Report(
        tool=f"kvet {__version__}", tree=prepared.tree_id, series=prepared.series_id, checks=tuple(checks)
    )
    click.echo(rendered(report, fmt), nl=False)
    if image:
        click.echo(terminal(f"kvet: image: {image}"), err=True)
    return exit_code(report, Severity.WARNING)
