# SPDX-License-Identifier: GPL-2.0-only
"""`kvet series`: what a series holds, where it comes from, how two versions differ."""

import re
from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.checks.series import completeness
from kpatch_tools.cli import options
from kpatch_tools.cli.output import progress
from kpatch_tools.cli.series_check import check, rules
from kpatch_tools.errors import UserError
from kpatch_tools.flow.compare import compare_series
from kpatch_tools.flow.fetch import as_message_id
from kpatch_tools.flow.series import load_series, saved_thread
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.render import comparison, comparison_json
from kpatch_tools.render import series as render
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.mailbox import save_new


@click.group("series")
def command() -> None:
    """Look at a posted series."""


command.add_command(check)
command.add_command(rules)


@command.command("show")
@click.argument("series")
@click.option("--tree", metavar="TREE", help="where the commits of a range A..B are  [the current directory]")
@click.option("-v", "--version", type=click.IntRange(1, 9999), help="this version of the series")
@options.output_format("text", "json")
def show(series: str, tree: str | None, version: int | None, fmt: str) -> int:
    """Show version, patches, files and Message-IDs of SERIES, and whether it is whole.

    SERIES is an mbox file, a folder of patches, a maildir, - for an mbox on standard input, a Message-ID
    (b4 fetches its thread), a range of commits A..B, or the name of a series below patches/. Where a mailbox
    holds several series, FILE@v2 or FILE@MESSAGE-ID names one. Exits 1 when the series is not whole.
    """
    path = find_tree(tree).path if tree else None
    loaded = load_series(series, tree=path, version=version or 0)
    fault = completeness(loaded)
    if fmt == "json":
        click.echo(render.as_json(loaded, fault, tool=f"kvet {__version__}"), nl=False)
    else:
        click.echo(render.text(loaded, fault), nl=False)
    return 1 if fault else 0


@command.command("fetch")
@click.argument("msgid")
@click.option("-v", "--version", type=click.IntRange(1, 9999), help="the thread of this version")
@click.option(
    "-o", "--output", metavar="FILE", help="write the mbox here  [MSGID.mbox]; - for standard output"
)
def fetch(msgid: str, version: int | None, output: str | None) -> int:
    """Fetch the thread of a Message-ID with b4 and save it as an mbox, replies included.

    The archive is lore.kernel.org, or what KVET_LORE or b4's own configuration names. Without -v it is the
    version that the mail belongs to. Exits 1 when the series in it is not whole; the file is written anyway.
    """
    message_id, choice = as_message_id(msgid)
    if not message_id:
        raise UserError(f"{msgid}: this is no Message-ID", cure="copy the mail's Message-ID header: ID@HOST")
    wanted = version or (choice.version if choice else 0)
    data, loaded, chosen = saved_thread(message_id, wanted)
    if output == "-":
        click.echo(data, nl=False)
    else:
        name = output or f"{re.sub(r'[^A-Za-z0-9._+=-]', '_', message_id).lstrip('.-')[:120]}.mbox"
        click.echo(terminal(f"{save_new(Path(name), data)}{chosen}"))
    fault = completeness(loaded)
    state = f"{fault[0].value}: {fault[1]}" if fault else f"complete, {len(loaded.patches)} patches"
    click.echo(terminal(f"kvet: v{loaded.version} {state}"), err=True)
    return 1 if fault else 0


@command.command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--tree", metavar="TREE", help="apply both here and compare the commits: a git tree or debian:6.1"
)
@options.onto("the commit to apply to; auto finds the one that each version was made for")
@click.option("--old-onto", metavar="REF", help="the commit to apply OLD to  [as --onto]")
@click.option("--comments", metavar="MAILS", multiple=True, help="review mails on OLD; may be given again")
@click.option("--summary", is_flag=True, help="leave out how each patch differs")
@options.output_format("text", "json")
def diff(  # noqa: PLR0913 - one parameter an option
    old: str,
    new: str,
    *,
    tree: str | None,
    onto: str,
    old_onto: str | None,
    comments: tuple[str, ...],
    fmt: str,
    summary: bool,
) -> int:
    """Compare two versions of a series: patches, files, trailers, and what became of review comments.

    OLD and NEW are named as for `kvet series show`. Without --tree the diffs are compared as text; with it
    both are applied (nothing is checked out or kept) and `git range-diff` compares the commits. MAILS is an
    mbox, a maildir, a mail, a page of a list archive saved as text, or a folder of such files.

    Exits 0; with --comments, 1 while a commented line is untouched, moved, or cannot be compared.
    """
    with progress() as sink:
        path = find_tree(tree, sink).path if tree else None
        result = compare_series(
            load_series(old, tree=path),
            load_series(new, tree=path),
            tree=path,
            old_base=old_onto or onto,
            new_base=onto,
            reviews=comments or None,
            sink=sink,
        )
    if fmt == "json":
        click.echo(comparison_json.as_json(result, tool=f"kvet {__version__}"), nl=False)
    else:
        click.echo(comparison.text(result, summary=summary), nl=False)
    return 1 if any(item.answer.is_open for item in result.comments or ()) else 0
