# SPDX-License-Identifier: GPL-2.0-only
"""`kvet rules`: every rule that a finding can have."""

import click

from kpatch_tools.cli import complete
from kpatch_tools.cli.command import Command


@click.command(
    "rules",
    cls=Command,
    short_help="list the rules",
    examples=(
        ("kvet rules", "every rule, by kind"),
        ("kvet rules --kind conformance", "those of one kind"),
    ),
    exits={0: "listed", 2: "there is no such kind"},
)
@click.option(
    "--kind",
    metavar="KIND",
    shell_complete=complete.rule_kinds,
    help="only the rules with this word before the slash: docs, conformance, series...  [all]",
)
def command(kind: str | None) -> None:
    """List the rules: name, usual level, what it finds.

    The name stands in brackets behind each finding; kvet explain NAME says more.
    """
    # All tables of rules take time to load, which --help need not wait for.
    from kpatch_tools.flow.rulepages import rules_of  # noqa: PLC0415
    from kpatch_tools.render.rules import listing  # noqa: PLC0415

    click.echo(listing(rules_of(kind)), nl=False)
