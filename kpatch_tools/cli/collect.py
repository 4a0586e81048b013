# SPDX-License-Identifier: GPL-2.0-only
"""`kvet collect`: one report of what the jobs of a plan left."""

from pathlib import Path

import click

from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import exit_code, rendered
from kpatch_tools.flow.collect import collect
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.plan import parse_plan
from kpatch_tools.render import json_v1
from kpatch_tools.tools.files import read_text, write_named


@click.command(
    "collect",
    cls=Command,
    examples=(
        ("kvet collect jobs --plan plan.json", "jobs/ID/report.json of every job that kvet plan named"),
        ("kvet collect jobs --plan plan.json -o report.json", "keep it, for kvet render"),
    ),
    exits={0: "all is clean", 1: "findings", 3: "a check or a whole job did not run, and nothing was found"},
)
@click.argument(
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="holds ID/report.json for each job, as its `kvet review --format json` printed it",
)
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="the plan that kvet plan -o kept",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="keep the report here as JSON",
)
@options.output_format()
@options.fail_on
def command(folder: Path, *, plan_file: Path, output: Path | None, fmt: str, fail_on: str) -> int:
    """Make one report of the reports that the jobs of a plan left.

    It is what one machine would have reported; a job without a report is a check that did not run.
    """
    limit = Severity(fail_on)
    plan = parse_plan(read_text(plan_file, "plan"), name=str(plan_file))
    report = collect(plan, folder, fail_on=limit)
    if output is not None:
        write_named(output, json_v1.render(report))
    click.echo(rendered(report, fmt), nl=False)
    return exit_code(report, limit)
