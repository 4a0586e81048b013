# SPDX-License-Identifier: GPL-2.0-only
"""Options that several commands share: one name, one meaning, one help text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kpatch_tools.model.finding import Severity
from kpatch_tools.render import RENDERERS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

tree: Decorator = click.option(
    "--tree", metavar="TREE", help="a git tree, debian:6.1, or URL#ref  [the current directory]"
)
series: Decorator = click.option(
    "--series", metavar="SERIES", help="apply this series first (see kvet apply)"
)
jobs: Decorator = click.option(
    "-j", "--jobs", type=click.IntRange(1), help="parallel compiler jobs  [all processors]"
)
fail_on: Decorator = click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.WARNING.value,
    show_default=True,
    help="the lightest finding that makes the exit code 1",
)


def onto(what: str) -> Decorator:
    """``--onto REF``; ``what`` says what is done to that commit."""
    return click.option("--onto", metavar="REF", default="HEAD", show_default=True, help=what)


def state(what: str) -> Decorator:
    """``--state DIR``; ``what`` says what goes below it."""
    return click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(".kvet"),
        show_default=True,
        help=what,
    )


def output_format(*names: str) -> Decorator:
    """``--format``, as the parameter ``fmt``: those formats, or all that a report can have."""
    return click.option(
        "--format", "fmt", type=click.Choice(names or tuple(RENDERERS)), default="text", show_default=True
    )
