# SPDX-License-Identifier: GPL-2.0-only
"""`kvet render`: turn a saved report into another format."""

from pathlib import Path

import click

from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import RENDERERS
from kpatch_tools.tools.files import read_text, write_atomic


@click.command("render")
@click.argument("fmt", metavar="FORMAT", type=click.Choice(list(RENDERERS)))
@click.option(
    "--from", "source", required=True, type=click.Path(path_type=Path), help="the report.json to read"
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="write here instead of standard output")
def command(fmt: str, source: Path, output: Path | None) -> None:
    """Render a saved report as FORMAT."""
    rendered = RENDERERS[fmt](parse_report(read_text(source, "report"), name=str(source)))
    if output:
        write_atomic(output, rendered)
    else:
        click.echo(rendered, nl=False)
