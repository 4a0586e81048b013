# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs`: lint the documentation, and explain the rules."""

from pathlib import Path

import click

from kpatch_tools.checks.docs import RULES
from kpatch_tools.cli import options
from kpatch_tools.cli.output import exit_code, progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs_files import Against, check_files
from kpatch_tools.flow.docs_series import check_series
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Severity
from kpatch_tools.render import RENDERERS
from kpatch_tools.render.escape import terminal

FORMATS = ("text", "json")


@click.group("docs")
def command() -> None:
    """Check Documentation/virt/kvm/api.rst, or any other reStructuredText file."""


@command.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--tree", metavar="TREE", help="a kernel tree, or debian:6.1  [the one around this folder]")
@click.option("--all", "everything", is_flag=True, help="all findings, not only those of a change")
@click.option("--diff", "ref", metavar="REF", help="what the work tree adds to REF  [HEAD]")
@click.option("--staged", is_flag=True, help="what is staged against HEAD, for a pre-commit hook")
@click.option("--series", metavar="SERIES", help="what a series adds: an mbox, a folder, a patches/ name")
@options.output_format(*FORMATS)
@options.fail_on
def check(  # noqa: PLR0913 - one parameter an option
    paths: tuple[str, ...],
    *,
    tree: str | None,
    everything: bool,
    ref: str | None,
    staged: bool,
    series: str | None,
    fmt: str,
    fail_on: str,
) -> int:
    """Report what a change brings: by default the work tree against HEAD.

    PATH is an .rst file or a folder of them. It defaults to Documentation/virt/kvm/api.rst, with --series
    to every .rst file that it touches.
    Outside of a git tree there is nothing to compare with and all findings count.

    Exit codes: 0 clean; 1 findings; 2 wrong usage or no such file; 3 the series does not apply.
    """
    given = [everything, ref is not None, staged, series is not None]
    if sum(given) > 1:
        raise UserError("--all, --diff, --staged and --series exclude each other", cure="give one of them")
    limit = Severity(fail_on)
    with progress() as sink:
        if series is not None:
            report = check_series(series, paths, tree=resolve_tree(tree, sink), fail_on=limit, sink=sink)
        else:
            report = check_files(
                paths,
                tree=_folder(tree, sink),
                against=_against(given),
                ref=ref or "HEAD",
                fail_on=limit,
                sink=sink,
            )
    for result in report.checks:
        if result.reason:
            click.echo(f"kvet: {terminal(result.reason)}", err=True)
    click.echo(RENDERERS[fmt](report), nl=False)
    return exit_code(report, limit)


def _folder(tree: str | None, sink: Sink) -> Path | None:
    # Any folder will do here, in git or not; a word like debian:6.1 names a tree in the cache.
    if tree is None or Path(tree).is_dir():
        return Path(tree) if tree else None
    return resolve_tree(tree, sink)


def _against(given: list[bool]) -> Against:
    everything, ref, staged, _series = given
    if everything:
        return Against.NOTHING
    if ref:
        return Against.REF
    return Against.INDEX if staged else Against.DEFAULT


@command.command("rules")
def rules() -> None:
    """List the rules: name, usual severity, what it finds."""
    width = max(len(name) for name in RULES)
    for name, rule in RULES.items():
        click.echo(f"{name:<{width}}  {rule.severity.value:<7}  {rule.summary}")


@command.command("explain")
@click.argument("rule")
def explain(rule: str) -> None:
    """Show a rule's page: what it finds, why, a bad and a good example, where it comes from."""
    name = rule if rule in RULES else f"docs/{rule}"
    if name not in RULES:
        raise UserError(f"there is no rule {rule!r}", cure="kvet docs rules")
    click.echo(f"{name} ({RULES[name].severity.value})\n\n{RULES[name].page}")
