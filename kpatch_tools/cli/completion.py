# SPDX-License-Identifier: GPL-2.0-only
"""`kvet completion`: the script that lets a shell complete kvet's words."""

import click
from click.shell_completion import get_completion_class

from kpatch_tools.cli.command import Command
from kpatch_tools.cli.shell import teach

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=Command,
    examples=(
        ('eval "$(kvet completion bash)"', "in ~/.bashrc, bash 4.4 or later"),
        ('eval "$(kvet completion zsh)"', "in ~/.zshrc, after compinit"),
        ("kvet completion fish >~/.config/fish/completions/kvet.fish", "once"),
    ),
    exits={0: "printed"},
)
@click.argument("shell", type=click.Choice(SHELLS), help="whose script to print")
def command(shell: str) -> None:
    """Print the script that lets a shell complete kvet's words.

    Commands and options are completed, and what kvet knows by name: series below patches/, contracts,
    matrices, rules, formats, Debian's kernels. The shell asks kvet each time, so nothing has to be made anew
    after an update.
    """
    # Here and not above: the group imports this module to make its help.
    from kpatch_tools.cli.app import COMPLETE, cli  # noqa: PLC0415 - see above

    teach()
    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(cli, {}, "kvet", COMPLETE).source())
