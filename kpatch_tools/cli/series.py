# SPDX-License-Identifier: GPL-2.0-only
"""`kvet series`: what a series holds."""

import click

from kpatch_tools import __version__
from kpatch_tools.checks.series import completeness
from kpatch_tools.flow.series import load_series
from kpatch_tools.render import series as render


@click.group("series")
def command() -> None:
    """Look at a posted series."""


@command.command("show")
@click.argument("series")
@click.option(
    "--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True, help="output"
)
def show(series: str, fmt: str) -> int:
    """Show version, patches, files and Message-IDs of SERIES, and whether it is whole.

    SERIES is an mbox file, a folder of patches, a maildir, - for an mbox on standard input, or the name of
    a series below patches/. Exits 1 when the series is incomplete or miscounted.
    """
    loaded = load_series(series)
    fault = completeness(loaded)
    if fmt == "json":
        click.echo(render.as_json(loaded, fault, tool=f"kvet {__version__}"), nl=False)
    else:
        click.echo(render.text(loaded, fault), nl=False)
    return 1 if fault else 0
