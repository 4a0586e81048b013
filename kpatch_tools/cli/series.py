# SPDX-License-Identifier: GPL-2.0-only
"""`kvet series`: what a series holds, where it comes from, how two versions differ."""

import re
from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.checks.series import completeness
from kpatch_tools.cli import complete, options
from kpatch_tools.cli.command import Group
from kpatch_tools.cli.output import progress
from kpatch_tools.cli.series_check import check, rules
from kpatch_tools.errors import UserError
from kpatch_tools.flow.compare import compare_series
from kpatch_tools.flow.fetch import as_message_id
from kpatch_tools.flow.series import load_manifest, load_series, saved_thread
from kpatch_tools.flow.told import reports_on
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.render import comparison, comparison_json
from kpatch_tools.render import series as render
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.mailbox import save_new


@click.group(
    "series",
    cls=Group,
    examples=(("kvet series show kvm-map-memory/v2", "what a series of ten patches holds"),),
)
def command() -> None:
    """Look at a posted series."""


command.add_command(check)
command.add_command(rules)


@command.command(
    "show",
    short_help="what a series holds, and whether it is whole",
    examples=(
        ("kvet series show kvm-map-memory/v2", "a series below patches/"),
        ("kvet series show thread.mbox@v2 --format json", "the second version in a mailbox"),
    ),
    exits={0: "the series is whole", 1: "it is not"},
)
@options.series_argument
@click.option(
    "--tree",
    metavar="TREE",
    shell_complete=complete.trees,
    help="where the commits of a range A..B are  [the current directory]",
)
@options.version
@options.output_format("text", "json")
def show(series: str, tree: str | None, version: int | None, fmt: str) -> int:
    """Show version, patches, files and Message-IDs of SERIES, and whether it is whole."""
    path = find_tree(tree).path if tree else None
    loaded = load_series(series, tree=path, version=version or 0)
    fault = completeness(loaded)
    if fmt == "json":
        click.echo(render.as_json(loaded, fault, tool=f"kvet {__version__}"), nl=False)
    else:
        click.echo(render.text(loaded, fault), nl=False)
    return 1 if fault else 0


@command.command(
    "fetch",
    short_help="save a thread as an mbox; b4 fetches it",
    examples=(
        (
            "kvet series fetch cover.1712785629.git.isaku.yamahata@intel.com -o v2.mbox",
            "a posted series, with the replies to it",
        ),
    ),
    exits={0: "saved", 1: "saved, but the series in it is not whole"},
)
@click.argument("msgid", metavar="MESSAGE-ID", help="of any mail of the thread, or its address in an archive")
@click.option(
    "-v",
    "--version",
    metavar="N",
    type=click.IntRange(1, 9999),
    help="the thread of this version  [the mail's]",
)
@click.option(
    "-o", "--output", metavar="FILE", help="write the mbox here, - for standard output  [MESSAGE-ID.mbox]"
)
def fetch(msgid: str, version: int | None, output: str | None) -> int:
    """Fetch the thread of a Message-ID with b4 and save it as an mbox, replies included.

    The archive is lore.kernel.org, or what KVET_LORE or b4's own configuration names.
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


@command.command(
    "diff",
    short_help="what changed between two versions",
    examples=(
        ("kvet series diff thread.mbox@v1 thread.mbox@v2", "the patches as text"),
        ("kvet series diff kvm-map-memory/v2 kvm-map-memory/v3 --summary", "the comments that are known"),
        (
            "kvet series diff v1.mbox v2.mbox --tree ~/linux --comments v1-replies.mbox",
            "the commits, and what became of each comment",
        ),
    ),
    exits={0: "compared", 1: "a comment on OLD is still there, or nothing shows that it is answered"},
)
@click.argument(
    "old", shell_complete=complete.series, help="the older version, named as for kvet series show"
)
@click.argument("new", shell_complete=complete.series, help="the newer one")
@click.option(
    "--tree",
    metavar="TREE",
    shell_complete=complete.trees,
    help="apply both here and compare the commits: a git tree or debian:6.1",
)
@options.onto("the commit to apply to; auto finds the one that each version was made for")
@click.option("--old-onto", metavar="REF", help="the commit to apply OLD to  [as --onto]")
@click.option("--comments", metavar="MAILS", multiple=True, help="review mails on OLD; may be given again")
@click.option(
    "--reports",
    nargs=2,
    metavar="OLD NEW",
    help="the reports of kvet review on both, each a file or its folder  [what the runs below --state hold]",
)
@options.state("where runs have left their reports")
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
    reports: tuple[str, str] | None,
    state: Path,
    fmt: str,
    summary: bool,
) -> int:
    """Compare two versions of a series: patches, files, trailers, and what became of review comments.

    Without --tree the diffs are compared as text; with it both are applied (nothing is checked out or kept)
    and `git range-diff` compares the commits. MAILS is an mbox, a maildir, a mail, a page of a list archive
    saved as text, or a folder of such files.

    A series below patches/ knows comments by itself: the [[comment]] tables of its series.toml. Such a
    comment is answered when its proof holds: a finding of the report on OLD that the one on NEW lacks, a test
    case, a text, a changed line. That somebody says so is no proof. The findings of both reports are divided
    the same way: answered, still there, new.
    """
    with progress() as sink:
        path = find_tree(tree, sink).path if tree else None
        before, after = load_series(old, tree=path), load_series(new, tree=path)
        manifest = load_manifest(old) or load_manifest(new)
        result = compare_series(
            before,
            after,
            tree=path,
            old_base=old_onto or onto,
            new_base=onto,
            reviews=comments or None,
            known=(manifest.comments if manifest else ()) or None,
            reports=reports_on(before, after, state, reports),
            sink=sink,
        )
    if fmt == "json":
        click.echo(comparison_json.as_json(result, tool=f"kvet {__version__}"), nl=False)
    else:
        click.echo(comparison.text(result, summary=summary), nl=False)
    return 1 if result.is_open else 0
