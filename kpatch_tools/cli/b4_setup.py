# SPDX-License-Identifier: GPL-2.0-only
"""`kvet b4-setup`: wire kvet into b4's check commands."""

import shutil

import click

from kpatch_tools.cli import complete
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow import b4_setup
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.render import b4_setup as render
from kpatch_tools.render.escape import terminal


@click.command(
    "b4-setup",
    cls=Command,
    examples=(
        ("kvet b4-setup --tree ~/linux", "show the settings"),
        (
            "kvet b4-setup --tree ~/linux --write",
            "put them into ~/linux/.git/config; then: b4 am -k MESSAGE-ID",
        ),
    ),
    exits={0: "shown, or written"},
)
@click.option(
    "--tree",
    metavar="TREE",
    shell_complete=complete.trees,
    help="the git tree in which you run b4  [the current directory]",
)
@click.option("--print", "show", is_flag=True, help="only show what would be set (the default)")
@click.option("--write", is_flag=True, help="put the settings into the tree's .git/config")
def command(tree: str | None, *, show: bool, write: bool) -> int:
    """Make b4 ask kvet: `b4 am -k`, `b4 shazam -k` and the check key of `b4 review`.

    Without --write nothing is changed and the settings are shown, as a section for .git/config. Check
    commands that you have already stay. Run it again after every update of kvet: the version is part of the
    commands, because b4 remembers a command's answer for 30 days.
    """
    if show and write:
        raise UserError("--print changes nothing and --write does", cure="give one of them")
    with progress() as sink:
        path = resolve_tree(tree, sink)
    setup = b4_setup.plan(path, shutil.which("kvet") or "kvet")
    for setting in setup.tree:
        for other in setting.others:
            click.echo(terminal(f"kvet: b4.{setting.name} = {other} stays"), err=True)
    if write:
        b4_setup.write(setup)
        click.echo(terminal(f"kvet: b4's check commands are set in {setup.path}/.git/config"), err=True)
    else:
        click.echo("# for .git/config; kvet b4-setup --write puts it there")
        click.echo(render.section(setup.tree), nl=False)
        click.echo("\n# for a project's .b4-config, heard by `b4 prep --check` only")
        click.echo(render.section(setup.project), nl=False)
    return 0
