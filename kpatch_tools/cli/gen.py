# SPDX-License-Identifier: GPL-2.0-only
"""`kvet gen`: C selftests from a contract."""

from pathlib import Path

import click

from kpatch_tools.cli.output import progress
from kpatch_tools.flow import generate
from kpatch_tools.render.escape import terminal


@click.command("gen")
@click.argument("contract")
@click.option(
    "--tree", help="The kernel tree whose selftest library the test is for; by default the one around here."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kvet/gen"),
    show_default=True,
    help="Where the files go.",
)
@click.option("--check", is_flag=True, help="Write nothing; say whether what is in --out is current.")
def command(contract: str, tree: str | None, out: Path, *, check: bool) -> int:
    """Generate the C selftest of CONTRACT: the name of a shipped contract, or the path of a TOML file.

    The output depends on the contract, the templates and the dialect of the tree's library, on nothing
    else: the same input gives the same bytes everywhere.

    Exit codes: 0 written, or current; 1 --check found something out of date; 2 a bad contract or tree.
    """
    loaded = generate.load_contract(contract)
    with progress() as sink:
        folder = generate.tree_folder(tree, sink)
    dialect = generate.probe_dialect(folder)
    files = generate.generate(loaded, dialect)
    if check:
        found = generate.stale(files, out)
        for path, state in found:
            click.echo(f"{terminal(str(path))}: {state}")
        click.echo(
            f"kvet: {len(files) - len(found)} of {len(files)} files are current ({dialect.title})", err=True
        )
        return 1 if found else 0
    for path in generate.write_out(files, out):
        click.echo(f"kvet: wrote {terminal(str(path))}", err=True)
    click.echo(f"kvet: {len(loaded.case)} cases for the {dialect.title}", err=True)
    return 0
