# SPDX-License-Identifier: GPL-2.0-only
"""`kvet explain`: the help page of a rule."""

import click

from kpatch_tools.cli import complete
from kpatch_tools.cli.command import Command


@click.command(
    "explain",
    cls=Command,
    short_help="show a rule's page",
    examples=(
        ("kvet explain conformance/errno-differs", "what a finding of this rule means"),
        ("kvet explain underline-length", "the same, where no other kind has that name"),
    ),
    exits={0: "shown", 2: "there is no such rule"},
)
@click.argument("rule", shell_complete=complete.rules, help="its name, as a report has it in brackets")
def command(rule: str) -> None:
    """Show a rule's page: what it finds, why, how it is judged, an example, how to mend it."""
    click.echo(page_of(rule), nl=False)


def page_of(rule: str, *, kind: str = "") -> str:
    """The page as it is printed; UserError for a rule that there is not."""
    # As in kvet rules.
    from kpatch_tools.flow.rulepages import find_page, mended_by  # noqa: PLC0415
    from kpatch_tools.render.rules import page  # noqa: PLC0415

    found = find_page(rule, kind=kind)
    return page(found, mended=mended_by(found))
