# SPDX-License-Identifier: GPL-2.0-only
"""`kvet gen`: C selftests from a contract."""

from pathlib import Path
from typing import get_args

import click

from kpatch_tools.cli import complete
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress
from kpatch_tools.errors import UserError
from kpatch_tools.flow import generate
from kpatch_tools.flow.dialect import choose_dialect, explained, in_form, probe_all
from kpatch_tools.flow.gen_check import is_tree, stale
from kpatch_tools.flow.gen_patch import make_patch
from kpatch_tools.flow.gen_source import Source, find_source
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.dialect import Dialect, Form
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.files import write_named


@click.command(
    "gen",
    cls=Command,
    examples=(
        ("kvet gen kvm_map_memory --tree debian:6.1 --out /tmp/gen", "write the C files into a folder"),
        ("kvet gen kvm_map_memory --tree ~/linux --patch | git -C ~/linux am", "as a commit"),
        ("kvet gen kvm_map_memory --check ~/linux", "in CI: is the committed copy current?"),
    ),
    exits={
        0: "written, or current",
        1: "--check found something out of date, or --explain no dialect that fits",
        2: "wrong usage, or a bad contract or tree, or none",
        3: "git knows no name to sign --patch with",
    },
)
@click.argument(
    "contract",
    required=False,
    shell_complete=complete.contracts,
    help="the name of a shipped contract, or the path of a TOML file; --explain needs none",
)
@click.option(
    "--tree",
    metavar="TREE",
    shell_complete=complete.trees,
    help="the kernel tree whose selftest library the test is for  [the current directory]",
)
@click.option(
    "--series",
    metavar="SERIES",
    shell_complete=complete.series,
    help="generate for the tree's HEAD with this series applied; the tree is not touched",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kvet/gen"),
    show_default=True,
    help="where the files go",
)
@click.option(
    "--check",
    metavar="FILE|DIR",
    type=click.Path(path_type=Path),
    help="write nothing; show how the copy there differs from what would be generated",
)
@click.option(
    "--patch",
    is_flag=True,
    help="print the test as a patch on the tree (or the series), for git am and mail",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="where --patch goes  [standard output]",
)
@click.option(
    "--form",
    type=click.Choice(get_args(Form)),
    default="classic",
    show_default=True,
    help="a program that runs its cases itself, or one for the kselftest harness (6.9 and later)",
)
@click.option(
    "--explain", is_flag=True, help="show which dialects fit the tree, and by which lines of its files"
)
def command(  # noqa: PLR0913 - one parameter an option
    contract: str | None,
    *,
    tree: str | None,
    series: str | None,
    out: Path,
    check: Path | None,
    patch: bool,
    output: Path | None,
    form: Form,
    explain: bool,
) -> int:
    """Generate the C selftest of CONTRACT for the selftest library of a kernel tree.

    The output depends on the contract, the templates and the dialect of the tree's library, on nothing
    else: the same input gives the same bytes everywhere.
    """
    if bool(check) + patch + explain > 1:
        raise UserError("--check, --patch and --explain exclude each other", cure="give one of them")
    if output and not patch:
        raise UserError("-o belongs to --patch", cure="--out FOLDER says where the generated files go")
    if check and series:
        raise UserError("--check reads a folder as it is", cure="leave --series out")
    if explain:
        return _explain(_source(tree, series))
    if not contract:
        raise UserError("which contract?", cure=f"one of {', '.join(generate.contract_names())}")
    loaded = generate.load_contract(contract)
    if check:
        return _check(loaded, tree, check, form)
    source = _source(tree, series)
    return _patch(loaded, source, output, form) if patch else _write(loaded, source, out, form)


def _source(tree: str | None, series: str | None = None) -> Source:
    with progress() as sink:
        return find_source(tree, series, sink=sink)


def _explain(source: Source) -> int:
    probed = probe_all(source.read, source.name)
    for line in explained(probed):
        click.echo(terminal(line))
    return 0 if sum(item.fits for item in probed) == 1 else 1


def _dialect(source: Source, form: Form) -> Dialect:
    return in_form(choose_dialect(source.read, source.name), form, source.read)


def _write(loaded: Contract, source: Source, out: Path, form: Form) -> int:
    dialect = _dialect(source, form)
    for path in generate.write_out(generate.generate(loaded, dialect), out):
        click.echo(f"kvet: wrote {terminal(str(path))}", err=True)
    click.echo(f"kvet: {len(loaded.case)} cases for the {dialect.title}", err=True)
    return 0


def _check(loaded: Contract, tree: str | None, place: Path, form: Form) -> int:
    dialect = _dialect(_source(str(place) if tree is None and is_tree(place) else tree), form)
    files = generate.generate(loaded, dialect)
    found = stale(files, place)
    for item in found:
        for line in item.diff:
            click.echo("\t".join(terminal(part) for part in line.split("\t")))
        state = "is not there" if item.missing else "is not what would be generated"
        click.echo(f"kvet: {terminal(str(item.path))} {state}", err=True)
    click.echo(
        f"kvet: {len(files) - len(found)} of {len(files)} files are current ({dialect.title})", err=True
    )
    return 1 if found else 0


def _patch(loaded: Contract, source: Source, output: Path | None, form: Form) -> int:
    mail = make_patch(loaded, source.tree, commit=source.commit, form=form)
    if not mail:
        click.echo("kvet: the tree has this test already, and it is current", err=True)
    elif output:
        write_named(output, mail)
        click.echo(f"kvet: wrote {terminal(str(output))}", err=True)
    else:
        click.echo(mail, nl=False)
    return 0
