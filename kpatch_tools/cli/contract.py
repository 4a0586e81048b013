# SPDX-License-Identifier: GPL-2.0-only
"""`kvet contract`: hold a contract against header, document and behaviour, or show it."""

from pathlib import Path

import click

from kpatch_tools.checks.errno_table import errno_table
from kpatch_tools.cli import options
from kpatch_tools.cli.command import Group
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.flow.audit import Asked, audit, ledger_matrix
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.contract_schema import schema_text
from kpatch_tools.parse.ledger import ledger_schema
from kpatch_tools.render.contract import contract_text
from kpatch_tools.render.matrix import render as matrix_text
from kpatch_tools.render.matrix import render_json as matrix_json


@click.group(
    "contract",
    cls=Group,
    examples=(("kvet contract show kvm_map_memory", "what KVM_MAP_MEMORY promises, and what proves it"),),
)
def command() -> None:
    """Check or show the contract of an ioctl: what it promises, in a form that programs can hold it to."""


@command.command(
    "check",
    short_help="hold a contract against header, document and behaviour",
    examples=(
        ("kvet contract check kvm_pre_fault_memory --tree debian:6.12", "against header and api.rst"),
        (
            "kvet contract check kvm_map_memory --tree ~/linux --series v2.mbox",
            "against what a series makes of them",
        ),
    ),
    exits={0: "they agree", 1: "findings", 2: "wrong usage, or a bad contract or ledger"},
)
@options.contract_argument
@options.tree
@options.series
@options.onto("the commit to read, or apply to; HEAD without a series is the work tree")
@click.option(
    "--kernel", metavar="IMAGE", help="also against the BTF of this vmlinuz, or of Debian's: debian:6.12"
)
@click.option(
    "--results",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="a report.json of `kvet test` or `kvet review`: what the kernel did",
)
@click.option("--ledger", is_flag=True, help="against all that kernels were seen to do (see contract ledger)")
@options.state("where ledger/<contract>.json lies")
@options.no_sandbox
@options.output_format()
@options.fail_on
def check(  # noqa: PLR0913 - one parameter an option
    contract: str,
    *,
    tree: str | None,
    series: str | None,
    onto: str,
    kernel: str | None,
    results: Path | None,
    ledger: bool,
    state: Path,
    fmt: str,
    fail_on: str,
) -> int:
    """Hold CONTRACT against the tree's uapi header, its api.rst and, where given, observed behaviour.

    Sizes, offsets and numbers are proven by the host's gcc on the headers that the tree installs. Nothing of
    the tree is run but its own `make headers`, once for each version of these headers.
    """
    limit = Severity(fail_on)
    asked = Asked(
        tree=tree,
        series=series,
        onto=onto,
        kernel=kernel,
        results=results,
        state=state if ledger else None,
        fail_on=limit,
    )
    with progress() as sink:
        report = audit(contract, asked, sink=sink)
    click.echo(rendered(report, fmt), nl=False)
    return exit_code(report, limit)


@command.command(
    "ledger",
    short_help="show what each kernel was seen to do",
    examples=(("kvet contract ledger kvm_map_memory", "one line a clause, one column a kernel and mode"),),
    exits={0: "shown"},
)
@options.contract_argument
@options.state("where ledger/<contract>.json lies")
@options.output_format("text", "json")
def ledger_command(contract: str, *, state: Path, fmt: str) -> None:
    """Show what each kernel was seen to do about CONTRACT, clause by clause and mode by mode.

    Every `kvet test` and `kvet review` adds to the ledger.
    """
    table = ledger_matrix(contract, state)
    click.echo(matrix_json(table) if fmt == "json" else matrix_text(table), nl=False)


@command.command(
    "show",
    short_help="print a contract for a reader",
    examples=(
        ("kvet contract show kvm_map_memory", "checks, errnos, cases"),
        ("kvet contract show kvm_map_memory --table", "the errno table for its section of api.rst"),
    ),
    exits={0: "shown"},
)
@options.contract_argument
@click.option("--table", is_flag=True, help="only the errno table that its section should have")
def show_command(contract: str, *, table: bool) -> None:
    """Print CONTRACT for a reader: checks in order, errnos, cases, and what is not proven."""
    loaded = load_contract(contract)
    click.echo(errno_table(loaded) + "\n" if table else contract_text(loaded), nl=False)


@command.command(
    "schema",
    short_help="print the JSON Schema of the contract language",
    examples=(("kvet contract schema >contract.schema.json", "for an editor with a TOML language server"),),
    exits={0: "printed"},
)
@click.option("--ledger", is_flag=True, help="the schema of a ledger's file instead")
def schema_command(*, ledger: bool) -> None:
    """Print the JSON Schema of the contract language, for an editor that checks TOML while it is written."""
    click.echo(ledger_schema() if ledger else schema_text(), nl=False)
