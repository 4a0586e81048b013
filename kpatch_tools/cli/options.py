# SPDX-License-Identifier: GPL-2.0-only
"""Options that several commands share: one name, one meaning, one help text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kpatch_tools.cli import complete
from kpatch_tools.cli.output import kcidb_origin
from kpatch_tools.errors import UserError
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.vm import Backend
from kpatch_tools.render import FORMATS
from kpatch_tools.tools import sandbox

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# HOST_ROOT has an option of its own: it is to be asked for by name.
BACKENDS = (Backend.VNG.value, Backend.DIRECT.value)

series_argument: Decorator = click.argument(
    "series",
    shell_complete=complete.series,
    help="an mbox, a folder of patches, a maildir, - for an mbox on standard input, a Message-ID (b4 fetches "
    "its thread), commits A..B, or a series that kvet brings, as kvm-map-memory/v2; where a mailbox holds "
    "several, FILE@v2 or FILE@MESSAGE-ID names one",
)
contract_argument: Decorator = click.argument(
    "contract",
    shell_complete=complete.contracts,
    help="the name of a shipped contract, or the path of a TOML file",
)
docs_paths: Decorator = click.argument(
    "paths",
    nargs=-1,
    metavar="[PATH]...",
    type=click.Path(),
    help="an .rst file, or a folder of them  [Documentation/virt/kvm/api.rst; with --series what it touches]",
)
tree: Decorator = click.option(
    "--tree",
    metavar="TREE",
    shell_complete=complete.trees,
    help="a git tree, debian:6.1, or URL#ref  [the current directory]",
)
docs_tree: Decorator = click.option(
    "--tree",
    metavar="TREE",
    shell_complete=complete.trees,
    help="a kernel tree, or debian:6.1  [the one around this folder]",
)
docs_series: Decorator = click.option(
    "--series",
    metavar="SERIES",
    shell_complete=complete.series,
    help="what a series adds: an mbox, a folder, a patches/ name",
)
series: Decorator = click.option(
    "--series",
    metavar="SERIES",
    shell_complete=complete.series,
    help="apply this series first (see kvet apply)",
)
version: Decorator = click.option(
    "-v", "--version", metavar="N", type=click.IntRange(1, 9999), help="this version of the series"
)
jobs: Decorator = click.option(
    "-j", "--jobs", metavar="N", type=click.IntRange(1), help="parallel compiler jobs  [all processors]"
)
config: Decorator = click.option(
    "--config",
    metavar="FILE",
    multiple=True,
    help="add this configuration fragment to those of ci/kernel; debug is a shipped one (KASAN, lockdep, "
    "UBSAN); may be repeated",
)
backend: Decorator = click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default=Backend.VNG.value,
    show_default=True,
    help="vng: virtme-ng's machine and its init; direct: our own, the test alone, faster",
)
host_root: Decorator = click.option(
    "--host-root",
    is_flag=True,
    help="show the guests of --backend vng this machine's whole file system, read-only: for tests that need "
    "its programs, never for a stranger's series",
)
fail_on: Decorator = click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.WARNING.value,
    show_default=True,
    help="the lightest finding that makes the exit code 1",
)


AUTO_FINDS = "kvet: --onto auto looks for the commit that the series was made for"


def _unprotected(context: click.Context, _parameter: click.Parameter, chosen: bool) -> None:
    if chosen:
        click.echo(
            "kvet: warning: --no-sandbox: code of the series runs with all your rights; it can read your "
            "files, use your network and leave programs behind",
            err=True,
        )
        context.with_resource(sandbox.unprotected())


no_sandbox: Decorator = click.option(
    "--no-sandbox",
    is_flag=True,
    expose_value=False,
    callback=_unprotected,
    help="run what the series brings unprotected, and say so in the report: only for code that you trust as "
    "your own",
)


def back_end(name: str, *, host_root: bool) -> Backend:
    """What --backend and --host-root come to; UserError where the two contradict each other."""
    if not host_root:
        return Backend(name)
    if name == Backend.DIRECT.value:
        raise UserError(
            "--host-root is for --backend vng: a guest of --backend direct has no files of this machine",
            cure="leave out one of the two",
        )
    return Backend.HOST_ROOT


def onto(what: str) -> Decorator:
    """``--onto REF``; ``what`` says what is done to that commit."""
    return click.option("--onto", metavar="REF", default="HEAD", show_default=True, help=what)


def state(what: str) -> Decorator:
    """``--state DIR``; ``what`` says what goes below it."""
    return click.option(
        "--state",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(".kvet"),
        show_default=True,
        help=what,
    )


def output_format(*names: str) -> Decorator:
    """``--format``, as the parameter ``fmt``: those formats, or all that a report can have."""
    return click.option(
        "--format",
        "fmt",
        type=click.Choice(names or FORMATS),
        default="text",
        show_default=True,
        callback=_printable,
        help="the form of what is printed",
    )


def _printable(_context: click.Context, _parameter: click.Parameter, fmt: str) -> str:
    """The format; what would keep it from being printed is told before the work and not after."""
    if fmt == "kcidb":
        kcidb_origin()
    return fmt


def tree_folder(tree: str | None, sink: Sink) -> Path | None:
    """The folder that ``--tree`` of a documentation command means, in git or not; None without the option.

    A word like debian:6.1 names a tree in the cache. Raises what flow.tree.resolve_tree() raises.
    """
    if tree is None or Path(tree).is_dir():
        return Path(tree) if tree else None
    # Bringing trees takes much that a check of files does without, and a hook should be quick.
    from kpatch_tools.flow.tree import resolve_tree  # noqa: PLC0415 - see above

    return resolve_tree(tree, sink)
