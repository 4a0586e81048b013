# SPDX-License-Identifier: GPL-2.0-only
"""`kvet contract`: hold a contract against header, document and behaviour, or show it."""

from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.output import exit_code, progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow.contract import check_behaviour, check_document, check_static, show
from kpatch_tools.flow.generate import load_contract, tree_folder, tree_reader
from kpatch_tools.model.event import Event
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Report, TreeId
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import RENDERERS
from kpatch_tools.tools.files import read_text

FORMATS = ("text", "json")


@click.group("contract")
def command() -> None:
    """Check or show the contract of an ioctl.

    CONTRACT is the name of a shipped contract, or the path of a TOML file.
    """


@command.command("check")
@click.argument("contract")
@click.option("--tree", help="The kernel tree; by default the one around the current folder.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A report.json of `kvet test` or `kvet review`: what the kernel did.",
)
@options.output_format(*FORMATS)
@options.fail_on
def check(contract: str, *, tree: str | None, results: Path | None, fmt: str, fail_on: str) -> int:
    """Hold CONTRACT against the tree's uapi header, its api.rst and, with --results, its behaviour.

    Exit codes: 0 they agree; 1 findings; 2 wrong usage or a bad contract; 3 the results prove nothing.
    """
    limit = Severity(fail_on)
    loaded = load_contract(contract)
    tests = None
    if results:
        saved = parse_report(read_text(results, "report"), name=str(results))
        tests = tuple(test for stage in saved.checks for test in stage.tests)
    with progress() as sink:
        folder = tree_folder(tree, sink)
        read = tree_reader(folder)
        if read(loaded.header) is None:
            raise UserError(
                f"{folder}: {loaded.header} is not there",
                cure="give the top of a kernel source tree with --tree",
            )
        sink(Event("contract", f"{loaded.name} against {folder}"))
        static = check_static(loaded, read, fail_on=limit)
        if tests is None:
            second = check_document(loaded, read, fail_on=limit)
        else:
            second = check_behaviour(loaded, read, tests, fail_on=limit)
    report = Report(tool=f"kvet {__version__}", tree=TreeId(path=str(folder)), checks=(static, second))
    click.echo(RENDERERS[fmt](report), nl=False)
    return exit_code(report, limit)


@command.command("show")
@click.argument("contract")
def show_command(contract: str) -> None:
    """Print CONTRACT for a reader: checks in order, errnos, cases, and what is not proven."""
    click.echo(show(load_contract(contract)), nl=False)
