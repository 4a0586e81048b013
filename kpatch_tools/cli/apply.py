# SPDX-License-Identifier: GPL-2.0-only
"""`kvet apply`: apply a series to a tree without a checkout."""

from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow.base import AUTO, apply_to
from kpatch_tools.flow.series import load_series, needs_tree
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.model.series import ApplyState
from kpatch_tools.render import applied as render
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.kept import store_for


@click.command(
    "apply",
    cls=Command,
    examples=(
        ("kvet apply kvm-map-memory/v2 --tree debian:6.1", "apply, and keep the commits in kvet's cache"),
        ("kvet apply thread.mbox --tree ~/linux --onto auto --check", "where would it apply? keep nothing"),
        ("kvet apply thread.mbox --tree ~/linux --branch review", "make the branch review to look at"),
    ),
    exits={0: "the series is applied, or was already", 1: "it is not, and the reason is told"},
)
@options.series_argument
@options.tree
@click.option(
    "--onto",
    metavar="REF",
    default="HEAD",
    show_default=True,
    help="the commit to apply to; auto finds the one that the series was made for",
)
@click.option(
    "--base-branch",
    "branches",
    metavar="NAME",
    multiple=True,
    help="with --onto auto: try this branch; may be given several times  [all]",
)
@click.option(
    "--prerequisites",
    type=click.Path(exists=True, path_type=Path),
    metavar="MAILS",
    help="a folder or mbox with the patches that the series names by prerequisite-patch-id",
)
@options.version
@click.option("--branch", metavar="NAME", help="make this new branch in the tree; nothing else of it changes")
@click.option("--check", is_flag=True, help="only say whether it applies; keep nothing")
@options.output_format("text", "json")
def command(  # noqa: PLR0913 - one parameter an option
    series: str,
    *,
    tree: str | None,
    onto: str,
    branches: tuple[str, ...],
    prerequisites: Path | None,
    version: int | None,
    branch: str | None,
    fmt: str,
    check: bool,
) -> int:
    """Apply SERIES to a tree: all of it or nothing, without a checkout.

    The tree's branch, index and work tree are never touched; the commits go to a repository in kvet's cache,
    or with --branch to the tree as a new branch. Commit ids are reproducible: the committer is kvet, the
    committer's date the author's.

    With --onto auto the commit is found by what the mails record (base-commit, prerequisite-patch-id, blob
    ids), then by trying the branches and HEAD; each try is told. The default stays HEAD.
    """
    if check and branch:
        raise UserError(
            "--check keeps nothing and --branch keeps the commits: give one of them",
            cure="--check first, --branch then",
        )
    if branches and onto != AUTO:
        raise UserError("--base-branch names branches for --onto auto to try", cure="add --onto auto")
    with progress() as sink:
        # A mistake in the series' name is told before a tree is brought; a range needs the tree.
        here = resolve_tree(tree, sink) if needs_tree(series) else None
        loaded = load_series(series, tree=here, version=version or 0)
        path = here or resolve_tree(tree, sink)
        store = None if check or branch else store_for(path)
        applied, found = apply_to(
            loaded,
            tree=path,
            onto=onto,
            prerequisites=prerequisites,
            branches=branches,
            objects=store,
            branch=branch,
            sink=sink,
        )
    kept = str(store) if store and applied.commits else ""
    made = branch if branch and applied.state.good else ""
    if fmt == "json":
        tool = f"kvet {__version__}"
        click.echo(
            render.as_json(
                applied, loaded, tool=tool, path=str(path), branch=made or "", store=kept, found=found
            ),
            nl=False,
        )
    else:
        click.echo(render.text(applied, loaded, found), nl=False)
        if applied.state is ApplyState.CONFLICT and onto != AUTO:
            click.echo(options.AUTO_FINDS, err=True)
        if made:
            click.echo(terminal(f"branch {made} is new in {path}"), err=True)
        elif kept:
            seen = f"git --git-dir={kept} log -p --reverse {applied.base[:12]}..{applied.head[:12]}"
            click.echo(terminal(f"{path} is unchanged; to read the commits: {seen}"), err=True)
    return 0 if applied.state.good else 1
