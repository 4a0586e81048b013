# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs`: lint the documentation, and explain the rules."""

import importlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from kpatch_tools.cli import complete, options
from kpatch_tools.cli.command import Group
from kpatch_tools.cli.explain import page_of
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs_range import asked_by_hook
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Report
from kpatch_tools.render.escape import terminal

LATER = ("build", "fix")


class _Docs(Group):
    """Imports what a check needs, and the other commands when they are used: a hook should be quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted((*super().list_commands(ctx), *LATER))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"kpatch_tools.cli.docs_{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(
    "docs",
    cls=_Docs,
    examples=(("kvet docs check --tree ~/linux", "what your change brings to api.rst"),),
)
def command() -> None:
    """Check Documentation/virt/kvm/api.rst, or any other reStructuredText file."""


@command.command(
    "check",
    short_help="report what a change brings",
    examples=(
        ("kvet docs check", "in a kernel tree: what the work tree adds to HEAD"),
        ("kvet docs check --diff origin/master..HEAD --format github", "in CI"),
        ("kvet docs check --tree debian:6.12 --all", "the whole api.rst of a release"),
    ),
    exits={
        0: "clean",
        1: "findings",
        2: "wrong usage, or no such file",
        3: "the series does not apply",
    },
)
@options.docs_paths
@options.docs_tree
@click.option("--all", "everything", is_flag=True, help="all findings, not only those of a change")
@click.option("--diff", "ref", metavar="REF", help="what the work tree adds to REF, or B of A..B to A")
@click.option("--staged", is_flag=True, help="what is staged, against HEAD")
@click.option("--pre-commit", "hook", is_flag=True, help="what pre-commit asks about: staged, or FROM...TO")
@options.docs_series
@click.option("--baseline", metavar="FILE", help="count, but do not show, the findings of this file")
@click.option("--write-baseline", "record", metavar="FILE", help="write all findings into this file")
@options.output_format()
@options.fail_on
def check(  # noqa: PLR0913 - one parameter an option
    paths: tuple[str, ...],
    *,
    tree: str | None,
    everything: bool,
    ref: str | None,
    staged: bool,
    hook: bool,
    series: str | None,
    baseline: str | None,
    record: str | None,
    fmt: str,
    fail_on: str,
) -> int:
    """Report what a change brings: by default the work tree against HEAD.

    Outside of a git tree there is nothing to compare with and all findings count.
    """
    given = [everything, ref is not None, staged, series is not None, hook]
    if sum(given) > 1:
        names = "--all, --diff, --staged, --pre-commit and --series"
        raise UserError(f"{names} exclude each other", cure="give one of them")
    if hook:
        ref = asked_by_hook(os.environ) or None
        staged = ref is None
    limit = Severity(fail_on)
    if record is not None and (baseline is not None or ref or staged or series):
        message = "--write-baseline takes all findings: only --tree, --all and paths go with it"
        raise UserError(message, cure="kvet docs check --write-baseline FILE")
    if baseline is not None and series is not None:
        raise UserError("--baseline is for files, not for --series", cure="leave --baseline out")
    with progress(quiet=hook) as sink:
        if series is not None:
            # Applying patches takes much that a check of files does without, and a hook should be quick.
            from kpatch_tools.flow.docs_series import check_series  # noqa: PLC0415
            from kpatch_tools.flow.tree import resolve_tree  # noqa: PLC0415

            report = check_series(series, paths, tree=resolve_tree(tree, sink), fail_on=limit, sink=sink)
        else:
            judge = _judge(baseline, record, ref, everything=everything, staged=staged)
            report = judge(paths, tree=options.tree_folder(tree, sink), fail_on=limit, sink=sink)
    for result in report.checks:
        if result.reason:
            click.echo(f"kvet: {terminal(result.reason)}", err=True)
    if record is not None:
        return _record(Path(record), report)
    click.echo(rendered(report, fmt), nl=False)
    return exit_code(report, limit)


def _judge(
    baseline: str | None, record: str | None, ref: str | None, *, everything: bool, staged: bool
) -> Callable[..., Report]:
    # Each of these loads what it needs: most checks have no baseline, and a hook should be quick.
    if staged and baseline is None:
        from kpatch_tools.flow.docs_again import check_staged  # noqa: PLC0415 - see above

        return check_staged
    from kpatch_tools.flow.docs_files import Against, check_files  # noqa: PLC0415 - see above

    against = Against.INDEX if staged else Against.REF if ref is not None else Against.DEFAULT
    if everything or record is not None:
        against = Against.NOTHING
    if baseline is None:
        return partial(check_files, against=against, ref=ref or "HEAD")
    from kpatch_tools.flow.baseline import check_against, read_baseline  # noqa: PLC0415 - see above

    return partial(check_against, read_baseline(Path(baseline)), against=against, ref=ref or "HEAD")


def _record(path: Path, report: Report) -> int:
    from kpatch_tools.flow.baseline import write_baseline  # noqa: PLC0415 - see above

    count = write_baseline(path, report)
    click.echo(f"kvet: {count} finding{'' if count == 1 else 's'} written to {terminal(str(path))}", err=True)
    return 0


@command.command(
    "rules",
    short_help="list the rules",
    examples=(("kvet docs rules", "name, level and first sentence of each"),),
    exits={0: "listed"},
)
def rules() -> None:
    """List the rules for documents; kvet rules lists all."""
    from kpatch_tools.flow.rulepages import rules_of  # noqa: PLC0415 - all rules, which a hook may do without
    from kpatch_tools.render.rules import listing  # noqa: PLC0415 - as above

    click.echo(listing(rules_of("docs")), nl=False)


@command.command(
    "explain",
    short_help="show a rule's page",
    examples=(("kvet docs explain underline-length", "what, why, bad, good, and where it comes from"),),
    exits={0: "shown", 2: "there is no such rule"},
)
@click.argument(
    "rule",
    shell_complete=complete.docs_rules,
    help="its name, with or without docs/ in front (kvet docs rules)",
)
def explain(rule: str) -> None:
    """Show a rule's page, as kvet explain does: what it finds, why, a bad and a good example."""
    click.echo(page_of(rule, kind="docs"), nl=False)
