# SPDX-License-Identifier: GPL-2.0-only
"""`kvet tree`: bring a base tree."""

import click

from kpatch_tools.cli import complete
from kpatch_tools.cli.command import Group
from kpatch_tools.cli.output import progress
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.render.escape import terminal


@click.group(
    "tree", cls=Group, examples=(("kvet tree get debian:6.1", "Debian's kernel source, as a git tree"),)
)
def command() -> None:
    """Bring a kernel tree to work on."""


@command.command(
    "get",
    short_help="bring a tree, and print its path",
    examples=(
        ("kvet tree get debian:6.1", "Debian's kernel source, as a git tree in the cache"),
        ("cd $(kvet tree get debian:6.12 --print-path)", "go there"),
    ),
    exits={0: "it is there"},
)
@click.argument(
    "spec",
    metavar="TREE",
    shell_complete=complete.trees,
    help="debian:6.1, the URL of a git repository with #branch or #tag, or the top of a local git tree",
)
@click.option("--print-path", is_flag=True, help="print the path and say nothing else")
def get(spec: str, *, print_path: bool) -> None:
    """Bring a kernel tree and print its path.

    debian:6.1 is Debian's linux-source-6.1, unpacked from /usr/src or downloaded; nothing is installed. What
    is brought is kept in kvet's cache and found there the next time.
    """
    with progress(quiet=print_path) as sink:
        found = find_tree(spec, sink)
    if not print_path:
        click.echo(f"kvet: at commit {found.commit}", err=True)
        if found.note:
            click.echo(f"kvet: {terminal(found.note)}", err=True)
    click.echo(str(found.path))
