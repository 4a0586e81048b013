# SPDX-License-Identifier: GPL-2.0-only
"""What a command says on stderr about the replies that it left."""

from pathlib import Path

import click

from kpatch_tools.flow.reply import Replies
from kpatch_tools.render.escape import terminal


def tell_replies(replies: Replies, path: Path | None) -> None:
    """Say where the mails are and what they lack; ``path`` is None when they went to standard output."""
    for note in replies.notes:
        click.echo(terminal(f"kvet: reply: {note}"), err=True)
    if replies.mails and path:
        count = "1 mail" if len(replies.mails) == 1 else f"{len(replies.mails)} mails"
        click.echo(
            terminal(f"kvet: reply: {path}, {count}; yours to read and to send: mutt -f {path}"), err=True
        )
    elif not replies.mails and not replies.notes:
        click.echo("kvet: reply: there is nothing to tell the author, no mail was written", err=True)
