# SPDX-License-Identifier: GPL-2.0-only
"""`kvet render`: turn a saved report into another format."""

import sys
from pathlib import Path

import click

from kpatch_tools.cli.output import rendered
from kpatch_tools.errors import UserError
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import FORMATS
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.files import read_text, write_atomic


@click.command("render")
@click.argument("fmt", metavar="FORMAT", type=click.Choice(FORMATS))
@click.option(
    "--from",
    "source",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
    help="the report.json to read; - for standard input",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="write here, the whole file or nothing  [standard output]",
)
def command(fmt: str, source: Path, output: Path | None) -> None:
    """Render a saved report as FORMAT: text, json, html, sarif, github or junit.

    A report is what `kvet review` and `kvet test` leave as report.json, and what every command prints that
    has --format json. text is for a terminal and an editor (as gcc's), html one page without requests to
    anywhere, sarif for GitHub's code scanning, github workflow commands for a step of an Actions job, junit
    the XML that CI servers read.

    Exits 0 whatever the report's verdict is.
    """
    if str(source) == "-":
        text, name = sys.stdin.buffer.read(), "standard input"
    else:
        text, name = read_text(source, "report").encode(), str(source)
    shown = rendered(parse_report(text, name=name), fmt)
    if output is None:
        click.echo(shown, nl=False)
        return
    if output.is_dir():
        raise UserError(
            f"{output}: is a folder", cure=f"name the file: -o {output / 'report'}.{_ending(fmt)}"
        )
    try:
        write_atomic(output, shown)
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}", cure="name another file") from error
    click.echo(terminal(f"kvet: {output}"), err=True)


def _ending(fmt: str) -> str:
    return {"text": "txt", "github": "txt", "junit": "xml"}.get(fmt, fmt)
