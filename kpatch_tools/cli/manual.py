# SPDX-License-Identifier: GPL-2.0-only
"""Reads the commands themselves: nothing about them is written down a second time."""

import inspect
import re

import click

from kpatch_tools.cli.app import GROUPS, cli
from kpatch_tools.cli.command import Command, Group
from kpatch_tools.model.manual import Block, Entry, Manual

_KEPT = "\b"


def manual() -> Manual:
    """The command kvet with all that it holds. Every module of cli is imported for it."""
    return _manual(cli, click.Context(cli, info_name="kvet", **cli.context_settings), "")


def _manual(command: click.Command, context: click.Context, summary: str) -> Manual:
    assert isinstance(command, Command | Group), f"{context.command_path}: not of cli.command"
    about = _blocks(command.help or "")
    summaries = {name: text for group in GROUPS.values() for name, text in group.items()}
    inner = []
    if isinstance(command, Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            short = found.get_short_help_str(limit=200).rstrip(".")
            said = summaries.get(name, short) if command is cli else short
            inner.append(_manual(found, click.Context(found, info_name=name, parent=context), said))
    return Manual(
        name=context.command_path,
        summary=summary or about[0].text.rstrip("."),
        usage=f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}",
        about=about,
        arguments=_arguments(command, context),
        options=_options(command, context),
        examples=tuple(Entry(typed=line, text=text) for line, text in command.examples),
        exits=()
        if isinstance(command, Group) and command is not cli
        else tuple(Entry(typed=str(code), text=text) for code, text in command.exits.items()),
        groups=_groups(command, tuple(inner)),
        commands=tuple(inner),
    )


def _groups(command: click.Command, inner: tuple[Manual, ...]) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    def entry(one: Manual) -> Entry:
        return Entry(typed=one.name.rpartition(" ")[2], text=one.summary)

    if command is cli:
        return tuple(
            (title, tuple(Entry(typed=n, text=t) for n, t in one.items())) for title, one in GROUPS.items()
        )
    return (("Commands", tuple(map(entry, inner))),) if inner else ()


def _arguments(command: click.Command, context: click.Context) -> tuple[Entry, ...]:
    records = [
        one.get_help_record(context) for one in command.get_params(context) if isinstance(one, click.Argument)
    ]
    return tuple(Entry(typed=typed, text=text) for typed, text in filter(None, records))


def _options(command: click.Command, context: click.Context) -> tuple[Entry, ...]:
    records = [
        one.get_help_record(context) for one in command.get_params(context) if isinstance(one, click.Option)
    ]
    return tuple(Entry(typed=typed, text=re.sub(r"  +", " ", text)) for typed, text in filter(None, records))


def _blocks(text: str) -> tuple[Block, ...]:
    """The paragraphs of a help text; one with a backspace alone in its first line keeps its lines."""
    blocks = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith(f"{_KEPT}\n"):
            blocks.append(Block(text=inspect.cleandoc(paragraph[2:]), literal=True))
        else:
            blocks.append(Block(text=" ".join(paragraph.split())))
    return tuple(blocks)
