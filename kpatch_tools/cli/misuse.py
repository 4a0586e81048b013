# SPDX-License-Identifier: GPL-2.0-only
"""What was typed wrongly, as click saw it: one line for that, and one for what to type instead."""

import re
from difflib import get_close_matches

import click

from kpatch_tools.render.escape import terminal

# click's words for what a path is and should not be; its own have "Directory 'x' is a file".
_PLACE = re.compile(
    r"^(?:File|Directory|Path) '(.*)' (is a file|is a directory|does not exist|is not \w+)\.$"
)
_SAID = {"is a file": "is a file, not a folder", "is a directory": "is a folder, not a file"}


def tell(error: click.ClickException) -> None:
    """Say on stderr what was wrong and what to do about it."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "kvet"
    said = _said(error).rstrip(".")
    if said[1:2].islower():
        said = said[:1].lower() + said[1:]
    click.echo(f"{path}: {terminal(said)}", err=True)
    click.echo(f"  cure: {terminal(_cure(error, context, path))}", err=True)


def _said(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption | click.exceptions.NoSuchCommand):
        # click's own words for these hold its guesses, which are told as the cure.
        return error.message
    if (
        isinstance(error, click.BadParameter)
        and error.param
        and not isinstance(error, click.MissingParameter)
    ):
        name, kind = _name(error.param), error.param.type
        if isinstance(kind, click.Choice) and (typed := _typed(error)):
            return f"{name}: {typed!r} is not known"
        if isinstance(kind, click.Path) and (place := _PLACE.match(error.message)):
            return f"{name}: {place[1]} {_SAID.get(place[2], place[2])}"
        return f"{name}: {error.message}"
    return error.format_message()


def _cure(error: click.ClickException, context: click.Context | None, path: str) -> str:
    if near := _near(error):
        return f"did you mean {near}?"
    command = context.command if context else None
    examples = getattr(command, "examples", ())
    if isinstance(error, click.MissingParameter) and examples:
        return f"for example: {examples[0][0]}"
    wanted = _wanted(error)
    if not wanted and isinstance(error, click.exceptions.NoSuchCommand):
        wanted = f"{path} --help lists the commands"
    elif not wanted and command and context and not isinstance(error, click.NoSuchOption):
        wanted = f"the form is: {' '.join((path, *command.collect_usage_pieces(context)))}"
    return wanted or f"{path} --help"


def _wanted(error: click.ClickException) -> str:
    """What the option or argument takes, "" where that is not the question."""
    kind = error.param.type if isinstance(error, click.BadParameter) and error.param else None
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(map(str, kind.choices))}"
    if isinstance(kind, click.IntRange):
        return f"a whole number {_range(kind)}"
    if isinstance(kind, click.Path):
        what = " or ".join(word for word, may in (("file", kind.file_okay), ("folder", kind.dir_okay)) if may)
        there = (
            " that you can read" if "readable" in error.message else " that is there" if kind.exists else ""
        )
        return f"name a {what}{there}"
    return ""


def _range(kind: click.IntRange) -> str:
    return f"from {kind.min} on" if kind.max is None else f"from {kind.min} to {kind.max}"


def _name(param: click.Parameter) -> str:
    """As it is typed: --option, or the argument's place holder without what stands for a choice."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    shown = param.make_metavar(click.Context(click.Command("x"))).strip("[]")
    return (param.name or shown) if "|" in shown else shown


def _typed(error: click.BadParameter) -> str:
    quoted = re.match(r"'(.*)' is not one of ", error.message)
    return quoted[1] if quoted else ""


def _near(error: click.ClickException) -> str:
    """The command, option or word of a choice that comes near to what was typed, "" when none does."""
    typed, known = "", list[str]()
    if isinstance(error, click.exceptions.NoSuchCommand) and error.ctx:
        typed, group = error.command_name, error.ctx.command
        known = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
    elif isinstance(error, click.NoSuchOption) and error.ctx:
        typed = error.option_name
        known = [name for param in error.ctx.command.params for name in param.opts]
    elif isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice):
        typed = _typed(error)
        known = [str(choice) for choice in error.param.type.choices]
    return next(iter(get_close_matches(typed, known, n=1)), "")
