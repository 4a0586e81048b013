# SPDX-License-Identifier: GPL-2.0-only
"""`kvet build`: the kernel of a tree, with or without a series."""

from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.errors import UserError
from kpatch_tools.flow.per_patch import build_each
from kpatch_tools.flow.per_patch_told import told_once
from kpatch_tools.flow.prepare import now, prepare, run_folder
from kpatch_tools.flow.warnings import build_series
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.render.escape import terminal


@click.command(
    "build",
    cls=Command,
    examples=(
        ("kvet build --tree debian:6.1", "the kernel that tests of this tree boot"),
        ("kvet build --tree debian:6.1 --series kvm-map-memory/v2 --per-patch", "does every patch build?"),
    ),
    exits={
        0: "it builds without a new warning",
        1: "it does not build, it warns, or the series does not apply",
    },
)
@options.tree
@options.series
@options.onto("the commit to build, or apply to; with a series, auto looks for the one it was made for")
@options.config
@click.option("--per-patch", is_flag=True, help="build the base and every patch of the series too")
@options.jobs
@options.no_sandbox
@options.state("where the log of make goes: runs/<time>-build/logs/")
@options.output_format()
def command(  # noqa: PLR0913 - one parameter an option
    *,
    tree: str | None,
    series: str | None,
    onto: str,
    config: tuple[str, ...],
    per_patch: bool,
    jobs: int | None,
    state: Path,
    fmt: str,
) -> int:
    """Build a small kernel for KVM tests from a commit, with a series on top where one is given.

    The configuration comes from the fragments in ci/kernel and those of --config, and every line of it is
    verified: what a line lacks is named. With a series, the files that it touches are compiled once more
    with W=1, and read by sparse where that is installed: the report tells the warnings that the base has
    not, each with the patch that brought it.

    With --per-patch the base and each patch of the series are built, and a patch at which the series does
    not build, or that brings a warning, is named.

    A kernel that was built before is taken from the cache. The tree itself is never touched: kvet builds in
    a checkout of its own. The path of the image is the last line on standard error.
    """
    if per_patch and series is None:
        raise UserError("--per-patch is for a series", cure="name one: --series SERIES")
    image: Path | None = None
    started = now()
    with progress() as sink:
        prepared = prepare(tree, series, onto=onto, sink=sink)
        checks: list[CheckResult] = [prepared.apply] if prepared.apply else []
        if prepared.commit:
            folder = run_folder(state, "build")
            if per_patch:
                checks.append(build_each(prepared, sink=sink, logs=folder / "logs", jobs=jobs, config=config))
            result, told = build_series(
                prepared.tree,
                prepared.tree_id.base,
                prepared.applied.commits if prepared.applied else (),
                sink=sink,
                logs=folder / "logs",
                jobs=jobs,
                config=config,
            )
            image = result.image
            checks += told
        else:
            checks.append(CheckResult(check="build", reason="the series does not apply"))
    report = Report(
        tool=f"kvet {__version__}",
        tree=prepared.tree_id,
        series=prepared.series_id,
        checks=told_once(checks),
        started=started,
    )
    click.echo(rendered(report, fmt), nl=False)
    if image:
        click.echo(terminal(f"kvet: image: {image}"), err=True)
    return exit_code(report, Severity.WARNING)
