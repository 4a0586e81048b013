# SPDX-License-Identifier: GPL-2.0-only
"""A command that teaches: beside its options, its help has examples and says what its exit codes mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

# What holds for every command; one says more precisely what these mean to it, and what 0 and 1 do.
EXITS = {
    2: "wrong usage, or something given that cannot be read",
    3: "a check could not run: a program, a tree or room on the disk is missing",
}
Example = tuple[str, str]


class _Taught(click.Command):
    """``examples`` are command lines as typed, each with what it is for; ``exits`` says what a code means."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[Example] = (),
        exits: Mapping[int, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.exits = dict(sorted({**EXITS, **(exits or {})}.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, one below the other, and the exit codes."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, "Examples", self.examples)
        if not isinstance(self, click.Group):
            with formatter.section("Exit codes"):
                formatter.write_dl([(str(code), meaning) for code, meaning in self.exits.items()])

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """As click's, in the voice of the other options."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "show this help"
        return option


class Command(_Taught):
    """A command to type."""


class Group(_Taught, click.Group):
    """A command with commands of its own, each a Command."""

    command_class = Command


def write_examples(formatter: click.HelpFormatter, title: str, examples: Sequence[Example]) -> None:
    """A section of command lines, never broken, each with its meaning below."""
    if not examples:
        return
    with formatter.section(title):
        for line, meaning in examples:
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")
            with formatter.indentation(), formatter.indentation():
                formatter.write_text(meaning)
