# SPDX-License-Identifier: GPL-2.0-only
"""`kvet plan`: the jobs that a review of a series is divided into."""

from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress
from kpatch_tools.flow.plan import MOST_JOBS, Request, make_plan
from kpatch_tools.flow.prepare import load
from kpatch_tools.flow.series import load_series, needs_tree
from kpatch_tools.flow.test import parse_mode
from kpatch_tools.model.finding import Severity
from kpatch_tools.render import plan as render
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.files import write_named


@click.command(
    "plan",
    cls=Command,
    examples=(
        ("kvet plan kvm-map-memory/v2 --tree debian:6.1", "the jobs, and the command that does each"),
        (
            "kvet plan v2.mbox --tree debian:6.1 --github -o plan.json >>$GITHUB_OUTPUT",
            "the matrix of a job of GitHub Actions; kvet collect makes one report of what its jobs leave",
        ),
    ),
    exits={0: "here is the plan"},
)
@options.series_argument
@options.tree
@options.onto("the commit to apply to")
@click.option("--no-kernel", is_flag=True, help="leave out what needs a built kernel: one job is left")
@click.option("--no-per-patch", is_flag=True, help="only the series as a whole: one job is left")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    metavar="NAME=VALUE,...",
    help="boot each patch with these KVM parameters; may be repeated  [default, npt=0 and tdp_mmu=0 where "
    "the series has a contract]",
)
@click.option(
    "--jobs-most",
    "most",
    metavar="N",
    type=click.IntRange(1, MOST_JOBS),
    default=MOST_JOBS,
    show_default=True,
    help="put modes and then patches together where there would be more jobs",
)
@click.option("--github", is_flag=True, help='print matrix={"include":[...]}, a line for $GITHUB_OUTPUT')
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help="keep the plan here as JSON, for kvet collect",
)  # fmt: skip
@options.output_format("text", "json")
@options.fail_on
def command(  # noqa: PLR0913 - one parameter an option
    series: str,
    *,
    tree: str | None,
    onto: str,
    no_kernel: bool,
    no_per_patch: bool,
    modes: tuple[str, ...],
    most: int,
    github: bool,
    output: Path | None,
    fmt: str,
    fail_on: str,
) -> None:
    """Divide the review of a series into jobs that several machines can do at once.

    The series as a whole is one job, each patch is one in each mode: it is held against the step before it.
    A patch that changes nothing in the kernel goes with the one before. Nothing is applied, built or booted.
    """
    with progress() as sink:
        # Only commits need the tree to be there.
        found = load(series, tree, sink)[0] if needs_tree(series) else load_series(series)
    for note in found.notes:
        click.echo(terminal(f"kvet: {found.name}: {note}"), err=True)
    request = Request(
        series=series,
        tree=tree,
        onto=onto,
        kernel=not no_kernel,
        per_patch=not no_per_patch,
        modes=tuple(parse_mode(mode) for mode in modes),
        fail_on=Severity(fail_on),
        most=most,
    )
    plan = make_plan(found, request, tool=f"kvet {__version__}")
    if output is not None:
        write_named(output, render.as_json(plan))
    if github:
        click.echo(render.github(plan), nl=False)
    else:
        click.echo(render.as_json(plan) if fmt == "json" else render.text(plan), nl=False)
