# SPDX-License-Identifier: GPL-2.0-only
"""`kvet man`: the manual pages, made from the commands."""

import os
import time
from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import complete
from kpatch_tools.cli.command import Command
from kpatch_tools.errors import UserError
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.manpage import pages
from kpatch_tools.tools.files import write_named


@click.command(
    "man",
    cls=Command,
    examples=(
        ("kvet man review | man -l -", "read one page"),
        ("kvet man -o ~/.local/share/man/man1", "install them all, for man kvet"),
    ),
    exits={0: "printed, or written"},
)
@click.argument(
    "name",
    required=False,
    metavar="[COMMAND]",
    shell_complete=complete.commands,
    help="the page of this command  [kvet's own]",
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="write every page into this folder, made when absent  [print one]",
)
def command(name: str | None, output: Path | None) -> None:
    """Print a manual page, or write them all: kvet.1, and one for each command.

    They are made from the commands themselves. The date in them is today's, or that of SOURCE_DATE_EPOCH.
    """
    # Here and not above: the group imports this module to make its help.
    from kpatch_tools.cli.manual import manual  # noqa: PLC0415 - see above

    made = pages(manual(), tool=f"kvet {__version__}", date=_date())
    if output is None:
        wanted = f"kvet-{name}.1" if name else "kvet.1"
        if wanted not in made:
            raise UserError(f"there is no command {name!r}", cure="kvet --help lists the commands")
        click.echo(made[wanted], nl=False)
        return
    if name:
        raise UserError("-o writes every page, and a command names one", cure="leave one of them out")
    for file, text in made.items():
        write_named(output / file, text)
    click.echo(terminal(f"kvet: wrote {len(made)} pages into {output}"), err=True)


def _date() -> str:
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = int(given) if given.isdecimal() else time.time()
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
