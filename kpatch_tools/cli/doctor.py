# SPDX-License-Identifier: GPL-2.0-only
"""`kvet doctor`: what this machine can do."""

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.flow.doctor import examine
from kpatch_tools.model.capability import can_run
from kpatch_tools.render import doctor as render

EXIT_CANNOT_RUN = 3


@click.command(
    "doctor",
    cls=Command,
    examples=(("kvet doctor", "one line a capability, with the command that mends what is missing"),),
    exits={0: "the main job (kvet review) can run here", EXIT_CANNOT_RUN: "it cannot"},
)
@options.output_format("text", "json")
def command(fmt: str) -> int:
    """Say what this machine can do, and how to mend what it cannot.

    Everything is tried, nothing is assumed: whether /dev/kvm makes machines, whether a guest gets nested
    paging, whether a static program links. Nothing is changed.
    """
    found = examine()
    shown = render.as_json(found, tool=f"kvet {__version__}") if fmt == "json" else render.text(found)
    click.echo(shown, nl=False)
    return 0 if can_run(found) else EXIT_CANNOT_RUN
