# SPDX-License-Identifier: GPL-2.0-only
"""`kvet apply`: apply a series to a tree without a checkout."""

import click

from kpatch_tools import __version__
from kpatch_tools.cli.output import progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.render import applied as render
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.kept import store_for


@click.command("apply")
@click.argument("series")
@click.option("--tree", metavar="TREE", help="a git tree, debian:6.1, or URL#ref  [the current directory]")
@click.option("--onto", metavar="REF", default="HEAD", show_default=True, help="the commit to apply to")
@click.option("--branch", metavar="NAME", help="make this new branch in the tree; nothing else of it changes")
@click.option("--check", is_flag=True, help="only say whether it applies; keep nothing")
@click.option(
    "--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True, help="output"
)
def command(  # noqa: PLR0913 - one parameter an option
    series: str, tree: str | None, onto: str, branch: str | None, fmt: str, *, check: bool
) -> int:
    """Apply SERIES to a tree: all of it or nothing, without a checkout.

    SERIES is an mbox file, a folder of patches, a maildir, - for an mbox on standard input, or the name of
    a series below patches/. The tree's branch, index and work tree are never touched; the commits go to a
    repository in kvet's cache, or with --branch to the tree as a new branch. Commit ids are reproducible:
    the committer is kvet, the committer's date the author's.

    Exits 0 when the series is applied (or was already), 1 when it is not, with the reason.
    """
    if check and branch:
        raise UserError("--check keeps nothing and --branch keeps the commits: give one of them")
    with progress() as sink:
        loaded = load_series(series)
        path = resolve_tree(tree, sink)
        store = None if check or branch else store_for(path)
        applied = apply_series(loaded, tree=path, onto=onto, objects=store, branch=branch, sink=sink)
    kept = str(store) if store and applied.commits else ""
    made = branch if branch and applied.state.good else ""
    if fmt == "json":
        tool = f"kvet {__version__}"
        click.echo(
            render.as_json(applied, loaded, tool=tool, path=str(path), branch=made or "", store=kept),
            nl=False,
        )
    else:
        click.echo(render.text(applied, loaded), nl=False)
        if made:
            click.echo(terminal(f"branch {made} is new in {path}"), err=True)
        elif kept:
            seen = f"git --git-dir={kept} log -p --reverse {applied.base[:12]}..{applied.head[:12]}"
            click.echo(terminal(f"{path} is unchanged; to read the commits: {seen}"), err=True)
    return 0 if applied.state.good else 1
