# SPDX-License-Identifier: GPL-2.0-only
"""`kvet tree`: bring a base tree."""

import click

from kpatch_tools.cli.output import progress
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.render.escape import terminal


@click.group("tree")
def command() -> None:
    """Bring a kernel tree to work on."""


@command.command("get")
@click.argument("spec")
@click.option("--print-path", is_flag=True, help="print the path and say nothing else")
def get(spec: str, *, print_path: bool) -> None:
    """Bring the tree SPEC and print its path.

    SPEC is debian:6.1 (Debian's linux-source-6.1, unpacked from /usr/src or downloaded; nothing is
    installed), the URL of a git repository with #branch or #tag, or the top of a local git tree. What is
    brought is kept in kvet's cache and found there the next time.
    """
    with progress(quiet=print_path) as sink:
        found = find_tree(spec, sink)
    if not print_path:
        click.echo(f"kvet: at commit {found.commit}", err=True)
        if found.note:
            click.echo(f"kvet: {terminal(found.note)}", err=True)
    click.echo(str(found.path))
