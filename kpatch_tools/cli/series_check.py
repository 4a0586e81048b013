# SPDX-License-Identifier: GPL-2.0-only
"""`kvet series check`: each patch by checkpatch.pl, message rules and the subsystem's written rules."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from kpatch_tools.cli import complete, options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.explain import page_of
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.errors import ToolkitError, UserError
from kpatch_tools.flow import b4
from kpatch_tools.flow.patches import check_series
from kpatch_tools.flow.rulepages import rules_of
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult
from kpatch_tools.render import FORMATS, b4_json, b4_lines, b4_review
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.rules import listing
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.files import write_named

B4_FORMATS: dict[str, Callable[..., str]] = {"b4-lines": b4_lines.render, "b4-json": b4_json.render}


@click.command(
    "check",
    cls=Command,
    short_help="checkpatch.pl, commit messages and KVM's written rules",
    examples=(
        ("kvet series check kvm-map-memory/v2 --tree debian:6.1", "each patch, and the series as a whole"),
        ("kvet series check thread.mbox --tree ~/linux --format json", "for a script"),
    ),
    exits={0: "clean; or a format for b4, which wants this", 1: "findings"},
)
@options.series_argument
@options.tree
@options.onto("the commit to apply to")
@options.version
@options.no_sandbox
@options.output_format(*FORMATS, *B4_FORMATS)
@click.option(
    "--review-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="also write a review directory for b4: .git/b4-review/$(git rev-parse HEAD)",
)
@options.fail_on
@click.option("--whole", is_flag=True, help="with - and a b4 format: the mail stands for its whole series")
@click.option("--cache-key", metavar="TEXT", help="no effect; lets b4 see that kvet is another version")
def check(  # noqa: PLR0913 - one parameter an option
    series: str,
    *,
    tree: str | None,
    onto: str,
    version: int | None,
    fmt: str,
    review_dir: Path | None,
    fail_on: str,
    whole: bool,
    cache_key: str | None,  # noqa: ARG001 - for b4's cache only
) -> int:
    """Check each patch of SERIES: checkpatch.pl --strict of the base, commit message, KVM's written rules.

    The series is applied without a checkout and nothing is kept in the tree. checkpatch.pl is the one of the
    base, never the one of the series.

    With - and a format for b4, standard input is a single mail, and what is known of its series is told:
    from the last `kvet series check` or `kvet review` of it, or from b4's review branch.
    """
    if fmt in B4_FORMATS and series == "-":
        if review_dir:
            raise UserError("--review-dir needs the whole series, b4 gives one mail", cure="leave it out")
        click.echo(_for_b4(tree, fmt, whole=whole), nl=False)
        return 0
    limit = Severity(fail_on)
    with progress(quiet=fmt in B4_FORMATS) as sink:
        path = resolve_tree(tree, sink)
        loaded = load_series(series, tree=path if tree else None, version=version or 0)
        report = check_series(loaded, tree=path, onto=onto, fail_on=limit, sink=sink)
        b4.remember(loaded, report)
    if review_dir:
        for name, text in b4_review.render(report, loaded).items():
            write_named(review_dir / name, text)
    if fmt in B4_FORMATS:
        click.echo(B4_FORMATS[fmt](report.checks), nl=False)
        return 0
    click.echo(rendered(report, fmt), nl=False)
    if review_dir:
        click.echo(terminal(f"kvet: review directory for b4: {review_dir}"), err=True)
    return exit_code(report, limit)


def _for_b4(tree: str | None, fmt: str, *, whole: bool) -> str:
    """b4 takes a word on standard error for a failure of the patch: what goes wrong is told on stdout."""
    render = B4_FORMATS[fmt]
    tracking = os.environ.get("B4_TRACKING_FILE")
    sink: Sink = silent
    try:
        found = b4.answer(
            mailbox.read_stdin(),
            tree=resolve_tree(tree, sink),
            whole=whole,
            tracking=Path(tracking) if tracking else None,
        )
    except ToolkitError as error:
        return render((CheckResult(check="patches", reason=error.line),))
    return render(found.checks, found.skipped)


@click.command(
    "rules",
    cls=Command,
    short_help="list the rules of kvet series check, or explain one",
    examples=(("kvet series rules", "each with its level"), ("kvet series rules message/cut", "its page")),
    exits={0: "shown", 2: "there is no such rule"},
)
@click.argument(
    "rule", required=False, shell_complete=complete.series_rules, help="show its page  [list all]"
)
def rules(rule: str | None) -> None:
    """List the rules of `kvet series check`, or show the page of RULE, as kvet explain does."""
    if rule is None:
        click.echo(listing([one for kind in ("kvm", "message") for one in rules_of(kind)]), nl=False)
    else:
        click.echo(page_of(rule, kind="message"), nl=False)
