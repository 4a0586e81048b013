# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs fix`: mend what is safe to mend."""

import click

from kpatch_tools.cli import complete, options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs_files import Against
from kpatch_tools.render.escape import terminal


@click.command(
    "fix",
    cls=Command,
    short_help="mend what leaves no choice",
    examples=(
        ("kvet docs fix --tree ~/linux", "show what would be mended of your change"),
        ("kvet docs fix --tree ~/linux --rule underline-length --write", "mend it, one rule only"),
    ),
    exits={
        0: "nothing to mend",
        1: "something was mended, or would be with --write",
        2: "wrong usage, no such file, or a file that changed meanwhile",
    },
)
@click.argument(
    "paths",
    nargs=-1,
    metavar="[PATH]...",
    type=click.Path(),
    help="an .rst file, or a folder of them  [Documentation/virt/kvm/api.rst]",
)
@options.docs_tree
@click.option("--all", "everything", is_flag=True, help="mend the whole file, not only what a change brings")
@click.option("--diff", "ref", metavar="REF", help="mend what the work tree adds to REF  [HEAD]")
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="RULE",
    shell_complete=complete.docs_rules,
    help="only this rule; may be repeated",
)
@click.option("--write", is_flag=True, help="write the files; without it the change is only shown")
def fix(  # noqa: PLR0913 - one parameter an option
    paths: tuple[str, ...],
    *,
    tree: str | None,
    everything: bool,
    ref: str | None,
    rules: tuple[str, ...],
    write: bool,
) -> int:
    """Show, or with --write make, the changes that leave no choice.

    By default only what the work tree adds to HEAD (staged or not) is mended. Each fix is proven with the
    rules: its finding must go and no other may come, or it is taken back. What is left, or comes to light
    once the parser can read its place, is listed on standard error with a hint where there is one.
    """
    # The command group is loaded for every check, which needs none of this.
    from kpatch_tools.flow.docs_fix import fix_files, write_files  # noqa: PLC0415 - see above
    from kpatch_tools.render import docs_fix as show  # noqa: PLC0415 - see above

    if everything and ref is not None:
        raise UserError("--all and --diff exclude each other", cure="give one of them")
    against = Against.NOTHING if everything else Against.REF if ref is not None else Against.DEFAULT
    with progress() as sink:
        files = fix_files(
            paths,
            tree=options.tree_folder(tree, sink),
            against=against,
            ref=ref or "HEAD",
            rules=rules,
            sink=sink,
        )
    if write:
        write_files(files)
    for file in files:
        click.echo(show.diff(file.mended), nl=False)
    for file in files:
        if file.remark:
            click.echo(f"kvet: {terminal(file.remark)}", err=True)
        for line in show.remarks(file.mended):
            click.echo(line, err=True)
        click.echo(f"kvet: {show.summary(file.mended, written=write)}", err=True)
    changed = any(file.mended.changed for file in files)
    if changed and not write:
        click.echo("kvet: nothing is written without --write", err=True)
    return int(changed)
